/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/pmm_test_import: a driver that imports dma-bufs, one for each open file, for
 * a device that only exists in the kernel's books.
 */
#ifndef PMM_TEST_IMPORT_H
#define PMM_TEST_IMPORT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct pmm_test_import_attach - take a dma-buf and map it for the device
 * @fd: in: the dma-buf
 * @mask_bits: in: how many address bits the device has
 * @entries: out: scatterlist entries
 * @contiguous: out: bytes from its first DMA address on without a gap
 * @address: out: that address
 */
struct pmm_test_import_attach {
	__s32 fd;
	__u32 mask_bits;
	__u64 entries;
	__u64 contiguous;
	__u64 address;
};

/**
 * struct pmm_test_import_fill - write through the kernel's mapping
 * @offset: in: where, in bytes
 * @length: in: how much
 * @byte: in: what
 * @old: out: the byte that was first there
 */
struct pmm_test_import_fill {
	__u64 offset;
	__u64 length;
	__u32 byte;
	__u32 old;
};

#define PMM_TEST_IMPORT_ATTACH	_IOWR('i', 0, struct pmm_test_import_attach)
#define PMM_TEST_IMPORT_FILL	_IOWR('i', 1, struct pmm_test_import_fill)
/* Unmap and map again. */
#define PMM_TEST_IMPORT_REMAP	_IO('i', 2)
#define PMM_TEST_IMPORT_DETACH	_IO('i', 3)

#endif /* PMM_TEST_IMPORT_H */
