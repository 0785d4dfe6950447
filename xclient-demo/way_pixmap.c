// SPDX-License-Identifier: GPL-2.0-only
/*
 * The block is the storage of one of the server's own pixmaps, and the server
 * copies from that to the window like from any other.
 *
 * Copying from a pixmap sends no ShmCompletion, and the block must not be written
 * to before it has been read.  XSync() after each picture would tell, but makes
 * the player wait for the server; PresentPixmap tells, too, but asks for one more
 * extension and decides by itself when to draw.  A server executes the requests
 * of a client one after the other, so the end of any later request tells as well.
 * So the picture's first pixel is put once more, from the same segment to the
 * place where it is already, for the sake of its ShmCompletion: images are then in
 * flight, and wait, in the same way as any others.
 */
#include "way.h"

#include "image.h"
#include "message.h"

static int pixmap_check(struct display *display)
{
	int major, minor, pixmaps = False;

	XShmQueryVersion(display->x, &major, &minor, &pixmaps);
	if (!pixmaps)
		return complain("X server %s has no shared pixmaps, which is usual where a GPU draws; use --shm sysv or --shm fd",
				display_name(display));
	if (XShmPixmapFormat(display->x) != ZPixmap)
		return complain("X server %s has shared pixmaps of bit planes only, not of pixels; use --shm sysv or --shm fd",
				display_name(display));
	return 0;
}

/* It may draw there as well, so it has to be allowed to write. */
static int pixmap_attach(struct image *image)
{
	struct display *display = image->display;

	segment_attach(image, false);
	image->pixmap = XShmCreatePixmap(display->x, display->window, image->memory->data,
					 &image->segment, image->x->width, image->height,
					 display->depth);
	return 0;
}

static void pixmap_detach(struct image *image)
{
	XFreePixmap(image->display->x, image->pixmap);
	segment_detach(image);
}

static void pixmap_draw(struct image *image, Drawable to, int x, int y, int width, int height,
			bool completion)
{
	struct display *display = image->display;

	XCopyArea(display->x, image->pixmap, to, display->gc, 0, 0, width, height, x, y);
	if (completion)
		segment_draw(image, to, x, y, 1, 1, true);
}

const struct way way_pixmap = {
	.name = "pixmap",
	.memory = MEMORY_SEGMENT,
	.check = pixmap_check,
	.attach = pixmap_attach,
	.detach = pixmap_detach,
	.unseen = segment_unseen,
	.draw = pixmap_draw,
};
