/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where frames live: in PMM blocks, which without the module are ordinary shared
 * memory; or with --copy in memory that is not shared.
 */
#ifndef XCLIENT_MEMORY_H
#define XCLIENT_MEMORY_H

#include <stddef.h>

#include <pmmshm.h>

struct memory_ops;

enum memory_kind {
	MEMORY_PLAIN,	/* ordinary memory */
	MEMORY_SEGMENT,	/* blocks with a System V id */
	MEMORY_FILE,	/* blocks that can be reached by their fds only */
};

/**
 * struct memory_source - gives out memory
 * @ops: how
 * @opts: how blocks are allocated
 * @typed: the same, where a type of memory is wanted
 * @pmm: where blocks come from, NULL for ordinary memory
 */
struct memory_source {
	const struct memory_ops *ops;
	const struct pmmshm_alloc_opts *opts;
	struct pmmshm_alloc_opts typed;
	struct pmmshm *pmm;
};

/**
 * struct memory - one piece of memory, all of it or more than was asked for
 * @source: where it came from
 * @data: its address
 * @size: its size in bytes
 * @block: the block it is, or NULL
 * @shmid: the System V id that others attach it by, or -1 if it has none
 */
struct memory {
	struct memory_source *source;
	void *data;
	size_t size;
	struct pmmshm_block *block;
	int shmid;
};

int memory_source_open(struct memory_source *source, enum memory_kind kind, const char *type);
const char *memory_source_backend(const struct memory_source *source);
void memory_source_close(struct memory_source *source);

struct memory *memory_alloc(struct memory_source *source, size_t size);
void memory_free(struct memory *memory);

#endif
