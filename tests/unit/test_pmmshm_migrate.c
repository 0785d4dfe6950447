// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is moved: figures, repetitions, words.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "test_pmmshm.h"

#define ADDR	((void *)0x10001000)
#define LEN	(16 * KIB)

/* The next answer. */
static struct pmm_migrate *answer(unsigned int n, const char *type, int err,
				  uint32_t reason)
{
	struct pmm_migrate *m = &fake_world.migrate[n];

	m->address = (uintptr_t)ADDR;
	m->length = LEN;
	m->reason = reason;
	snprintf(m->type, sizeof(m->type), "%s", type);
	fake_world.migrate_errno[n] = err;
	return m;
}

START_TEST(moves)
{
	struct pmmshm_migration f;

	answer(0, "vram", 0, 0)->moved = 12 * KIB;
	fake_world.migrate[0].there = 4 * KIB;
	ck_assert_int_eq(pmmshm_migrate(pmm, ADDR, LEN, "vram", &f), 0);
	ck_assert_uint_eq(f.moved, 12 * KIB);
	ck_assert_uint_eq(f.there, 4 * KIB);
	ck_assert_uint_eq(f.unmapped | f.unfit | f.shared | f.large | f.busy |
			  f.left, 0);
	answer(1, "", 0, 0);
	ck_assert_int_eq(pmmshm_migrate(pmm, ADDR, LEN, NULL, NULL), 0);
	answer(2, "", 0, 0);
	ck_assert_int_eq(pmmshm_migrate(pmm, ADDR, LEN, "", NULL), 0);
}
END_TEST

/* What was moved before the signal is moved, not there. */
START_TEST(goes_on_after_signals)
{
	struct pmmshm_migration f;

	answer(0, "vram", EINTR, 0)->moved = 8 * KIB;
	answer(1, "vram", EINTR, 0)->there = 8 * KIB;
	answer(2, "vram", 0, 0)->moved = 4 * KIB;
	fake_world.migrate[2].there = 12 * KIB;
	ck_assert_int_eq(pmmshm_migrate(pmm, ADDR, LEN, "vram", &f), 0);
	ck_assert_uint_eq(f.moved, 12 * KIB);
	ck_assert_uint_eq(f.there, 4 * KIB);
}
END_TEST

START_TEST(splits_large_pages_once)
{
	answer(0, "vram", EBUSY, PMM_MIGRATE_LARGE)->large = 8 * KIB;
	answer(1, "vram", EBUSY, PMM_MIGRATE_LARGE)->large = 8 * KIB;
	assert_fails_int(pmmshm_migrate(pmm, ADDR, LEN, "vram", NULL), EBUSY,
			 "huge pages");
	ck_assert_uint_eq(fake_world.migrations, 2);
	ck_assert_uint_eq(fake_world.cold, LEN / (4 * KIB));
}
END_TEST

START_TEST(moves_of_others)
{
	struct pmmshm_migration f;

	answer(0, "vram", 0, 0)->flags = PMM_MIGRATE_MEM;
	fake_world.migrate[0].moved = LEN;
	ck_assert_int_eq(pmmshm_migrate_process(pmm, 42, (uintptr_t)ADDR, LEN,
						"vram", &f), 0);
	ck_assert_uint_eq(f.moved, LEN);
	answer(1, "vram", EBUSY, PMM_MIGRATE_LARGE)->flags = PMM_MIGRATE_MEM;
	fake_world.migrate[1].large = LEN;
	assert_fails_int(pmmshm_migrate_process(pmm, 42, (uintptr_t)ADDR, LEN,
						"vram", &f), EBUSY, "huge pages");
	ck_assert_uint_eq(fake_world.cold, 0);
	ck_assert_uint_eq(fake_usage().fds, 1);
	assert_fails_int(pmmshm_migrate_process(pmm, 43, (uintptr_t)ADDR, LEN,
						"vram", &f), ESRCH,
			 "cannot move memory of process 43: there is none");
	fake_fail(FAKE_OPEN, 1, EACCES);
	assert_fails_int(pmmshm_migrate_process(pmm, 42, (uintptr_t)ADDR, LEN,
						"vram", &f), EACCES,
			 "only who may ptrace it");
	fake_fail(FAKE_OPEN, 1, EMFILE);
	assert_fails_int(pmmshm_migrate_process(pmm, 42, (uintptr_t)ADDR, LEN,
						"vram", &f), EMFILE,
			 "cannot move memory of process 42: Too many open files");
}
END_TEST

static const struct {
	int err;
	uint32_t reason;
	const char *text;
} failures[] = {
	{ EFAULT, PMM_MIGRATE_UNMAPPED, "nothing is mapped" },
	{ EOPNOTSUPP, PMM_MIGRATE_UNFIT, "is a file's" },
	{ EBUSY, PMM_MIGRATE_SHARED, "since a fork" },
	{ EBUSY, PMM_MIGRATE_BUSY, "some is pinned" },
	{ ENOMEM, PMM_MIGRATE_NO_ROOM, "no room" },
	{ EDQUOT, PMM_MIGRATE_QUOTA, "this user's quota" },
	{ ENOMEM, PMM_MIGRATE_RESERVE, "in reserve" },
	{ ENOMEM, PMM_MIGRATE_NO_MEMORY, "the kernel has no free memory" },
	{ ENOENT, 0, "cannot move memory to vram: no such type of memory" },
	{ ENODEV, 0, "that type is for blocks" },
	{ ESRCH, 0, "its process has ended" },
	{ ENOTTY, 0, "cannot do that" },
	{ EINVAL, 0, "cannot move 16 KiB to vram: Invalid argument" },
};

START_TEST(says_why)
{
	answer(0, "vram", failures[_i].err, failures[_i].reason)->moved = LEN / 2;
	assert_fails_int(pmmshm_migrate(pmm, ADDR, LEN, "vram", NULL),
			 failures[_i].err, failures[_i].text);
	if (failures[_i].reason)
		assert_error(failures[_i].err,
			     "cannot move all of 16 KiB to vram: 8 KiB is there, and ");
}
END_TEST

START_TEST(refuses)
{
	assert_fails_int(pmmshm_migrate(NULL, ADDR, LEN, "vram", NULL), EINVAL,
			 "NULL");
	assert_fails_int(pmmshm_migrate_process(NULL, 42, 0, LEN, "vram", NULL),
			 EINVAL, "NULL");
	assert_fails_int(pmmshm_migrate(pmm, ADDR, LEN,
					"a name that has thirty-two bytes", NULL),
			 ENOENT, "thirty-two");
	ck_assert_uint_eq(fake_calls(FAKE_MIGRATE), 0);
}
END_TEST

Suite *suite_migrate(void)
{
	Suite *suite = suite_create("pmmshm: moving");
	TCase *tcase = tcase_create("migrate");

	add_fake_fixture(tcase);
	tcase_add_test(tcase, moves);
	tcase_add_test(tcase, goes_on_after_signals);
	tcase_add_test(tcase, splits_large_pages_once);
	tcase_add_test(tcase, moves_of_others);
	tcase_add_loop_test(tcase, says_why, 0,
			    sizeof(failures) / sizeof(failures[0]));
	tcase_add_test(tcase, refuses);
	suite_add_tcase(suite, tcase);
	return suite;
}
