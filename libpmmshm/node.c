// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Types whose memory is ordinary RAM, of a NUMA node.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

int pmmshm_node_get(struct pmmshm *pmm, unsigned int index,
		    struct pmmshm_node_info *info)
{
	struct pmm_node_info req = { .size = sizeof(req), .index = index };

	if (!info)
		return pmmshm_fail(EINVAL, "pmmshm_node_get: NULL argument");
	if (pmmshm_module_need(pmm, "pmmshm_node_get"))
		return -1;
	if (pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_NODE, &req)) {
		/* A module that knows no nodes has none. */
		if (errno == ENOENT || errno == ENOTTY)
			return pmmshm_fail(ENOENT, "there are not as many types on NUMA nodes as %u",
					   index);
		return pmmshm_fail(errno, "cannot describe the type on a NUMA node number %u: %m",
				   index);
	}
	memset(info, 0, sizeof(*info));
	memcpy(info->type, req.type, sizeof(info->type) - 1);
	info->node = req.node;
	info->offset = req.offset;
	info->length = req.length;
	info->online = req.online;
	info->block_size = req.block_size;
	info->first = req.first;
	return 0;
}

int pmmshm_node_online(struct pmmshm *pmm, const char *type, int node,
		       uint64_t offset, uint64_t length)
{
	struct pmm_online req = {
		.size = sizeof(req),
		.node = node,
		.offset = offset,
		.length = length,
	};

	if (pmmshm_module_need(type && *type ? pmm : NULL,
			       "pmmshm_node_online"))
		return -1;
	if (pmmshm_type_name(req.type, type))
		return -1;
	if (pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_ONLINE, &req))
		return pmmshm_explain_online(&req, errno);
	return 0;
}

int pmmshm_node_offline(struct pmmshm *pmm, const char *type,
			unsigned int timeout_ms)
{
	struct pmm_offline req = {
		.size = sizeof(req),
		.timeout_ms = timeout_ms,
	};

	if (pmmshm_module_need(type && *type ? pmm : NULL,
			       "pmmshm_node_offline"))
		return -1;
	if (pmmshm_type_name(req.type, type))
		return -1;
	if (pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_OFFLINE, &req))
		return pmmshm_explain_offline(&req, errno);
	return 0;
}
