// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The backend "pmm": the module, asked by ioctls.  What it does is in the files
 * that the functions are about; this is the table, and what belongs to no object.
 */
#include <errno.h>
#include <string.h>
#include <sys/shm.h>

#include "internal.h"

/* Do we speak its ABI?  Fills in what @pmm keeps of its answer. */
int pmmshm_module_check(struct pmmshm *pmm, const char *path)
{
	struct pmm_version version = { .size = sizeof(version) };

	if (pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_VERSION, &version)) {
		if (errno == ENOTTY || errno == EINVAL)
			return pmmshm_fail(EPROTO, "%s: not a pmm device, or one that this libpmmshm (%s) does not know",
					   path, pmmshm_version());
		return pmmshm_fail(errno, "%s: the module does not tell its version: %m",
				   path);
	}
	if (version.abi != PMM_ABI)
		return pmmshm_fail(EPROTO, "%s: the pmm module %.*s speaks ABI %u, libpmmshm %s speaks %u; use those of the same release",
				   path, PMM_NAME_LEN - 1, version.release,
				   version.abi, pmmshm_version(), PMM_ABI);
	pmm->page_size = version.page_size;
	pmm->caps = version.caps;
	return 0;
}

/* For what only the module can do: is there one?  Whoever asks is named. */
int pmmshm_module_need(const struct pmmshm *pmm, const char *function)
{
	if (!pmm)
		return pmmshm_fail(EINVAL, "%s: NULL argument", function);
	if (pmm->backend != &pmmshm_backend_module)
		return pmmshm_fail(EOPNOTSUPP, "%s: this is ordinary shared memory, without the pmm module",
				   function);
	return 0;
}

int pmmshm_module_get(struct pmmshm *pmm, struct pmmshm_module_info *info)
{
	struct pmm_version version = { .size = sizeof(version) };

	if (!info)
		return pmmshm_fail(EINVAL, "pmmshm_module_get: NULL argument");
	if (pmmshm_module_need(pmm, "pmmshm_module_get"))
		return -1;
	if (pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_VERSION, &version))
		return pmmshm_fail(errno, "the module does not tell its version: %m");
	memset(info, 0, sizeof(*info));
	memcpy(info->release, version.release, sizeof(info->release) - 1);
	info->abi = version.abi;
	info->page_size = version.page_size;
	info->caps = version.caps;
	return 0;
}

/* @state: PMM_BLOCK_* of a block that was imported, else 0 */
void pmmshm_module_set_caps(struct pmmshm_block *block,
			    const struct pmmshm *pmm, uint64_t state)
{
	uint64_t caps = PMMSHM_CAP_CONTIGUOUS | PMMSHM_CAP_RESIDENT |
			PMMSHM_CAP_FD;

	if (block->shmid >= 0 || state & PMM_BLOCK_HOME_SYSV)
		caps |= PMMSHM_CAP_SYSV;
	/* Files of mounted file systems have names of their own. */
	if (pmm->caps & PMM_CAP_ALIAS && !(state & PMM_BLOCK_HOME_FILE))
		caps |= PMMSHM_CAP_NAME;
	if (pmm->caps & PMM_CAP_DMABUF)
		caps |= PMMSHM_CAP_DEVICE;
	if (block->readonly)
		caps &= ~PMMSHM_CAPS_OF_WRITERS;
	block->caps = caps;
}

const struct pmmshm_backend pmmshm_backend_module = {
	.name = "pmm",
	/* The block is the memory; the segment's own is never used. */
	.segment_flags = SHM_NORESERVE,
	.type_get = pmmshm_module_type_get,
	.type_resize = pmmshm_module_type_resize,
	.alloc = pmmshm_module_alloc,
	.import_attached = pmmshm_module_import_attached,
	.import_fd = pmmshm_module_import_fd,
	.import_address = pmmshm_module_import_address,
	.find_segment = pmmshm_module_find_segment,
	.get_info = pmmshm_module_get_info,
	.map = pmmshm_module_map,
	.home_fd = pmmshm_module_home_fd,
	.link = pmmshm_module_link,
	.dmabuf_fd = pmmshm_module_dmabuf_fd,
	.sync = pmmshm_module_sync,
};
