// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>

#include "message.h"
#include "parse.h"
#include "way.h"

/* Of one program, the common ones and the end of the table included. */
#define OPTIONS_MAX 32

enum {
	OPT_COPY = 256,
	OPT_DISPLAY,
	OPT_HOLD,
	OPT_HOLD_FRAME,
	OPT_JSON,
	OPT_SHM,
	OPT_TITLE,
};

static const struct option common[] = {
	{ "copy", no_argument, NULL, OPT_COPY },
	{ "display", required_argument, NULL, OPT_DISPLAY },
	{ "help", no_argument, NULL, 'h' },
	{ "hold", no_argument, NULL, OPT_HOLD },
	{ "hold-frame", required_argument, NULL, OPT_HOLD_FRAME },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "shm", required_argument, NULL, OPT_SHM },
	{ "title", required_argument, NULL, OPT_TITLE },
	{ }
};

/* Put a table behind the @n options of another, and its end. */
static int append(struct option *options, int n, const struct option *more)
{
	for (; more->name; more++) {
		assert(n < OPTIONS_MAX - 1);
		options[n++] = *more;
	}
	options[n] = (struct option){ };
	return n;
}

static int read_one(struct options *opts, int option, const char *value,
		    const struct command_line *line)
{
	switch (option) {
	case OPT_COPY:
		opts->way = &way_copy;
		return 0;
	case OPT_DISPLAY:
		opts->display = value;
		return 0;
	case OPT_HOLD:
		opts->hold = true;
		return 0;
	case OPT_HOLD_FRAME:
		return parse_count("hold-frame", 0, value, &opts->hold_frame);
	case OPT_JSON:
		opts->json = value;
		return 0;
	case OPT_SHM:
		return parse_way("shm", value, &opts->way);
	case OPT_TITLE:
		opts->title = value;
		return 0;
	case '?':
		return complain("see %s --help", line->program);
	}
	return line->read(opts, option, value);
}

/* What is left are names of files. */
static int read_file(struct options *opts, int argc, char **argv, const struct command_line *line)
{
	if (optind + 1 < argc)
		return complain("one %s at a time; see %s --help", line->shown, line->program);
	if (optind < argc)
		opts->file = argv[optind];
	if (!opts->file)
		return complain("no %s given; see %s --help", line->shown, line->program);
	return 0;
}

/**
 * options_read() - read a command line
 * @opts: what holds where the user says nothing, the file included if there is such
 *	a one; filled in
 * @argc: as main() got it
 * @argv: as main() got it
 * @line: what the program makes of it
 *
 * Return: OPTIONS_RUN, OPTIONS_DONE after --help, OPTIONS_WRONG after a message.
 */
int options_read(struct options *opts, int argc, char **argv, const struct command_line *line)
{
	struct option options[OPTIONS_MAX];
	int option, n;

	n = append(options, 0, common);
	append(options, n, line->options);
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(line->help, stdout);
			return OPTIONS_DONE;
		}
		if (read_one(opts, option, optarg, line))
			return OPTIONS_WRONG;
	}
	return read_file(opts, argc, argv, line) ? OPTIONS_WRONG : OPTIONS_RUN;
}
