/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma-bufs of blocks, and the driver tests/kmod/pmm_test_import.c that takes them.
 */
#ifndef PMM_TEST_DMABUF_H
#define PMM_TEST_DMABUF_H

#include "../kmod/pmm_test_import.h"

/* One that is as it should be. */
int dmabuf(int block);

int driver_open(void);
int try_attach(int driver, int fd, unsigned int mask_bits,
	       struct pmm_test_import_attach *a);

#endif /* PMM_TEST_DMABUF_H */
