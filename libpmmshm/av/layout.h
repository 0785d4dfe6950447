/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PMMSHM_AV_LAYOUT_H
#define PMMSHM_AV_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include <libavcodec/avcodec.h>

/**
 * struct av_layout - where the planes of a frame are in its memory
 * @format: AVPixelFormat
 * @linesize: bytes from line to line, for each plane
 * @offset: where each plane begins
 * @planes: how many there are
 * @size: bytes of memory for all of it
 */
struct av_layout {
	int format;
	int linesize[4];
	size_t offset[4];
	int planes;
	size_t size;
};

int pmmshm_av_layout_init(struct av_layout *layout, AVCodecContext *codec,
			  const AVFrame *frame);
bool pmmshm_av_layout_equal(const struct av_layout *a, const struct av_layout *b);

#endif
