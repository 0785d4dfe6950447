// SPDX-License-Identifier: GPL-2.0-only
/*
 * One thread asks the feed for frames, scales each into an image that the
 * server is not reading, waits until the frame is due, and shows it.  All
 * waiting is done in display_wait().
 */
#include "player.h"

#include <string.h>

#include <libavutil/mathematics.h>

#include "message.h"
#include "report.h"

#define NS_PER_S 1000000000LL

/* How long the server may take to finish when we want to leave. */
#define LEAVE_NS NS_PER_S

/* How long a feed may take for a frame. */
#define FEED_TIMEOUT_NS (20 * NS_PER_S)

/* The video is over, and that is all right. */
#define PLAYED_OUT 1

static int open_frames(struct player *player)
{
	player->next = av_frame_alloc();
	player->shown = av_frame_alloc();
	if (!player->next || !player->shown)
		return complain("no memory for frames");
	return 0;
}

/* The feed's, unless the user wants another. */
static void window_size(const struct player *player, int *width, int *height)
{
	const struct options *opts = player->opts;

	*width = opts->width ? opts->width : player->feed->width;
	*height = opts->width ? opts->height : player->feed->height;
}

static const char *window_title(const struct options *opts)
{
	const char *slash = strrchr(opts->file, '/');

	if (opts->title)
		return opts->title;
	return slash ? slash + 1 : opts->file;
}

/* Get ready to play.  close_all() is needed after a failure, too. */
static int open_all(struct player *player, const struct options *opts, struct feed *feed)
{
	int width, height;

	*player = (struct player){
		.opts = opts, .feed = feed, .shown_index = -1, .display.signals = -1,
		.resized = true,
	};
	scaler_init(&player->scaler, &player->stats);
	clock_init(&player->clock, opts->no_clock);
	if (memory_source_open(&player->source, opts->way->memory, opts->type) ||
	    display_open(&player->display, opts->display, opts->way) ||
	    open_frames(player))
		return -1;
	player->opened = true;
	if (feed->ops->open(feed, opts, &player->source, &player->stats))
		return -1;
	window_size(player, &width, &height);
	if (display_show_window(&player->display, window_title(opts), width, height))
		player->quit = true;
	return 0;
}

/* The server may be reading images still: give it a moment. */
static void close_images(struct player *player)
{
	struct display *display = &player->display;
	int64_t give_up = time_ns() + LEAVE_NS, left;
	int i;

	for (i = 0; i < PLAYER_IMAGES; i++)
		if (player->images[i])
			image_retire(player->images[i]);
	while (display->images && (left = give_up - time_ns()) > 0)
		display_wait(display, left);
	while (display->images) {
		display->images->in_flight = 0;
		image_retire(display->images);
	}
}

static void close_all(struct player *player)
{
	close_images(player);
	av_frame_free(&player->shown);
	av_frame_free(&player->next);
	if (player->opened)
		player->feed->ops->close(player->feed);
	scaler_exit(&player->scaler);
	display_close(&player->display);
	memory_source_close(&player->source);
}

/* As large as the window allows, in the video's proportions, in the middle. */
static void fit(const struct player *player, const AVFrame *frame, int *width, int *height)
{
	const struct display *display = &player->display;
	AVRational aspect = frame->sample_aspect_ratio;
	int64_t w = frame->width, h = frame->height;

	if (aspect.num > 0 && aspect.den > 0) {
		w *= aspect.num;
		h *= aspect.den;
	}
	*width = display->width;
	*height = av_rescale(display->width, h, w);
	if (*height > display->height) {
		*height = display->height;
		*width = av_rescale(display->height, w, h);
	}
	*width = FFMAX(*width, 1);
	*height = FFMAX(*height, 1);
}

/* New images of the right size; the old ones go when the server is done. */
static int replace_images(struct player *player, int width, int height)
{
	int i;

	player->x = (player->display.width - width) / 2;
	player->y = (player->display.height - height) / 2;
	player->on_screen = NULL;
	player->resized = false;
	for (i = 0; i < PLAYER_IMAGES; i++) {
		if (player->images[i])
			image_retire(player->images[i]);
		player->images[i] = image_create(&player->display, &player->source, width, height);
		if (!player->images[i])
			return -1;
	}
	return 0;
}

static int scale(struct player *player, const AVFrame *frame, struct image *image)
{
	const struct picture picture = image_picture(image);
	int error;

	stats_begin(&player->stats);
	error = scaler_run(&player->scaler, frame, &picture);
	stats_end(&player->stats, STAGE_SCALE);
	return error;
}

static void put(struct player *player, struct image *image)
{
	stats_begin(&player->stats);
	image_put(image, player->x, player->y, &player->stats);
	stats_end(&player->stats, STAGE_SHOW);
	player->on_screen = image;
	player->turn = (player->turn + 1) % PLAYER_IMAGES;
}

/* After a change of the window: what it showed, in its new size. */
static int redraw(struct player *player)
{
	struct image *image = player->images[player->turn];

	if (!player->shown->buf[0])
		return 0;
	if (scale(player, player->shown, image))
		return -1;
	put(player, image);
	return 0;
}

/* Have images that fit a frame. */
static int update_images(struct player *player, const AVFrame *frame)
{
	const struct image *image = player->images[0];
	bool resized = player->resized;
	int width, height;

	fit(player, frame, &width, &height);
	if (!resized && image->width == width && image->height == height)
		return 0;
	if (replace_images(player, width, height))
		return -1;
	return resized ? redraw(player) : 0;
}

static void toggle_pause(struct player *player)
{
	struct video_clock *clock = &player->clock;

	player->held = false;
	if (!clock->paused_ns) {
		clock_pause(clock);
		return;
	}
	/* Time in which the video stood still is not the player's. */
	player->stats.start_ns += time_ns() - clock->paused_ns;
	clock_resume(clock);
}

/* ... or until @fd can be read, if it is not -1. */
static void wait_for_events_or(struct player *player, int fd, int64_t timeout_ns)
{
	bool paused = player->clock.paused_ns != 0;
	unsigned int events;

	stats_begin(&player->stats);
	events = display_wait_or(&player->display, fd, timeout_ns);
	if (!paused)
		stats_end(&player->stats, STAGE_WAIT);
	if (events & DISPLAY_QUIT)
		player->quit = true;
	if (events & DISPLAY_PAUSE)
		toggle_pause(player);
	if (events & DISPLAY_RESIZED)
		player->resized = true;
	if (events & DISPLAY_EXPOSED && player->on_screen && !player->resized && !player->quit)
		image_put(player->on_screen, player->x, player->y, &player->stats);
}

static void wait_for_events(struct player *player, int64_t timeout_ns)
{
	wait_for_events_or(player, -1, timeout_ns);
}

/*
 * Scale a frame into an image that the server does not read.  It is not the
 * one on the screen either, which may yet have to be shown again.
 */
static int prepare(struct player *player, const AVFrame *frame, struct image **image)
{
	do {
		if (update_images(player, frame))
			return -1;
		*image = player->images[player->turn];
		while ((*image)->in_flight && !player->quit && !player->resized)
			wait_for_events(player, DISPLAY_FOREVER);
	} while (player->resized && !player->quit);
	return player->quit ? 0 : scale(player, frame, *image);
}

/* Wait until a frame is due; shorter if the user wants something else. */
static void wait_until(struct player *player, int64_t due_ns)
{
	int64_t left;

	do {
		left = DISPLAY_FOREVER;
		if (!player->clock.paused_ns)
			left = FFMAX(clock_remaining(&player->clock, due_ns), 0);
		wait_for_events(player, left);
	} while (!player->quit && !player->resized &&
		 (player->clock.paused_ns || clock_remaining(&player->clock, due_ns) > 0));
}

static int show(struct player *player, int64_t due_ns)
{
	struct image *image;

	do {
		if (prepare(player, player->next, &image))
			return -1;
		if (!player->quit)
			wait_until(player, due_ns);
	} while (player->resized && !player->quit);
	if (player->quit)
		return 0;
	put(player, image);
	stats_shown(&player->stats);
	av_frame_unref(player->shown);
	av_frame_move_ref(player->shown, player->next);
	player->shown_index = player->stats.decoded - 1;
	return 0;
}

/* Leave a frame on the screen; @resumable: until the user presses space. */
static int hold(struct player *player, bool resumable)
{
	while (player->on_screen && player->on_screen->in_flight && !player->quit)
		wait_for_events(player, DISPLAY_FOREVER);
	player->held = true;
	if (!player->clock.paused_ns)
		clock_pause(&player->clock);
	if (report_write(player))
		return -1;
	while (!player->quit && (player->held || !resumable)) {
		wait_for_events(player, DISPLAY_FOREVER);
		if (player->resized && !player->quit && update_images(player, player->shown))
			return -1;
	}
	return 0;
}

static bool must_show(const struct player *player, long index)
{
	return index == 0 || index == player->opts->hold_frame ||
	       index == player->opts->max_frames - 1;
}

/* Show, drop or hold the frame just decoded. */
static int take_frame(struct player *player, int64_t due_ns)
{
	long index = player->stats.decoded++;

	if (!must_show(player, index) &&
	    clock_drops(&player->clock, due_ns, player->feed->frame_ns)) {
		player->stats.dropped++;
		av_frame_unref(player->next);
		return 0;
	}
	if (show(player, due_ns))
		return -1;
	if (index == player->opts->hold_frame && !player->quit)
		return hold(player, true);
	return 0;
}

static int next(struct player *player, int64_t *due_ns)
{
	int result;

	stats_begin(&player->stats);
	result = player->feed->ops->next(player->feed, player->next, due_ns);
	stats_end(&player->stats, STAGE_DECODE);
	return result;
}

/* Return: 0 to go on from the start, PLAYED_OUT, or -1 after a message. */
static int start_again(struct player *player)
{
	if (!player->stats.decoded)
		return complain("%s: none of it can be decoded; the file is damaged",
				player->opts->file);
	if (!player->opts->loop)
		return PLAYED_OUT;
	clock_restart(&player->clock);
	return player->feed->ops->rewind(player->feed);
}

/* Until the feed may have a frame.  Return: -1 after a message. */
static int wait_for_feed(struct player *player)
{
	int64_t begin = time_ns();

	wait_for_events_or(player, player->feed->fd, FEED_TIMEOUT_NS);
	if (time_ns() - begin < FEED_TIMEOUT_NS)
		return 0;
	return complain("%s: no frame for %d seconds; see whether it works with other programs",
			player->opts->file, (int)(FEED_TIMEOUT_NS / NS_PER_S));
}

static int play_one(struct player *player)
{
	int64_t due_ns;

	switch (next(player, &due_ns)) {
	case FEED_FRAME:
		return take_frame(player, due_ns);
	case FEED_END:
		return start_again(player);
	case FEED_WAIT:
		return wait_for_feed(player);
	}
	return -1;
}

static bool is_enough(const struct player *player)
{
	const struct options *opts = player->opts;

	if (opts->max_frames && player->stats.decoded == opts->max_frames)
		return true;
	return opts->seconds && time_ns() - player->stats.start_ns >= opts->seconds * NS_PER_S;
}

static int play(struct player *player)
{
	int result;

	while (!player->quit) {
		result = play_one(player);
		if (result < 0 || result == PLAYED_OUT)
			return result;
		if (is_enough(player))
			return 0;
	}
	return 0;
}

static int run(struct player *player)
{
	if (play(player) < 0)
		return -1;
	if (player->opts->hold && !player->quit && hold(player, false))
		return -1;
	return report_write(player);
}

/**
 * player_show() - show what a feed has, from start to end
 * @opts: what the user asked for
 * @feed: not open yet
 *
 * Return: 0 at the end or when the user quits, -1 after a message.
 */
int player_show(const struct options *opts, struct feed *feed)
{
	struct player player;
	int error;

	error = open_all(&player, opts, feed);
	if (!error)
		error = run(&player);
	close_all(&player);
	return error;
}
