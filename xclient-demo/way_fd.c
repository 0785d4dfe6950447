// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server gets an fd of the block's home over the connection and maps it:
 * ShmAttachFd of MIT-SHM 1.2.  The fd is the right to it, so neither users nor
 * namespaces matter, and the block has no number that anybody could guess.
 */
#include "way.h"

#include <fcntl.h>
#include <stdlib.h>

#include <X11/Xlib-xcb.h>
#include <xcb/shm.h>

#include <pmmshm.h>

#include "image.h"
#include "message.h"

static int fd_check(struct display *display)
{
	int major, minor, pixmaps;

	if (!XShmQueryVersion(display->x, &major, &minor, &pixmaps) ||
	    major < 1 || (major == 1 && minor < 2))
		return complain("X server %s has MIT-SHM %d.%d, and takes fds only from 1.2 on; "
				"use --shm sysv", display_name(display), major, minor);
	return 0;
}

/* Read-only, which is all that the server needs and gets. */
static int fd_attach(struct image *image)
{
	xcb_connection_t *xcb = XGetXCBConnection(image->display->x);
	int fd = pmmshm_block_home_fd(image->memory->block, O_RDONLY);
	xcb_generic_error_t *error;
	int code = 0;

	if (fd < 0)
		return complain("no fd for the X server: %s", pmmshm_error());
	image->segment.shmseg = xcb_generate_id(xcb);
	image->segment.shmaddr = image->memory->data;
	/* Closes the fd when it is sent. */
	error = xcb_request_check(xcb, xcb_shm_attach_fd_checked(xcb, image->segment.shmseg, fd,
								 true));
	if (error)
		code = error->error_code;
	free(error);
	return code;
}

const struct way way_fd = {
	.name = "fd",
	.memory = MEMORY_FILE,
	.check = fd_check,
	.attach = fd_attach,
	.detach = segment_detach,
	.unseen = "it is on another machine, or something between us drops fds; run this program beside the server",
	.draw = segment_draw,
};
