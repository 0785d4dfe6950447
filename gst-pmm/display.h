/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection to an X server, and the blocks that it has.
 */
#ifndef GST_PMM_DISPLAY_H
#define GST_PMM_DISPLAY_H

#include <stdbool.h>

#include <gst/gst.h>
#include <gst/video/video.h>
#include <xcb/xcb.h>

/**
 * struct display - an X server
 * @references: the sink's, and one for each block that the server has or had
 * @lock: held by who ends the connection, or uses it without being the sink
 * @closed: there is no connection any more; written under @lock
 * @name: what the user calls it
 * @xcb: the connection; any thread of the sink may use it
 * @screen: where windows go
 * @format: of pixels
 * @wake: no window to be seen; events for it are from ourselves
 * @protocols: WM_PROTOCOLS
 * @delete_window: WM_DELETE_WINDOW
 */
struct display {
	gatomicrefcount references;
	GMutex lock;
	gint closed;
	char *name;
	xcb_connection_t *xcb;
	xcb_screen_t *screen;
	GstVideoFormat format;
	xcb_window_t wake;
	xcb_atom_t protocols;
	xcb_atom_t delete_window;
};

struct display *gst_pmm_display_open(GstElement *owner, const char *name);
void gst_pmm_display_close(struct display *display);
guint32 gst_pmm_display_attach(struct display *display, GstElement *owner, GstMemory *memory);
int gst_pmm_display_failed(struct display *display, xcb_void_cookie_t cookie);
void gst_pmm_display_lost(struct display *display, GstElement *owner);
void gst_pmm_display_wake(struct display *display);

#endif
