// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmm-play: a video player in which no frame is ever copied.
 *
 *	pmm-play film.mp4
 *
 * FFmpeg decodes into PMM blocks, libswscale scales from block to block, and
 * the X server shows the latter, which it shares by one of the ways of way.h.
 */
#include <stdlib.h>

#include <libavutil/log.h>

#include "decode.h"
#include "options.h"
#include "player.h"

#define EXIT_USAGE 2

int main(int argc, char **argv)
{
	struct options opts;
	struct decoder decoder;

	switch (play_options_parse(&opts, argc, argv)) {
	case OPTIONS_DONE:
		return EXIT_SUCCESS;
	case OPTIONS_WRONG:
		return EXIT_USAGE;
	}
	av_log_set_level(opts.verbose ? AV_LOG_VERBOSE : AV_LOG_FATAL);
	return player_show(&opts, decoder_init(&decoder)) ? EXIT_FAILURE : EXIT_SUCCESS;
}
