// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks found behind others' segments.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "test_pmmshm.h"

static struct pmmshm_block *theirs;
static int id;

static void setup(void)
{
	theirs = pmmshm_block_publish(pmm, 4 * MIB, 0x1234, 0644, NULL);
	ck_assert_ptr_nonnull(theirs);
	id = pmmshm_block_shmid(theirs);
}

static void teardown(void)
{
	fake_ipcrm(id);
	pmmshm_block_free(theirs);
}

START_TEST(shares_the_memory)
{
	struct pmmshm_block *b = pmmshm_block_import_shmid(pmm, id, 0);
	struct pmmshm_block_info info;
	char *mine;

	ck_assert_msg(b, "%s", pmmshm_error());
	mine = pmmshm_block_data(b);
	ck_assert(mine != pmmshm_block_data(theirs) && is_huge_aligned(mine));
	assert_writable(theirs);
	ck_assert_int_eq(mine[4 * MIB - 1], 0x5a);
	mine[0] = 1;
	ck_assert_int_eq(*(char *)pmmshm_block_data(theirs), 1);
	ck_assert_uint_eq(pmmshm_block_size(b), 4 * MIB);
	ck_assert_int_eq(pmmshm_block_shmid(b), id);
	ck_assert_int_eq(pmmshm_block_get_info(b, &info), 0);
	ck_assert_int_eq(info.shmid, id);
	ck_assert(!(info.state & PMMSHM_STATE_READONLY));
	pmmshm_block_free(b);
}
END_TEST

START_TEST(reads_only_if_asked)
{
	struct pmmshm_block *b = pmmshm_block_import_shmid(pmm, id, SHM_RDONLY);
	struct pmmshm_block_info info;
	void *p;
	int fd;

	ck_assert_msg(b, "%s", pmmshm_error());
	ck_assert(is_huge_aligned(pmmshm_block_data(b)));
	ck_assert_int_eq(pmmshm_block_get_info(b, &info), 0);
	ck_assert(info.state & PMMSHM_STATE_READONLY);
	assert_fails(pmmshm_block_map(b, PROT_READ | PROT_WRITE), EACCES,
		     "cannot map the block for writing: it was imported for reading only");
	assert_fails_int(pmmshm_block_home_fd(b, O_RDWR), EACCES,
			 "cannot open the block's home for writing: it was imported for reading only");
	fd = pmmshm_block_home_fd(b, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	fake_transport.close(fd);
	p = pmmshm_block_map(b, PROT_READ);
	ck_assert_ptr_nonnull(p);
	fake_transport.munmap(p, 4 * MIB);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(permissions_are_the_segments)
{
	struct pmmshm_block *b;

	fake_world.uid = 1001;
	assert_fails(pmmshm_block_import_shmid(pmm, id, 0), EACCES,
		     "cannot attach segment 100 for reading and writing: permission denied: it belongs to user 1000 and has mode 0644; ask for SHM_RDONLY");
	b = pmmshm_block_import_shmid(pmm, id, SHM_RDONLY);
	ck_assert_msg(b, "%s", pmmshm_error());
	pmmshm_block_free(b);
	fake_world.uid = 1000;
}
END_TEST

START_TEST(no_permission_at_all)
{
	int other = fake_segment(1, 4096, 5, 0600);

	assert_fails(pmmshm_block_import_shmid(pmm, other, SHM_RDONLY), EACCES,
		     "segment 101: permission denied");
	fake_ipcrm(other);
}
END_TEST

START_TEST(ordinary_segments_are_told_apart)
{
	static const size_t sizes[] = { 1, 4096, 5 * MIB };
	struct fake_usage before;
	size_t i;
	int other;

	for (i = 0; i < 3; i++) {
		other = fake_segment(1, sizes[i], 1000, 0600);
		before = fake_usage();
		assert_fails(pmmshm_block_import_shmid(pmm, other, 0), ENOENT,
			     "segment 101 is an ordinary one, not a pmm block");
		fake_assert_usage(before);
		fake_ipcrm(other);
	}
}
END_TEST

START_TEST(missing_segments_are_told)
{
	assert_fails(pmmshm_block_import_shmid(pmm, -1, 0), EINVAL,
		     "there is no segment -1");
	fake_fail(FAKE_SHMAT, 1, EIDRM);
	assert_fails(pmmshm_block_import_shmid(pmm, id, 0), EIDRM,
		     "there is no segment 100");
	fake_fail(FAKE_SHMAT, 1, ENOMEM);
	assert_fails(pmmshm_block_import_shmid(pmm, id, 0), ENOMEM,
		     "vm.max_map_count");
	fake_fail(FAKE_FIND, 1, EMFILE);
	assert_fails(pmmshm_block_import_shmid(pmm, id, 0), EMFILE,
		     "cannot get the block of segment 100: Too many open files");
	assert_fails(pmmshm_block_import_shmid(pmm, id, SHM_REMAP), EINVAL,
		     "unknown bits 0x4000");
}
END_TEST

/* The id may be another segment's by the time it is attached. */
START_TEST(replaced_segments_are_noticed)
{
	struct fake_usage before = fake_usage();
	struct pmmshm_block *b;

	fake_world.lie = 4096;
	assert_fails(pmmshm_block_import_shmid(pmm, id, 0), EIDRM,
		     "segment 100 was replaced while it was attached; try again");
	fake_world.lie = -4096;
	assert_fails(pmmshm_block_import_shmid(pmm, id, 0), EIDRM, "replaced");
	fake_assert_usage(before);
	/* A segment need not have whole pages; its block does. */
	fake_world.lie = -100;
	b = pmmshm_block_import_shmid(pmm, id, 0);
	ck_assert_msg(b, "%s", pmmshm_error());
	ck_assert_uint_eq(pmmshm_block_size(b), 4 * MIB);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(works_after_removal)
{
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 8192, NULL);
	struct pmmshm_block *again;

	again = pmmshm_block_import_shmid(pmm, pmmshm_block_shmid(b), 0);
	ck_assert_msg(again, "%s", pmmshm_error());
	pmmshm_block_free(b);
	assert_writable(again);
	pmmshm_block_free(again);
}
END_TEST

static bool run_import(void)
{
	struct pmmshm_block *b = pmmshm_block_import_shmid(pmm, id, 0);

	if (!b)
		return false;
	assert_writable(b);
	pmmshm_block_free(b);
	return true;
}

START_TEST(leaks_nothing)
{
	sweep(run_import);
}
END_TEST

Suite *suite_import(void)
{
	Suite *suite = suite_create("pmmshm: importing");
	TCase *tcase = tcase_create("segment");

	add_fake_fixture(tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, shares_the_memory);
	tcase_add_test(tcase, reads_only_if_asked);
	tcase_add_test(tcase, permissions_are_the_segments);
	tcase_add_test(tcase, no_permission_at_all);
	tcase_add_test(tcase, ordinary_segments_are_told_apart);
	tcase_add_test(tcase, missing_segments_are_told);
	tcase_add_test(tcase, replaced_segments_are_noticed);
	tcase_add_test(tcase, works_after_removal);
	tcase_add_test(tcase, leaks_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
