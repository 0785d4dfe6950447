// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frames.h"

#include "allocator.h"
#include "pool.h"

/* ------------------------------------------------------------------- properties */

static const char about_type[] = "Type of memory, see \"pmmctl types\"; none: the default";
static const char about_backend[] =
"Where memory is from: \"pmm\", in one piece, for devices; or \"shm\", ordinary shared memory";
static const char about_copied[] = "Frames that came in other memory and were copied";

/**
 * gst_pmm_frames_install() - give a class the properties FRAMES_*
 * @class: class of an element
 * @until: GST_PARAM_MUTABLE_READY if it starts after READY; 0 for sinks, which start
 *	with it
 */
void gst_pmm_frames_install(GObjectClass *class, GParamFlags until)
{
	const GParamFlags seen = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
	const GParamFlags set = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | until;
	GParamSpec *spec;

	spec = g_param_spec_string("type", "Type", about_type, NULL, set);
	g_object_class_install_property(class, FRAMES_TYPE, spec);
	spec = g_param_spec_string("backend", "Backend", about_backend, NULL, seen);
	g_object_class_install_property(class, FRAMES_BACKEND, spec);
	spec = g_param_spec_uint64("copied", "Copied", about_copied, 0, G_MAXUINT64, 0, seen);
	g_object_class_install_property(class, FRAMES_COPIED, spec);
}

/**
 * gst_pmm_frames_set_property() - set one of FRAMES_*
 * @frames: the element's
 * @id: which
 * @value: to what
 * @spec: as GObject has it
 */
void gst_pmm_frames_set_property(struct frames *frames, guint id, const GValue *value,
				 GParamSpec *spec)
{
	if (id != FRAMES_TYPE) {
		G_OBJECT_WARN_INVALID_PROPERTY_ID(frames->element, id, spec);
		return;
	}
	GST_OBJECT_LOCK(frames->element);
	g_free(frames->type);
	frames->type = g_value_dup_string(value);
	GST_OBJECT_UNLOCK(frames->element);
}

/**
 * gst_pmm_frames_get_property() - tell one of FRAMES_*
 * @frames: the element's
 * @id: which
 * @value: set
 * @spec: as GObject has it
 */
void gst_pmm_frames_get_property(struct frames *frames, guint id, GValue *value,
				 GParamSpec *spec)
{
	GST_OBJECT_LOCK(frames->element);
	switch (id) {
	case FRAMES_TYPE:
		g_value_set_string(value, frames->type);
		break;
	case FRAMES_BACKEND:
		g_value_set_string(value, frames->backend);
		break;
	case FRAMES_COPIED:
		g_value_set_uint64(value, frames->copied);
		break;
	default:
		G_OBJECT_WARN_INVALID_PROPERTY_ID(frames->element, id, spec);
	}
	GST_OBJECT_UNLOCK(frames->element);
}

/* ------------------------------------------------------------------- start, stop */

/**
 * gst_pmm_frames_init() - for an element's instance_init
 * @frames: the element's, zero
 * @element: whose
 */
void gst_pmm_frames_init(struct frames *frames, GstElement *element)
{
	frames->element = element;
	gst_video_info_init(&frames->info);
}

/**
 * gst_pmm_frames_clear() - for an element's finalize
 * @frames: the element's, stopped
 */
void gst_pmm_frames_clear(struct frames *frames)
{
	g_free(frames->type);
	frames->type = NULL;
}

/**
 * gst_pmm_frames_start() - connect to the library
 * @frames: the element's
 *
 * Return: FALSE after the element has posted why.
 */
gboolean gst_pmm_frames_start(struct frames *frames)
{
	char *type;

	GST_OBJECT_LOCK(frames->element);
	type = g_strdup(frames->type);
	frames->copied = 0;
	GST_OBJECT_UNLOCK(frames->element);
	frames->allocator = gst_pmm_allocator_new(frames->element, type);
	g_free(type);
	if (!frames->allocator)
		return FALSE;
	GST_OBJECT_LOCK(frames->element);
	frames->backend = gst_pmm_allocator_backend(frames->allocator);
	GST_OBJECT_UNLOCK(frames->element);
	/* gst-launch-1.0 -v shows it. */
	g_object_notify(G_OBJECT(frames->element), "backend");
	return TRUE;
}

static void drop_pool(struct frames *frames)
{
	if (frames->pool)
		gst_buffer_pool_set_active(frames->pool, FALSE);
	gst_clear_object(&frames->pool);
}

/**
 * gst_pmm_frames_stop() - let go of everything
 * @frames: the element's
 *
 * Frames that others have stay valid.
 */
void gst_pmm_frames_stop(struct frames *frames)
{
	drop_pool(frames);
	gst_clear_object(&frames->allocator);
	gst_clear_caps(&frames->caps);
}

/**
 * gst_pmm_frames_set_caps() - say what frames there will be
 * @frames: the element's
 * @caps: raw video
 *
 * Return: FALSE if it is none.
 */
gboolean gst_pmm_frames_set_caps(struct frames *frames, GstCaps *caps)
{
	if (!gst_video_info_from_caps(&frames->info, caps))
		return FALSE;
	gst_caps_replace(&frames->caps, caps);
	drop_pool(frames);
	return TRUE;
}

/* -------------------------------------------------------------------- allocation */

/**
 * gst_pmm_frames_propose() - answer an ALLOCATION query
 * @frames: the element's
 * @query: the query
 * @min: frames that are in use at once, behind this element
 *
 * Return: TRUE if it was one that can be answered.
 */
gboolean gst_pmm_frames_propose(struct frames *frames, GstQuery *query, guint min)
{
	GstBufferPool *pool = NULL;
	GstVideoInfo info;
	gboolean need_pool;
	GstCaps *caps;

	gst_query_parse_allocation(query, &caps, &need_pool);
	if (!frames->allocator || !caps || !gst_video_info_from_caps(&info, caps))
		return FALSE;
	if (need_pool) {
		pool = gst_pmm_buffer_pool_new(frames->allocator, caps, info.size, min);
		if (!pool)
			return FALSE;
	}
	gst_query_add_allocation_pool(query, pool, info.size, min, 0);
	gst_clear_object(&pool);
	gst_query_add_allocation_param(query, frames->allocator, NULL);
	gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
	return TRUE;
}

/**
 * gst_pmm_frames_have() - is a frame in a block?
 * @buffer: the frame
 *
 * Return: TRUE if all of it is in one.
 */
gboolean gst_pmm_frames_have(GstBuffer *buffer)
{
	return gst_buffer_n_memory(buffer) == 1 &&
	       gst_pmm_memory_block(gst_buffer_peek_memory(buffer, 0));
}

static gboolean copy_picture(struct frames *frames, GstBuffer *from, GstBuffer *to)
{
	GstVideoFrame in, out;
	gboolean ok;

	if (!gst_video_frame_map(&in, &frames->info, from, GST_MAP_READ))
		return FALSE;
	ok = gst_video_frame_map(&out, &frames->info, to, GST_MAP_WRITE);
	if (ok) {
		ok = gst_video_frame_copy(&out, &in);
		gst_video_frame_unmap(&out);
	}
	gst_video_frame_unmap(&in);
	return ok;
}

static GstFlowReturn copy_acquire(struct frames *frames, GstBuffer **to)
{
	if (!frames->pool && frames->caps)
		frames->pool = gst_pmm_buffer_pool_new(frames->allocator, frames->caps,
						       frames->info.size, 0);
	if (!frames->pool)
		return GST_FLOW_NOT_NEGOTIATED;
	/* The second time, and so on, there is nothing to do. */
	if (!gst_buffer_pool_set_active(frames->pool, TRUE))
		return GST_FLOW_ERROR;
	return gst_buffer_pool_acquire_buffer(frames->pool, to, NULL);
}

static void count_copy(struct frames *frames)
{
	guint64 copied;

	GST_OBJECT_LOCK(frames->element);
	copied = ++frames->copied;
	GST_OBJECT_UNLOCK(frames->element);
	if (copied > 1)
		return;
	GST_WARNING_OBJECT(frames->element, "frames come in other memory, and are copied");
	g_object_notify(G_OBJECT(frames->element), "copied");
}

/**
 * gst_pmm_frames_copy() - copy a frame to a block
 * @frames: the element's, with caps
 * @from: the frame
 * @to: set to a new one, with the same picture and nothing else
 *
 * Return: GST_FLOW_OK, or what went wrong.
 */
GstFlowReturn gst_pmm_frames_copy(struct frames *frames, GstBuffer *from, GstBuffer **to)
{
	GstFlowReturn flow = copy_acquire(frames, to);

	if (flow != GST_FLOW_OK)
		return flow;
	if (!copy_picture(frames, from, *to)) {
		GST_ELEMENT_ERROR(frames->element, STREAM, FORMAT,
				  ("cannot copy a frame: it is smaller than its caps say"), (NULL));
		gst_clear_buffer(to);
		return GST_FLOW_ERROR;
	}
	count_copy(frames);
	return GST_FLOW_OK;
}
