// SPDX-License-Identifier: GPL-2.0-only
#include "stats.h"

#include <time.h>

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000.0

/** time_ns() - monotonic time in nanoseconds */
int64_t time_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/**
 * stats_begin() - a stage begins
 * @stats: counters
 */
void stats_begin(struct stats *stats)
{
	stats->stage_start_ns = time_ns();
	if (!stats->start_ns)
		stats->start_ns = stats->stage_start_ns;
}

/**
 * stats_end() - a stage ends
 * @stats: counters
 * @stage: which one
 */
void stats_end(struct stats *stats, enum stage stage)
{
	stats->stage_ns[stage] += time_ns() - stats->stage_start_ns;
}

/**
 * stats_shown() - one more frame was handed to the server
 * @stats: counters
 */
void stats_shown(struct stats *stats)
{
	stats->shown++;
	stats->stop_ns = time_ns();
}

/**
 * stats_copied() - the client copied pixels from one buffer to another
 * @stats: counters
 * @bytes: how many
 */
void stats_copied(struct stats *stats, size_t bytes)
{
	stats->copied_bytes += bytes;
}

/**
 * stats_frames_per_second() - frames shown in the time from first to last
 * @stats: counters
 *
 * Return: frames a second; 0 before the last frame
 */
double stats_frames_per_second(const struct stats *stats)
{
	int64_t ns = stats->stop_ns - stats->start_ns;

	return ns > 0 ? (double)stats->shown * NS_PER_S / ns : 0;
}

/**
 * stats_copied_per_frame() - bytes copied for each frame shown
 * @stats: counters
 *
 * Return: bytes a frame; 0 if none was shown
 */
double stats_copied_per_frame(const struct stats *stats)
{
	return stats->shown ? (double)stats->copied_bytes / stats->shown : 0;
}

/**
 * stats_stage_ms() - time of one stage for each frame decoded, in milliseconds
 * @stats: counters
 * @stage: which one
 *
 * Return: milliseconds a frame; 0 if none was decoded
 */
double stats_stage_ms(const struct stats *stats, enum stage stage)
{
	return stats->decoded ? stats->stage_ns[stage] / NS_PER_MS / stats->decoded : 0;
}
