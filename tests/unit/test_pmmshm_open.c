// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection, types, and the rules for errors and NULL.
 */
#include <errno.h>
#include <string.h>

#include "test_pmmshm.h"

START_TEST(opens)
{
	ck_assert_uint_eq(fake_usage().fds, 1);
	ck_assert_str_ne(pmmshm_version(), "");
}
END_TEST

static bool run_open(void)
{
	struct pmmshm *p = pmmshm_open_with("/dev/pmm", &fake_transport);

	if (!p)
		return false;
	pmmshm_close(p);
	return true;
}

START_TEST(open_leaks_nothing)
{
	sweep(run_open);
}
END_TEST

START_TEST(open_says_why)
{
	assert_fails(pmmshm_open_with("/dev/nix", &fake_transport), ENOENT,
		     "/dev/nix: no such device node: the pmm module is not loaded (modprobe pmm)");
	fake_fail(FAKE_OPEN, 1, ENXIO);
	assert_fails(pmmshm_open_with("/dev/pmm", &fake_transport), ENOENT,
		     "modprobe pmm");
	fake_fail(FAKE_OPEN, 1, EMFILE);
	assert_fails(pmmshm_open_with("/dev/pmm", &fake_transport), EMFILE,
		     "Too many open files");
	fake_fail(FAKE_CALLOC, 1, ENOMEM);
	assert_fails(pmmshm_open_with("/dev/pmm", &fake_transport), ENOMEM,
		     "out of memory");
}
END_TEST

START_TEST(open_names_the_group)
{
	fake_fail(FAKE_OPEN, 1, EACCES);
	assert_fails(pmmshm_open_with("/dev/pmm", &fake_transport), EACCES,
		     "/dev/pmm: permission denied: add the user to group 4294967");
	fake_world.gid = 0;
	fake_fail(FAKE_OPEN, 1, EACCES);
	assert_fails(pmmshm_open_with("/dev/pmm", &fake_transport), EACCES,
		     "add the user to group 'root'");
}
END_TEST

START_TEST(open_checks_the_abi)
{
	fake_world.abi = PMM_ABI + 1;
	assert_fails(pmmshm_open_with("/dev/pmm", &fake_transport), EPROTO,
		     "speaks ABI 2");
	fake_world.abi = PMM_ABI;
	fake_fail(FAKE_VERSION, 1, ENOTTY);
	assert_fails(pmmshm_open_with("/dev/pmm", &fake_transport), EPROTO,
		     "/dev/pmm: not a pmm device");
	fake_fail(FAKE_VERSION, 1, EINVAL);
	assert_fails(pmmshm_open_with("/dev/pmm", &fake_transport), EPROTO,
		     "not a pmm device");
	fake_fail(FAKE_VERSION, 1, EFAULT);
	assert_fails(pmmshm_open_with("/dev/pmm", &fake_transport), EFAULT,
		     "does not tell its version: Bad address");
	fake_assert_usage((struct fake_usage){ .fds = 1, .memory = 1 });
}
END_TEST

START_TEST(type_is_described)
{
	struct pmmshm_type_info info;

	ck_assert_int_eq(pmmshm_type_get(pmm, 1, &info), 0);
	ck_assert_str_eq(info.name, "vram");
	ck_assert_str_eq(info.allocator, "bestfit");
	ck_assert_uint_eq(info.caps, PMM_TYPE_RAM);
	ck_assert_uint_eq(info.min_align, 4 * KIB);
	ck_assert_uint_eq(info.max_align, 1024 * MIB);
	ck_assert_uint_eq(info.total, 64 * MIB);
	ck_assert_uint_eq(info.free, 64 * MIB);
	ck_assert_uint_eq(info.largest_free, 64 * MIB - 1);
	ck_assert_uint_eq(info.quarantined, 2);
	ck_assert_uint_eq(info.retired, 3);
	ck_assert_uint_eq(info.blocks, 4);
	ck_assert_uint_eq(info.limit, 5);
}
END_TEST

START_TEST(type_is_resized)
{
	fake_world.resize.total = 32 * MIB;
	ck_assert_int_eq(pmmshm_type_resize(pmm, NULL, 32 * MIB), 0);
	ck_assert_int_eq(pmmshm_type_resize(pmm, "", 32 * MIB), 0);
	strcpy(fake_world.resize.type, "video");
	ck_assert_int_eq(pmmshm_type_resize(pmm, "video", 32 * MIB), 0);
	ck_assert_uint_eq(fake_calls(FAKE_RESIZE), 3);
	assert_fails_int(pmmshm_type_resize(NULL, "video", 1), EINVAL, "NULL");
	assert_fails_int(pmmshm_type_resize(pmm, "a name that has thirty-two bytes", 1),
			 ENOENT, "thirty-two");
	ck_assert_uint_eq(fake_calls(FAKE_RESIZE), 3);
}
END_TEST

static const struct {
	int err;
	uint32_t reason;
	const char *text;
} resizes[] = {
	{ EPERM, 0, "only root may resize a pool (CAP_SYS_ADMIN)" },
	{ ENOENT, 0, "cannot resize video: no such type of memory" },
	{ EOPNOTSUPP, 0, "cannot resize video: its memory is a driver's" },
	{ EBUSY, PMM_RESIZE_IN_USE,
	  "cannot shrink video to 32 MiB: it has 40 MiB now, and no free 2 MiB are left to give back; free some blocks",
	},
	{ ENOMEM, PMM_RESIZE_NO_MEMORY,
	  "cannot resize video to 32 MiB: it has 40 MiB now, and the kernel cannot free more; free some memory of the machine",
	},
	{ ENOMEM, PMM_RESIZE_RESERVE,
	  "cannot resize video to 32 MiB: it has 40 MiB now, and more would leave the machine too little; free some memory of the machine",
	},
	{ EFAULT, 0, "cannot resize video: Bad address" },
};

START_TEST(resize_says_how_far_it_came)
{
	fake_world.resize = (struct pmm_resize){
		.type = "video", .total = 32 * MIB, .actual = 40 * MIB,
		.reason = resizes[_i].reason,
	};
	fake_world.resize_errno = resizes[_i].err;
	assert_fails_int(pmmshm_type_resize(pmm, "video", 32 * MIB),
			 resizes[_i].err, resizes[_i].text);
	ck_assert_str_eq(pmmshm_error(), resizes[_i].text);
}
END_TEST

START_TEST(type_failure_leaves_output)
{
	struct pmmshm_type_info info, before;

	memset(&before, 0x42, sizeof(before));
	info = before;
	assert_fails_int(pmmshm_type_get(pmm, 2, &info), ENOENT, "number 2");
	ck_assert_mem_eq(&info, &before, sizeof(info));
	fake_fail(FAKE_TYPE, 1, EFAULT);
	assert_fails_int(pmmshm_type_get(pmm, 0, &info), EFAULT, "Bad address");
	ck_assert_mem_eq(&info, &before, sizeof(info));
}
END_TEST

START_TEST(signals_are_no_failures)
{
	struct pmmshm_type_info info;

	fake_fail(FAKE_TYPE, 1, EINTR);
	ck_assert_int_eq(pmmshm_type_get(pmm, 0, &info), 0);
	ck_assert(fake_failed());
}
END_TEST

START_TEST(destructors_take_null)
{
	errno = ENOLINK;
	pmmshm_close(NULL);
	pmmshm_block_free(NULL);
	ck_assert_int_eq(errno, ENOLINK);
}
END_TEST

START_TEST(destructors_keep_errno)
{
	struct pmmshm *p = pmmshm_open_with("/dev/pmm", &fake_transport);
	struct pmmshm_alloc_opts opts = {
		.size = sizeof(opts), .flags = PMMSHM_NO_SEGMENT,
	};
	struct pmmshm_block *a = pmmshm_block_alloc(p, 1, NULL);
	struct pmmshm_block *b = pmmshm_block_alloc(p, 1, &opts);

	/* close() and the like set it to EXDEV there. */
	errno = ENOLINK;
	pmmshm_block_free(a);
	ck_assert_int_eq(errno, ENOLINK);
	pmmshm_block_free(b);
	ck_assert_int_eq(errno, ENOLINK);
	pmmshm_close(p);
	ck_assert_int_eq(errno, ENOLINK);
}
END_TEST

START_TEST(null_is_refused)
{
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 1, NULL);
	struct pmmshm_type_info type;
	struct pmmshm_block_info info;

	assert_fails_int(pmmshm_type_get(NULL, 0, &type), EINVAL, "NULL");
	assert_fails_int(pmmshm_type_get(pmm, 0, NULL), EINVAL, "NULL");
	assert_fails(pmmshm_block_alloc(NULL, 1, NULL), EINVAL, "NULL");
	assert_fails(pmmshm_block_publish(NULL, 1, 1, 0600, NULL), EINVAL,
		     "NULL");
	assert_fails(pmmshm_block_import_shmid(NULL, 0, 0), EINVAL, "NULL");
	assert_fails_int(pmmshm_block_get_info(NULL, &info), EINVAL, "NULL");
	assert_fails_int(pmmshm_block_get_info(b, NULL), EINVAL, "NULL");
	assert_fails(pmmshm_block_map(NULL, 1), EINVAL, "NULL");
	assert_fails_int(pmmshm_block_home_fd(NULL, 0), EINVAL, "NULL");
	ck_assert_ptr_null(pmmshm_block_data(NULL));
	ck_assert_uint_eq(pmmshm_block_size(NULL), 0);
	ck_assert_int_eq(pmmshm_block_shmid(NULL), -1);
	ck_assert_int_eq(pmmshm_block_fd(NULL), -1);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(error_is_empty_at_first)
{
	ck_assert_str_eq(pmmshm_error(), "");
}
END_TEST

START_TEST(error_is_one_line)
{
	char name[1000];

	assert_fails(pmmshm_open_with("/dev/a\nb\tc", &fake_transport), ENOENT,
		     "/dev/a?b?c: ");
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_fails(pmmshm_open_with(name, &fake_transport), ENOENT, "xxx");
	ck_assert_uint_eq(strlen(pmmshm_error()), 511);
	ck_assert_int_eq(pmmshm_fail(ERANGE, "again: %s", pmmshm_error()), -1);
	assert_error(ERANGE, "again: xxx");
}
END_TEST

Suite *suite_open(void)
{
	Suite *suite = suite_create("pmmshm: connection and rules");
	TCase *tcase = tcase_create("fake");

	add_fake_fixture(tcase);
	tcase_add_test(tcase, opens);
	tcase_add_test(tcase, open_leaks_nothing);
	tcase_add_test(tcase, open_says_why);
	tcase_add_test(tcase, open_names_the_group);
	tcase_add_test(tcase, open_checks_the_abi);
	tcase_add_test(tcase, type_is_described);
	tcase_add_test(tcase, type_is_resized);
	tcase_add_loop_test(tcase, resize_says_how_far_it_came, 0,
			    sizeof(resizes) / sizeof(resizes[0]));
	tcase_add_test(tcase, type_failure_leaves_output);
	tcase_add_test(tcase, signals_are_no_failures);
	tcase_add_test(tcase, destructors_take_null);
	tcase_add_test(tcase, destructors_keep_errno);
	tcase_add_test(tcase, null_is_refused);
	tcase_add_test(tcase, error_is_empty_at_first);
	tcase_add_test(tcase, error_is_one_line);
	suite_add_tcase(suite, tcase);
	return suite;
}
