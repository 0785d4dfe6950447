/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A V4L2 capture device: its format, its buffers, and the frames in them.
 */
#ifndef XCLIENT_CAPTURE_H
#define XCLIENT_CAPTURE_H

#include <stdint.h>

#include <linux/videodev2.h>

#include "fourcc.h"
#include "options.h"

/**
 * struct capture - a device
 * @name: of its node
 * @fd: the open node, or -1
 * @caps: who it says it is
 * @pix: the format that it delivers
 * @fourcc: the same, as libswscale knows it
 * @rate: frames a second; 0 if it does not say
 * @memory: of its buffers: V4L2_MEMORY_DMABUF, ours, or V4L2_MEMORY_MMAP, its own
 */
struct capture {
	const char *name;
	int fd;
	struct v4l2_capability caps;
	struct v4l2_pix_format pix;
	const struct fourcc *fourcc;
	double rate;
	enum v4l2_memory memory;
};

int capture_open(struct capture *capture, const struct options *opts);
int capture_request(struct capture *capture, unsigned int count);
int capture_query(struct capture *capture, unsigned int index, struct v4l2_buffer *buffer);
int capture_queue(struct capture *capture, unsigned int index, int dmabuf);
int capture_start(struct capture *capture);
int capture_dequeue(struct capture *capture, struct v4l2_buffer *buffer);
void capture_stop(struct capture *capture);
void capture_close(struct capture *capture);

#endif
