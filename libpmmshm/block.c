// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Blocks: struct pmmshm_block.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

/* ---------------------------------------------------------------- one block */

struct pmmshm_block *pmmshm_block_create(const struct pmmshm *pmm)
{
	struct pmmshm_block *block = pmm->sys->calloc(1, sizeof(*block));

	if (!block) {
		pmmshm_fail(ENOMEM, "out of memory");
		return NULL;
	}
	block->sys = pmm->sys;
	block->backend = pmm->backend;
	block->fd = -1;
	block->shmid = -1;
	return block;
}

void pmmshm_block_free(struct pmmshm_block *block)
{
	const struct pmmshm_transport *sys;
	int err = errno;

	if (!block)
		return;
	sys = block->sys;
	if (block->data && block->attached)
		sys->shmdt(block->data);
	else if (block->data)
		sys->munmap(block->data, block->size);
	if (block->fd >= 0)
		sys->close(block->fd);
	sys->free(block);
	errno = err;
}

/* The size that the module tells. */
int pmmshm_block_set_size(struct pmmshm_block *block, uint64_t size)
{
	block->size = size;
	if (block->size != size)
		return pmmshm_fail(EOVERFLOW, "a block of %s does not fit into this program's address space",
				   pmmshm_bytes(size).s);
	return 0;
}

/* Gives @block, which has none, the mapping that pmmshm_block_data() tells. */
int pmmshm_block_map_itself(struct pmmshm_block *block)
{
	void *data = pmmshm_block_map(block, block->readonly
					? PROT_READ : PROT_READ | PROT_WRITE);

	if (!data)
		return -1;
	block->data = data;
	return 0;
}

/* --------------------------------------------------------------- allocating */

/* Sets @block's fd and size. */
static int block_get_memory(struct pmmshm_block *block,
			    const struct pmmshm *pmm,
			    const struct pmmshm_request *r)
{
	struct pmm_alloc req = {
		.size = sizeof(req),
		.length = r->size,
		.align = r->align,
		.caps = r->caps,
	};

	memcpy(req.type, r->type, sizeof(req.type));
	block->fd = pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_ALLOC, &req);
	if (block->fd < 0)
		return pmmshm_explain_alloc(pmm, &req, errno);
	return pmmshm_block_set_size(block, req.actual);
}

int pmmshm_module_alloc(struct pmmshm_block *block, const struct pmmshm *pmm,
			const struct pmmshm_request *r)
{
	int ret;

	if (block_get_memory(block, pmm, r))
		return -1;
	if (r->flags & PMMSHM_NO_SEGMENT)
		ret = pmmshm_block_map_itself(block);
	else
		ret = pmmshm_segment_create(block, r);
	pmmshm_module_set_caps(block, pmm, 0);
	return ret;
}

static struct pmmshm_block *block_alloc(const struct pmmshm *pmm,
					const struct pmmshm_request *r)
{
	struct pmmshm_block *block = pmmshm_block_create(pmm);

	if (!block)
		return NULL;
	if (pmm->backend->alloc(block, pmm, r)) {
		pmmshm_block_free(block);
		return NULL;
	}
	return block;
}

struct pmmshm_block *pmmshm_block_alloc(struct pmmshm *pmm, size_t size,
					const struct pmmshm_alloc_opts *opts)
{
	struct pmmshm_request r;

	if (!pmm) {
		pmmshm_fail(EINVAL, "pmmshm_block_alloc: NULL argument");
		return NULL;
	}
	if (pmmshm_request_init(&r, size, opts))
		return NULL;
	return block_alloc(pmm, &r);
}

struct pmmshm_block *pmmshm_block_publish(struct pmmshm *pmm, size_t size,
					  key_t key, mode_t mode,
					  const struct pmmshm_alloc_opts *opts)
{
	struct pmmshm_request r;

	if (!pmm) {
		pmmshm_fail(EINVAL, "pmmshm_block_publish: NULL argument");
		return NULL;
	}
	if (pmmshm_request_init(&r, size, opts) ||
	    pmmshm_request_publish(&r, key, mode, opts))
		return NULL;
	return block_alloc(pmm, &r);
}

/* --------------------------------------------------------------- describing */

void *pmmshm_block_data(const struct pmmshm_block *block)
{
	return block ? block->data : NULL;
}

size_t pmmshm_block_size(const struct pmmshm_block *block)
{
	return block ? block->size : 0;
}

int pmmshm_block_shmid(const struct pmmshm_block *block)
{
	return block ? block->shmid : -1;
}

int pmmshm_block_fd(const struct pmmshm_block *block)
{
	return block ? block->fd : -1;
}

uint64_t pmmshm_block_caps(const struct pmmshm_block *block)
{
	return block ? block->caps : 0;
}

static uint64_t public_state(uint64_t state)
{
	static const struct {
		uint64_t kernel, library;
	} bits[] = {
		{ PMM_BLOCK_READONLY, PMMSHM_STATE_READONLY },
		{ PMM_BLOCK_HOME, PMMSHM_STATE_HOME },
		{ PMM_BLOCK_HOME_SYSV, PMMSHM_STATE_SYSV },
		{ PMM_BLOCK_HOME_FILE, PMMSHM_STATE_FILE },
		{ PMM_BLOCK_SEALED, PMMSHM_STATE_SEALED },
		{ PMM_BLOCK_INCOMPLETE, PMMSHM_STATE_INCOMPLETE },
		{ PMM_BLOCK_POISONED, PMMSHM_STATE_POISONED },
		{ PMM_BLOCK_GONE, PMMSHM_STATE_GONE },
	};
	uint64_t public = 0;
	size_t i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (state & bits[i].kernel)
			public |= bits[i].library;
	return public;
}

int pmmshm_block_read_info(const struct pmmshm_block *block,
			   struct pmm_block_info *req)
{
	memset(req, 0, sizeof(*req));
	req->size = sizeof(*req);
	if (pmmshm_ioctl(block->sys, block->fd, PMM_IOC_BLOCK_INFO, req))
		return pmmshm_fail(errno, "cannot describe the block: %m");
	return 0;
}

int pmmshm_block_get_info(const struct pmmshm_block *block,
			  struct pmmshm_block_info *info)
{
	if (!block || !info)
		return pmmshm_fail(EINVAL, "pmmshm_block_get_info: NULL argument");
	return block->backend->get_info(block, info);
}

int pmmshm_module_get_info(const struct pmmshm_block *block,
			   struct pmmshm_block_info *info)
{
	struct pmm_block_info req;

	if (pmmshm_block_read_info(block, &req))
		return -1;
	memset(info, 0, sizeof(*info));
	info->id = req.id;
	info->length = req.length;
	info->align = req.align;
	info->phys = req.phys;
	info->state = public_state(req.state);
	info->huge = req.huge;
	info->holders = req.holders;
	info->uid = req.uid;
	info->shmid = block->shmid;
	/* Whoever uses the block fd may have given it a segment. */
	if (info->shmid < 0 && req.state & PMM_BLOCK_HOME_SYSV)
		info->shmid = req.home_ino;
	memcpy(info->type, req.type, sizeof(info->type) - 1);
	info->aliases = req.aliases;
	return 0;
}

/* ---------------------------------------------------------- further access */

void *pmmshm_module_map(const struct pmmshm_block *block, int prot)
{
	struct pmmshm_mapping m = {
		.size = block->size,
		.shmid = -1,
		.fd = block->fd,
		.prot = prot,
	};

	return pmmshm_map(block->sys, &m);
}

void *pmmshm_block_map(const struct pmmshm_block *block, int prot)
{
	void *p;

	if (!block) {
		pmmshm_fail(EINVAL, "pmmshm_block_map: NULL argument");
		return NULL;
	}
	if (prot != PROT_READ && prot != (PROT_READ | PROT_WRITE)) {
		pmmshm_fail(EINVAL, "pmmshm_block_map: prot is 0x%x, neither PROT_READ nor PROT_READ | PROT_WRITE",
			    (unsigned int)prot);
		return NULL;
	}
	p = block->backend->map(block, prot);
	if (p == MAP_FAILED && errno == EOPNOTSUPP) {
		pmmshm_fail(EOPNOTSUPP, "the block's home is a file of a mounted file system: open and map it by its own name");
		return NULL;
	}
	if (p == MAP_FAILED) {
		pmmshm_explain_access(block, prot & PROT_WRITE
					? "map the block for writing"
					: "map the block", errno);
		return NULL;
	}
	return p;
}

int pmmshm_module_home_fd(const struct pmmshm_block *block, int flags)
{
	struct pmm_block_home_fd req = { .size = sizeof(req) };
	int fd;

	if (flags == O_RDONLY)
		req.flags = PMM_HOME_RDONLY;
	fd = pmmshm_ioctl(block->sys, block->fd, PMM_IOC_BLOCK_HOME_FD, &req);
	if (fd >= 0)
		return fd;
	if (errno == EOPNOTSUPP)
		return pmmshm_fail(EOPNOTSUPP, "the block's home is a file of a mounted file system: open it by its own name");
	return pmmshm_explain_access(block, flags == O_RDWR
					? "open the block's home for writing"
					: "open the block's home", errno);
}

int pmmshm_block_home_fd(const struct pmmshm_block *block, int flags)
{
	if (!block)
		return pmmshm_fail(EINVAL, "pmmshm_block_home_fd: NULL argument");
	if (flags != O_RDONLY && flags != O_RDWR)
		return pmmshm_fail(EINVAL, "pmmshm_block_home_fd: flags are 0x%x, neither O_RDONLY nor O_RDWR",
				   (unsigned int)flags);
	return block->backend->home_fd(block, flags);
}
