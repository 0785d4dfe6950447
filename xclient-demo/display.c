// SPDX-License-Identifier: GPL-2.0-only
#include "display.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <X11/Xatom.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <X11/keysym.h>

#include "image.h"
#include "message.h"
#include "stats.h"

#define NS_PER_S 1000000000LL

/* How long a window manager may take to put the window on the screen. */
#define MAP_TIMEOUT_NS (3 * NS_PER_S)

/* Xlib has one error handler for all connections, without an argument. */
static int caught_error;

static int catch_error(Display *x, XErrorEvent *event)
{
	(void)x;
	if (!caught_error)
		caught_error = event->error_code;
	return 0;
}

static int fatal_error(Display *x, XErrorEvent *event)
{
	char text[128];

	XGetErrorText(x, event->error_code, text, sizeof(text));
	complain("X server %s: %s (request %d.%d); was the window destroyed?", DisplayString(x),
		 text, event->request_code, event->minor_code);
	exit(EXIT_FAILURE);
}

/**
 * x_errors_catch() - from now on, errors do not end the program
 * @display: display
 */
void x_errors_catch(struct display *display)
{
	XSync(display->x, False);
	caught_error = 0;
	XSetErrorHandler(catch_error);
}

/**
 * x_errors_release() - wait for the server, and end x_errors_catch()
 * @display: display
 *
 * Return: the first error's code, or 0 if there was none.
 */
int x_errors_release(struct display *display)
{
	XSync(display->x, False);
	XSetErrorHandler(fatal_error);
	return caught_error;
}

static int connection_lost(Display *x)
{
	complain("X server %s: the connection is lost; see why the server ended",
		 DisplayString(x));
	exit(EXIT_FAILURE);
}

/* Pixel layouts of X servers, and their names in FFmpeg. */
static const struct pixel_format {
	int bits_per_pixel;
	unsigned long red;
	unsigned long green;
	unsigned long blue;
	enum AVPixelFormat lsb_first;
	enum AVPixelFormat msb_first;
} pixel_formats[] = {
	{ 32, 0xff0000, 0xff00, 0xff, AV_PIX_FMT_BGR0, AV_PIX_FMT_0RGB },
	{ 32, 0xff, 0xff00, 0xff0000, AV_PIX_FMT_RGB0, AV_PIX_FMT_0BGR },
	{ 24, 0xff0000, 0xff00, 0xff, AV_PIX_FMT_BGR24, AV_PIX_FMT_RGB24 },
	{ 24, 0xff, 0xff00, 0xff0000, AV_PIX_FMT_RGB24, AV_PIX_FMT_BGR24 },
	{ 16, 0xf800, 0x7e0, 0x1f, AV_PIX_FMT_RGB565LE, AV_PIX_FMT_RGB565BE },
	{ 16, 0x7c00, 0x3e0, 0x1f, AV_PIX_FMT_RGB555LE, AV_PIX_FMT_RGB555BE },
};

static int bits_per_pixel(Display *x, int depth)
{
	XPixmapFormatValues *formats;
	int count, i, bits = 0;

	formats = XListPixmapFormats(x, &count);
	for (i = 0; formats && i < count; i++)
		if (formats[i].depth == depth)
			bits = formats[i].bits_per_pixel;
	XFree(formats);
	return bits;
}

static int choose_format(struct display *display)
{
	const Visual *visual = display->visual;
	const struct pixel_format *f;
	const size_t count = sizeof(pixel_formats) / sizeof(*pixel_formats);

	for (f = pixel_formats; f < pixel_formats + count; f++) {
		if (visual->class != TrueColor || f->bits_per_pixel != display->bits_per_pixel ||
		    f->red != visual->red_mask || f->green != visual->green_mask ||
		    f->blue != visual->blue_mask)
			continue;
		display->format = ImageByteOrder(display->x) == LSBFirst ? f->lsb_first
									 : f->msb_first;
		return 0;
	}
	return complain("X server %s: its visual of depth %d (%d bits a pixel) is not TrueColor of 16, 24 or 32 bits; start it with depth 24",
			display_name(display), display->depth, display->bits_per_pixel);
}

/* Signals are read from an fd, so that one poll() sees them and the server. */
static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int check_way(struct display *display)
{
	const struct way *way = display->way;

	if (!way_is_shared(way))
		return 0;
	if (!XShmQueryExtension(display->x))
		return complain("X server %s has no MIT-SHM extension, so it cannot share memory; "
				"start it with MIT-SHM, or send the pictures with --copy",
				display_name(display));
	display->completion = XShmGetEventBase(display->x) + ShmCompletion;
	return way->check ? way->check(display) : 0;
}

/**
 * display_open() - connect to the X server
 * @display: filled in; display_close() is needed after a failure, too
 * @name: of the server; NULL for $DISPLAY
 * @way: how images get there
 *
 * To be called before there are other threads, since it blocks signals.
 *
 * Return: 0, or -1 after a message.
 */
int display_open(struct display *display, const char *name, const struct way *way)
{
	*display = (struct display){ .way = way, .signals = -1 };
	display->x = XOpenDisplay(name);
	if (!display->x && !*XDisplayName(name))
		return complain("no X server: DISPLAY is not set; "
				"set it, as in DISPLAY=:0, or give --display");
	if (!display->x)
		return complain("no X server at %s: it is not running there or does not let us in; "
				"check DISPLAY and XAUTHORITY", XDisplayName(name));
	XSetErrorHandler(fatal_error);
	XSetIOErrorHandler(connection_lost);
	display->visual = DefaultVisual(display->x, DefaultScreen(display->x));
	display->depth = DefaultDepth(display->x, DefaultScreen(display->x));
	display->bits_per_pixel = bits_per_pixel(display->x, display->depth);
	if (choose_format(display) || check_way(display))
		return -1;
	display->signals = open_signals();
	if (display->signals < 0)
		return complain("cannot wait for signals: %s", strerror(errno));
	return 0;
}

/* In the middle of the screen, where no window manager decides. */
static void create_window(struct display *display)
{
	Display *x = display->x;
	int left = (DisplayWidth(x, DefaultScreen(x)) - display->width) / 2;
	int top = (DisplayHeight(x, DefaultScreen(x)) - display->height) / 2;
	XSetWindowAttributes attributes = {
		.background_pixel = BlackPixel(x, DefaultScreen(x)),
		.event_mask = KeyPressMask | StructureNotifyMask | ExposureMask,
	};

	display->window = XCreateWindow(x, DefaultRootWindow(x), left > 0 ? left : 0,
					top > 0 ? top : 0, display->width, display->height, 0,
					display->depth, InputOutput, display->visual,
					CWBackPixel | CWEventMask, &attributes);
	display->gc = XCreateGC(x, display->window, 0, NULL);
	XSetGraphicsExposures(x, display->gc, False);
}

static void set_properties(struct display *display, const char *title)
{
	static char class[] = "Pmm";
	Display *x = display->x;
	XClassHint hint = { .res_name = program_invocation_short_name, .res_class = class };
	Atom net_wm_name = XInternAtom(x, "_NET_WM_NAME", False);
	Atom utf8 = XInternAtom(x, "UTF8_STRING", False);

	Xutf8SetWMProperties(x, display->window, title, title, NULL, 0, NULL, NULL, &hint);
	XChangeProperty(x, display->window, net_wm_name, utf8, 8, PropModeReplace,
			(const unsigned char *)title, strlen(title));
	display->delete_window = XInternAtom(x, "WM_DELETE_WINDOW", False);
	XSetWMProtocols(x, display->window, &display->delete_window, 1);
}

/**
 * display_show_window() - make the window and wait until it can be seen
 * @display: display
 * @title: of the window
 * @width: of the window
 * @height: of the window
 *
 * Return: 0, or -1 if the user does not want it.
 */
int display_show_window(struct display *display, const char *title, int width, int height)
{
	int64_t give_up = time_ns() + MAP_TIMEOUT_NS;
	unsigned int events = 0;
	int64_t left;

	display->width = width;
	display->height = height;
	create_window(display);
	set_properties(display, title);
	XMapWindow(display->x, display->window);
	while (!(events & (DISPLAY_EXPOSED | DISPLAY_QUIT)) && (left = give_up - time_ns()) > 0)
		events |= display_wait(display, left);
	return events & DISPLAY_QUIT ? -1 : 0;
}

/**
 * display_close() - close the window and the connection
 * @display: display, without images
 */
void display_close(struct display *display)
{
	if (display->gc)
		XFreeGC(display->x, display->gc);
	if (display->window)
		XDestroyWindow(display->x, display->window);
	if (display->x)
		XCloseDisplay(display->x);
	if (display->signals >= 0)
		close(display->signals);
	*display = (struct display){ .signals = -1 };
}

/**
 * display_name() - what the user calls the server
 * @display: display
 *
 * Return: its name, which the display keeps
 */
const char *display_name(const struct display *display)
{
	return DisplayString(display->x);
}

static unsigned int key_event(XKeyEvent *event)
{
	switch (XLookupKeysym(event, 0)) {
	case XK_q:
	case XK_Escape:
		return DISPLAY_QUIT;
	case XK_space:
		return DISPLAY_PAUSE;
	}
	return 0;
}

static unsigned int configure_event(struct display *display, const XConfigureEvent *event)
{
	if (event->width == display->width && event->height == display->height)
		return 0;
	display->width = event->width;
	display->height = event->height;
	return DISPLAY_RESIZED;
}

static unsigned int client_event(const struct display *display, const XClientMessageEvent *event)
{
	return (Atom)event->data.l[0] == display->delete_window ? DISPLAY_QUIT : 0;
}

static unsigned int handle_event(struct display *display, XEvent *event)
{
	switch (event->type) {
	case KeyPress:
		return key_event(&event->xkey);
	case ConfigureNotify:
		return configure_event(display, &event->xconfigure);
	case ClientMessage:
		return client_event(display, &event->xclient);
	case DestroyNotify:
		display->window = None;
		return DISPLAY_QUIT;
	case Expose:
		return event->xexpose.count ? 0 : DISPLAY_EXPOSED;
	case MappingNotify:
		XRefreshKeyboardMapping(&event->xmapping);
		return 0;
	}
	if (display->completion && event->type == display->completion)
		image_completed(display, (const XShmCompletionEvent *)event);
	return 0;
}

static unsigned int handle_pending(struct display *display)
{
	unsigned int events = 0, one;
	XEvent event;

	while (XPending(display->x)) {
		XNextEvent(display->x, &event);
		one = handle_event(display, &event);
		/* Two pauses are none. */
		events ^= one & DISPLAY_PAUSE;
		events |= one & ~DISPLAY_PAUSE;
	}
	return events;
}

static unsigned int read_signal(struct display *display)
{
	struct signalfd_siginfo info;

	return read(display->signals, &info, sizeof(info)) == sizeof(info) ? DISPLAY_QUIT : 0;
}

/**
 * display_wait() - wait for something to happen, and deal with it
 * @display: display
 * @timeout_ns: at most so long; 0 only looks, DISPLAY_FOREVER has no limit
 *
 * Returns after the first events, among them the completion of an image.
 *
 * Return: DISPLAY_* bits.
 */
unsigned int display_wait(struct display *display, int64_t timeout_ns)
{
	return display_wait_or(display, -1, timeout_ns);
}

/**
 * display_wait_or() - the same, or until something can be read
 * @display: display
 * @fd: where from
 * @timeout_ns: as for display_wait()
 *
 * Return: DISPLAY_* bits.
 */
unsigned int display_wait_or(struct display *display, int fd, int64_t timeout_ns)
{
	struct pollfd fds[] = {
		{ .fd = ConnectionNumber(display->x), .events = POLLIN },
		{ .fd = display->signals, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	struct timespec timeout = { timeout_ns / NS_PER_S, timeout_ns % NS_PER_S };

	/* XPending() also sends what is still in Xlib's buffer. */
	if (!XPending(display->x))
		ppoll(fds, 3, timeout_ns == DISPLAY_FOREVER ? NULL : &timeout, NULL);
	return handle_pending(display) | read_signal(display);
}
