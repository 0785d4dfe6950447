// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Mappings at addresses where the kernel can use 2 MiB pages.
 *
 * The kernel maps a 2 MiB folio whole only at a multiple of 2 MiB, and by
 * itself shmat() chooses such an address only where transparent huge pages are
 * switched on for shared memory.  So the memory is first mapped anywhere; if
 * that is not good enough, a range with 2 MiB to spare is reserved, a hole of
 * exactly the right size is made in it, the memory is mapped there once more,
 * and the first mapping goes.
 *
 * Another thread may map something into the hole first.  Nothing here ever
 * replaces a mapping (no MAP_FIXED, no SHM_REMAP), so that is noticed, and the
 * next try is made elsewhere.  What is left of the reservation on both sides
 * keeps other threads' own reservations out of the hole.
 *
 * The first mapping is there all the time because kernel.shm_rmid_forced makes
 * a shmat() that fails destroy a segment that nobody has attached.
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

static void unmap(const struct pmmshm_transport *sys,
		  const struct pmmshm_mapping *m, void *p)
{
	if (m->shmid >= 0)
		sys->shmdt(p);
	else
		sys->munmap(p, m->size);
}

/* From @p to the next boundary. */
static size_t huge_gap(const void *p)
{
	return -(uintptr_t)p & (PMMSHM_HUGE - 1);
}

/* Sets @again if another address may do. */
static void *map_aligned(const struct pmmshm_transport *sys,
			 const struct pmmshm_mapping *m, bool *again)
{
	size_t head, length = m->size + PMMSHM_HUGE;
	void *p = MAP_FAILED;
	char *base;

	*again = false;
	if (length < m->size)
		return MAP_FAILED;
	base = sys->mmap(NULL, length, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return MAP_FAILED;
	head = huge_gap(base);
	if (sys->munmap(base + head, m->size)) {
		sys->munmap(base, length);
		return MAP_FAILED;
	}
	p = map_at(sys, m, base + head);
	/* Taken meanwhile: EEXIST from mmap(), EINVAL from shmat(). */
	*again = p == MAP_FAILED && (errno == EEXIST || errno == EINVAL);
	if (head)
		sys->munmap(base, head);
	sys->munmap(base + head + m->size, PMMSHM_HUGE - head);
	return p;
}

/* Wherever the kernel likes.  MAP_FAILED with errno of shmat() or mmap(). */
void *pmmshm_map_anywhere(const struct pmmshm_transport *sys,
			  const struct pmmshm_mapping *m)
{
	return map_at(sys, m, NULL);
}

/*
 * Moves @p, a mapping of @m, to a 2 MiB boundary if @m is that large and such an
 * address is to be had.  Returns where it is then.
 */
void *pmmshm_map_align(const struct pmmshm_transport *sys,
		       const struct pmmshm_mapping *m, void *p)
{
	bool again = m->size >= PMMSHM_HUGE && huge_gap(p);
	void *aligned = MAP_FAILED;
	int i;

	for (i = 0; again && i < MAP_TRIES; i++)
		aligned = map_aligned(sys, m, &again);
	if (aligned == MAP_FAILED)
		return p;
	unmap(sys, m, p);
	return aligned;
}

/* Both.  MAP_FAILED with the errno of shmat() or mmap(). */
void *pmmshm_map(const struct pmmshm_transport *sys,
		 const struct pmmshm_mapping *m)
{
	void *p = pmmshm_map_anywhere(sys, m);

	return p == MAP_FAILED ? p : pmmshm_map_align(sys, m, p);
}
