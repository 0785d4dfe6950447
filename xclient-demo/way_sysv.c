// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server attaches the block's System V segment by its number, as it has since
 * 1991.  So it has to be in our IPC namespace, and the segment's mode has to let
 * it in; the server itself sees to it that it lets us in, too.
 */
#include "way.h"

#include "image.h"

const char segment_unseen[] =
"it is on another machine, in another container, or may not read what this user owns; "
"run this program beside the server, pass the memory with --shm fd";

/**
 * segment_attach() - let the server attach an image's segment
 * @image: image
 * @read_only: the server is not to write to it
 *
 * Errors of the server are caught by the caller.
 *
 * Return: 0.
 */
int segment_attach(struct image *image, bool read_only)
{
	image->segment.shmid = image->memory->shmid;
	image->segment.shmaddr = image->memory->data;
	image->segment.readOnly = read_only;
	XShmAttach(image->display->x, &image->segment);
	return 0;
}

/**
 * segment_detach() - let the server detach what it has attached, in whatever way
 * @image: image
 */
void segment_detach(struct image *image)
{
	XShmDetach(image->display->x, &image->segment);
}

/**
 * segment_draw() - let the server read from what it has attached
 * @image: image
 * @to: where to draw
 * @x: where in it
 * @y: where in it
 * @width: how much of the image
 * @height: how much of the image
 * @completion: ask for the event
 */
void segment_draw(struct image *image, Drawable to, int x, int y, int width, int height,
		  bool completion)
{
	XShmPutImage(image->display->x, to, image->display->gc, image->x, 0, 0, x, y,
		     width, height, completion);
}

static int sysv_attach(struct image *image)
{
	return segment_attach(image, true);
}

const struct way way_sysv = {
	.name = "sysv",
	.memory = MEMORY_SEGMENT,
	.attach = sysv_attach,
	.detach = segment_detach,
	.unseen = segment_unseen,
	.draw = segment_draw,
};
