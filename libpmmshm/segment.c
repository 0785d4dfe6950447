// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The System V segment that becomes a block's home.
 *
 * It is created 0600, attached but never touched, adopted, and only then given
 * the mode that was asked for.  A segment that is not to be kept is marked for
 * removal as soon as it is attached, even before it is adopted: Linux lets a
 * marked segment be adopted, changed and attached by id for as long as anyone
 * has it attached, and a crash from then on leaves nothing behind.
 *
 * The module refuses a segment that holds pages (EBUSY).  A new one can hold
 * some because somebody guessed its id, or because the process called
 * mlockall(MCL_FUTURE) and shmat() therefore filled it.  So there is a second
 * try with a new segment, which is emptied before.
 */
#include <errno.h>
#include <sys/mman.h>

#include "internal.h"

#define ADOPT_TRIES	4

static bool segment_is_kept(const struct pmmshm_request *r)
{
	return r->flags & PMMSHM_KEEP_SEGMENT;
}

static int segment_mark(struct pmmshm_block *block)
{
	if (block->sys->shmctl(block->shmid, IPC_RMID, NULL))
		return pmmshm_fail(errno, "cannot mark segment %d for removal: %m",
				   block->shmid);
	return 0;
}

/* Takes back pmmshm_segment_open(); keeps errno. */
static void segment_close(struct pmmshm_block *block)
{
	int err = errno;

	/* Marking it twice does no harm. */
	block->sys->shmctl(block->shmid, IPC_RMID, NULL);
	if (block->data)
		block->sys->shmdt(block->data);
	block->data = NULL;
	block->attached = false;
	block->shmid = -1;
	errno = err;
}

static int segment_attach(struct pmmshm_block *block,
			  const struct pmmshm_mapping *m)
{
	void *data = pmmshm_map_anywhere(block->sys, m);

	if (data == MAP_FAILED)
		return pmmshm_explain_attach(block->shmid, NULL, 0, errno);
	block->data = data;
	block->attached = true;
	return 0;
}

/* Gives @block, which has no mapping, a new segment of mode 0600, and maps it. */
int pmmshm_segment_open(struct pmmshm_block *block,
			const struct pmmshm_request *r)
{
	const struct pmmshm_transport *sys = block->sys;
	struct pmmshm_mapping m = {
		.size = block->size,
		.fd = -1,
		.prot = PROT_READ | PROT_WRITE,
	};

	block->shmid = sys->shmget(r->key, block->size, 0600 | IPC_CREAT |
				   IPC_EXCL | block->backend->segment_flags);
	if (block->shmid < 0)
		return pmmshm_explain_shmget(sys, r->key, block->size, errno);
	m.shmid = block->shmid;
	if (segment_attach(block, &m))
		goto err_close;
	if (!segment_is_kept(r) && segment_mark(block))
		goto err_close;
	block->data = pmmshm_map_align(sys, &m, block->data);
	return 0;

err_close:
	segment_close(block);
	return -1;
}

/*
 * Throws out the pages of a segment that nobody has had time to use.  Sets
 * @locked if it was locked in memory, which it no longer is then.
 */
static void segment_empty(const struct pmmshm_block *block, bool *locked)
{
	const struct pmmshm_transport *sys = block->sys;

	*locked = false;
	if (!sys->madvise(block->data, block->size, MADV_REMOVE))
		return;
	if (errno != EINVAL || sys->munlock(block->data, block->size))
		return;
	*locked = true;
	sys->madvise(block->data, block->size, MADV_REMOVE);
}

static int segment_adopt(const struct pmmshm_block *block)
{
	struct pmm_block_adopt req = {
		.size = sizeof(req),
		.flags = PMM_ADOPT_SEAL,
		.address = (uintptr_t)block->data,
	};

	return pmmshm_ioctl(block->sys, block->fd, PMM_IOC_BLOCK_ADOPT, &req);
}

/* As segment_adopt(), for a segment that may not be empty. */
static int segment_empty_and_adopt(const struct pmmshm_block *block)
{
	bool locked;
	int ret;

	segment_empty(block, &locked);
	ret = segment_adopt(block);
	/* The pages never leave memory; this fills the page tables. */
	if (!ret && locked)
		block->sys->mlock(block->data, block->size);
	return ret;
}

/* Without it there is no segment any more. */
int pmmshm_segment_set_mode(struct pmmshm_block *block, mode_t mode)
{
	const struct pmmshm_transport *sys = block->sys;
	struct shmid_ds ds;

	if (mode == 0600)
		return 0;
	if (!sys->shmctl(block->shmid, IPC_STAT, &ds)) {
		ds.shm_perm.mode = mode;
		if (!sys->shmctl(block->shmid, IPC_SET, &ds))
			return 0;
	}
	pmmshm_fail(errno, "cannot set the mode of segment %d to %04o: %m",
		    block->shmid, (unsigned int)mode);
	segment_close(block);
	return -1;
}

/* Gives @block, which has no home and no mapping, a segment, and maps it. */
int pmmshm_segment_create(struct pmmshm_block *block,
			  const struct pmmshm_request *r)
{
	int try, ret;

	for (try = 0; try < ADOPT_TRIES; try++) {
		if (pmmshm_segment_open(block, r))
			return -1;
		ret = try ? segment_empty_and_adopt(block)
			  : segment_adopt(block);
		if (!ret)
			break;
		pmmshm_explain_adopt(block->shmid, errno);
		segment_close(block);
		if (errno != EBUSY)
			return -1;
	}
	if (try == ADOPT_TRIES)
		return -1;
	return pmmshm_segment_set_mode(block, r->mode);
}
