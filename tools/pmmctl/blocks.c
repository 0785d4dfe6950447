// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every block that can be seen, and its names; pmmctl blocks.
 *
 * Root sees all blocks, in debugfs.  Others see those that have a name that they
 * may read: a System V segment of their IPC namespace, or a file in /dev/shm.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "pmmctl.h"

#define DEBUGFS_BLOCKS	"/sys/kernel/debug/pmm/blocks"
#define SHM_DIR		"/dev/shm"

/* ---- gathering ---- */

const struct block *blocks_find(const struct blocks *blocks, uint64_t id)
{
	size_t i;

	for (i = 0; i < blocks->nr; i++)
		if (blocks->block[i].id == id)
			return &blocks->block[i];
	return NULL;
}

bool block_has_name(const struct block *block, const char *name)
{
	size_t i;

	for (i = 0; i < block->nr_names; i++)
		if (!strcmp(block->names[i], name))
			return true;
	return false;
}

static void block_add_name(struct block *block, const char *name)
{
	if (!block_has_name(block, name))
		block->names = list_add(block->names, block->nr_names++, name);
}

/* The block of that number, made if there is none. */
static struct block *blocks_get(struct blocks *blocks, uint64_t id)
{
	struct block *block = (struct block *)blocks_find(blocks, id);

	if (block)
		return block;
	blocks->block = grown(blocks->block, blocks->nr, sizeof(*block));
	block = &blocks->block[blocks->nr++];
	*block = (struct block){ .id = id };
	return block;
}

/*
 * A line: id size type uid names holders state.  A segment that is named there may have
 * been removed, or be one of another IPC namespace.
 */
static void add_line(struct blocks *blocks, const char *line)
{
	char type[PMM_NAME_LEN], state[16];
	uint64_t id, size, holders;
	struct block *block;
	unsigned int uid;

	if (sscanf(line, "%" SCNu64 " %" SCNu64 " %31s %u %*s %" SCNu64 " %15s",
		   &id, &size, type, &uid, &holders, state) != 6)
		return;
	block = blocks_get(blocks, id);
	block->size = size;
	block->uid = uid;
	block->holders = holders;
	snprintf(block->type, sizeof(block->type), "%s", type);
	snprintf(block->state, sizeof(block->state), "%s", state);
}

static bool read_debugfs(struct blocks *blocks)
{
	FILE *file = fopen(DEBUGFS_BLOCKS, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return false;
	while (getline(&line, &size, file) > 0)
		add_line(blocks, line);
	free(line);
	fclose(file);
	return true;
}

struct pmmshm_block *block_import(struct pmmshm *pmm, const char *name,
				  bool write)
{
	uint64_t shmid;

	if (*name == '/')
		return pmmshm_block_import_name(pmm, name,
						write ? O_RDWR : O_RDONLY);
	if (strncmp(name, "sysv:", 5) ||
	    !number_from_text(name + 5, INT32_MAX, &shmid))
		die_usage("'%s' is no block: give its number, sysv:SHMID or /NAME",
			  name);
	return pmmshm_block_import_shmid(pmm, (int)shmid,
					 write ? 0 : SHM_RDONLY);
}

/* What is known of a block by way of one of its names */
static void add_imported(struct blocks *blocks, struct pmmshm_block *imported,
			 const char *name)
{
	struct pmmshm_block_info info;
	struct block *block;

	if (pmmshm_block_get_info(imported, &info))
		return;
	block = blocks_get(blocks, info.id);
	block_add_name(block, name);
	if (*block->state)
		return;
	block->size = info.length;
	block->uid = info.uid;
	/* One of them is this look. */
	block->holders = info.holders - 1;
	snprintf(block->type, sizeof(block->type), "%s", info.type);
	snprintf(block->state, sizeof(block->state), "%s",
		 info.state & PMMSHM_STATE_GONE ? "gone" :
		 info.state & PMMSHM_STATE_HOME ? "home" : "plain");
}

static void read_segments(struct pmmshm *pmm, struct blocks *blocks)
{
	struct pmmshm_segment_info info;
	struct pmmshm_block *imported;
	unsigned int place = 0;
	char *name;

	while (!pmmshm_segment_next(pmm, &place, &info)) {
		imported = pmmshm_block_import_shmid(pmm, info.shmid,
						     SHM_RDONLY);
		if (!imported)
			continue;
		name = formatted("sysv:%d", info.shmid);
		add_imported(blocks, imported, name);
		free(name);
		pmmshm_block_free(imported);
	}
	if (errno != ENOENT)
		die("%s", pmmshm_error());
}

static void read_name(struct pmmshm *pmm, struct blocks *blocks,
		      const char *file)
{
	char *name = formatted("/%s", file);
	struct pmmshm_block *imported;

	imported = pmmshm_block_import_name(pmm, name, O_RDONLY);
	if (imported)
		add_imported(blocks, imported, name);
	pmmshm_block_free(imported);
	free(name);
}

static void read_names(struct pmmshm *pmm, struct blocks *blocks)
{
	DIR *dir = opendir(SHM_DIR);
	struct dirent *entry;
	struct stat st;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		/* Opening a FIFO would wait, and a device might do anything. */
		if (!fstatat(dirfd(dir), entry->d_name, &st,
			     AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode))
			read_name(pmm, blocks, entry->d_name);
	closedir(dir);
}

static int compare_id(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

void blocks_read(struct pmmshm *pmm, struct blocks *blocks)
{
	*blocks = (struct blocks){ 0 };
	blocks->all = read_debugfs(blocks);
	read_segments(pmm, blocks);
	read_names(pmm, blocks);
	if (blocks->nr)
		qsort(blocks->block, blocks->nr, sizeof(*blocks->block),
		      compare_id);
}

void blocks_free(struct blocks *blocks)
{
	size_t i;

	for (i = 0; i < blocks->nr; i++)
		list_free(blocks->block[i].names);
	free(blocks->block);
}

/* ---- pmmctl blocks ---- */

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

static const char *only_type, *only_name;
static bool only_user;
static uint32_t user;
static int (*compare)(const void *a, const void *b) = compare_id;

static int compare_size(const void *a, const void *b)
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
		{ "size", compare_size },
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
};

static void add_block(struct table *table, const struct block *block)
{
	char *name = user_name(block->uid);
	const struct cell cells[ARRAY_SIZE(columns)] = {
		NUMBER(block->id), NUMBER(block->size), TEXT(block->type),
		NUMBER(block->uid), TEXT(name), TEXT(block->state),
		NUMBER(block->holders), LIST(block->names),
	};

	table_row(table, cells);
	free(name);
}

static int run(char **arguments)
{
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	struct pmmshm *pmm = connect_module();
	struct blocks blocks;
	size_t i;

	(void)arguments;
	blocks_read(pmm, &blocks);
	if (!blocks.all)
		note("only blocks with a name that this user may read: the rest is in %s, which needs root and a mounted debugfs",
		     DEBUGFS_BLOCKS);
	if (blocks.nr)
		qsort(blocks.block, blocks.nr, sizeof(*blocks.block), compare);
	for (i = 0; i < blocks.nr; i++)
		if (is_wanted(&blocks.block[i]))
			add_block(table, &blocks.block[i]);
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
