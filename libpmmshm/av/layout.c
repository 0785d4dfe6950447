// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All planes of a frame in one piece of memory.
 */
#include "layout.h"

#include <string.h>

#include <libavutil/imgutils.h>
#include <libavutil/macros.h>

/* Decoders read and write a little beyond the end of a plane. */
#define PLANE_PADDING 16
#define PLANE_ALIGN 64

/* Widen the lines until each plane's line size is as aligned as it must be. */
static int layout_lines(struct av_layout *layout, int width,
			const int align[AV_NUM_DATA_POINTERS])
{
	int error, unaligned, i;

	do {
		error = av_image_fill_linesizes(layout->linesize, layout->format, width);
		if (error < 0)
			return error;
		unaligned = 0;
		for (i = 0; i < 4; i++)
			unaligned |= layout->linesize[i] % (align[i] ? align[i] : 1);
		width += width & -width;
	} while (unaligned);
	return 0;
}

static int layout_planes(struct av_layout *layout, int height)
{
	ptrdiff_t linesize[4];
	size_t size[4];
	int error, i;

	for (i = 0; i < 4; i++)
		linesize[i] = layout->linesize[i];
	error = av_image_fill_plane_sizes(size, layout->format, height, linesize);
	if (error < 0)
		return error;
	for (i = 0; i < 4 && size[i]; i++) {
		layout->offset[i] = layout->size;
		layout->size += FFALIGN(size[i] + PLANE_PADDING, PLANE_ALIGN);
	}
	layout->planes = i;
	return layout->size ? 0 : AVERROR(EINVAL);
}

/* For @frame's format and size, and what @codec wants, if it is not NULL. */
int pmmshm_av_layout_init(struct av_layout *layout, AVCodecContext *codec,
			  const AVFrame *frame)
{
	int align[AV_NUM_DATA_POINTERS] = { 64, 64, 64, 64 };
	int width = frame->width, height = frame->height;
	int error;

	memset(layout, 0, sizeof(*layout));
	layout->format = frame->format;
	if (codec)
		avcodec_align_dimensions2(codec, &width, &height, align);
	error = layout_lines(layout, width, align);
	return error < 0 ? error : layout_planes(layout, height);
}

bool pmmshm_av_layout_equal(const struct av_layout *a, const struct av_layout *b)
{
	return a->format == b->format && a->size == b->size &&
	       !memcmp(a->linesize, b->linesize, sizeof(a->linesize)) &&
	       !memcmp(a->offset, b->offset, sizeof(a->offset));
}
