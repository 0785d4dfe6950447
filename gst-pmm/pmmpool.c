// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pmmpool: whatever is before it writes its frames into blocks.
 *
 * It answers the ALLOCATION query, so that a decoder, a scaler, a camera's driver
 * (v4l2src io-mode=dmabuf-import) writes to blocks by itself, and passes those on as they
 * are.  What comes in other memory is copied, and counted: behind a pmmpool all frames
 * are in blocks.
 */
#include <gst/base/gstbasetransform.h>

#include "elements.h"
#include "frames.h"

#define GST_TYPE_PMM_POOL (gst_pmm_pool_get_type())
G_DECLARE_FINAL_TYPE(GstPmmPool, gst_pmm_pool, GST, PMM_POOL, GstBaseTransform)

/**
 * struct _GstPmmPool - the element
 * @parent: what it does
 * @frames: its frames
 */
struct _GstPmmPool {
	GstBaseTransform parent;
	struct frames frames;
};

G_DEFINE_FINAL_TYPE(GstPmmPool, gst_pmm_pool, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE(pmmpool, "pmmpool", GST_RANK_NONE, GST_TYPE_PMM_POOL)

/* Behind it, it knows of no frame that would be kept. */
#define MIN_FRAMES 2

static GstStaticPadTemplate sink_template =
	GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
				GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL)));
static GstStaticPadTemplate src_template =
	GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
				GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL)));

static struct frames *frames_of(void *object)
{
	return &GST_PMM_POOL(object)->frames;
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
	gst_pmm_frames_set_property(frames_of(object), id, value, spec);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
	gst_pmm_frames_get_property(frames_of(object), id, value, spec);
}

static gboolean start(GstBaseTransform *transform)
{
	return gst_pmm_frames_start(frames_of(transform));
}

static gboolean stop(GstBaseTransform *transform)
{
	gst_pmm_frames_stop(frames_of(transform));
	return TRUE;
}

static gboolean set_caps(GstBaseTransform *transform, GstCaps *in, GstCaps *out)
{
	(void)out;
	return gst_pmm_frames_set_caps(frames_of(transform), in);
}

static gboolean propose_allocation(GstBaseTransform *transform, GstQuery *decided,
				   GstQuery *query)
{
	(void)decided;
	return gst_pmm_frames_propose(frames_of(transform), query, MIN_FRAMES);
}

/* What others offer is of no use here. */
static gboolean decide_allocation(GstBaseTransform *transform, GstQuery *query)
{
	(void)transform;
	while (gst_query_get_n_allocation_pools(query))
		gst_query_remove_nth_allocation_pool(query, 0);
	return TRUE;
}

static GstFlowReturn prepare_output_buffer(GstBaseTransform *transform, GstBuffer *in,
					   GstBuffer **out)
{
	GstBaseTransformClass *class = GST_BASE_TRANSFORM_GET_CLASS(transform);
	GstFlowReturn flow;

	if (gst_pmm_frames_have(in)) {
		*out = in;
		return GST_FLOW_OK;
	}
	flow = gst_pmm_frames_copy(frames_of(transform), in, out);
	if (flow == GST_FLOW_OK)
		class->copy_metadata(transform, in, *out);
	return flow;
}

/* The frame is where it should be. */
static GstFlowReturn transform(GstBaseTransform *transform, GstBuffer *in, GstBuffer *out)
{
	(void)transform;
	(void)in;
	(void)out;
	return GST_FLOW_OK;
}

static void finalize(GObject *object)
{
	gst_pmm_frames_clear(frames_of(object));
	G_OBJECT_CLASS(gst_pmm_pool_parent_class)->finalize(object);
}

static const char about[] =
"Has the element before it write its frames into contiguous memory that can be shared";

static void gst_pmm_pool_class_init(GstPmmPoolClass *class)
{
	GstBaseTransformClass *base = GST_BASE_TRANSFORM_CLASS(class);
	GstElementClass *element = GST_ELEMENT_CLASS(class);
	GObjectClass *object = G_OBJECT_CLASS(class);

	object->set_property = set_property;
	object->get_property = get_property;
	object->finalize = finalize;
	gst_pmm_frames_install(object, GST_PARAM_MUTABLE_READY);
	base->start = start;
	base->stop = stop;
	base->set_caps = set_caps;
	base->propose_allocation = propose_allocation;
	base->decide_allocation = decide_allocation;
	base->prepare_output_buffer = prepare_output_buffer;
	base->transform = transform;
	gst_element_class_add_static_pad_template(element, &sink_template);
	gst_element_class_add_static_pad_template(element, &src_template);
	gst_element_class_set_static_metadata(element, "PMM pool", "Filter/Video", about, "PMM");
}

static void gst_pmm_pool_init(GstPmmPool *pool)
{
	gst_pmm_frames_init(&pool->frames, GST_ELEMENT(pool));
}
