// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two drivers of tests/kmod that use blocks; see edu.h.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "edu.h"

#define DRIVER "/sys/bus/pci/drivers/pmm_test_edu"

int share_load(void)
{
	test_module_insert("pmm_test_share", "");
	return EXPECT_OK(open("/dev/pmm_test_share", O_RDWR | O_CLOEXEC));
}

int edu_load(const char *args)
{
	test_module_insert("pmm_test_edu", args);
	return EXPECT_OK(open("/dev/pmm_test_edu", O_RDWR | O_CLOEXEC));
}

/* The device that the driver has, such as 0000:00:04.0. */
static void edu_name(char name[64])
{
	struct dirent *entry;
	DIR *dir = opendir(DRIVER);

	EXPECT(dir);
	name[0] = '\0';
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, "0000:", 5))
			snprintf(name, 64, "%.60s", entry->d_name);
	closedir(dir);
	EXPECT(name[0]);
}

void edu_unbind(void)
{
	char name[64];

	edu_name(name);
	write_file(DRIVER "/unbind", name);
}

bool edu_translated(void)
{
	char name[64], path[256], type[64];

	edu_name(name);
	snprintf(path, sizeof(path), DRIVER "/%s/iommu_group/type", name);
	if (access(path, F_OK))
		return false;
	read_line(path, type, sizeof(type));
	return !strncmp(type, "DMA", 3);
}

int edu_take(int edu, int fd, bool write)
{
	struct pmm_test_edu_take arg = { .fd = fd, .write = write };

	return ioctl(edu, PMM_TEST_EDU_TAKE, &arg);
}

int edu_alloc(int edu, const char *type, size_t size, size_t align)
{
	struct pmm_test_edu_alloc arg = { .size = size, .align = align };

	snprintf(arg.type, sizeof(arg.type), "%s", type);
	return ioctl(edu, PMM_TEST_EDU_ALLOC, &arg);
}

int edu_dma(int edu, uint64_t offset, uint32_t length, bool write)
{
	struct pmm_test_edu_dma arg = {
		.offset = offset, .length = length, .write = write,
	};

	return ioctl(edu, PMM_TEST_EDU_DMA, &arg);
}

int edu_fd(int edu)
{
	return ioctl(edu, PMM_TEST_EDU_FD);
}

int edu_share(int edu)
{
	return ioctl(edu, PMM_TEST_EDU_SHARE);
}

int edu_put(int edu)
{
	return ioctl(edu, PMM_TEST_EDU_PUT);
}

void edu_copy(int edu, char *p, size_t size)
{
	fill(p, PAGE, 4);
	EXPECT_OK(edu_dma(edu, 0, PMM_TEST_EDU_BUFFER, false));
	EXPECT_OK(edu_dma(edu, size - PAGE, PMM_TEST_EDU_BUFFER, true));
	EXPECT(filled(p + size - PAGE, PMM_TEST_EDU_BUFFER, 4));
}

int share_read(int share, uint64_t offset, void *to, size_t length)
{
	struct pmm_test_share_read arg = {
		.offset = offset, .length = length, .to = (uintptr_t)to,
	};

	return ioctl(share, PMM_TEST_SHARE_READ, &arg);
}

int share_put(int share)
{
	return ioctl(share, PMM_TEST_SHARE_PUT);
}

/* id size type uid names holders ... */
static bool holders_of(uint64_t id, unsigned int *holders)
{
	char line[256];

	return block_line(id, line, sizeof(line)) &&
	       sscanf(line, "%*s %*s %*s %*s %*s %u", holders) == 1;
}

unsigned int block_holders(uint64_t id)
{
	unsigned int holders;

	EXPECT(holders_of(id, &holders));
	return holders;
}

void wait_holders(uint64_t id, unsigned int holders, double seconds)
{
	EXPECT(WITHIN(seconds, block_holders(id) == holders));
}
