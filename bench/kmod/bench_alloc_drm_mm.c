// SPDX-License-Identifier: GPL-2.0-only
/*
 * drm_mm, the manager of ranges of the graphics drivers, in its best-fit mode.
 * Its nodes are its callers': they are the handles.
 */
#include <drm/drm_mm.h>

#include "bench_alloc_peers.h"

static void *drm_create(const struct steady_peer *peer, unsigned long pages)
{
	struct drm_mm *mm = kzalloc(sizeof(*mm), GFP_KERNEL);

	if (mm)
		drm_mm_init(mm, 0, pages);
	return mm;
}

static int drm_place(void *mm, unsigned long start, unsigned long len,
		     unsigned long *handle)
{
	struct drm_mm_node *node = kzalloc(sizeof(*node), GFP_KERNEL);
	int err;

	if (!node)
		return -ENOMEM;
	node->start = start;
	node->size = len;
	err = drm_mm_reserve_node(mm, node);
	if (err)
		kfree(node);
	else
		*handle = (unsigned long)node;
	return err;
}

static int drm_placed(void *mm)
{
	return 0;
}

static int drm_alloc(void *mm, unsigned long len, unsigned long align,
		     unsigned long *handle)
{
	struct drm_mm_node *node = kzalloc(sizeof(*node), GFP_KERNEL);
	int err;

	if (!node)
		return -ENOMEM;
	err = drm_mm_insert_node_generic(mm, node, len, align, 0,
					 DRM_MM_INSERT_BEST);
	if (err)
		kfree(node);
	else
		*handle = (unsigned long)node;
	return err;
}

static void drm_free(void *mm, unsigned long handle)
{
	struct drm_mm_node *node = (struct drm_mm_node *)handle;

	drm_mm_remove_node(node);
	kfree(node);
}

static void drm_destroy(void *mm)
{
	drm_mm_takedown(mm);
	kfree(mm);
}

const struct steady_peer bench_drm_mm = {
	.name = "drm_mm",
	.create = drm_create,
	.place = drm_place,
	.placed = drm_placed,
	.alloc = drm_alloc,
	.free = drm_free,
	.destroy = drm_destroy,
};
