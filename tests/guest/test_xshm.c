// SPDX-License-Identifier: GPL-2.0-only
/*
 * An unmodified X server and blocks that it attached by their System V ids: what
 * two clients draw at once arrives, the server's pages are the blocks', and when
 * a client is killed with a frame in flight, the blocks come back after the
 * server has let go, and not before.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>

#include "guest.h"
#include "pmmshm.h"

/* 3 MiB and a bit: a large folio and small ones. */
#define WIDTH	1024
#define HEIGHT	776
#define PIXELS	((size_t)WIDTH * HEIGHT)
#define RGB	0xffffff

/**
 * struct picture - an image in a block that the server has attached
 * @block: the block
 * @segment: its id, as the server knows it
 * @image: what Xlib thinks of it
 * @pixels: the pixels
 */
struct picture {
	struct pmmshm_block *block;
	XShmSegmentInfo segment;
	XImage *image;
	uint32_t *pixels;
};

/**
 * struct client - a connection to the server
 * @x: the connection
 * @pixmap: what it draws to; unlike a window, never covered
 * @gc: with which
 */
struct client {
	Display *x;
	Pixmap pixmap;
	GC gc;
};

static struct pmmshm *pmm;

static int on_x_error(Display *x, XErrorEvent *e)
{
	char text[128];

	XGetErrorText(x, e->error_code, text, sizeof(text));
	printf("X error: %s, request %d.%d\n", text, e->request_code, e->minor_code);
	EXPECT(!"an X error");
	return 0;
}

static void client_open(struct client *c)
{
	c->x = XOpenDisplay(NULL);
	if (!c->x)
		guest_skip("there is no X server");
	EXPECT(XShmQueryExtension(c->x));
	EXPECT_EQ(DefaultDepth(c->x, DefaultScreen(c->x)), 24);
	c->pixmap = XCreatePixmap(c->x, DefaultRootWindow(c->x), WIDTH, HEIGHT, 24);
	c->gc = XCreateGC(c->x, c->pixmap, 0, NULL);
}

static void client_close(struct client *c)
{
	XFreeGC(c->x, c->gc);
	XFreePixmap(c->x, c->pixmap);
	XCloseDisplay(c->x);
}

/* Let the server attach a segment that is mapped at @pixels. */
static void picture_attach(struct picture *p, struct client *c, int shmid, void *pixels)
{
	p->pixels = pixels;
	p->segment.shmid = shmid;
	p->segment.shmaddr = pixels;
	p->segment.readOnly = False;
	p->image = XShmCreateImage(c->x, DefaultVisual(c->x, DefaultScreen(c->x)),
				   24, ZPixmap, pixels, &p->segment, WIDTH, HEIGHT);
	EXPECT(p->image);
	EXPECT_EQ(p->image->bytes_per_line, WIDTH * 4);
	EXPECT(XShmAttach(c->x, &p->segment));
	XSync(c->x, False);
}

static void picture_create(struct picture *p, struct client *c)
{
	p->block = pmmshm_block_alloc(pmm, PIXELS * 4, NULL);
	EXPECT(p->block);
	picture_attach(p, c, pmmshm_block_shmid(p->block), pmmshm_block_data(p->block));
}

static void picture_detach(struct picture *p, struct client *c)
{
	EXPECT(XShmDetach(c->x, &p->segment));
	XSync(c->x, False);
	/* The pixels are not Xlib's to free. */
	p->image->data = NULL;
	XDestroyImage(p->image);
}

static void picture_destroy(struct picture *p, struct client *c)
{
	picture_detach(p, c);
	pmmshm_block_free(p->block);
}

/* ---- frames ---- */

static uint32_t pixel(unsigned int seed, unsigned int i)
{
	return (i * 2654435761U ^ seed * 40503U) & RGB;
}

static void paint(struct picture *p, unsigned int seed)
{
	unsigned int i;

	for (i = 0; i < PIXELS; i++)
		p->pixels[i] = pixel(seed, i);
}

static bool painted(const uint32_t *pixels, unsigned int seed)
{
	unsigned int i;

	for (i = 0; i < PIXELS; i++) {
		if ((pixels[i] & RGB) == pixel(seed, i))
			continue;
		printf("pixel %u is %06x, not %06x\n", i, pixels[i] & RGB,
		       pixel(seed, i));
		return false;
	}
	return true;
}

/* Put it, and wait until the server has read it. */
static void show(struct client *c, struct picture *p)
{
	int done = XShmGetEventBase(c->x) + ShmCompletion;
	XEvent event;

	EXPECT(XShmPutImage(c->x, c->pixmap, c->gc, p->image, 0, 0, 0, 0,
			    WIDTH, HEIGHT, True));
	do {
		XNextEvent(c->x, &event);
	} while (event.type != done);
}

/* From block to server to another block. */
static void frame(struct client *c, struct picture *out, struct picture *in,
		  unsigned int seed)
{
	paint(out, seed);
	show(c, out);
	memset(in->pixels, 0, PIXELS * 4);
	EXPECT(XShmGetImage(c->x, c->pixmap, in->image, 0, 0, AllPlanes));
	EXPECT(painted(in->pixels, seed));
	/* The server only reads what it was given. */
	EXPECT(painted(out->pixels, seed));
}

/* ---- the server from outside ---- */

static int server;

/* Whoever listens at the other end. */
static int server_pid(Display *x)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	EXPECT_OK(getsockopt(ConnectionNumber(x), SOL_SOCKET, SO_PEERCRED, &peer,
			     &size));
	EXPECT(peer.pid > 0);
	return peer.pid;
}

/* Where the server has attached a segment. */
static char *server_address(int shmid)
{
	unsigned long start, inode;
	char path[64], line[256];
	char *address = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", server);
	f = fopen(path, "re");
	EXPECT(f);
	while (!address && fgets(line, sizeof(line), f))
		if (strstr(line, "/SYSV") &&
		    sscanf(line, "%lx-%*x %*s %*x %*s %lu", &start, &inode) == 2 &&
		    inode == (unsigned long)shmid)
			address = (char *)start;
	fclose(f);
	EXPECT(address);
	return address;
}

/* No copy: the server reads the block's own pages. */
static void expect_same_pages(const struct picture *p)
{
	uint64_t first = block_pfn(pmmshm_block_fd(p->block));
	char *address = server_address(p->segment.shmid);
	unsigned int page;

	for (page = 0; page < PIXELS * 4 / PAGE; page += 7)
		EXPECT_EQ(pfn_of_pid(server, address + page * PAGE), first + page);
}

/* ---- one client ---- */

/* A pixmap in a block: the server's own drawing surface. */
static void test_pixmap(struct client *c, struct picture *p)
{
	int major, minor, pixmaps = False;
	Pixmap pixmap;
	unsigned int i;

	EXPECT(XShmQueryVersion(c->x, &major, &minor, &pixmaps));
	if (!pixmaps) {
		printf("this server has no shared pixmaps: not tested\n");
		return;
	}
	memset(p->pixels, 0, PIXELS * 4);
	pixmap = XShmCreatePixmap(c->x, DefaultRootWindow(c->x), (char *)p->pixels,
				  &p->segment, WIDTH, HEIGHT, 24);
	XSetForeground(c->x, c->gc, 0x123456);
	XFillRectangle(c->x, pixmap, c->gc, 0, 0, WIDTH, HEIGHT);
	XSync(c->x, False);
	for (i = 0; i < PIXELS; i++)
		EXPECT_EQ(p->pixels[i] & RGB, 0x123456);
	XFreePixmap(c->x, pixmap);
	XSync(c->x, False);
}

static void test_one(void)
{
	struct picture out, in;
	struct client c;

	client_open(&c);
	picture_create(&out, &c);
	picture_create(&in, &c);
	frame(&c, &out, &in, 1);
	expect_same_pages(&out);
	expect_same_pages(&in);
	test_pixmap(&c, &in);
	picture_destroy(&out, &c);
	picture_destroy(&in, &c);
	wait_pool_whole(5);
	client_close(&c);
}

/* ---- two clients ---- */

#define FRAMES	4

static void draw(struct client *c, struct picture *out, struct picture *in,
		 unsigned int seed)
{
	unsigned int i;

	for (i = 0; i < FRAMES; i++)
		frame(c, out, in, seed + i);
}

/* Draws, and in the end shows its last frame to the other. */
static void first_client(void *arg)
{
	int peer = *(int *)arg;
	struct picture out, in;
	struct client c;
	char byte;

	client_open(&c);
	picture_create(&out, &c);
	picture_create(&in, &c);
	draw(&c, &out, &in, 1000);
	EXPECT_EQ(write(peer, &out.segment.shmid, sizeof(int)), sizeof(int));
	EXPECT_EQ(read(peer, &byte, 1), 1);
	picture_destroy(&out, &c);
	picture_destroy(&in, &c);
	client_close(&c);
}

/* The other's block, attached by the same server for this client, too. */
static void show_others(struct client *c, int shmid)
{
	void *pixels = EXPECT_OK(shmat(shmid, NULL, 0));
	struct picture other;
	XImage *seen;

	picture_attach(&other, c, shmid, pixels);
	show(c, &other);
	seen = XGetImage(c->x, c->pixmap, 0, 0, WIDTH, HEIGHT, AllPlanes, ZPixmap);
	EXPECT(seen);
	EXPECT(painted((uint32_t *)seen->data, 1000 + FRAMES - 1));
	XDestroyImage(seen);
	picture_detach(&other, c);
	EXPECT_OK(shmdt(pixels));
}

static void second_client(void *arg)
{
	int peer = *(int *)arg, shmid;
	struct picture out, in;
	struct client c;

	client_open(&c);
	picture_create(&out, &c);
	picture_create(&in, &c);
	draw(&c, &out, &in, 2000);
	EXPECT_EQ(read(peer, &shmid, sizeof(int)), sizeof(int));
	show_others(&c, shmid);
	EXPECT_EQ(write(peer, "d", 1), 1);
	/* Its own is still its own. */
	frame(&c, &out, &in, 3000);
	picture_destroy(&out, &c);
	picture_destroy(&in, &c);
	client_close(&c);
}

static void test_two(void)
{
	int sockets[2], first, second;

	EXPECT_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	first = child_start(0, first_client, &sockets[0]);
	second = child_start(0, second_client, &sockets[1]);
	child_wait(first);
	child_wait(second);
	close(sockets[0]);
	close(sockets[1]);
	wait_pool_whole(5);
}

/* ---- killed clients ---- */

/* Waits for a word, sends frames that nobody will answer, and dies. */
static void dying_client(void *arg)
{
	int peer = *(int *)arg;
	struct picture p;
	struct client c;
	unsigned int i;
	char byte;

	client_open(&c);
	picture_create(&p, &c);
	paint(&p, 1);
	EXPECT_EQ(write(peer, "r", 1), 1);
	EXPECT_EQ(read(peer, &byte, 1), 1);
	for (i = 0; i < 4; i++)
		XShmPutImage(c.x, c.pixmap, c.gc, p.image, 0, 0, 0, 0,
			     WIDTH, HEIGHT, True);
	XFlush(c.x);
	raise(SIGKILL);
}

/* The server is stopped, so the frame is certainly in flight. */
static void test_in_flight(void)
{
	int sockets[2], child, status;
	struct pool pool;
	char byte;

	EXPECT_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	child = child_start(0, dying_client, &sockets[1]);
	EXPECT_EQ(read(sockets[0], &byte, 1), 1);

	/* It has to go on whatever happens, so look first and judge later. */
	EXPECT_OK(kill(server, SIGSTOP));
	status = write(sockets[0], "g", 1) != 1;
	status |= waitpid(child, NULL, 0) != child;
	sleep_ms(500);
	pool_read(&pool);
	EXPECT_OK(kill(server, SIGCONT));

	EXPECT_EQ(status, 0);
	EXPECT_EQ(pool.blocks, 1);
	EXPECT_EQ(pool.quarantined, 0);
	close(sockets[0]);
	close(sockets[1]);
	wait_pool_whole(5);
}

static void restless_client(void *unused)
{
	struct picture out, in;
	struct client c;

	(void)unused;
	client_open(&c);
	for (;;) {
		picture_create(&out, &c);
		picture_create(&in, &c);
		show(&c, &out);
		XShmGetImage(c.x, c.pixmap, in.image, 0, 0, AllPlanes);
		picture_destroy(&in, &c);
		picture_destroy(&out, &c);
	}
}

/* At any moment between attaching and detaching. */
static void test_any_moment(void)
{
	unsigned int i;
	int child;

	srandom(1);
	for (i = 0; i < 10; i++) {
		child = child_start(0, restless_client, NULL);
		sleep_ms(30 + random() % 100);
		child_kill(child);
	}
	wait_pool_whole(5);
	printf("%d of 10 left an empty segment\n", segments_remove_empty());
}

int main(void)
{
	Display *x = XOpenDisplay(NULL);

	if (!x)
		guest_skip("there is no X server");
	/* Kept to the end: a server without clients starts all over again. */
	server = server_pid(x);
	XSetErrorHandler(on_x_error);
	pmm = pmmshm_open(NULL);
	EXPECT(pmm);

	test_one();
	test_two();
	test_in_flight();
	test_any_moment();
	/* The server is none the worse for it. */
	test_one();
	pmmshm_close(pmm);
	XCloseDisplay(x);
	return 0;
}
