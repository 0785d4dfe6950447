// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX names of blocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "test_pmmshm.h"

static struct pmmshm_block *block;

static void setup(void)
{
	block = pmmshm_block_alloc(pmm, 10000, NULL);
	ck_assert_ptr_nonnull(block);
}

static void teardown(void)
{
	pmmshm_block_free(block);
}

START_TEST(has_size_and_mode)
{
	size_t size = 0;
	mode_t mode = 0;

	ck_assert_int_eq(pmmshm_block_link(block, "/one", 0666, 0), 0);
	ck_assert(fake_named("/one", &mode, &size));
	ck_assert_uint_eq(mode, 0644);
	ck_assert_uint_eq(size, 12288);
	fake_world.umask = 0;
	ck_assert_int_eq(pmmshm_block_link(block, "/two", 0666, 0), 0);
	ck_assert(fake_named("/two", &mode, &size));
	ck_assert_uint_eq(mode, 0666);
	/* Not even its owner may write it then, but it is made all the same. */
	ck_assert_int_eq(pmmshm_block_link(block, "/three", 0, 0), 0);
	ck_assert(fake_named("/three", &mode, &size));
	ck_assert_uint_eq(mode, 0);
	ck_assert_uint_eq(size, 12288);
	fake_unlink("/one");
	fake_unlink("/two");
	fake_unlink("/three");
}
END_TEST

/* Nobody can open it before it is the block's. */
START_TEST(appears_last)
{
	ck_assert_int_eq(pmmshm_block_link(block, "/x", 0600, 0), 0);
	ck_assert_uint_lt(fake_when(FAKE_FTRUNCATE), fake_when(FAKE_ALIAS));
	ck_assert_uint_lt(fake_when(FAKE_ALIAS), fake_when(FAKE_LINKAT));
	fake_unlink("/x");
}
END_TEST

START_TEST(works_without_a_segment)
{
	struct pmmshm_alloc_opts opts = {
		.size = sizeof(opts), .flags = PMMSHM_NO_SEGMENT,
	};
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 4 * MIB, &opts);

	ck_assert_int_eq(pmmshm_block_link(b, "/x", 0600, 0), 0);
	pmmshm_block_free(b);
	/* The name is all that is left of it. */
	ck_assert_uint_ge(fake_usage().pool, 4 * MIB);
	fake_unlink("/x");
	ck_assert_uint_lt(fake_usage().pool, 4 * MIB);
}
END_TEST

START_TEST(names_are_counted)
{
	struct pmmshm_block_info info;
	char name[32];
	int i;

	for (i = 0; i < 20; i++) {
		ck_assert_int_eq(pmmshm_block_get_info(block, &info), 0);
		ck_assert_uint_eq(info.aliases, i);
		snprintf(name, sizeof(name), "/name-%d", i);
		ck_assert_int_eq(pmmshm_block_link(block, name, 0600, 0), 0);
	}
	while (i--) {
		snprintf(name, sizeof(name), "/name-%d", i);
		fake_unlink(name);
		ck_assert_int_eq(pmmshm_block_get_info(block, &info), 0);
		ck_assert_uint_eq(info.aliases, i);
	}
}
END_TEST

START_TEST(replaces_nothing)
{
	struct fake_usage before;
	size_t size = 1;
	mode_t mode = 0;

	fake_file("/taken", 0, 0640);
	before = fake_usage();
	assert_fails_int(pmmshm_block_link(block, "/taken", 0600, 0), EEXIST,
			 "cannot name the block '/taken': the name is taken; choose another, or shm_unlink() that one");
	fake_assert_usage(before);
	ck_assert(fake_named("/taken", &mode, &size));
	ck_assert_uint_eq(mode, 0640);
	ck_assert_uint_eq(size, 0);
	fake_unlink("/taken");
}
END_TEST

/* ------------------------------------------------------------------- refusals */

static const struct {
	const char *name;
	const char *text;
} bad_names[] = {
	{ "", "'' is not a name for shared memory: it does not begin with" },
	{ "name", "'name' is not a name for shared memory: it does not begin" },
	{ "/", "'/' is not a name for shared memory" },
	{ "/.", "'/.' is not a name" },
	{ "/..", "'/..' is not a name" },
	{ "//", "it has more slashes than the first" },
	{ "//name", "it has more slashes" },
	{ "/a/b", "'/a/b' is not a name for shared memory: it has more slashes" },
	{ "/name/", "it has more slashes" },
	{ "/../etc/passwd", "it has more slashes" },
};

START_TEST(refuses_what_is_no_name)
{
	assert_fails_int(pmmshm_block_link(block, bad_names[_i].name, 0600, 0),
			 EINVAL, bad_names[_i].text);
	assert_fails(pmmshm_block_import_name(pmm, bad_names[_i].name, O_RDWR),
		     EINVAL, bad_names[_i].text);
	/* Only the device was ever opened. */
	ck_assert_uint_eq(fake_calls(FAKE_OPEN), 1);
}
END_TEST

/* What begins with dots, or has other odd characters in it, is one. */
START_TEST(takes_odd_names)
{
	static const char * const names[] = {
		"/...", "/.hidden", "/..x", "/a b", "/\n", "/%s", "/\xff",
	};
	struct pmmshm_block *b;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(pmmshm_block_link(block, names[i], 0600, 0), 0);
		assert_fails_int(pmmshm_block_link(block, names[i], 0600, 0),
				 EEXIST, "is taken");
		b = pmmshm_block_import_name(pmm, names[i], O_RDWR);
		ck_assert_ptr_nonnull(b);
		pmmshm_block_free(b);
		fake_unlink(names[i]);
	}
}
END_TEST

START_TEST(names_have_a_length)
{
	char name[300] = "/";
	size_t size;
	mode_t mode;

	memset(name + 1, 'n', 255);
	ck_assert_int_eq(pmmshm_block_link(block, name, 0600, 0), 0);
	ck_assert(fake_named(name, &mode, &size));
	assert_fails_int(pmmshm_block_link(block, name, 0600, 0), EEXIST,
			 "choose another");
	fake_unlink(name);
	name[256] = 'n';
	assert_fails_int(pmmshm_block_link(block, name, 0600, 0), ENAMETOOLONG,
			 "at most 255 characters after the slash, not 256");
	assert_fails(pmmshm_block_import_name(pmm, name, O_RDONLY),
		     ENAMETOOLONG, "at most 255 characters");
}
END_TEST

START_TEST(refuses)
{
	assert_fails_int(pmmshm_block_link(NULL, "/x", 0600, 0), EINVAL,
			 "pmmshm_block_link: NULL argument");
	assert_fails_int(pmmshm_block_link(block, NULL, 0600, 0), EINVAL,
			 "pmmshm_block_link: NULL argument");
	assert_fails_int(pmmshm_block_link(block, "/x", 0600, 4), EINVAL,
			 "unknown bits 0x4");
	assert_fails_int(pmmshm_block_link(block, "/x", 04600, 0), EINVAL,
			 "mode 04600 has more than permission bits");
	ck_assert_uint_eq(fake_calls(FAKE_OPEN), 1);
}
END_TEST

START_TEST(readers_may_not)
{
	int shmid = pmmshm_block_shmid(block);
	struct pmmshm_block *b;
	struct fake_usage before;

	b = pmmshm_block_import_shmid(pmm, shmid, SHM_RDONLY);
	before = fake_usage();
	assert_fails_int(pmmshm_block_link(b, "/x", 0600, 0), EACCES,
			 "cannot give the block a name: it was imported for reading only");
	fake_assert_usage(before);
	pmmshm_block_free(b);
}
END_TEST

static const struct {
	enum fake_op op;
	int err;
	int told;
	const char *text;
} reasons[] = {
	{ FAKE_OPEN, ENOENT, ENOENT, "there is no directory /dev/shm; mount a tmpfs there" },
	{ FAKE_OPEN, ENOTDIR, ENOTDIR, "there is no directory /dev/shm" },
	{ FAKE_OPEN, EOPNOTSUPP, EOPNOTSUPP, "/dev/shm is not a tmpfs; mount one there" },
	{ FAKE_OPEN, EISDIR, EOPNOTSUPP, "/dev/shm is not a tmpfs" },
	{ FAKE_OPEN, EACCES, EACCES, "this user may not make files in /dev/shm" },
	{ FAKE_OPEN, ENOSPC, ENOSPC, "with a larger nr_inodes" },
	{ FAKE_OPEN, EMFILE, EMFILE, "cannot name the block '/x': Too many open files" },
	{ FAKE_FTRUNCATE, EFBIG, EFBIG, "raise the limit (ulimit -f)" },
	{ FAKE_ALIAS, EINVAL, EOPNOTSUPP, "/dev/shm is not a tmpfs" },
	{ FAKE_ALIAS, EOPNOTSUPP, EOPNOTSUPP, "/dev/shm is not a tmpfs" },
	{ FAKE_ALIAS, ENOTTY, EOPNOTSUPP, "this pmm module gives no POSIX names" },
	{ FAKE_ALIAS, EBUSY, EBUSY, "it is just being given a home; try again" },
	{ FAKE_ALIAS, EPERM, EPERM, "cannot name the block '/x': Operation not permitted" },
	{ FAKE_LINKAT, ENOENT, ENOENT, "/proc is not mounted" },
	{ FAKE_LINKAT, EACCES, EACCES, "this user may not make files in /dev/shm" },
	{ FAKE_LINKAT, EDQUOT, EDQUOT, "cannot name the block '/x': Disk quota" },
};

START_TEST(reason_is_told)
{
	struct fake_usage before = fake_usage();

	fake_fail(reasons[_i].op, 1, reasons[_i].err);
	assert_fails_int(pmmshm_block_link(block, "/x", 0600, 0),
			 reasons[_i].told, reasons[_i].text);
	ck_assert_int_eq(strncmp(pmmshm_error(), "cannot name the block '/x': ",
				 28), 0);
	ck_assert(fake_failed());
	fake_assert_usage(before);
}
END_TEST

START_TEST(homes_of_others_are_told)
{
	fake_world.home_file = true;
	fake_fail(FAKE_ALIAS, 1, EOPNOTSUPP);
	assert_fails_int(pmmshm_block_link(block, "/x", 0600, 0), EOPNOTSUPP,
			 "its home is a file of a mounted file system, which can be given further links");
}
END_TEST

static bool run_link(void)
{
	if (pmmshm_block_link(block, "/x", 0600, 0))
		return false;
	fake_unlink("/x");
	return true;
}

/* Without the name there is nothing, and without a name, no file. */
START_TEST(leaks_nothing)
{
	sweep(run_link);
}
END_TEST

Suite *suite_name(void)
{
	Suite *suite = suite_create("pmmshm: POSIX names");
	TCase *tcase = tcase_create("names");

	add_fake_fixture(tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, has_size_and_mode);
	tcase_add_test(tcase, appears_last);
	tcase_add_test(tcase, works_without_a_segment);
	tcase_add_test(tcase, names_are_counted);
	tcase_add_test(tcase, replaces_nothing);
	tcase_add_loop_test(tcase, refuses_what_is_no_name, 0,
			    sizeof(bad_names) / sizeof(bad_names[0]));
	tcase_add_test(tcase, takes_odd_names);
	tcase_add_test(tcase, names_have_a_length);
	tcase_add_test(tcase, refuses);
	tcase_add_test(tcase, readers_may_not);
	tcase_add_loop_test(tcase, reason_is_told, 0,
			    sizeof(reasons) / sizeof(reasons[0]));
	tcase_add_test(tcase, homes_of_others_are_told);
	tcase_add_test(tcase, leaks_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
