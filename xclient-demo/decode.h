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

#include "pool.h"
#include "stats.h"

/**
 * struct decoder - the video stream of one file
 * @file: its name
 * @format: the container
 * @codec: the decoder
 * @stream: the video stream
 * @packet: the one being sent
 * @pool: where frames live
 * @stats: where copies are counted
 * @frame_ns: time between frames, for those without a time stamp
 * @next_ns: when the next frame without one is due
 * @draining: the end of the file was reached
 * @direct: the decoder writes into our memory
 */
struct decoder {
	const char *file;
	AVFormatContext *format;
	AVCodecContext *codec;
	AVStream *stream;
	AVPacket *packet;
	struct frame_pool pool;
	struct stats *stats;
	int64_t frame_ns;
	int64_t next_ns;
	bool draining;
	bool direct;
};

/* decoder_next() results */
#define DECODER_FRAME	0
#define DECODER_END	1

int decoder_open(struct decoder *dec, const char *file, struct memory_source *source,
		 struct stats *stats);
void decoder_close(struct decoder *dec);
int decoder_next(struct decoder *dec, AVFrame *frame, int64_t *due_ns);
int decoder_rewind(struct decoder *dec);

#endif
