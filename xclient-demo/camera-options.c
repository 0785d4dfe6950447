// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>

#include "camera.h"
#include "message.h"
#include "options.h"
#include "parse.h"
#include "way.h"

/* One shown, one being shown, and the device's: one being filled, one after that. */
#define BUFFERS 4
#define BUFFERS_MIN 3

static const char help[] =
"Usage: pmm-camera [OPTION]... [DEVICE]\n"
"Show a camera's picture on an X server.  The camera's device writes into\n"
"physically contiguous memory, and the server shares what it shows with us:\n"
"nothing is copied.  DEVICE is /dev/video0 unless another is given.\n"
"\n"
"      --buffers N      let the device have N buffers in turn; default 4\n"
"      --copy           the device's own buffers and XPutImage, to compare\n"
"      --display NAME   the X server; default $DISPLAY\n"
"      --format FOURCC  of the camera's picture, as in YUYV; default the one it\n"
"                       has, or else the first that can be shown\n"
"      --fps N          frames a second; default what it is set to\n"
"      --frames N       stop after N frames\n"
"      --hold           keep the last frame on the screen until q or a signal\n"
"      --hold-frame N   pause at frame N, the first being 0\n"
"      --json FILE      write the figures to FILE, at a hold and at the end\n"
"      --seconds N      stop after N seconds\n"
"      --shm WAY        how the server gets at a picture: sysv (default), fd or\n"
"                       pixmap, as for pmm-play\n"
"      --size WxH       of the camera's picture; default what it is set to\n"
"      --title TEXT     title of the window; default DEVICE\n"
"      --window WxH     size of the window; default the camera's\n"
"  -h, --help           show this\n"
"\n"
"Keys: space pauses and resumes, q and Escape quit.\n"
"A picture that the server takes as it is, in format and size, is copied to it by\n"
"libswscale, and counted; any other is converted.\n";

enum {
	OPT_BUFFERS = OPTION_OWN,
	OPT_FORMAT,
	OPT_FPS,
	OPT_FRAMES,
	OPT_SECONDS,
	OPT_SIZE,
	OPT_WINDOW,
};

static const struct option own[] = {
	{ "buffers", required_argument, NULL, OPT_BUFFERS },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "fps", required_argument, NULL, OPT_FPS },
	{ "frames", required_argument, NULL, OPT_FRAMES },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "window", required_argument, NULL, OPT_WINDOW },
	{ }
};

static int parse_buffers(struct options *opts, const char *value)
{
	if (parse_count("buffers", BUFFERS_MIN, value, &opts->buffers))
		return -1;
	if (opts->buffers > CAMERA_BUFFERS_MAX)
		return complain("--buffers %s: at most %d", value, CAMERA_BUFFERS_MAX);
	return 0;
}

static int read_own(struct options *opts, int option, const char *value)
{
	switch (option) {
	case OPT_BUFFERS:
		return parse_buffers(opts, value);
	case OPT_FORMAT:
		opts->format = value;
		return 0;
	case OPT_FPS:
		return parse_count("fps", 1, value, &opts->rate);
	case OPT_FRAMES:
		return parse_count("frames", 1, value, &opts->max_frames);
	case OPT_SECONDS:
		return parse_count("seconds", 1, value, &opts->seconds);
	case OPT_SIZE:
		return parse_size("size", value, &opts->capture_width, &opts->capture_height);
	case OPT_WINDOW:
		return parse_size("window", value, &opts->width, &opts->height);
	}
	return 0;
}

static const struct command_line line = {
	.program = "pmm-camera",
	.shown = "camera",
	.help = help,
	.options = own,
	.read = read_own,
};

/**
 * camera_options_parse() - read the command line of pmm-camera
 * @opts: filled in
 * @argc: as main() got it
 * @argv: as main() got it
 *
 * Return: OPTIONS_RUN, OPTIONS_DONE after --help, OPTIONS_WRONG after a message.
 */
int camera_options_parse(struct options *opts, int argc, char **argv)
{
	/* A live picture is due when it comes. */
	*opts = (struct options){
		.file = "/dev/video0", .way = &way_sysv, .hold_frame = -1, .no_clock = true,
		.buffers = BUFFERS,
	};
	return options_read(opts, argc, argv, &line);
}
