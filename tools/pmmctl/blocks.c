// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every block that can be seen, and its names.
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

#define SHM_DIR		"/dev/shm"

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
	*block = (struct block){ .id = id, .offset = BLOCK_NOWHERE };
	return block;
}

/* "private:INODE", "sysv:SHMID" or "file:INODE", with what may follow */
static void parse_home(struct block *block, const char *names)
{
	uint64_t ino, aliases = 0;

	if (sscanf(names, "%*[a-z]:%" SCNu64 ",aliases:%" SCNu64, &ino,
		   &aliases) < 1)
		return;
	block->has_home = true;
	block->home_ino = ino;
	block->aliases = aliases;
}

/*
 * A segment that is named there may have been removed, or be one of another IPC
 * namespace: so its name is not among @names.
 */
bool block_parse(const char *line, struct block *block)
{
	char names[64], offset[24] = "-";
	uint64_t uses = 0;
	unsigned int uid;

	*block = (struct block){ .offset = BLOCK_NOWHERE };
	if (sscanf(line, "%" SCNu64 " %" SCNu64 " %31s %u %63s %" SCNu64
		   " %15s %" SCNu64 " %23s", &block->id, &block->size,
		   block->type, &uid, names, &block->holders, block->state,
		   &uses, offset) < 7)
		return false;
	block->uid = uid;
	block->uses = uses;
	parse_home(block, names);
	number_from_text(offset, UINT64_MAX - 1, &block->offset);
	return true;
}

static void add_line(struct blocks *blocks, const char *line)
{
	struct block block;

	if (block_parse(line, &block))
		*blocks_get(blocks, block.id) = block;
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
	uint64_t id, shmid;

	if (*name == '/')
		return pmmshm_block_import_name(pmm, name,
						write ? O_RDWR : O_RDONLY);
	if (number_from_text(name, UINT64_MAX, &id))
		die_usage("block %s has to be called by a name here, sysv:SHMID or /NAME: pmmctl show %s tells them",
			  name, name);
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
	block->aliases = info.aliases;
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

/* The number of the block that a name leads to. */
static uint64_t find_by_name(struct pmmshm *pmm, const char *name)
{
	struct pmmshm_block *block = block_import(pmm, name, false);
	struct pmmshm_block_info info;

	if (!block || pmmshm_block_get_info(block, &info))
		die("%s", pmmshm_error());
	pmmshm_block_free(block);
	return info.id;
}

const struct block *block_by_argument(struct pmmshm *pmm, const char *argument,
				      struct blocks *blocks)
{
	const struct block *block;
	uint64_t id;

	if (!number_from_text(argument, UINT64_MAX, &id))
		id = find_by_name(pmm, argument);
	blocks_read(pmm, blocks);
	block = blocks_find(blocks, id);
	if (!block)
		die("there is no block %" PRIu64 "%s; pmmctl blocks lists them",
		    id, blocks->all ? "" :
		    ", or none that this user may see: try as root");
	return block;
}
