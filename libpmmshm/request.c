// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the caller wants, checked: struct pmmshm_request.
 *
 * The module checks what only it can know; here is what it never sees, or what
 * is easier to say in words before it is asked.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

#define ALLOC_FLAGS	(PMMSHM_NO_SEGMENT | PMMSHM_KEEP_SEGMENT)
#define OPTS_SIZE_MIN	offsetof(struct pmmshm_alloc_opts, caps)
#define OPTS_SIZE_MAX	4096	/* more is not a size but garbage */

/* A caller built against a newer library may not want what we do not know. */
static bool opts_have_tail(const struct pmmshm_alloc_opts *opts)
{
	const char *p = (const char *)opts + sizeof(*opts);
	const char *end = (const char *)opts + opts->size;

	while (p < end)
		if (*p++)
			return true;
	return false;
}

static int opts_check(const struct pmmshm_alloc_opts *opts)
{
	if (opts->size < OPTS_SIZE_MIN || opts->size > OPTS_SIZE_MAX)
		return pmmshm_fail(EINVAL, "pmmshm_alloc_opts.size is %zu, not sizeof(struct pmmshm_alloc_opts)",
				   opts->size);
	if (opts_have_tail(opts))
		return pmmshm_fail(EINVAL, "pmmshm_alloc_opts has fields that libpmmshm %s does not know",
				   pmmshm_version());
	if (opts->flags & ~ALLOC_FLAGS)
		return pmmshm_fail(EINVAL, "unknown bits 0x%x in pmmshm_alloc_opts.flags",
				   opts->flags & ~ALLOC_FLAGS);
	if (opts->align & (opts->align - 1))
		return pmmshm_fail(EINVAL, "alignment %zu is not a power of two",
				   opts->align);
	if (opts->mode & ~PMMSHM_PERMS)
		return pmmshm_fail(EINVAL, "mode %#o has more than permission bits",
				   (unsigned int)opts->mode);
	if (!(opts->flags & PMMSHM_NO_SEGMENT))
		return 0;
	if (opts->mode || opts->flags & PMMSHM_KEEP_SEGMENT)
		return pmmshm_fail(EINVAL, "PMMSHM_NO_SEGMENT goes neither with a mode nor with PMMSHM_KEEP_SEGMENT");
	return 0;
}

/* For pmmshm_block_alloc(); @opts may be NULL. */
int pmmshm_request_init(struct pmmshm_request *r, size_t size,
			const struct pmmshm_alloc_opts *opts)
{
	memset(r, 0, sizeof(*r));
	r->size = size;
	r->mode = 0600;
	r->key = IPC_PRIVATE;
	if (!size)
		return pmmshm_fail(EINVAL, "a block cannot have 0 bytes");
	if (!opts)
		return 0;
	if (opts_check(opts))
		return -1;
	r->align = opts->align;
	r->flags = opts->flags;
	/* The caller may have been built before there was such a field. */
	if (opts->size >= sizeof(*opts))
		r->caps = opts->caps;
	if (opts->mode)
		r->mode = opts->mode;
	return pmmshm_type_name(r->type, opts->type);
}

/* For pmmshm_block_publish(), on top of pmmshm_request_init(). */
int pmmshm_request_publish(struct pmmshm_request *r, key_t key, mode_t mode,
			   const struct pmmshm_alloc_opts *opts)
{
	if (mode & ~PMMSHM_PERMS)
		return pmmshm_fail(EINVAL, "mode %#o has more than permission bits",
				   (unsigned int)mode);
	if (opts && opts->mode)
		return pmmshm_fail(EINVAL, "pmmshm_block_publish: the mode is an argument, leave pmmshm_alloc_opts.mode zero");
	if (r->flags & PMMSHM_NO_SEGMENT)
		return pmmshm_fail(EINVAL, "pmmshm_block_publish: a key needs a segment, but PMMSHM_NO_SEGMENT is given");
	r->flags |= PMMSHM_KEEP_SEGMENT;
	r->key = key;
	r->mode = mode;
	return 0;
}
