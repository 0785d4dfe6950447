/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GStreamer's memory in blocks.
 *
 * With the module it is dma-buf memory, which drivers take in one piece; with
 * CAP_SYS_RAWIO it tells its physical address, too (GstPhysMemory).  Without the module
 * it is memory with an fd, and says that it is no more than that.
 */
#ifndef GST_PMM_ALLOCATOR_H
#define GST_PMM_ALLOCATOR_H

#include <gst/gst.h>
#include <pmmshm.h>

GstAllocator *gst_pmm_allocator_new(GstElement *owner, const char *type);
const char *gst_pmm_allocator_backend(GstAllocator *allocator);
struct pmmshm_block *gst_pmm_memory_block(GstMemory *memory);

#endif
