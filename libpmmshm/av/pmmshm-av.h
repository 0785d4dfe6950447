/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FFmpeg's frames in blocks: the decoder writes each picture straight into memory
 * that other programs and devices can share.
 *
 *	struct pmmshm_av_pool *pool = pmmshm_av_pool_create(pmm, NULL);
 *
 *	pmmshm_av_use_pool(codec, pool);
 *	avcodec_open2(codec, decoder, NULL);
 *	...
 *	avcodec_receive_frame(codec, frame);
 *	block = pmmshm_av_pool_block(pool, frame);
 *
 * A frame has one block for all its planes.  It is used again once FFmpeg and the
 * program have dropped all references to it, so whoever shares a frame with others
 * holds a reference of his own until they are done with it.
 *
 * Functions that can fail return 0 or an AVERROR; where a block could not be had,
 * pmmshm_av_pool_error() says why.  pmmshm_error() need not know: FFmpeg may have asked
 * in a thread of its own.  Any number of threads may use one pool.
 */
#ifndef PMMSHM_AV_H
#define PMMSHM_AV_H

#include <stdbool.h>
#include <stddef.h>

#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
#include <pmmshm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pmmshm_av_pool;

/**
 * pmmshm_av_pool_create() - make a pool of frames
 * @pmm: where its blocks come from, for as long as frames are got from the pool.
 *	NULL: ordinary memory instead, to compare
 * @opts: how they are allocated, as for pmmshm_block_alloc(), or NULL.  What it
 *	points to has to stay as it is
 *
 * Return: a pool; or NULL with ENOMEM, or with EINVAL if the size of @opts is none, or
 * there are fields in it that this library does not know.
 */
struct pmmshm_av_pool *pmmshm_av_pool_create(struct pmmshm *pmm,
					     const struct pmmshm_alloc_opts *opts);

/**
 * pmmshm_av_pool_free() - drop a pool
 * @pool: pool, or NULL
 *
 * Frames that somebody still refers to stay valid, and end with that.
 */
void pmmshm_av_pool_free(struct pmmshm_av_pool *pool);

/**
 * pmmshm_av_pool_get() - give a frame its memory
 * @pool: pool
 * @codec: whose decoder is going to write to it and wants lines and planes aligned;
 *	NULL if it is for the program's own use
 * @frame: its format, width and height are what is wanted; gets a buffer, planes
 *	and line sizes
 *
 * Frames of another format or size than the last one's get blocks of another size;
 * the old ones go when nobody refers to them.
 *
 * Return: 0, or an AVERROR.
 */
int pmmshm_av_pool_get(struct pmmshm_av_pool *pool, AVCodecContext *codec,
		       AVFrame *frame);

/**
 * pmmshm_av_use_pool() - have a codec decode into a pool
 * @codec: the codec, not open yet.  Its get_buffer2 and its opaque are set
 * @pool: pool, for as long as the codec is open
 */
void pmmshm_av_use_pool(AVCodecContext *codec, struct pmmshm_av_pool *pool);

/**
 * pmmshm_av_get_buffer2() - the get_buffer2 of a codec whose opaque is a pool
 * @codec: the codec
 * @frame: as for pmmshm_av_pool_get()
 * @flags: as FFmpeg has them
 *
 * A program that needs the codec's opaque for something else writes a function of
 * its own, which calls pmmshm_av_pool_get().  Decoders that insist on memory of
 * their own (without AV_CODEC_CAP_DR1) get it: see pmmshm_av_pool_owns().
 *
 * Return: 0, or an AVERROR.
 */
int pmmshm_av_get_buffer2(AVCodecContext *codec, AVFrame *frame, int flags);

/**
 * pmmshm_av_pool_owns() - is a frame in this pool's memory?
 * @pool: pool
 * @frame: frame with data
 *
 * Return: true if the pool allocated it.
 */
bool pmmshm_av_pool_owns(struct pmmshm_av_pool *pool, const AVFrame *frame);

/**
 * pmmshm_av_pool_block() - the block that a frame is in
 * @pool: pool
 * @frame: frame with data
 *
 * A plane begins at frame->data[i] - pmmshm_block_data() in it.
 *
 * Return: the block, which is the pool's and stays for as long as somebody refers
 * to the frame's buffer; NULL if the frame is not in a block of this pool.
 */
struct pmmshm_block *pmmshm_av_pool_block(struct pmmshm_av_pool *pool,
					  const AVFrame *frame);

/**
 * pmmshm_av_pool_usage() - how much memory a pool has
 * @pool: pool
 * @bytes: set to their size, unless NULL
 *
 * Return: number of its blocks, whether or not they are in use.
 */
size_t pmmshm_av_pool_usage(struct pmmshm_av_pool *pool, size_t *bytes);

/**
 * pmmshm_av_pool_error() - why there was no block
 * @pool: pool
 *
 * Return: the reason why the last block that could not be had was not, in whatever
 * thread that was, or ""; valid until this thread's next call of the function.
 */
const char *pmmshm_av_pool_error(struct pmmshm_av_pool *pool);

#ifdef __cplusplus
}
#endif

#endif /* PMMSHM_AV_H */
