/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command lines of the programs that show pictures.
 */
#ifndef XCLIENT_OPTIONS_H
#define XCLIENT_OPTIONS_H

#include <stdbool.h>

struct way;

/**
 * struct options - what the user asked for
 * @file: the video, or the camera's device
 * @display: X display; NULL for $DISPLAY
 * @title: of the window; NULL for the name of the file
 * @json: where the figures go, or NULL
 * @way: how pictures get to the server
 * @type: name of the type of memory that they are in; NULL for the default
 * @width: of the window; 0 for the video's
 * @height: of the window; 0 for the video's
 * @max_frames: stop after so many frames; 0 for all
 * @seconds: stop after so many seconds; 0 for no limit
 * @hold_frame: pause at this frame, the first being 0; -1 for none
 * @hold: keep the last frame on the screen
 * @loop: start again at the end
 * @no_clock: as fast as possible
 * @verbose: show what FFmpeg says
 * @format: four characters that name the camera's format; NULL for one that suits
 * @capture_width: of the camera's picture; 0 for the one it has
 * @capture_height: likewise
 * @rate: of the camera in frames a second; 0 for the one it has
 * @buffers: how many the camera has in turn
 */
struct options {
	const char *file;
	const char *display;
	const char *title;
	const char *json;
	const struct way *way;
	const char *type;
	int width;
	int height;
	long max_frames;
	long seconds;
	long hold_frame;
	bool hold;
	bool loop;
	bool no_clock;
	bool verbose;
	const char *format;
	int capture_width;
	int capture_height;
	long rate;
	long buffers;
};

/* options_read() results */
#define OPTIONS_RUN	0
#define OPTIONS_WRONG	(-1)
#define OPTIONS_DONE	1	/* --help */

/* What getopt_long() calls a program's own options: this, and what follows. */
#define OPTION_OWN	512

struct option;

/**
 * struct command_line - what a program makes of its command line
 * @program: its name
 * @shown: what it shows, in a word
 * @help: for --help
 * @options: those of its own, as for getopt_long(), besides --copy, --display,
 *	--help, --hold, --hold-frame, --json, --shm and --title
 * @read: take one of these with its value: 0, or -1 after a message
 */
struct command_line {
	const char *program;
	const char *shown;
	const char *help;
	const struct option *options;
	int (*read)(struct options *opts, int option, const char *value);
};

int options_read(struct options *opts, int argc, char **argv, const struct command_line *line);
int play_options_parse(struct options *opts, int argc, char **argv);
int camera_options_parse(struct options *opts, int argc, char **argv);

#endif
