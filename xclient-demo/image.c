// SPDX-License-Identifier: GPL-2.0-only
/*
 * An image is in flight from image_put() until the server's ShmCompletion.
 * The server reads its memory in that time, so nobody may write to it, and it
 * cannot be freed.
 */
#include "image.h"

#include <stdint.h>
#include <stdlib.h>

#include <X11/Xutil.h>

#include "message.h"

/* Lines begin at multiples of so many pixels: 64 bytes at 32 bits each. */
#define LINE_PIXELS 32

/* libswscale may write a little beyond the last line. */
#define TAIL_BYTES 64

/* The same for images that are sent: Xlib itself does not mind. */
static int create_x_image(struct image *image)
{
	struct display *display = image->display;
	int width = (image->width + LINE_PIXELS - 1) / LINE_PIXELS * LINE_PIXELS;

	image->x = XShmCreateImage(display->x, display->visual, display->depth, ZPixmap, NULL,
				   &image->segment, width, image->height);
	return image->x ? 0 : complain("no memory for an image of %dx%d", width, image->height);
}

static unsigned long pixel_seen_by_server(struct image *image, Pixmap pixmap)
{
	Display *x = image->display->x;
	unsigned long pixel = ~0UL;
	XImage *seen;

	image->display->way->draw(image, pixmap, 0, 0, 1, 1, false);
	seen = XGetImage(x, pixmap, 0, 0, 1, 1, AllPlanes, ZPixmap);
	if (!seen)
		return pixel;
	pixel = XGetPixel(seen, 0, 0);
	XDestroyImage(seen);
	return pixel;
}

/*
 * A server in another IPC namespace, or on another machine, may have attached
 * a different segment that happens to have the same number.  So let it show us
 * what it sees.
 */
static bool server_sees_our_memory(struct image *image)
{
	struct display *display = image->display;
	const unsigned long mask = display->depth < 24 ? 0xffff : 0xffffff;
	unsigned long pixel = (uintptr_t)image ^ (unsigned long)time_ns();
	Pixmap pixmap = XCreatePixmap(display->x, display->window, 1, 1, display->depth);
	bool same = true;
	int i;

	for (i = 0; i < 2 && same; i++, pixel = ~pixel) {
		XPutPixel(image->x, 0, 0, pixel & mask);
		same = (pixel_seen_by_server(image, pixmap) & mask) ==
		       (XGetPixel(image->x, 0, 0) & mask);
	}
	XPutPixel(image->x, 0, 0, 0);
	XFreePixmap(display->x, pixmap);
	return same;
}

/* Return: 0, the server's error, or -1 after a message. */
static int try_attach(struct image *image, bool *same)
{
	struct display *display = image->display;
	int error, caught;

	x_errors_catch(display);
	error = display->way->attach(image);
	caught = x_errors_release(display);
	if (!error)
		error = caught;
	image->attached = !error;
	x_errors_catch(display);
	if (error)
		/* Some of it may have been done. */
		display->way->detach(image);
	else
		*same = server_sees_our_memory(image);
	caught = x_errors_release(display);
	return error ? error : caught;
}

static int attach(struct image *image)
{
	const char *server = display_name(image->display);
	const struct way *way = image->display->way;
	bool same = false;
	int error = try_attach(image, &same);

	if (error < 0 || (!error && same))
		return error;
	if (error && error != BadAccess && error != BadRequest && error != BadMatch)
		return complain("X server %s cannot attach our memory (--shm %s): X error %d; --copy sends the pictures instead",
				server, way->name, error);
	return complain("X server %s does not see our memory (--shm %s): %s, or send the pictures with --copy",
			server, way->name, way->unseen);
}

static void unlink_image(struct image *image)
{
	struct image **link = &image->display->images;

	while (*link != image)
		link = &(*link)->next;
	*link = image->next;
}

/* The memory is free once the server has detached it as well as we. */
static void destroy(struct image *image)
{
	unlink_image(image);
	if (image->attached)
		image->display->way->detach(image);
	if (image->x) {
		image->x->data = NULL;
		XDestroyImage(image->x);
	}
	memory_free(image->memory);
	free(image);
}

/**
 * image_create() - make an image that the server can show
 * @display: display with a window
 * @source: where its memory comes from
 * @width: in pixels
 * @height: in pixels
 *
 * Return: an image, or NULL after a message.
 */
struct image *image_create(struct display *display, struct memory_source *source, int width,
			   int height)
{
	struct image *image = calloc(1, sizeof(*image));
	size_t bytes;

	if (!image) {
		complain("no memory for an image");
		return NULL;
	}
	image->display = display;
	image->width = width;
	image->height = height;
	image->next = display->images;
	display->images = image;
	if (create_x_image(image))
		goto err_destroy;
	bytes = (size_t)image->x->bytes_per_line * height + TAIL_BYTES;
	image->memory = memory_alloc(source, bytes);
	if (!image->memory)
		goto err_destroy;
	image->x->data = image->memory->data;
	if (way_is_shared(display->way) && attach(image))
		goto err_destroy;
	return image;

err_destroy:
	destroy(image);
	return NULL;
}

/**
 * image_retire() - free an image as soon as the server is done with it
 * @image: image, not to be used by the caller any more
 */
void image_retire(struct image *image)
{
	image->retired = true;
	if (!image->in_flight)
		destroy(image);
}

/**
 * image_put() - show an image
 * @image: image; not to be written to until it is no longer in flight
 * @x: where in the window
 * @y: where in the window
 * @stats: where copies are counted
 */
void image_put(struct image *image, int x, int y, struct stats *stats)
{
	struct display *display = image->display;

	image->puts++;
	if (way_is_shared(display->way))
		image->in_flight++;
	else
		stats_copied(stats, (size_t)image->width * display->bits_per_pixel / 8 *
				    image->height);
	display->way->draw(image, display->window, x, y, image->width, image->height, true);
	XFlush(display->x);
}

/**
 * image_completed() - the server is done with a request
 * @display: display
 * @event: what it says
 */
void image_completed(struct display *display, const XShmCompletionEvent *event)
{
	struct image *image = display->images;

	while (image && image->segment.shmseg != event->shmseg)
		image = image->next;
	if (!image || !image->in_flight)
		return;
	image->in_flight--;
	if (image->retired && !image->in_flight)
		destroy(image);
}

/**
 * image_picture() - where to write an image's pixels
 * @image: image, not in flight
 *
 * Return: the place, of the size and format of the image
 */
struct picture image_picture(const struct image *image)
{
	return (struct picture){
		.data = (uint8_t *)image->x->data,
		.stride = image->x->bytes_per_line,
		.format = image->display->format,
		.width = image->width,
		.height = image->height,
	};
}
