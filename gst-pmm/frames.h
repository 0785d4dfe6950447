/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the elements have in common: they offer blocks to the element before them, and
 * copy what comes in other memory nevertheless.
 */
#ifndef GST_PMM_FRAMES_H
#define GST_PMM_FRAMES_H

#include <gst/gst.h>
#include <gst/video/video.h>

/**
 * struct frames - an element's frames
 * @element: the element; its object lock protects @type, @backend and @copied
 * @type: type of memory, or NULL
 * @backend: where blocks come from; NULL before it started
 * @copied: how many frames had to be copied
 * @allocator: of its memory; NULL before it started
 * @caps: of its frames, or NULL
 * @info: the same
 * @pool: of copies; NULL before the first
 */
struct frames {
	GstElement *element;
	char *type;
	const char *backend;
	guint64 copied;
	GstAllocator *allocator;
	GstCaps *caps;
	GstVideoInfo info;
	GstBufferPool *pool;
};

/* The elements' own properties come after these. */
enum { FRAMES_TYPE = 1, FRAMES_BACKEND, FRAMES_COPIED, FRAMES_PROPERTIES };

void gst_pmm_frames_install(GObjectClass *class, GParamFlags until);
void gst_pmm_frames_set_property(struct frames *frames, guint id, const GValue *value,
				 GParamSpec *spec);
void gst_pmm_frames_get_property(struct frames *frames, guint id, GValue *value,
				 GParamSpec *spec);

void gst_pmm_frames_init(struct frames *frames, GstElement *element);
void gst_pmm_frames_clear(struct frames *frames);
gboolean gst_pmm_frames_start(struct frames *frames);
void gst_pmm_frames_stop(struct frames *frames);
gboolean gst_pmm_frames_set_caps(struct frames *frames, GstCaps *caps);
gboolean gst_pmm_frames_propose(struct frames *frames, GstQuery *query, guint min);
gboolean gst_pmm_frames_have(GstBuffer *buffer);
GstFlowReturn gst_pmm_frames_copy(struct frames *frames, GstBuffer *from, GstBuffer **to);

#endif
