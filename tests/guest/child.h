/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes of a test.
 */
#ifndef PMM_TEST_CHILD_H
#define PMM_TEST_CHILD_H

#define NOBODY		65534

/* Run @fn in a child, as that user without any rights of root (0: as root). */
int child_start(unsigned int uid, void (*fn)(void *), void *arg);
/* Wait for a child, and fail if it did. */
void child_wait(int pid);
/* End it, whatever it does, and see it off. */
void child_kill(int pid);
/* Start and wait. */
void run_as(unsigned int uid, void (*fn)(void *), void *arg);

/*
 * A program that lies beside this one, open for fexecve(): other users may not reach
 * the place where it is.
 */
int program_open(const char *name);

#endif /* PMM_TEST_CHILD_H */
