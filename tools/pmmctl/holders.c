// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl holders: what keeps a block.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

#include "search.h"

#define BUFINFO		"/sys/kernel/debug/dma_buf/bufinfo"

static const struct column columns[] = {
	{ "kind", "KIND", CELL_TEXT },
	{ "pid", "PID", CELL_NUMBER },
	{ "process", "PROCESS", CELL_TEXT },
	{ "fd", "FD", CELL_NUMBER },
	{ "access", "ACCESS", CELL_TEXT },
	{ "what", "WHAT", CELL_TEXT },
	{ "start", NULL, CELL_NUMBER },
	{ "end", NULL, CELL_NUMBER },
};

/* ---- rows ---- */

/* One that has no process */
static void add_other(struct table *table, const char *kind, const char *what)
{
	table_row(table, (const struct cell[]){
		TEXT(kind), NONE, TEXT(NULL), NONE, TEXT(NULL), TEXT(what),
		NONE, NONE,
	});
}

static void add_segment(struct table *table, const char *name)
{
	struct shmid_ds ds;
	char *what;

	if (shmctl((int)strtol(name + strlen("sysv:"), NULL, 10), IPC_STAT, &ds))
		return;
	what = formatted("%s, attached %lu times%s", name,
			 (unsigned long)ds.shm_nattch,
			 ds.shm_perm.mode & SHM_DEST ?
			 ", ends with the last of them" : "");
	add_other(table, "segment", what);
	free(what);
}

static void add_names(struct table *table, const struct block *block)
{
	size_t i;

	for (i = 0; i < block->nr_names; i++) {
		if (*block->names[i] == '/')
			add_other(table, "name", block->names[i]);
		else
			add_segment(table, block->names[i]);
	}
}

/* The name of a process, to be freed. */
static char *process_name(pid_t pid)
{
	char *path = formatted("/proc/%d/comm", pid), name[64] = "";
	FILE *file = fopen(path, "re");

	free(path);
	if (file && fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = 0;
	if (file)
		fclose(file);
	return copy(name);
}

static char *holder_what(const struct holder *holder)
{
	const struct mapping *m = &holder->mapping;

	switch (holder->kind) {
	case HOLDER_MAPPING:
		return formatted("%" PRIx64 "-%" PRIx64 " %s", m->start, m->end,
				 m->path);
	case HOLDER_DMABUF:
		return formatted("inode %" PRIu64, holder->ino);
	default:
		return NULL;
	}
}

static void add_holder(struct table *table, const struct holder *holder)
{
	static const char *const kinds[] = {
		[HOLDER_BLOCK_FD] = "block fd",
		[HOLDER_DMABUF] = "dma-buf",
		[HOLDER_FILE] = "file",
		[HOLDER_MAPPING] = "mapping",
	};
	bool mapped = holder->kind == HOLDER_MAPPING;
	char *process = process_name(holder->pid);
	char *what = holder_what(holder);

	table_row(table, (const struct cell[]){
		TEXT(kinds[holder->kind]), NUMBER((uint64_t)holder->pid),
		TEXT(process), mapped ? NONE : NUMBER((uint64_t)holder->fd),
		TEXT(mapped && !holder->mapping.shared ? "private" :
		     holder->write ? "read-write" : "read-only"),
		TEXT(what), mapped ? NUMBER(holder->mapping.start) : NONE,
		mapped ? NUMBER(holder->mapping.end) : NONE,
	});
	free(process);
	free(what);
}

/* ---- drivers ---- */

/* Devices that are attached to one of its dma-bufs.  Return: how many. */
static size_t add_devices_of(struct table *table, uint64_t ino)
{
	FILE *file = fopen(BUFINFO, "re");
	char **devices, *what;
	size_t i;

	if (!file)
		return 0;
	devices = bufinfo_parse(file, ino);
	fclose(file);
	for (i = 0; devices && devices[i]; i++) {
		what = formatted("%s, by the dma-buf with inode %" PRIu64,
				 devices[i], ino);
		add_other(table, "device", what);
		free(what);
	}
	list_free(devices);
	return i;
}

static size_t add_devices(struct table *table, const struct search *search)
{
	size_t nr = 0, i, j;

	for (i = 0; i < search->nr; i++) {
		if (search->holder[i].kind != HOLDER_DMABUF)
			continue;
		for (j = 0; j < i; j++)
			if (search->holder[j].ino == search->holder[i].ino)
				break;
		if (j == i)
			nr += add_devices_of(table, search->holder[i].ino);
	}
	return nr;
}

/* Return: how many drivers hold the block itself. */
static uint64_t add_drivers(struct table *table, const struct block *block,
			    const struct search *search)
{
	size_t devices = add_devices(table, search);
	uint64_t drivers;
	char *what;

	if (block->uses <= devices)
		return 0;
	drivers = block->uses - devices;
	what = formatted("%" PRIu64 ", which the kernel does not name", drivers);
	add_other(table, "driver", what);
	free(what);
	return drivers;
}

/* ---- what cannot be seen ---- */

static void note_unseen(const struct blocks *blocks, const struct block *block,
			const struct search *search, uint64_t drivers)
{
	uint64_t seen = search_files(search, HOLDER_BLOCK_FD) +
			search_files(search, HOLDER_DMABUF) + block->aliases +
			drivers;

	if (search->unseen || search->unseen_fds)
		note("%u processes and %u dma-bufs of other users could not be looked at; try as root",
		     search->unseen, search->unseen_fds);
	if (!blocks->all)
		note("drivers that have the block are shown to root only");
	if (!strcmp(block->state, "quarantine"))
		note("the block is dead, but some of its pages are pinned, for a device or by a program's input and output (O_DIRECT, io_uring, vmsplice); the kernel does not tell whose");
	else if (block->holders > seen)
		note("the module counts %" PRIu64 " more: open files that are on their way from process to process, or that only the kernel has%s",
		     block->holders - seen, blocks->all ? "" : ", or drivers");
}

/* ---- the search ---- */

/* For those who may not look into debugfs: how it is mapped here. */
static void find_home(struct pmmshm *pmm, const struct block *block,
		      struct search *search)
{
	struct pmmshm_block *imported;
	size_t i;

	search->has_home = block->has_home;
	search->home.ino = block->home_ino;
	for (i = 0; i < block->nr_names; i++) {
		imported = block_import(pmm, block->names[i], false);
		if (!imported)
			continue;
		if (mapping_of(pmmshm_block_data(imported), &search->home))
			search->has_home = true;
		pmmshm_block_free(imported);
	}
}

static void print(struct table *table, const struct block *block,
		  const struct search *search)
{
	if (!as_json) {
		table_print(table, NULL);
		return;
	}
	json_begin(NULL, '{');
	json_number("id", block->id);
	json_number("holders", block->holders);
	json_number("unseen_processes", search->unseen);
	table_print(table, "found");
	json_end('}');
}

static int run(char **arguments)
{
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	struct pmmshm *pmm = connect_module();
	struct search search = { 0 };
	const struct block *block;
	struct blocks blocks;
	uint64_t drivers;
	size_t i;

	block = block_by_argument(pmm, arguments[0], &blocks);
	search.id = block->id;
	search.size = block->size;
	find_home(pmm, block, &search);
	search_run(&search);

	add_names(table, block);
	for (i = 0; i < search.nr; i++)
		add_holder(table, &search.holder[i]);
	drivers = add_drivers(table, block, &search);
	print(table, block, &search);
	note_unseen(&blocks, block, &search, drivers);

	search_free(&search);
	table_free(table);
	blocks_free(&blocks);
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_holders = {
	.name = "holders",
	.arguments = "BLOCK|sysv:SHMID|/NAME",
	.summary = "show what keeps a block: names, fds, mappings, drivers",
	.help =
	"Its memory is free when all of these are gone.  What this user may not look at is told\n"
	"on the standard error; root sees everything but who pins pages.\n"
	"\n",
	.min = 1,
	.max = 1,
	.run = run,
};
