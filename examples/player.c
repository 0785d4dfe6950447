// SPDX-License-Identifier: MIT
// Play a video: FFmpeg decodes into blocks, scales into others, the X server shows those.
// build: cc player.c $(pkg-config --cflags --libs libpmmshm-av libavformat libswscale xext x11)
// run: player $FILM
// needs: DISPLAY
// prints: [0-9]+ frames shown out of segments [0-9]+ and [0-9]+
#include <stdio.h>
#include <stdlib.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <pmmshm-av.h>

#define WIDTH	640
#define HEIGHT	360

/* A picture that the X server and this program have in common. */
struct screen_block {
	struct pmmshm_block *block;
	XShmSegmentInfo segment;
	XImage *image;
};

static Display *display;
static Window window;
static GC gc;
static struct screen_block screen[2];
static struct SwsContext *scaler;
static int frames, completion;

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, pmmshm_error());
	exit(1);
}

static void screen_block_create(struct screen_block *s, struct pmmshm *pmm)
{
	int number = DefaultScreen(display);

	s->block = pmmshm_block_alloc(pmm, 4UL * WIDTH * HEIGHT, NULL);
	if (!s->block)
		fail("a picture");
	s->segment.shmid = pmmshm_block_shmid(s->block);
	s->segment.shmaddr = (char *)pmmshm_block_data(s->block);
	s->image = XShmCreateImage(display, DefaultVisual(display, number),
				   DefaultDepth(display, number), ZPixmap,
				   s->segment.shmaddr, &s->segment, WIDTH, HEIGHT);
	XShmAttach(display, &s->segment);
}

static void open_window(struct pmmshm *pmm)
{
	display = XOpenDisplay(NULL);
	if (!display || !XShmQueryExtension(display))
		fail("the X server");
	window = XCreateSimpleWindow(display, DefaultRootWindow(display), 0, 0, WIDTH, HEIGHT,
				     0, 0, 0);
	gc = XCreateGC(display, window, 0, NULL);
	completion = XShmGetEventBase(display) + ShmCompletion;
	XMapWindow(display, window);
	screen_block_create(&screen[0], pmm);
	screen_block_create(&screen[1], pmm);
}

/* The server reads one picture while the next is made in the other. */
static void show(const AVFrame *frame)
{
	struct screen_block *s = &screen[frames % 2];
	uint8_t *pixels = pmmshm_block_data(s->block);
	XEvent event;
	int line = 4 * WIDTH;

	scaler = sws_getCachedContext(scaler, frame->width, frame->height, frame->format, WIDTH,
				      HEIGHT, AV_PIX_FMT_BGR0, SWS_BILINEAR, NULL, NULL, NULL);
	sws_scale(scaler, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height,
		  &pixels, &line);
	while (frames && (XNextEvent(display, &event), event.type != completion))
		;
	XShmPutImage(display, window, gc, s->image, 0, 0, 0, 0, WIDTH, HEIGHT, True);
	XFlush(display);
	frames++;
}

static void play(AVFormatContext *film, AVCodecContext *codec, int stream)
{
	AVPacket *packet = av_packet_alloc();
	AVFrame *frame = av_frame_alloc();

	while (!av_read_frame(film, packet)) {
		if (packet->stream_index == stream)
			avcodec_send_packet(codec, packet);
		av_packet_unref(packet);
		while (!avcodec_receive_frame(codec, frame))
			show(frame);
	}
	av_frame_free(&frame);
	av_packet_free(&packet);
}

int main(int argc, char **argv)
{
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_av_pool *pool = pmmshm_av_pool_create(pmm, NULL);
	AVFormatContext *film = NULL;
	AVCodecContext *codec;
	const AVCodec *decoder;
	int stream;

	if (!pmm || !pool)
		fail("PMM");
	if (argc != 2 || avformat_open_input(&film, argv[1], NULL, NULL))
		return fprintf(stderr, "give a video file\n"), 1;
	stream = av_find_best_stream(film, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
	codec = avcodec_alloc_context3(decoder);
	avcodec_parameters_to_context(codec, film->streams[stream]->codecpar);
	pmmshm_av_use_pool(codec, pool);
	avcodec_open2(codec, decoder, NULL);

	open_window(pmm);
	play(film, codec, stream);
	printf("%d frames shown out of segments %d and %d\n", frames, screen[0].segment.shmid,
	       screen[1].segment.shmid);

	XCloseDisplay(display);
	pmmshm_block_free(screen[0].block);
	pmmshm_block_free(screen[1].block);
	sws_freeContext(scaler);
	avcodec_free_context(&codec);
	avformat_close_input(&film);
	pmmshm_av_pool_free(pool);
	pmmshm_close(pmm);
	return 0;
}
