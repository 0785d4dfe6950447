// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Blocks that others made, found behind their segments.
 *
 * The kernel has no way from a shmid to a block, and needs none: attaching the
 * segment checks the caller's permissions, and the mapping leads to the block,
 * with the rights of that mapping.  It then serves as the block's mapping.
 */
#include <errno.h>
#include <sys/mman.h>

#include "internal.h"

/* Attaches segment @shmid, of which @ds was read before. */
static int import_attach(struct pmmshm_block *block, size_t page_size,
			 int shmid, int flags, const struct shmid_ds *ds)
{
	struct pmmshm_mapping m = {
		.size = ds->shm_segsz,
		.shmid = shmid,
		.fd = -1,
		.prot = flags & SHM_RDONLY ? PROT_READ
					   : PROT_READ | PROT_WRITE,
	};
	void *data;

	m.size += -m.size & (page_size - 1);
	data = pmmshm_map(block->sys, &m);
	if (data == MAP_FAILED)
		return pmmshm_explain_attach(shmid, ds, flags, errno);
	block->data = data;
	block->attached = true;
	block->shmid = shmid;
	block->size = m.size;
	return 0;
}

/* Gets the block behind the segment that @block has attached. */
static int import_find(struct pmmshm_block *block, const struct pmmshm *pmm)
{
	struct pmm_find req = {
		.size = sizeof(req),
		.flags = PMM_FIND_ADDRESS,
		.address = (uintptr_t)block->data,
	};

	block->fd = pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_FIND, &req);
	if (block->fd >= 0)
		return 0;
	if (errno == ENOENT)
		return pmmshm_fail(ENOENT, "segment %d is an ordinary one, not a pmm block",
				   block->shmid);
	return pmmshm_fail(errno, "cannot get the block of segment %d: %m",
			   block->shmid);
}

/* An id may be given to another segment between two looks at it. */
static int import_check(struct pmmshm_block *block)
{
	struct pmm_block_info info;

	if (pmmshm_block_read_info(block, &info))
		return -1;
	if (info.length != block->size)
		return pmmshm_fail(EIDRM, "segment %d was replaced while it was attached; try again",
				   block->shmid);
	block->readonly = info.state & PMM_BLOCK_READONLY;
	return 0;
}

static struct pmmshm_block *block_import(const struct pmmshm *pmm, int shmid,
					 int flags, const struct shmid_ds *ds)
{
	struct pmmshm_block *block = pmmshm_block_create(pmm);

	if (!block)
		return NULL;
	if (import_attach(block, pmm->page_size, shmid, flags, ds) ||
	    import_find(block, pmm) || import_check(block)) {
		pmmshm_block_free(block);
		return NULL;
	}
	return block;
}

struct pmmshm_block *pmmshm_block_import_shmid(struct pmmshm *pmm, int shmid,
					       int flags)
{
	struct shmid_ds ds;

	if (!pmm) {
		pmmshm_fail(EINVAL, "pmmshm_block_import_shmid: NULL argument");
		return NULL;
	}
	if (flags & ~SHM_RDONLY) {
		pmmshm_fail(EINVAL, "pmmshm_block_import_shmid: unknown bits 0x%x in the flags",
			    (unsigned int)(flags & ~SHM_RDONLY));
		return NULL;
	}
	/* Whoever may attach may also do this. */
	if (pmm->sys->shmctl(shmid, IPC_STAT, &ds)) {
		pmmshm_explain_attach(shmid, NULL, flags, errno);
		return NULL;
	}
	return block_import(pmm, shmid, flags, &ds);
}
