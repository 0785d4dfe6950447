// SPDX-License-Identifier: GPL-2.0-only
/*
 * ShmAttachFd of MIT-SHM 1.2: the server gets a block by an fd of its home.  The fd
 * may be for reading only, come from another process, or be that of a POSIX name.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xshm.h"

/* Without a System V id: nothing but fds leads to it. */
static struct pmmshm_block *block_create(void)
{
	const struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .flags = PMMSHM_NO_SEGMENT };

	return EXPECT_GOT(pmmshm_block_alloc(pmm, BYTES, &opts));
}

static void attach(struct picture *p, struct client *c, struct pmmshm_block *block, int flags)
{
	picture_attach_fd(p, c, EXPECT_OK(pmmshm_block_home_fd(block, flags)), flags == O_RDONLY,
			  pmmshm_block_data(block));
}

static void test_both_ways(struct client *c)
{
	struct pmmshm_block *a = block_create(), *b = block_create();
	struct picture out, in;
	Pixmap pixmap;

	attach(&out, c, a, O_RDONLY);
	attach(&in, c, b, O_RDWR);
	frame(c, &out, &in, 1);
	expect_same_pages(c->server, a);
	expect_same_pages(c->server, b);

	/* A pixmap needs no id either. */
	paint(in.pixels, 2);
	pixmap = picture_pixmap(&in, c);
	XCopyArea(c->x, pixmap, c->pixmap, c->gc, 0, 0, WIDTH, HEIGHT, 0, 0);
	EXPECT(shown(c, 2));
	XFreePixmap(c->x, pixmap);
	picture_detach(&in, c);
	picture_detach(&out, c);
	pmmshm_block_free(a);
	pmmshm_block_free(b);
	wait_pool_whole(10);
}

/* The server refuses what it may not do, and cannot do what the fd does not allow. */
static void test_read_only(struct client *c)
{
	struct pmmshm_block *block = block_create();
	struct picture p;

	attach(&p, c, block, O_RDONLY);
	paint(p.pixels, 3);
	show(c, &p);
	EXPECT(shown(c, 3));
	/* Xlib keeps this BadAccess to itself. */
	EXPECT(!XShmGetImage(c->x, c->pixmap, p.image, 0, 0, AllPlanes));
	errors_catch(c);
	picture_pixmap(&p, c);
	EXPECT_EQ(errors_release(c), BadAccess);
	EXPECT(painted(p.pixels, 3));
	picture_detach(&p, c);

	/* A client that says it may be written to does not make it so. */
	errors_catch(c);
	picture_attach_fd(&p, c, EXPECT_OK(pmmshm_block_home_fd(block, O_RDONLY)), false,
			  pmmshm_block_data(block));
	EXPECT_EQ(errors_release(c), BadAccess);
	picture_forget(&p);
	pmmshm_block_free(block);
	wait_pool_whole(10);
}

/* The block's own fd has no size, and the server takes none of those. */
static void test_block_fd(struct client *c)
{
	struct pmmshm_block *block = block_create();
	struct picture p;

	errors_catch(c);
	picture_attach_fd(&p, c, EXPECT_OK(dup(pmmshm_block_fd(block))), false,
			  pmmshm_block_data(block));
	EXPECT_EQ(errors_release(c), BadMatch);
	picture_forget(&p);
	pmmshm_block_free(block);
	wait_pool_whole(10);
}

/* ---- passed on ---- */

static void send_fd(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {
		.header = {
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
	};
	struct iovec iov = { .iov_base = "f", .iov_len = 1 };
	const struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	EXPECT_EQ(sendmsg(socket, &message, 0), 1);
}

static int receive_fd(int socket)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int fd;

	EXPECT_EQ(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), 1);
	EXPECT_EQ(control.header.cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* Another user's program, which knows nothing of PMM and may not use it. */
static void middleman(void *arg)
{
	int socket = *(int *)arg, fd = receive_fd(socket);
	struct picture p;
	struct client c;
	char byte;
	void *pixels;

	EXPECT_ERRNO(open("/dev/pmm", O_RDWR), EACCES);
	EXPECT_ERRNO(mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
	pixels = EXPECT_OK(mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0));
	client_open(&c, NULL);
	picture_attach_fd(&p, &c, fd, true, pixels);
	EXPECT_OK(munmap(pixels, BYTES));
	/* Now that only the server has it ... */
	EXPECT_EQ(write(socket, "a", 1), 1);
	EXPECT_EQ(read(socket, &byte, 1), 1);
	/* ... it is still there. */
	show(&c, &p);
	EXPECT(shown(&c, 4));
	picture_detach(&p, &c);
	client_close(&c);
}

static void test_passed(void)
{
	struct pmmshm_block *block = block_create();
	int sockets[2], child, fd;
	struct pool pool;
	char byte;

	EXPECT_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	child = child_start(NOBODY, middleman, &sockets[1]);
	fd = EXPECT_OK(pmmshm_block_home_fd(block, O_RDONLY));
	paint(pmmshm_block_data(block), 4);
	send_fd(sockets[0], fd);
	close(fd);
	EXPECT_EQ(read(sockets[0], &byte, 1), 1);
	pmmshm_block_free(block);
	pool_read(&pool);
	EXPECT_EQ(pool.blocks, 1);
	EXPECT_EQ(write(sockets[0], "g", 1), 1);
	child_wait(child);
	close(sockets[0]);
	close(sockets[1]);
	wait_pool_whole(10);
}

/* ---- by a POSIX name ---- */

static void test_posix(struct client *c)
{
	static const char name[] = "/pmm-test-xshm";
	struct pmmshm_block *block = block_create();
	struct picture p;
	void *pixels;
	int fd;

	EXPECT_OK(pmmshm_block_link(block, name, 0600, 0));
	paint(pmmshm_block_data(block), 5);
	fd = EXPECT_OK(shm_open(name, O_RDWR, 0));
	pixels = map_shared(fd, BYTES);
	picture_attach_fd(&p, c, fd, false, pixels);
	show(c, &p);
	EXPECT(shown(c, 5));
	expect_same_pages(c->server, block);
	pmmshm_block_free(block);
	EXPECT_OK(shm_unlink(name));
	paint(p.pixels, 6);
	show(c, &p);
	EXPECT(shown(c, 6));
	picture_detach(&p, c);
	EXPECT_OK(munmap(pixels, BYTES));
	wait_pool_whole(10);
}

int main(void)
{
	struct client c;

	client_open(&c, NULL);
	library_open();
	test_both_ways(&c);
	test_read_only(&c);
	test_block_fd(&c);
	test_passed();
	test_posix(&c);
	library_close();
	client_close(&c);
	return 0;
}
