// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmm-camera: a camera's picture on the screen, which the processor never copies.
 *
 *	pmm-camera /dev/video0
 *
 * The camera's device writes into PMM blocks, which it imports as dma-bufs and
 * which suit even one that needs contiguous memory.  libswscale scales from block
 * to block, and the X server shows the latter.
 */
#include <stdlib.h>

#include <libavutil/log.h>

#include "camera.h"
#include "options.h"
#include "player.h"

#define EXIT_USAGE 2

int main(int argc, char **argv)
{
	struct options opts;
	struct camera camera;

	switch (camera_options_parse(&opts, argc, argv)) {
	case OPTIONS_DONE:
		return EXIT_SUCCESS;
	case OPTIONS_WRONG:
		return EXIT_USAGE;
	}
	av_log_set_level(AV_LOG_FATAL);
	return player_show(&opts, camera_init(&camera)) ? EXIT_FAILURE : EXIT_SUCCESS;
}
