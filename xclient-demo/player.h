/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The player: take a frame from the feed, scale, wait for the clock, show.
 */
#ifndef XCLIENT_PLAYER_H
#define XCLIENT_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "display.h"
#include "feed.h"
#include "image.h"
#include "memory.h"
#include "options.h"
#include "scale.h"
#include "stats.h"

/* One on the screen, one being read by the server, one being written. */
#define PLAYER_IMAGES 3

/**
 * struct player - everything that shows one feed
 * @opts: what the user asked for
 * @source: where all pixels live
 * @feed: the video or camera
 * @scaler: makes it fit
 * @display: the X server
 * @clock: when to show frames
 * @stats: what happened so far
 * @images: used in turn
 * @turn: the next one to write
 * @on_screen: the image shown last, or NULL
 * @x: where in the window images go
 * @y: likewise
 * @next: the frame decoded last
 * @shown: the frame shown last, for when the window changes
 * @opened: the feed has to be closed
 * @shown_index: its number, the first being 0; -1 before that
 * @held: the player pauses at a frame it was told to hold
 * @quit: the user wants no more
 * @resized: the images are not of the right size any more
 */
struct player {
	const struct options *opts;
	struct memory_source source;
	struct feed *feed;
	struct scaler scaler;
	struct display display;
	struct video_clock clock;
	struct stats stats;
	struct image *images[PLAYER_IMAGES];
	int turn;
	struct image *on_screen;
	int x;
	int y;
	AVFrame *next;
	AVFrame *shown;
	long shown_index;
	bool opened;
	bool held;
	bool quit;
	bool resized;
};

int player_show(const struct options *opts, struct feed *feed);

#endif
