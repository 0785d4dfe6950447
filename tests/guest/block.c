// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks; see block.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "block.h"
#include "expect.h"

static int pmm = -1;

int pmm_fd(void)
{
	if (pmm < 0)
		pmm = EXPECT_OK(open("/dev/pmm", O_RDWR | O_CLOEXEC));
	return pmm;
}

int try_block_alloc(struct pmm_alloc *a)
{
	a->size = sizeof(*a);
	return ioctl(pmm_fd(), PMM_IOC_ALLOC, a);
}

int block_alloc(size_t size)
{
	struct pmm_alloc a = { .length = size };
	int fd = try_block_alloc(&a);

	if (fd < 0)
		printf("%zu bytes: reason %u, free %llu, largest %llu\n", size,
		       a.reason, a.free, a.largest_free);
	return EXPECT_OK(fd);
}

void block_info(int block, struct pmm_block_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	EXPECT_OK(ioctl(block, PMM_IOC_BLOCK_INFO, info));
}

uint64_t block_id(int block)
{
	struct pmm_block_info info;

	block_info(block, &info);
	return info.id;
}

uint64_t block_pfn(int block)
{
	struct pmm_block_info info;

	block_info(block, &info);
	EXPECT(info.phys != 0);
	return info.phys / PAGE;
}

uint64_t block_state(int block)
{
	struct pmm_block_info info;

	block_info(block, &info);
	return info.state;
}

void wait_homeless(int block)
{
	EXPECT(WITHIN(5, !(block_state(block) & PMM_BLOCK_HOME)));
}

void *map_shared(int fd, size_t size)
{
	return EXPECT_OK(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			      fd, 0));
}

void *block_map(int block, size_t size)
{
	return map_shared(block, size);
}

int try_block_adopt(int block, void *address, uint32_t flags)
{
	struct pmm_block_adopt a = {
		.size = sizeof(a),
		.flags = flags,
		.address = (uintptr_t)address,
	};

	return ioctl(block, PMM_IOC_BLOCK_ADOPT, &a);
}

int try_block_home_fd(int block, uint32_t flags)
{
	struct pmm_block_home_fd h = { .size = sizeof(h), .flags = flags };

	return ioctl(block, PMM_IOC_BLOCK_HOME_FD, &h);
}

int try_block_dmabuf(int block)
{
	struct pmm_block_dmabuf d = { .size = sizeof(d) };

	return ioctl(block, PMM_IOC_BLOCK_DMABUF, &d);
}

int try_find_address(const void *address)
{
	struct pmm_find f = {
		.size = sizeof(f),
		.flags = PMM_FIND_ADDRESS,
		.address = (uintptr_t)address,
	};

	return ioctl(pmm_fd(), PMM_IOC_FIND, &f);
}

int try_find_fd(int fd)
{
	struct pmm_find f = {
		.size = sizeof(f),
		.flags = PMM_FIND_FD,
		.fd = fd,
	};

	return ioctl(pmm_fd(), PMM_IOC_FIND, &f);
}

void pmm_close(void)
{
	if (pmm >= 0)
		close(pmm);
	pmm = -1;
}
