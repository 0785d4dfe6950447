// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The connection: struct pmmshm.  It is to the module, or to what stands in for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#ifndef PMMSHM_VERSION
#define PMMSHM_VERSION	"0.0.0"
#endif

const char *pmmshm_version(void)
{
	return PMMSHM_VERSION;
}

static struct pmmshm *create(const struct pmmshm_transport *sys,
			     const struct pmmshm_backend *backend)
{
	struct pmmshm *pmm = sys->calloc(1, sizeof(*pmm));

	if (!pmm)
		return NULL;
	pmm->sys = sys;
	pmm->backend = backend;
	pmm->fd = -1;
	return pmm;
}

/* On the module's device @path. */
struct pmmshm *pmmshm_open_with(const char *path,
				const struct pmmshm_transport *sys)
{
	struct pmmshm *pmm = create(sys, &pmmshm_backend_module);

	if (!pmm) {
		pmmshm_fail(ENOMEM, "cannot open %s: out of memory", path);
		return NULL;
	}
	pmm->fd = sys->open(path, O_RDWR | O_CLOEXEC, 0);
	if (pmm->fd < 0) {
		pmmshm_explain_open(sys, path, errno);
		goto err_close;
	}
	if (pmmshm_module_check(pmm, path))
		goto err_close;
	return pmm;

err_close:
	pmmshm_close(pmm);
	return NULL;
}

/* On ordinary shared memory. */
struct pmmshm *pmmshm_open_shm(const struct pmmshm_transport *sys)
{
	struct pmmshm *pmm = create(sys, &pmmshm_backend_shm);

	if (!pmm) {
		pmmshm_fail(ENOMEM, "out of memory");
		return NULL;
	}
	pmm->page_size = sysconf(_SC_PAGESIZE);
	return pmm;
}

/*
 * A device that somebody names has to be there.  One that is there and cannot be
 * used is an error, too: whoever installed the module does not expect other memory.
 */
struct pmmshm *pmmshm_open(const char *path)
{
	const struct pmmshm_transport *sys = &pmmshm_transport_linux;
	const char *backend = secure_getenv("PMMSHM_BACKEND");
	const char *device = path ? path : secure_getenv("PMMSHM_DEVICE");
	bool named = device && *device;
	struct pmmshm *pmm;

	if (!backend || !*backend)
		backend = "auto";
	if (!strcmp(backend, "shm"))
		return pmmshm_open_shm(sys);
	if (strcmp(backend, "auto") && strcmp(backend, "pmm")) {
		pmmshm_fail(EINVAL, "PMMSHM_BACKEND is '%s': write pmm, shm or auto",
			    backend);
		return NULL;
	}
	pmm = pmmshm_open_with(named ? device : "/dev/pmm", sys);
	if (!pmm && errno == ENOENT && !named && !strcmp(backend, "auto"))
		return pmmshm_open_shm(sys);
	return pmm;
}

const char *pmmshm_backend(const struct pmmshm *pmm)
{
	return pmm ? pmm->backend->name : NULL;
}

void pmmshm_close(struct pmmshm *pmm)
{
	const struct pmmshm_transport *sys;
	int err = errno;

	if (!pmm)
		return;
	sys = pmm->sys;
	if (pmm->fd >= 0)
		sys->close(pmm->fd);
	sys->free(pmm);
	errno = err;
}
