/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pool as a picture: which parts of it are whose.
 */
#ifndef PMMCTL_MAP_H
#define PMMCTL_MAP_H

#include "pmmctl.h"

/**
 * struct paint - what is drawn alike: memory of one state, or of one owner
 * @name: what it is called
 * @letter: what it is in a bar
 * @color: which of the colours it has; @quarantine and the first one have their own
 * @quarantine: blocks that are dead, but pinned
 * @bytes: how much of the pool
 * @blocks: in so many blocks
 */
struct paint {
	char *name;
	char letter;
	unsigned int color;
	bool quarantine;
	uint64_t bytes;
	uint64_t blocks;
};

/**
 * struct piece - a part of the pool, a block or what lies between blocks
 * @offset: where it begins
 * @size: and how long it is, in bytes
 * @paint: index in struct map.paints
 * @block: NULL for what is free
 */
struct piece {
	uint64_t offset;
	uint64_t size;
	size_t paint;
	const struct block *block;
};

/**
 * struct map - a pool
 * @type: of this type
 * @total: its size in bytes
 * @pieces: all of it, in order
 * @nr_pieces: how many
 * @paints: the first one is what is free
 * @nr_paints: how many
 */
struct map {
	const char *type;
	uint64_t total;
	struct piece *pieces;
	size_t nr_pieces;
	struct paint *paints;
	size_t nr_paints;
};

#define MAP_FREE	((size_t)0)

/* @blocks stay the caller's, and have to live as long. */
void map_init(struct map *map, const char *type, uint64_t total,
	      const struct blocks *blocks, bool by_owner);
void map_destroy(struct map *map);

/* How it is printed. */
struct bar {
	unsigned int columns;	/* of the terminal */
	unsigned int lines;	/* of the bar */
	bool color;
};

void map_print(const struct map *map, const struct bar *bar);
void map_print_json(const struct map *map);
/* "16 MiB in 3 blocks" */
char *paint_figures(const struct map *map, size_t paint);

/* ---- draw.c ---- */

/* To a file, as SVG or PNG, or the end. */
void map_draw(const struct map *map, const char *path, bool png);

#endif /* PMMCTL_MAP_H */
