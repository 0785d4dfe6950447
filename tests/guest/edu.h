/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two drivers of tests/kmod that use blocks: pmm_test_edu, for QEMU's edu
 * device, and pmm_test_share.
 */
#ifndef PMM_TEST_GUEST_EDU_H
#define PMM_TEST_GUEST_EDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../kmod/pmm_test_edu.h"
#include "guest.h"

/* Load the driver and open its device; share first, which edu calls. */
int share_load(void);
int edu_load(const char *args);
/* Take the PCI device away from its driver. */
void edu_unbind(void);
/* Does an IOMMU give it addresses of its own? */
bool edu_translated(void);

/* As ioctl(2): see tests/kmod/pmm_test_edu.h. */
int edu_take(int edu, int fd, bool write);
int edu_alloc(int edu, const char *type, size_t size, size_t align);
int edu_dma(int edu, uint64_t offset, uint32_t length, bool write);
int edu_fd(int edu);
int edu_share(int edu);
int edu_put(int edu);
/* Copy the beginning of a block to its end through the device, by a mapping of it. */
void edu_copy(int edu, char *p, size_t size);
int share_read(int share, uint64_t offset, void *to, size_t length);
int share_put(int share);

/* What debugfs says of a block; fails if there is none of that number. */
unsigned int block_holders(uint64_t id);
/* Wait until that is @holders, or fail. */
void wait_holders(uint64_t id, unsigned int holders, double seconds);

#endif /* PMM_TEST_GUEST_EDU_H */
