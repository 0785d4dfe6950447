// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which System V segments are blocks.
 *
 * Nothing in ipc/ tells, and the module does not know ids.  So each segment that
 * the caller may read is attached for an instant, and the backend asked what there
 * is at that address.  What nobody has ever attached cannot be a block, and is left
 * alone: detaching again would be its end where kernel.shm_rmid_forced is set.
 */
#include <errno.h>

#include "internal.h"

/* Sets @info from what is true while segment @shmid is attached at @address. */
static bool list_describe(const struct pmmshm *pmm, int shmid, uint64_t id,
			  struct pmmshm_segment_info *info)
{
	struct shmid_ds ds;

	/* This one, and not the one that had its place before. */
	if (pmm->sys->shmctl(shmid, IPC_STAT, &ds))
		return false;
	*info = (struct pmmshm_segment_info){
		.id = id,
		.length = ds.shm_segsz,
		/* One of them is the look that is being taken. */
		.attached = ds.shm_nattch - 1,
		.shmid = shmid,
		.key = ds.shm_perm.__key,
		.mode = ds.shm_perm.mode & PMMSHM_PERMS,
		.uid = ds.shm_perm.uid,
		.gid = ds.shm_perm.gid,
		.flags = ds.shm_perm.mode & SHM_DEST ? PMMSHM_SEGMENT_REMOVED
						     : 0,
	};
	return true;
}

int pmmshm_module_find_segment(const struct pmmshm *pmm, int shmid,
			       const void *address, uint64_t *id)
{
	struct pmm_find req = {
		.size = sizeof(req),
		.flags = PMM_FIND_ADDRESS,
		.address = (uintptr_t)address,
	};
	int fd = pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_FIND, &req);

	if (fd >= 0) {
		pmm->sys->close(fd);
		*id = req.id;
		return 1;
	}
	if (errno == ENOENT)
		return 0;
	return pmmshm_fail(errno, "cannot tell whether segment %d is a block: %m",
			   shmid);
}

/* As find_segment(), for the segment that is at @place in the kernel's table. */
static int list_look(const struct pmmshm *pmm, int place,
		     struct pmmshm_segment_info *info)
{
	const struct pmmshm_transport *sys = pmm->sys;
	int shmid, ret, err;
	struct shmid_ds ds;
	uint64_t id = 0;
	void *p;

	shmid = sys->shmctl(place, SHM_STAT, &ds);
	if (shmid < 0 || !ds.shm_atime)
		return 0;
	p = sys->shmat(shmid, NULL, SHM_RDONLY);
	if (p == (void *)-1)
		return 0;
	ret = pmm->backend->find_segment(pmm, shmid, p, &id);
	if (ret > 0 && !list_describe(pmm, shmid, id, info))
		ret = 0;
	err = errno;
	sys->shmdt(p);
	errno = err;
	return ret;
}

int pmmshm_segment_next(struct pmmshm *pmm, unsigned int *place,
			struct pmmshm_segment_info *info)
{
	struct pmmshm_segment_info found;
	struct shm_info all;
	unsigned int i;
	int last, ret;

	if (!pmm || !place || !info)
		return pmmshm_fail(EINVAL, "pmmshm_segment_next: NULL argument");
	last = pmm->sys->shmctl(0, SHM_INFO, (struct shmid_ds *)&all);
	if (last < 0)
		return pmmshm_fail(errno, "cannot list segments: %m");
	for (i = *place; i <= (unsigned int)last; i++) {
		ret = list_look(pmm, i, &found);
		if (ret < 0)
			return -1;
		if (!ret)
			continue;
		*place = i + 1;
		*info = found;
		return 0;
	}
	return pmmshm_fail(ENOENT, "there is no further segment that is a block");
}
