// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pages of a process into device memory and back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

static void migration_fill(struct pmmshm_migration *to,
			   const struct pmm_migrate *from)
{
	to->moved = from->moved;
	to->there = from->there;
	to->unmapped = from->unmapped;
	to->unfit = from->unfit;
	to->shared = from->shared;
	to->large = from->large;
	to->busy = from->busy;
	to->left = from->left;
}

/*
 * Huge pages that are mapped in pieces can be moved only once they are split.  What
 * does that, page by page, is the advice that they are not needed soon.
 */
static void split_large(const struct pmmshm *pmm, const struct pmm_migrate *req)
{
	uintptr_t page = (uintptr_t)req->address & ~(pmm->page_size - 1);
	uintptr_t end = (uintptr_t)(req->address + req->length);

	for (; page < end; page += pmm->page_size)
		pmm->sys->madvise((void *)page, pmm->page_size, MADV_COLD);
}

/* Is it worth another call?  Signals end one early, with some of it done. */
static bool go_on(const struct pmmshm *pmm, const struct pmm_migrate *req,
		  bool *split)
{
	if (errno == EINTR)
		return true;
	if (errno != EBUSY || !req->large || !*split)
		return false;
	split_large(pmm, req);
	*split = false;
	return true;
}

/* What one call has moved, the next one finds there. */
static int migrate_all(const struct pmmshm *pmm, struct pmm_migrate *req,
		       bool split)
{
	uint64_t moved = 0, before;
	int ret;

	do {
		before = moved;
		ret = pmm->sys->ioctl(pmm->fd, PMM_IOC_MIGRATE, req);
		moved += req->moved;
	} while (ret && go_on(pmm, req, &split));
	if (before > req->there)
		before = req->there;
	req->moved += before;
	req->there -= before;
	return ret;
}

static int request_init(const struct pmmshm *pmm, struct pmm_migrate *req,
			uint64_t address, uint64_t length, const char *type)
{
	if (pmm->backend != &pmmshm_backend_module)
		return pmmshm_fail(EOPNOTSUPP, "cannot move memory to a device: %s",
				   PMMSHM_NO_MODULE);
	if (!type)
		type = "";
	if (strlen(type) >= sizeof(req->type))
		return pmmshm_fail(ENOENT, "no type of memory has a name as long as '%s'",
				   type);
	memset(req, 0, sizeof(*req));
	req->size = sizeof(*req);
	req->address = address;
	req->length = length;
	memcpy(req->type, type, strlen(type));
	return 0;
}

int pmmshm_migrate(struct pmmshm *pmm, void *addr, size_t len,
		   const char *type, struct pmmshm_migration *figures)
{
	struct pmm_migrate req;
	int ret, err;

	if (!pmm)
		return pmmshm_fail(EINVAL, "pmmshm_migrate: NULL argument");
	if (request_init(pmm, &req, (uintptr_t)addr, len, type))
		return -1;
	ret = migrate_all(pmm, &req, true);
	err = errno;
	if (figures)
		migration_fill(figures, &req);
	return ret ? pmmshm_explain_migrate(&req, err) : 0;
}

static int explain_open(pid_t pid, int err)
{
	switch (err) {
	case ENOENT:
		return pmmshm_fail(ESRCH, "cannot move memory of process %d: there is none",
				   (int)pid);
	case EACCES:
	case EPERM:
		return pmmshm_fail(err, "cannot move memory of process %d: only who may ptrace it can do that",
				   (int)pid);
	}
	return pmmshm_fail(err, "cannot move memory of process %d: %m", (int)pid);
}

int pmmshm_migrate_process(struct pmmshm *pmm, pid_t pid, uint64_t addr,
			   uint64_t len, const char *type,
			   struct pmmshm_migration *figures)
{
	struct pmm_migrate req;
	char path[64];
	int ret, err;

	if (!pmm)
		return pmmshm_fail(EINVAL, "pmmshm_migrate_process: NULL argument");
	if (request_init(pmm, &req, addr, len, type))
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	req.flags = PMM_MIGRATE_MEM;
	req.mem_fd = pmm->sys->open(path, O_RDONLY | O_CLOEXEC, 0);
	if (req.mem_fd < 0)
		return explain_open(pid, errno);
	ret = migrate_all(pmm, &req, false);
	err = errno;
	pmm->sys->close(req.mem_fd);
	if (figures)
		migration_fill(figures, &req);
	return ret ? pmmshm_explain_migrate(&req, err) : 0;
}
