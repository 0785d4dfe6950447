// SPDX-License-Identifier: GPL-2.0-only
/*
 * An unmodified X server and blocks that it attached by their System V ids: what
 * two clients draw at once arrives, the server's pages are the blocks', and when
 * a client is killed with a frame in flight, the blocks come back after the
 * server has let go, and not before.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xshm.h"

static int server;

/* ---- one client ---- */

/* A pixmap in a block: the server's own drawing surface. */
static void test_pixmap(struct client *c, struct picture *p)
{
	Pixmap pixmap = picture_pixmap(p, c);
	unsigned int i;

	memset(p->pixels, 0, BYTES);
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

	client_open(&c, NULL);
	picture_create(&out, &c);
	picture_create(&in, &c);
	frame(&c, &out, &in, 1);
	expect_same_pages(server, out.block);
	expect_same_pages(server, in.block);
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

	client_open(&c, NULL);
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

	picture_attach(&other, c, shmid, pixels);
	show(c, &other);
	EXPECT(shown(c, 1000 + FRAMES - 1));
	picture_detach(&other, c);
	EXPECT_OK(shmdt(pixels));
}

static void second_client(void *arg)
{
	int peer = *(int *)arg, shmid;
	struct picture out, in;
	struct client c;

	client_open(&c, NULL);
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

	client_open(&c, NULL);
	picture_create(&p, &c);
	paint(p.pixels, 1);
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
	client_open(&c, NULL);
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
	struct client c;

	/* Kept to the end: a server without clients starts all over again. */
	client_open(&c, NULL);
	server = c.server;
	library_open();

	test_one();
	test_two();
	test_in_flight();
	test_any_moment();
	/* The server is none the worse for it. */
	test_one();
	library_close();
	client_close(&c);
	return 0;
}
