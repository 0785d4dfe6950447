// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "message.h"
#include "parse.h"
#include "way.h"

static const char help[] =
"Usage: pmm-play [OPTION]... FILE\n"
"Play a video on an X server, every frame in physically contiguous memory that\n"
"the server shares.\n"
"\n"
"      --copy           ordinary buffers and XPutImage instead, to compare\n"
"      --display NAME   the X server; default $DISPLAY\n"
"      --hold           keep the last frame on the screen until q or a signal\n"
"      --hold-frame N   pause at frame N, the first being 0\n"
"      --json FILE      write the figures to FILE, at a hold and at the end\n"
"      --loop           start again at the end\n"
"      --max-frames N   stop after N frames\n"
"      --no-clock       as fast as possible; never drop a frame\n"
"      --shm WAY        how the server gets at a frame: sysv, it attaches the block\n"
"                       by its System V id (default); fd, it is given an fd of a\n"
"                       block that has no id; pixmap, the block is the storage of\n"
"                       a pixmap of the server's\n"
"      --size WxH       size of the window; default the video's\n"
"      --title TEXT     title of the window; default FILE\n"
"      --verbose        show what FFmpeg has to say\n"
"  -h, --help           show this\n"
"\n"
"Keys: space pauses and resumes, q and Escape quit.\n";

enum {
	OPT_COPY = 256,
	OPT_DISPLAY,
	OPT_HOLD,
	OPT_HOLD_FRAME,
	OPT_JSON,
	OPT_LOOP,
	OPT_MAX_FRAMES,
	OPT_NO_CLOCK,
	OPT_SHM,
	OPT_SIZE,
	OPT_TITLE,
	OPT_VERBOSE,
};

static const struct option long_options[] = {
	{ "copy", no_argument, NULL, OPT_COPY },
	{ "display", required_argument, NULL, OPT_DISPLAY },
	{ "help", no_argument, NULL, 'h' },
	{ "hold", no_argument, NULL, OPT_HOLD },
	{ "hold-frame", required_argument, NULL, OPT_HOLD_FRAME },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "loop", no_argument, NULL, OPT_LOOP },
	{ "max-frames", required_argument, NULL, OPT_MAX_FRAMES },
	{ "no-clock", no_argument, NULL, OPT_NO_CLOCK },
	{ "shm", required_argument, NULL, OPT_SHM },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "title", required_argument, NULL, OPT_TITLE },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ }
};

static int parse_value(struct options *opts, int option, const char *value)
{
	switch (option) {
	case OPT_DISPLAY:
		opts->display = value;
		return 0;
	case OPT_JSON:
		opts->json = value;
		return 0;
	case OPT_TITLE:
		opts->title = value;
		return 0;
	case OPT_HOLD_FRAME:
		return parse_count("hold-frame", 0, value, &opts->hold_frame);
	case OPT_MAX_FRAMES:
		return parse_count("max-frames", 1, value, &opts->max_frames);
	case OPT_SHM:
		return parse_way("shm", value, &opts->way);
	case OPT_SIZE:
		return parse_size("size", value, &opts->width, &opts->height);
	}
	return complain("see pmm-play --help");
}

static int parse_one(struct options *opts, int option, const char *value)
{
	switch (option) {
	case OPT_COPY:
		opts->way = &way_copy;
		return 0;
	case OPT_HOLD:
		opts->hold = true;
		return 0;
	case OPT_LOOP:
		opts->loop = true;
		return 0;
	case OPT_NO_CLOCK:
		opts->no_clock = true;
		return 0;
	case OPT_VERBOSE:
		opts->verbose = true;
		return 0;
	}
	return parse_value(opts, option, value);
}

/**
 * options_parse() - read the command line
 * @opts: filled in
 * @argc: as main() got it
 * @argv: as main() got it
 *
 * Return: OPTIONS_RUN, OPTIONS_DONE after --help, OPTIONS_WRONG after a message.
 */
int options_parse(struct options *opts, int argc, char **argv)
{
	int option;

	*opts = (struct options){ .way = &way_sysv, .hold_frame = -1 };
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return OPTIONS_DONE;
		}
		if (parse_one(opts, option, optarg))
			return OPTIONS_WRONG;
	}
	if (optind + 1 != argc) {
		complain("%s; see pmm-play --help",
			 optind < argc ? "one video at a time" : "no video given");
		return OPTIONS_WRONG;
	}
	opts->file = argv[optind];
	return OPTIONS_RUN;
}
