// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What users may have of a type.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

/* One of PMM_QUOTA_* */
static int quota_call(struct pmmshm *pmm, const char *type, uid_t uid,
		      uint32_t what, struct pmm_quota *req)
{
	req->size = sizeof(*req);
	req->flags = what;
	req->uid = uid;
	if (pmmshm_module_need(pmm, "pmmshm_quota") ||
	    pmmshm_type_name(req->type, type))
		return -1;
	if (pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_QUOTA, req))
		return pmmshm_explain_quota(req, errno);
	return 0;
}

int pmmshm_quota_get(struct pmmshm *pmm, const char *type, uid_t uid,
		     struct pmmshm_quota_info *info)
{
	struct pmm_quota req = { 0 };

	if (!info)
		return pmmshm_fail(EINVAL, "pmmshm_quota_get: NULL argument");
	if (quota_call(pmm, type, uid, PMM_QUOTA_GET, &req))
		return -1;
	info->limit = req.bytes;
	info->used = req.used;
	info->all_limit = req.all_limit;
	info->all_used = req.all_used;
	return 0;
}

int pmmshm_quota_set(struct pmmshm *pmm, const char *type, uid_t uid,
		     uint64_t limit)
{
	struct pmm_quota req = { .bytes = limit };

	return quota_call(pmm, type, uid, PMM_QUOTA_SET, &req);
}

int pmmshm_quota_reset(struct pmmshm *pmm, const char *type, uid_t uid)
{
	struct pmm_quota req = { 0 };

	return quota_call(pmm, type, uid, PMM_QUOTA_RESET, &req);
}
