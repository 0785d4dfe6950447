/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A camera whose frames are written into blocks by the device itself.
 */
#ifndef XCLIENT_CAMERA_H
#define XCLIENT_CAMERA_H

#include "capture.h"
#include "feed.h"

/* The kernel's own limit. */
#define CAMERA_BUFFERS_MAX 32

struct camera;

/**
 * struct camera_buffer - one buffer of a camera
 * @camera: whose
 * @index: its number there
 * @memory: the block; NULL with --copy
 * @dmabuf: fd of the block's dma-buf, or -1
 * @data: its pixels
 * @size: in bytes
 * @frames: how often it was filled
 */
struct camera_buffer {
	struct camera *camera;
	unsigned int index;
	struct memory *memory;
	int dmabuf;
	uint8_t *data;
	size_t size;
	unsigned long frames;
};

/**
 * struct camera - a camera as a feed
 * @feed: what the player sees of it
 * @capture: the device
 * @buffers: its buffers
 * @count: how many
 * @latest: number of the buffer with the last frame
 * @next_sequence: number of the next frame
 * @lost: frames for which the device had no buffer
 * @damaged: frames that it could not fill
 * @returning: 0, or -1 if a buffer could not be given back
 */
struct camera {
	struct feed feed;
	struct capture capture;
	struct camera_buffer buffers[CAMERA_BUFFERS_MAX];
	unsigned int count;
	unsigned int latest;
	uint32_t next_sequence;
	long lost;
	long damaged;
	int returning;
};

struct feed *camera_init(struct camera *camera);

#endif
