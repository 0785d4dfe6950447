// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Blocks for devices: dma-bufs, and taking turns with the CPU.
 */
#include <errno.h>

#include "internal.h"

#define SYNC_SIDE	(PMMSHM_SYNC_BEGIN | PMMSHM_SYNC_END)
#define SYNC_ACCESS	(PMMSHM_SYNC_READ | PMMSHM_SYNC_WRITE)

int pmmshm_block_dmabuf_fd(const struct pmmshm_block *block)
{
	if (!block)
		return pmmshm_fail(EINVAL, "pmmshm_block_dmabuf_fd: NULL argument");
	return block->backend->dmabuf_fd(block);
}

int pmmshm_module_dmabuf_fd(const struct pmmshm_block *block)
{
	struct pmm_block_dmabuf req = { .size = sizeof(req) };
	int fd;

	fd = pmmshm_ioctl(block->sys, block->fd, PMM_IOC_BLOCK_DMABUF, &req);
	if (fd >= 0)
		return fd;
	if (errno == EOPNOTSUPP || errno == ENOTTY)
		return pmmshm_fail(EOPNOTSUPP, "cannot make a dma-buf of the block: this kernel, or this pmm module, has no dma-bufs");
	return pmmshm_explain_access(block, "make a dma-buf of the block",
				     errno);
}

static uint32_t sync_flags(unsigned int flags)
{
	static const struct {
		unsigned int library;
		uint32_t kernel;
	} bits[] = {
		{ PMMSHM_SYNC_READ, PMM_SYNC_READ },
		{ PMMSHM_SYNC_WRITE, PMM_SYNC_WRITE },
		{ PMMSHM_SYNC_BEGIN, PMM_SYNC_BEGIN },
		{ PMMSHM_SYNC_END, PMM_SYNC_END },
	};
	uint32_t kernel = 0;
	size_t i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (flags & bits[i].library)
			kernel |= bits[i].kernel;
	return kernel;
}

static int sync_check(const struct pmmshm_block *block, size_t offset,
		      size_t length, unsigned int flags)
{
	unsigned int side = flags & SYNC_SIDE;

	if (flags & ~(SYNC_SIDE | SYNC_ACCESS))
		return pmmshm_fail(EINVAL, "pmmshm_block_sync: unknown bits 0x%x in the flags",
				   flags & ~(SYNC_SIDE | SYNC_ACCESS));
	if (!side || side == SYNC_SIDE || !(flags & SYNC_ACCESS))
		return pmmshm_fail(EINVAL, "pmmshm_block_sync: flags are 0x%x, not PMMSHM_SYNC_BEGIN or _END with _READ, _WRITE or both",
				   flags);
	if (offset > block->size || length > block->size - offset)
		return pmmshm_fail(EINVAL, "pmmshm_block_sync: %zu bytes at %zu are not inside the block, which has %zu",
				   length, offset, block->size);
	return 0;
}

int pmmshm_module_sync(const struct pmmshm_block *block, size_t offset,
		       size_t length, unsigned int flags)
{
	struct pmm_block_sync req = {
		.size = sizeof(req),
		.flags = sync_flags(flags),
		.offset = offset,
		.length = length,
	};

	if (!pmmshm_ioctl(block->sys, block->fd, PMM_IOC_BLOCK_SYNC, &req))
		return 0;
	if (errno == EOPNOTSUPP)
		return pmmshm_fail(EOPNOTSUPP, "cannot synchronise the block: only the driver of its memory can");
	return pmmshm_explain_access(block, flags & PMMSHM_SYNC_WRITE
					? "synchronise the block for writing"
					: "synchronise the block", errno);
}

int pmmshm_block_sync(const struct pmmshm_block *block, size_t offset,
		      size_t length, unsigned int flags)
{
	if (!block)
		return pmmshm_fail(EINVAL, "pmmshm_block_sync: NULL argument");
	if (sync_check(block, offset, length, flags))
		return -1;
	return block->backend->sync(block, offset, length, flags);
}
