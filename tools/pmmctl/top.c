// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl top: pools, users and the largest blocks, again and again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pmmctl.h"
#include "stats.h"

enum {
	OPTION_DELAY = 256,
};

static const struct option options[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "delay", required_argument, NULL, OPTION_DELAY },
	{ 0 },
};

static uint64_t count = UINT64_MAX, delay = 2;

static void set_option(int option, const char *value)
{
	if (option == OPTION_DELAY)
		delay = seconds_parse("--delay", value);
	else if (!number_from_text(value, UINT64_MAX - 1, &count) || !count)
		die_usage("--count %s: not a number from 1 on", value);
}

/* One look at everything */
struct look {
	struct timespec when;
	struct stats stats;
	struct blocks blocks;
};

static void look_take(struct pmmshm *pmm, struct look *look)
{
	clock_gettime(CLOCK_MONOTONIC, &look->when);
	stats_read(&look->stats);
	blocks_read(pmm, &look->blocks);
	qsort(look->blocks.block, look->blocks.nr, sizeof(struct block),
	      block_compare_size);
}

static void look_free(struct look *look)
{
	stats_free(&look->stats);
	blocks_free(&look->blocks);
}

/* ---- types ---- */

static const struct column type_columns[] = {
	{ "name", "TYPE", CELL_TEXT },
	{ "total", "SIZE", CELL_BYTES },
	{ "used", "USED", CELL_BYTES },
	{ "quarantined", "QUARANTINE", CELL_BYTES },
	{ "dirty", "TO ZERO", CELL_BYTES },
	{ "largest_free", "LARGEST", CELL_BYTES },
	{ "blocks", "BLOCKS", CELL_NUMBER },
	{ "allocs_per_second", "NEW/S", CELL_NUMBER },
	{ "failed", "FAILED", CELL_NUMBER },
};

/* Per second since the last look; none at the first one. */
static struct cell rate(const struct look *last, const struct look *now,
			const struct type_stats *stats)
{
	const struct type_stats *before = last && stats ?
		stats_find(&last->stats, stats->type) : NULL;
	int64_t ms;

	if (!before || before->allocs > stats->allocs)
		return NONE;
	ms = (int64_t)(now->when.tv_sec - last->when.tv_sec) * 1000 +
	     (now->when.tv_nsec - last->when.tv_nsec) / 1000000;
	if (ms <= 0)
		return NONE;
	return NUMBER((stats->allocs - before->allocs) * 1000 / (uint64_t)ms);
}

static struct table *types_look(struct pmmshm *pmm, const struct look *last,
				const struct look *now)
{
	struct table *table = table_new(type_columns, ARRAY_SIZE(type_columns));
	const struct type_stats *stats;
	struct pmmshm_type_info info;
	unsigned int i;

	for (i = 0; !pmmshm_type_get(pmm, i, &info); i++) {
		stats = stats_find(&now->stats, info.name);
		table_row(table, (const struct cell[]){
			TEXT(info.name), NUMBER(info.total),
			NUMBER(info.total - info.free),
			NUMBER(info.quarantined),
			NUMBER(device_dirty(info.name)),
			NUMBER(info.largest_free), NUMBER(info.blocks),
			rate(last, now, stats),
			stats ? NUMBER(stats->failed) : NONE,
		});
	}
	return table;
}

/* ---- users ---- */

static const struct column user_columns[] = {
	{ "uid", NULL, CELL_NUMBER },
	{ "user", "USER", CELL_TEXT },
	{ "used", "USED", CELL_BYTES },
	{ "blocks", "BLOCKS", CELL_NUMBER },
};

/* What a user has, if block @i is the first of his that there is. */
static void user_look(struct table *table, const struct blocks *blocks,
		      size_t i)
{
	uint32_t uid = blocks->block[i].uid;
	uint64_t used = 0, nr = 0;
	char *name;
	size_t j;

	for (j = 0; j < blocks->nr; j++) {
		if (blocks->block[j].uid != uid)
			continue;
		if (j < i)
			return;
		used += blocks->block[j].size;
		nr++;
	}
	name = user_name(uid);
	table_row(table, (const struct cell[]){
		NUMBER(uid), TEXT(name), NUMBER(used), NUMBER(nr),
	});
	free(name);
}

static struct table *users_look(const struct look *look)
{
	struct table *table = table_new(user_columns, ARRAY_SIZE(user_columns));
	size_t i;

	for (i = 0; i < look->blocks.nr; i++)
		user_look(table, &look->blocks, i);
	return table;
}

/* ---- all of it ---- */

/* The largest ones, as many as there is room for. */
static struct table *blocks_look(const struct look *look, size_t lines)
{
	struct table *table = blocks_table();
	size_t i;

	for (i = 0; i < look->blocks.nr && i < lines; i++)
		blocks_table_add(table, &look->blocks.block[i]);
	return table;
}

/* A screen that shows what fits, a page after the other for who reads it later. */
static void print_people(struct table *types, struct table *users,
			 const struct look *look)
{
	size_t used = table_rows(types) + table_rows(users) + 6;
	size_t lines = terminal_size().lines;
	bool screen = isatty(STDOUT_FILENO);
	struct table *blocks;

	blocks = blocks_look(look, !screen ? SIZE_MAX :
				   lines > used ? lines - used : 1);
	if (screen)
		fputs("\033[H\033[J", stdout);
	table_print(types, NULL);
	putchar('\n');
	table_print(users, NULL);
	putchar('\n');
	table_print(blocks, NULL);
	if (!screen)
		putchar('\n');
	table_free(blocks);
}

static void print_json(const struct table *types, const struct table *users,
		       const struct look *look)
{
	struct table *blocks = blocks_look(look, SIZE_MAX);

	json_begin(NULL, '{');
	table_print(types, "types");
	table_print(users, "users");
	table_print(blocks, "blocks");
	json_end('}');
	table_free(blocks);
}

static void print(struct pmmshm *pmm, const struct look *last,
		  const struct look *now)
{
	struct table *types = types_look(pmm, last, now);
	struct table *users = users_look(now);

	if (as_json)
		print_json(types, users, now);
	else
		print_people(types, users, now);
	if (fflush(stdout))
		count = 0;
	table_free(types);
	table_free(users);
}

static int run(char **arguments)
{
	struct pmmshm *pmm = connect_module();
	struct look last, now;
	uint64_t i;

	(void)arguments;
	for (i = 0; i < count; i++) {
		if (i)
			sleep((unsigned int)delay);
		look_take(pmm, &now);
		if (!i && !now.blocks.all)
			note(BLOCKS_NOTE);
		print(pmm, i ? &last : NULL, &now);
		if (i)
			look_free(&last);
		last = now;
	}
	look_free(&last);
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_top = {
	.name = "top",
	.arguments = "",
	.summary = "watch pools, users and the largest blocks",
	.help =
	"NEW/S are blocks that were allocated, FAILED allocations that failed so far; both are\n"
	"known to root only.  With --json there is an object for each look.\n"
	"\n"
	"  -n, --count N    look so many times, not until it is interrupted\n"
	"      --delay N    wait so many seconds between two looks (2)\n",
	.options = options,
	.option = set_option,
	.run = run,
};
