// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>

#include "dmabuf.h"
#include "guest.h"

int dmabuf(int block)
{
	int fd = EXPECT_OK(try_block_dmabuf(block));

	EXPECT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	return fd;
}

int driver_open(void)
{
	return EXPECT_OK(open("/dev/pmm_test_import", O_RDWR | O_CLOEXEC));
}

int try_attach(int driver, int fd, unsigned int mask_bits,
	       struct pmm_test_import_attach *a)
{
	*a = (struct pmm_test_import_attach){ .fd = fd, .mask_bits = mask_bits };
	return ioctl(driver, PMM_TEST_IMPORT_ATTACH, a);
}
