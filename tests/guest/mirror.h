/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/pmm_test_mirror, by which the edu device works on any memory of a program.
 */
#ifndef PMM_TEST_GUEST_MIRROR_H
#define PMM_TEST_GUEST_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../kmod/pmm_test_edu.h"
#include "guest.h"

/* The longest piece. */
#define MIRROR_MAX	PMM_TEST_EDU_BUFFER

/* Load the driver, and the one that it calls; unload them, when all is closed. */
void mirror_load(void);
void mirror_unload(void);
/* A file that has no range yet. */
int mirror_open(void);
/* As ioctl(2): see tests/kmod/pmm_test_edu.h. */
int mirror_map(int fd, const void *p, size_t length, bool write);
int mirror_unmap(int fd);
int mirror_dma(int fd, size_t offset, size_t length, unsigned int flags);
int mirror_wait(int fd);
int mirror_check(int fd);
void mirror_state(int fd, struct pmm_test_mirror_state *state);
/* Both in one: the device reads what is at @p, or writes there what it has. */
int mirror_read(int fd, const void *p, size_t length, unsigned int flags);
int mirror_write(int fd, void *p, size_t length, unsigned int flags);

#endif /* PMM_TEST_GUEST_MIRROR_H */
