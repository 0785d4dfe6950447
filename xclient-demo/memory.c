// SPDX-License-Identifier: GPL-2.0-only
#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pmmshm.h>

#include "message.h"

/* What SIMD code in FFmpeg may want, and then some. */
#define PLAIN_ALIGN 4096

/**
 * struct memory_ops - one way to provide memory
 * @alloc: fill in all of @memory but its source; -1 after a message
 * @free: give it back
 */
struct memory_ops {
	int (*alloc)(struct memory *memory, size_t size);
	void (*free)(struct memory *memory);
};

static int block_alloc(struct memory *memory, size_t size)
{
	struct pmmshm_block *block;

	block = pmmshm_block_alloc(memory->source->pmm, size, memory->source->opts);
	if (!block)
		return complain("no room for a picture: %s", pmmshm_error());
	memory->block = block;
	memory->data = pmmshm_block_data(block);
	memory->size = pmmshm_block_size(block);
	memory->shmid = pmmshm_block_shmid(block);
	return 0;
}

static void block_free(struct memory *memory)
{
	pmmshm_block_free(memory->block);
}

static const struct memory_ops block_ops = {
	.alloc = block_alloc,
	.free = block_free,
};

/* What the kinds of blocks are allocated with. */
static const struct pmmshm_alloc_opts segment_opts = { .size = sizeof(segment_opts) };
static const struct pmmshm_alloc_opts file_opts = {
	.size = sizeof(file_opts),
	.flags = PMMSHM_NO_SEGMENT,
};

static int plain_alloc(struct memory *memory, size_t size)
{
	int error = posix_memalign(&memory->data, PLAIN_ALIGN, size);

	if (error)
		return complain("no memory for a frame of %zu bytes: %s", size, strerror(error));
	memory->size = size;
	memory->shmid = -1;
	return 0;
}

static void plain_free(struct memory *memory)
{
	free(memory->data);
}

static const struct memory_ops plain_ops = {
	.alloc = plain_alloc,
	.free = plain_free,
};

static const struct memory_source sources[] = {
	[MEMORY_PLAIN] = { .ops = &plain_ops },
	[MEMORY_SEGMENT] = { .ops = &block_ops, .opts = &segment_opts },
	[MEMORY_FILE] = { .ops = &block_ops, .opts = &file_opts },
};

/**
 * memory_source_backend() - what memory is this made of?
 * @source: source
 *
 * Return: "pmm", "shm", or "none" for memory that is not shared
 */
const char *memory_source_backend(const struct memory_source *source)
{
	return pmmshm_backend(source->pmm) ?: "none";
}

/**
 * memory_source_open() - get ready to give out memory
 * @source: filled in
 * @kind: what it gives out
 * @type: name of a type of memory, for blocks; it stays the caller's.  NULL for the
 *	default
 *
 * Return: 0, or -1 after a message.
 */
int memory_source_open(struct memory_source *source, enum memory_kind kind, const char *type)
{
	*source = sources[kind];
	if (kind == MEMORY_PLAIN)
		return 0;
	if (type) {
		source->typed = *source->opts;
		source->typed.type = type;
		source->opts = &source->typed;
	}
	source->pmm = pmmshm_open(NULL);
	if (!source->pmm)
		return complain("%s\n(--copy does without PMM)", pmmshm_error());
	if (!strcmp(pmmshm_backend(source->pmm), "shm"))
		complain("the pmm module is not in use (modprobe pmm): pictures are in ordinary memory, shared but not contiguous");
	return 0;
}

/**
 * memory_source_close() - drop the connection to the module
 * @source: source; memory that it gave out stays valid
 */
void memory_source_close(struct memory_source *source)
{
	pmmshm_close(source->pmm);
	source->pmm = NULL;
}

/**
 * memory_alloc() - get memory for a frame
 * @source: source
 * @size: bytes
 *
 * Return: memory at a page boundary, or NULL after a message.
 */
struct memory *memory_alloc(struct memory_source *source, size_t size)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (!memory) {
		complain("no memory: %s", strerror(errno));
		return NULL;
	}
	memory->source = source;
	if (source->ops->alloc(memory, size)) {
		free(memory);
		return NULL;
	}
	return memory;
}

/**
 * memory_free() - give memory back
 * @memory: memory, or NULL
 */
void memory_free(struct memory *memory)
{
	if (!memory)
		return;
	memory->source->ops->free(memory);
	free(memory);
}
