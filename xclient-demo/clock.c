// SPDX-License-Identifier: GPL-2.0-only
#include "clock.h"

#include "stats.h"

/* So late, and the clock gives way: the video then runs slower, not in jumps. */
#define HOPELESS_NS 500000000LL

/* At least one frame in so many is shown, however slow the machine. */
#define DROPS_IN_A_ROW 3

/**
 * clock_init() - make a clock that starts with the first frame
 * @clock: clock
 * @free_running: every frame is due at once
 */
void clock_init(struct video_clock *clock, bool free_running)
{
	*clock = (struct video_clock){ .free_running = free_running };
}

/**
 * clock_restart() - the next frame is due at once, whatever its time stamp
 * @clock: clock
 */
void clock_restart(struct video_clock *clock)
{
	clock->started = false;
}

/**
 * clock_pause() - stop the clock
 * @clock: clock, running
 */
void clock_pause(struct video_clock *clock)
{
	clock->paused_ns = time_ns();
}

/**
 * clock_resume() - let the clock run again
 * @clock: clock, paused
 */
void clock_resume(struct video_clock *clock)
{
	clock->offset_ns += time_ns() - clock->paused_ns;
	clock->paused_ns = 0;
}

/**
 * clock_remaining() - nanoseconds until a frame is due
 * @clock: clock, running
 * @due_ns: the frame's time stamp
 *
 * Return: negative if it should have been on the screen already.
 */
int64_t clock_remaining(struct video_clock *clock, int64_t due_ns)
{
	int64_t now = time_ns();

	if (clock->free_running)
		return 0;
	if (!clock->started) {
		clock->started = true;
		clock->offset_ns = now - due_ns;
	}
	return due_ns + clock->offset_ns - now;
}

/**
 * clock_drops() - decide whether a frame is too late to be shown
 * @clock: clock, running
 * @due_ns: the frame's time stamp
 * @frame_ns: how long a frame is on the screen
 *
 * Return: true if it is better to go on to the next one.
 */
bool clock_drops(struct video_clock *clock, int64_t due_ns, int64_t frame_ns)
{
	int64_t remaining = clock_remaining(clock, due_ns);

	if (remaining < -HOPELESS_NS) {
		clock_restart(clock);
	} else if (remaining < -frame_ns && clock->dropped < DROPS_IN_A_ROW) {
		clock->dropped++;
		return true;
	}
	clock->dropped = 0;
	return false;
}
