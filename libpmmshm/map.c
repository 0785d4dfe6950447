// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Mappings at addresses where the kernel can use 2 MiB pages.
 *
 * The kernel maps a 2 MiB folio whole only at a multiple of 2 MiB, and by
 * itself shmat() chooses such an address only where transparent huge pages are
 * switched on for shared memory.  So a range with 2 MiB to spare is reserved,
 * a hole of exactly the right size is made in it, and the mapping goes there.
 *
 * Another thread may map something into the hole first.  Nothing here ever
 * replaces a mapping (no MAP_FIXED, no SHM_REMAP), so that is noticed, and the
 * next try is made elsewhere.  What is left of the reservation on both sides
 * keeps other threads' own reservations out of the hole.
 */
#include <errno.h>
#include <sys/mman.h>

#include "internal.h"

#define MAP_TRIES	16

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif

/* @addr NULL: anywhere. */
static void *map_at(const struct pmmshm_transport *sys,
		    const struct pmmshm_mapping *m, void *addr)
{
	int flags = MAP_SHARED;

	if (m->shmid >= 0)
		return sys->shmat(m->shmid, addr,
				  m->prot & PROT_WRITE ? 0 : SHM_RDONLY);
	if (addr)
		flags |= MAP_FIXED_NOREPLACE;
	return sys->mmap(addr, m->size, m->prot, flags, m->fd, 0);
}

static char *align_up(char *p)
{
	return p + (-(uintptr_t)p & (PMMSHM_HUGE - 1));
}

/* Returns MAP_FAILED with EEXIST when there is no such address to be had. */
static void *map_aligned(const struct pmmshm_transport *sys,
			 const struct pmmshm_mapping *m)
{
	size_t length = m->size + PMMSHM_HUGE;
	char *base, *hole, *end;
	void *p = MAP_FAILED;
	int err = EEXIST;

	if (length < m->size)
		goto out;
	base = sys->mmap(NULL, length, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		goto out;
	hole = align_up(base);
	end = hole + m->size;
	if (sys->munmap(hole, m->size)) {
		sys->munmap(base, length);
		goto out;
	}
	p = map_at(sys, m, hole);
	if (p == MAP_FAILED)
		err = errno;
	if (hole > base)
		sys->munmap(base, hole - base);
	if (base + length > end)
		sys->munmap(end, base + length - end);
out:
	if (p == MAP_FAILED)
		errno = err;
	return p;
}

/*
 * Maps at a 2 MiB boundary if @m is that large, and without one if none is to
 * be had.  Returns MAP_FAILED with the errno of shmat() or mmap().
 */
void *pmmshm_map(const struct pmmshm_transport *sys,
		 const struct pmmshm_mapping *m)
{
	void *p;
	int i;

	for (i = 0; m->size >= PMMSHM_HUGE && i < MAP_TRIES; i++) {
		p = map_aligned(sys, m);
		/* Taken meanwhile: EEXIST from mmap(), EINVAL from shmat(). */
		if (p != MAP_FAILED || (errno != EEXIST && errno != EINVAL))
			return p;
	}
	return map_at(sys, m, NULL);
}
