// SPDX-License-Identifier: GPL-2.0-only
/*
 * libpmmshm: what it says when something is exhausted or not allowed.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "library.h"

static const struct pmmshm_alloc_opts no_segment = {
	.size = sizeof(no_segment), .flags = PMMSHM_NO_SEGMENT,
};

static struct pmmshm_block *blocks[2048];

/* Allocate until the pool is full; returns the number of blocks. */
static int fill_pool(size_t size)
{
	int n = 0;

	while (n < 2048) {
		blocks[n] = pmmshm_block_alloc(pmm, size, &no_segment);
		if (!blocks[n])
			break;
		n++;
	}
	EXPECT_EQ(errno, ENOMEM);
	return n;
}

static void free_pool(int n, int step)
{
	int i;

	for (i = 0; i < n; i += step) {
		pmmshm_block_free(blocks[i]);
		blocks[i] = NULL;
	}
}

static void pool_is_exhausted(void)
{
	struct pool pool;
	int n;

	pool_read(&pool);
	EXPECT_FAILS(pmmshm_block_alloc(pmm, pool.total + PAGE, NULL), ENOMEM,
		     "the whole pool has ");
	n = fill_pool(MIB);
	EXPECT_FAILS(pmmshm_block_alloc(pmm, MIB, NULL), ENOMEM,
		     "cannot allocate 1 MiB of the default type: the pool has 0 bytes free of ");
	printf("%s\n", pmmshm_error());
	free_pool(n, 1);
	wait_pool_whole(10);
}

static void pool_is_fragmented(void)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts),
					  .type = "general" };
	uint64_t half;
	int n;

	n = fill_pool(MIB);
	half = (uint64_t)(n + 1) / 2 * MIB;
	free_pool(n, 2);
	wait_pool_free(half, 10);
	EXPECT_FAILS(pmmshm_block_alloc(pmm, 4 * MIB, &opts), ENOMEM,
		     "free but the longest free range is 1 MiB (fragmented)");
	printf("%s\n", pmmshm_error());
	EXPECT_FAILS(pmmshm_block_alloc(pmm, half + MIB, &opts), ENOMEM,
		     "cannot allocate ");
	free_pool(n, 1);
	wait_pool_whole(10);
}

static void types_and_alignments(void)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .type = "nix" };

	EXPECT_FAILS(pmmshm_block_alloc(pmm, PAGE, &opts), ENOENT,
		     "cannot allocate 4 KiB of type 'nix': no such type of memory; there is: general");
	opts.type = NULL;
	opts.align = (size_t)1 << 50;
	EXPECT_FAILS(pmmshm_block_alloc(pmm, PAGE, &opts), EINVAL,
		     "or an alignment of 1 PiB");
	EXPECT_FAILS(pmmshm_block_alloc(pmm, (size_t)-1, NULL), EOVERFLOW,
		     "cannot allocate 15.9 EiB");
}

static void files_are_exhausted(void)
{
	struct rlimit old, limit;
	int i, n, before = fds_open();

	EXPECT_OK(getrlimit(RLIMIT_NOFILE, &old));
	limit = (struct rlimit){ 64, old.rlim_max };
	EXPECT_OK(setrlimit(RLIMIT_NOFILE, &limit));
	for (n = 0; n < 64; n++) {
		blocks[n] = pmmshm_block_alloc(pmm, PAGE, NULL);
		if (!blocks[n])
			break;
	}
	library_check_error(__FILE__, __LINE__, "alloc", EMFILE,
			    "each block is an open file: raise the limit");
	EXPECT_FAILS(pmmshm_block_import_shmid(pmm, pmmshm_block_shmid(blocks[0]), 0), EMFILE,
		     "cannot get the block behind segment");
	for (i = 0; i < n; i++)
		pmmshm_block_free(blocks[i]);
	EXPECT_OK(setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_EQ(fds_open(), before);
	wait_pool_whole(10);
}

static void child_exceeds_shmmni(void *arg)
{
	(void)arg;
	EXPECT_FAILS(pmmshm_block_alloc(pmm, PAGE, NULL), ENOSPC,
		     "as many as kernel.shmmni allows");
	printf("%s\n", pmmshm_error());
}

static void child_exceeds_shmall(void *arg)
{
	(void)arg;
	EXPECT_FAILS(pmmshm_block_alloc(pmm, 8 * PAGE, NULL), ENOSPC,
		     "of the 2 pages that kernel.shmall allows;");
	printf("%s\n", pmmshm_error());
}

static void child_exceeds_shmmax(void *arg)
{
	(void)arg;
	EXPECT_FAILS(pmmshm_block_alloc(pmm, 8 * PAGE, NULL), EINVAL,
		     "larger than kernel.shmmax");
	printf("%s\n", pmmshm_error());
}

static void segments_are_exhausted(void)
{
	struct pmmshm_block *b = EXPECT_GOT(pmmshm_block_alloc(pmm, PAGE, NULL));

	with_setting("/proc/sys/kernel/shmmni", "1", child_exceeds_shmmni, NULL);
	with_setting("/proc/sys/kernel/shmall", "2", child_exceeds_shmall, NULL);
	with_setting("/proc/sys/kernel/shmmax", "4096", child_exceeds_shmmax,
		     NULL);
	pmmshm_block_free(b);
	wait_pool_whole(10);
}

static void child_cannot_open(void *arg)
{
	(void)arg;
	EXPECT_FAILS(pmmshm_open(NULL), EACCES,
		     "/dev/pmm: permission denied: add the user to group '");
	printf("%s\n", pmmshm_error());
	setenv("PMMSHM_DEVICE", "/dev/null", 1);
	EXPECT_FAILS(pmmshm_open(NULL), EPROTO, "/dev/null: not a pmm device");
}

int main(void)
{
	library_open();
	pool_is_exhausted();
	pool_is_fragmented();
	types_and_alignments();
	files_are_exhausted();
	segments_are_exhausted();
	run_as(NOBODY, child_cannot_open, NULL);
	library_close();
	return 0;
}
