// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pictures are sent to the server, as every server knows how.
 */
#include "way.h"

#include "image.h"

static void copy_draw(struct image *image, Drawable to, int x, int y, int width, int height,
		      bool completion)
{
	/* Xlib has copied the picture when this returns. */
	(void)completion;
	XPutImage(image->display->x, to, image->display->gc, image->x, 0, 0, x, y, width, height);
}

const struct way way_copy = {
	.name = "copy",
	.memory = MEMORY_PLAIN,
	.draw = copy_draw,
};
