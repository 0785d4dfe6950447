// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The pool: struct pmmshm_av_pool.  FFmpeg's own AVBufferPool says when memory is
 * used again; this is where it comes from, and what is known about it.
 */
#include "pmmshm-av.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

/* For ordinary memory: what SIMD code in FFmpeg may want, and then some. */
#define PLAIN_ALIGN 4096

/* As libpmmshm has them. */
#define OPTS_SIZE_MIN offsetof(struct pmmshm_alloc_opts, caps)
#define OPTS_SIZE_MAX 4096

/**
 * struct pool_entry - one piece of memory
 * @pool: whose it is
 * @next: in the pool's list
 * @block: what it is, or NULL for ordinary memory
 * @data: its address
 * @size: its size in bytes
 */
struct pool_entry {
	struct pmmshm_av_pool *pool;
	struct pool_entry *next;
	struct pmmshm_block *block;
	void *data;
	size_t size;
};

/**
 * struct pmmshm_av_pool - frames of one layout; of an older one while in use
 * @pmm: where blocks come from
 * @opts: how they are allocated
 * @lock: protects layout and buffers; FFmpeg's lock of @buffers is taken inside it
 * @layout: of new frames
 * @buffers: recycles memory of the present layout
 * @list_lock: protects what follows; taken inside of both others
 * @entries: all memory of the pool, of whatever layout
 * @count: how many pieces that is
 * @bytes: and how much
 * @freed: goes with the last piece
 * @error: why the last block that could not be had was not
 */
struct pmmshm_av_pool {
	struct pmmshm *pmm;
	struct pmmshm_alloc_opts opts;
	pthread_mutex_t lock;
	struct av_layout layout;
	AVBufferPool *buffers;
	pthread_mutex_t list_lock;
	struct pool_entry *entries;
	size_t count;
	size_t bytes;
	bool freed;
	char error[512];
};

/* ------------------------------------------------------------ pieces of memory */

/* libpmmshm tells only this thread, which may be one of FFmpeg's. */
static void keep_error(struct pmmshm_av_pool *pool)
{
	/* Others may read it. */
	pthread_mutex_lock(&pool->list_lock);
	snprintf(pool->error, sizeof(pool->error), "%s", pmmshm_error());
	pthread_mutex_unlock(&pool->list_lock);
}

static int entry_get_memory(struct pool_entry *entry, size_t size)
{
	struct pmmshm_av_pool *pool = entry->pool;

	if (!pool->pmm) {
		entry->size = size;
		return posix_memalign(&entry->data, PLAIN_ALIGN, size);
	}
	entry->block = pmmshm_block_alloc(pool->pmm, size, &pool->opts);
	if (!entry->block) {
		keep_error(pool);
		return -1;
	}
	entry->data = pmmshm_block_data(entry->block);
	entry->size = pmmshm_block_size(entry->block);
	return 0;
}

static void pool_destroy(struct pmmshm_av_pool *pool)
{
	pthread_mutex_destroy(&pool->list_lock);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static void entry_free(void *opaque, uint8_t *data)
{
	struct pool_entry *entry = opaque;
	struct pmmshm_av_pool *pool = entry->pool;
	struct pool_entry **link;
	bool last;

	(void)data;
	/* The list; and who is the last. */
	pthread_mutex_lock(&pool->list_lock);
	for (link = &pool->entries; *link != entry; link = &(*link)->next)
		;
	*link = entry->next;
	pool->count--;
	pool->bytes -= entry->size;
	last = pool->freed && !pool->count;
	pthread_mutex_unlock(&pool->list_lock);
	if (!entry->block)
		free(entry->data);
	pmmshm_block_free(entry->block);
	free(entry);
	if (last)
		pool_destroy(pool);
}

/* Called under the pool's lock and FFmpeg's, when all memory of the layout is in use. */
static AVBufferRef *entry_alloc(void *opaque, size_t size)
{
	struct pmmshm_av_pool *pool = opaque;
	struct pool_entry *entry = calloc(1, sizeof(*entry));
	AVBufferRef *buffer;

	if (!entry)
		return NULL;
	entry->pool = pool;
	if (entry_get_memory(entry, size))
		goto err_free_entry;
	buffer = av_buffer_create(entry->data, size, entry_free, entry, 0);
	if (!buffer)
		goto err_free_memory;
	/* Others may look for theirs. */
	pthread_mutex_lock(&pool->list_lock);
	entry->next = pool->entries;
	pool->entries = entry;
	pool->count++;
	pool->bytes += entry->size;
	pthread_mutex_unlock(&pool->list_lock);
	return buffer;

err_free_memory:
	if (!entry->block)
		free(entry->data);
	pmmshm_block_free(entry->block);
err_free_entry:
	free(entry);
	return NULL;
}

/* --------------------------------------------------------------------- the pool */

/*
 * The caller may have been built with an older or a newer pmmshm.h.  What there is
 * beyond our struct must be zero: the copy has no room for it.
 */
static bool opts_copy(struct pmmshm_alloc_opts *to, const struct pmmshm_alloc_opts *from)
{
	const char *bytes = (const char *)from;
	size_t size = from->size, i;

	if (size < OPTS_SIZE_MIN || size > OPTS_SIZE_MAX)
		return false;
	for (i = sizeof(*to); i < size; i++)
		if (bytes[i])
			return false;
	if (size > sizeof(*to))
		size = sizeof(*to);
	memcpy(to, from, size);
	to->size = size;
	return true;
}

struct pmmshm_av_pool *pmmshm_av_pool_create(struct pmmshm *pmm,
					     const struct pmmshm_alloc_opts *opts)
{
	struct pmmshm_av_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->pmm = pmm;
	pool->opts.size = sizeof(pool->opts);
	if (opts && !opts_copy(&pool->opts, opts)) {
		free(pool);
		errno = EINVAL;
		return NULL;
	}
	pthread_mutex_init(&pool->lock, NULL);
	pthread_mutex_init(&pool->list_lock, NULL);
	return pool;
}

void pmmshm_av_pool_free(struct pmmshm_av_pool *pool)
{
	AVBufferPool *buffers;
	bool last;

	if (!pool)
		return;
	/* What is not in use goes now, by entry_free(), which takes the lock. */
	buffers = pool->buffers;
	av_buffer_pool_uninit(&buffers);
	/* Against those who return the last frames meanwhile. */
	pthread_mutex_lock(&pool->list_lock);
	pool->freed = true;
	last = !pool->count;
	pthread_mutex_unlock(&pool->list_lock);
	if (last)
		pool_destroy(pool);
}

/*
 * Memory of this layout.  What has another one is thrown away: *@old, by the caller,
 * who need not hold the lock for that.
 */
static AVBufferRef *get_locked(struct pmmshm_av_pool *pool,
			       const struct av_layout *layout, AVBufferPool **old)
{
	if (!pool->buffers || !pmmshm_av_layout_equal(&pool->layout, layout)) {
		*old = pool->buffers;
		pool->buffers = av_buffer_pool_init2(layout->size, pool, entry_alloc,
						     NULL);
		pool->layout = *layout;
	}
	return pool->buffers ? av_buffer_pool_get(pool->buffers) : NULL;
}

int pmmshm_av_pool_get(struct pmmshm_av_pool *pool, AVCodecContext *codec,
		       AVFrame *frame)
{
	AVBufferPool *old = NULL;
	struct av_layout layout;
	int error, i;

	error = pmmshm_av_layout_init(&layout, codec, frame);
	if (error < 0)
		return error;
	/* The layout and its buffers belong together. */
	pthread_mutex_lock(&pool->lock);
	frame->buf[0] = get_locked(pool, &layout, &old);
	pthread_mutex_unlock(&pool->lock);
	av_buffer_pool_uninit(&old);
	if (!frame->buf[0])
		return AVERROR(ENOMEM);
	for (i = 0; i < layout.planes; i++) {
		frame->data[i] = frame->buf[0]->data + layout.offset[i];
		frame->linesize[i] = layout.linesize[i];
	}
	frame->extended_data = frame->data;
	return 0;
}

int pmmshm_av_get_buffer2(AVCodecContext *codec, AVFrame *frame, int flags)
{
	if (!(codec->codec->capabilities & AV_CODEC_CAP_DR1))
		return avcodec_default_get_buffer2(codec, frame, flags);
	return pmmshm_av_pool_get(codec->opaque, codec, frame);
}

void pmmshm_av_use_pool(AVCodecContext *codec, struct pmmshm_av_pool *pool)
{
	codec->opaque = pool;
	codec->get_buffer2 = pmmshm_av_get_buffer2;
	/* Later ones take that for granted. */
#if LIBAVCODEC_VERSION_MAJOR < 60
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	codec->thread_safe_callbacks = 1;
#pragma GCC diagnostic pop
#endif
}

/* Sets @block, too, if it does. */
static bool find(struct pmmshm_av_pool *pool, const AVFrame *frame,
		 struct pmmshm_block **block)
{
	struct pool_entry *entry;

	/* The entry of a frame that is referred to stays. */
	pthread_mutex_lock(&pool->list_lock);
	for (entry = pool->entries; entry; entry = entry->next)
		if (frame->buf[0] && frame->buf[0]->data == entry->data)
			break;
	pthread_mutex_unlock(&pool->list_lock);
	if (entry)
		*block = entry->block;
	return entry;
}

bool pmmshm_av_pool_owns(struct pmmshm_av_pool *pool, const AVFrame *frame)
{
	struct pmmshm_block *block;

	return find(pool, frame, &block);
}

struct pmmshm_block *pmmshm_av_pool_block(struct pmmshm_av_pool *pool,
					  const AVFrame *frame)
{
	struct pmmshm_block *block = NULL;

	find(pool, frame, &block);
	return block;
}

size_t pmmshm_av_pool_usage(struct pmmshm_av_pool *pool, size_t *bytes)
{
	size_t count;

	/* Both of the same moment. */
	pthread_mutex_lock(&pool->list_lock);
	count = pool->count;
	if (bytes)
		*bytes = pool->bytes;
	pthread_mutex_unlock(&pool->list_lock);
	return count;
}

const char *pmmshm_av_pool_error(struct pmmshm_av_pool *pool)
{
	static _Thread_local char text[sizeof(pool->error)];

	/* Against those who fail meanwhile. */
	pthread_mutex_lock(&pool->list_lock);
	memcpy(text, pool->error, sizeof(text));
	pthread_mutex_unlock(&pool->list_lock);
	return text;
}
