// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>

#include "options.h"
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
"      --type NAME      put everything in memory of this type, such as RAM on a device\n"
"      --verbose        show what FFmpeg has to say\n"
"  -h, --help           show this\n"
"\n"
"Keys: space pauses and resumes, q and Escape quit.\n";

enum {
	OPT_LOOP = OPTION_OWN,
	OPT_MAX_FRAMES,
	OPT_NO_CLOCK,
	OPT_SIZE,
	OPT_TYPE,
	OPT_VERBOSE,
};

static const struct option own[] = {
	{ "loop", no_argument, NULL, OPT_LOOP },
	{ "max-frames", required_argument, NULL, OPT_MAX_FRAMES },
	{ "no-clock", no_argument, NULL, OPT_NO_CLOCK },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ }
};

static int read_own(struct options *opts, int option, const char *value)
{
	switch (option) {
	case OPT_MAX_FRAMES:
		return parse_count("max-frames", 1, value, &opts->max_frames);
	case OPT_SIZE:
		return parse_size("size", value, &opts->width, &opts->height);
	case OPT_LOOP:
		opts->loop = true;
		break;
	case OPT_TYPE:
		opts->type = value;
		break;
	case OPT_NO_CLOCK:
		opts->no_clock = true;
		break;
	case OPT_VERBOSE:
		opts->verbose = true;
		break;
	}
	return 0;
}

static const struct command_line line = {
	.program = "pmm-play",
	.shown = "video",
	.help = help,
	.options = own,
	.read = read_own,
};

/**
 * play_options_parse() - read the command line of pmm-play
 * @opts: filled in
 * @argc: as main() got it
 * @argv: as main() got it
 *
 * Return: OPTIONS_RUN, OPTIONS_DONE after --help, OPTIONS_WRONG after a message.
 */
int play_options_parse(struct options *opts, int argc, char **argv)
{
	*opts = (struct options){ .way = &way_sysv, .hold_frame = -1 };
	return options_read(opts, argc, argv, &line);
}
