// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes of homes, and holes in them.  A sealed home keeps its size.  Another one
 * may shrink and grow: what is cut off leaves the home for good, what is added is
 * ordinary memory.  Holes read as zeroes.  The block itself stays whole, and all
 * of it returns in the end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"
#include "vm.h"

#define SIZE_SEALS	(F_SEAL_SHRINK | F_SEAL_GROW)

/* ---- sealed ---- */

static void expect_fixed(int fd)
{
	struct stat st;

	EXPECT_ERRNO(ftruncate(fd, 0), EPERM);
	EXPECT_ERRNO(ftruncate(fd, PAGE), EPERM);
	EXPECT_ERRNO(ftruncate(fd, VM_SIZE - 1), EPERM);
	EXPECT_ERRNO(ftruncate(fd, VM_SIZE + 1), EPERM);
	EXPECT_ERRNO(fallocate(fd, 0, VM_SIZE, PAGE), EPERM);
	EXPECT_ERRNO(pwrite(fd, "x", 1, VM_SIZE), EPERM);
	EXPECT_OK(ftruncate(fd, VM_SIZE));
	EXPECT_OK(fstat(fd, &st));
	EXPECT_EQ(st.st_size, VM_SIZE);
	/* No more seals, and none that would keep the block from being used. */
	EXPECT_EQ(fcntl(fd, F_GET_SEALS) & SIZE_SEALS, SIZE_SEALS);
	EXPECT(!(fcntl(fd, F_GET_SEALS) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)));
	EXPECT_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
	EXPECT_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), EPERM);
}

static void test_sealed(struct vm_block *b)
{
	int home;
	char path[32];

	EXPECT(block_state(b->fd) & PMM_BLOCK_SEALED);
	home = b->file >= 0 ? dup(b->file) : try_block_home_fd(b->fd, 0);
	expect_fixed(home);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", home);
	EXPECT_ERRNO(open(path, O_RDWR | O_TRUNC), EPERM);
	EXPECT_ERRNO(truncate(path, PAGE), EPERM);
	close(home);
	EXPECT(vm_block_intact(b));
}

/* ---- holes ---- */

static bool incomplete(const struct vm_block *b)
{
	return block_state(b->fd) & PMM_BLOCK_INCOMPLETE;
}

/* A whole folio goes: others see zeroes, in memory that is not the block's. */
static void test_hole_folio(struct vm_block *b)
{
	EXPECT(!incomplete(b));
	EXPECT_OK(madvise(b->p, HUGE_PAGE, MADV_REMOVE));
	EXPECT(incomplete(b));
	EXPECT(zeroed(b->p, HUGE_PAGE));
	EXPECT(pfn_of(b->p) != b->pfn);
	memset(b->p, 0x33, HUGE_PAGE);
	EXPECT(maps_block(b->p + HUGE_PAGE, b->size - HUGE_PAGE,
			  b->pfn + HUGE_PAGE / PAGE));
	EXPECT(incomplete(b));
	/* And again, where there is an ordinary page now. */
	EXPECT_OK(madvise(b->p, HUGE_PAGE, MADV_REMOVE));
	EXPECT(zeroed(b->p, HUGE_PAGE));
}

/* A part of a folio is cleared and stays where it is. */
static void test_hole_page(struct vm_block *b)
{
	char *at = b->p + HUGE_PAGE + 17 * PAGE;

	EXPECT_OK(madvise(at, 3 * PAGE, MADV_REMOVE));
	EXPECT(zeroed(at, 3 * PAGE));
	EXPECT_EQ(at[-1], ((char *)b->p)[HUGE_PAGE + 17 * PAGE - 1]);
	EXPECT(at[3 * PAGE] != 0 || at[3 * PAGE + 1] != 0);
	EXPECT(!incomplete(b));
	fill(b->p, b->size, 1);
	EXPECT(vm_block_intact(b));
	/* A small one goes. */
	at = b->p + 2 * HUGE_PAGE;
	EXPECT_OK(madvise(at, PAGE, MADV_REMOVE));
	EXPECT(zeroed(at, PAGE));
	EXPECT(pfn_of(at) != b->pfn + 2 * HUGE_PAGE / PAGE);
	EXPECT(maps_block(at + PAGE, PAGE, b->pfn + 2 * HUGE_PAGE / PAGE + 1));
	EXPECT(incomplete(b));
}

static void test_hole_all(struct vm_block *b)
{
	struct pool pool;

	EXPECT_OK(madvise(b->p, b->size, MADV_REMOVE));
	EXPECT(incomplete(b));
	EXPECT(zeroed(b->p, b->size));
	/* Not one page is in the home any more, and it still is the block's. */
	pool_read(&pool);
	EXPECT_EQ(pool.blocks, 1);
	EXPECT_EQ(pool.quarantined, 0);
	EXPECT_EQ(pool.free, pool.total - pool.retired - b->size);
}

/* Holes by way of the file, and ranges that do not end with pages. */
static void test_hole_file(struct vm_block *b)
{
	int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	size_t from = HUGE_PAGE - 100, size = HUGE_PAGE + 200;

	EXPECT_OK(fallocate(b->file, mode, from, size));
	EXPECT(zeroed(b->p + from + 4, size - 4));
	EXPECT(b->p[from - 1] || b->p[from - 2] || b->p[from - 3]);
	EXPECT(maps_block(b->p, HUGE_PAGE, b->pfn));
	EXPECT(incomplete(b));
}

/* ---- sizes that may change ---- */

/* A block in a home that is not sealed, of either kind. */
static void unsealed_create(struct vm_block *b, bool memfd)
{
	b->fd = block_alloc(VM_SIZE);
	b->shmid = -1;
	b->mounted = !memfd;
	b->size = VM_SIZE;
	if (memfd)
		b->p = segment_memfd(VM_SIZE, MFD_ALLOW_SEALING, &b->file);
	else
		b->p = segment_tmpfile("/dev/shm", VM_SIZE, &b->file);
	EXPECT_OK(try_block_adopt(b->fd, b->p, 0));
	EXPECT(!(block_state(b->fd) & PMM_BLOCK_SEALED));
	b->pfn = block_pfn(b->fd);
	fill(b->p, b->size, 1);
}

/*
 * Nothing can be accessed beyond the end.  But a folio that the end is in is not
 * split, as with any huge page of tmpfs, and may be mapped as a whole.
 */
static void expect_end(const struct vm_block *b, size_t end)
{
	size_t folio = (end + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;

	end = (end + PAGE - 1) / PAGE * PAGE;
	if (folio > 2 * HUGE_PAGE)
		folio = end;
	if (folio < b->size)
		EXPECT_EQ(access_signal(b->p + folio, false), SIGBUS);
	EXPECT_EQ(access_signal(b->p + b->size - 1, true), SIGBUS);
	if (folio != end && access_signal(b->p + end, false) != SIGBUS)
		EXPECT(zeroed(b->p + end, folio - end));
}

/* Everything from @to on has left the home, and comes back as zeroes. */
static void shrink_and_grow(struct vm_block *b, size_t to)
{
	EXPECT_OK(ftruncate(b->file, to));
	expect_end(b, to);
	EXPECT(filled(b->p, to / 8 * 8, 1));
	EXPECT(incomplete(b));

	EXPECT_OK(ftruncate(b->file, b->size));
	EXPECT(filled(b->p, to / 8 * 8, 1));
	EXPECT(maps_block(b->p, to / PAGE * PAGE, b->pfn));
	EXPECT(zeroed(b->p + (to + 7) / 8 * 8, b->size - (to + 7) / 8 * 8));
	EXPECT_EQ(access_signal(b->p + b->size - 1, true), 0);
}

static void test_shrink(bool memfd)
{
	static const size_t sizes[] = {
		2 * HUGE_PAGE + PAGE, 2 * HUGE_PAGE, HUGE_PAGE, PAGE, 0,
		2 * HUGE_PAGE + 1, HUGE_PAGE + 3 * PAGE, HUGE_PAGE - 5,
	};
	struct vm_block b;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsealed_create(&b, memfd);
		shrink_and_grow(&b, sizes[i]);
		/* Once more, over what is there now. */
		fill(b.p, b.size, 1);
		EXPECT_OK(ftruncate(b.file, sizes[i] / 2));
		EXPECT_OK(ftruncate(b.file, b.size));
		EXPECT(filled(b.p, sizes[i] / 16 * 8, 1));
		EXPECT(zeroed(b.p + (sizes[i] / 2 + 7) / 8 * 8,
			      b.size - (sizes[i] / 2 + 7) / 8 * 8));
		vm_block_destroy(&b);
	}
}

/* More than the block: ordinary memory behind it. */
static void test_grow(bool memfd)
{
	struct vm_block b;
	struct stat st;
	char *p;

	unsealed_create(&b, memfd);
	EXPECT_OK(ftruncate(b.file, 3 * HUGE_PAGE));
	p = map_shared(b.file, 3 * HUGE_PAGE);
	EXPECT(filled(p, b.size, 1));
	EXPECT(zeroed(p + b.size, 3 * HUGE_PAGE - b.size));
	memset(p + b.size, 0x44, 3 * HUGE_PAGE - b.size);
	EXPECT(maps_block(p, b.size, b.pfn));
	EXPECT(pfn_of(p + b.size) != b.pfn + b.size / PAGE);
	EXPECT(!incomplete(&b));
	EXPECT(vm_block_intact(&b));

	/* With O_APPEND's cousin, write(2) at the end. */
	EXPECT_EQ(pwrite(b.file, "end", 3, 3 * HUGE_PAGE), 3);
	EXPECT_OK(fstat(b.file, &st));
	EXPECT_EQ(st.st_size, 3 * HUGE_PAGE + 3);
	EXPECT_OK(munmap(p, 3 * HUGE_PAGE));
	vm_block_destroy(&b);
}

/* Sealing is in the hands of the owner, as long as the module did not do it. */
static void test_seals(void)
{
	struct vm_block b;

	unsealed_create(&b, true);
	/* The module has the last word on seals once it has the file. */
	EXPECT_ERRNO(fcntl(b.file, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
	EXPECT_EQ(fcntl(b.file, F_GET_SEALS) & SIZE_SEALS, 0);
	vm_block_destroy(&b);
}

int main(void)
{
	static const struct vm_test tests[] = {
		{ "sealed", VM_ANY, test_sealed },
		{ "hole of a folio", VM_ANY, test_hole_folio },
		{ "hole of a page", VM_ANY, test_hole_page },
		{ "hole of everything", VM_ANY, test_hole_all },
		{ "hole of the file", ~VM_SYSV, test_hole_file },
	};
	unsigned int i;

	vm_run(tests, ARRAY_SIZE(tests));
	for (i = 0; i < 2; i++) {
		printf("not sealed: %s\n", i ? "memfd" : "tmpfs");
		fflush(stdout);
		test_shrink(i);
		test_grow(i);
	}
	test_seals();
	return 0;
}
