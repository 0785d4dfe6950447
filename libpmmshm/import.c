// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Blocks that others made, found behind one of their names.
 *
 * The module goes from a file or from an address to the block, and grants what
 * that file or mapping grants.  The other names are turned into one of these by
 * the calls that everybody uses, which check the caller's permissions: a POSIX
 * name is opened, a segment is attached.  That attachment then serves as the
 * block's mapping; in all other cases the block gets one of its own, and what the
 * caller came with remains his.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#include "internal.h"

/* How messages call what the caller came with. */
struct import_source {
	char s[NAME_MAX + 8];
};

/* Sets @block's fd to the block that @req finds. */
static int import_find(struct pmmshm_block *block, const struct pmmshm *pmm,
		       struct pmm_find *req, const char *source)
{
	req->size = sizeof(*req);
	block->fd = pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_FIND, req);
	if (block->fd >= 0)
		return 0;
	if (errno == ENOENT)
		return pmmshm_fail(ENOENT, "there is no pmm block behind %s",
				   source);
	if (errno == EACCES)
		return pmmshm_fail(EACCES, "cannot get the block behind %s: that is not open for reading",
				   source);
	return pmmshm_fail(errno, "cannot get the block behind %s: %m", source);
}

/* ----------------------------------------------------------------- segments */

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

/* An id may be given to another segment between two looks at it. */
static int import_check(struct pmmshm_block *block, const struct pmmshm *pmm)
{
	struct pmm_block_info info;

	if (pmmshm_block_read_info(block, &info))
		return -1;
	if (info.length != block->size)
		return pmmshm_fail(EIDRM, "segment %d was replaced while it was attached; try again",
				   block->shmid);
	block->readonly = info.state & PMM_BLOCK_READONLY;
	pmmshm_module_set_caps(block, pmm, info.state);
	return 0;
}

int pmmshm_module_import_attached(struct pmmshm_block *block,
				  const struct pmmshm *pmm, int flags)
{
	struct pmm_find req = {
		.flags = PMM_FIND_ADDRESS,
		.address = (uintptr_t)block->data,
	};
	struct import_source source;

	/* What it was attached for, the module sees at the address. */
	(void)flags;
	snprintf(source.s, sizeof(source.s), "segment %d", block->shmid);
	if (import_find(block, pmm, &req, source.s))
		return -1;
	return import_check(block, pmm);
}

static struct pmmshm_block *import_segment(const struct pmmshm *pmm, int shmid,
					   int flags, const struct shmid_ds *ds)
{
	struct pmmshm_block *block = pmmshm_block_create(pmm);

	if (!block)
		return NULL;
	if (import_attach(block, pmm->page_size, shmid, flags, ds) ||
	    pmm->backend->import_attached(block, pmm, flags)) {
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
	return import_segment(pmm, shmid, flags, &ds);
}

/* -------------------------------------------------------- files and addresses */

static int import_describe(struct pmmshm_block *block, const struct pmmshm *pmm)
{
	struct pmm_block_info info;

	if (pmmshm_block_read_info(block, &info))
		return -1;
	block->readonly = info.state & PMM_BLOCK_READONLY;
	pmmshm_module_set_caps(block, pmm, info.state);
	return pmmshm_block_set_size(block, info.length);
}

/*
 * Takes the right to write from @block, whose fd so far grants it: found once
 * more, through its home opened for reading.
 */
static int import_restrict(struct pmmshm_block *block, const struct pmmshm *pmm,
			   const char *source)
{
	struct pmm_find req = { .flags = PMM_FIND_FD };
	int writable = block->fd, ret, err;

	req.fd = pmmshm_block_home_fd(block, O_RDONLY);
	if (req.fd < 0)
		return -1;
	ret = import_find(block, pmm, &req, source);
	err = errno;
	block->sys->close(req.fd);
	block->sys->close(writable);
	errno = err;
	block->readonly = true;
	block->caps &= ~PMMSHM_CAPS_OF_WRITERS;
	return ret;
}

/* What @flags ask for, no more and no less. */
static int import_set_access(struct pmmshm_block *block,
			     const struct pmmshm *pmm, int flags,
			     const char *source)
{
	if (flags == O_RDONLY && !block->readonly)
		return import_restrict(block, pmm, source);
	if (flags == O_RDWR && block->readonly)
		return pmmshm_fail(EACCES, "cannot write to the block behind %s: that is open for reading only; ask for O_RDONLY",
				   source);
	return 0;
}

/*
 * The module cannot keep a file of a mounted file system, and so map such a home
 * by the block's own fd; whoever has that file can.
 */
static int import_map(struct pmmshm_block *block, const struct pmm_find *req,
		      const char *source)
{
	struct pmmshm_mapping m = {
		.size = block->size,
		.shmid = -1,
		.fd = req->fd,
		.prot = block->readonly ? PROT_READ : PROT_READ | PROT_WRITE,
	};
	void *data;

	if (!pmmshm_block_map_itself(block))
		return 0;
	if (errno != EOPNOTSUPP || req->flags != PMM_FIND_FD)
		return -1;
	data = pmmshm_map(block->sys, &m);
	if (data == MAP_FAILED && errno == EOPNOTSUPP)
		return -1;
	if (data == MAP_FAILED)
		return pmmshm_fail(errno, "cannot map the block behind %s: %m",
				   source);
	block->data = data;
	return 0;
}

/* @flags: O_RDONLY or O_RDWR; or whatever is granted, if negative */
static int import_found(struct pmmshm_block *block, const struct pmmshm *pmm,
			struct pmm_find *req, int flags, const char *source)
{
	if (import_find(block, pmm, req, source) ||
	    import_describe(block, pmm) ||
	    import_set_access(block, pmm, flags, source))
		return -1;
	return import_map(block, req, source);
}

int pmmshm_module_import_fd(struct pmmshm_block *block,
			    const struct pmmshm *pmm, int fd, int flags,
			    const char *source)
{
	struct pmm_find req = { .flags = PMM_FIND_FD, .fd = fd };

	return import_found(block, pmm, &req, flags, source);
}

int pmmshm_module_import_address(struct pmmshm_block *block,
				 const struct pmmshm *pmm, const void *address,
				 const char *source)
{
	struct pmm_find req = {
		.flags = PMM_FIND_ADDRESS,
		.address = (uintptr_t)address,
	};

	return import_found(block, pmm, &req, -1, source);
}

static struct pmmshm_block *import_file(const struct pmmshm *pmm, int fd,
					int flags, const char *source)
{
	struct pmmshm_block *block = pmmshm_block_create(pmm);

	if (!block)
		return NULL;
	if (pmm->backend->import_fd(block, pmm, fd, flags, source)) {
		pmmshm_block_free(block);
		return NULL;
	}
	return block;
}

static int import_check_flags(const char *function, int flags)
{
	if (flags == O_RDONLY || flags == O_RDWR)
		return 0;
	return pmmshm_fail(EINVAL, "%s: flags are 0x%x, neither O_RDONLY nor O_RDWR",
			   function, (unsigned int)flags);
}

struct pmmshm_block *pmmshm_block_import_fd(struct pmmshm *pmm, int fd,
					    int flags)
{
	struct import_source source;

	if (!pmm) {
		pmmshm_fail(EINVAL, "pmmshm_block_import_fd: NULL argument");
		return NULL;
	}
	if (import_check_flags("pmmshm_block_import_fd", flags))
		return NULL;
	snprintf(source.s, sizeof(source.s), "fd %d", fd);
	return import_file(pmm, fd, flags, source.s);
}

struct pmmshm_block *pmmshm_block_import_address(struct pmmshm *pmm,
						 const void *address)
{
	struct import_source source;
	struct pmmshm_block *block;

	if (!pmm || !address) {
		pmmshm_fail(EINVAL, "pmmshm_block_import_address: NULL argument");
		return NULL;
	}
	snprintf(source.s, sizeof(source.s), "address 0x%" PRIxPTR,
		 (uintptr_t)address);
	block = pmmshm_block_create(pmm);
	if (!block)
		return NULL;
	if (pmm->backend->import_address(block, pmm, address, source.s)) {
		pmmshm_block_free(block);
		return NULL;
	}
	return block;
}

/* The file of a name; as shm_open(), and a FIFO there does not stop it. */
static int import_open_name(const struct pmmshm *pmm, const char *name,
			    int flags)
{
	struct pmmshm_path path;
	int fd;

	if (pmmshm_name_path(&path, name))
		return -1;
	fd = pmm->sys->open(path.s, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			    0);
	if (fd < 0)
		return pmmshm_explain_name_open(pmm->sys, name, path.s, flags,
						errno);
	return fd;
}

struct pmmshm_block *pmmshm_block_import_name(struct pmmshm *pmm,
					      const char *name, int flags)
{
	struct pmmshm_block *block;
	struct import_source source;
	int fd, err;

	if (!pmm || !name) {
		pmmshm_fail(EINVAL, "pmmshm_block_import_name: NULL argument");
		return NULL;
	}
	if (import_check_flags("pmmshm_block_import_name", flags))
		return NULL;
	fd = import_open_name(pmm, name, flags);
	if (fd < 0)
		return NULL;
	snprintf(source.s, sizeof(source.s), "'%s'", name);
	block = import_file(pmm, fd, flags, source.s);
	err = errno;
	pmm->sys->close(fd);
	errno = err;
	return block;
}
