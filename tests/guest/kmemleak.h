/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's own search for memory that nothing points to.  Without it in the
 * kernel, these do nothing.
 */
#ifndef PMM_TEST_KMEMLEAK_H
#define PMM_TEST_KMEMLEAK_H

/* What was allocated so far is not looked at. */
void kmemleak_forget(void);
/* What was allocated since is in use, or free. */
void kmemleak_expect_none(void);

#endif /* PMM_TEST_KMEMLEAK_H */
