// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module, its quotas, and types whose memory is ordinary RAM.
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
	fake_world.node_errno = quotas[_i].err;
	assert_fails_int(pmmshm_quota_get(pmm, "video", 5, &info),
			 quotas[_i].err, quotas[_i].text);
	ck_assert_str_eq(pmmshm_error(), quotas[_i].text);
	ck_assert_mem_eq(&info, &before, sizeof(info));
}
END_TEST

/* ---- nodes ---- */

START_TEST(nodes_are_listed)
{
	struct pmmshm_node_info info, before;

	assert_fails_int(pmmshm_node_get(pmm, 0, &info), ENOENT, "as 0");
	fake_world.node = (struct pmm_node_info){
		.node = 1, .type = "bank", .offset = 2, .length = 3,
		.online = 4, .block_size = 5, .first = 6,
	};
	ck_assert_int_eq(pmmshm_node_get(pmm, 0, &info), 0);
	ck_assert_str_eq(info.type, "bank");
	ck_assert_int_eq(info.node, 1);
	ck_assert_uint_eq(info.offset, 2);
	ck_assert_uint_eq(info.length, 3);
	ck_assert_uint_eq(info.online, 4);
	ck_assert_uint_eq(info.block_size, 5);
	ck_assert_uint_eq(info.first, 6);
	before = info;
	assert_fails_int(pmmshm_node_get(pmm, 1, &info), ENOENT, "as 1");
	/* An older module */
	fake_fail(FAKE_NODE, 1, ENOTTY);
	assert_fails_int(pmmshm_node_get(pmm, 0, &info), ENOENT, "as 0");
	fake_fail(FAKE_NODE, 1, EFAULT);
	assert_fails_int(pmmshm_node_get(pmm, 0, &info), EFAULT, "Bad address");
	ck_assert_mem_eq(&info, &before, sizeof(info));
	assert_fails_int(pmmshm_node_get(NULL, 0, &info), EINVAL, "NULL");
	assert_fails_int(pmmshm_node_get(pmm, 0, NULL), EINVAL, "NULL");
}
END_TEST

/* They are the module's alone. */
START_TEST(ordinary_memory_has_none)
{
	struct pmmshm *shm = pmmshm_open_shm(&fake_transport);
	struct pmmshm_module_info module;
	struct pmmshm_quota_info quota;
	struct pmmshm_node_info node;

	assert_fails_int(pmmshm_module_get(shm, &module), EOPNOTSUPP, "ordinary");
	assert_fails_int(pmmshm_quota_get(shm, "", 0, &quota), EOPNOTSUPP, "ordinary");
	assert_fails_int(pmmshm_node_get(shm, 0, &node), EOPNOTSUPP, "ordinary");
	assert_fails_int(pmmshm_node_online(shm, "a", 0, 0, 0), EOPNOTSUPP, "ordinary");
	assert_fails_int(pmmshm_node_offline(shm, "a", 0), EOPNOTSUPP, "ordinary");
	pmmshm_close(shm);
}
END_TEST

START_TEST(type_becomes_node)
{
	fake_world.online = (struct pmm_online){
		.type = "bank", .node = 3, .offset = 4096, .length = 8192,
	};
	ck_assert_int_eq(pmmshm_node_online(pmm, "bank", 3, 4096, 8192), 0);
	fake_world.offline = (struct pmm_offline){
		.type = "bank", .timeout_ms = 100,
	};
	ck_assert_int_eq(pmmshm_node_offline(pmm, "bank", 100), 0);
	assert_fails_int(pmmshm_node_online(pmm, NULL, 0, 0, 0), EINVAL, "NULL");
	assert_fails_int(pmmshm_node_online(pmm, "", 0, 0, 0), EINVAL, "NULL");
	assert_fails_int(pmmshm_node_offline(pmm, NULL, 0), EINVAL, "NULL");
	assert_fails_int(pmmshm_node_online(NULL, "a", 0, 0, 0), EINVAL, "NULL");
	assert_fails_int(pmmshm_node_offline(pmm, "a name that has thirty-two bytes", 0),
			 ENOENT, "thirty-two");
	ck_assert_uint_eq(fake_calls(FAKE_ONLINE), 1);
	ck_assert_uint_eq(fake_calls(FAKE_OFFLINE), 1);
}
END_TEST

static const struct {
	int err;
	uint32_t reason;
	int node;
	const char *text;
} onlines[] = {
	{ EPERM, 0, 2, "only root may hand memory to the kernel (CAP_SYS_ADMIN)" },
	{ ENOENT, 0, 2, "cannot hand type bank to the kernel: no such type of memory" },
	{ EOPNOTSUPP, 0, 2,
	  "cannot hand type bank to the kernel: it is not a region of a device, or of RAM set aside at boot",
	},
	{ EBUSY, PMM_ONLINE_BLOCKS, 2,
	  "cannot hand type bank to the kernel: it has blocks (pmmctl blocks --type bank), or memory that processes had moved there; free it first",
	},
	{ EBUSY, PMM_ONLINE_ALREADY, 3, "type bank is on NUMA node 3 already" },
	{ EINVAL, PMM_ONLINE_SIZE, 2,
	  "cannot hand type bank to the kernel: it has no whole memory block there; these are 128 MiB long, and aligned",
	},
	{ ENODEV, PMM_ONLINE_NODE, 2,
	  "cannot hand type bank to the kernel: there is no NUMA node 2, see /sys/devices/system/node/possible",
	},
	{ ENODEV, PMM_ONLINE_NODE, PMM_NODE_ANY,
	  "it knows of no NUMA node that is empty; name one",
	},
	{ EIO, PMM_ONLINE_KERNEL, 2,
	  "the kernel does not take the memory of type bank; its log says why (dmesg)" },
	{ EIO, PMM_ONLINE_ERRORS, 2,
	  "cannot hand type bank to the kernel: some of it had memory errors, which only the type knows to avoid",
	},
	{ EFAULT, 0, 2, "cannot hand type bank to the kernel: Bad address" },
};

START_TEST(online_says_why)
{
	fake_world.online = (struct pmm_online){
		.type = "bank", .node = onlines[_i].node,
		.reason = onlines[_i].reason, .block_size = 128 * MIB,
	};
	fake_world.node_errno = onlines[_i].err;
	assert_fails_int(pmmshm_node_online(pmm, "bank", onlines[_i].node, 0, 0),
			 onlines[_i].err, onlines[_i].text);
}
END_TEST

static const struct {
	int err;
	uint64_t pinned;
	uint64_t page;
	const char *text;
} offlines[] = {
	{ EPERM, 0, 0, "only root may take memory back from the kernel (CAP_SYS_ADMIN)" },
	{ ENOENT, 0, 0, "cannot take type bank back: it is not on a NUMA node" },
	{ EBUSY, 4096, 0,
	  "cannot take type bank back: 1 MiB are in use, of which 4 KiB are pinned by a device or a program, and 4 KiB cannot be moved for other reasons; end their users, or try for longer",
	},
	{ EBUSY, 4096, 0x1234000, "for other reasons, the first page at 0x1234000; end" },
	{ EBUSY, 0, 0,
	  "cannot take type bank back: 1 MiB are in use, and there is no room for them elsewhere, or no time to move them; end some programs, or try for longer",
	},
	{ ENOMEM, 0, 0, "cannot take type bank back: Cannot allocate memory" },
	{ EFAULT, 0, 0, "cannot take type bank back: Bad address" },
};

START_TEST(offline_says_why)
{
	fake_world.offline = (struct pmm_offline){
		.type = "bank", .used = MIB,
		.pinned = offlines[_i].pinned,
		.unmovable = offlines[_i].pinned, .pages = { offlines[_i].page },
	};
	fake_world.node_errno = offlines[_i].err;
	assert_fails_int(pmmshm_node_offline(pmm, "bank", 0),
			 offlines[_i].err, offlines[_i].text);
}
END_TEST

Suite *suite_node(void)
{
	Suite *suite = suite_create("pmmshm: module, quotas, nodes");
	TCase *tcase = tcase_create("fake");

	add_fake_fixture(tcase);
	tcase_add_test(tcase, module_is_described);
	tcase_add_test(tcase, quota_is_told_and_set);
	tcase_add_loop_test(tcase, quota_says_why, 0,
			    sizeof(quotas) / sizeof(quotas[0]));
	tcase_add_test(tcase, nodes_are_listed);
	tcase_add_test(tcase, ordinary_memory_has_none);
	tcase_add_test(tcase, type_becomes_node);
	tcase_add_loop_test(tcase, online_says_why, 0,
			    sizeof(onlines) / sizeof(onlines[0]));
	tcase_add_loop_test(tcase, offline_says_why, 0,
			    sizeof(offlines) / sizeof(offlines[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
