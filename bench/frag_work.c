// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workloads: a camera with blocks that are all equal, decoders with streams that
 * come and go, and an adversary who knows where every block lies.
 */
#include <stdlib.h>

#include "frag.h"

/* ---- camera: frames of one size, freed in any order ---- */

struct camera {
	struct frag_block *blocks;
	unsigned long nr;
};

static void camera_begin(struct frag_run *run)
{
	struct camera *c = frag_zalloc(1, sizeof(*c));

	c->blocks = frag_zalloc(run->pools->pages / FRAG_CAMERA_LEN + 1,
				sizeof(*c->blocks));
	run->state = c;
}

static void camera_free_one(struct frag_run *run, struct camera *c)
{
	struct frag_block *block = &c->blocks[frag_random(run, c->nr)];

	frag_block_free(block);
	*block = c->blocks[--c->nr];
}

/* Allocate as many as may be, then free some. */
static void camera_step(struct frag_run *run)
{
	struct frag_pool *pool = run->pools;
	struct camera *c = run->state;
	unsigned long n;

	if (c->nr < run->max_blocks &&
	    pool->live + FRAG_CAMERA_LEN <= run->limit &&
	    frag_pool_alloc(pool, FRAG_CAMERA_LEN, frag_align(FRAG_CAMERA_LEN),
			    &c->blocks[c->nr])) {
		c->nr++;
		return;
	}
	for (n = 1 + frag_random(run, 8); n && c->nr; n--)
		camera_free_one(run, c);
}

static void camera_end(struct frag_run *run)
{
	struct camera *c = run->state;

	while (c->nr)
		camera_free_one(run, c);
	free(c->blocks);
	free(c);
}

const struct frag_work frag_camera = {
	.name = "camera",
	.least = FRAG_CAMERA_LEN,
	.begin = camera_begin,
	.step = camera_step,
	.end = camera_end,
};

/* ---- decoders: streams, each with blocks of several kinds ---- */

/* Those of which the smallest stream consists */
#define LEN_FRAME_576	152UL
#define LEN_CODED	511UL
#define LEN_SMALL	16UL
#define FRAMES_MIN	6

/* Frames are 4:2:0, in 576, 720, 1088 and 2160 lines. */
const unsigned long frag_kind_len[FRAG_KINDS] = {
	LEN_FRAME_576, 338, 765, 3038, LEN_CODED, LEN_SMALL
};

const unsigned long frag_kind_nr[FRAG_KINDS] = {
	FRAG_STREAM_FRAMES, FRAG_STREAM_FRAMES, FRAG_STREAM_FRAMES,
	FRAG_STREAM_FRAMES, FRAG_STREAM_CODED, FRAG_STREAM_SMALL
};

#define DECODER_MAX_STREAMS	256

struct stream {
	struct frag_block blocks[FRAG_STREAM_BLOCKS];
	unsigned long frames;
};

struct decoder {
	struct stream streams[DECODER_MAX_STREAMS];
	unsigned long nr;
};

static unsigned long decoder_live(const struct frag_run *run)
{
	unsigned long live = 0, k;

	for (k = 0; k < (run->classes ? FRAG_KINDS : 1); k++)
		live += run->pools[k].live;
	return live;
}

static bool decoder_alloc(struct frag_run *run, enum frag_kind kind,
			  unsigned long len, struct frag_block *block)
{
	if (run->classes)
		len = frag_round(frag_kind_len[kind]);
	return frag_pool_alloc(&run->pools[run->classes ? kind : 0], len,
			       frag_align(len), block);
}

static bool decoder_alloc_coded(struct frag_run *run, struct frag_block *block)
{
	return decoder_alloc(run, FRAG_CODED,
			     64 + frag_random(run, frag_kind_len[FRAG_CODED] - 63),
			     block);
}

static void stream_close(struct stream *s)
{
	unsigned long i;

	for (i = 0; i < FRAG_STREAM_BLOCKS; i++)
		frag_block_free(&s->blocks[i]);
}

static bool stream_open(struct frag_run *run, struct stream *s,
			enum frag_kind kind)
{
	bool ok = true;
	unsigned long i;

	for (i = 0; i < s->frames && ok; i++)
		ok = decoder_alloc(run, kind, frag_kind_len[kind],
				   &s->blocks[i]);
	for (i = FRAG_STREAM_FRAMES;
	     i < FRAG_STREAM_FRAMES + FRAG_STREAM_CODED && ok; i++)
		ok = decoder_alloc_coded(run, &s->blocks[i]);
	for (; i < FRAG_STREAM_BLOCKS && ok; i++)
		ok = decoder_alloc(run, FRAG_SMALL,
				   1 + frag_random(run, frag_kind_len[FRAG_SMALL]),
				   &s->blocks[i]);
	if (!ok)
		stream_close(s);
	return ok;
}

static void decoder_close_one(struct frag_run *run, struct decoder *d)
{
	struct stream *s = &d->streams[frag_random(run, d->nr)];

	stream_close(s);
	*s = d->streams[--d->nr];
}

/* A stream asks for another buffer of coded data in place of one. */
static void decoder_renew(struct frag_run *run, struct decoder *d)
{
	struct stream *s = &d->streams[frag_random(run, d->nr)];
	unsigned long i = frag_random(run, FRAG_STREAM_CODED);
	struct frag_block *block = &s->blocks[FRAG_STREAM_FRAMES + i];

	frag_block_free(block);
	if (decoder_live(run) + frag_kind_len[FRAG_CODED] <= run->limit)
		decoder_alloc_coded(run, block);
}

static void decoder_begin(struct frag_run *run)
{
	run->state = frag_zalloc(1, sizeof(struct decoder));
}

/*
 * A new stream if there is room for it by the numbers; if not, or if a block of
 * it is refused, another one ends.  Streams last for some steps.
 */
static void decoder_step(struct frag_run *run)
{
	enum frag_kind kind = frag_random(run, FRAG_FRAME_SIZES);
	struct decoder *d = run->state;
	struct stream *s = &d->streams[d->nr];
	unsigned long need;

	if (d->nr && frag_random(run, 4)) {
		decoder_renew(run, d);
		return;
	}
	*s = (struct stream){
		.frames = FRAG_STREAM_FRAMES -
			  frag_random(run, FRAG_STREAM_FRAMES - FRAMES_MIN + 1),
	};
	need = s->frames * frag_kind_len[kind] +
	       FRAG_STREAM_CODED * frag_kind_len[FRAG_CODED] +
	       FRAG_STREAM_SMALL * frag_kind_len[FRAG_SMALL];
	if (d->nr < min(run->max_blocks, DECODER_MAX_STREAMS - 1UL) &&
	    decoder_live(run) + need <= run->limit &&
	    stream_open(run, s, kind))
		d->nr++;
	else if (d->nr)
		decoder_close_one(run, d);
}

static void decoder_end(struct frag_run *run)
{
	struct decoder *d = run->state;

	while (d->nr)
		decoder_close_one(run, d);
	free(d);
}

const struct frag_work frag_decoder = {
	.name = "decoder",
	.least = FRAMES_MIN * LEN_FRAME_576 + FRAG_STREAM_CODED * LEN_CODED +
		 FRAG_STREAM_SMALL * LEN_SMALL,
	.begin = decoder_begin,
	.step = decoder_step,
	.end = decoder_end,
};

/* ---- adversary ---- */

/*
 * After Robson (1971).  In round i all requests are for 2^i pages.  Before it,
 * only those blocks are kept that contain a page whose number is f modulo 2^i,
 * where f, so far known modulo 2^(i-1), is chosen such that the kept blocks spoil
 * as much as possible.  No hole between two of them holds 2^i pages.
 */
#define ADVERSARY_ROUNDS	13	/* up to 4096 pages, 16 MiB */

struct adversary {
	struct frag_block *blocks;
	unsigned long nr;
	unsigned int round;
	unsigned long f;
};

static void adversary_begin(struct frag_run *run)
{
	struct adversary *a = frag_zalloc(1, sizeof(*a));

	a->blocks = frag_zalloc(run->pools->pages, sizeof(*a->blocks));
	run->state = a;
}

static bool adversary_keeps(const struct frag_block *b, unsigned long f,
			    unsigned long modulus)
{
	return ((f - b->start) & (modulus - 1)) < b->len;
}

/* How many pages the blocks kept for @f spoil beyond their own. */
static unsigned long adversary_gain(const struct adversary *a, unsigned long f,
				    unsigned long modulus)
{
	unsigned long gain = 0, i;

	for (i = 0; i < a->nr; i++)
		if (adversary_keeps(&a->blocks[i], f, modulus))
			gain += modulus - a->blocks[i].len;
	return gain;
}

/* Free what is not worth keeping in the round of that modulus. */
static void adversary_thin_out(struct adversary *a, unsigned long modulus)
{
	unsigned long other = a->f + modulus / 2, kept = 0, i;

	if (adversary_gain(a, other, modulus) > adversary_gain(a, a->f, modulus))
		a->f = other;
	for (i = 0; i < a->nr; i++) {
		if (adversary_keeps(&a->blocks[i], a->f, modulus))
			a->blocks[kept++] = a->blocks[i];
		else
			frag_block_free(&a->blocks[i]);
	}
	a->nr = kept;
}

static void adversary_free_all(struct adversary *a)
{
	while (a->nr)
		frag_block_free(&a->blocks[--a->nr]);
}

/* A request, or the next round when no more are allowed or one was refused. */
static void adversary_step(struct frag_run *run)
{
	struct adversary *a = run->state;
	unsigned long len = 1UL << a->round;

	if (run->pools->live + len <= run->limit &&
	    frag_pool_alloc(run->pools, len, 1, &a->blocks[a->nr])) {
		a->nr++;
		return;
	}
	if (++a->round < ADVERSARY_ROUNDS) {
		adversary_thin_out(a, 2 * len);
		return;
	}
	adversary_free_all(a);
	a->round = 0;
	a->f = 0;
}

static void adversary_end(struct frag_run *run)
{
	struct adversary *a = run->state;

	adversary_free_all(a);
	free(a->blocks);
	free(a);
}

const struct frag_work frag_adversary = {
	.name = "adversary",
	.least = 1,
	.begin = adversary_begin,
	.step = adversary_step,
	.end = adversary_end,
};
