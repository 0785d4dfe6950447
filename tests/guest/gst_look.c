// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a pipeline's frames are in, told by GStreamer's own functions:
 *
 *	gst_look [--window ID | --again N | --lose N] PIPELINE
 *
 * Looks at each frame that comes to the element called "look", until the end, and counts
 * those that are dma-bufs, have an fd, tell a physical address, and, where they do, have
 * all their pages there, one after the other; and how many different memories they were.
 * "copied" is that property of the element called "pmm".  With --window, the element
 * "look" shows them in this window of X.  With --again, the pipeline is run N more times,
 * each time with the very first frame, which stays; "fds" are those that were left open.
 * With --lose, the X server is lost at frame N, and who is told exposes "look" at once.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <gst/allocators/allocators.h>
#include <gst/gst.h>
#include <gst/video/videooverlay.h>

#include "pages.h"
#include "expect.h"
#include "system.h"

/**
 * struct counts - what was seen
 * @frames: how many
 * @dmabuf: dma-bufs among them
 * @fd: those with an fd
 * @phys: those that tell a physical address
 * @contiguous: those that are there
 * @memories: the different ones
 * @again: how often the first frame is to be seen again
 * @still: the first frame, or NULL
 * @lose: frame at which the connection to the server is lost, or 0
 */
struct counts {
	unsigned int frames;
	unsigned int dmabuf;
	unsigned int fd;
	unsigned int phys;
	unsigned int contiguous;
	GHashTable *memories;
	unsigned int again;
	GstBuffer *still;
	unsigned int lose;
};

static bool is_contiguous(GstMemory *memory, uint64_t phys)
{
	GstMapInfo map;
	bool good;

	if (phys % PAGE || !gst_memory_map(memory, &map, GST_MAP_READ))
		return false;
	good = maps_block(map.data, (map.size + PAGE - 1) / PAGE * PAGE, phys / PAGE);
	gst_memory_unmap(memory, &map);
	return good;
}

static void look(struct counts *counts, GstMemory *memory)
{
	uint64_t phys = gst_is_phys_memory(memory) ? gst_phys_memory_get_phys_addr(memory) : 0;

	counts->frames++;
	counts->dmabuf += gst_is_dmabuf_memory(memory);
	counts->fd += gst_is_fd_memory(memory);
	counts->phys += !!phys;
	counts->contiguous += phys && is_contiguous(memory, phys);
	g_hash_table_add(counts->memories, memory);
}

/* GStreamer has sockets of its own, without names. */
static bool is_to_server(int fd)
{
	struct sockaddr_un peer = {};
	socklen_t length = sizeof(peer);

	/* The name of an abstract one begins with a null byte. */
	return !getpeername(fd, (struct sockaddr *)&peer, &length) &&
	       peer.sun_family == AF_UNIX &&
	       (strstr(peer.sun_path, ".X11-unix") ||
		strstr(peer.sun_path + 1, ".X11-unix"));
}

/* Who writes to it next would be killed, if programs did not do as this one. */
static void lose_server(void)
{
	int fd;

	signal(SIGPIPE, SIG_IGN);
	for (fd = 0; fd < 64; fd++)
		if (is_to_server(fd))
			shutdown(fd, SHUT_RDWR);
}

static GstPadProbeReturn probe(GstPad *pad, GstPadProbeInfo *info, void *data)
{
	GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
	struct counts *counts = data;

	(void)pad;
	EXPECT_EQ(gst_buffer_n_memory(buffer), 1);
	look(counts, gst_buffer_peek_memory(buffer, 0));
	if (counts->frames == counts->lose)
		lose_server();
	if (counts->again && !counts->still)
		counts->still = gst_buffer_ref(buffer);
	if (counts->still)
		gst_buffer_replace((GstBuffer **)&info->data, counts->still);
	return GST_PAD_PROBE_OK;
}

static GstElement *get(GstElement *pipeline, const char *name)
{
	return gst_bin_get_by_name(GST_BIN(pipeline), name);
}

static void look_at_element(GstElement *pipeline, struct counts *counts, const char *window)
{
	GstElement *element = get(pipeline, "look");
	GstPad *pad;

	EXPECT(element);
	pad = gst_element_get_static_pad(element, "sink");
	EXPECT(pad);
	gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, probe, counts, NULL);
	if (window)
		gst_video_overlay_set_window_handle(GST_VIDEO_OVERLAY(element),
						    strtoul(window, NULL, 0));
	gst_object_unref(pad);
	gst_object_unref(element);
}

/* In whatever thread posts it; that the exposure fails, too, is posted again. */
static GstBusSyncReply expose(GstBus *bus, GstMessage *message, void *data)
{
	static _Thread_local bool exposed;
	GstElement *element;

	(void)bus;
	if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR || exposed)
		return GST_BUS_PASS;
	exposed = true;
	element = get(data, "look");
	gst_video_overlay_expose(GST_VIDEO_OVERLAY(element));
	gst_object_unref(element);
	return GST_BUS_PASS;
}

static void expose_on_errors(GstElement *pipeline)
{
	GstBus *bus = gst_element_get_bus(pipeline);

	gst_bus_set_sync_handler(bus, expose, pipeline, NULL);
	gst_object_unref(bus);
}

/* Return: whether it came to its end. */
static bool run(GstElement *pipeline)
{
	GstBus *bus = gst_element_get_bus(pipeline);
	GstMessage *message;
	GError *error = NULL;

	gst_element_set_state(pipeline, GST_STATE_PLAYING);
	message = gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE,
					     GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
	if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
		gst_message_parse_error(message, &error, NULL);
		printf("error: %s\n", error->message);
	}
	gst_element_set_state(pipeline, GST_STATE_NULL);
	gst_message_unref(message);
	gst_object_unref(bus);
	if (!error)
		return true;
	g_error_free(error);
	return false;
}

static bool run_again(GstElement *pipeline, unsigned int times)
{
	int before = fds_open();
	bool done = true;

	while (done && times--)
		done = run(pipeline);
	printf("fds %d\n", fds_open() - before);
	return done;
}

static void print(GstElement *pipeline, const struct counts *counts)
{
	GstElement *element = get(pipeline, "pmm");
	guint64 copied = 0;

	printf("frames %u\ndmabuf %u\nfd %u\nphys %u\ncontiguous %u\nmemories %u\n", counts->frames,
	       counts->dmabuf, counts->fd, counts->phys, counts->contiguous,
	       g_hash_table_size(counts->memories));
	if (!element)
		return;
	g_object_get(element, "copied", &copied, NULL);
	printf("copied %" G_GUINT64_FORMAT "\n", copied);
	gst_object_unref(element);
}

static const char *option(int argc, char **argv, const char *name)
{
	return argc == 4 && !strcmp(argv[1], name) ? argv[2] : NULL;
}

int main(int argc, char **argv)
{
	const char *window = option(argc, argv, "--window");
	const char *again = option(argc, argv, "--again");
	const char *lose = option(argc, argv, "--lose");
	struct counts counts = { .memories = g_hash_table_new(NULL, NULL) };
	GstElement *pipeline;
	GError *error = NULL;
	bool done;

	if (argc != (window || again || lose ? 4 : 2)) {
		fprintf(stderr, "usage: gst_look [--window ID | --again N | --lose N] PIPELINE\n");
		return 2;
	}
	gst_init(NULL, NULL);
	pipeline = gst_parse_launch(argv[argc - 1], &error);
	if (!pipeline || error) {
		fprintf(stderr, "%s\n", error->message);
		return 2;
	}
	look_at_element(pipeline, &counts, window);
	if (again)
		counts.again = strtoul(again, NULL, 0);
	if (lose) {
		counts.lose = strtoul(lose, NULL, 0);
		expose_on_errors(pipeline);
	}
	done = run(pipeline) && run_again(pipeline, counts.again);
	print(pipeline, &counts);
	gst_object_unref(pipeline);
	gst_clear_buffer(&counts.still);
	g_hash_table_unref(counts.memories);
	gst_deinit();
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
