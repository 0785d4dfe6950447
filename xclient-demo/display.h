/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The X server, our window on it, and what comes from there: keys, new sizes,
 * and word that it is done with an image.
 */
#ifndef XCLIENT_DISPLAY_H
#define XCLIENT_DISPLAY_H

#include <stdint.h>

#include <X11/Xlib.h>
#include <libavutil/pixfmt.h>

#include "way.h"

struct image;

/* display_wait() results, or-ed */
#define DISPLAY_QUIT	(1U << 0)	/* q, Escape, a closed window, a signal */
#define DISPLAY_PAUSE	(1U << 1)	/* space, an odd number of times */
#define DISPLAY_RESIZED	(1U << 2)	/* width and height have changed */
#define DISPLAY_EXPOSED	(1U << 3)	/* the window wants its picture again */

/* display_wait() timeout */
#define DISPLAY_FOREVER	INT64_MAX

/**
 * struct display - the X server and our window
 * @x: connection
 * @window: our window
 * @gc: for putting images
 * @visual: of the window
 * @depth: of the window
 * @format: what libswscale calls its pixels
 * @bits_per_pixel: of an image
 * @way: how images get there
 * @completion: type of the server's ShmCompletion event; 0 without MIT-SHM
 * @delete_window: atom: the window manager closes the window
 * @width: of the window
 * @height: of the window
 * @signals: fd that reads SIGINT and SIGTERM
 * @images: all images that the server knows
 */
struct display {
	Display *x;
	Window window;
	GC gc;
	Visual *visual;
	int depth;
	enum AVPixelFormat format;
	int bits_per_pixel;
	const struct way *way;
	int completion;
	Atom delete_window;
	int width;
	int height;
	int signals;
	struct image *images;
};

int display_open(struct display *display, const char *name, const struct way *way);
int display_show_window(struct display *display, const char *title, int width, int height);
void display_close(struct display *display);
unsigned int display_wait(struct display *display, int64_t timeout_ns);
unsigned int display_wait_or(struct display *display, int fd, int64_t timeout_ns);
const char *display_name(const struct display *display);

void x_errors_catch(struct display *display);
int x_errors_release(struct display *display);

#endif
