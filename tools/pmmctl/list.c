// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl blocks: the blocks that can be seen, filtered and sorted.
 */
#include <stdlib.h>
#include <string.h>

#include "pmmctl.h"

enum {
	OPTION_TYPE = 256,
	OPTION_USER,
	OPTION_NAME,
	OPTION_SORT,
};

static const struct option options[] = {
	{ "type", required_argument, NULL, OPTION_TYPE },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "sort", required_argument, NULL, OPTION_SORT },
	{ 0 },
};

static int compare_id(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static const char *only_type, *only_name;
static bool only_user;
static uint32_t user;
static int (*compare)(const void *a, const void *b) = compare_id;

int block_compare_size(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	if (x->size != y->size)
		return (x->size < y->size) - (x->size > y->size);
	return compare_id(a, b);
}

static int compare_type(const void *a, const void *b)
{
	const struct block *x = a, *y = b;
	int ret = strcmp(x->type, y->type);

	return ret ? ret : compare_id(a, b);
}

static int compare_user(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	if (x->uid != y->uid)
		return (x->uid > y->uid) - (x->uid < y->uid);
	return compare_id(a, b);
}

static void set_sort(const char *key)
{
	static const struct {
		const char *key;
		int (*compare)(const void *a, const void *b);
	} keys[] = {
		{ "id", compare_id },
		{ "size", block_compare_size },
		{ "type", compare_type },
		{ "user", compare_user },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!strcmp(key, keys[i].key)) {
			compare = keys[i].compare;
			return;
		}
	}
	die_usage("--sort %s: there is id, size, type and user", key);
}

static void set_option(int option, const char *value)
{
	switch (option) {
	case OPTION_TYPE:
		only_type = value;
		break;
	case OPTION_USER:
		user = user_parse(value);
		only_user = true;
		break;
	case OPTION_NAME:
		only_name = value;
		break;
	case OPTION_SORT:
		set_sort(value);
		break;
	}
}

static bool is_wanted(const struct block *block)
{
	return (!only_type || !strcmp(block->type, only_type)) &&
	       (!only_user || block->uid == user) &&
	       (!only_name || block_has_name(block, only_name));
}

static const struct column columns[] = {
	{ "id", "BLOCK", CELL_NUMBER },
	{ "size", "SIZE", CELL_BYTES },
	{ "type", "TYPE", CELL_TEXT },
	{ "uid", NULL, CELL_NUMBER },
	{ "user", "USER", CELL_TEXT },
	{ "state", "STATE", CELL_TEXT },
	{ "holders", "HOLDERS", CELL_NUMBER },
	{ "names", "NAMES", CELL_LIST },
	{ "offset", NULL, CELL_NUMBER },
};

struct table *blocks_table(void)
{
	return table_new(columns, ARRAY_SIZE(columns));
}

void blocks_table_add(struct table *table, const struct block *block)
{
	char *name = user_name(block->uid);
	const struct cell cells[ARRAY_SIZE(columns)] = {
		NUMBER(block->id), NUMBER(block->size), TEXT(block->type),
		NUMBER(block->uid), TEXT(name), TEXT(block->state),
		NUMBER(block->holders), LIST(block->names),
		block->offset == BLOCK_NOWHERE ? NONE : NUMBER(block->offset),
	};

	table_row(table, cells);
	free(name);
}

static int run(char **arguments)
{
	struct table *table = blocks_table();
	struct pmmshm *pmm = connect_module();
	struct blocks blocks;
	size_t i;

	(void)arguments;
	blocks_read(pmm, &blocks);
	if (!blocks.all)
		note(BLOCKS_NOTE);
	if (blocks.nr)
		qsort(blocks.block, blocks.nr, sizeof(*blocks.block), compare);
	for (i = 0; i < blocks.nr; i++)
		if (is_wanted(&blocks.block[i]))
			blocks_table_add(table, &blocks.block[i]);
	table_print(table, NULL);
	table_free(table);
	blocks_free(&blocks);
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_blocks = {
	.name = "blocks",
	.arguments = "",
	.summary = "list blocks",
	.help =
	"All of them for root, else those that have a name that the user may read.  HOLDERS\n"
	"are open block fds and drivers; mappings and names hold a block, too.\n"
	"\n"
	"      --type TYPE  only those of this type\n"
	"      --user USER  only those that this user allocated, a name or a number\n"
	"      --name NAME  only the one with this name: sysv:SHMID or /NAME\n"
	"      --sort KEY   by id, size (the largest first), type or user\n",
	.options = options,
	.option = set_option,
	.run = run,
};
