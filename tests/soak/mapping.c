// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on mappings: more of them, elsewhere, without some pages, in a child.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/inject.h"
#include "operation.h"
#include "tally.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

size_t some_pages(const struct sample *s, size_t *n)
{
	size_t first = below(s->pages);

	/* Mostly a few; now and then everything, in whole folios. */
	if (!below(8)) {
		*n = s->pages;
		return 0;
	}
	*n = 1 + below(below(2) ? 4 : s->pages - first);
	if (*n > s->pages - first)
		*n = s->pages - first;
	return first;
}

static bool op_write(struct sample **slot)
{
	struct sample *s = *slot;
	size_t n, first = some_pages(s, &n);

	sample_write(s, first, n);
	return true;
}

/* The fd through which a sample can be mapped once more, or -1. */
static int mappable(const struct sample *s)
{
	return s->file >= 0 ? s->file : -1;
}

static bool op_map_twice(struct sample **slot)
{
	struct sample *s = *slot;
	bool shared = below(4), file = mappable(s) >= 0;
	char *q;

	if (file)
		q = mmap(NULL, s->pages * PAGE, PROT_READ,
			 (shared ? MAP_SHARED : MAP_PRIVATE) |
			 (below(2) ? MAP_POPULATE : 0), mappable(s), 0);
	else
		q = mremap(s->p, 0, s->pages * PAGE, MREMAP_MAYMOVE);
	if (q == MAP_FAILED)
		return false;
	sample_check_at(s, q, below(s->pages), 1);
	munmap(q, s->pages * PAGE);
	return true;
}

/* To another address, which has the same place in 2 MiB or has not. */
static bool op_move(struct sample **slot)
{
	struct sample *s = *slot;
	size_t size = s->pages * PAGE;
	char *room, *q;

	room = mmap(NULL, size + HUGE_PAGE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		return false;
	q = room + below(512) * PAGE;
	munmap(room, size + HUGE_PAGE);
	q = mremap(s->p, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, q);
	if (q == MAP_FAILED)
		return false;
	s->p = q;
	return true;
}

static bool map_part(struct sample *s, size_t first, size_t n)
{
	return mmap(s->p + first * PAGE, n * PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, mappable(s),
		    first * PAGE) != MAP_FAILED;
}

/* A part of a mapping goes and comes back. */
static bool op_unmap_part(struct sample **slot)
{
	struct sample *s = *slot;
	size_t n, first = some_pages(s, &n);

	if (mappable(s) < 0)
		return false;
	if (map_part(s, first, n))
		return true;
	/* What was there may have gone, and it has to be. */
	inject_wanted(false);
	while (!map_part(s, first, n))
		if (errno != ENOMEM)
			tally_wrong("mmap: errno %d", errno);
	return true;
}

static bool op_protect(struct sample **slot)
{
	struct sample *s = *slot;
	size_t n, first = some_pages(s, &n);

	if (mprotect(s->p + first * PAGE, n * PAGE, PROT_READ))
		return false;
	sample_check(s, first, n);
	/* Its page tables may want memory, and it has to be. */
	inject_wanted(false);
	while (mprotect(s->p + first * PAGE, n * PAGE, PROT_READ | PROT_WRITE))
		if (errno != ENOMEM)
			tally_wrong("mprotect: errno %d", errno);
	return true;
}

static bool op_advise(struct sample **slot)
{
	static const int advices[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
		MADV_DONTNEED, MADV_FREE, MADV_COLD, MADV_PAGEOUT,
		MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_MERGEABLE,
		MADV_UNMERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_COLLAPSE,
		MADV_DONTFORK, MADV_DOFORK, MADV_DONTDUMP, MADV_DODUMP,
	};
	struct sample *s = *slot;
	size_t n, first = some_pages(s, &n);

	return madvise(s->p + first * PAGE, n * PAGE,
		       advices[below(sizeof(advices) / sizeof(*advices))]) == 0;
}

static bool punch_file(struct sample *s, size_t first, size_t n)
{
	return fallocate(s->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 first * PAGE, n * PAGE) == 0;
}

static bool punch_mapping(struct sample *s, size_t first, size_t n)
{
	char *p = s->p + first * PAGE;

	/* At a part that is locked it would stop half-way. */
	if (munlock(p, n * PAGE))
		return false;
	if (madvise(p, n * PAGE, MADV_REMOVE))
		tally_wrong("MADV_REMOVE: errno %d", errno);
	return true;
}

/* Out of the home with some pages, by one way or the other. */
static bool op_punch(struct sample **slot)
{
	struct sample *s = *slot;
	size_t n, first = some_pages(s, &n);

	if (below(4))
		return false;
	if (!(s->file >= 0 && below(2) ? punch_file : punch_mapping)(s, first, n))
		return false;
	sample_punched(s, first, n);
	return true;
}

/* An unsealed file gets shorter, and longer again. */
static bool op_truncate(struct sample **slot)
{
	struct sample *s = *slot;
	size_t rest = below(s->pages);

	if (s->kind != SAMPLE_UNSEALED || below(4) ||
	    ftruncate(s->file, rest * PAGE))
		return false;
	sample_punched(s, rest, s->pages - rest);
	inject_wanted(false);
	if (ftruncate(s->file, s->pages * PAGE))
		tally_wrong("ftruncate: errno %d", errno);
	return true;
}

static bool op_lock(struct sample **slot)
{
	struct sample *s = *slot;
	size_t n, first = some_pages(s, &n);
	int err;

	if (below(2))
		err = mlock2(s->p + first * PAGE, n * PAGE,
			     below(2) ? MLOCK_ONFAULT : 0);
	else
		err = munlock(s->p + first * PAGE, n * PAGE);
	return err == 0;
}

static bool op_sync(struct sample **slot)
{
	unsigned char resident[2048];
	struct sample *s = *slot;

	return msync(s->p, s->pages * PAGE, MS_SYNC) == 0 &&
	       mincore(s->p, s->pages * PAGE, resident) == 0;
}

/* Let go of one holder after the other; the mapping stays. */
static bool op_let_go(struct sample **slot)
{
	struct sample *s = *slot;
	int *fd = below(2) ? &s->fd : &s->file;

	if (*fd < 0 || below(4))
		return false;
	close(*fd);
	*fd = -1;
	return true;
}

/* ... and get one again. */
static bool op_find(struct sample **slot)
{
	struct sample *s = *slot;
	size_t page = below(s->pages);
	int fd = try_find_address(s->p + page * PAGE);

	if (fd < 0)
		return false;
	if (s->fd < 0)
		s->fd = fd;
	else
		close(fd);
	return true;
}

static bool op_home_fd(struct sample **slot)
{
	struct sample *s = *slot;
	int fd;

	if (s->fd < 0)
		return false;
	fd = try_block_home_fd(s->fd, below(2) ? PMM_HOME_RDONLY : 0);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* ---- children ---- */

/* A child is killed at any moment, or ends when it has seen everything. */
static bool op_fork(struct sample **slot)
{
	struct sample *s = *slot;
	int pid, status;

	/* It may not have these pages at all. */
	if (madvise(s->p, s->pages * PAGE, MADV_DOFORK))
		return false;
	pid = fork();
	if (pid < 0)
		return false;
	if (!pid) {
		inject_wanted(false);
		sample_check(s, 0, s->pages);
		_exit(0);
	}
	if (below(2)) {
		usleep(below(20000));
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0)
		;
	if (!WIFSIGNALED(status) && WEXITSTATUS(status))
		_exit(1);
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		tally_wrong("a child got signal %d", WTERMSIG(status));
	return true;
}

const struct operation mapping_operations[] = {
	{ "write", op_write, false },
	{ "map-twice", op_map_twice, false },
	{ "move", op_move, false },
	{ "unmap-part", op_unmap_part, false },
	{ "protect", op_protect, false },
	{ "advise", op_advise, false },
	{ "punch", op_punch, false },
	{ "truncate", op_truncate, false },
	{ "lock", op_lock, false },
	{ "sync", op_sync, false },
	{ "let-go", op_let_go, false },
	{ "find", op_find, false },
	{ "home-fd", op_home_fd, false },
	{ "fork", op_fork, false },
	{ NULL, NULL, false },
};
