// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The server gets an fd of each block, once (ShmAttachFd of MIT-SHM 1.2), and has it for
 * as long as both the block's memory and the connection are there.  The memory may
 * outlive the sink, which closes the connection; what it knows of the server is then
 * an empty shell.
 */
#include "display.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <xcb/shm.h>

#include "allocator.h"

/**
 * struct attachment - a block that a server has
 * @next: the same block's, of other servers
 * @display: the server
 * @segment: what the server calls it
 */
struct attachment {
	struct attachment *next;
	struct display *display;
	xcb_shm_seg_t segment;
};

/*
 * Of a memory its attachments.  The lock protects their list; nobody waits for a server
 * or posts a message while it is held.
 */
static G_DEFINE_QUARK(gst_pmm_attachments, attachments)
static GMutex attachments_lock;

/* ---------------------------------------------------------------- the connection */

/* An fd can be sent through a socket of this machine only. */
static bool is_local(struct display *display)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t length = sizeof(address);
	int fd = xcb_get_file_descriptor(display->xcb);

	return !getsockname(fd, (struct sockaddr *)&address, &length) &&
	       address.ss_family == AF_UNIX;
}

static bool takes_fds(struct display *display)
{
	xcb_shm_query_version_reply_t *reply;
	bool ok = false;

	if (!is_local(display) || !xcb_get_extension_data(display->xcb, &xcb_shm_id)->present)
		return false;
	reply = xcb_shm_query_version_reply(display->xcb, xcb_shm_query_version(display->xcb),
					    NULL);
	if (reply)
		ok = reply->major_version > 1 ||
		     (reply->major_version == 1 && reply->minor_version >= 2);
	free(reply);
	return ok;
}

static int bits_per_pixel(const xcb_setup_t *setup, int depth)
{
	xcb_format_iterator_t i = xcb_setup_pixmap_formats_iterator(setup);

	for (; i.rem; xcb_format_next(&i))
		if (i.data->depth == depth)
			return i.data->bits_per_pixel;
	return 0;
}

static const xcb_visualtype_t *root_visual(xcb_screen_t *screen)
{
	xcb_depth_iterator_t depth = xcb_screen_allowed_depths_iterator(screen);
	xcb_visualtype_iterator_t visual;

	for (; depth.rem; xcb_depth_next(&depth)) {
		visual = xcb_depth_visuals_iterator(depth.data);
		for (; visual.rem; xcb_visualtype_next(&visual))
			if (visual.data->visual_id == screen->root_visual)
				return visual.data;
	}
	return NULL;
}

/* Those of the sink's template */
static bool is_supported(GstVideoFormat format)
{
	switch (format) {
	case GST_VIDEO_FORMAT_BGRx:
	case GST_VIDEO_FORMAT_xRGB:
	case GST_VIDEO_FORMAT_RGBx:
	case GST_VIDEO_FORMAT_xBGR:
	case GST_VIDEO_FORMAT_RGB16:
	case GST_VIDEO_FORMAT_BGR16:
	case GST_VIDEO_FORMAT_RGB15:
	case GST_VIDEO_FORMAT_BGR15:
		return true;
	default:
		return false;
	}
}

static GstVideoFormat pixel_format(struct display *display)
{
	const xcb_setup_t *setup = xcb_get_setup(display->xcb);
	const xcb_visualtype_t *visual = root_visual(display->screen);
	int depth = display->screen->root_depth;
	int endianness = G_BIG_ENDIAN;

	if (setup->image_byte_order == XCB_IMAGE_ORDER_LSB_FIRST)
		endianness = G_LITTLE_ENDIAN;
	if (!visual || visual->_class != XCB_VISUAL_CLASS_TRUE_COLOR)
		return GST_VIDEO_FORMAT_UNKNOWN;
	return gst_video_format_from_masks(depth, bits_per_pixel(setup, depth), endianness,
					   visual->red_mask, visual->green_mask,
					   visual->blue_mask, 0);
}

static xcb_atom_t intern(struct display *display, const char *name)
{
	xcb_intern_atom_reply_t *reply;
	xcb_atom_t atom = XCB_ATOM_NONE;

	reply = xcb_intern_atom_reply(display->xcb, xcb_intern_atom(display->xcb, false,
								    strlen(name), name), NULL);
	if (reply)
		atom = reply->atom;
	free(reply);
	return atom;
}

static void create_wake(struct display *display)
{
	display->wake = xcb_generate_id(display->xcb);
	xcb_create_window(display->xcb, 0, display->wake, display->screen->root, 0, 0, 1, 1, 0,
			  XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, 0, NULL);
	display->protocols = intern(display, "WM_PROTOCOLS");
	display->delete_window = intern(display, "WM_DELETE_WINDOW");
}

/* Return: what is wrong with the server, and helps; or NULL. */
static const char *check(struct display *display, int screen)
{
	xcb_screen_iterator_t i;

	if (xcb_connection_has_error(display->xcb))
		return "it is not there or does not let us in; check DISPLAY and XAUTHORITY";
	for (i = xcb_setup_roots_iterator(xcb_get_setup(display->xcb)); i.rem && screen--;)
		xcb_screen_next(&i);
	if (!i.rem)
		return "it has no such screen; check DISPLAY";
	display->screen = i.data;
	if (!takes_fds(display))
		return "it takes no memory by fd (MIT-SHM 1.2, on this machine); use ximagesink";
	display->format = pixel_format(display);
	if (!is_supported(display->format))
		return "its pixels are not TrueColor, of 15, 16 or 24 bits; use ximagesink";
	create_wake(display);
	return NULL;
}

static void unref(struct display *display)
{
	if (!g_atomic_ref_count_dec(&display->references))
		return;
	g_mutex_clear(&display->lock);
	g_free(display->name);
	g_free(display);
}

/**
 * gst_pmm_display_open() - connect to an X server
 * @owner: element that posts what goes wrong
 * @name: of the server, or NULL for $DISPLAY
 *
 * Return: the display, or NULL after @owner has posted why.
 */
struct display *gst_pmm_display_open(GstElement *owner, const char *name)
{
	struct display *display = g_new0(struct display, 1);
	const char *wrong;
	int screen = 0;

	g_atomic_ref_count_init(&display->references);
	g_mutex_init(&display->lock);
	if (!name)
		name = g_getenv("DISPLAY");
	display->name = g_strdup(name ? name : "(DISPLAY is not set)");
	display->xcb = xcb_connect(name, &screen);
	wrong = check(display, screen);
	if (!wrong)
		return display;
	GST_ELEMENT_ERROR(owner, RESOURCE, OPEN_WRITE,
			  ("cannot show frames on X server %s: %s", display->name, wrong), (NULL));
	gst_pmm_display_close(display);
	return NULL;
}

/**
 * gst_pmm_display_close() - end the connection, with all that the server has of it
 * @display: display, which nobody uses from now on
 */
void gst_pmm_display_close(struct display *display)
{
	/* Against those whose memory goes meanwhile. */
	g_mutex_lock(&display->lock);
	g_atomic_int_set(&display->closed, true);
	xcb_disconnect(display->xcb);
	g_mutex_unlock(&display->lock);
	unref(display);
}

/**
 * gst_pmm_display_failed() - wait until the server has executed a request
 * @display: display
 * @cookie: of a request whose name ends in _checked
 *
 * Return: 0, the X error, or -1 if the connection is lost.
 */
int gst_pmm_display_failed(struct display *display, xcb_void_cookie_t cookie)
{
	xcb_generic_error_t *error = xcb_request_check(display->xcb, cookie);
	int code = error ? error->error_code : 0;

	free(error);
	return xcb_connection_has_error(display->xcb) ? -1 : code;
}

/**
 * gst_pmm_display_lost() - say that the connection is lost
 * @display: display
 * @owner: element that posts it
 */
void gst_pmm_display_lost(struct display *display, GstElement *owner)
{
	GST_ELEMENT_ERROR(owner, RESOURCE, WRITE,
			  ("the connection to X server %s is lost", display->name), (NULL));
}

/**
 * gst_pmm_display_wake() - send ourselves an event, for @wake
 * @display: display
 */
void gst_pmm_display_wake(struct display *display)
{
	const xcb_client_message_event_t event = {
		.response_type = XCB_CLIENT_MESSAGE,
		.format = 32,
		.window = display->wake,
		.type = display->protocols,
	};

	xcb_send_event(display->xcb, false, display->wake, XCB_EVENT_MASK_NO_EVENT,
		       (const char *)&event);
	xcb_flush(display->xcb);
}

/* --------------------------------------------------------------------- its blocks */

/* A server that is no longer connected has dropped it by itself. */
static void detach(struct display *display, xcb_shm_seg_t segment)
{
	/* The connection stays meanwhile. */
	g_mutex_lock(&display->lock);
	if (!display->closed) {
		xcb_shm_detach(display->xcb, segment);
		xcb_flush(display->xcb);
	}
	g_mutex_unlock(&display->lock);
}

/* The memory goes, and with it whatever a server has of it. */
static void attachments_free(void *data)
{
	struct attachment *attachment = data, *next;

	for (; attachment; attachment = next) {
		next = attachment->next;
		detach(attachment->display, attachment->segment);
		unref(attachment->display);
		g_free(attachment);
	}
}

/* Return: what the server calls it, or XCB_NONE after @owner has posted why not. */
static xcb_shm_seg_t attach(struct display *display, GstElement *owner, GstMemory *memory)
{
	int fd = pmmshm_block_home_fd(gst_pmm_memory_block(memory), O_RDONLY);
	xcb_shm_seg_t segment = xcb_generate_id(display->xcb);
	int error;

	if (fd < 0) {
		GST_ELEMENT_ERROR(owner, RESOURCE, OPEN_READ, ("%s", pmmshm_error()), (NULL));
		return XCB_NONE;
	}
	/* Closes the fd when it is sent.  To read is all that the server needs. */
	error = gst_pmm_display_failed(display, xcb_shm_attach_fd_checked(display->xcb, segment,
									  fd, true));
	if (!error)
		return segment;
	if (error < 0)
		gst_pmm_display_lost(display, owner);
	else
		GST_ELEMENT_ERROR(owner, RESOURCE, WRITE,
				  ("X server %s cannot attach our memory: X error %d; use ximagesink",
				   display->name, error), (NULL));
	return XCB_NONE;
}

/* The lock is held, here and below. */
static struct attachment *attachments(GstMemory *memory)
{
	return gst_mini_object_get_qdata(GST_MINI_OBJECT(memory), attachments_quark());
}

static xcb_shm_seg_t find(GstMemory *memory, struct display *display)
{
	struct attachment *attachment = attachments(memory);

	while (attachment && attachment->display != display)
		attachment = attachment->next;
	return attachment ? attachment->segment : XCB_NONE;
}

/* One of a connection that is closed, for use by another; or a new one. */
static struct attachment *get_attachment(GstMemory *memory)
{
	struct attachment *list = attachments(memory), *attachment;

	for (attachment = list; attachment; attachment = attachment->next)
		if (g_atomic_int_get(&attachment->display->closed)) {
			unref(attachment->display);
			return attachment;
		}
	attachment = g_new0(struct attachment, 1);
	/* A list that is there keeps its head, which is what the memory knows. */
	if (list) {
		attachment->next = list->next;
		list->next = attachment;
	} else {
		gst_mini_object_set_qdata(GST_MINI_OBJECT(memory), attachments_quark(),
					  attachment, attachments_free);
	}
	return attachment;
}

static void insert(GstMemory *memory, struct display *display, xcb_shm_seg_t segment)
{
	struct attachment *attachment = get_attachment(memory);

	g_atomic_ref_count_inc(&display->references);
	attachment->display = display;
	attachment->segment = segment;
}

/**
 * gst_pmm_display_attach() - let the server have a block
 * @display: display
 * @owner: element that posts what goes wrong
 * @memory: memory in a block
 *
 * Return: what the server calls it, until the memory goes or @display is closed; or
 * XCB_NONE after @owner has posted why not.
 */
guint32 gst_pmm_display_attach(struct display *display, GstElement *owner, GstMemory *memory)
{
	xcb_shm_seg_t segment, other;

	while (memory->parent)
		memory = memory->parent;
	/* Another sink may show the same block. */
	g_mutex_lock(&attachments_lock);
	segment = find(memory, display);
	g_mutex_unlock(&attachments_lock);
	if (segment != XCB_NONE)
		return segment;
	segment = attach(display, owner, memory);
	if (segment == XCB_NONE)
		return XCB_NONE;
	/* Somebody else may have had the same thought. */
	g_mutex_lock(&attachments_lock);
	other = find(memory, display);
	if (other == XCB_NONE)
		insert(memory, display, segment);
	g_mutex_unlock(&attachments_lock);
	if (other == XCB_NONE)
		return segment;
	detach(display, segment);
	return other;
}
