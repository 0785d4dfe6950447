// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture of a pool as a file, by cairo: rows from left to right and from top to
 * bottom, each block a rectangle with its number, and what the colours mean.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairo_load.h"
#include "map.h"

#define WIDTH		960.0
#define MARGIN		24.0
#define HEADING		30.0
#define ROW		40.0
#define ROW_GAP		8.0
#define ROWS		8
#define LEGEND		22.0
#define FONT		14.0
#define HATCH		6.0

static const struct cairo_functions *c;

struct color {
	double red, green, blue;
};

/* Those of Okabe and Ito, which everybody can tell apart */
static const struct color colors[] = {
	{ 0.00, 0.45, 0.70 }, { 0.00, 0.62, 0.45 }, { 0.80, 0.47, 0.65 },
	{ 0.34, 0.71, 0.91 }, { 0.90, 0.62, 0.00 }, { 0.94, 0.89, 0.26 },
};

static const struct color color_free = { 0.91, 0.91, 0.91 };
static const struct color color_quarantine = { 0.84, 0.37, 0.00 };

static void set_color(cairo_t *cr, const struct color *color)
{
	c->set_source_rgb(cr, color->red, color->green, color->blue);
}

static const struct color *paint_color(const struct map *map, size_t paint)
{
	if (paint == MAP_FREE)
		return &color_free;
	if (map->paints[paint].quarantine)
		return &color_quarantine;
	return &colors[(map->paints[paint].color - 1) % ARRAY_SIZE(colors)];
}

/* Quarantine is hatched, for printers without colours. */
static void draw_hatch(cairo_t *cr, double x, double y, double w, double h)
{
	int lines = (int)((w + h) / HATCH), i;

	c->save(cr);
	c->rectangle(cr, x, y, w, h);
	c->clip(cr);
	c->set_source_rgb(cr, 1, 1, 1);
	c->set_line_width(cr, 1.5);
	for (i = 0; i <= lines; i++) {
		c->move_to(cr, x - h + i * HATCH, y + h);
		c->line_to(cr, x + i * HATCH, y);
	}
	c->stroke(cr);
	c->restore(cr);
}

static void draw_box(cairo_t *cr, const struct map *map, size_t paint,
		     double x, double y, double w, double h)
{
	set_color(cr, paint_color(map, paint));
	c->rectangle(cr, x, y, w, h);
	c->fill(cr);
	if (map->paints[paint].quarantine)
		draw_hatch(cr, x, y, w, h);
}

static void draw_text(cairo_t *cr, double x, double y, const char *text)
{
	c->set_source_rgb(cr, 0, 0, 0);
	c->move_to(cr, x, y);
	c->show_text(cr, text);
}

/* Its number, where there is room for it. */
static void draw_number(cairo_t *cr, const struct block *block, double x,
			double y, double w)
{
	char *text = formatted("%" PRIu64, block->id);
	cairo_text_extents_t extents;

	c->text_extents(cr, text, &extents);
	if (extents.x_advance + 4 <= w)
		draw_text(cr, x + (w - extents.x_advance) / 2,
			  y + (ROW + extents.height) / 2, text);
	free(text);
}

/* The part of a piece that is in a row: [from, to) of it, counted in rows. */
static void draw_part(cairo_t *cr, const struct map *map,
		      const struct piece *piece, unsigned int row, double from,
		      double to)
{
	double x = MARGIN + from * (WIDTH - 2 * MARGIN);
	double y = MARGIN + HEADING + row * (ROW + ROW_GAP);
	double w = (to - from) * (WIDTH - 2 * MARGIN);

	draw_box(cr, map, piece->paint, x, y, w, ROW);
	if (!piece->block)
		return;
	/* Where a block ends and the next one begins */
	c->set_source_rgb(cr, 1, 1, 1);
	c->set_line_width(cr, 1);
	c->rectangle(cr, x, y, w, ROW);
	c->stroke(cr);
	draw_number(cr, piece->block, x, y, w);
}

static void draw_piece(cairo_t *cr, const struct map *map,
		       const struct piece *piece)
{
	double per_row = (double)map->total / ROWS;
	double from = (double)piece->offset / per_row;
	double to = (double)(piece->offset + piece->size) / per_row;
	unsigned int row;

	for (row = (unsigned int)from; row < ROWS && row < to; row++)
		draw_part(cr, map, piece, row, from > row ? from - row : 0,
			  to < row + 1 ? to - row : 1);
}

static void draw_legend(cairo_t *cr, const struct map *map, double y)
{
	char *figures, *text;
	size_t i;

	for (i = 0; i < map->nr_paints; i++, y += LEGEND) {
		draw_box(cr, map, i, MARGIN, y, FONT, FONT);
		figures = paint_figures(map, i);
		text = formatted("%s: %s", map->paints[i].name, figures);
		draw_text(cr, MARGIN + 2 * FONT, y + FONT - 2, text);
		free(text);
		free(figures);
	}
}

static double height(const struct map *map)
{
	return 2 * MARGIN + HEADING + ROWS * (ROW + ROW_GAP) +
	       (double)map->nr_paints * LEGEND;
}

static void draw_all(cairo_t *cr, const struct map *map)
{
	char *title = formatted("Type %s, %s", map->type,
				bytes(map->total).s);
	size_t i;

	c->set_source_rgb(cr, 1, 1, 1);
	c->paint(cr);
	c->select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
			       CAIRO_FONT_WEIGHT_NORMAL);
	c->set_font_size(cr, FONT);
	draw_text(cr, MARGIN, MARGIN + FONT, title);
	for (i = 0; i < map->nr_pieces; i++)
		draw_piece(cr, map, &map->pieces[i]);
	draw_legend(cr, map, MARGIN + HEADING + ROWS * (ROW + ROW_GAP));
	free(title);
}

static cairo_status_t write_bytes(void *file, const unsigned char *data,
				  unsigned int length)
{
	return fwrite(data, 1, length, file) == length ?
	       CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static cairo_status_t draw_to(const struct map *map, FILE *file, bool png)
{
	cairo_surface_t *surface;
	cairo_status_t status;
	cairo_t *cr;

	if (png)
		surface = c->image_surface_create(CAIRO_FORMAT_RGB24,
						     (int)WIDTH,
						     (int)height(map));
	else
		surface = c->svg_surface_create_for_stream(write_bytes, file,
							      WIDTH, height(map));
	cr = c->create(surface);
	draw_all(cr, map);
	status = c->status(cr);
	c->destroy(cr);
	if (!status && png)
		status = c->surface_write_to_png_stream(surface, write_bytes,
							   file);
	c->surface_finish(surface);
	if (!status)
		status = c->surface_status(surface);
	c->surface_destroy(surface);
	return status;
}

void map_draw(const struct map *map, const char *path, bool png)
{
	cairo_status_t status;
	FILE *file;

	c = cairo_load();
	file = fopen(path, "we");
	if (!file)
		die("cannot write %s: %s", path, strerror(errno));
	status = draw_to(map, file, png);
	if (status && status != CAIRO_STATUS_WRITE_ERROR)
		die("cannot draw %s: %s", path, c->status_to_string(status));
	if (fclose(file) || status)
		die("cannot write %s: %s", path, strerror(errno));
}
