// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocating blocks, with and without a segment, and what one can do with them.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "test_pmmshm.h"

#define OPTS(...)	(&(struct pmmshm_alloc_opts){			\
				.size = sizeof(struct pmmshm_alloc_opts), \
				__VA_ARGS__ })

START_TEST(has_a_segment)
{
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 10000, NULL);

	ck_assert_ptr_nonnull(b);
	ck_assert_uint_eq(pmmshm_block_size(b), 12288);
	ck_assert_int_ge(pmmshm_block_shmid(b), 0);
	ck_assert_int_ge(pmmshm_block_fd(b), 0);
	assert_writable(b);
	ck_assert_uint_eq(fake_mode(pmmshm_block_shmid(b)), 0600 | SHM_DEST);
	pmmshm_block_free(b);
	fake_assert_usage((struct fake_usage){ .fds = 1, .memory = 1 });
}
END_TEST

/* From the attaching on, a crash leaves nothing behind. */
START_TEST(marks_at_once)
{
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 4 * MIB,
						    OPTS(.mode = 0644));

	ck_assert_uint_eq(fake_first(FAKE_SHMAT), fake_first(FAKE_SHMGET) + 1);
	ck_assert_uint_eq(fake_when(FAKE_IPC_RMID), fake_first(FAKE_SHMAT) + 1);
	ck_assert_uint_lt(fake_when(FAKE_IPC_RMID), fake_when(FAKE_ADOPT));
	ck_assert_uint_lt(fake_when(FAKE_ADOPT), fake_when(FAKE_IPC_SET));
	ck_assert_uint_eq(fake_mode(pmmshm_block_shmid(b)), 0644 | SHM_DEST);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(keeps_a_segment)
{
	struct pmmshm_block *b;
	int shmid;

	b = pmmshm_block_alloc(pmm, 4 * MIB,
			       OPTS(.mode = 0640, .flags = PMMSHM_KEEP_SEGMENT));
	shmid = pmmshm_block_shmid(b);
	ck_assert_uint_eq(fake_mode(shmid), 0640);
	pmmshm_block_free(b);
	ck_assert_uint_eq(fake_mode(shmid), 0640);
	ck_assert_uint_eq(fake_usage().pool, 4 * MIB);
	fake_ipcrm(shmid);
}
END_TEST

START_TEST(goes_without_a_segment)
{
	struct pmmshm_block *b;

	b = pmmshm_block_alloc(pmm, 4 * MIB, OPTS(.flags = PMMSHM_NO_SEGMENT));
	ck_assert_ptr_nonnull(b);
	ck_assert_int_eq(pmmshm_block_shmid(b), -1);
	assert_writable(b);
	ck_assert(is_huge_aligned(pmmshm_block_data(b)));
	ck_assert_uint_eq(fake_calls(FAKE_SHMGET), 0);
	ck_assert_uint_eq(fake_calls(FAKE_ADOPT), 0);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(outlives_its_handle)
{
	struct pmmshm *p = pmmshm_open_with("/dev/pmm", &fake_transport);
	struct pmmshm_block *b = pmmshm_block_alloc(p, 4 * MIB, NULL);
	void *again;

	pmmshm_close(p);
	assert_writable(b);
	again = pmmshm_block_map(b, PROT_READ);
	ck_assert_ptr_nonnull(again);
	fake_transport.munmap(again, pmmshm_block_size(b));
	pmmshm_block_free(b);
}
END_TEST

static const struct {
	struct pmmshm_alloc_opts opts;
	size_t size;
	int err;
	const char *text;
} refused[] = {
	{ { .size = sizeof(refused[0].opts) }, 0, EINVAL, "0 bytes" },
	{ { .size = 8 }, 1, EINVAL, "size is 8" },
	{ { .size = (size_t)-1 }, 1, EINVAL, "size is 18" },
	{ { .size = sizeof(refused[0].opts), .flags = 1U << 2 }, 1, EINVAL,
	  "unknown bits 0x4" },
	{ { .size = sizeof(refused[0].opts), .flags = 3 }, 1, EINVAL,
	  "neither with a mode nor with PMMSHM_KEEP" },
	{ { .size = sizeof(refused[0].opts), .flags = 1, .mode = 0600 }, 1,
	  EINVAL, "neither with a mode" },
	{ { .size = sizeof(refused[0].opts), .mode = 01600 }, 1, EINVAL,
	  "mode 01600" },
	{ { .size = sizeof(refused[0].opts), .align = 3 * 4096UL }, 1, EINVAL,
	  "alignment 12288 is not a power of two" },
	{ { .size = sizeof(refused[0].opts),
	    .type = "a name that has thirty-two bytes" }, 1, ENOENT,
	  "thirty-two" },
};

START_TEST(refuses)
{
	assert_fails(pmmshm_block_alloc(pmm, refused[_i].size,
					&refused[_i].opts),
		     refused[_i].err, refused[_i].text);
	ck_assert_uint_eq(fake_calls(FAKE_ALLOC), 0);
}
END_TEST

/* Also from a program that was built before there was such a field. */
START_TEST(passes_capabilities_on)
{
	struct pmmshm_alloc_opts opts = {
		.size = sizeof(opts),
		.caps = PMM_TYPE_DEVICE | PMM_TYPE_MAPPABLE,
	};

	pmmshm_block_free(pmmshm_block_alloc(pmm, 1, &opts));
	ck_assert_uint_eq(fake_world.caps, PMM_TYPE_DEVICE | PMM_TYPE_MAPPABLE);
	opts.size = offsetof(struct pmmshm_alloc_opts, caps);
	pmmshm_block_free(pmmshm_block_alloc(pmm, 1, &opts));
	ck_assert_uint_eq(fake_world.caps, 0);

	opts.size = sizeof(opts);
	fake_world.why = (struct pmm_alloc){
		.reason = PMM_REASON_EXHAUSTED, .total = 64 * MIB,
		.free = 8 * MIB, .chosen = "vram",
	};
	fake_world.why_errno = ENOMEM;
	assert_fails(pmmshm_block_alloc(pmm, 16 * MIB, &opts), ENOMEM,
		     "16 MiB of a type with capabilities 0x6, the closest is vram: the pool has 8 MiB free");
}
END_TEST

START_TEST(refuses_newer_options)
{
	struct {
		struct pmmshm_alloc_opts opts;
		char more[8];
	} newer = { .opts.size = sizeof(newer) };
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 1, &newer.opts);

	ck_assert_ptr_nonnull(b);
	pmmshm_block_free(b);
	newer.more[7] = 1;
	assert_fails(pmmshm_block_alloc(pmm, 1, &newer.opts), EINVAL,
		     "does not know");
}
END_TEST

START_TEST(takes_a_type)
{
	struct pmmshm_block *b;

	b = pmmshm_block_alloc(pmm, 1, OPTS(.type = "general", .align = 8192));
	ck_assert_ptr_nonnull(b);
	pmmshm_block_free(b);
	b = pmmshm_block_alloc(pmm, 1, OPTS(.type = ""));
	ck_assert_ptr_nonnull(b);
	pmmshm_block_free(b);
	assert_fails(pmmshm_block_alloc(pmm, 1, OPTS(.type = "nix")), ENOENT,
		     "cannot allocate 1 byte of type 'nix': no such type of memory; there is: general, vram");
}
END_TEST

/* ------------------------------------------------------------------- adopting */

START_TEST(tries_again_when_touched)
{
	struct pmmshm_block *b;

	fake_world.touched = 1;
	b = pmmshm_block_alloc(pmm, 4 * MIB, NULL);
	ck_assert_msg(b, "%s", pmmshm_error());
	assert_writable(b);
	ck_assert_uint_eq(fake_calls(FAKE_SHMGET), 2);
	ck_assert_uint_eq(fake_usage().segments, 1);
	ck_assert_uint_eq(fake_calls(FAKE_MLOCK), 0);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(empties_what_mlockall_filled)
{
	struct pmmshm_block *b;

	fake_world.mlockall = true;
	b = pmmshm_block_alloc(pmm, 4 * MIB, NULL);
	ck_assert_msg(b, "%s", pmmshm_error());
	assert_writable(b);
	ck_assert(fake_locked(pmmshm_block_shmid(b)));
	pmmshm_block_free(b);
}
END_TEST

START_TEST(gives_up_when_touched_for_ever)
{
	struct fake_usage before = fake_usage();
	struct pmmshm_block *b;

	fake_world.busy = 3;
	b = pmmshm_block_alloc(pmm, 4 * MIB, NULL);
	ck_assert_msg(b, "%s", pmmshm_error());
	pmmshm_block_free(b);

	fake_world.busy = 100;
	assert_fails(pmmshm_block_alloc(pmm, 4 * MIB, NULL), EBUSY,
		     "use PMMSHM_NO_SEGMENT");
	ck_assert_uint_eq(fake_world.busy, 100 - 4);
	fake_assert_usage(before);
}
END_TEST

START_TEST(adopt_says_why)
{
	fake_fail(FAKE_ADOPT, 1, EOPNOTSUPP);
	assert_fails(pmmshm_block_alloc(pmm, 1, NULL), EOPNOTSUPP,
		     "use PMMSHM_NO_SEGMENT");
	fake_fail(FAKE_ADOPT, 1, EPERM);
	assert_fails(pmmshm_block_alloc(pmm, 1, NULL), EPERM,
		     "cannot turn segment 100 into a block: Operation not permitted");
	fake_fail(FAKE_IPC_SET, 1, EPERM);
	assert_fails(pmmshm_block_alloc(pmm, 1, OPTS(.mode = 0666)), EPERM,
		     "cannot set the mode of segment 100 to 0666");
	fake_fail(FAKE_IPC_RMID, 1, EPERM);
	assert_fails(pmmshm_block_alloc(pmm, 1, NULL), EPERM,
		     "cannot mark segment 100 for removal");
	fake_assert_usage((struct fake_usage){ .fds = 1, .memory = 1 });
}
END_TEST

/* ------------------------------------------------------- addresses of mappings */

static const unsigned int place_flags[] = { 0, PMMSHM_NO_SEGMENT };

START_TEST(is_aligned)
{
	static const size_t sizes[] = { 2 * MIB, 2 * MIB + 4096, 5 * MIB };
	struct pmmshm_block *b;
	size_t i;

	for (i = 0; i < 3; i++) {
		b = pmmshm_block_alloc(pmm, sizes[i],
				       OPTS(.flags = place_flags[_i]));
		ck_assert_ptr_nonnull(b);
		ck_assert(is_huge_aligned(pmmshm_block_data(b)));
		ck_assert_uint_eq(fake_usage().mapped, sizes[i]);
		pmmshm_block_free(b);
	}
}
END_TEST

START_TEST(small_ones_are_not_reserved_for)
{
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 2 * MIB - 4096, NULL);

	ck_assert_ptr_nonnull(b);
	ck_assert_uint_eq(fake_calls(FAKE_MMAP), 0);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(races_are_lost_gracefully)
{
	struct pmmshm_block *b;

	fake_world.races = 3;
	b = pmmshm_block_alloc(pmm, 4 * MIB, OPTS(.flags = place_flags[_i]));
	ck_assert_msg(b, "%s", pmmshm_error());
	ck_assert_uint_eq(fake_world.races, 0);
	ck_assert(is_huge_aligned(pmmshm_block_data(b)));
	assert_writable(b);
	fake_assert_bystanders();
	pmmshm_block_free(b);
}
END_TEST

/* A shmat() that fails must not be the end of the segment. */
START_TEST(races_do_no_harm_with_rmid_forced)
{
	fake_world.rmid_forced = true;
	fake_world.races = 3;
	pmmshm_block_free(pmmshm_block_alloc(pmm, 4 * MIB,
					     OPTS(.flags = PMMSHM_KEEP_SEGMENT)));
	ck_assert_msg(!fake_world.races, "%s", pmmshm_error());
	ck_assert_uint_eq(fake_calls(FAKE_SHMGET), 1);
	ck_assert_uint_eq(fake_calls(FAKE_ADOPT), 1);
	fake_assert_bystanders();
}
END_TEST

START_TEST(good_addresses_are_left_alone)
{
	struct pmmshm_block *b;

	fake_world.aligns = true;
	b = pmmshm_block_alloc(pmm, 4 * MIB, OPTS(.flags = place_flags[_i]));
	ck_assert(is_huge_aligned(pmmshm_block_data(b)));
	ck_assert_uint_eq(fake_calls(FAKE_MUNMAP), 0);
	ck_assert_uint_eq(fake_calls(FAKE_SHMDT), 0);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(races_lost_for_ever_cost_the_alignment)
{
	struct pmmshm_block *b;

	fake_world.races = 32;
	b = pmmshm_block_alloc(pmm, 4 * MIB, OPTS(.flags = place_flags[_i]));
	ck_assert_msg(b, "%s", pmmshm_error());
	ck_assert(!is_huge_aligned(pmmshm_block_data(b)));
	ck_assert_uint_eq(fake_usage().mapped, 4 * MIB);
	ck_assert_uint_eq(fake_world.races, 32 - 16);
	assert_writable(b);
	fake_assert_bystanders();
	pmmshm_block_free(b);
}
END_TEST

START_TEST(no_room_to_reserve_costs_the_alignment)
{
	static const enum fake_op ops[] = { FAKE_MMAP, FAKE_MUNMAP };
	/* Without a segment, the first mmap() is the block's. */
	bool segment = !(place_flags[_i] & PMMSHM_NO_SEGMENT);
	struct pmmshm_block *b;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		fake_fail(ops[i], segment || i ? 1 : 2, ENOMEM);
		b = pmmshm_block_alloc(pmm, 4 * MIB,
				       OPTS(.flags = place_flags[_i]));
		ck_assert_msg(b, "%s", pmmshm_error());
		ck_assert(fake_failed());
		assert_writable(b);
		ck_assert_uint_eq(fake_usage().mapped, 4 * MIB);
		pmmshm_block_free(b);
	}
}
END_TEST

/* --------------------------------------------------------------------- leaks */

static const struct pmmshm_alloc_opts *sweep_opts;
static size_t sweep_size;

static bool run_alloc(void)
{
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, sweep_size, sweep_opts);
	int shmid;

	if (!b)
		return false;
	assert_writable(b);
	shmid = pmmshm_block_shmid(b);
	pmmshm_block_free(b);
	if (sweep_opts && sweep_opts->flags & PMMSHM_KEEP_SEGMENT)
		fake_ipcrm(shmid);
	return true;
}

static const unsigned int leak_flags[] = {
	0, PMMSHM_NO_SEGMENT, PMMSHM_KEEP_SEGMENT,
};

START_TEST(leaks_nothing)
{
	sweep_opts = OPTS(.flags = leak_flags[_i], .type = "general",
			  .mode = leak_flags[_i] & PMMSHM_NO_SEGMENT ? 0 : 0644);
	sweep_size = 5000;
	sweep(run_alloc);
	sweep_size = 4 * MIB;
	sweep(run_alloc);
}
END_TEST

START_TEST(leaks_nothing_with_mlockall)
{
	fake_world.mlockall = true;
	sweep_opts = NULL;
	sweep_size = 4 * MIB;
	sweep(run_alloc);
}
END_TEST

/* ------------------------------------------------------------ blocks in hand */

START_TEST(is_described)
{
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 4 * MIB, NULL);
	struct pmmshm_block_info info;

	ck_assert_int_eq(pmmshm_block_get_info(b, &info), 0);
	ck_assert_uint_eq(info.id, 0);
	ck_assert_uint_eq(info.length, 4 * MIB);
	ck_assert_uint_eq(info.align, 1);
	ck_assert_uint_eq(info.phys, 2);
	ck_assert_uint_eq(info.huge, 3);
	ck_assert_uint_eq(info.holders, 4);
	ck_assert_uint_eq(info.uid, 5);
	ck_assert_uint_eq(info.state, PMMSHM_STATE_HOME | PMMSHM_STATE_SYSV |
			  PMMSHM_STATE_SEALED);
	ck_assert_int_eq(info.shmid, pmmshm_block_shmid(b));
	ck_assert_str_eq(info.type, "general");
	pmmshm_block_free(b);
}
END_TEST

START_TEST(info_failure_leaves_output)
{
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 1, NULL);
	struct pmmshm_block_info info, before;

	memset(&before, 0x42, sizeof(before));
	info = before;
	fake_fail(FAKE_INFO, 1, ENODEV);
	assert_fails_int(pmmshm_block_get_info(b, &info), ENODEV,
			 "cannot describe the block: No such device");
	ck_assert_mem_eq(&info, &before, sizeof(info));
	pmmshm_block_free(b);
}
END_TEST

START_TEST(no_segment_has_no_shmid)
{
	struct pmmshm_block_info info;
	struct pmmshm_block *b;

	b = pmmshm_block_alloc(pmm, 1, OPTS(.flags = PMMSHM_NO_SEGMENT));
	ck_assert_int_eq(pmmshm_block_get_info(b, &info), 0);
	ck_assert_int_eq(info.shmid, -1);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(maps_again)
{
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 4 * MIB, NULL);
	char *data = pmmshm_block_data(b), *rw, *ro;

	rw = pmmshm_block_map(b, PROT_READ | PROT_WRITE);
	ro = pmmshm_block_map(b, PROT_READ);
	ck_assert(rw && ro && is_huge_aligned(rw) && is_huge_aligned(ro));
	rw[4 * MIB - 1] = 0x11;
	ck_assert_int_eq(data[4 * MIB - 1], 0x11);
	ck_assert_int_eq(ro[4 * MIB - 1], 0x11);
	fake_transport.munmap(rw, 4 * MIB);
	fake_transport.munmap(ro, 4 * MIB);
	assert_fails(pmmshm_block_map(b, PROT_WRITE), EINVAL, "prot is 0x2");
	assert_fails(pmmshm_block_map(b, PROT_NONE), EINVAL, "prot is 0x0");
	assert_fails(pmmshm_block_map(b, PROT_READ | PROT_EXEC), EINVAL,
		     "prot is 0x5");
	fake_fail(FAKE_MMAP, 1, EPERM);
	assert_fails(pmmshm_block_map(b, PROT_READ), EPERM,
		     "cannot map the block: Operation not permitted");
	pmmshm_block_free(b);
}
END_TEST

START_TEST(opens_its_home)
{
	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 1, NULL);
	int fd;

	fd = pmmshm_block_home_fd(b, O_RDWR);
	ck_assert_int_ge(fd, 0);
	fake_transport.close(fd);
	fd = pmmshm_block_home_fd(b, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	fake_transport.close(fd);
	assert_fails_int(pmmshm_block_home_fd(b, O_WRONLY), EINVAL,
			 "flags are 0x1");
	assert_fails_int(pmmshm_block_home_fd(b, O_RDWR | O_TRUNC), EINVAL,
			 "neither O_RDONLY nor O_RDWR");
	fake_fail(FAKE_HOME_FD, 1, EOPNOTSUPP);
	assert_fails_int(pmmshm_block_home_fd(b, O_RDWR), EOPNOTSUPP,
			 "by its own name");
	fake_fail(FAKE_HOME_FD, 1, EMFILE);
	assert_fails_int(pmmshm_block_home_fd(b, O_RDWR), EMFILE,
			 "cannot open the block's home for writing: Too many");
	pmmshm_block_free(b);
}
END_TEST

static TCase *tcase_getting(void)
{
	TCase *tcase = tcase_create("getting");

	add_fake_fixture(tcase);
	tcase_add_test(tcase, has_a_segment);
	tcase_add_test(tcase, marks_at_once);
	tcase_add_test(tcase, keeps_a_segment);
	tcase_add_test(tcase, goes_without_a_segment);
	tcase_add_test(tcase, outlives_its_handle);
	tcase_add_loop_test(tcase, refuses, 0,
			    sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tcase, passes_capabilities_on);
	tcase_add_test(tcase, refuses_newer_options);
	tcase_add_test(tcase, takes_a_type);
	tcase_add_test(tcase, tries_again_when_touched);
	tcase_add_test(tcase, empties_what_mlockall_filled);
	tcase_add_test(tcase, gives_up_when_touched_for_ever);
	tcase_add_test(tcase, adopt_says_why);
	tcase_add_loop_test(tcase, leaks_nothing, 0, 3);
	tcase_add_test(tcase, leaks_nothing_with_mlockall);
	return tcase;
}

static TCase *tcase_placing(void)
{
	TCase *tcase = tcase_create("placing");

	add_fake_fixture(tcase);
	tcase_add_loop_test(tcase, is_aligned, 0, 2);
	tcase_add_test(tcase, small_ones_are_not_reserved_for);
	tcase_add_loop_test(tcase, races_are_lost_gracefully, 0, 2);
	tcase_add_test(tcase, races_do_no_harm_with_rmid_forced);
	tcase_add_loop_test(tcase, good_addresses_are_left_alone, 0, 2);
	tcase_add_loop_test(tcase, races_lost_for_ever_cost_the_alignment, 0, 2);
	tcase_add_loop_test(tcase, no_room_to_reserve_costs_the_alignment, 0, 2);
	return tcase;
}

static TCase *tcase_having(void)
{
	TCase *tcase = tcase_create("having");

	add_fake_fixture(tcase);
	tcase_add_test(tcase, is_described);
	tcase_add_test(tcase, info_failure_leaves_output);
	tcase_add_test(tcase, no_segment_has_no_shmid);
	tcase_add_test(tcase, maps_again);
	tcase_add_test(tcase, opens_its_home);
	return tcase;
}

Suite *suite_alloc(void)
{
	Suite *suite = suite_create("pmmshm: allocating");

	suite_add_tcase(suite, tcase_getting());
	suite_add_tcase(suite, tcase_placing());
	suite_add_tcase(suite, tcase_having());
	return suite;
}
