// SPDX-License-Identifier: LGPL-2.1-or-later
#include "window.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/shm.h>

static void create_gc(struct window *window)
{
	static const guint32 no_exposures;
	xcb_connection_t *xcb = window->display->xcb;

	window->gc = xcb_generate_id(xcb);
	xcb_create_gc(xcb, window->gc, window->id, XCB_GC_GRAPHICS_EXPOSURES, &no_exposures);
}

static void set_property(struct window *window, xcb_atom_t property, xcb_atom_t type, int format,
			 guint32 length, const void *value)
{
	xcb_change_property(window->display->xcb, XCB_PROP_MODE_REPLACE, window->id, property, type,
			    format, length, value);
}

/**
 * gst_pmm_window_create() - make a window and show it
 * @window: has a display and no window
 * @title: of the window
 * @width: of the window
 * @height: of the window
 */
void gst_pmm_window_create(struct window *window, const char *title, int width, int height)
{
	static const char class[] = "Pmmximagesink\0GStreamer";
	struct display *display = window->display;
	const guint32 values[] = {
		display->screen->black_pixel,
		XCB_EVENT_MASK_EXPOSURE | XCB_EVENT_MASK_STRUCTURE_NOTIFY,
	};

	window->id = xcb_generate_id(display->xcb);
	window->foreign = false;
	window->width = width;
	window->height = height;
	xcb_create_window(display->xcb, XCB_COPY_FROM_PARENT, window->id, display->screen->root,
			  0, 0, width, height, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
			  display->screen->root_visual, XCB_CW_BACK_PIXEL | XCB_CW_EVENT_MASK,
			  values);
	create_gc(window);
	set_property(window, XCB_ATOM_WM_NAME, XCB_ATOM_STRING, 8, strlen(title), title);
	set_property(window, XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 8, sizeof(class), class);
	set_property(window, display->protocols, XCB_ATOM_ATOM, 32, 1, &display->delete_window);
	xcb_map_window(display->xcb, window->id);
	xcb_flush(display->xcb);
}

/**
 * gst_pmm_window_use() - use a window of the program's
 * @window: has a display and no window
 * @id: the program's window
 *
 * Return: 0, or -1 if there is no such window of the screen's depth.
 */
int gst_pmm_window_use(struct window *window, xcb_window_t id)
{
	const guint32 events = XCB_EVENT_MASK_EXPOSURE | XCB_EVENT_MASK_STRUCTURE_NOTIFY;
	xcb_connection_t *xcb = window->display->xcb;
	xcb_get_geometry_reply_t *reply = xcb_get_geometry_reply(xcb, xcb_get_geometry(xcb, id),
								 NULL);
	bool ok = reply && reply->depth == window->display->screen->root_depth;

	if (ok) {
		window->id = id;
		window->foreign = true;
		window->width = reply->width;
		window->height = reply->height;
		xcb_change_window_attributes(xcb, id, XCB_CW_EVENT_MASK, &events);
		create_gc(window);
	}
	free(reply);
	return ok ? 0 : -1;
}

/**
 * gst_pmm_window_resize() - give a window the size of the frames, if it is ours
 * @window: window
 * @width: of the frames
 * @height: of the frames
 */
void gst_pmm_window_resize(struct window *window, int width, int height)
{
	const guint32 values[] = { width, height };

	if (window->foreign)
		return;
	window->width = width;
	window->height = height;
	xcb_configure_window(window->display->xcb, window->id,
			     XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT, values);
	xcb_flush(window->display->xcb);
}

/**
 * gst_pmm_window_close() - destroy a window, or let go of the program's
 * @window: window; has none afterwards
 */
void gst_pmm_window_close(struct window *window)
{
	static const guint32 no_events;
	xcb_connection_t *xcb = window->display->xcb;

	if (window->id == XCB_NONE)
		return;
	xcb_free_gc(xcb, window->gc);
	if (window->foreign)
		xcb_change_window_attributes(xcb, window->id, XCB_CW_EVENT_MASK, &no_events);
	else
		xcb_destroy_window(xcb, window->id);
	xcb_flush(xcb);
	window->id = XCB_NONE;
}

/**
 * gst_pmm_window_draw() - show a picture in the middle of a window
 * @window: window
 * @picture: the picture
 *
 * Waits until the server has read all of it: then it may be written again.
 *
 * Return: 0, the X error, or -1 if the connection is lost.
 */
int gst_pmm_window_draw(struct window *window, const struct picture *picture)
{
	struct display *display = window->display;
	xcb_void_cookie_t cookie;

	cookie = xcb_shm_put_image_checked(display->xcb, window->id, window->gc, picture->stride,
					   picture->height, 0, 0, picture->width,
					   picture->height, (window->width - picture->width) / 2,
					   (window->height - picture->height) / 2,
					   display->screen->root_depth,
					   XCB_IMAGE_FORMAT_Z_PIXMAP, false, picture->segment,
					   picture->offset);
	return gst_pmm_display_failed(display, cookie);
}
