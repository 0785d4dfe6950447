// SPDX-License-Identifier: GPL-2.0-only
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "feed.h"
#include "message.h"
#include "way.h"

#define CAPTURE V4L2_BUF_TYPE_VIDEO_CAPTURE

/* As many as a message shows. */
#define FORMATS_MAX 64

static int request(struct capture *capture, unsigned long command, void *argument)
{
	int result;

	do {
		result = ioctl(capture->fd, command, argument);
	} while (result < 0 && errno == EINTR);
	return result;
}

/* For what there is no better message about. */
static int failed(const struct capture *capture, const char *what)
{
	return complain("%s: cannot %s: %s", capture->name, what, strerror(errno));
}

static int open_node(struct capture *capture)
{
	capture->fd = open(capture->name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (capture->fd >= 0)
		return 0;
	if (errno == ENOENT || errno == ENXIO || errno == ENODEV)
		return complain("%s: there is no such camera; load its driver, or name one of /dev/video*",
				capture->name);
	return complain("%s: %s; check the name and its permissions", capture->name,
			strerror(errno));
}

static int check_caps(struct capture *capture)
{
	struct v4l2_capability *caps = &capture->caps;
	uint32_t bits;

	if (request(capture, VIDIOC_QUERYCAP, caps))
		return complain("%s: not a V4L2 device; name one of /dev/video*", capture->name);
	bits = caps->capabilities & V4L2_CAP_DEVICE_CAPS ? caps->device_caps : caps->capabilities;
	if (bits & V4L2_CAP_VIDEO_CAPTURE_MPLANE && !(bits & V4L2_CAP_VIDEO_CAPTURE))
		return complain("%s: %s keeps each plane of a picture in a buffer of its own, which pmm-camera does not do; name another",
				capture->name, caps->card);
	if (!(bits & V4L2_CAP_VIDEO_CAPTURE))
		return complain("%s: %s is not a capture device; name another of /dev/video*",
				capture->name, caps->card);
	if (!(bits & V4L2_CAP_STREAMING))
		return complain("%s: %s can be read but does not stream into buffers; name another",
				capture->name, caps->card);
	return 0;
}

/* What the device offers, by fourcc.  Return: how many. */
static unsigned int list_formats(struct capture *capture, uint32_t formats[FORMATS_MAX])
{
	struct v4l2_fmtdesc desc = { .type = CAPTURE };
	unsigned int count = 0;

	while (count < FORMATS_MAX && !request(capture, VIDIOC_ENUM_FMT, &desc)) {
		formats[count++] = desc.pixelformat;
		desc.index = count;
	}
	return count;
}

/* @why: with the formats that would do, and the fourcc in question before that */
static int wrong_format(const struct capture *capture, const char *text, const char *why,
			const uint32_t *formats, unsigned int count)
{
	char list[FORMATS_MAX * (FOURCC_TEXT + 1) + 1] = "", one[FOURCC_TEXT];
	unsigned int i;
	size_t used = 0;

	for (i = 0; i < count; i++)
		if (fourcc_find(formats[i]))
			used += snprintf(list + used, sizeof(list) - used, " %s",
					 fourcc_text(formats[i], one));
	return complain("%s: %s %s; --format takes%s", capture->name, text, why,
			used ? list : " nothing that this camera has");
}

/* The user's, or the one it has, or the first that libswscale can read. */
static int choose_format(struct capture *capture, const char *wanted, uint32_t *fourcc)
{
	uint32_t formats[FORMATS_MAX] = { 0 };
	unsigned int count = list_formats(capture, formats), i = 0;
	char text[FOURCC_TEXT];

	if (!wanted && fourcc_find(*fourcc))
		return 0;
	if (wanted && fourcc_parse(wanted, fourcc))
		return wrong_format(capture, wanted, "is not the name of a format", formats, count);
	while (i < count && (wanted ? formats[i] != *fourcc : !fourcc_find(formats[i])))
		i++;
	if (wanted && i == count)
		return wrong_format(capture, wanted, "is not among its formats", formats, count);
	if (i == count || !fourcc_find(formats[i]))
		return wrong_format(capture, fourcc_text(*fourcc, text),
				    "cannot be read by libswscale", formats, count);
	*fourcc = formats[i];
	return 0;
}

static int check_format(const struct capture *capture, const struct options *opts,
			const struct v4l2_pix_format *pix, uint32_t fourcc)
{
	char text[FOURCC_TEXT];

	if (opts->capture_width && (pix->width != (uint32_t)opts->capture_width ||
				    pix->height != (uint32_t)opts->capture_height))
		return complain("%s: it has no pictures of %dx%d; the nearest are --size %ux%u",
				capture->name, opts->capture_width, opts->capture_height,
				pix->width, pix->height);
	if (pix->pixelformat != fourcc)
		return complain("%s: it does not take format %s at this size; try another --size or --format",
				capture->name, fourcc_text(fourcc, text));
	if (pix->field == V4L2_FIELD_ALTERNATE)
		return complain("%s: each of its buffers has only half of the lines of a picture; choose another input or standard",
				capture->name);
	return 0;
}

static int set_format(struct capture *capture, const struct options *opts)
{
	struct v4l2_format format = { .type = CAPTURE };
	uint32_t fourcc;

	if (request(capture, VIDIOC_G_FMT, &format))
		return failed(capture, "ask for its format");
	fourcc = format.fmt.pix.pixelformat;
	if (choose_format(capture, opts->format, &fourcc))
		return -1;
	if (fourcc != format.fmt.pix.pixelformat)
		format.fmt.pix.bytesperline = 0;
	format.fmt.pix.pixelformat = fourcc;
	if (opts->capture_width) {
		format.fmt.pix.width = opts->capture_width;
		format.fmt.pix.height = opts->capture_height;
		format.fmt.pix.bytesperline = 0;
	}
	if (request(capture, VIDIOC_S_FMT, &format)) {
		if (errno == EBUSY)
			return complain("%s: another program is using it; end that one first",
					capture->name);
		return failed(capture, "set its format");
	}
	capture->pix = format.fmt.pix;
	capture->fourcc = fourcc_find(fourcc);
	return check_format(capture, opts, &capture->pix, fourcc);
}

static int set_rate(struct capture *capture, long wanted)
{
	struct v4l2_streamparm stream = { .type = CAPTURE };
	struct v4l2_fract *frame = &stream.parm.capture.timeperframe;

	if (request(capture, VIDIOC_G_PARM, &stream) ||
	    !(stream.parm.capture.capability & V4L2_CAP_TIMEPERFRAME)) {
		if (wanted)
			return complain("%s: its frame rate cannot be chosen; leave --fps out",
					capture->name);
		return 0;
	}
	if (wanted) {
		*frame = (struct v4l2_fract){ .numerator = 1, .denominator = wanted };
		if (request(capture, VIDIOC_S_PARM, &stream))
			return failed(capture, "set its frame rate");
	}
	if (frame->numerator)
		capture->rate = (double)frame->denominator / frame->numerator;
	if (wanted && (uint64_t)frame->numerator * wanted != frame->denominator)
		return complain("%s: it has no %ld frames a second at this size; the nearest are %.5g",
				capture->name, wanted, capture->rate);
	return 0;
}

/**
 * capture_open() - open a device and set what the user wants of it
 * @capture: filled in; capture_close() is needed after a failure, too
 * @opts: what that is
 *
 * Return: 0, or -1 after a message.
 */
int capture_open(struct capture *capture, const struct options *opts)
{
	*capture = (struct capture){
		.name = opts->file, .fd = -1,
		.memory = way_is_shared(opts->way) ? V4L2_MEMORY_DMABUF : V4L2_MEMORY_MMAP,
	};
	if (open_node(capture) || check_caps(capture) || set_format(capture, opts) ||
	    set_rate(capture, opts->rate))
		return -1;
	return 0;
}

/**
 * capture_close() - close a device, which lets go of its buffers
 * @capture: device
 */
void capture_close(struct capture *capture)
{
	if (capture->fd >= 0)
		close(capture->fd);
	capture->fd = -1;
}

/**
 * capture_request() - ask for buffers
 * @capture: device
 * @count: how many
 *
 * Return: how many there are, which may be others, or -1 after a message.
 */
int capture_request(struct capture *capture, unsigned int count)
{
	struct v4l2_requestbuffers buffers = {
		.count = count, .type = CAPTURE, .memory = capture->memory,
	};

	if (!request(capture, VIDIOC_REQBUFS, &buffers) && buffers.count)
		return buffers.count;
	if (errno == EINVAL && capture->memory == V4L2_MEMORY_DMABUF)
		return complain("%s: the driver %s does not import dma-bufs, so it cannot write into ours; --copy uses its own buffers",
				capture->name, capture->caps.driver);
	if (errno == EBUSY)
		return complain("%s: another program is using it; end that one first",
				capture->name);
	return failed(capture, "have buffers");
}

/**
 * capture_query() - where the device keeps a buffer of its own
 * @capture: device
 * @index: of the buffer
 * @buffer: filled in
 *
 * Return: 0, or -1 after a message.
 */
int capture_query(struct capture *capture, unsigned int index, struct v4l2_buffer *buffer)
{
	*buffer = (struct v4l2_buffer){
		.index = index, .type = CAPTURE, .memory = capture->memory,
	};
	return request(capture, VIDIOC_QUERYBUF, buffer) ? failed(capture, "find a buffer") : 0;
}

/**
 * capture_queue() - have the device fill a buffer
 * @capture: device
 * @index: of the buffer
 * @dmabuf: its memory, or -1 if it is the device's own
 *
 * Return: 0, or -1 after a message.
 */
int capture_queue(struct capture *capture, unsigned int index, int dmabuf)
{
	struct v4l2_buffer buffer = {
		.index = index, .type = CAPTURE, .memory = capture->memory,
	};

	if (capture->memory == V4L2_MEMORY_DMABUF)
		buffer.m.fd = dmabuf;
	if (!request(capture, VIDIOC_QBUF, &buffer))
		return 0;
	if (errno == EFAULT)
		return complain("%s: the device refuses a buffer: it is not contiguous, or smaller than the %u bytes of a frame",
				capture->name, capture->pix.sizeimage);
	if (errno == ERANGE)
		return complain("%s: the device does not reach the block; load the module with a pool below its limit (pools=, below=)",
				capture->name);
	return failed(capture, "give it a buffer");
}

/**
 * capture_start() - start filling buffers
 * @capture: device
 *
 * Return: 0, or -1 after a message.
 */
int capture_start(struct capture *capture)
{
	int type = CAPTURE;

	return request(capture, VIDIOC_STREAMON, &type) ? failed(capture, "start it") : 0;
}

/**
 * capture_stop() - stop filling buffers; all of them are ours then
 * @capture: device, started or not
 */
void capture_stop(struct capture *capture)
{
	int type = CAPTURE;

	if (capture->fd >= 0)
		request(capture, VIDIOC_STREAMOFF, &type);
}

/**
 * capture_dequeue() - take a buffer that has been filled
 * @capture: device
 * @buffer: filled in
 *
 * Return: FEED_FRAME, FEED_WAIT if there is none yet, or -1 after a message.
 */
int capture_dequeue(struct capture *capture, struct v4l2_buffer *buffer)
{
	*buffer = (struct v4l2_buffer){ .type = CAPTURE, .memory = capture->memory };
	if (!request(capture, VIDIOC_DQBUF, buffer))
		return FEED_FRAME;
	if (errno == EAGAIN)
		return FEED_WAIT;
	if (errno == ENODEV)
		return complain("%s: the camera was taken away", capture->name);
	return failed(capture, "take a frame");
}
