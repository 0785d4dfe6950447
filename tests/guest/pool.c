// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool, as /sys/kernel/debug/pmm shows it; see pool.h.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"
#include "expect.h"

#define DEBUGFS "/sys/kernel/debug/pmm/"

/* The figure under that heading in the first line of "types". */
static uint64_t column(const char *head, const char *line, const char *name)
{
	size_t len = strlen(name);

	while (*head && *line) {
		if (!strncmp(head, name, len) && strchr("\n ", head[len]))
			return strtoull(line, NULL, 10);
		head += strcspn(head, " ");
		head += strspn(head, " ");
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	printf("no column %s in " DEBUGFS "types\n", name);
	EXPECT(!"a column");
	return 0;
}

static void pool_fill(struct pool *pool, const char *head, const char *line)
{
	pool->total = column(head, line, "total");
	pool->free = column(head, line, "free");
	pool->largest_free = column(head, line, "largest_free");
	pool->quarantined = column(head, line, "quarantined");
	pool->retired = column(head, line, "retired");
	pool->blocks = column(head, line, "blocks");
	pool->dirty = column(head, line, "dirty");
}

/* The line of that type, or of the first one; false if there is none. */
static bool pool_find(struct pool *pool, const char *type)
{
	char head[512], line[512];
	FILE *f = fopen(DEBUGFS "types", "re");
	size_t len = type ? strlen(type) : 0;
	bool found = false;

	EXPECT(f);
	EXPECT(fgets(head, sizeof(head), f));
	while (!found && fgets(line, sizeof(line), f))
		found = !type || (!strncmp(line, type, len) && line[len] == ' ');
	fclose(f);
	if (found)
		pool_fill(pool, head, line);
	return found;
}

bool pool_read_type(struct pool *pool, const char *type)
{
	double patience = 10;

	do {
		if (!pool_find(pool, type))
			return false;
	} while (pool->dirty && wait_more(&patience));
	return true;
}

void pool_read(struct pool *pool)
{
	EXPECT(pool_read_type(pool, NULL));
}

bool pool_whole(void)
{
	struct pool p;

	pool_read(&p);
	return !p.blocks && !p.quarantined && p.free + p.retired == p.total;
}

bool pool_has_blocks(uint64_t n)
{
	struct pool p;

	pool_read(&p);
	return p.blocks == n && !p.quarantined;
}

static void pool_print(void)
{
	char line[512];
	FILE *f = fopen(DEBUGFS "blocks", "re");
	struct pool p;

	pool_read(&p);
	printf("pool: total %" PRIu64 " free %" PRIu64 " quarantined %" PRIu64
	       " retired %" PRIu64 " blocks %" PRIu64 "\n",
	       p.total, p.free, p.quarantined, p.retired, p.blocks);
	while (f && fgets(line, sizeof(line), f))
		fputs(line, stdout);
	if (f)
		fclose(f);
}

void wait_pool_whole(double seconds)
{
	if (WITHIN(seconds, pool_whole()))
		return;
	pool_print();
	EXPECT(!"the pool is whole again");
}

static bool has_free(uint64_t bytes)
{
	struct pool p;

	pool_read(&p);
	return p.free >= bytes;
}

void wait_pool_free(uint64_t bytes, double seconds)
{
	if (WITHIN(seconds, has_free(bytes)))
		return;
	pool_print();
	EXPECT(!"so much is free again");
}

bool block_line(uint64_t id, char *line, size_t size)
{
	FILE *f = fopen(DEBUGFS "blocks", "re");
	bool found = false;

	EXPECT(f);
	while (!found && fgets(line, size, f))
		found = *line != 'i' && strtoull(line, NULL, 10) == id;
	fclose(f);
	return found;
}
