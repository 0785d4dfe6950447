// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling the segments that are blocks from the others.
 */
#include <errno.h>

#include "test_pmmshm.h"

/* Blocks with a key, without one, and ordinary segments between them. */
static struct pmmshm_block *keyed, *private;
static int ordinary[2];

static void setup(void)
{
	ordinary[0] = fake_segment(1, 4096, 1000, 0600);
	keyed = pmmshm_block_publish(pmm, 4 * MIB, 0x1234, 0644, NULL);
	ordinary[1] = fake_segment(2, 4 * MIB, 1000, 0600);
	fake_transport.shmdt(fake_transport.shmat(ordinary[1], NULL, 0));
	private = pmmshm_block_alloc(pmm, 8192, NULL);
	ck_assert(keyed && private);
}

static void teardown(void)
{
	fake_ipcrm(ordinary[0]);
	fake_ipcrm(ordinary[1]);
	fake_ipcrm(pmmshm_block_shmid(keyed));
	pmmshm_block_free(keyed);
	pmmshm_block_free(private);
}

START_TEST(lists_blocks_only)
{
	struct pmmshm_segment_info info;
	struct fake_usage before = fake_usage();
	unsigned int place = 0;

	ck_assert_int_eq(pmmshm_segment_next(pmm, &place, &info), 0);
	ck_assert_int_eq(info.shmid, pmmshm_block_shmid(keyed));
	ck_assert_int_eq(info.key, 0x1234);
	ck_assert_uint_eq(info.length, 4 * MIB);
	ck_assert_uint_eq(info.mode, 0644);
	ck_assert_uint_eq(info.uid, 1000);
	ck_assert_uint_eq(info.gid, 1001);
	ck_assert_uint_eq(info.attached, 1);
	ck_assert_uint_eq(info.flags, 0);
	ck_assert_int_eq(pmmshm_segment_next(pmm, &place, &info), 0);
	ck_assert_int_eq(info.shmid, pmmshm_block_shmid(private));
	ck_assert_int_eq(info.key, IPC_PRIVATE);
	ck_assert_uint_eq(info.flags, PMMSHM_SEGMENT_REMOVED);
	assert_fails_int(pmmshm_segment_next(pmm, &place, &info), ENOENT,
			 "no further segment");
	ck_assert_int_eq(info.shmid, pmmshm_block_shmid(private));
	fake_assert_usage(before);
}
END_TEST

START_TEST(leaves_out_what_may_not_be_read)
{
	struct pmmshm_segment_info info;
	unsigned int place = 0;

	fake_world.uid = 1001;
	ck_assert_int_eq(pmmshm_segment_next(pmm, &place, &info), 0);
	ck_assert_int_eq(info.shmid, pmmshm_block_shmid(keyed));
	assert_fails_int(pmmshm_segment_next(pmm, &place, &info), ENOENT,
			 "no further segment");
	fake_world.uid = 1000;
}
END_TEST

/* Attaching and detaching it would remove it. */
START_TEST(leaves_alone_what_was_never_attached)
{
	struct pmmshm_segment_info info;
	unsigned int place = 0;

	/* With that setting there is none that was attached once. */
	fake_ipcrm(ordinary[1]);
	fake_world.rmid_forced = true;
	while (!pmmshm_segment_next(pmm, &place, &info))
		;
	ck_assert(fake_exists(ordinary[0]));
	fake_world.rmid_forced = false;
	ordinary[1] = fake_segment(2, 4 * MIB, 1000, 0600);
}
END_TEST

START_TEST(tells_what_fails)
{
	struct pmmshm_segment_info info;
	unsigned int place = 0;

	fake_fail(FAKE_FIND, 1, EMFILE);
	assert_fails_int(pmmshm_segment_next(pmm, &place, &info), EMFILE,
			 "cannot tell whether segment");
	ck_assert_uint_eq(place, 0);
	fake_fail(FAKE_IPC_INFO, 1, ENOSYS);
	assert_fails_int(pmmshm_segment_next(pmm, &place, &info), ENOSYS,
			 "cannot list segments");
	assert_fails_int(pmmshm_segment_next(NULL, &place, &info), EINVAL,
			 "pmmshm_segment_next: NULL argument");
	assert_fails_int(pmmshm_segment_next(pmm, NULL, &info), EINVAL, "NULL");
	assert_fails_int(pmmshm_segment_next(pmm, &place, NULL), EINVAL, "NULL");
	place = ~0U;
	assert_fails_int(pmmshm_segment_next(pmm, &place, &info), ENOENT,
			 "no further segment");
}
END_TEST

static bool lists(void)
{
	struct pmmshm_segment_info info;
	unsigned int place = 0;

	return !pmmshm_segment_next(pmm, &place, &info);
}

START_TEST(leaks_nothing)
{
	sweep(lists);
}
END_TEST

Suite *suite_list(void)
{
	Suite *suite = suite_create("pmmshm: listing");
	TCase *tcase = tcase_create("segments");

	add_fake_fixture(tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, lists_blocks_only);
	tcase_add_test(tcase, leaves_out_what_may_not_be_read);
	tcase_add_test(tcase, leaves_alone_what_was_never_attached);
	tcase_add_test(tcase, tells_what_fails);
	tcase_add_test(tcase, leaks_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
