/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What pmmctl uses of cairo, which is loaded when something is to be drawn: all else
 * works without it, and begins sooner.
 */
#ifndef PMMCTL_CAIRO_LOAD_H
#define PMMCTL_CAIRO_LOAD_H

#include <cairo.h>
#include <cairo-svg.h>

struct cairo_functions {
	typeof(cairo_clip) *clip;
	typeof(cairo_create) *create;
	typeof(cairo_destroy) *destroy;
	typeof(cairo_fill) *fill;
	typeof(cairo_image_surface_create) *image_surface_create;
	typeof(cairo_line_to) *line_to;
	typeof(cairo_move_to) *move_to;
	typeof(cairo_paint) *paint;
	typeof(cairo_rectangle) *rectangle;
	typeof(cairo_restore) *restore;
	typeof(cairo_save) *save;
	typeof(cairo_select_font_face) *select_font_face;
	typeof(cairo_set_font_size) *set_font_size;
	typeof(cairo_set_line_width) *set_line_width;
	typeof(cairo_set_source_rgb) *set_source_rgb;
	typeof(cairo_show_text) *show_text;
	typeof(cairo_status) *status;
	typeof(cairo_status_to_string) *status_to_string;
	typeof(cairo_stroke) *stroke;
	typeof(cairo_surface_destroy) *surface_destroy;
	typeof(cairo_surface_finish) *surface_finish;
	typeof(cairo_surface_status) *surface_status;
	typeof(cairo_surface_write_to_png_stream) *surface_write_to_png_stream;
	typeof(cairo_svg_surface_create_for_stream) *svg_surface_create_for_stream;
	typeof(cairo_text_extents) *text_extents;
};

/* Or the end, if there is no cairo here. */
const struct cairo_functions *cairo_load(void);

#endif /* PMMCTL_CAIRO_LOAD_H */
