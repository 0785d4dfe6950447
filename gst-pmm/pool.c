// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A pool of video frames in blocks: GStreamer's own one, whose allocator others do not
 * change.
 */
#include "pool.h"

#include <gst/video/gstvideopool.h>

#define GST_TYPE_PMM_BUFFER_POOL (gst_pmm_buffer_pool_get_type())
G_DECLARE_FINAL_TYPE(GstPmmBufferPool, gst_pmm_buffer_pool, GST, PMM_BUFFER_POOL,
		     GstVideoBufferPool)

/**
 * struct _GstPmmBufferPool - a pool
 * @parent: what it does
 * @allocator: where from
 */
struct _GstPmmBufferPool {
	GstVideoBufferPool parent;
	GstAllocator *allocator;
};

G_DEFINE_FINAL_TYPE(GstPmmBufferPool, gst_pmm_buffer_pool, GST_TYPE_VIDEO_BUFFER_POOL)

/* An element that is given a pool configures it, some with an allocator they prefer. */
static gboolean set_config(GstBufferPool *pool, GstStructure *config)
{
	GstBufferPoolClass *parent = GST_BUFFER_POOL_CLASS(gst_pmm_buffer_pool_parent_class);
	GstAllocationParams params;

	if (!gst_buffer_pool_config_get_allocator(config, NULL, &params))
		gst_allocation_params_init(&params);
	gst_buffer_pool_config_set_allocator(config, GST_PMM_BUFFER_POOL(pool)->allocator, &params);
	return parent->set_config(pool, config);
}

static void finalize(GObject *object)
{
	gst_clear_object(&GST_PMM_BUFFER_POOL(object)->allocator);
	G_OBJECT_CLASS(gst_pmm_buffer_pool_parent_class)->finalize(object);
}

static void gst_pmm_buffer_pool_class_init(GstPmmBufferPoolClass *class)
{
	GST_BUFFER_POOL_CLASS(class)->set_config = set_config;
	G_OBJECT_CLASS(class)->finalize = finalize;
}

static void gst_pmm_buffer_pool_init(GstPmmBufferPool *pool)
{
	(void)pool;
}

/**
 * gst_pmm_buffer_pool_new() - make a pool
 * @allocator: where its frames are
 * @caps: raw video
 * @size: of a frame, in bytes
 * @min: so many frames are allocated when it becomes active; others when they are
 *	asked for
 *
 * Return: a pool, not active; NULL if these are no caps for it.
 */
GstBufferPool *gst_pmm_buffer_pool_new(GstAllocator *allocator, GstCaps *caps, guint size,
				       guint min)
{
	GstPmmBufferPool *pool = gst_object_ref_sink(g_object_new(GST_TYPE_PMM_BUFFER_POOL, NULL));
	GstStructure *config = gst_buffer_pool_get_config(GST_BUFFER_POOL(pool));

	pool->allocator = gst_object_ref(allocator);
	gst_buffer_pool_config_set_params(config, caps, size, min, 0);
	gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
	if (gst_buffer_pool_set_config(GST_BUFFER_POOL(pool), config))
		return GST_BUFFER_POOL(pool);
	gst_object_unref(pool);
	return NULL;
}
