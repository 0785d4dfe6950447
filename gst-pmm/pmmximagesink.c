// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pmmximagesink: shows frames on an X server, from the block that the element before it
 * wrote them to.
 *
 * ximagesink has memory of its own for that, which no device takes.  Frames that come in
 * other memory are copied to a block, and counted.
 */
#include <gst/video/gstvideosink.h>
#include <gst/video/videooverlay.h>

#include "elements.h"
#include "frames.h"
#include "window.h"

#define GST_TYPE_PMM_X_IMAGE_SINK (gst_pmm_x_image_sink_get_type())
G_DECLARE_FINAL_TYPE(GstPmmXImageSink, gst_pmm_x_image_sink, GST, PMM_X_IMAGE_SINK, GstVideoSink)

/**
 * struct _GstPmmXImageSink - the element
 * @parent: what it does
 * @frames: its frames
 * @name: the property "display"; under the object lock
 * @events: thread that waits for the server's events, which may read @display
 * @lock: protects what follows; taken before all others.  Messages are posted while it
 *	is held, and who gets them may call us
 * @display: the X server; NULL before it started
 * @handle: window of the program's, or 0
 * @window: what is used
 * @current: frame that is shown, or NULL
 * @stopping: the thread is to end
 */
struct _GstPmmXImageSink {
	GstVideoSink parent;
	struct frames frames;
	char *name;
	GThread *events;
	GRecMutex lock;
	struct display *display;
	guintptr handle;
	struct window window;
	GstBuffer *current;
	bool stopping;
};

static void overlay_init(GstVideoOverlayInterface *interface);
G_DEFINE_FINAL_TYPE_WITH_CODE(GstPmmXImageSink, gst_pmm_x_image_sink, GST_TYPE_VIDEO_SINK,
			      G_IMPLEMENT_INTERFACE(GST_TYPE_VIDEO_OVERLAY, overlay_init))
GST_ELEMENT_REGISTER_DEFINE(pmmximagesink, "pmmximagesink", GST_RANK_NONE,
			    GST_TYPE_PMM_X_IMAGE_SINK)

enum { DISPLAY_NAME = FRAMES_PROPERTIES };

/* One is shown, and another written to. */
#define MIN_FRAMES 2

/* X has 16 bits for coordinates, one of them for the sign. */
#define CAPS "video/x-raw, format = { BGRx, xRGB, RGBx, xBGR, RGB16, BGR16, RGB15, BGR15 }, " \
	"width = [ 1, 32767 ], height = [ 1, 32767 ], framerate = " GST_VIDEO_FPS_RANGE

static GstStaticPadTemplate template =
	GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(CAPS));

/* ----------------------------------------------------------------------- a picture */

/* Of a frame in a block; false if the server cannot have it in this shape. */
static bool describe(GstPmmXImageSink *sink, GstBuffer *buffer, struct picture *picture)
{
	const GstVideoInfo *info = &sink->frames.info;
	const GstVideoMeta *meta = gst_buffer_get_video_meta(buffer);
	gsize offset, first = meta ? meta->offset[0] : GST_VIDEO_INFO_PLANE_OFFSET(info, 0);
	int stride = meta ? meta->stride[0] : GST_VIDEO_INFO_PLANE_STRIDE(info, 0);
	int pixel = GST_VIDEO_INFO_COMP_PSTRIDE(info, 0);

	gst_memory_get_sizes(gst_buffer_peek_memory(buffer, 0), &offset, NULL);
	if (stride <= 0 || stride % 4 || stride / pixel > G_MAXUINT16 ||
	    offset + first > G_MAXUINT32)
		return false;
	*picture = (struct picture){
		.offset = offset + first,
		.stride = stride / pixel,
		.width = GST_VIDEO_INFO_WIDTH(info),
		.height = GST_VIDEO_INFO_HEIGHT(info),
	};
	return true;
}

/* The lock is held.  A window of the program's may appear or go at any time. */
static bool have_window(GstPmmXImageSink *sink)
{
	struct window *window = &sink->window;
	const GstVideoInfo *info = &sink->frames.info;

	if (window->id != XCB_NONE)
		return true;
	if (!sink->handle) {
		gst_pmm_window_create(window, g_get_prgname() ? g_get_prgname() : "pmmximagesink",
				      GST_VIDEO_INFO_WIDTH(info), GST_VIDEO_INFO_HEIGHT(info));
		gst_video_overlay_got_window_handle(GST_VIDEO_OVERLAY(sink), window->id);
	} else if (gst_pmm_window_use(window, sink->handle)) {
		GST_ELEMENT_ERROR(sink, RESOURCE, NOT_FOUND,
				  ("cannot show frames in window 0x%lx: X server %s has none with that id and the depth of its screen",
				   (unsigned long)sink->handle, sink->display->name), (NULL));
		return false;
	}
	return true;
}

/* The lock is held. */
static bool draw(GstPmmXImageSink *sink, GstBuffer *buffer, struct picture *picture)
{
	int error;

	if (!have_window(sink))
		return false;
	picture->segment = gst_pmm_display_attach(sink->display, GST_ELEMENT(sink),
						  gst_buffer_peek_memory(buffer, 0));
	if (!picture->segment)
		return false;
	error = gst_pmm_window_draw(&sink->window, picture);
	if (!error)
		return true;
	if (error < 0)
		gst_pmm_display_lost(sink->display, GST_ELEMENT(sink));
	else
		GST_ELEMENT_ERROR(sink, RESOURCE, WRITE,
				  ("X server %s cannot show a frame: X error %d; was the window closed?",
				   sink->display->name, error), (NULL));
	return false;
}

/* What is shown, once more. */
static void redraw_locked(GstPmmXImageSink *sink)
{
	struct picture picture;

	if (sink->current && describe(sink, sink->current, &picture))
		draw(sink, sink->current, &picture);
}

static GstFlowReturn show(GstPmmXImageSink *sink, GstBuffer *buffer, struct picture *picture)
{
	GstFlowReturn flow = GST_FLOW_ERROR;

	/* The window, and what is in it. */
	g_rec_mutex_lock(&sink->lock);
	if (draw(sink, buffer, picture)) {
		gst_buffer_replace(&sink->current, buffer);
		flow = GST_FLOW_OK;
	}
	g_rec_mutex_unlock(&sink->lock);
	return flow;
}

static GstFlowReturn show_frame(GstVideoSink *video, GstBuffer *buffer)
{
	GstPmmXImageSink *sink = GST_PMM_X_IMAGE_SINK(video);
	struct picture picture;
	GstBuffer *copy = NULL;
	GstFlowReturn flow;

	if (gst_pmm_frames_have(buffer) && describe(sink, buffer, &picture))
		return show(sink, buffer, &picture);
	flow = gst_pmm_frames_copy(&sink->frames, buffer, &copy);
	if (flow != GST_FLOW_OK)
		return flow;
	flow = describe(sink, copy, &picture) ? show(sink, copy, &picture) : GST_FLOW_ERROR;
	gst_buffer_unref(copy);
	return flow;
}

/* -------------------------------------------------------------------------- events */

static void configured(GstPmmXImageSink *sink, const xcb_configure_notify_event_t *event)
{
	/* The window's size. */
	g_rec_mutex_lock(&sink->lock);
	if (event->window == sink->window.id) {
		sink->window.width = event->width;
		sink->window.height = event->height;
	}
	g_rec_mutex_unlock(&sink->lock);
}

static void exposed(GstPmmXImageSink *sink)
{
	/* The window, and what is in it. */
	g_rec_mutex_lock(&sink->lock);
	if (sink->display)
		redraw_locked(sink);
	g_rec_mutex_unlock(&sink->lock);
}

static bool is_stopping(GstPmmXImageSink *sink)
{
	bool stopping;

	/* Only to see it. */
	g_rec_mutex_lock(&sink->lock);
	stopping = sink->stopping;
	g_rec_mutex_unlock(&sink->lock);
	return stopping;
}

/* The user has closed the window; other messages are there to wake us. */
static void message(GstPmmXImageSink *sink, const xcb_client_message_event_t *event)
{
	if (event->window != sink->display->wake &&
	    event->data.data32[0] == sink->display->delete_window)
		GST_ELEMENT_ERROR(sink, RESOURCE, NOT_FOUND, ("the window was closed"), (NULL));
}

static void handle(GstPmmXImageSink *sink, const xcb_generic_event_t *event)
{
	switch (event->response_type & 0x7f) {
	case XCB_EXPOSE:
		if (!((const xcb_expose_event_t *)event)->count)
			exposed(sink);
		break;
	case XCB_CONFIGURE_NOTIFY:
		configured(sink, (const xcb_configure_notify_event_t *)event);
		break;
	case XCB_CLIENT_MESSAGE:
		message(sink, (const xcb_client_message_event_t *)event);
		break;
	case 0:
		GST_INFO_OBJECT(sink, "an X error");
		break;
	}
}

static gpointer wait_for_events(gpointer data)
{
	GstPmmXImageSink *sink = data;
	xcb_generic_event_t *event = NULL;

	while (!is_stopping(sink) && (event = xcb_wait_for_event(sink->display->xcb))) {
		handle(sink, event);
		free(event);
	}
	if (!event && !is_stopping(sink))
		gst_pmm_display_lost(sink->display, GST_ELEMENT(sink));
	return NULL;
}

/* ----------------------------------------------------------------------- start, stop */

static void stop_events(GstPmmXImageSink *sink)
{
	/* The thread looks at it after each event. */
	g_rec_mutex_lock(&sink->lock);
	sink->stopping = true;
	g_rec_mutex_unlock(&sink->lock);
	gst_pmm_display_wake(sink->display);
	g_thread_join(sink->events);
	sink->stopping = false;
}

static gboolean start(GstBaseSink *base)
{
	GstPmmXImageSink *sink = GST_PMM_X_IMAGE_SINK(base);
	struct display *display;
	char *name;

	if (!gst_pmm_frames_start(&sink->frames))
		return FALSE;
	GST_OBJECT_LOCK(sink);
	name = g_strdup(sink->name);
	GST_OBJECT_UNLOCK(sink);
	display = gst_pmm_display_open(GST_ELEMENT(sink), name);
	g_free(name);
	if (!display) {
		gst_pmm_frames_stop(&sink->frames);
		return FALSE;
	}
	/* From now on there are caps, and a window can be used. */
	g_rec_mutex_lock(&sink->lock);
	sink->display = display;
	sink->window.display = display;
	g_rec_mutex_unlock(&sink->lock);
	sink->events = g_thread_new("pmmximagesink", wait_for_events, sink);
	return TRUE;
}

static gboolean stop(GstBaseSink *base)
{
	GstPmmXImageSink *sink = GST_PMM_X_IMAGE_SINK(base);

	stop_events(sink);
	/* The program may ask for an exposure at any time. */
	g_rec_mutex_lock(&sink->lock);
	gst_clear_buffer(&sink->current);
	gst_pmm_window_close(&sink->window);
	gst_pmm_display_close(sink->display);
	sink->display = NULL;
	sink->window.display = NULL;
	g_rec_mutex_unlock(&sink->lock);
	gst_pmm_frames_stop(&sink->frames);
	return TRUE;
}

/* What the server shows; before it is known, what one may. */
static GstCaps *server_caps(GstPmmXImageSink *sink)
{
	GstCaps *caps = gst_static_pad_template_get_caps(&template);
	const char *format = NULL;

	/* The server may go. */
	g_rec_mutex_lock(&sink->lock);
	if (sink->display)
		format = gst_video_format_to_string(sink->display->format);
	g_rec_mutex_unlock(&sink->lock);
	if (!format)
		return caps;
	caps = gst_caps_make_writable(caps);
	gst_caps_set_simple(caps, "format", G_TYPE_STRING, format, NULL);
	return caps;
}

static GstCaps *get_caps(GstBaseSink *base, GstCaps *filter)
{
	GstCaps *caps = server_caps(GST_PMM_X_IMAGE_SINK(base)), *filtered;

	if (!filter)
		return caps;
	filtered = gst_caps_intersect_full(filter, caps, GST_CAPS_INTERSECT_FIRST);
	gst_caps_unref(caps);
	return filtered;
}

static gboolean set_caps(GstBaseSink *base, GstCaps *caps)
{
	GstPmmXImageSink *sink = GST_PMM_X_IMAGE_SINK(base);

	/* Here a program that has a window tells which. */
	gst_video_overlay_prepare_window_handle(GST_VIDEO_OVERLAY(sink));
	/* What is shown has the size that frames had until now. */
	g_rec_mutex_lock(&sink->lock);
	gst_clear_buffer(&sink->current);
	if (!gst_pmm_frames_set_caps(&sink->frames, caps)) {
		g_rec_mutex_unlock(&sink->lock);
		return FALSE;
	}
	GST_VIDEO_SINK_WIDTH(sink) = GST_VIDEO_INFO_WIDTH(&sink->frames.info);
	GST_VIDEO_SINK_HEIGHT(sink) = GST_VIDEO_INFO_HEIGHT(&sink->frames.info);
	if (sink->window.id != XCB_NONE)
		gst_pmm_window_resize(&sink->window, GST_VIDEO_SINK_WIDTH(sink),
				      GST_VIDEO_SINK_HEIGHT(sink));
	g_rec_mutex_unlock(&sink->lock);
	return TRUE;
}

static gboolean propose_allocation(GstBaseSink *base, GstQuery *query)
{
	return gst_pmm_frames_propose(&GST_PMM_X_IMAGE_SINK(base)->frames, query, MIN_FRAMES);
}

/* ----------------------------------------------------------------- a program's window */

static void set_window_handle(GstVideoOverlay *overlay, guintptr handle)
{
	GstPmmXImageSink *sink = GST_PMM_X_IMAGE_SINK(overlay);

	/* The window; the next frame goes to the new one. */
	g_rec_mutex_lock(&sink->lock);
	if (handle != sink->handle && sink->window.display)
		gst_pmm_window_close(&sink->window);
	sink->handle = handle;
	g_rec_mutex_unlock(&sink->lock);
}

static void expose(GstVideoOverlay *overlay)
{
	exposed(GST_PMM_X_IMAGE_SINK(overlay));
}

static void overlay_init(GstVideoOverlayInterface *interface)
{
	interface->set_window_handle = set_window_handle;
	interface->expose = expose;
}

/* ------------------------------------------------------------------------- the class */

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
	GstPmmXImageSink *sink = GST_PMM_X_IMAGE_SINK(object);

	if (id != DISPLAY_NAME) {
		gst_pmm_frames_set_property(&sink->frames, id, value, spec);
		return;
	}
	GST_OBJECT_LOCK(sink);
	g_free(sink->name);
	sink->name = g_value_dup_string(value);
	GST_OBJECT_UNLOCK(sink);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
	GstPmmXImageSink *sink = GST_PMM_X_IMAGE_SINK(object);

	if (id != DISPLAY_NAME) {
		gst_pmm_frames_get_property(&sink->frames, id, value, spec);
		return;
	}
	GST_OBJECT_LOCK(sink);
	g_value_set_string(value, sink->name);
	GST_OBJECT_UNLOCK(sink);
}

static void finalize(GObject *object)
{
	GstPmmXImageSink *sink = GST_PMM_X_IMAGE_SINK(object);

	gst_pmm_frames_clear(&sink->frames);
	g_rec_mutex_clear(&sink->lock);
	g_free(sink->name);
	G_OBJECT_CLASS(gst_pmm_x_image_sink_parent_class)->finalize(object);
}

static const char about[] =
"Shows frames on an X server, out of contiguous memory that it shares with devices";

static void gst_pmm_x_image_sink_class_init(GstPmmXImageSinkClass *class)
{
	GstBaseSinkClass *base = GST_BASE_SINK_CLASS(class);
	GstElementClass *element = GST_ELEMENT_CLASS(class);
	GObjectClass *object = G_OBJECT_CLASS(class);
	GParamSpec *display;

	object->set_property = set_property;
	object->get_property = get_property;
	object->finalize = finalize;
	gst_pmm_frames_install(object, 0);
	display = g_param_spec_string("display", "Display", "X server; none: $DISPLAY", NULL,
				      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
	g_object_class_install_property(object, DISPLAY_NAME, display);
	base->start = start;
	base->stop = stop;
	base->get_caps = get_caps;
	base->set_caps = set_caps;
	base->propose_allocation = propose_allocation;
	GST_VIDEO_SINK_CLASS(class)->show_frame = show_frame;
	gst_element_class_add_static_pad_template(element, &template);
	gst_element_class_set_static_metadata(element, "PMM X image sink", "Sink/Video", about, "PMM");
}

static void gst_pmm_x_image_sink_init(GstPmmXImageSink *sink)
{
	g_rec_mutex_init(&sink->lock);
	gst_pmm_frames_init(&sink->frames, GST_ELEMENT(sink));
}
