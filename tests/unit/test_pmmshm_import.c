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
			     "there is no pmm block behind segment 101");
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
		     "cannot get the block behind segment 100: Too many open files");
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

/* ------------------------------------------------------ files and addresses */

/* The ways to a block, each with and without the right to write */
enum way { BY_NAME, BY_BLOCK_FD, BY_HOME_FD, BY_ADDRESS, WAYS };

static struct pmmshm_block *import_by(enum way way, bool write)
{
	int flags = write ? O_RDWR : O_RDONLY, fd, err;
	struct pmmshm_block *b;
	void *p;

	switch (way) {
	case BY_NAME:
		return pmmshm_block_import_name(pmm, "/theirs", flags);
	case BY_BLOCK_FD:
		return pmmshm_block_import_fd(pmm, pmmshm_block_fd(theirs), flags);
	case BY_HOME_FD:
		fd = pmmshm_block_home_fd(theirs, flags);
		if (fd < 0)
			return NULL;
		b = pmmshm_block_import_fd(pmm, fd, flags);
		err = errno;
		fake_transport.close(fd);
		errno = err;
		return b;
	default:
		p = fake_transport.shmat(id, NULL, write ? 0 : SHM_RDONLY);
		if (p == MAP_FAILED) {
			pmmshm_explain_attach(id, NULL, 0, errno);
			return NULL;
		}
		b = pmmshm_block_import_address(pmm, (char *)p + 12345);
		err = errno;
		fake_transport.shmdt(p);
		errno = err;
		return b;
	}
}

static void setup_name(void)
{
	ck_assert_int_eq(pmmshm_block_link(theirs, "/theirs", 0644, 0), 0);
}

static void teardown_name(void)
{
	fake_unlink("/theirs");
}

START_TEST(grants_writing)
{
	struct pmmshm_block *b = import_by(_i, true);
	struct pmmshm_block_info info;

	ck_assert_msg(b, "%s", pmmshm_error());
	ck_assert(is_huge_aligned(pmmshm_block_data(b)));
	ck_assert_uint_eq(pmmshm_block_size(b), 4 * MIB);
	ck_assert_int_eq(pmmshm_block_shmid(b), -1);
	ck_assert_int_eq(pmmshm_block_get_info(b, &info), 0);
	ck_assert_int_eq(info.shmid, id);
	ck_assert(!(info.state & PMMSHM_STATE_READONLY));
	assert_writable(b);
	ck_assert_int_eq(*(char *)pmmshm_block_data(theirs), 0x5a);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(grants_reading)
{
	struct pmmshm_block *b = import_by(_i, false);
	struct pmmshm_block_info info;

	ck_assert_msg(b, "%s", pmmshm_error());
	assert_writable(theirs);
	ck_assert_int_eq(*(char *)pmmshm_block_data(b), 0x5a);
	ck_assert_int_eq(pmmshm_block_get_info(b, &info), 0);
	ck_assert(info.state & PMMSHM_STATE_READONLY);
	assert_fails(pmmshm_block_map(b, PROT_READ | PROT_WRITE), EACCES,
		     "imported for reading only");
	assert_fails_int(pmmshm_block_home_fd(b, O_RDWR), EACCES,
			 "imported for reading only");
	/* Nor may its fd be more for somebody else. */
	assert_fails(pmmshm_block_import_fd(pmm, pmmshm_block_fd(b), O_RDWR),
		     EACCES, "that is open for reading only; ask for O_RDONLY");
	pmmshm_block_free(b);
}
END_TEST

static enum way sweep_way;
static bool sweep_write;

static bool run_import_by(void)
{
	struct pmmshm_block *b = import_by(sweep_way, sweep_write);

	if (!b)
		return false;
	pmmshm_block_free(b);
	return true;
}

START_TEST(leaks_nothing_by_any_way)
{
	sweep_way = _i;
	sweep_write = true;
	sweep(run_import_by);
	sweep_write = false;
	sweep(run_import_by);
}
END_TEST

START_TEST(permissions_are_the_names)
{
	struct pmmshm_block *b;

	fake_world.uid = 1001;
	assert_fails(pmmshm_block_import_name(pmm, "/theirs", O_RDWR), EACCES,
		     "cannot open '/theirs' for reading and writing: permission denied: it belongs to user 1000 and has mode 0644; ask for O_RDONLY, or have its owner change that");
	b = pmmshm_block_import_name(pmm, "/theirs", O_RDONLY);
	ck_assert_msg(b, "%s", pmmshm_error());
	pmmshm_block_free(b);
	fake_file("/secret", 5, 0600);
	assert_fails(pmmshm_block_import_name(pmm, "/secret", O_RDONLY), EACCES,
		     "cannot open '/secret' for reading: permission denied: it belongs to user 5 and has mode 0600; its owner can change that");
	fake_fail(FAKE_STAT, 1, ENOENT);
	assert_fails(pmmshm_block_import_name(pmm, "/secret", O_RDONLY), EACCES,
		     "cannot open '/secret' for reading: permission denied");
	ck_assert(fake_failed());
	fake_unlink("/secret");
	fake_world.uid = 1000;
}
END_TEST

START_TEST(other_files_are_told_apart)
{
	struct fake_usage before;

	fake_file("/plain", 1000, 0600);
	before = fake_usage();
	assert_fails(pmmshm_block_import_name(pmm, "/plain", O_RDWR), ENOENT,
		     "there is no pmm block behind '/plain'");
	assert_fails(pmmshm_block_import_name(pmm, "/nix", O_RDWR), ENOENT,
		     "there is no shared memory with the name '/nix'");
	assert_fails(pmmshm_block_import_fd(pmm, pmm->fd, O_RDWR), ENOENT,
		     "there is no pmm block behind fd 1000");
	assert_fails(pmmshm_block_import_fd(pmm, -1, O_RDWR), EBADF,
		     "cannot get the block behind fd -1: Bad file descriptor");
	assert_fails(pmmshm_block_import_address(pmm, (void *)0x1234), ENOENT,
		     "there is no pmm block behind address 0x1234");
	fake_assert_usage(before);
	fake_unlink("/plain");
}
END_TEST

START_TEST(files_that_fail_are_told)
{
	fake_fail(FAKE_OPEN, 1, ELOOP);
	assert_fails(pmmshm_block_import_name(pmm, "/theirs", O_RDWR), ELOOP,
		     "'/theirs' is a symbolic link, not shared memory");
	fake_fail(FAKE_OPEN, 1, EMFILE);
	assert_fails(pmmshm_block_import_name(pmm, "/theirs", O_RDWR), EMFILE,
		     "cannot open '/theirs': Too many open files");
	fake_fail(FAKE_FIND, 1, EACCES);
	assert_fails(pmmshm_block_import_fd(pmm, 5, O_RDWR), EACCES,
		     "cannot get the block behind fd 5: that is not open for reading");
	fake_fail(FAKE_HOME_FD, 1, EOPNOTSUPP);
	assert_fails(import_by(BY_BLOCK_FD, false), EOPNOTSUPP,
		     "the block's home is a file of a mounted file system: open it by its own name");
}
END_TEST

/* The module cannot map these; the file can be. */
static struct pmmshm_block *import_home_file(int flags)
{
	int fd = pmmshm_block_home_fd(theirs, flags), err;
	struct pmmshm_block *b;

	if (fd < 0)
		return NULL;
	fake_world.home_file = true;
	b = pmmshm_block_import_fd(pmm, fd, flags);
	fake_world.home_file = false;
	err = errno;
	fake_transport.close(fd);
	errno = err;
	return b;
}

START_TEST(maps_homes_that_are_files)
{
	struct pmmshm_block *b = import_home_file(O_RDWR);

	ck_assert_msg(b, "%s", pmmshm_error());
	ck_assert(is_huge_aligned(pmmshm_block_data(b)));
	assert_writable(b);
	ck_assert_int_eq(*(char *)pmmshm_block_data(theirs), 0x5a);
	fake_world.home_file = true;
	assert_fails(pmmshm_block_map(b, PROT_READ), EOPNOTSUPP,
		     "the block's home is a file of a mounted file system: open and map it by its own name");
	assert_fails(pmmshm_block_import_fd(pmm, pmmshm_block_fd(b), O_RDWR),
		     EOPNOTSUPP, "open and map it by its own name");
	assert_fails(pmmshm_block_import_address(pmm, (char *)pmmshm_block_data(theirs)),
		     EOPNOTSUPP, "open and map it by its own name");
	fake_world.home_file = false;
	pmmshm_block_free(b);
	b = import_home_file(O_RDONLY);
	ck_assert_msg(b, "%s", pmmshm_error());
	ck_assert_int_eq(*(char *)pmmshm_block_data(b), 0x5a);
	pmmshm_block_free(b);
}
END_TEST

static bool run_import_home_file(void)
{
	struct pmmshm_block *b = import_home_file(O_RDWR);

	if (!b)
		return false;
	pmmshm_block_free(b);
	return true;
}

START_TEST(leaks_nothing_of_files)
{
	sweep(run_import_home_file);
}
END_TEST

START_TEST(refuses)
{
	static const int bad[] = { O_WRONLY, O_RDWR | O_TRUNC, O_CREAT, -1 };
	size_t i;

	assert_fails(pmmshm_block_import_name(NULL, "/x", O_RDWR), EINVAL,
		     "pmmshm_block_import_name: NULL argument");
	assert_fails(pmmshm_block_import_name(pmm, NULL, O_RDWR), EINVAL,
		     "pmmshm_block_import_name: NULL argument");
	assert_fails(pmmshm_block_import_fd(NULL, 1, O_RDWR), EINVAL,
		     "pmmshm_block_import_fd: NULL argument");
	assert_fails(pmmshm_block_import_address(NULL, "x"), EINVAL,
		     "pmmshm_block_import_address: NULL argument");
	assert_fails(pmmshm_block_import_address(pmm, NULL), EINVAL,
		     "pmmshm_block_import_address: NULL argument");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_fails(pmmshm_block_import_name(pmm, "/theirs", bad[i]),
			     EINVAL, "neither O_RDONLY nor O_RDWR");
		assert_fails(pmmshm_block_import_fd(pmm, 1, bad[i]), EINVAL,
			     "neither O_RDONLY nor O_RDWR");
	}
	ck_assert_uint_eq(fake_calls(FAKE_FIND), 0);
}
END_TEST

static TCase *tcase_other(void)
{
	TCase *tcase = tcase_create("files and addresses");

	add_fake_fixture(tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_checked_fixture(tcase, setup_name, teardown_name);
	tcase_add_loop_test(tcase, grants_writing, 0, WAYS);
	tcase_add_loop_test(tcase, grants_reading, 0, WAYS);
	tcase_add_loop_test(tcase, leaks_nothing_by_any_way, 0, WAYS);
	tcase_add_test(tcase, permissions_are_the_names);
	tcase_add_test(tcase, other_files_are_told_apart);
	tcase_add_test(tcase, files_that_fail_are_told);
	tcase_add_test(tcase, maps_homes_that_are_files);
	tcase_add_test(tcase, leaks_nothing_of_files);
	tcase_add_test(tcase, refuses);
	return tcase;
}

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
	suite_add_tcase(suite, tcase_other());
	return suite;
}
