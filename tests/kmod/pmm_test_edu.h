/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two drivers that share blocks offer: /dev/pmm_test_edu, a driver of QEMU's
 * edu device, and /dev/pmm_test_share, one without hardware.  Each has one block
 * at most, which belongs to it and not to whoever opened it.
 */
#ifndef PMM_TEST_EDU_H
#define PMM_TEST_EDU_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Bytes that the device takes at once.  QEMU ends when asked for all its 4096. */
#define PMM_TEST_EDU_BUFFER	2048

/**
 * struct pmm_test_edu_take - take a block from a program
 * @fd: its block fd, or one of its home
 * @write: nonzero if the device is to write to it
 */
struct pmm_test_edu_take {
	__s32 fd;
	__u32 write;
};

/**
 * struct pmm_test_edu_alloc - allocate a block for the device
 * @type: name of the type, or empty for any
 * @size: in bytes
 * @align: in bytes
 */
struct pmm_test_edu_alloc {
	char type[32];
	__u64 size;
	__u64 align;
};

/**
 * struct pmm_test_edu_dma - have the device copy to or from its own buffer
 * @offset: where in the block, in bytes
 * @length: up to PMM_TEST_EDU_BUFFER
 * @write: nonzero if the device is to write to the block
 */
struct pmm_test_edu_dma {
	__u64 offset;
	__u32 length;
	__u32 write;
};

/**
 * struct pmm_test_share_read - read the block through the kernel's mapping
 * @offset: where in the block, in bytes
 * @length: how much
 * @to: address of the caller's buffer
 */
struct pmm_test_share_read {
	__u64 offset;
	__u64 length;
	__u64 to;
};

/* On /dev/pmm_test_edu; all but ALLOC and TAKE fail with ENODATA without a block */
#define PMM_TEST_EDU_TAKE	_IOW('e', 0, struct pmm_test_edu_take)
#define PMM_TEST_EDU_ALLOC	_IOW('e', 1, struct pmm_test_edu_alloc)
#define PMM_TEST_EDU_DMA	_IOW('e', 2, struct pmm_test_edu_dma)
/* A block fd, with the rights that the driver has. */
#define PMM_TEST_EDU_FD		_IO('e', 3)
/* Give the other driver a reference. */
#define PMM_TEST_EDU_SHARE	_IO('e', 4)
#define PMM_TEST_EDU_PUT	_IO('e', 5)

/* On /dev/pmm_test_share */
#define PMM_TEST_SHARE_READ	_IOW('e', 16, struct pmm_test_share_read)
#define PMM_TEST_SHARE_PUT	_IO('e', 17)

#ifdef __KERNEL__
struct pmm_block;

int pmm_test_share_hand(struct pmm_block *block);
#endif

#endif /* PMM_TEST_EDU_H */
