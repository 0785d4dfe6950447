/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two drivers that share blocks offer: /dev/pmm_test_edu, a driver of QEMU's
 * edu device, and /dev/pmm_test_share, one without hardware.  Each has one block
 * at most, which belongs to it and not to whoever opened it.  By /dev/pmm_test_mirror
 * the edu device works on any memory of a program.
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

/**
 * struct pmm_test_mirror_map - choose addresses of the caller to work on
 * @addr: the first
 * @length: in bytes
 * @write: nonzero if the device is to write there
 * @reserved: 0
 */
struct pmm_test_mirror_map {
	__u64 addr;
	__u64 length;
	__u32 write;
	__u32 reserved;
};

/* The device writes there, else it reads. */
#define PMM_TEST_MIRROR_WRITE	0x1
/* The range is not held: the driver waits for the device when it is told to. */
#define PMM_TEST_MIRROR_UNHELD	0x2
/* In a kernel thread, and not waited for: see PMM_TEST_MIRROR_WAIT */
#define PMM_TEST_MIRROR_WORKER	0x4

/**
 * struct pmm_test_mirror_dma - have the device copy to or from its own buffer
 * @offset: where in the range, in bytes
 * @length: up to PMM_TEST_EDU_BUFFER
 * @flags: PMM_TEST_MIRROR_*
 */
struct pmm_test_mirror_dma {
	__u64 offset;
	__u32 length;
	__u32 flags;
};

/**
 * struct pmm_test_mirror_state - what goes on
 * @running: the device works for this file
 * @pieces: how often it has
 * @invalidations: how often addresses that it had were taken away
 * @reserved: 0
 */
struct pmm_test_mirror_state {
	__u32 running;
	__u32 pieces;
	__u32 invalidations;
	__u32 reserved;
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

/*
 * On /dev/pmm_test_mirror: one range each time it is opened, of the process that chose
 * the first, with EPERM for others.  ENODATA without a range.
 */
#define PMM_TEST_MIRROR_MAP	_IOW('e', 32, struct pmm_test_mirror_map)
#define PMM_TEST_MIRROR_UNMAP	_IO('e', 33)
#define PMM_TEST_MIRROR_DMA	_IOW('e', 34, struct pmm_test_mirror_dma)
/* Wait for the last one in a kernel thread; fails as that did. */
#define PMM_TEST_MIRROR_WAIT	_IO('e', 35)
#define PMM_TEST_MIRROR_STATE	_IOR('e', 36, struct pmm_test_mirror_state)
/* Does the device get the page that is mapped at the first address?  Else ESTALE. */
#define PMM_TEST_MIRROR_CHECK	_IO('e', 37)

#ifdef __KERNEL__
struct pmm_block;

int pmm_test_share_hand(struct pmm_block *block);
#endif

#endif /* PMM_TEST_EDU_H */
