// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A block from the module, and its adoption.
 *
 * Called between guard_enter() and guard_leave() only.  Reasons are put into words
 * only if somebody is going to read them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "preload.h"

/* The reason why memory stays ordinary. */
void block_refuse(struct block *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(b->why, sizeof(b->why), format, args);
	va_end(args);
}

static bool refuse_open(struct block *b, int err)
{
	b->why[0] = '?';
	if (preload_settings.verbose) {
		pmmshm_explain_open(next_calls(), preload_settings.device, err);
		block_refuse(b, "%s", pmmshm_error());
	}
	return false;
}

static bool refuse_alloc(struct block *b, int control,
			 const struct pmm_alloc *req, int err)
{
	struct pmmshm pmm = { .sys = next_calls(), .fd = control };

	b->why[0] = '?';
	if (preload_settings.verbose) {
		pmmshm_explain_alloc(&pmm, req, err);
		block_refuse(b, "%s", pmmshm_error());
	}
	return false;
}

static int try_alloc(int control, struct pmm_alloc *req, size_t size,
		     size_t align)
{
	memset(req, 0, sizeof(*req));
	req->size = sizeof(*req);
	req->length = size;
	req->align = align;
	memcpy(req->type, preload_settings.type, sizeof(req->type));
	return pmmshm_ioctl(next_calls(), control, PMM_IOC_ALLOC, req);
}

static bool block_alloc(struct block *b, int control, size_t size)
{
	struct pmm_alloc req;

	b->fd = try_alloc(control, &req, size, 0);
	/* Better without large pages than not contiguous. */
	if (b->fd < 0 && req.reason == PMM_REASON_ALIGNMENT)
		b->fd = try_alloc(control, &req, size, 1);
	if (b->fd < 0)
		return refuse_alloc(b, control, &req, errno);
	b->size = req.actual;
	b->id = req.id;
	return true;
}

/* A new block; false, with the reason in @b, if there is none to be had. */
bool block_take(struct block *b, size_t size)
{
	const struct pmmshm_transport *sys = next_calls();
	int control;
	bool taken;

	b->fd = -1;
	b->why[0] = '\0';
	if (size < preload_settings.min) {
		block_refuse(b, "smaller than pmmrun --min %zu",
			     preload_settings.min);
		return false;
	}
	control = sys->open(preload_settings.device, O_RDWR | O_CLOEXEC, 0);
	if (control < 0)
		return refuse_open(b, errno);
	taken = block_alloc(b, control, size);
	sys->close(control);
	return taken;
}

/* Why something cannot be adopted. */
const char *block_reason(int err)
{
	switch (err) {
	case EBUSY:
		return "somebody used it before it could become a block";
	case EPERM:
		return "it belongs to another user";
	case EINVAL:
		return "its size changed before it could become a block";
	case EOPNOTSUPP:
		return "this type of memory, or its file system, cannot be mapped as a block";
	case ENOSPC:
		return "its file system is full";
	}
	return strerror(err);
}

/* Make what is mapped at @address the block's home; false as block_take(). */
bool block_adopt(struct block *b, void *address, uint32_t flags)
{
	struct pmm_block_adopt req = {
		.size = sizeof(req),
		.flags = flags,
		.address = (uintptr_t)address,
	};

	b->why[0] = '\0';
	if (!pmmshm_ioctl(next_calls(), b->fd, PMM_IOC_BLOCK_ADOPT, &req))
		return true;
	block_refuse(b, "%s", block_reason(errno));
	return false;
}

/* What was adopted keeps it from now on; if nothing was, it goes back. */
void block_put(struct block *b)
{
	if (b->fd >= 0)
		next_calls()->close(b->fd);
	b->fd = -1;
}
