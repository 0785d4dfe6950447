// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "xshm.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include <X11/Xlib-xcb.h>
#include <xcb/shm.h>

/* ---- servers ---- */

/**
 * struct start - what a server's process is told
 * @program: to execute
 * @ready: it writes its number there when it can be connected to
 */
struct start {
	const char *program;
	int ready;
};

static void run_server(void *arg)
{
	const struct start *start = arg;
	char ready[16];

	snprintf(ready, sizeof(ready), "%d", start->ready);
	execlp(start->program, start->program, "-nolisten", "tcp", "-displayfd", ready, NULL);
	guest_fail(__FILE__, __LINE__, start->program);
}

void server_start(struct server *s, const char *program, unsigned int uid)
{
	struct start start = { .program = program };
	int number, ready[2];
	FILE *f;

	EXPECT_OK(pipe(ready));
	start.ready = ready[1];
	s->pid = child_start(uid, run_server, &start);
	close(ready[1]);
	f = fdopen(ready[0], "r");
	EXPECT(f);
	EXPECT_EQ(fscanf(f, "%d", &number), 1);
	fclose(f);
	snprintf(s->name, sizeof(s->name), ":%d", number);
}

void server_stop(struct server *s)
{
	EXPECT_OK(kill(s->pid, SIGTERM));
	EXPECT_EQ(waitpid(s->pid, NULL, 0), s->pid);
}

/* Is this line of maps the home's, from its start on?  The address, or NULL. */
static char *maps_line(const char *line, const struct stat *home)
{
	unsigned long start, offset, inode;
	unsigned int major, minor;

	if (sscanf(line, "%lx-%*x %*s %lx %x:%x %lu", &start, &offset, &major, &minor,
		   &inode) != 5)
		return NULL;
	if (offset || inode != home->st_ino || makedev(major, minor) != home->st_dev)
		return NULL;
	return (char *)start;
}

char *server_address(int server, const struct pmmshm_block *block)
{
	int fd = EXPECT_OK(pmmshm_block_home_fd(block, O_RDONLY));
	char path[64], line[256], *address = NULL;
	struct stat home;
	FILE *f;

	EXPECT_OK(fstat(fd, &home));
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/maps", server);
	f = fopen(path, "re");
	EXPECT(f);
	while (!address && fgets(line, sizeof(line), f))
		address = maps_line(line, &home);
	fclose(f);
	return address;
}

void expect_same_pages(int server, const struct pmmshm_block *block)
{
	uint64_t first = block_pfn(pmmshm_block_fd(block));
	char *address = server_address(server, block);
	unsigned int page;

	EXPECT(address);
	for (page = 0; page < BYTES / PAGE; page += 7)
		EXPECT_EQ(pfn_of_pid(server, address + page * PAGE), first + page);
}

/* ---- clients ---- */

/* Xlib has one handler for all connections. */
static bool catching;
static int caught;

static int on_x_error(Display *x, XErrorEvent *e)
{
	char text[128];

	if (catching) {
		if (!caught)
			caught = e->error_code;
		return 0;
	}
	XGetErrorText(x, e->error_code, text, sizeof(text));
	printf("X error: %s, request %d.%d\n", text, e->request_code, e->minor_code);
	EXPECT(!"an X error");
	return 0;
}

void errors_catch(struct client *c)
{
	XSync(c->x, False);
	catching = true;
	caught = 0;
}

int errors_release(struct client *c)
{
	XSync(c->x, False);
	catching = false;
	return caught;
}

/* Whoever listens at the other end. */
static int server_pid(Display *x)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	EXPECT_OK(getsockopt(ConnectionNumber(x), SOL_SOCKET, SO_PEERCRED, &peer, &size));
	EXPECT(peer.pid > 0);
	return peer.pid;
}

void client_open(struct client *c, const char *name)
{
	XSetErrorHandler(on_x_error);
	c->x = XOpenDisplay(name);
	if (!c->x)
		guest_skip("there is no X server");
	c->server = server_pid(c->x);
	EXPECT(XShmQueryExtension(c->x));
	EXPECT_EQ(DefaultDepth(c->x, DefaultScreen(c->x)), 24);
	c->pixmap = XCreatePixmap(c->x, DefaultRootWindow(c->x), WIDTH, HEIGHT, 24);
	c->gc = XCreateGC(c->x, c->pixmap, 0, NULL);
}

void client_close(struct client *c)
{
	XFreeGC(c->x, c->gc);
	XFreePixmap(c->x, c->pixmap);
	XCloseDisplay(c->x);
}

/* ---- pictures ---- */

static void picture_init(struct picture *p, struct client *c, void *pixels)
{
	*p = (struct picture){ .pixels = pixels, .segment.shmaddr = pixels };
	p->image = XShmCreateImage(c->x, DefaultVisual(c->x, DefaultScreen(c->x)), 24, ZPixmap,
				   pixels, &p->segment, WIDTH, HEIGHT);
	EXPECT(p->image);
	EXPECT_EQ(p->image->bytes_per_line, WIDTH * 4);
}

static void attach_id(struct picture *p, struct client *c, int shmid, bool readonly, void *pixels)
{
	picture_init(p, c, pixels);
	p->segment.shmid = shmid;
	p->segment.readOnly = readonly;
	EXPECT(XShmAttach(c->x, &p->segment));
	XSync(c->x, False);
}

void picture_attach(struct picture *p, struct client *c, int shmid, void *pixels)
{
	attach_id(p, c, shmid, false, pixels);
}

void picture_attach_readonly(struct picture *p, struct client *c, int shmid, void *pixels)
{
	attach_id(p, c, shmid, true, pixels);
}

void picture_attach_fd(struct picture *p, struct client *c, int fd, bool readonly, void *pixels)
{
	xcb_connection_t *xcb = XGetXCBConnection(c->x);

	picture_init(p, c, pixels);
	p->segment.shmseg = xcb_generate_id(xcb);
	xcb_shm_attach_fd(xcb, p->segment.shmseg, fd, readonly);
	XSync(c->x, False);
}

void picture_forget(struct picture *p)
{
	/* The pixels are not Xlib's to free. */
	p->image->data = NULL;
	XDestroyImage(p->image);
}

void picture_detach(struct picture *p, struct client *c)
{
	EXPECT(XShmDetach(c->x, &p->segment));
	XSync(c->x, False);
	picture_forget(p);
}

void picture_create(struct picture *p, struct client *c)
{
	struct pmmshm_block *block = EXPECT_GOT(pmmshm_block_alloc(pmm, BYTES, NULL));

	picture_attach(p, c, pmmshm_block_shmid(block), pmmshm_block_data(block));
	p->block = block;
}

void picture_destroy(struct picture *p, struct client *c)
{
	picture_detach(p, c);
	pmmshm_block_free(p->block);
}

Pixmap picture_pixmap(const struct picture *p, struct client *c)
{
	int major, minor, pixmaps = False;

	EXPECT(XShmQueryVersion(c->x, &major, &minor, &pixmaps));
	EXPECT(pixmaps && XShmPixmapFormat(c->x) == ZPixmap);
	return XShmCreatePixmap(c->x, DefaultRootWindow(c->x), (char *)p->pixels,
				(XShmSegmentInfo *)&p->segment, WIDTH, HEIGHT, 24);
}

static uint32_t pixel(unsigned int seed, unsigned int i)
{
	return (i * 2654435761U ^ seed * 40503U) & RGB;
}

void paint(uint32_t *pixels, unsigned int seed)
{
	unsigned int i;

	for (i = 0; i < PIXELS; i++)
		pixels[i] = pixel(seed, i);
}

bool painted(const uint32_t *pixels, unsigned int seed)
{
	unsigned int i;

	for (i = 0; i < PIXELS; i++) {
		if ((pixels[i] & RGB) == pixel(seed, i))
			continue;
		printf("pixel %u is %06x, not %06x\n", i, pixels[i] & RGB, pixel(seed, i));
		return false;
	}
	return true;
}

void show(struct client *c, struct picture *p)
{
	int done = XShmGetEventBase(c->x) + ShmCompletion;
	XEvent event;

	EXPECT(XShmPutImage(c->x, c->pixmap, c->gc, p->image, 0, 0, 0, 0, WIDTH, HEIGHT, True));
	do {
		XNextEvent(c->x, &event);
	} while (event.type != done);
}

bool shown(struct client *c, unsigned int seed)
{
	XImage *seen = XGetImage(c->x, c->pixmap, 0, 0, WIDTH, HEIGHT, AllPlanes, ZPixmap);
	bool same;

	EXPECT(seen);
	same = painted((uint32_t *)seen->data, seed);
	XDestroyImage(seen);
	return same;
}

void frame(struct client *c, struct picture *out, struct picture *in, unsigned int seed)
{
	paint(out->pixels, seed);
	show(c, out);
	memset(in->pixels, 0, BYTES);
	EXPECT(XShmGetImage(c->x, c->pixmap, in->image, 0, 0, AllPlanes));
	EXPECT(painted(in->pixels, seed));
	/* The server only reads what it was given. */
	EXPECT(painted(out->pixels, seed));
}
