// SPDX-License-Identifier: GPL-2.0-only
#include "pool.h"

#include <stdlib.h>

#include <libavutil/error.h>
#include <libavutil/imgutils.h>
#include <libavutil/macros.h>

/* Decoders read and write a little beyond the end of a plane. */
#define PLANE_PADDING 16
#define PLANE_ALIGN 64

struct pool_entry {
	struct frame_pool *pool;
	struct pool_entry *next;
	struct memory *memory;
};

/* Widen the lines until each plane's line size is as aligned as it must be. */
static int layout_lines(struct frame_layout *layout, int width,
			const int align[AV_NUM_DATA_POINTERS])
{
	int error, unaligned, i;

	do {
		error = av_image_fill_linesizes(layout->linesize, layout->format, width);
		if (error < 0)
			return error;
		unaligned = 0;
		for (i = 0; i < 4; i++)
			unaligned |= layout->linesize[i] % (align[i] ? align[i] : 1);
		width += width & -width;
	} while (unaligned);
	return 0;
}

/**
 * frame_layout_init() - lay out the planes of a frame in one piece of memory
 * @layout: filled in
 * @frame: its format and size are what the decoder asks for
 * @width: what avcodec_align_dimensions2() made of the width
 * @height: and of the height
 * @align: and what it says about the alignment of lines
 *
 * Return: 0, or an AVERROR.
 */
int frame_layout_init(struct frame_layout *layout, const AVFrame *frame, int width, int height,
		      const int align[AV_NUM_DATA_POINTERS])
{
	ptrdiff_t linesize[4];
	size_t size[4];
	int error, i;

	*layout = (struct frame_layout){
		.format = frame->format, .width = frame->width, .height = frame->height,
	};
	error = layout_lines(layout, width, align);
	if (error < 0)
		return error;
	for (i = 0; i < 4; i++)
		linesize[i] = layout->linesize[i];
	error = av_image_fill_plane_sizes(size, layout->format, height, linesize);
	if (error < 0)
		return error;
	for (i = 0; i < 4 && size[i]; i++) {
		layout->offset[i] = layout->size;
		layout->size += FFALIGN(size[i] + PLANE_PADDING, PLANE_ALIGN);
	}
	layout->planes = i;
	return layout->size ? 0 : AVERROR(EINVAL);
}

static void entry_free(void *opaque, uint8_t *data)
{
	struct pool_entry *entry = opaque;
	struct frame_pool *pool = entry->pool;
	struct pool_entry **link;

	(void)data;
	pthread_mutex_lock(&pool->lock);
	for (link = &pool->entries; *link != entry; link = &(*link)->next)
		;
	*link = entry->next;
	pool->count--;
	pool->bytes -= entry->memory->size;
	pthread_mutex_unlock(&pool->lock);
	memory_free(entry->memory);
	free(entry);
}

static void entry_link(struct frame_pool *pool, struct pool_entry *entry)
{
	pthread_mutex_lock(&pool->lock);
	entry->pool = pool;
	entry->next = pool->entries;
	pool->entries = entry;
	pool->count++;
	pool->bytes += entry->memory->size;
	pthread_mutex_unlock(&pool->lock);
}

/* Called when all memory of the layout is in use. */
static AVBufferRef *entry_alloc(void *opaque, size_t size)
{
	struct frame_pool *pool = opaque;
	struct pool_entry *entry = calloc(1, sizeof(*entry));
	AVBufferRef *buffer;

	if (!entry)
		return NULL;
	entry->memory = memory_alloc(pool->source, size);
	if (!entry->memory)
		goto err_free_entry;
	entry_link(pool, entry);
	buffer = av_buffer_create(entry->memory->data, size, entry_free, entry, 0);
	if (!buffer)
		entry_free(entry, NULL);
	return buffer;

err_free_entry:
	free(entry);
	return NULL;
}

/**
 * frame_pool_init() - make a pool, still without a layout
 * @pool: pool
 * @source: where its memory comes from
 */
void frame_pool_init(struct frame_pool *pool, struct memory_source *source)
{
	*pool = (struct frame_pool){ .source = source };
	pthread_mutex_init(&pool->lock, NULL);
}

/**
 * frame_pool_exit() - give back the memory of a pool
 * @pool: pool, with no frame of it in use
 */
void frame_pool_exit(struct frame_pool *pool)
{
	av_buffer_pool_uninit(&pool->buffers);
	pthread_mutex_destroy(&pool->lock);
}

static bool layout_equal(const struct frame_layout *a, const struct frame_layout *b)
{
	return a->format == b->format && a->width == b->width && a->height == b->height &&
	       a->size == b->size;
}

/**
 * frame_pool_set_layout() - say what the next frames look like
 * @pool: pool
 * @layout: of the frames; those of another layout stay valid until unreferenced
 *
 * Return: 0, or an AVERROR.
 */
int frame_pool_set_layout(struct frame_pool *pool, const struct frame_layout *layout)
{
	if (pool->buffers && layout_equal(&pool->layout, layout))
		return 0;
	av_buffer_pool_uninit(&pool->buffers);
	pool->buffers = av_buffer_pool_init2(layout->size, pool, entry_alloc, NULL);
	if (!pool->buffers)
		return AVERROR(ENOMEM);
	pool->layout = *layout;
	return 0;
}

/**
 * frame_pool_get() - give a frame its memory
 * @pool: pool
 * @frame: gets a buffer, planes and line sizes
 *
 * Return: 0, or an AVERROR.
 */
int frame_pool_get(struct frame_pool *pool, AVFrame *frame)
{
	const struct frame_layout *layout = &pool->layout;
	int i;

	frame->buf[0] = av_buffer_pool_get(pool->buffers);
	if (!frame->buf[0])
		return AVERROR(ENOMEM);
	for (i = 0; i < layout->planes; i++) {
		frame->data[i] = frame->buf[0]->data + layout->offset[i];
		frame->linesize[i] = layout->linesize[i];
	}
	frame->extended_data = frame->data;
	return 0;
}

/**
 * frame_pool_owns() - is a frame in this pool's memory?
 * @pool: pool
 * @frame: frame with data
 *
 * Return: true if it is
 */
bool frame_pool_owns(struct frame_pool *pool, const AVFrame *frame)
{
	struct pool_entry *entry;

	pthread_mutex_lock(&pool->lock);
	for (entry = pool->entries; entry; entry = entry->next)
		if (frame->buf[0] && frame->buf[0]->data == entry->memory->data)
			break;
	pthread_mutex_unlock(&pool->lock);
	return entry;
}

/**
 * frame_pool_usage() - how much memory a pool has
 * @pool: pool
 *
 * Return: frames and bytes
 */
struct pool_usage frame_pool_usage(struct frame_pool *pool)
{
	struct pool_usage usage;

	pthread_mutex_lock(&pool->lock);
	usage.count = pool->count;
	usage.bytes = pool->bytes;
	pthread_mutex_unlock(&pool->lock);
	return usage;
}
