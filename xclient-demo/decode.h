/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a file to frames in memory of our own.
 */
#ifndef XCLIENT_DECODE_H
#define XCLIENT_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "feed.h"

/**
 * struct decoder - the video stream of one file
 * @feed: what the player sees of it
 * @file: its name
 * @format: the container
 * @codec: the decoder
 * @stream: the video stream
 * @packet: the one being sent
 * @pool: where frames live
 * @pixel_format: AVPixelFormat of the last frame
 * @stats: where copies are counted
 * @next_ns: when the next frame without one is due
 * @draining: the end of the file was reached
 * @direct: the decoder writes into our memory
 */
struct decoder {
	struct feed feed;
	const char *file;
	AVFormatContext *format;
	AVCodecContext *codec;
	AVStream *stream;
	AVPacket *packet;
	struct pmmshm_av_pool *pool;
	int pixel_format;
	struct stats *stats;
	int64_t next_ns;
	bool draining;
	bool direct;
};

struct feed *decoder_init(struct decoder *dec);

#endif
