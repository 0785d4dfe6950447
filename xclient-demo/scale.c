// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture depends only on the frame and on the flags below, never on the
 * machine: that is how scripts/demo.sh can compare it, pixel for pixel, with
 * what the ffmpeg program makes of the same frame.
 */
#include "scale.h"

#include <stdbool.h>
#include <string.h>

#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

#include "message.h"

#define SCALE_FLAGS \
	(SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT)

/* 4:2:0 has its chroma between two lines: in 1/256 of a line. */
#define CHROMA_BETWEEN_LINES 128

/**
 * scaler_init() - make a scaler
 * @scaler: scaler
 * @stats: where copies are counted
 */
void scaler_init(struct scaler *scaler, struct stats *stats)
{
	*scaler = (struct scaler){ .stats = stats };
}

/**
 * scaler_exit() - free what a scaler has
 * @scaler: scaler
 */
void scaler_exit(struct scaler *scaler)
{
	sws_freeContext(scaler->context);
	scaler->context = NULL;
}

static void set_options(struct SwsContext *context, const struct scale_key *key)
{
	av_opt_set_int(context, "srcw", key->src_width, 0);
	av_opt_set_int(context, "srch", key->src_height, 0);
	av_opt_set_int(context, "src_format", key->src_format, 0);
	av_opt_set_int(context, "dstw", key->dst_width, 0);
	av_opt_set_int(context, "dsth", key->dst_height, 0);
	av_opt_set_int(context, "dst_format", key->dst_format, 0);
	av_opt_set_int(context, "sws_flags", SCALE_FLAGS, 0);
	if (key->src_format == AV_PIX_FMT_YUV420P)
		av_opt_set_int(context, "src_v_chr_pos", CHROMA_BETWEEN_LINES, 0);
}

/* What the frame says about its colours goes before what swscale assumes. */
static void set_colours(struct SwsContext *context, const struct scale_key *key)
{
	int src_range, dst_range, brightness, contrast, saturation;
	int *src_table, *dst_table;

	if (sws_getColorspaceDetails(context, &src_table, &src_range, &dst_table, &dst_range,
				     &brightness, &contrast, &saturation) < 0)
		return;
	if (key->src_range != AVCOL_RANGE_UNSPECIFIED)
		src_range = key->src_range == AVCOL_RANGE_JPEG;
	sws_setColorspaceDetails(context, sws_getCoefficients(key->src_colorspace), src_range,
				 dst_table, dst_range, brightness, contrast, saturation);
}

static int scaler_prepare(struct scaler *scaler, const struct scale_key *key)
{
	if (scaler->context && !memcmp(&scaler->key, key, sizeof(*key)))
		return 0;
	sws_freeContext(scaler->context);
	scaler->context = sws_alloc_context();
	if (!scaler->context)
		return complain("no memory for scaling");
	set_options(scaler->context, key);
	if (sws_init_context(scaler->context, NULL, NULL) < 0)
		return complain("libswscale cannot turn %dx%d %s into %dx%d %s; convert the video",
				key->src_width, key->src_height,
				av_get_pix_fmt_name(key->src_format), key->dst_width,
				key->dst_height, av_get_pix_fmt_name(key->dst_format));
	set_colours(scaler->context, key);
	scaler->key = *key;
	return 0;
}

/* Without scaling or conversion, all that libswscale does is to copy. */
static bool is_copy(const struct scale_key *key)
{
	return key->src_format == key->dst_format && key->src_width == key->dst_width &&
	       key->src_height == key->dst_height;
}

/**
 * scaler_run() - scale one frame
 * @scaler: scaler
 * @frame: from here
 * @picture: to here
 *
 * Return: 0, or -1 after a message.
 */
int scaler_run(struct scaler *scaler, const AVFrame *frame, const struct picture *picture)
{
	const struct scale_key key = {
		.src_format = frame->format,
		.src_width = frame->width,
		.src_height = frame->height,
		.src_colorspace = frame->colorspace,
		.src_range = frame->color_range,
		.dst_format = picture->format,
		.dst_width = picture->width,
		.dst_height = picture->height,
	};
	uint8_t *const data[4] = { picture->data };
	const int stride[4] = { picture->stride };

	if (scaler_prepare(scaler, &key))
		return -1;
	if (sws_scale(scaler->context, (const uint8_t *const *)frame->data, frame->linesize, 0,
		      frame->height, data, stride) < 0)
		return complain("libswscale failed on a frame");
	if (is_copy(&key))
		stats_copied(scaler->stats, av_image_get_buffer_size(key.dst_format, key.dst_width,
								     key.dst_height, 1));
	return 0;
}
