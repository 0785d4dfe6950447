// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words for allocations that fail.
 */
#include <errno.h>

#include "test_pmmshm.h"

static const struct {
	uint64_t n;
	const char *text;
} amounts[] = {
	{ 0, "0 bytes",
	},
	{ 1, "1 byte",
	},
	{ 1023, "1023 bytes",
	},
	{ 1024, "1 KiB",
	},
	{ 1536, "1.5 KiB",
	},
	{ 2047, "1.9 KiB",
	},
	{ 4096, "4 KiB",
	},
	{ 1 << 20, "1 MiB",
	},
	{ (1 << 20) - 1, "1023.9 KiB",
	},
	{ (1 << 20) + 4096, "1 MiB",
	},
	{ 64 << 20, "64 MiB",
	},
	{ 3221225472, "3 GiB",
	},
	{ (uint64_t)5 << 39, "2.5 TiB",
	},
	{ (uint64_t)1 << 60, "1 EiB",
	},
	{ UINT64_MAX, "15.9 EiB",
	},
};

START_TEST(amounts_are_readable)
{
	ck_assert_str_eq(pmmshm_bytes(amounts[_i].n).s, amounts[_i].text);
}
END_TEST

/* 64 MiB are asked for. */
static const struct {
	struct pmm_alloc why;
	int err;
	const char *text;
} reasons[] = {
	{ { .reason = PMM_REASON_EXHAUSTED, .free = 12 << 20,
	    .total = 256 << 20 }, ENOMEM,
	  "cannot allocate 64 MiB of type 'general': the pool has 12 MiB free of 256 MiB; free some blocks or load pmm with a larger pool_mb",
	},
	{ { .reason = PMM_REASON_EXHAUSTED, .free = 12 << 20,
	    .total = 32 << 20 }, ENOMEM,
	  "cannot allocate 64 MiB of type 'general': the whole pool has 32 MiB; load pmm with a larger pool_mb",
	},
	{ { .reason = PMM_REASON_FRAGMENTED, .free = 70 << 20,
	    .largest_free = 31 << 20 }, ENOMEM,
	  "cannot allocate 64 MiB of type 'general': the pool has 70 MiB free but the longest free range is 31 MiB (fragmented); free some blocks or load pmm with a larger pool_mb",
	},
	{ { .reason = PMM_REASON_ALIGNMENT, .largest_free = 65 << 20 }, ENOMEM,
	  "cannot allocate 64 MiB of type 'general': the longest free range is 65 MiB but none is long enough at an alignment of 4 MiB; ask for a smaller alignment or free some blocks",
	},
	{ { .reason = PMM_REASON_QUARANTINE, .free = 8 << 20,
	    .total = 128 << 20 }, ENOMEM,
	  "cannot allocate 64 MiB of type 'general': the pool has 8 MiB free of 128 MiB, and freed blocks that would make room are still pinned by a device or a program; wait for it or end it",
	},
	{ { .reason = PMM_REASON_QUOTA, .quota = 100 << 20,
	    .quota_used = 48 << 20 }, EDQUOT,
	  "cannot allocate 64 MiB of type 'general': this user has 48 MiB of a quota of 100 MiB; free some blocks, or have the quota raised",
	},
	{ { .reason = PMM_REASON_RESERVE, .free = 70 << 20,
	    .total = 128 << 20 }, ENOMEM,
	  "cannot allocate 64 MiB of type 'general': the pool has 70 MiB free of 128 MiB, and what is left is in reserve for privileged programs; free some blocks, or load pmm with a larger pool_mb",
	},
	{ { .reason = PMM_REASON_KERNEL }, ENOMEM,
	  "cannot allocate 64 MiB of type 'general': the kernel has no memory left for its own bookkeeping; end some programs",
	},
	{ { .reason = 99 }, ENOMEM,
	  "cannot allocate 64 MiB of type 'general': Cannot allocate memory",
	},
	{ { .reason = 99 }, EINVAL,
	  "cannot allocate 64 MiB of type 'general': the module refuses this size, or an alignment of 4 MiB; pmmshm_type_get() tells the limits",
	},
	{ { .reason = 99 }, EOPNOTSUPP,
	  "cannot allocate 64 MiB of type 'general': that type has no blocks, but pages are moved there (pmmshm_migrate())",
	},
	{ { .reason = 99 }, EMFILE,
	  "cannot allocate 64 MiB of type 'general': Too many open files; each block is an open file: raise the limit (ulimit -n)",
	},
	{ { .reason = 99 }, EOVERFLOW,
	  "cannot allocate 64 MiB of type 'general': Value too large for defined data type",
	},
};

START_TEST(reason_is_told)
{
	struct pmmshm_alloc_opts opts = {
		.size = sizeof(opts), .type = "general", .align = 4 * MIB,
	};

	fake_world.why = reasons[_i].why;
	fake_world.why_errno = reasons[_i].err;
	assert_fails(pmmshm_block_alloc(pmm, 64 * MIB, &opts), reasons[_i].err,
		     reasons[_i].text);
	ck_assert_str_eq(pmmshm_error(), reasons[_i].text);
	fake_assert_usage((struct fake_usage){ .fds = 1, .memory = 1 });
}
END_TEST

START_TEST(natural_alignment_is_told)
{
	fake_world.why.reason = PMM_REASON_ALIGNMENT;
	fake_world.why_errno = ENOMEM;
	assert_fails(pmmshm_block_alloc(pmm, 64 * MIB, NULL), ENOMEM,
		     "cannot allocate 64 MiB of the default type: the longest free range is 0 bytes but none is long enough at the natural alignment");
}
END_TEST

START_TEST(types_may_be_unknown_too)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .type = "nix" };

	fake_fail(FAKE_TYPE, 1, EIO);
	assert_fails(pmmshm_block_alloc(pmm, 1, &opts), ENOENT,
		     "no such type of memory");
	ck_assert(fake_failed());
}
END_TEST

START_TEST(full_pool_is_told)
{
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 40 * MIB, NULL);

	assert_fails(pmmshm_block_alloc(pmm, 40 * MIB, NULL), ENOMEM,
		     "the pool has 24 MiB free of 64 MiB");
	pmmshm_block_free(b);
	b = pmmshm_block_alloc(pmm, 40 * MIB, NULL);
	ck_assert_ptr_nonnull(b);
	pmmshm_block_free(b);
	assert_fails(pmmshm_block_alloc(pmm, -1, NULL), ENOMEM,
		     "cannot allocate 15.9 EiB");
}
END_TEST

START_TEST(limits_of_segments_are_told)
{
	struct pmmshm_block *b;

	fake_world.shmmni = 1;
	b = pmmshm_block_alloc(pmm, 1, NULL);
	assert_fails(pmmshm_block_alloc(pmm, 1, NULL), ENOSPC,
		     "cannot create a segment: there are 1, as many as kernel.shmmni allows; remove some (ipcrm) or raise it");
	pmmshm_block_free(b);

	fake_fail(FAKE_SHMGET, 1, ENOSPC);
	assert_fails(pmmshm_block_alloc(pmm, 4096, NULL), ENOSPC,
		     "cannot create a segment of 4 KiB: all segments have 4999 of the 5000 pages that kernel.shmall allows; remove some (ipcrm) or raise it");
	fake_fail(FAKE_SHMGET, 1, EINVAL);
	assert_fails(pmmshm_block_alloc(pmm, 4096, NULL), EINVAL,
		     "it is larger than kernel.shmmax");
	fake_fail(FAKE_SHMGET, 1, ENOSYS);
	assert_fails(pmmshm_block_alloc(pmm, 4096, NULL), ENOSYS,
		     "cannot create a segment of 4 KiB: Function not implemented");
}
END_TEST

/* What cannot even be looked up is told without figures. */
static bool run_no_space(void)
{
	fake_world.shmmni = 0;
	if (!pmmshm_block_alloc(pmm, 4096, NULL) && errno == ENOSPC)
		return true;
	return false;
}

START_TEST(explaining_may_fail)
{
	sweep(run_no_space);
	fake_world.shmmni = 0;
	fake_fail(FAKE_IPC_INFO, 2, EPERM);
	assert_fails(pmmshm_block_alloc(pmm, 4096, NULL), ENOSPC,
		     "or raise kernel.shmmni or kernel.shmall");
}
END_TEST

Suite *suite_explain(void)
{
	Suite *suite = suite_create("pmmshm: words");
	TCase *tcase = tcase_create("texts");

	add_fake_fixture(tcase);
	tcase_add_loop_test(tcase, amounts_are_readable, 0,
			    sizeof(amounts) / sizeof(amounts[0]));
	tcase_add_loop_test(tcase, reason_is_told, 0,
			    sizeof(reasons) / sizeof(reasons[0]));
	tcase_add_test(tcase, natural_alignment_is_told);
	tcase_add_test(tcase, types_may_be_unknown_too);
	tcase_add_test(tcase, full_pool_is_told);
	tcase_add_test(tcase, limits_of_segments_are_told);
	tcase_add_test(tcase, explaining_may_fail);
	suite_add_tcase(suite, tcase);
	return suite;
}
