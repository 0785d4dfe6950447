/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests with X servers share: servers of their own, clients, pictures in
 * blocks that a server has attached, and what can be seen of a server from outside.
 */
#ifndef PMM_TEST_XSHM_H
#define PMM_TEST_XSHM_H

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>

#include "library.h"

/* 3 MiB and a bit: a large folio and small ones. */
#define WIDTH	1024
#define HEIGHT	776
#define PIXELS	((size_t)WIDTH * HEIGHT)
#define BYTES	(PIXELS * 4)
#define RGB	0xffffff

/**
 * struct server - an X server of the test's own
 * @pid: the process
 * @name: for XOpenDisplay()
 */
struct server {
	int pid;
	char name[16];
};

/**
 * struct client - a connection to a server
 * @x: the connection
 * @server: the process at its other end
 * @pixmap: what is drawn to; unlike a window, never covered
 * @gc: with which
 */
struct client {
	Display *x;
	int server;
	Pixmap pixmap;
	GC gc;
};

/**
 * struct picture - an image in a block that the server has attached
 * @block: the block; NULL if it is somebody else's
 * @segment: its name in the server
 * @image: what Xlib thinks of it
 * @pixels: the pixels
 */
struct picture {
	struct pmmshm_block *block;
	XShmSegmentInfo segment;
	XImage *image;
	uint32_t *pixels;
};

/* ---- servers ---- */

/* Start a program that takes the options of an X server, as that user. */
void server_start(struct server *s, const char *program, unsigned int uid);
/* End it as its user would, and see it off. */
void server_stop(struct server *s);
/* Where a process has mapped the home of a block; NULL: nowhere. */
char *server_address(int server, const struct pmmshm_block *block);
/* No copy: the server has the block's own pages. */
void expect_same_pages(int server, const struct pmmshm_block *block);

/* ---- clients; an X error ends the test ---- */

/* NULL: of $DISPLAY.  Skips the test if there is no server. */
void client_open(struct client *c, const char *name);
void client_close(struct client *c);
/* From here on X errors do not end the test ... */
void errors_catch(struct client *c);
/* ... to here.  The code of the first, or 0. */
int errors_release(struct client *c);

/* ---- pictures ---- */

/* Attach by id, by fd (which is closed); not checked, so errors may follow. */
void picture_attach(struct picture *p, struct client *c, int shmid, void *pixels);
void picture_attach_readonly(struct picture *p, struct client *c, int shmid, void *pixels);
void picture_attach_fd(struct picture *p, struct client *c, int fd, bool readonly, void *pixels);
void picture_detach(struct picture *p, struct client *c);
/* The same for those that the server refused. */
void picture_forget(struct picture *p);
/* A new block, attached by its id; detach and free. */
void picture_create(struct picture *p, struct client *c);
void picture_destroy(struct picture *p, struct client *c);
/* A pixmap of the server's with the block as its storage. */
Pixmap picture_pixmap(const struct picture *p, struct client *c);

/* Pixels that depend on a seed, and their check. */
void paint(uint32_t *pixels, unsigned int seed);
bool painted(const uint32_t *pixels, unsigned int seed);
/* Let the server draw it to the client's pixmap, and wait until it has. */
void show(struct client *c, struct picture *p);
/* What is on the client's pixmap, sent over the connection. */
bool shown(struct client *c, unsigned int seed);
/* From one block to the server and to another block. */
void frame(struct client *c, struct picture *out, struct picture *in, unsigned int seed);

#endif /* PMM_TEST_XSHM_H */
