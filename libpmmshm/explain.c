// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kernel errors turned into words: what failed, why, and what helps.
 *
 * Each pmmshm_explain_*() sets the error text and errno, and returns -1.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* "64 MiB", "1.5 GiB", "100 bytes": rounded down to one decimal */
struct pmmshm_text pmmshm_bytes(uint64_t n)
{
	static const char * const units[] = {
		"KiB", "MiB", "GiB", "TiB", "PiB", "EiB",
	};
	struct pmmshm_text t;
	uint64_t unit = 1024, tenth;
	size_t i = 0;

	if (n < unit) {
		snprintf(t.s, sizeof(t.s), "%" PRIu64 " byte%s", n,
			 n == 1 ? "" : "s");
		return t;
	}
	while (n / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	tenth = n % unit / (unit / 1024) * 10 / 1024;
	if (tenth)
		snprintf(t.s, sizeof(t.s), "%" PRIu64 ".%" PRIu64 " %s",
			 n / unit, tenth, units[i]);
	else
		snprintf(t.s, sizeof(t.s), "%" PRIu64 " %s", n / unit, units[i]);
	return t;
}

/* ---------------------------------------------------------------- opening */

static struct pmmshm_text group_of(const struct pmmshm_transport *sys,
				   const char *path)
{
	struct pmmshm_text t;
	struct group group, *found;
	char buf[2048];
	struct stat st;

	if (sys->stat(path, &st))
		snprintf(t.s, sizeof(t.s), "its group");
	else if (!getgrgid_r(st.st_gid, &group, buf, sizeof(buf), &found) &&
		 found)
		snprintf(t.s, sizeof(t.s), "group '%s'", found->gr_name);
	else
		snprintf(t.s, sizeof(t.s), "group %u", (unsigned int)st.st_gid);
	return t;
}

int pmmshm_explain_open(const struct pmmshm_transport *sys, const char *path,
			int err)
{
	switch (err) {
	case ENOENT:
		return pmmshm_fail(ENOENT, "%s: no such device node: the pmm module is not loaded (modprobe pmm)",
				   path);
	case ENXIO:
	case ENODEV:
		return pmmshm_fail(ENOENT, "%s: no device behind this node: the pmm module is not loaded (modprobe pmm)",
				   path);
	case EACCES:
		return pmmshm_fail(EACCES, "%s: permission denied: add the user to %s",
				   path, group_of(sys, path).s);
	}
	return pmmshm_fail(err, "%s: cannot open: %m", path);
}

/* -------------------------------------------------------------- allocating */

/* What was asked for, as the start of each message. */
static const char *what(const struct pmm_alloc *req, char *buf, size_t size)
{
	if (req->type[0])
		snprintf(buf, size, "cannot allocate %s of type '%.*s'",
			 pmmshm_bytes(req->length).s, PMM_NAME_LEN, req->type);
	else if (req->caps)
		snprintf(buf, size, "cannot allocate %s of a type with capabilities %#" PRIx64 "%s%.*s",
			 pmmshm_bytes(req->length).s, (uint64_t)req->caps,
			 req->chosen[0] ? ", the closest is " : "",
			 PMM_NAME_LEN - 1, req->chosen);
	else
		snprintf(buf, size, "cannot allocate %s of the default type",
			 pmmshm_bytes(req->length).s);
	return buf;
}

static int explain_exhausted(const char *what, const struct pmm_alloc *req)
{
	if (req->length > req->total)
		return pmmshm_fail(ENOMEM, "%s: the whole pool has %s; load pmm with a larger pool_mb",
				   what, pmmshm_bytes(req->total).s);
	return pmmshm_fail(ENOMEM, "%s: the pool has %s free of %s; free some blocks or load pmm with a larger pool_mb",
			   what, pmmshm_bytes(req->free).s,
			   pmmshm_bytes(req->total).s);
}

static int explain_fragmented(const char *what, const struct pmm_alloc *req)
{
	return pmmshm_fail(ENOMEM, "%s: the pool has %s free but the longest free range is %s (fragmented); free some blocks or load pmm with a larger pool_mb",
			   what, pmmshm_bytes(req->free).s,
			   pmmshm_bytes(req->largest_free).s);
}

static int explain_alignment(const char *what, const struct pmm_alloc *req)
{
	char align[64] = "the natural alignment";

	if (req->align)
		snprintf(align, sizeof(align), "an alignment of %s",
			 pmmshm_bytes(req->align).s);
	return pmmshm_fail(ENOMEM, "%s: the longest free range is %s but none is long enough at %s; ask for a smaller alignment or free some blocks",
			   what, pmmshm_bytes(req->largest_free).s, align);
}

static int explain_quarantine(const char *what, const struct pmm_alloc *req)
{
	return pmmshm_fail(ENOMEM, "%s: the pool has %s free of %s, and freed blocks that would make room are still pinned by a device or a program; wait for it or end it",
			   what, pmmshm_bytes(req->free).s,
			   pmmshm_bytes(req->total).s);
}

static int explain_quota(const char *what, const struct pmm_alloc *req, int err)
{
	return pmmshm_fail(err, "%s: this user has %s of a quota of %s; free some blocks, or have the quota raised",
			   what, pmmshm_bytes(req->quota_used).s,
			   pmmshm_bytes(req->quota).s);
}

static int explain_reserve(const char *what, const struct pmm_alloc *req)
{
	return pmmshm_fail(ENOMEM, "%s: the pool has %s free of %s, and what is left is in reserve for privileged programs; free some blocks, or load pmm with a larger pool_mb",
			   what, pmmshm_bytes(req->free).s,
			   pmmshm_bytes(req->total).s);
}

static int explain_type(const struct pmmshm *pmm, const char *what)
{
	struct pmm_type_info info;
	char list[256] = "";
	size_t used = 0;
	uint32_t i;

	for (i = 0; used < sizeof(list); i++) {
		memset(&info, 0, sizeof(info));
		info.size = sizeof(info);
		info.index = i;
		if (pmmshm_ioctl(pmm->sys, pmm->fd, PMM_IOC_TYPE, &info))
			break;
		used += snprintf(list + used, sizeof(list) - used, "%s%.*s",
				 i ? ", " : "", PMM_NAME_LEN - 1, info.name);
	}
	if (!list[0])
		return pmmshm_fail(ENOENT, "%s: no such type of memory", what);
	return pmmshm_fail(ENOENT, "%s: no such type of memory; there is: %s",
			   what, list);
}

static int explain_reason(const char *what, const struct pmm_alloc *req,
			  int err)
{
	switch (req->reason) {
	case PMM_REASON_EXHAUSTED:
		return explain_exhausted(what, req);
	case PMM_REASON_FRAGMENTED:
		return explain_fragmented(what, req);
	case PMM_REASON_ALIGNMENT:
		return explain_alignment(what, req);
	case PMM_REASON_QUARANTINE:
		return explain_quarantine(what, req);
	case PMM_REASON_QUOTA:
		return explain_quota(what, req, err);
	case PMM_REASON_RESERVE:
		return explain_reserve(what, req);
	case PMM_REASON_KERNEL:
		return pmmshm_fail(err, "%s: the kernel has no memory left for its own bookkeeping; end some programs",
				   what);
	}
	return pmmshm_fail(err, "%s: %m", what);
}

/* @req as PMM_IOC_ALLOC left it when it failed with @err. */
int pmmshm_explain_alloc(const struct pmmshm *pmm, const struct pmm_alloc *req,
			 int err)
{
	char buf[192];

	what(req, buf, sizeof(buf));
	switch (err) {
	case ENOENT:
		return explain_type(pmm, buf);
	case ENOMEM:
	case EDQUOT:
		return explain_reason(buf, req, err);
	case EOPNOTSUPP:
		return pmmshm_fail(err, "%s: that type has no blocks, but pages are moved there (pmmshm_migrate())",
				   buf);
	case EINVAL:
		return pmmshm_fail(err, "%s: the module refuses this size, or an alignment of %s; pmmshm_type_get() tells the limits",
				   buf, pmmshm_bytes(req->align).s);
	case EMFILE:
		return pmmshm_fail(err, "%s: %m; each block is an open file: raise the limit (ulimit -n)",
				   buf);
	}
	return pmmshm_fail(err, "%s: %m", buf);
}

/* ---------------------------------------------------------------- resizing */

/* @req as PMM_IOC_RESIZE left it when it failed with @err. */
int pmmshm_explain_resize(const struct pmm_resize *req, int err)
{
	const char *type = req->type[0] ? req->type : "the default type";
	struct pmmshm_text total = pmmshm_bytes(req->total);
	struct pmmshm_text actual = pmmshm_bytes(req->actual);

	switch (err) {
	case EPERM:
		return pmmshm_fail(err, "only root may resize a pool (CAP_SYS_ADMIN)");
	case ENOENT:
		return pmmshm_fail(err, "cannot resize %s: no such type of memory",
				   type);
	case EOPNOTSUPP:
		return pmmshm_fail(err, "cannot resize %s: its memory is a driver's",
				   type);
	case EBUSY:
		return pmmshm_fail(err, "cannot shrink %s to %s: it has %s now, and no free 2 MiB are left to give back; free some blocks",
				   type, total.s, actual.s);
	case ENOMEM:
		return pmmshm_fail(err, "cannot resize %s to %s: it has %s now, and %s; free some memory of the machine",
				   type, total.s, actual.s,
				   req->reason == PMM_RESIZE_RESERVE ?
				   "more would leave the machine too little" :
				   "the kernel cannot free more");
	}
	return pmmshm_fail(err, "cannot resize %s: %m", type);
}

/* ------------------------------------------------------------------ moving */

static const char *why_stayed(uint32_t reason)
{
	switch (reason) {
	case PMM_MIGRATE_UNMAPPED:
		return "nothing is mapped at some of its addresses";
	case PMM_MIGRATE_UNFIT:
		return "some is a file's, shared memory or a device's, which stay where they are";
	case PMM_MIGRATE_SHARED:
		return "some is shared, since a fork or by KSM; write to it first";
	case PMM_MIGRATE_LARGE:
		return "some is in huge pages that could not be split";
	case PMM_MIGRATE_BUSY:
		return "some is pinned, by a device or a transfer, or in use just then; try again";
	case PMM_MIGRATE_NO_ROOM:
		return "the type has no room for the rest; move something else back";
	case PMM_MIGRATE_QUOTA:
		return "the rest would exceed this user's quota; move something back";
	case PMM_MIGRATE_RESERVE:
		return "what is left of the type is in reserve for privileged programs";
	case PMM_MIGRATE_NO_MEMORY:
		return "the kernel has no free memory for the rest; end some programs";
	}
	return NULL;
}

/* @req as PMM_IOC_MIGRATE left it when it failed with @err. */
int pmmshm_explain_migrate(const struct pmm_migrate *req, int err)
{
	struct pmmshm_text length = pmmshm_bytes(req->length);
	struct pmmshm_text done = pmmshm_bytes(req->moved + req->there);
	const char *type = req->type[0] ? req->type : "system RAM";
	const char *why = why_stayed(req->reason);

	if (why)
		return pmmshm_fail(err, "cannot move all of %s to %s: %s is there, and %s",
				   length.s, type, done.s, why);
	switch (err) {
	case ENOENT:
		return pmmshm_fail(err, "cannot move memory to %s: no such type of memory",
				   type);
	case ENODEV:
		return pmmshm_fail(err, "cannot move memory to %s: that type is for blocks; one is for either (pmm_pci migrate=1, regions=NAME:SIZE@START:migrate)",
				   type);
	case ESRCH:
		return pmmshm_fail(err, "cannot move memory to %s: its process has ended",
				   type);
	case ENOTTY:
	case EOPNOTSUPP:
		return pmmshm_fail(err, "cannot move memory to %s: the pmm module, or the kernel, cannot do that",
				   type);
	}
	return pmmshm_fail(err, "cannot move %s to %s: %m", length.s, type);
}

/* ----------------------------------------------------------------- quotas */

/* PMM_IOC_QUOTA with @req failed with @err. */
int pmmshm_explain_quota(const struct pmm_quota *req, int err)
{
	const char *type = req->type[0] ? req->type : "the default type";

	switch (err) {
	case EPERM:
		return pmmshm_fail(err, "only root may look at the quotas of others, or change any (CAP_SYS_RESOURCE)");
	case ENOENT:
		return pmmshm_fail(err, "no quota of %s: no such type of memory",
				   type);
	case EINVAL:
		return pmmshm_fail(err, "no quota of %s for user %u: there is no such user in this user namespace",
				   type, req->uid);
	}
	return pmmshm_fail(err, "no quota of %s for user %u: %m", type,
			   req->uid);
}

/* ------------------------------------------------------------- NUMA nodes */

static int explain_online_busy(const struct pmm_online *req)
{
	if (req->reason == PMM_ONLINE_ALREADY)
		return pmmshm_fail(EBUSY, "type %s is on NUMA node %d already",
				   req->type, (int)req->node);
	return pmmshm_fail(EBUSY, "cannot hand type %s to the kernel: it has blocks (pmmctl blocks --type %s), or memory that processes had moved there; free it first",
			   req->type, req->type);
}

static int explain_online_node(const struct pmm_online *req)
{
	if (req->node == PMM_NODE_ANY)
		return pmmshm_fail(ENODEV, "cannot hand type %s to the kernel: it knows of no NUMA node that is empty; name one (--node 0 adds to it), or have the firmware describe one more",
				   req->type);
	return pmmshm_fail(ENODEV, "cannot hand type %s to the kernel: there is no NUMA node %d, see /sys/devices/system/node/possible",
			   req->type, (int)req->node);
}

/* @req as PMM_IOC_ONLINE left it when it failed with @err. */
int pmmshm_explain_online(const struct pmm_online *req, int err)
{
	switch (err) {
	case EPERM:
		return pmmshm_fail(err, "only root may hand memory to the kernel (CAP_SYS_ADMIN)");
	case ENOENT:
		return pmmshm_fail(err, "cannot hand type %s to the kernel: no such type of memory",
				   req->type);
	case EOPNOTSUPP:
		return pmmshm_fail(err, "cannot hand type %s to the kernel: it is not a region of a device, or of RAM set aside at boot",
				   req->type);
	case EBUSY:
		return explain_online_busy(req);
	case EINVAL:
		return pmmshm_fail(err, "cannot hand type %s to the kernel: it has no whole memory block there; these are %s long, and aligned",
				   req->type, pmmshm_bytes(req->block_size).s);
	case ENODEV:
		return explain_online_node(req);
	case EIO:
		if (req->reason == PMM_ONLINE_ERRORS)
			return pmmshm_fail(err, "cannot hand type %s to the kernel: some of it had memory errors, which only the type knows to avoid",
					   req->type);
		return pmmshm_fail(err, "the kernel does not take the memory of type %s; its log says why (dmesg)",
				   req->type);
	}
	return pmmshm_fail(err, "cannot hand type %s to the kernel: %m",
			   req->type);
}

/* ", the first at 0x..." of what could not be moved, if the caller may know */
static struct pmmshm_text first_page(const struct pmm_offline *req)
{
	struct pmmshm_text t = { "" };

	if (req->pages[0])
		snprintf(t.s, sizeof(t.s), ", the first page at %#" PRIx64,
			 (uint64_t)req->pages[0]);
	return t;
}

static int explain_offline_busy(const struct pmm_offline *req)
{
	if (!req->pinned && !req->unmovable)
		return pmmshm_fail(EBUSY, "cannot take type %s back: %s are in use, and there is no room for them elsewhere, or no time to move them; end some programs, or try for longer",
				   req->type, pmmshm_bytes(req->used).s);
	return pmmshm_fail(EBUSY, "cannot take type %s back: %s are in use, of which %s are pinned by a device or a program, and %s cannot be moved for other reasons%s; end their users, or try for longer",
			   req->type, pmmshm_bytes(req->used).s,
			   pmmshm_bytes(req->pinned).s,
			   pmmshm_bytes(req->unmovable).s, first_page(req).s);
}

/* @req as PMM_IOC_OFFLINE left it when it failed with @err. */
int pmmshm_explain_offline(const struct pmm_offline *req, int err)
{
	switch (err) {
	case EPERM:
		return pmmshm_fail(err, "only root may take memory back from the kernel (CAP_SYS_ADMIN)");
	case ENOENT:
		return pmmshm_fail(err, "cannot take type %s back: it is not on a NUMA node",
				   req->type);
	case EBUSY:
		return explain_offline_busy(req);
	}
	return pmmshm_fail(err, "cannot take type %s back: %m", req->type);
}

/* ---------------------------------------------------------------- segments */

/* ENOSPC has two causes; the kernel tells which limit is reached. */
static int explain_no_space(const struct pmmshm_transport *sys, size_t size)
{
	struct shminfo limits = { 0 };
	struct shm_info used = { 0 };

	if (sys->shmctl(0, IPC_INFO, (struct shmid_ds *)&limits) < 0 ||
	    sys->shmctl(0, SHM_INFO, (struct shmid_ds *)&used) < 0)
		return pmmshm_fail(ENOSPC, "cannot create a segment of %s: too many segments; remove some (ipcrm), or raise kernel.shmmni or kernel.shmall",
				   pmmshm_bytes(size).s);
	if ((unsigned long)used.used_ids >= limits.shmmni)
		return pmmshm_fail(ENOSPC, "cannot create a segment: there are %d, as many as kernel.shmmni allows; remove some (ipcrm) or raise it",
				   used.used_ids);
	return pmmshm_fail(ENOSPC, "cannot create a segment of %s: all segments have %lu of the %lu pages that kernel.shmall allows; remove some (ipcrm) or raise it",
			   pmmshm_bytes(size).s, used.shm_tot,
			   (unsigned long)limits.shmall);
}

static int explain_key(const struct pmmshm_transport *sys, key_t key)
{
	/* This asks for no permission, so it works with anybody's segment. */
	int shmid = sys->shmget(key, 0, 0);

	if (shmid < 0)
		return pmmshm_fail(EEXIST, "key 0x%08x is taken; choose another",
				   (unsigned int)key);
	return pmmshm_fail(EEXIST, "key 0x%08x is taken by segment %d; choose another, or remove that one (ipcrm -m %d)",
			   (unsigned int)key, shmid, shmid);
}

int pmmshm_explain_shmget(const struct pmmshm_transport *sys, key_t key,
			  size_t size, int err)
{
	switch (err) {
	case EEXIST:
		return explain_key(sys, key);
	case ENOSPC:
		return explain_no_space(sys, size);
	case EINVAL:
		return pmmshm_fail(err, "cannot create a segment of %s: it is larger than kernel.shmmax; raise that",
				   pmmshm_bytes(size).s);
	}
	return pmmshm_fail(err, "cannot create a segment of %s: %m",
			   pmmshm_bytes(size).s);
}

int pmmshm_explain_adopt(int shmid, int err)
{
	switch (err) {
	case EBUSY:
		return pmmshm_fail(err, "cannot turn segment %d into a block: again and again somebody used it first; if it was mlockall(MCL_FUTURE), add MCL_ONFAULT, or use PMMSHM_NO_SEGMENT",
				   shmid);
	case EOPNOTSUPP:
		return pmmshm_fail(err, "cannot turn segment %d into a block: this pmm module does not adopt System V segments; use PMMSHM_NO_SEGMENT",
				   shmid);
	}
	return pmmshm_fail(err, "cannot turn segment %d into a block: %m",
			   shmid);
}

static int explain_denied(int shmid, const struct shmid_ds *ds, int flags)
{
	return pmmshm_fail(EACCES, "cannot attach segment %d for %s: permission denied: it belongs to user %u and has mode %04o; %s",
			   shmid,
			   flags & SHM_RDONLY ? "reading" : "reading and writing",
			   (unsigned int)ds->shm_perm.uid,
			   (unsigned int)(ds->shm_perm.mode & PMMSHM_PERMS),
			   flags & SHM_RDONLY
				? "its owner can change that"
				: "ask for SHM_RDONLY, or have its owner change that");
}

/* shmat() or shmctl() failed; @ds NULL if nothing is known of the segment. */
int pmmshm_explain_attach(int shmid, const struct shmid_ds *ds, int flags,
			  int err)
{
	switch (err) {
	case EINVAL:
	case EIDRM:
		return pmmshm_fail(err, "there is no segment %d", shmid);
	case EACCES:
		if (ds)
			return explain_denied(shmid, ds, flags);
		return pmmshm_fail(err, "segment %d: permission denied: its owner has to let this user read it",
				   shmid);
	case ENOMEM:
		return pmmshm_fail(err, "cannot attach segment %d: no address space or too many mappings (vm.max_map_count)",
				   shmid);
	}
	return pmmshm_fail(err, "cannot attach segment %d: %m", shmid);
}

/* ------------------------------------------------------------------- blocks */

/* @what: what could not be done with it */
int pmmshm_explain_access(const struct pmmshm_block *block, const char *what,
			  int err)
{
	if (block->readonly && (err == EACCES || err == EPERM))
		return pmmshm_fail(err, "cannot %s: it was imported for reading only",
				   what);
	return pmmshm_fail(err, "cannot %s: %m", what);
}

/* -------------------------------------------------------------- POSIX names */

/* Making an unnamed file of the block's size failed. */
int pmmshm_explain_name_file(const char *name, int err)
{
	switch (err) {
	case ENOENT:
	case ENOTDIR:
		return pmmshm_fail(err, "cannot name the block '%s': there is no directory /dev/shm; mount a tmpfs there",
				   name);
	case EOPNOTSUPP:
	case EISDIR:
		return pmmshm_fail(EOPNOTSUPP, "cannot name the block '%s': /dev/shm is not a tmpfs; mount one there",
				   name);
	case EACCES:
		return pmmshm_fail(err, "cannot name the block '%s': this user may not make files in /dev/shm, whose mode is usually 1777",
				   name);
	case ENOSPC:
		return pmmshm_fail(err, "cannot name the block '%s': the tmpfs on /dev/shm has as many files as it may; remove some or mount it with a larger nr_inodes",
				   name);
	case EFBIG:
		return pmmshm_fail(err, "cannot name the block '%s': it is larger than files may be; raise the limit (ulimit -f)",
				   name);
	}
	return pmmshm_fail(err, "cannot name the block '%s': %m", name);
}

/* The kernel does not tell which of the two files is the obstacle. */
static int explain_name_unsupported(const struct pmmshm_block *block,
				    const char *name)
{
	struct pmm_block_info info;

	if (!pmmshm_block_read_info(block, &info) &&
	    info.state & PMM_BLOCK_HOME_FILE)
		return pmmshm_fail(EOPNOTSUPP, "cannot name the block '%s': its home is a file of a mounted file system, which can be given further links instead",
				   name);
	return pmmshm_explain_name_file(name, EOPNOTSUPP);
}

/* PMM_IOC_BLOCK_ALIAS failed for such a file. */
int pmmshm_explain_name_alias(const struct pmmshm_block *block,
			      const char *name, int err)
{
	switch (err) {
	case EINVAL:
		return pmmshm_explain_name_file(name, EOPNOTSUPP);
	case EOPNOTSUPP:
		return explain_name_unsupported(block, name);
	case ENOTTY:
		return pmmshm_fail(EOPNOTSUPP, "cannot name the block '%s': this pmm module gives no POSIX names; load a newer one",
				   name);
	case EBUSY:
		return pmmshm_fail(err, "cannot name the block '%s': it is just being given a home; try again",
				   name);
	case EACCES:
		return pmmshm_explain_access(block, "give the block a name",
					     err);
	}
	return pmmshm_fail(err, "cannot name the block '%s': %m", name);
}

/* linkat() of such a file failed. */
int pmmshm_explain_name_link(const char *name, int err)
{
	switch (err) {
	case EEXIST:
		return pmmshm_fail(err, "cannot name the block '%s': the name is taken; choose another, or shm_unlink() that one",
				   name);
	case ENOENT:
		return pmmshm_fail(err, "cannot name the block '%s': /proc is not mounted, and a file gets its name through it",
				   name);
	}
	return pmmshm_explain_name_file(name, err);
}

static int explain_name_denied(const struct pmmshm_transport *sys,
			       const char *name, const char *path, int flags)
{
	const char *how = flags == O_RDONLY ? "reading" : "reading and writing";
	const char *help = flags == O_RDONLY
				? "its owner can change that"
				: "ask for O_RDONLY, or have its owner change that";
	struct stat st;

	if (sys->stat(path, &st))
		return pmmshm_fail(EACCES, "cannot open '%s' for %s: permission denied",
				   name, how);
	return pmmshm_fail(EACCES, "cannot open '%s' for %s: permission denied: it belongs to user %u and has mode %04o; %s",
			   name, how, (unsigned int)st.st_uid,
			   (unsigned int)(st.st_mode & PMMSHM_PERMS), help);
}

/* Opening @path, the file of @name, failed. */
int pmmshm_explain_name_open(const struct pmmshm_transport *sys,
			     const char *name, const char *path, int flags,
			     int err)
{
	switch (err) {
	case ENOENT:
		return pmmshm_fail(err, "there is no shared memory with the name '%s'",
				   name);
	case ELOOP:
		return pmmshm_fail(err, "'%s' is a symbolic link, not shared memory",
				   name);
	case EACCES:
		return explain_name_denied(sys, name, path, flags);
	}
	return pmmshm_fail(err, "cannot open '%s': %m", name);
}
