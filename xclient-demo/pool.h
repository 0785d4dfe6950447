/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames for the decoder: each one is a piece of memory with all its planes in
 * it, and is used again once nobody refers to it.
 */
#ifndef XCLIENT_POOL_H
#define XCLIENT_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include <libavutil/buffer.h>
#include <libavutil/frame.h>

#include "memory.h"

/**
 * struct frame_layout - where the planes of a frame are in its memory
 * @format: AVPixelFormat
 * @width: as the decoder gave it, before alignment
 * @height: likewise
 * @linesize: bytes from line to line, for each plane
 * @offset: where each plane begins
 * @planes: how many there are
 * @size: bytes of memory for all of it
 */
struct frame_layout {
	int format;
	int width;
	int height;
	int linesize[4];
	size_t offset[4];
	int planes;
	size_t size;
};

struct pool_entry;

/**
 * struct frame_pool - frames of one layout; of an older one while in use
 * @source: where the memory comes from
 * @layout: of new frames
 * @buffers: recycles memory of the present layout
 * @lock: protects what follows; the decoder's threads return frames too
 * @entries: all memory of the pool, of whatever layout
 * @count: how many pieces that is
 * @bytes: and how much
 */
struct frame_pool {
	struct memory_source *source;
	struct frame_layout layout;
	AVBufferPool *buffers;
	pthread_mutex_t lock;
	struct pool_entry *entries;
	size_t count;
	size_t bytes;
};

/**
 * struct pool_usage - what a pool has at one moment
 * @count: pieces of memory
 * @bytes: their size
 */
struct pool_usage {
	size_t count;
	size_t bytes;
};

void frame_pool_init(struct frame_pool *pool, struct memory_source *source);
void frame_pool_exit(struct frame_pool *pool);
int frame_pool_set_layout(struct frame_pool *pool, const struct frame_layout *layout);
int frame_pool_get(struct frame_pool *pool, AVFrame *frame);
bool frame_pool_owns(struct frame_pool *pool, const AVFrame *frame);
struct pool_usage frame_pool_usage(struct frame_pool *pool);

int frame_layout_init(struct frame_layout *layout, const AVFrame *frame, int width, int height,
		      const int align[AV_NUM_DATA_POINTERS]);

#endif
