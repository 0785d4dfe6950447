// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The backend "shm": ordinary shared memory, for machines without the module.
 *
 * Without the module nothing makes one piece of memory out of two objects of the
 * kernel.  So a block is one of them, chosen when it is allocated, and has the names
 * that this kind can have: a System V segment has its id, and a file in /dev/shm
 * (PMMSHM_NO_SEGMENT) POSIX names and fds.  What a block cannot have is refused, and
 * said beforehand by pmmshm_block_caps().
 *
 * Any segment, and any file on a tmpfs, can be imported: they are all of the same
 * kind as those made here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "internal.h"

#define SHM_TYPE	"shm"

/* Is it a segment?  Else it is a file. */
static bool is_segment(const struct pmmshm_block *block)
{
	return block->shmid >= 0;
}

/* ------------------------------------------------------------ types of memory */

static int shm_type_get(const struct pmmshm *pmm, unsigned int index,
			struct pmmshm_type_info *info)
{
	struct sysinfo now;

	if (index)
		return pmmshm_fail(ENOENT, "no type of memory number %u", index);
	if (sysinfo(&now))
		return pmmshm_fail(errno, "cannot tell how much memory there is: %m");
	memset(info, 0, sizeof(*info));
	snprintf(info->name, sizeof(info->name), "%s", SHM_TYPE);
	snprintf(info->allocator, sizeof(info->allocator), "kernel");
	info->caps = PMM_TYPE_MAPPABLE;
	info->min_align = pmm->page_size;
	info->max_align = pmm->page_size;
	info->total = (uint64_t)now.totalram * now.mem_unit;
	info->free = (uint64_t)now.freeram * now.mem_unit;
	info->largest_free = info->free;
	info->limit = UINT64_MAX;
	return 0;
}

static int shm_type_resize(const struct pmmshm *pmm, const char *type,
			   uint64_t total)
{
	(void)pmm;
	(void)total;
	if (*type && strcmp(type, SHM_TYPE))
		return pmmshm_fail(ENOENT, "cannot resize %s: no such type of memory; %s",
				   type, PMMSHM_NO_MODULE);
	return pmmshm_fail(EOPNOTSUPP, "cannot resize a pool: there is none; %s",
				   PMMSHM_NO_MODULE);
}

/* ----------------------------------------------------------------- allocating */

/* What only contiguous memory can be. */
static int shm_check(const struct pmmshm *pmm, const struct pmmshm_request *r)
{
	struct pmmshm_text size = pmmshm_bytes(r->size);

	if (r->type[0] && strcmp(r->type, SHM_TYPE))
		return pmmshm_fail(ENOENT, "cannot allocate %s of type '%s': no such type of memory; there is: %s; %s",
				   size.s, r->type, SHM_TYPE, PMMSHM_NO_MODULE);
	if (r->caps & ~PMM_TYPE_MAPPABLE)
		return pmmshm_fail(ENOENT, "cannot allocate %s of a type with capabilities %#llx: there is none; %s",
				   size.s, (unsigned long long)r->caps, PMMSHM_NO_MODULE);
	if (r->align > pmm->page_size)
		return pmmshm_fail(EOPNOTSUPP, "cannot allocate %s at an alignment of %zu: nobody promises one beyond a page; %s",
				   size.s, r->align, PMMSHM_NO_MODULE);
	return 0;
}

static void *shm_map(const struct pmmshm_block *block, int prot)
{
	struct pmmshm_mapping m = {
		.size = block->size,
		.shmid = block->shmid,
		.fd = block->fd,
		.prot = prot,
	};
	void *p;

	/* A segment does not know how it was imported. */
	if (prot & PROT_WRITE && block->readonly) {
		errno = EACCES;
		return MAP_FAILED;
	}
	p = pmmshm_map(block->sys, &m);
	/* Where transparent_hugepage/shmem_enabled is "advise". */
	if (p != MAP_FAILED && block->size >= PMMSHM_HUGE)
		block->sys->madvise(p, block->size, MADV_HUGEPAGE);
	return p;
}

static int shm_alloc_segment(struct pmmshm_block *block,
			     const struct pmmshm_request *r)
{
	if (pmmshm_segment_open(block, r))
		return -1;
	if (block->size >= PMMSHM_HUGE)
		block->sys->madvise(block->data, block->size, MADV_HUGEPAGE);
	block->caps = PMMSHM_CAP_SYSV;
	return pmmshm_segment_set_mode(block, r->mode);
}

static int shm_alloc(struct pmmshm_block *block, const struct pmmshm *pmm,
		     const struct pmmshm_request *r)
{
	if (shm_check(pmm, r))
		return -1;
	block->size = r->size + (-r->size & (pmm->page_size - 1));
	if (block->size < r->size || block->size > PTRDIFF_MAX)
		return pmmshm_fail(EOVERFLOW, "cannot allocate %s: there is no such size",
				   pmmshm_bytes(r->size).s);
	if (!(r->flags & PMMSHM_NO_SEGMENT))
		return shm_alloc_segment(block, r);
	if (pmmshm_file_create(block, r))
		return -1;
	return pmmshm_block_map_itself(block);
}

/* ------------------------------------------------------------------ importing */

static int shm_import_attached(struct pmmshm_block *block,
			       const struct pmmshm *pmm, int flags)
{
	size_t mask = pmm->page_size - 1;
	struct shmid_ds ds;

	/* Attached, it keeps its id; before, another may have had that. */
	if (block->sys->shmctl(block->shmid, IPC_STAT, &ds))
		return pmmshm_explain_attach(block->shmid, NULL, flags, errno);
	if (((ds.shm_segsz + mask) & ~mask) != block->size)
		return pmmshm_fail(EIDRM, "segment %d was replaced while it was attached; try again",
				   block->shmid);
	block->readonly = flags & SHM_RDONLY;
	block->caps = PMMSHM_CAP_SYSV;
	return 0;
}

static int shm_import_fd(struct pmmshm_block *block, const struct pmmshm *pmm,
			 int fd, int flags, const char *source)
{
	if (pmmshm_file_import(block, pmm, fd, flags, source))
		return -1;
	return pmmshm_block_map_itself(block);
}

static int shm_import_address(struct pmmshm_block *block,
			      const struct pmmshm *pmm, const void *address,
			      const char *source)
{
	(void)block;
	(void)pmm;
	(void)address;
	return pmmshm_fail(EOPNOTSUPP, "cannot get the block behind %s: only the module can; import its id, name or fd instead; %s",
			   source, PMMSHM_NO_MODULE);
}

static int shm_find_segment(const struct pmmshm *pmm, int shmid,
			    const void *address, uint64_t *id)
{
	(void)pmm;
	(void)address;
	*id = shmid;
	return 1;
}

/* ------------------------------------------------------------ blocks in hand */

static int segment_get_info(const struct pmmshm_block *block,
			    struct pmmshm_block_info *info)
{
	struct shmid_ds ds;

	if (block->sys->shmctl(block->shmid, IPC_STAT, &ds))
		return pmmshm_fail(errno, "cannot describe the block: %m");
	memset(info, 0, sizeof(*info));
	info->id = block->shmid;
	info->state = PMMSHM_STATE_SYSV | PMMSHM_STATE_SEALED;
	info->holders = ds.shm_nattch;
	info->uid = ds.shm_perm.cuid;
	return 0;
}

static int shm_get_info(const struct pmmshm_block *block,
			struct pmmshm_block_info *info)
{
	int ret = is_segment(block) ? segment_get_info(block, info)
				    : pmmshm_file_get_info(block, info);

	if (ret)
		return ret;
	info->length = block->size;
	info->align = sysconf(_SC_PAGESIZE);
	info->state |= PMMSHM_STATE_HOME;
	if (block->readonly)
		info->state |= PMMSHM_STATE_READONLY;
	info->shmid = block->shmid;
	snprintf(info->type, sizeof(info->type), "%s", SHM_TYPE);
	return 0;
}

static int shm_home_fd(const struct pmmshm_block *block, int flags)
{
	if (is_segment(block))
		return pmmshm_fail(EOPNOTSUPP, "cannot open the block as a file: it is a segment, and nothing else can be had of it; allocate it with PMMSHM_NO_SEGMENT; %s",
				   PMMSHM_NO_MODULE);
	return pmmshm_file_reopen(block, flags);
}

static int shm_link(const struct pmmshm_block *block, const char *name,
		    const char *path, mode_t mode)
{
	if (block->readonly)
		return pmmshm_explain_access(block, "give the block a name",
					     EACCES);
	if (is_segment(block))
		return pmmshm_fail(EOPNOTSUPP, "cannot name the block '%s': it is a segment, and nothing else can be had of it; allocate it with PMMSHM_NO_SEGMENT; %s",
				   name, PMMSHM_NO_MODULE);
	return pmmshm_file_link(block, name, path, mode);
}

static int shm_dmabuf_fd(const struct pmmshm_block *block)
{
	(void)block;
	return pmmshm_fail(EOPNOTSUPP, "cannot make a dma-buf of the block: it is ordinary memory, in pieces; %s",
				   PMMSHM_NO_MODULE);
}

/* No device gets at it, so there is never anything to do. */
static int shm_sync(const struct pmmshm_block *block, size_t offset,
		    size_t length, unsigned int flags)
{
	(void)offset;
	(void)length;
	if (block->readonly && flags & PMMSHM_SYNC_WRITE)
		return pmmshm_explain_access(block, "synchronise the block for writing",
					     EACCES);
	return 0;
}

const struct pmmshm_backend pmmshm_backend_shm = {
	.name = "shm",
	.type_get = shm_type_get,
	.type_resize = shm_type_resize,
	.alloc = shm_alloc,
	.import_attached = shm_import_attached,
	.import_fd = shm_import_fd,
	.import_address = shm_import_address,
	.find_segment = shm_find_segment,
	.get_info = shm_get_info,
	.map = shm_map,
	.home_fd = shm_home_fd,
	.link = shm_link,
	.dmabuf_fd = shm_dmabuf_fd,
	.sync = shm_sync,
};
