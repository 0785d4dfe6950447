// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks under a System V key.
 */
#include <errno.h>
#include <sys/mman.h>

#include "test_pmmshm.h"

#define KEY	0x1234

START_TEST(is_found_by_its_key)
{
	struct pmmshm_block *b = pmmshm_block_publish(pmm, 4 * MIB, KEY, 0666,
						      NULL);
	int shmid;

	ck_assert_ptr_nonnull(b);
	assert_writable(b);
	shmid = pmmshm_block_shmid(b);
	ck_assert_int_eq(fake_transport.shmget(KEY, 0, 0), shmid);
	ck_assert_uint_eq(fake_mode(shmid), 0666);
	ck_assert_uint_lt(fake_when(FAKE_ADOPT), fake_when(FAKE_IPC_SET));
	ck_assert_uint_eq(fake_calls(FAKE_IPC_RMID), 0);
	pmmshm_block_free(b);

	/* It stays until it is removed. */
	ck_assert(fake_exists(shmid));
	ck_assert_uint_eq(fake_usage().pool, 4 * MIB);
	fake_ipcrm(shmid);
}
END_TEST

START_TEST(private_key_stays_too)
{
	struct pmmshm_block *b = pmmshm_block_publish(pmm, 1, IPC_PRIVATE, 0600,
						      NULL);
	int shmid = pmmshm_block_shmid(b);

	pmmshm_block_free(b);
	ck_assert_uint_eq(fake_mode(shmid), 0600);
	fake_ipcrm(shmid);
}
END_TEST

START_TEST(mode_may_be_zero)
{
	struct pmmshm_block *b = pmmshm_block_publish(pmm, 1, KEY, 0, NULL);

	ck_assert_uint_eq(fake_mode(pmmshm_block_shmid(b)), 0);
	fake_ipcrm(pmmshm_block_shmid(b));
	pmmshm_block_free(b);
}
END_TEST

START_TEST(taken_key_is_left_alone)
{
	int shmid = fake_segment(KEY, 4096, 5, 0);

	assert_fails(pmmshm_block_publish(pmm, 1, KEY, 0600, NULL), EEXIST,
		     "key 0x00001234 is taken by segment 100; choose another, or remove that one (ipcrm -m 100)");
	ck_assert(fake_exists(shmid));
	fake_ipcrm(shmid);
	/* Gone before one can look. */
	fake_fail(FAKE_SHMGET, 1, EEXIST);
	assert_fails(pmmshm_block_publish(pmm, 1, KEY, 0600, NULL), EEXIST,
		     "key 0x00001234 is taken; choose another");
	fake_assert_usage((struct fake_usage){ .fds = 1, .memory = 1 });
}
END_TEST

START_TEST(touched_segment_is_replaced)
{
	struct pmmshm_block *b;

	fake_world.busy = 2;
	b = pmmshm_block_publish(pmm, 1, KEY, 0644, NULL);
	ck_assert_msg(b, "%s", pmmshm_error());
	ck_assert_uint_eq(fake_calls(FAKE_IPC_RMID), 2);
	ck_assert_int_eq(fake_transport.shmget(KEY, 0, 0),
			 pmmshm_block_shmid(b));
	fake_ipcrm(pmmshm_block_shmid(b));
	pmmshm_block_free(b);
}
END_TEST

START_TEST(failure_removes_the_segment)
{
	static const enum fake_op ops[] = {
		FAKE_SHMAT, FAKE_ADOPT, FAKE_IPC_STAT, FAKE_IPC_SET,
	};
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		fake_fail(ops[i], 1, ENOLINK);
		assert_fails(pmmshm_block_publish(pmm, 1, KEY, 0644, NULL),
			     ENOLINK, "Link has been severed");
		ck_assert_int_eq(fake_transport.shmget(KEY, 0, 0), -1);
		fake_assert_usage((struct fake_usage){
					.fds = 1, .memory = 1 });
	}
}
END_TEST

START_TEST(options_are_checked)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts) };

	opts.mode = 0600;
	assert_fails(pmmshm_block_publish(pmm, 1, KEY, 0600, &opts), EINVAL,
		     "leave pmmshm_alloc_opts.mode zero");
	opts.mode = 0;
	opts.flags = PMMSHM_NO_SEGMENT;
	assert_fails(pmmshm_block_publish(pmm, 1, KEY, 0600, &opts), EINVAL,
		     "a key needs a segment");
	opts.flags = 0x80;
	assert_fails(pmmshm_block_publish(pmm, 1, KEY, 0600, &opts), EINVAL,
		     "unknown bits 0x80");
	assert_fails(pmmshm_block_publish(pmm, 1, KEY, 02600, NULL), EINVAL,
		     "mode 02600 has more");
	assert_fails(pmmshm_block_publish(pmm, 0, KEY, 0600, NULL), EINVAL,
		     "0 bytes");
	ck_assert_uint_eq(fake_calls(FAKE_ALLOC), 0);

	opts.flags = PMMSHM_KEEP_SEGMENT;
	opts.type = "nix";
	assert_fails(pmmshm_block_publish(pmm, 1, KEY, 0600, &opts), ENOENT,
		     "of type 'nix'");
}
END_TEST

static bool run_publish(void)
{
	struct pmmshm_block *b = pmmshm_block_publish(pmm, 4 * MIB, KEY, 0644,
						      NULL);

	if (!b)
		return false;
	fake_ipcrm(pmmshm_block_shmid(b));
	pmmshm_block_free(b);
	return true;
}

START_TEST(leaks_nothing)
{
	sweep(run_publish);
}
END_TEST

Suite *suite_publish(void)
{
	Suite *suite = suite_create("pmmshm: publishing");
	TCase *tcase = tcase_create("key");

	add_fake_fixture(tcase);
	tcase_add_test(tcase, is_found_by_its_key);
	tcase_add_test(tcase, private_key_stays_too);
	tcase_add_test(tcase, mode_may_be_zero);
	tcase_add_test(tcase, taken_key_is_left_alone);
	tcase_add_test(tcase, touched_segment_is_replaced);
	tcase_add_test(tcase, failure_removes_the_segment);
	tcase_add_test(tcase, options_are_checked);
	tcase_add_test(tcase, leaks_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
