// SPDX-License-Identifier: GPL-2.0-only
/*
 * What pmm-prove looks at, in a namespace whose first segment has the id 0.
 */
#include <check.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <unistd.h>

#include "pagemap.h"

#define SIZE	4096UL

static void *new_segment(int *shmid)
{
	void *p;

	*shmid = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
	ck_assert_int_ge(*shmid, 0);
	p = shmat(*shmid, NULL, 0);
	ck_assert_ptr_ne(p, (void *)-1);
	shmctl(*shmid, IPC_RMID, NULL);
	return p;
}

/* /proc lists by address, and later ones may come first. */
START_TEST(segment_0_is_one_like_others)
{
	struct mapping m, same;
	uintptr_t start[3];
	int shmid[3], i;

	for (i = 0; i < 3; i++)
		start[i] = (uintptr_t)new_segment(&shmid[i]);
	ck_assert_int_eq(shmid[0], 0);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(mapping_find_segment(&m, getpid(), shmid[i]), 0);
		ck_assert_uint_eq(m.start, start[i]);
		ck_assert_uint_eq(m.inode, shmid[i]);
		ck_assert_int_eq(mapping_find_same(&same, getpid(), &m), 0);
		ck_assert_uint_eq(same.start, start[i]);
		ck_assert_int_eq(mapping_find_address(&same, getpid(), start[i]), 0);
		ck_assert_uint_eq(same.inode, shmid[i]);
	}
	for (i = 0; i < 3; i++)
		shmdt((void *)start[i]);
	ck_assert_int_eq(mapping_find_segment(&m, getpid(), 0), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pmm-prove: what is mapped");
	TCase *tcase = tcase_create("segments");
	SRunner *runner;
	int failed;

	if (unshare(CLONE_NEWIPC) && unshare(CLONE_NEWUSER | CLONE_NEWIPC)) {
		puts("SKIP: a namespace of its own is not allowed here");
		return 77;
	}
	tcase_add_test(tcase, segment_0_is_one_like_others);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
