// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module and its quotas.
 */
#include <errno.h>
#include <string.h>

#include "test_pmmshm.h"

START_TEST(module_is_described)
{
	struct pmmshm_module_info info, before;

	ck_assert_int_eq(pmmshm_module_get(pmm, &info), 0);
	ck_assert_uint_eq(info.abi, PMM_ABI);
	ck_assert_uint_eq(info.page_size, 4096);
	ck_assert_str_ne(info.release, "");
	assert_fails_int(pmmshm_module_get(NULL, &info), EINVAL, "NULL");
	assert_fails_int(pmmshm_module_get(pmm, NULL), EINVAL, "NULL");
	before = info;
	fake_fail(FAKE_VERSION, 1, EFAULT);
	assert_fails_int(pmmshm_module_get(pmm, &info), EFAULT, "Bad address");
	ck_assert_mem_eq(&info, &before, sizeof(info));
}
END_TEST

/* ---- quotas ---- */

START_TEST(quota_is_told_and_set)
{
	struct pmmshm_quota_info info;

	fake_world.quota = (struct pmm_quota){
		.flags = PMM_QUOTA_GET, .uid = 5, .type = "video",
		.bytes = 1, .used = 2, .all_limit = 3, .all_used = 4,
	};
	ck_assert_int_eq(pmmshm_quota_get(pmm, "video", 5, &info), 0);
	ck_assert_uint_eq(info.limit, 1);
	ck_assert_uint_eq(info.used, 2);
	ck_assert_uint_eq(info.all_limit, 3);
	ck_assert_uint_eq(info.all_used, 4);
	fake_world.quota.flags = PMM_QUOTA_SET;
	fake_world.quota.bytes = UINT64_MAX;
	ck_assert_int_eq(pmmshm_quota_set(pmm, "video", 5, UINT64_MAX), 0);
	fake_world.quota.flags = PMM_QUOTA_RESET;
	fake_world.quota.uid = PMM_QUOTA_SELF;
	fake_world.quota.type[0] = '\0';
	ck_assert_int_eq(pmmshm_quota_reset(pmm, NULL, PMMSHM_QUOTA_SELF), 0);
	ck_assert_uint_eq(fake_calls(FAKE_QUOTA), 3);
	assert_fails_int(pmmshm_quota_get(pmm, "", 0, NULL), EINVAL, "NULL");
	assert_fails_int(pmmshm_quota_set(NULL, "", 0, 0), EINVAL, "NULL");
}
END_TEST

static const struct {
	int err;
	const char *text;
} quotas[] = {
	{ EPERM, "only root may look at the quotas of others, or change any (CAP_SYS_RESOURCE)" },
	{ ENOENT, "no quota of video: no such type of memory" },
	{ EINVAL, "no quota of video for user 5: there is no such user in this user namespace" },
	{ EFAULT, "no quota of video for user 5: Bad address" },
};

START_TEST(quota_says_why)
{
	struct pmmshm_quota_info info, before;

	memset(&before, 0x42, sizeof(before));
	info = before;
	fake_world.quota = (struct pmm_quota){
		.flags = PMM_QUOTA_GET, .uid = 5, .type = "video",
	};
	fake_world.quota_errno = quotas[_i].err;
	assert_fails_int(pmmshm_quota_get(pmm, "video", 5, &info),
			 quotas[_i].err, quotas[_i].text);
	ck_assert_str_eq(pmmshm_error(), quotas[_i].text);
	ck_assert_mem_eq(&info, &before, sizeof(info));
}
END_TEST

/* They are the module's alone. */
START_TEST(ordinary_memory_has_none)
{
	struct pmmshm *shm = pmmshm_open_shm(&fake_transport);
	struct pmmshm_module_info module;
	struct pmmshm_quota_info quota;

	assert_fails_int(pmmshm_module_get(shm, &module), EOPNOTSUPP, "ordinary");
	assert_fails_int(pmmshm_quota_get(shm, "", 0, &quota), EOPNOTSUPP, "ordinary");
	pmmshm_close(shm);
}
END_TEST

Suite *suite_quota(void)
{
	Suite *suite = suite_create("pmmshm: module and quotas");
	TCase *tcase = tcase_create("fake");

	add_fake_fixture(tcase);
	tcase_add_test(tcase, module_is_described);
	tcase_add_test(tcase, quota_is_told_and_set);
	tcase_add_loop_test(tcase, quota_says_why, 0,
			    sizeof(quotas) / sizeof(quotas[0]));
	tcase_add_test(tcase, ordinary_memory_has_none);
	suite_add_tcase(suite, tcase);
	return suite;
}
