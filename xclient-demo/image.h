/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pictures that the X server shows from memory that it shares with us, or that
 * are sent to it with --copy.
 */
#ifndef XCLIENT_IMAGE_H
#define XCLIENT_IMAGE_H

#include <stdbool.h>

#include <X11/Xlib.h>
#include <X11/extensions/XShm.h>

#include "display.h"
#include "memory.h"
#include "scale.h"
#include "stats.h"

/**
 * struct image - one picture
 * @next: of the same display
 * @display: where it is shown
 * @memory: its pixels
 * @x: Xlib's view of it; wider than @width, so that lines are aligned
 * @segment: the server's name for the memory
 * @pixmap: likewise, as a pixmap, if that is the way
 * @width: what is shown of it
 * @height: likewise
 * @in_flight: requests that the server has not completed; do not write
 * @puts: how often it was shown
 * @attached: the server has attached the memory
 * @retired: to be freed when no longer in flight
 */
struct image {
	struct image *next;
	struct display *display;
	struct memory *memory;
	XImage *x;
	XShmSegmentInfo segment;
	Pixmap pixmap;
	int width;
	int height;
	unsigned int in_flight;
	unsigned long puts;
	bool attached;
	bool retired;
};

struct image *image_create(struct display *display, struct memory_source *source, int width,
			   int height);
void image_retire(struct image *image);
void image_put(struct image *image, int x, int y, struct stats *stats);
void image_completed(struct display *display, const XShmCompletionEvent *event);
struct picture image_picture(const struct image *image);

#endif
