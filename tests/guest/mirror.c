// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/pmm_test_mirror; see mirror.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>

#include <unistd.h>

#include "edu.h"
#include "mirror.h"

void mirror_load(void)
{
	close(share_load());
	close(edu_load("dma_bits=32"));
}

void mirror_unload(void)
{
	test_module_remove("pmm_test_edu");
	test_module_remove("pmm_test_share");
}

int mirror_open(void)
{
	return EXPECT_OK(open("/dev/pmm_test_mirror", O_RDWR | O_CLOEXEC));
}

int mirror_map(int fd, const void *p, size_t length, bool write)
{
	struct pmm_test_mirror_map arg = {
		.addr = (uintptr_t)p, .length = length, .write = write,
	};

	return ioctl(fd, PMM_TEST_MIRROR_MAP, &arg);
}

int mirror_unmap(int fd)
{
	return ioctl(fd, PMM_TEST_MIRROR_UNMAP);
}

int mirror_dma(int fd, size_t offset, size_t length, unsigned int flags)
{
	struct pmm_test_mirror_dma arg = {
		.offset = offset, .length = length, .flags = flags,
	};

	return ioctl(fd, PMM_TEST_MIRROR_DMA, &arg);
}

int mirror_wait(int fd)
{
	return ioctl(fd, PMM_TEST_MIRROR_WAIT);
}

int mirror_check(int fd)
{
	return ioctl(fd, PMM_TEST_MIRROR_CHECK);
}

void mirror_state(int fd, struct pmm_test_mirror_state *state)
{
	EXPECT_OK(ioctl(fd, PMM_TEST_MIRROR_STATE, state));
}

int mirror_read(int fd, const void *p, size_t length, unsigned int flags)
{
	if (mirror_map(fd, p, length, false))
		return -1;
	return mirror_dma(fd, 0, length, flags);
}

int mirror_write(int fd, void *p, size_t length, unsigned int flags)
{
	if (mirror_map(fd, p, length, true))
		return -1;
	return mirror_dma(fd, 0, length, flags | PMM_TEST_MIRROR_WRITE);
}
