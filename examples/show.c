// SPDX-License-Identifier: MIT
// Show a picture on an X server that reads it from the block itself.
// build: cc show.c $(pkg-config --cflags --libs libpmmshm xext x11)
// needs: DISPLAY
// prints: the server shows 640x480 pixels of colour ff8800
#include <stdio.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <pmmshm.h>

int main(void)
{
	Display *display = XOpenDisplay(NULL);
	int screen = DefaultScreen(display), depth = DefaultDepth(display, screen), i;
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_block *block = pmmshm_block_alloc(pmm, 640UL * 480 * 4, NULL);
	Pixmap pixmap = XCreatePixmap(display, DefaultRootWindow(display), 640, 480, depth);
	XShmSegmentInfo segment = { 0 };
	XImage *image;

	if (!block)
		return fprintf(stderr, "%s\n", pmmshm_error()), 1;
	segment.shmid = pmmshm_block_shmid(block);
	segment.shmaddr = (char *)pmmshm_block_data(block);
	segment.readOnly = True;
	image = XShmCreateImage(display, DefaultVisual(display, screen), depth, ZPixmap,
				segment.shmaddr, &segment, 640, 480);
	XShmAttach(display, &segment);
	for (i = 0; i < 640 * 480; i++)
		((unsigned int *)segment.shmaddr)[i] = 0xff8800;
	XShmPutImage(display, pixmap, DefaultGC(display, screen), image, 0, 0, 0, 0, 640, 480,
		     False);

	image = XGetImage(display, pixmap, 639, 479, 1, 1, AllPlanes, ZPixmap);
	printf("the server shows 640x480 pixels of colour %06lx\n",
	       XGetPixel(image, 0, 0) & 0xffffff);
	XCloseDisplay(display);
	pmmshm_block_free(block);
	pmmshm_close(pmm);
	return 0;
}
