/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The video's clock: when is a frame due, and is it too late for it?
 */
#ifndef XCLIENT_CLOCK_H
#define XCLIENT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct video_clock - maps the video's time to the machine's
 * @free_running: no clock; every frame is due at once
 * @started: the first frame was seen
 * @offset_ns: machine's time minus video's
 * @paused_ns: when it was stopped; 0 while it runs
 * @dropped: frames dropped in a row
 */
struct video_clock {
	bool free_running;
	bool started;
	int64_t offset_ns;
	int64_t paused_ns;
	int dropped;
};

void clock_init(struct video_clock *clock, bool free_running);
void clock_restart(struct video_clock *clock);
void clock_pause(struct video_clock *clock);
void clock_resume(struct video_clock *clock);
int64_t clock_remaining(struct video_clock *clock, int64_t due_ns);
bool clock_drops(struct video_clock *clock, int64_t due_ns, int64_t frame_ns);

#endif
