/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ways in which pictures get from our memory to the X server.  Each has a
 * file of its own, way_NAME.c.
 */
#ifndef XCLIENT_WAY_H
#define XCLIENT_WAY_H

#include <stdbool.h>

#include <X11/Xlib.h>

#include "memory.h"

struct display;
struct image;

/**
 * struct way - one way to show pictures
 * @name: what the user calls it
 * @memory: what pictures have to be made of
 * @check: can this server do it?  0, or -1 after a message; NULL: every server can
 * @attach: let the server have an image's memory; 0, an X error code, or -1 after
 *	a message.  NULL: it is not given any
 * @detach: after a successful @attach, take it back
 * @unseen: why a server may not see what it has attached, and what helps
 * @draw: draw an image, from its left upper corner on.  When @completion is set,
 *	the server is to send ShmCompletion when it has read the image
 */
struct way {
	const char *name;
	enum memory_kind memory;
	int (*check)(struct display *display);
	int (*attach)(struct image *image);
	void (*detach)(struct image *image);
	const char *unseen;
	void (*draw)(struct image *image, Drawable to, int x, int y, int width, int height,
		     bool completion);
};

extern const struct way way_copy;
extern const struct way way_sysv;
extern const struct way way_fd;
extern const struct way way_pixmap;

/* What several have in common, in way_sysv.c. */
extern const char segment_unseen[];
int segment_attach(struct image *image, bool read_only);
void segment_detach(struct image *image);
void segment_draw(struct image *image, Drawable to, int x, int y, int width, int height,
		  bool completion);

const struct way *way_find(const char *name);
bool way_is_shared(const struct way *way);

#endif
