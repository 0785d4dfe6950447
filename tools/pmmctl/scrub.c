// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl scrub: wait until all memory that was freed is zeroed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pmmctl.h"

#define LOOK_MS		20

enum {
	OPTION_TIMEOUT = 256,
};

static const struct option options[] = {
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ 0 },
};

static uint64_t timeout_ms = UINT64_MAX;

static void set_option(int option, const char *value)
{
	(void)option;
	timeout_ms = seconds_parse("--timeout", value) * 1000;
}

static const struct column columns[] = {
	{ "type", "TYPE", CELL_TEXT },
	{ "zeroed", "ZEROED", CELL_BYTES },
};

/* How much was to be zeroed at first.  Others may free more meanwhile. */
static uint64_t wait_clean(const char *type)
{
	const struct timespec nap = { .tv_nsec = LOOK_MS * 1000000L };
	uint64_t first = device_dirty(type), dirty = first, ms = 0;

	for (; dirty && ms < timeout_ms; ms += LOOK_MS) {
		nanosleep(&nap, NULL);
		dirty = device_dirty(type);
	}
	if (dirty)
		die("type %s: %s are still to be zeroed; the kernel's thread pmm/%s does that when nobody else wants the processor",
		    type, bytes(dirty).s, type);
	return first;
}

static void scrub(struct table *table, const char *type)
{
	uint64_t zeroed = wait_clean(type);

	table_row(table, (const struct cell[]){ TEXT(type), NUMBER(zeroed) });
}

static int run(char **arguments)
{
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	struct pmmshm *pmm = connect_module();
	struct pmmshm_type_info info;
	unsigned int i;

	if (arguments[0]) {
		type_find(pmm, arguments[0], &info);
		scrub(table, info.name);
	} else {
		for (i = 0; !pmmshm_type_get(pmm, i, &info); i++)
			scrub(table, info.name);
	}
	table_print(table, NULL);
	table_free(table);
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_scrub = {
	.name = "scrub",
	.arguments = "[TYPE]",
	.summary = "wait until memory that was freed is zeroed",
	.help =
	"The kernel zeroes it by itself, when nobody else wants the processor; an allocation\n"
	"that needs it sooner does it on its own.  Before a measurement this waits for the end\n"
	"of that.  ZEROED is what there was to do.\n"
	"\n"
	"      --timeout N  give up after so many seconds\n",
	.options = options,
	.option = set_option,
	.max = 1,
	.run = run,
};
