// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * System V segments: shmget(), and what else shows one.
 *
 * The kernel makes the segment, with the key, the mode and the errors that the
 * program asked for; then it is attached, never touched, adopted and detached.  A
 * segment that cannot be adopted stays what it is: somebody may have its id.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload.h"

#define RMID_FORCED	"/proc/sys/kernel/shm_rmid_forced"

/* With this, a segment that is detached for the last time is gone. */
static bool rmid_is_forced(void)
{
	const struct pmmshm_transport *sys = next_calls();
	int fd = sys->open(RMID_FORCED, O_RDONLY | O_CLOEXEC, 0);
	char c = '0';

	if (fd < 0)
		return false;
	if (read(fd, &c, 1) != 1)
		c = '0';
	sys->close(fd);
	return c != '0';
}

/* Do these arguments ask for a new segment, of a kind that can be a block? */
static bool is_wanted(key_t key, int flags)
{
	return (key == IPC_PRIVATE || flags & IPC_CREAT) &&
	       !(flags & SHM_HUGETLB);
}

/* shmat() fills the segment if the program has called mlockall(MCL_FUTURE). */
static bool adopt_filled(struct block *b, void *p)
{
	const struct pmmshm_transport *sys = next_calls();

	if (sys->munlock(p, b->size) ||
	    sys->madvise(p, b->size, MADV_REMOVE))
		return false;
	return block_adopt(b, p, PMM_ADOPT_SEAL);
}

static void segment_adopt(struct block *b, int id, key_t key)
{
	const struct pmmshm_transport *sys = next_calls();
	void *p = sys->shmat(id, NULL, 0);
	bool done;

	if (p == (void *)-1) {
		block_refuse(b, "cannot attach it: %m");
		return;
	}
	done = block_adopt(b, p, PMM_ADOPT_SEAL);
	/* Where others have the key, what is in it may be theirs. */
	if (!done && errno == EBUSY && key == IPC_PRIVATE)
		adopt_filled(b, p);
	sys->shmdt(p);
	history_begin(id);
}

static void segment_report(int id, key_t key, size_t size,
			   const struct block *b)
{
	char name[64];

	if (!preload_settings.verbose)
		return;
	snprintf(name, sizeof(name), "segment %d (key 0x%08x)", id,
		 (unsigned int)key);
	report(name, size, b);
}

/* Is there a segment with this key?  That may be asked without any right to it. */
static bool segment_exists(key_t key)
{
	return key != IPC_PRIVATE &&
	       (next_calls()->shmget(key, 0, 0) >= 0 || errno != ENOENT);
}

static int segment_create(key_t key, size_t size, int flags)
{
	const struct pmmshm_transport *sys = next_calls();
	struct block b;
	int id;

	if (segment_exists(key))
		return sys->shmget(key, size, flags);
	if (block_take(&b, size) && rmid_is_forced()) {
		block_refuse(&b, "kernel.shm_rmid_forced is set");
		block_put(&b);
	}
	/* Without a block it does not matter who creates it. */
	id = sys->shmget(key, size, b.fd < 0 ? flags : flags | IPC_EXCL);
	if (id < 0 && errno == EEXIST && !(flags & IPC_EXCL)) {
		/* Somebody was faster. */
		block_put(&b);
		return sys->shmget(key, size, flags);
	}
	if (id >= 0 && b.fd >= 0)
		segment_adopt(&b, id, key);
	block_put(&b);
	if (id >= 0)
		segment_report(id, key, size, &b);
	return id;
}

PRELOAD_EXPORT int shmget(key_t key, size_t size, int flags)
{
	struct guard g;
	int id;

	if (!is_wanted(key, flags))
		return next_calls()->shmget(key, size, flags);
	guard_enter(&g);
	id = segment_create(key, size, flags);
	guard_leave(&g, id < 0);
	return id;
}

PRELOAD_EXPORT void *shmat(int id, const void *address, int flags)
{
	void *p = next_calls()->shmat(id, address, flags);

	if (p != (void *)-1)
		history_attached(id);
	return p;
}

PRELOAD_EXPORT int shmdt(const void *address)
{
	int ret = next_calls()->shmdt(address);

	if (!ret)
		history_detached();
	return ret;
}

PRELOAD_EXPORT int shmctl(int id, int command, struct shmid_ds *ds)
{
	int ret = next_calls()->shmctl(id, command, ds);

	if (ret < 0)
		return ret;
	/* The others are given a place in the kernel's table, and return the id. */
	if (command == IPC_STAT)
		history_hide(id, ds);
	else if (command == SHM_STAT || command == SHM_STAT_ANY)
		history_hide(ret, ds);
	return ret;
}
