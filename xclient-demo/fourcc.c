// SPDX-License-Identifier: GPL-2.0-only
#include "fourcc.h"

#include <stdio.h>
#include <string.h>

#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "message.h"

#define BIG_ENDIAN_BIT (1U << 31)

/* All planes are in one buffer, one after the other. */
static const struct fourcc known[] = {
	{ V4L2_PIX_FMT_YUYV, AV_PIX_FMT_YUYV422, false },
	{ V4L2_PIX_FMT_UYVY, AV_PIX_FMT_UYVY422, false },
	{ V4L2_PIX_FMT_YVYU, AV_PIX_FMT_YVYU422, false },
	{ V4L2_PIX_FMT_NV12, AV_PIX_FMT_NV12, false },
	{ V4L2_PIX_FMT_NV21, AV_PIX_FMT_NV21, false },
	{ V4L2_PIX_FMT_NV16, AV_PIX_FMT_NV16, false },
	{ V4L2_PIX_FMT_YUV420, AV_PIX_FMT_YUV420P, false },
	{ V4L2_PIX_FMT_YVU420, AV_PIX_FMT_YUV420P, true },
	{ V4L2_PIX_FMT_YUV422P, AV_PIX_FMT_YUV422P, false },
	{ V4L2_PIX_FMT_RGB24, AV_PIX_FMT_RGB24, false },
	{ V4L2_PIX_FMT_BGR24, AV_PIX_FMT_BGR24, false },
	{ V4L2_PIX_FMT_XBGR32, AV_PIX_FMT_BGR0, false },
	{ V4L2_PIX_FMT_XRGB32, AV_PIX_FMT_0RGB, false },
	{ V4L2_PIX_FMT_RGBX32, AV_PIX_FMT_RGB0, false },
	{ V4L2_PIX_FMT_RGB565, AV_PIX_FMT_RGB565LE, false },
	{ V4L2_PIX_FMT_RGB565X, AV_PIX_FMT_RGB565BE, false },
	{ V4L2_PIX_FMT_GREY, AV_PIX_FMT_GRAY8, false },
};

/**
 * fourcc_find() - look a format up
 * @fourcc: what V4L2 calls it
 *
 * Return: the format, or NULL if libswscale cannot read it
 */
const struct fourcc *fourcc_find(uint32_t fourcc)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].fourcc == fourcc && sws_isSupportedInput(known[i].format))
			return &known[i];
	return NULL;
}

/**
 * fourcc_text() - what the user calls a format
 * @fourcc: what V4L2 calls it
 * @text: filled in
 *
 * Return: @text
 */
const char *fourcc_text(uint32_t fourcc, char text[FOURCC_TEXT])
{
	int i;

	for (i = 0; i < 4; i++)
		text[i] = fourcc >> (8 * i) & 0x7f;
	for (i = 4; i > 0 && text[i - 1] == ' '; i--)
		;
	snprintf(text + i, FOURCC_TEXT - i, "%s", fourcc & BIG_ENDIAN_BIT ? "-BE" : "");
	return text;
}

/**
 * fourcc_parse() - the reverse
 * @text: one to four characters, perhaps followed by -BE
 * @fourcc: filled in
 *
 * Return: 0, or -1 if it is none.
 */
int fourcc_parse(const char *text, uint32_t *fourcc)
{
	size_t length = strlen(text), i;
	uint32_t result = 0;

	if (length > 3 && !strcmp(text + length - 3, "-BE")) {
		length -= 3;
		result = BIG_ENDIAN_BIT;
	}
	if (!length || length > 4)
		return -1;
	for (i = 0; i < 4; i++)
		result |= (i < length ? text[i] & 0x7fU : ' ') << (8 * i);
	*fourcc = result;
	return 0;
}

static enum AVColorSpace colour_space(const struct v4l2_pix_format *pix)
{
	uint32_t encoding = pix->ycbcr_enc;

	if (encoding == V4L2_YCBCR_ENC_DEFAULT)
		encoding = V4L2_MAP_YCBCR_ENC_DEFAULT(pix->colorspace);
	switch (encoding) {
	case V4L2_YCBCR_ENC_709:
		return AVCOL_SPC_BT709;
	case V4L2_YCBCR_ENC_BT2020:
		return AVCOL_SPC_BT2020_NCL;
	case V4L2_YCBCR_ENC_SMPTE240M:
		return AVCOL_SPC_SMPTE240M;
	}
	return AVCOL_SPC_SMPTE170M;
}

static enum AVColorRange colour_range(const struct v4l2_pix_format *pix, bool rgb)
{
	uint32_t range = pix->quantization;

	if (range == V4L2_QUANTIZATION_DEFAULT)
		range = V4L2_MAP_QUANTIZATION_DEFAULT(rgb, pix->colorspace, pix->ycbcr_enc);
	return range == V4L2_QUANTIZATION_FULL_RANGE ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
}

/* The lines of all planes are wider by the same ratio. */
static int fill_lines(AVFrame *frame, uint32_t stride)
{
	int natural, plane;

	if (av_image_fill_linesizes(frame->linesize, frame->format, frame->width) < 0)
		return -1;
	natural = frame->linesize[0];
	if ((int)stride < natural)
		return -1;
	for (plane = 0; plane < 4; plane++)
		frame->linesize[plane] = (int64_t)frame->linesize[plane] * stride / natural;
	return 0;
}

/**
 * fourcc_fill() - tell FFmpeg how a picture lies in a camera's buffer
 * @fourcc: its format
 * @pix: its size and lines, as the camera says
 * @data: the buffer
 * @size: of the buffer in bytes
 * @frame: gets all but the reference to the buffer
 *
 * Return: 0, or -1 after a message.
 */
int fourcc_fill(const struct fourcc *fourcc, const struct v4l2_pix_format *pix, uint8_t *data,
		size_t size, AVFrame *frame)
{
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(fourcc->format);
	uint8_t *plane;
	int used = -1;

	frame->format = fourcc->format;
	frame->width = pix->width;
	frame->height = pix->height;
	frame->colorspace = colour_space(pix);
	frame->color_range = colour_range(pix, desc->flags & AV_PIX_FMT_FLAG_RGB);
	if (!fill_lines(frame, pix->bytesperline))
		used = av_image_fill_pointers(frame->data, frame->format, frame->height, data,
					      frame->linesize);
	if (used < 0 || (size_t)used > size)
		return complain("the camera's lines of %u bytes do not fit a picture of %ux%u in %zu bytes; choose another --size or --format",
				pix->bytesperline, pix->width, pix->height, size);
	if (fourcc->swapped) {
		plane = frame->data[1];
		frame->data[1] = frame->data[2];
		frame->data[2] = plane;
	}
	frame->extended_data = frame->data;
	return 0;
}
