/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GST_PMM_BUFFER_POOL_H
#define GST_PMM_BUFFER_POOL_H

#include <gst/gst.h>

GstBufferPool *gst_pmm_buffer_pool_new(GstAllocator *allocator, GstCaps *caps, guint size,
				       guint min);

#endif
