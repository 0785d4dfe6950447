/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the player counts: frames, copied bytes, and the time of each stage.
 */
#ifndef XCLIENT_STATS_H
#define XCLIENT_STATS_H

#include <stddef.h>
#include <stdint.h>

enum stage {
	STAGE_DECODE,	/* reading the file and decoding; taking a frame from the camera */
	STAGE_SCALE,	/* scaling and conversion to the server's pixels */
	STAGE_SHOW,	/* handing the picture to the server */
	STAGE_WAIT,	/* for the video's clock, and for the server to finish */
	STAGE_COUNT
};

/**
 * struct stats - the player's counters
 * @stage_ns: time spent in each stage
 * @decoded: frames that came from the feed
 * @shown: frames that were handed to the server
 * @dropped: frames that were too late
 * @copied_bytes: bytes the client copied from one buffer to another
 * @start_ns: when the first frame was asked for; 0 before that
 * @stop_ns: when the last frame was shown
 * @stage_start_ns: when the present stage began
 */
struct stats {
	int64_t stage_ns[STAGE_COUNT];
	long decoded;
	long shown;
	long dropped;
	uint64_t copied_bytes;
	int64_t start_ns;
	int64_t stop_ns;
	int64_t stage_start_ns;
};

int64_t time_ns(void);

void stats_begin(struct stats *stats);
void stats_end(struct stats *stats, enum stage stage);
void stats_shown(struct stats *stats);
void stats_copied(struct stats *stats, size_t bytes);
double stats_frames_per_second(const struct stats *stats);
double stats_copied_per_frame(const struct stats *stats);
double stats_stage_ms(const struct stats *stats, enum stage stage);

#endif
