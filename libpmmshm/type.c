// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Types of memory: describing them, and resizing their pools.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

static void type_info_fill(struct pmmshm_type_info *to,
			   const struct pmm_type_info *from)
{
	memset(to, 0, sizeof(*to));
	memcpy(to->name, from->name, sizeof(to->name) - 1);
	memcpy(to->allocator, from->allocator, sizeof(to->allocator) - 1);
	to->caps = from->caps;
	to->min_align = from->min_align;
	to->max_align = from->max_align;
	to->total = from->total;
	to->free = from->free;
	to->largest_free = from->largest_free;
	to->quarantined = from->quarantined;
	to->retired = from->retired;
	to->blocks = from->blocks;
	to->limit = from->limit;
}

int pmmshm_module_type_get(const struct pmmshm *pmm, unsigned int index,
			   struct pmmshm_type_info *info)
{
	struct pmm_type_info req = { .size = sizeof(req), .index = index };

	if (pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_TYPE, &req)) {
		if (errno == ENOENT)
			return pmmshm_fail(ENOENT, "no type of memory number %u",
					   index);
		return pmmshm_fail(errno, "cannot describe type of memory number %u: %m",
				   index);
	}
	type_info_fill(info, &req);
	return 0;
}

int pmmshm_type_get(struct pmmshm *pmm, unsigned int index,
		    struct pmmshm_type_info *info)
{
	if (!pmm || !info)
		return pmmshm_fail(EINVAL, "pmmshm_type_get: NULL argument");
	return pmm->backend->type_get(pmm, index, info);
}

/* Put a type's name into a request; NULL is the empty one, of the default type. */
int pmmshm_type_name(char *to, const char *type)
{
	if (!type)
		type = "";
	if (strlen(type) >= PMM_NAME_LEN)
		return pmmshm_fail(ENOENT, "no type of memory has a name as long as '%s'",
				   type);
	memcpy(to, type, strlen(type) + 1);
	return 0;
}

int pmmshm_module_type_resize(const struct pmmshm *pmm, const char *type,
			      uint64_t total)
{
	struct pmm_resize req = { .size = sizeof(req), .total = total };

	memcpy(req.type, type, strlen(type));
	if (pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_RESIZE, &req))
		return pmmshm_explain_resize(&req, errno);
	return 0;
}

int pmmshm_type_resize(struct pmmshm *pmm, const char *type, uint64_t total)
{
	char name[PMM_NAME_LEN];

	if (!pmm)
		return pmmshm_fail(EINVAL, "pmmshm_type_resize: NULL argument");
	if (pmmshm_type_name(name, type))
		return -1;
	return pmm->backend->type_resize(pmm, name, total);
}
