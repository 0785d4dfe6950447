/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A window, and the picture in it.
 */
#ifndef GST_PMM_WINDOW_H
#define GST_PMM_WINDOW_H

#include "display.h"

/**
 * struct window - where frames are shown
 * @display: on which server; it stays
 * @id: the window, or XCB_NONE if there is none yet
 * @gc: how to draw there
 * @foreign: it is the program's, not ours
 * @width: of the window
 * @height: of the window
 */
struct window {
	struct display *display;
	xcb_window_t id;
	xcb_gcontext_t gc;
	bool foreign;
	int width;
	int height;
};

/**
 * struct picture - a frame that the server has
 * @segment: where
 * @offset: of its first pixel
 * @stride: pixels from line to line
 * @width: of the picture
 * @height: of the picture
 */
struct picture {
	guint32 segment;
	guint32 offset;
	int stride;
	int width;
	int height;
};

void gst_pmm_window_create(struct window *window, const char *title, int width, int height);
int gst_pmm_window_use(struct window *window, xcb_window_t id);
void gst_pmm_window_resize(struct window *window, int width, int height);
void gst_pmm_window_close(struct window *window);
int gst_pmm_window_draw(struct window *window, const struct picture *picture);

#endif
