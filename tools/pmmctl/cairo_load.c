// SPDX-License-Identifier: GPL-2.0-only
/*
 * cairo, loaded.
 */
#include <dlfcn.h>

#include "cairo_load.h"
#include "pmmctl.h"

#define LIBRARY		"libcairo.so.2"
#define MEMBER(name)	offsetof(struct cairo_functions, name)

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
	{ "cairo_clip", MEMBER(clip) },
	{ "cairo_create", MEMBER(create) },
	{ "cairo_destroy", MEMBER(destroy) },
	{ "cairo_fill", MEMBER(fill) },
	{ "cairo_image_surface_create", MEMBER(image_surface_create) },
	{ "cairo_line_to", MEMBER(line_to) },
	{ "cairo_move_to", MEMBER(move_to) },
	{ "cairo_paint", MEMBER(paint) },
	{ "cairo_rectangle", MEMBER(rectangle) },
	{ "cairo_restore", MEMBER(restore) },
	{ "cairo_save", MEMBER(save) },
	{ "cairo_select_font_face", MEMBER(select_font_face) },
	{ "cairo_set_font_size", MEMBER(set_font_size) },
	{ "cairo_set_line_width", MEMBER(set_line_width) },
	{ "cairo_set_source_rgb", MEMBER(set_source_rgb) },
	{ "cairo_show_text", MEMBER(show_text) },
	{ "cairo_status", MEMBER(status) },
	{ "cairo_status_to_string", MEMBER(status_to_string) },
	{ "cairo_stroke", MEMBER(stroke) },
	{ "cairo_surface_destroy", MEMBER(surface_destroy) },
	{ "cairo_surface_finish", MEMBER(surface_finish) },
	{ "cairo_surface_status", MEMBER(surface_status) },
	{ "cairo_surface_write_to_png_stream", MEMBER(surface_write_to_png_stream) },
	{ "cairo_svg_surface_create_for_stream", MEMBER(svg_surface_create_for_stream) },
	{ "cairo_text_extents", MEMBER(text_extents) },
};

const struct cairo_functions *cairo_load(void)
{
	static struct cairo_functions loaded;
	void *library = dlopen(LIBRARY, RTLD_NOW);
	void **member;
	size_t i;

	if (!library)
		die("cannot draw without cairo (apt install libcairo2): %s",
		    dlerror());
	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		member = (void **)((char *)&loaded + functions[i].offset);
		*member = dlsym(library, functions[i].name);
		if (!*member)
			die("cannot draw with this cairo: %s", dlerror());
	}
	return &loaded;
}
