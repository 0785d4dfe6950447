// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pool as pieces, as a bar of letters, and as JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

#define PAGE_BYTES	4096

/* ---- paints ---- */

static bool is_quarantined(const struct block *block)
{
	return !strcmp(block->state, "quarantine");
}

static char *paint_name(const struct block *block, bool by_owner)
{
	if (by_owner && !is_quarantined(block))
		return user_name(block->uid);
	return copy(block->state);
}

/* One that nobody has yet: that of its name if it can be had.  '?' when all are taken. */
static char letter_for(const struct map *map, const char *name)
{
	static const char others[] = "ABCDEFGHIJKLMNOPRSTUVWXYZ";
	char wanted[] = { *name >= 'a' && *name <= 'z' ?
			  (char)(*name - 'a' + 'A') : *name, 0 };
	const char *from = strchr(others, *wanted) && *wanted ? wanted : others;
	size_t i;

	for (;;) {
		for (i = 0; i < map->nr_paints; i++)
			if (map->paints[i].letter == *from)
				break;
		if (i == map->nr_paints)
			return *from;
		if (from == wanted)
			from = others;
		else if (!*++from)
			return '?';
	}
}

static size_t paint_add(struct map *map, char *name, bool quarantine)
{
	struct paint *paint;

	map->paints = grown(map->paints, map->nr_paints, sizeof(*paint));
	paint = &map->paints[map->nr_paints];
	*paint = (struct paint){ .name = name, .quarantine = quarantine };
	if (map->nr_paints == MAP_FREE)
		paint->letter = '.';
	else
		paint->letter = quarantine ? 'Q' : letter_for(map, name);
	paint->color = (unsigned int)map->nr_paints;
	return map->nr_paints++;
}

static size_t paint_of(struct map *map, const struct block *block, bool by_owner)
{
	char *name = paint_name(block, by_owner);
	bool quarantine = is_quarantined(block);
	size_t i;

	for (i = MAP_FREE + 1; i < map->nr_paints; i++) {
		if (map->paints[i].quarantine == quarantine &&
		    !strcmp(map->paints[i].name, name)) {
			free(name);
			return i;
		}
	}
	return paint_add(map, name, quarantine);
}

/* ---- pieces ---- */

static void piece_add(struct map *map, const struct piece *piece)
{
	struct paint *paint = &map->paints[piece->paint];

	if (!piece->size)
		return;
	map->pieces = grown(map->pieces, map->nr_pieces, sizeof(*piece));
	map->pieces[map->nr_pieces++] = *piece;
	paint->bytes += piece->size;
	paint->blocks += !!piece->block;
}

static void free_add(struct map *map, uint64_t from, uint64_t to)
{
	const struct piece piece = {
		.offset = from, .size = to - from, .paint = MAP_FREE,
	};

	piece_add(map, &piece);
}

static int compare_offset(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* The blocks that are in it, by where they are; not painted yet */
static struct piece *blocks_in(const struct map *map,
			       const struct blocks *blocks, size_t *nr)
{
	struct piece *in = new((blocks->nr + 1) * sizeof(*in));
	const struct block *block;
	size_t i;

	*nr = 0;
	for (i = 0; i < blocks->nr; i++) {
		block = &blocks->block[i];
		if (block->offset != BLOCK_NOWHERE &&
		    !strcmp(block->type, map->type) &&
		    block->offset < map->total &&
		    block->size <= map->total - block->offset)
			in[(*nr)++] = (struct piece){
				.offset = block->offset, .size = block->size,
				.block = block,
			};
	}
	qsort(in, *nr, sizeof(*in), compare_offset);
	return in;
}

void map_init(struct map *map, const char *type, uint64_t total,
	      const struct blocks *blocks, bool by_owner)
{
	struct piece *in;
	uint64_t end = 0;
	size_t nr, i;

	*map = (struct map){ .type = type, .total = total };
	paint_add(map, copy("free"), false);
	in = blocks_in(map, blocks, &nr);
	for (i = 0; i < nr; i++) {
		/* The pool may have changed since its size was asked for. */
		if (in[i].offset < end)
			continue;
		free_add(map, end, in[i].offset);
		in[i].paint = paint_of(map, in[i].block, by_owner);
		piece_add(map, &in[i]);
		end = in[i].offset + in[i].size;
	}
	free_add(map, end, total);
	free(in);
}

void map_destroy(struct map *map)
{
	size_t i;

	for (i = 0; i < map->nr_paints; i++)
		free(map->paints[i].name);
	free(map->paints);
	free(map->pieces);
}

char *paint_figures(const struct map *map, size_t paint)
{
	const struct paint *p = &map->paints[paint];

	if (paint == MAP_FREE)
		return copy(bytes(p->bytes).s);
	return formatted("%s in %" PRIu64 " block%s", bytes(p->bytes).s,
			 p->blocks, p->blocks == 1 ? "" : "s");
}

/* ---- a bar ---- */

/* Black on white or white on black, these can be told apart. */
static const char *const colors[] = { "34", "32", "35", "36", "33" };

/**
 * struct walk - from cell to cell
 * @at: the first piece that is not behind
 * @used: how much of the cell each paint has
 * @full: what has most of it has half of it or more
 */
struct walk {
	size_t at;
	uint64_t *used;
	bool full;
};

/* What is in [from, to), which is further on than the last time */
static void cell_measure(const struct map *map, struct walk *walk,
			 uint64_t from, uint64_t to)
{
	uint64_t start, end;
	size_t i;

	memset(walk->used, 0, map->nr_paints * sizeof(*walk->used));
	for (i = walk->at; i < map->nr_pieces; i++) {
		const struct piece *piece = &map->pieces[i];

		start = piece->offset > from ? piece->offset : from;
		end = piece->offset + piece->size;
		if (start >= to)
			break;
		if (end > from)
			walk->used[piece->paint] += (end < to ? end : to) - start;
		if (end < to)
			walk->at = i + 1;
	}
}

/* What has most of it, but for what is free if anything is not. */
static size_t cell_paint(const struct map *map, struct walk *walk,
			 uint64_t from, uint64_t to)
{
	size_t best = MAP_FREE, i;

	cell_measure(map, walk, from, to);
	for (i = MAP_FREE + 1; i < map->nr_paints; i++)
		if (walk->used[i] > (best == MAP_FREE ? 0 : walk->used[best]))
			best = i;
	walk->full = walk->used[best] * 2 >= to - from;
	return best;
}

static void print_cell(const struct map *map, size_t paint, bool full,
		       bool color)
{
	const struct paint *p = &map->paints[paint];
	char letter = p->letter;

	if (!full && letter >= 'A' && letter <= 'Z')
		letter = (char)(letter - 'A' + 'a');
	if (!color || paint == MAP_FREE)
		putchar(letter);
	else
		printf("\033[%s;1m%c\033[0m", p->quarantine ? "31" :
		       colors[(p->color - 1) % ARRAY_SIZE(colors)], letter);
}

static void print_legend(const struct map *map, bool color)
{
	char *figures;
	size_t i;

	for (i = 0; i < map->nr_paints; i++) {
		figures = paint_figures(map, i);
		print_cell(map, i, true, color);
		printf("  %s: %s\n", map->paints[i].name, figures);
		free(figures);
	}
}

static void print_bar(const struct map *map, struct walk *walk, uint64_t cells,
		      uint64_t per_line, bool color)
{
	uint64_t i, from = 0, to;
	size_t paint;

	for (i = 0; i < cells; i++, from = to) {
		to = i + 1 < cells ? from + map->total / cells : map->total;
		if (i % per_line == 0)
			printf("%10s |", bytes(from).s);
		paint = cell_paint(map, walk, from, to);
		print_cell(map, paint, walk->full, color);
		if (i % per_line == per_line - 1 || i == cells - 1)
			puts("|");
	}
}

void map_print(const struct map *map, const struct bar *bar)
{
	/* "1023.9 MiB |" and "|" */
	const unsigned int frame = 13;
	uint64_t per_line = bar->columns > frame + 8 ? bar->columns - frame : 8;
	uint64_t cells = per_line * bar->lines;
	struct walk walk = { .used = new(map->nr_paints * sizeof(*walk.used)) };

	if (cells > map->total / PAGE_BYTES)
		cells = map->total / PAGE_BYTES;
	print_bar(map, &walk, cells, per_line, bar->color);
	free(walk.used);
	print_legend(map, bar->color);
}

/* ---- as JSON ---- */

static void json_piece(const struct piece *piece)
{
	const struct block *block = piece->block;
	char *user;

	json_begin(NULL, '{');
	json_number("offset", piece->offset);
	json_number("size", piece->size);
	json_text("state", block ? block->state : "free");
	if (block) {
		user = user_name(block->uid);
		json_number("id", block->id);
		json_number("uid", block->uid);
		json_text("user", user);
		free(user);
	}
	json_end('}');
}

void map_print_json(const struct map *map)
{
	size_t i;

	json_begin(NULL, '{');
	json_text("type", map->type);
	json_number("total", map->total);
	json_begin("pieces", '[');
	for (i = 0; i < map->nr_pieces; i++)
		json_piece(&map->pieces[i]);
	json_end(']');
	json_end('}');
}
