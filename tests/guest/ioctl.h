/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioctl(2) as this program's own kind and as a 32-bit program does it, for the
 * tests of the ABI, test_ioctl*.c.
 */
#ifndef PMM_TEST_IOCTL_H
#define PMM_TEST_IOCTL_H

#include <stdbool.h>
#include <stddef.h>

/* From now on do_ioctl() makes calls as a 32-bit program does. */
extern bool ioctl_as_32bit;

/* Run a test natively, and as a 32-bit program if this kernel runs such. */
void ioctl_both(void (*test)(void));

/* As ioctl(2); a 32-bit program has addresses below 4 GiB only. */
int do_ioctl(int fd, unsigned int cmd, void *arg);

/* Zeroed memory below 4 GiB, which any program could have. */
void *low_alloc(size_t size);

#endif /* PMM_TEST_IOCTL_H */
