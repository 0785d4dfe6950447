/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failures on demand: the n-th thing that may fail in a system call of this
 * thread, an allocation or a copy to or from user space; or some of all
 * allocations of the tasks that ask for it, at random.
 *
 * Only kernels that are built for it can do that, such as the debug kernel.
 */
#ifndef PMM_TEST_INJECT_H
#define PMM_TEST_INJECT_H

#include <stdbool.h>

/* Can this kernel?  Make it ready. */
bool inject_setup(void);
/* From now on the n-th of this thread fails, n from 1. */
void inject_start(unsigned int n);
/*
 * Not any more.  How many more there might have been, or 0 if it has come to a
 * failure; errno is as it was.
 */
unsigned int inject_stop(void);

/* So many percent of the allocations fail in tasks that want it; 0: none. */
void inject_percent(unsigned int percent);
/* Does this task want it?  Nothing happens on kernels that cannot. */
void inject_wanted(bool on);

#endif /* PMM_TEST_INJECT_H */
