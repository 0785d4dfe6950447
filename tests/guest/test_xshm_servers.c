// SPDX-License-Identifier: GPL-2.0-only
/*
 * X servers and the life of a block: several servers at once, one nested in another;
 * a server that is killed; a client that frees what a server still has to read; a
 * server of another user; and ids that the kernel gives out again.
 *
 * timeout: 300
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xshm.h"

/* The server of the guest, and one more. */
static struct client first;
static struct client second;
static struct server other;

static struct pmmshm_block *block_mode(mode_t mode)
{
	const struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .mode = mode };

	return EXPECT_GOT(pmmshm_block_alloc(pmm, BYTES, &opts));
}

/* What has ended takes a moment to go. */
static void wait_blocks(uint64_t count)
{
	EXPECT(WITHIN(10, pool_has_blocks(count)));
}

static void attach_block(struct picture *p, struct client *c, struct pmmshm_block *block)
{
	picture_attach(p, c, pmmshm_block_shmid(block), pmmshm_block_data(block));
}

/* ---- several servers ---- */

static void see(struct client *c, struct picture *p, unsigned int seed)
{
	show(c, p);
	EXPECT(shown(c, seed));
}

/*
 * What one server draws into its pixmap the others show.  The third is itself a
 * client of the first, with a segment of its own that is none of PMM's.
 */
static void test_several(void)
{
	struct pmmshm_block *block = block_mode(0600);
	struct client *clients[] = { &first, &second, &(struct client){ 0 } };
	struct picture pictures[3], source;
	struct server nested;
	unsigned int i;
	Pixmap pixmap;

	server_start(&nested, "Xephyr", 0);
	client_open(clients[2], nested.name);
	for (i = 0; i < 3; i++)
		attach_block(&pictures[i], clients[i], block);
	paint(pmmshm_block_data(block), 1);
	for (i = 0; i < 3; i++)
		see(clients[i], &pictures[i], 1);
	for (i = 0; i < 3; i++)
		expect_same_pages(clients[i]->server, block);

	picture_create(&source, &second);
	paint(source.pixels, 2);
	show(&second, &source);
	pixmap = picture_pixmap(&pictures[1], &second);
	XCopyArea(second.x, second.pixmap, pixmap, second.gc, 0, 0, WIDTH, HEIGHT, 0, 0);
	XSync(second.x, False);
	for (i = 0; i < 3; i++)
		see(clients[i], &pictures[i], 2);
	XFreePixmap(second.x, pixmap);
	picture_destroy(&source, &second);
	wait_blocks(1);

	pmmshm_block_free(block);
	/* One after the other lets go: the block is there for the last. */
	for (i = 0; i < 3; i++) {
		EXPECT(pool_has_blocks(1));
		see(clients[i], &pictures[i], 2);
		picture_detach(&pictures[i], clients[i]);
	}
	wait_pool_whole(10);
	client_close(clients[2]);
	server_stop(&nested);
}

/* ---- a server that is killed ---- */

/* The connection cannot be used again: so all that was made with it is left. */
static void kill_server(struct server *s)
{
	EXPECT_OK(kill(s->pid, SIGKILL));
	EXPECT_EQ(waitpid(s->pid, NULL, 0), s->pid);
}

static void test_killed(void)
{
	struct pmmshm_block *kept = block_mode(0600), *freed = block_mode(0600);
	struct picture a, b;
	struct client c;
	struct server s;
	Pixmap pixmap;

	server_start(&s, "Xvfb", 0);
	client_open(&c, s.name);
	attach_block(&a, &c, kept);
	attach_block(&b, &c, freed);
	pixmap = picture_pixmap(&b, &c);
	paint(a.pixels, 3);
	pmmshm_block_free(freed);
	EXPECT(pool_has_blocks(2));
	EXPECT_OK(kill(s.pid, SIGSTOP));
	XCopyArea(c.x, pixmap, c.pixmap, c.gc, 0, 0, WIDTH, HEIGHT, 0, 0);
	XShmPutImage(c.x, c.pixmap, c.gc, a.image, 0, 0, 0, 0, WIDTH, HEIGHT, True);
	XFlush(c.x);
	kill_server(&s);

	/* Its own are gone; ours is as it was, and as good for another server. */
	wait_blocks(1);
	EXPECT(painted(pmmshm_block_data(kept), 3));
	attach_block(&a, &second, kept);
	see(&second, &a, 3);
	picture_detach(&a, &second);
	pmmshm_block_free(kept);
	wait_pool_whole(10);
}

/* ---- a client that frees ---- */

/*
 * With the server stopped, a request to read the block is under way for certain
 * when the client has nothing of it any more.  What is allocated now is something
 * else, and what the server reads in the end is what was there.
 */
static void test_freed(void)
{
	struct pmmshm_block *block = block_mode(0600), *next[4];
	uint64_t pfn = block_pfn(pmmshm_block_fd(block));
	struct picture p;
	unsigned int i;

	attach_block(&p, &second, block);
	paint(p.pixels, 4);
	XSync(second.x, False);
	EXPECT_OK(kill(other.pid, SIGSTOP));
	XShmPutImage(second.x, second.pixmap, second.gc, p.image, 0, 0, 0, 0, WIDTH, HEIGHT,
		     False);
	XFlush(second.x);
	pmmshm_block_free(block);
	for (i = 0; i < ARRAY_SIZE(next); i++) {
		next[i] = block_mode(0600);
		EXPECT(block_pfn(pmmshm_block_fd(next[i])) != pfn);
		paint(pmmshm_block_data(next[i]), 40 + i);
	}
	EXPECT(pool_has_blocks(1 + ARRAY_SIZE(next)));
	EXPECT_OK(kill(other.pid, SIGCONT));
	EXPECT(shown(&second, 4));
	/* It may do so again, for as long as it has it. */
	paint(pmmshm_block_data(next[0]), 5);
	see(&second, &p, 4);
	picture_detach(&p, &second);
	for (i = 0; i < ARRAY_SIZE(next); i++)
		pmmshm_block_free(next[i]);
	wait_pool_whole(10);
}

/* ---- a server of another user ---- */

/* The server's answer to an attempt to attach. */
static int try_attach(struct client *c, mode_t mode, bool readonly)
{
	struct pmmshm_block *block = block_mode(mode);
	struct picture p;
	int error;

	errors_catch(c);
	if (readonly)
		picture_attach_readonly(&p, c, pmmshm_block_shmid(block),
					pmmshm_block_data(block));
	else
		attach_block(&p, c, block);
	error = errors_release(c);
	if (error) {
		picture_forget(&p);
	} else {
		paint(p.pixels, 6);
		see(c, &p, 6);
		picture_detach(&p, c);
	}
	pmmshm_block_free(block);
	return error;
}

/* Of nobody's processes, those that look for more than the mode get nothing. */
static void by_mode(struct client *c)
{
	EXPECT_EQ(try_attach(c, 0600, true), BadAccess);
	EXPECT_EQ(try_attach(c, 0600, false), BadAccess);
	EXPECT_EQ(try_attach(c, 0644, true), 0);
	EXPECT_EQ(try_attach(c, 0644, false), BadAccess);
	EXPECT_EQ(try_attach(c, 0666, false), 0);
	/* The group of a segment is its creator's. */
	EXPECT_EQ(try_attach(c, 0640, true), BadAccess);
	EXPECT_OK(setegid(NOBODY));
	EXPECT_EQ(try_attach(c, 0640, true), 0);
	EXPECT_EQ(try_attach(c, 0640, false), BadAccess);
	EXPECT_EQ(try_attach(c, 0660, false), 0);
	EXPECT_OK(setegid(0));
}

/* The fd is the permission. */
static void by_fd(struct client *c)
{
	struct pmmshm_block *block = block_mode(0600);
	struct picture p;

	picture_attach_fd(&p, c, EXPECT_OK(pmmshm_block_home_fd(block, O_RDONLY)), true,
			  pmmshm_block_data(block));
	paint(p.pixels, 7);
	see(c, &p, 7);
	expect_same_pages(c->server, block);
	picture_detach(&p, c);
	pmmshm_block_free(block);
}

static void test_other_user(void)
{
	struct server s;
	struct client c;

	server_start(&s, "Xvfb", NOBODY);
	client_open(&c, s.name);
	by_mode(&c);
	by_fd(&c);
	client_close(&c);
	server_stop(&s);
	wait_pool_whole(10);
}

/* A server with all rights is nobody's way to a block that is not nobody's. */
static void attach_others(void *arg)
{
	struct pmmshm_block *block = arg;
	struct picture p;
	struct client c;

	client_open(&c, NULL);
	errors_catch(&c);
	picture_attach_readonly(&p, &c, pmmshm_block_shmid(block), NULL);
	EXPECT_EQ(errors_release(&c), BadAccess);
	picture_forget(&p);
	client_close(&c);
}

static void test_no_deputy(void)
{
	struct pmmshm_block *block = block_mode(0600);

	run_as(NOBODY, attach_others, block);
	pmmshm_block_free(block);
	wait_pool_whole(10);
}

/* ---- ids that are given out again ---- */

/* A block whose segment is to have an id, if that is free. */
static struct pmmshm_block *block_with_id(int shmid)
{
	char id[16];

	snprintf(id, sizeof(id), "%d", shmid);
	write_file("/proc/sys/kernel/shm_next_id", id);
	return block_mode(0600);
}

/*
 * A server that has attached a segment by its id keeps the id: what it is asked to
 * attach by that number later is never something else.
 */
static void test_id_kept(void)
{
	struct pmmshm_block *old = block_mode(0600), *new;
	int shmid = pmmshm_block_shmid(old);
	struct picture a, b;

	attach_block(&a, &second, old);
	paint(a.pixels, 8);
	pmmshm_block_free(old);
	new = block_with_id(shmid);
	EXPECT(pmmshm_block_shmid(new) != shmid);
	attach_block(&b, &second, new);
	paint(b.pixels, 9);
	see(&second, &a, 8);
	see(&second, &b, 9);
	picture_detach(&a, &second);
	picture_detach(&b, &second);
	pmmshm_block_free(new);
	wait_pool_whole(10);

	/* Once it has let go, the number is as good as any. */
	new = block_with_id(shmid);
	EXPECT_EQ(pmmshm_block_shmid(new), shmid);
	attach_block(&b, &second, new);
	paint(b.pixels, 10);
	see(&second, &b, 10);
	picture_detach(&b, &second);
	pmmshm_block_free(new);
	wait_pool_whole(10);
}

/*
 * A server that has the segment's memory by an fd does not keep the id: now there
 * are two blocks of that number, one without a segment, and it has both.
 */
static void test_id_reused(void)
{
	struct pmmshm_block *old = block_mode(0600), *new;
	int shmid = pmmshm_block_shmid(old);
	struct picture a, b;

	picture_attach_fd(&a, &second, EXPECT_OK(pmmshm_block_home_fd(old, O_RDONLY)), true,
			  pmmshm_block_data(old));
	paint(a.pixels, 11);
	pmmshm_block_free(old);
	new = block_with_id(shmid);
	EXPECT_EQ(pmmshm_block_shmid(new), shmid);
	EXPECT(pool_has_blocks(2));
	attach_block(&b, &second, new);
	EXPECT(zeroed(b.pixels, BYTES));
	paint(b.pixels, 12);
	see(&second, &a, 11);
	see(&second, &b, 12);
	pmmshm_block_free(new);
	picture_detach(&a, &second);
	wait_blocks(1);
	see(&second, &b, 12);
	picture_detach(&b, &second);
	wait_pool_whole(10);
}

int main(void)
{
	/* Kept open: a server without clients starts all over again. */
	client_open(&first, NULL);
	server_start(&other, "Xvfb", 0);
	client_open(&second, other.name);
	library_open();

	test_several();
	test_killed();
	test_freed();
	test_other_user();
	test_no_deputy();
	test_id_kept();
	test_id_reused();
	library_close();
	client_close(&second);
	server_stop(&other);
	client_close(&first);
	return 0;
}
