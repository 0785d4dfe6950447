// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl map: a pool as a picture.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "map.h"

enum {
	OPTION_SVG = 256,
	OPTION_PNG,
	OPTION_BY,
	OPTION_LINES,
};

#define LINES		4
#define LINES_MAX	1000

static const struct option options[] = {
	{ "svg", required_argument, NULL, OPTION_SVG },
	{ "png", required_argument, NULL, OPTION_PNG },
	{ "by", required_argument, NULL, OPTION_BY },
	{ "lines", required_argument, NULL, OPTION_LINES },
	{ 0 },
};

static const char *svg, *png;
static bool by_owner = true;
static unsigned int lines = LINES;

static void set_by(const char *what)
{
	by_owner = !strcmp(what, "owner");
	if (!by_owner && strcmp(what, "state"))
		die_usage("--by %s: there is owner and state", what);
}

static void set_option(int option, const char *value)
{
	uint64_t number;

	switch (option) {
	case OPTION_SVG:
		svg = value;
		break;
	case OPTION_PNG:
		png = value;
		break;
	case OPTION_BY:
		set_by(value);
		break;
	case OPTION_LINES:
		if (!number_from_text(value, LINES_MAX, &number) || !number)
			die_usage("--lines %s: not a number from 1 to %d",
				  value, LINES_MAX);
		lines = (unsigned int)number;
		break;
	}
}

static void print(const struct map *map)
{
	const struct bar bar = {
		.columns = terminal_size().columns,
		.lines = lines,
		.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	};

	if (svg)
		map_draw(map, svg, false);
	if (png)
		map_draw(map, png, true);
	if (as_json)
		map_print_json(map);
	else if (!svg && !png)
		map_print(map, &bar);
}

static int run(char **arguments)
{
	struct pmmshm *pmm = connect_module();
	struct pmmshm_type_info info;
	struct blocks blocks;
	struct map map;

	type_find(pmm, arguments[0], &info);
	if (info.caps & PMM_TYPE_MIGRATE)
		die("type %s has no blocks: it is memory for pmmshm_migrate()",
		    info.name);
	blocks_read(pmm, &blocks);
	if (!blocks.all)
		die("where blocks are is in " DEBUGFS_BLOCKS ", which needs root and a mounted debugfs (mount -t debugfs debugfs /sys/kernel/debug)");
	map_init(&map, info.name, info.total, &blocks, by_owner);
	print(&map);
	map_destroy(&map);
	blocks_free(&blocks);
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_map = {
	.name = "map",
	.arguments = "[TYPE]",
	.summary = "show a pool as a picture",
	.help =
	"Of the type's memory, in the order of its addresses, which part is whose.  In a bar of\n"
	"letters, a small one is a part that is mostly free; Q is quarantine, what was freed\n"
	"while somebody still had it pinned.  The type is the first one if none is named.  Only\n"
	"root sees this.\n"
	"\n"
	"      --by owner|state  what letters and colours stand for (owner)\n"
	"      --lines N    lines of the bar (4)\n"
	"      --svg FILE   draw it to a file\n"
	"      --png FILE   draw it to a file\n",
	.options = options,
	.option = set_option,
	.max = 1,
	.run = run,
};
