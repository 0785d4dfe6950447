/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pixel formats of cameras, and what FFmpeg calls them.
 */
#ifndef XCLIENT_FOURCC_H
#define XCLIENT_FOURCC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/videodev2.h>

#include <libavutil/frame.h>

/* Four characters and the end of the text, perhaps with "-BE" before it. */
#define FOURCC_TEXT 8

/**
 * struct fourcc - a format that libswscale can read
 * @fourcc: what V4L2 calls it
 * @format: what FFmpeg calls it
 * @swapped: the two planes of colour are the other way round
 */
struct fourcc {
	uint32_t fourcc;
	enum AVPixelFormat format;
	bool swapped;
};

const struct fourcc *fourcc_find(uint32_t fourcc);
const char *fourcc_text(uint32_t fourcc, char text[FOURCC_TEXT]);
int fourcc_parse(const char *text, uint32_t *fourcc);
int fourcc_fill(const struct fourcc *fourcc, const struct v4l2_pix_format *pix, uint8_t *data,
		size_t size, AVFrame *frame);

#endif
