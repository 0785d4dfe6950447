/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where frames come from: a video that is decoded, or a camera.
 */
#ifndef XCLIENT_FEED_H
#define XCLIENT_FEED_H

#include <stdint.h>
#include <stdio.h>

#include <libavutil/frame.h>

#include "memory.h"
#include "options.h"
#include "stats.h"

struct feed;

/* feed_ops.next() results */
#define FEED_FRAME	0
#define FEED_END	1	/* there are no more */
#define FEED_WAIT	2	/* not yet: wait for the fd */

/**
 * struct feed_ops - what a feed can do; all return -1 after a message
 * @stage: what getting a frame is called in the figures
 * @open: get ready; @close is needed after a failure, too
 * @next: fill in an empty frame, and when it is due, in nanoseconds
 * @rewind: start again after the end; NULL for what has none
 * @report: write figures as members of a JSON object
 * @close: give everything back, when none of its frames is in use any more
 */
struct feed_ops {
	const char *stage;
	int (*open)(struct feed *feed, const struct options *opts, struct memory_source *source,
		    struct stats *stats);
	int (*next)(struct feed *feed, AVFrame *frame, int64_t *due_ns);
	int (*rewind)(struct feed *feed);
	void (*report)(struct feed *feed, FILE *out);
	void (*close)(struct feed *feed);
};

/**
 * struct feed - a source of frames
 * @ops: what it can do
 * @width: of its picture in square pixels, once it is open
 * @height: likewise
 * @frame_ns: how long a frame is on the screen
 * @fd: can be read when there may be a frame; -1 if there always is
 */
struct feed {
	const struct feed_ops *ops;
	int width;
	int height;
	int64_t frame_ns;
	int fd;
};

#endif
