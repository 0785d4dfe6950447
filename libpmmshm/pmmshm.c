// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The connection to the module: struct pmmshm.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#ifndef PMMSHM_VERSION
#define PMMSHM_VERSION	"0.0.0"
#endif

const char *pmmshm_version(void)
{
	return PMMSHM_VERSION;
}

static const char *device_path(const char *path)
{
	if (!path)
		path = secure_getenv("PMMSHM_DEVICE");
	return path && *path ? path : "/dev/pmm";
}

/* Fills in what @pmm keeps of the module's answer. */
static int check_abi(struct pmmshm *pmm, const char *path)
{
	struct pmm_version version = { .size = sizeof(version) };

	if (pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_VERSION, &version)) {
		if (errno == ENOTTY || errno == EINVAL)
			return pmmshm_fail(EPROTO, "%s: not a pmm device, or one that this libpmmshm (%s) does not know",
					   path, PMMSHM_VERSION);
		return pmmshm_fail(errno, "%s: the module does not tell its version: %m",
				   path);
	}
	if (version.abi != PMM_ABI)
		return pmmshm_fail(EPROTO, "%s: the pmm module %.*s speaks ABI %u, libpmmshm %s speaks %u; use those of the same release",
				   path, PMM_NAME_LEN - 1, version.release,
				   version.abi, PMMSHM_VERSION, PMM_ABI);
	pmm->page_size = version.page_size;
	return 0;
}

struct pmmshm *pmmshm_open_with(const char *path,
				const struct pmmshm_transport *sys)
{
	struct pmmshm *pmm = sys->calloc(1, sizeof(*pmm));

	if (!pmm) {
		pmmshm_fail(ENOMEM, "cannot open %s: out of memory", path);
		return NULL;
	}
	pmm->sys = sys;
	pmm->fd = sys->open(path, O_RDWR | O_CLOEXEC, 0);
	if (pmm->fd < 0) {
		pmmshm_explain_open(sys, path, errno);
		goto err_close;
	}
	if (check_abi(pmm, path))
		goto err_close;
	return pmm;

err_close:
	pmmshm_close(pmm);
	return NULL;
}

struct pmmshm *pmmshm_open(const char *path)
{
	return pmmshm_open_with(device_path(path), &pmmshm_transport_linux);
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
