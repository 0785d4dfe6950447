/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a decoded frame to pixels as the X server wants them.
 */
#ifndef XCLIENT_SCALE_H
#define XCLIENT_SCALE_H

#include <stdint.h>

#include <libavutil/frame.h>
#include <libswscale/swscale.h>

#include "stats.h"

/**
 * struct picture - where scaled pixels go
 * @data: first line
 * @stride: bytes from line to line
 * @format: AVPixelFormat
 * @width: in pixels
 * @height: in pixels
 */
struct picture {
	uint8_t *data;
	int stride;
	enum AVPixelFormat format;
	int width;
	int height;
};

/**
 * struct scale_key - what a scaler was made for
 * @src_format: AVPixelFormat of frames
 * @src_width: of frames
 * @src_height: of frames
 * @src_colorspace: AVColorSpace of frames
 * @src_range: AVColorRange of frames
 * @dst_format: AVPixelFormat of pictures
 * @dst_width: of pictures
 * @dst_height: of pictures
 */
struct scale_key {
	int src_format;
	int src_width;
	int src_height;
	int src_colorspace;
	int src_range;
	int dst_format;
	int dst_width;
	int dst_height;
};

/**
 * struct scaler - scales from any frame to any picture
 * @context: libswscale's, made for @key
 * @key: what it was made for
 * @stats: where copies are counted
 */
struct scaler {
	struct SwsContext *context;
	struct scale_key key;
	struct stats *stats;
};

void scaler_init(struct scaler *scaler, struct stats *stats);
void scaler_exit(struct scaler *scaler);
int scaler_run(struct scaler *scaler, const AVFrame *frame, const struct picture *picture);

#endif
