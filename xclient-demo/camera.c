// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each buffer is a block, which the device imports as a dma-buf.  A frame refers
 * to its buffer, and the buffer goes back to the device when nobody refers to the
 * frame any more.  From the one to the other the processor has the buffer, which
 * the dma-buf is told, for machines on which that makes a difference.
 */
#include "camera.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include <libavutil/buffer.h>
#include <libavutil/pixdesc.h>

#include <pmmshm.h>

#include "json.h"
#include "message.h"

#define NS_PER_S 1000000000LL
#define NS_PER_US 1000

static struct camera *to_camera(struct feed *feed)
{
	return (struct camera *)((char *)feed - offsetof(struct camera, feed));
}

/* ---- buffers ---- */

static int make_block(struct camera_buffer *buffer, struct memory_source *source)
{
	buffer->memory = memory_alloc(source, buffer->camera->capture.pix.sizeimage);
	if (!buffer->memory)
		return -1;
	buffer->data = buffer->memory->data;
	buffer->size = buffer->memory->size;
	buffer->dmabuf = pmmshm_block_dmabuf_fd(buffer->memory->block);
	return buffer->dmabuf < 0 ? complain("%s", pmmshm_error()) : 0;
}

static int map_device_buffer(struct camera_buffer *buffer)
{
	struct capture *capture = &buffer->camera->capture;
	struct v4l2_buffer place;
	void *data;

	if (capture_query(capture, buffer->index, &place))
		return -1;
	data = mmap(NULL, place.length, PROT_READ, MAP_SHARED, capture->fd, place.m.offset);
	if (data == MAP_FAILED)
		return complain("%s: cannot map its buffer: %s", capture->name, strerror(errno));
	buffer->data = data;
	buffer->size = place.length;
	return 0;
}

static int make_buffers(struct camera *camera, struct memory_source *source, long wanted)
{
	int count = capture_request(&camera->capture, wanted);
	struct camera_buffer *buffer;
	int error;

	if (count < 0)
		return -1;
	while (camera->count < (unsigned int)count && camera->count < CAMERA_BUFFERS_MAX) {
		buffer = &camera->buffers[camera->count];
		*buffer = (struct camera_buffer){
			.camera = camera, .index = camera->count++, .dmabuf = -1,
		};
		if (camera->capture.memory == V4L2_MEMORY_DMABUF)
			error = make_block(buffer, source);
		else
			error = map_device_buffer(buffer);
		if (error || capture_queue(&camera->capture, buffer->index, buffer->dmabuf))
			return -1;
	}
	return 0;
}

static void free_buffer(struct camera_buffer *buffer)
{
	if (!buffer->memory && buffer->data)
		munmap(buffer->data, buffer->size);
	if (buffer->dmabuf >= 0)
		close(buffer->dmabuf);
	memory_free(buffer->memory);
}

/* The processor begins or ends to read a buffer. */
static int sync_buffer(const struct camera_buffer *buffer, uint64_t side)
{
	struct dma_buf_sync sync = { .flags = side | DMA_BUF_SYNC_READ };
	int error;

	if (buffer->dmabuf < 0)
		return 0;
	do {
		error = ioctl(buffer->dmabuf, DMA_BUF_IOCTL_SYNC, &sync);
	} while (error && (errno == EINTR || errno == EAGAIN));
	if (error)
		return complain("cannot synchronise a dma-buf: %s", strerror(errno));
	return 0;
}

/* ---- frames ---- */

/* Nobody refers to the frame any more. */
static void return_buffer(void *opaque, uint8_t *data)
{
	struct camera_buffer *buffer = opaque;
	struct camera *camera = buffer->camera;

	(void)data;
	if (sync_buffer(buffer, DMA_BUF_SYNC_END) ||
	    capture_queue(&camera->capture, buffer->index, buffer->dmabuf))
		camera->returning = -1;
}

static int make_frame(struct camera *camera, struct camera_buffer *buffer, AVFrame *frame)
{
	const struct capture *capture = &camera->capture;

	if (sync_buffer(buffer, DMA_BUF_SYNC_START))
		return -1;
	frame->buf[0] = av_buffer_create(buffer->data, buffer->size, return_buffer, buffer,
					 AV_BUFFER_FLAG_READONLY);
	if (!frame->buf[0])
		return complain("no memory for a frame");
	buffer->frames++;
	camera->latest = buffer->index;
	return fourcc_fill(capture->fourcc, &capture->pix, buffer->data, buffer->size, frame);
}

static int camera_next(struct feed *feed, AVFrame *frame, int64_t *due_ns)
{
	struct camera *camera = to_camera(feed);
	struct v4l2_buffer filled;
	int result;

	if (camera->returning)
		return -1;
	result = capture_dequeue(&camera->capture, &filled);
	if (result != FEED_FRAME)
		return result;
	camera->lost += (int32_t)(filled.sequence - camera->next_sequence);
	camera->next_sequence = filled.sequence + 1;
	if (filled.flags & V4L2_BUF_FLAG_ERROR) {
		camera->damaged++;
		return capture_queue(&camera->capture, filled.index,
				     camera->buffers[filled.index].dmabuf) ?: FEED_WAIT;
	}
	*due_ns = filled.timestamp.tv_sec * NS_PER_S + filled.timestamp.tv_usec * NS_PER_US;
	return make_frame(camera, &camera->buffers[filled.index], frame);
}

/* ---- the feed ---- */

static int camera_open(struct feed *feed, const struct options *opts,
		       struct memory_source *source, struct stats *stats)
{
	struct camera *camera = to_camera(feed);

	(void)stats;
	if (capture_open(&camera->capture, opts) ||
	    make_buffers(camera, source, opts->buffers) || capture_start(&camera->capture))
		return -1;
	feed->fd = camera->capture.fd;
	feed->width = camera->capture.pix.width;
	feed->height = camera->capture.pix.height;
	return 0;
}

/* The device lets go of the blocks before we do, but either order would do. */
static void camera_close(struct feed *feed)
{
	struct camera *camera = to_camera(feed);
	unsigned int i;

	capture_stop(&camera->capture);
	capture_close(&camera->capture);
	for (i = 0; i < camera->count; i++)
		free_buffer(&camera->buffers[i]);
	camera->count = 0;
}

static void report_buffer(const struct camera_buffer *buffer, FILE *out)
{
	struct pmmshm_block_info info = { 0 };
	const struct memory *memory = buffer->memory;

	if (memory)
		pmmshm_block_get_info(memory->block, &info);
	fprintf(out, "    { \"shmid\": %d, \"block\": %" PRIu64
		", \"address\": \"%p\", \"bytes\": %zu, \"captured\": %lu, \"latest\": %s }",
		memory ? memory->shmid : -1, info.id, (void *)buffer->data, buffer->size,
		buffer->frames, buffer->index == buffer->camera->latest ? "true" : "false");
}

static void camera_report(struct feed *feed, FILE *out)
{
	const struct camera *camera = to_camera(feed);
	const struct capture *capture = &camera->capture;
	char text[FOURCC_TEXT];
	unsigned int i;

	json_string(out, "device", capture->name);
	json_string(out, "driver", (const char *)capture->caps.driver);
	json_string(out, "card", (const char *)capture->caps.card);
	json_string(out, "fourcc", fourcc_text(capture->pix.pixelformat, text));
	json_string(out, "video_format", av_get_pix_fmt_name(capture->fourcc->format));
	json_number(out, "video_width", capture->pix.width);
	json_number(out, "video_height", capture->pix.height);
	json_number(out, "video_stride", capture->pix.bytesperline);
	json_number(out, "video_bytes", capture->pix.sizeimage);
	fprintf(out, "  \"video_rate\": %.3f,\n", capture->rate);
	json_number(out, "frames_lost", camera->lost);
	json_number(out, "frames_damaged", camera->damaged);
	fputs("  \"captures\": [\n", out);
	for (i = 0; i < camera->count; i++) {
		report_buffer(&camera->buffers[i], out);
		fputs(i + 1 < camera->count ? ",\n" : "\n", out);
	}
	fputs("  ],\n", out);
}

static const struct feed_ops camera_ops = {
	.stage = "capture",
	.open = camera_open,
	.next = camera_next,
	.report = camera_report,
	.close = camera_close,
};

/**
 * camera_init() - make a feed of the camera that the options name
 * @camera: filled in
 *
 * Return: the feed
 */
struct feed *camera_init(struct camera *camera)
{
	*camera = (struct camera){
		.feed = { .ops = &camera_ops, .fd = -1 }, .capture = { .fd = -1 },
	};
	return &camera->feed;
}
