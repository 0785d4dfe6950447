// SPDX-License-Identifier: GPL-2.0-only
/*
 * FFmpeg asks us for the memory of each frame it is going to decode
 * (get_buffer2), and writes the pixels straight into it, from as many threads
 * as it likes.  Frames that it later refers to stay where they are.
 */
#include "decode.h"

#include <string.h>

#include <libavutil/imgutils.h>
#include <libavutil/mathematics.h>
#include <libavutil/pixdesc.h>

#include <pmmshm-av.h>

#include "json.h"
#include "message.h"

#define NS_PER_S 1000000000LL
#define FALLBACK_RATE 25

/* FFmpeg reads any text as pictures made of letters.  That is not a video. */
static bool is_video(const AVFormatContext *format)
{
	return strcmp(format->iformat->name, "tty");
}

static int open_file(struct decoder *dec, const AVCodec **codec)
{
	int error, index;

	error = avformat_open_input(&dec->format, dec->file, NULL, NULL);
	if (error == AVERROR_INVALIDDATA)
		return complain("%s: not a video; play a file that FFmpeg can read", dec->file);
	if (error < 0)
		return complain("%s: %s; check the name and its permissions", dec->file,
				av_err2str(error));
	if (!is_video(dec->format))
		return complain("%s: not a video but text; play a file that FFmpeg can read",
				dec->file);
	error = avformat_find_stream_info(dec->format, NULL);
	if (error < 0)
		return complain("%s: not a video, or a damaged one (%s); play a file that FFmpeg can read",
				dec->file, av_err2str(error));
	index = av_find_best_stream(dec->format, AVMEDIA_TYPE_VIDEO, -1, -1, codec, 0);
	if (index == AVERROR_DECODER_NOT_FOUND)
		return complain("%s: this FFmpeg has no decoder for its video; convert the file",
				dec->file);
	if (index < 0 ||
	    dec->format->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC)
		return complain("%s: no video in it; play a file that has some", dec->file);
	dec->stream = dec->format->streams[index];
	return 0;
}

static void skip_other_streams(struct decoder *dec)
{
	unsigned int i;

	for (i = 0; i < dec->format->nb_streams; i++)
		if (dec->format->streams[i] != dec->stream)
			dec->format->streams[i]->discard = AVDISCARD_ALL;
}

static int open_codec(struct decoder *dec, const AVCodec *codec)
{
	int error;

	dec->codec = avcodec_alloc_context3(codec);
	dec->packet = av_packet_alloc();
	if (!dec->codec || !dec->packet)
		return complain("%s: no memory for a decoder", dec->file);
	error = avcodec_parameters_to_context(dec->codec, dec->stream->codecpar);
	if (error < 0)
		return complain("%s: %s", dec->file, av_err2str(error));
	pmmshm_av_use_pool(dec->codec, dec->pool);
	dec->codec->thread_count = 0;
	dec->codec->thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE;
	dec->codec->pkt_timebase = dec->stream->time_base;
	error = avcodec_open2(dec->codec, codec, NULL);
	if (error < 0)
		return complain("%s: the %s decoder does not start: %s", dec->file,
				avcodec_get_name(dec->codec->codec_id),
				av_err2str(error));
	return 0;
}

static int64_t frame_duration_ns(const struct decoder *dec)
{
	AVRational rate = av_guess_frame_rate(dec->format, dec->stream, NULL);

	if (rate.num <= 0 || rate.den <= 0)
		return NS_PER_S / FALLBACK_RATE;
	return av_rescale(NS_PER_S, rate.den, rate.num);
}

/* The video's size in square pixels. */
static void set_size(struct decoder *dec)
{
	const AVCodecParameters *video = dec->stream->codecpar;
	AVRational aspect = av_guess_sample_aspect_ratio(dec->format, dec->stream, NULL);

	dec->feed.width = video->width;
	dec->feed.height = video->height;
	if (aspect.num > 0 && aspect.den > 0)
		dec->feed.width = FFMAX(1, av_rescale(video->width, aspect.num, aspect.den));
}

static struct decoder *to_decoder(struct feed *feed)
{
	return (struct decoder *)((char *)feed - offsetof(struct decoder, feed));
}

static int decoder_open(struct feed *feed, const struct options *opts,
			struct memory_source *source, struct stats *stats)
{
	struct decoder *dec = to_decoder(feed);
	const AVCodec *codec = NULL;

	dec->file = opts->file;
	dec->stats = stats;
	dec->pool = pmmshm_av_pool_create(source->pmm, source->opts);
	if (!dec->pool)
		return complain("no memory for a pool of frames");
	if (open_file(dec, &codec) || open_codec(dec, codec))
		return -1;
	skip_other_streams(dec);
	set_size(dec);
	feed->frame_ns = frame_duration_ns(dec);
	dec->direct = true;
	return 0;
}

static void decoder_close(struct feed *feed)
{
	struct decoder *dec = to_decoder(feed);

	av_packet_free(&dec->packet);
	avcodec_free_context(&dec->codec);
	avformat_close_input(&dec->format);
	pmmshm_av_pool_free(dec->pool);
}

/* Give the decoder one more packet; at the end of the file, tell it so. */
static int send_packet(struct decoder *dec)
{
	int error;

	do {
		av_packet_unref(dec->packet);
		error = av_read_frame(dec->format, dec->packet);
	} while (!error && dec->packet->stream_index != dec->stream->index);
	if (error == AVERROR_EOF) {
		dec->draining = true;
		return avcodec_send_packet(dec->codec, NULL);
	}
	if (error < 0)
		return error;
	error = avcodec_send_packet(dec->codec, dec->packet);
	/* A damaged packet costs its frame; the next may be better. */
	return error == AVERROR_INVALIDDATA ? 0 : error;
}

/*
 * A decoder without AV_CODEC_CAP_DR1 keeps pixels where it likes.  Move them
 * to memory of ours, and count it.
 */
static int move_to_pool(struct decoder *dec, AVFrame *frame)
{
	AVFrame *moved = av_frame_alloc();
	int error;

	if (!moved)
		return AVERROR(ENOMEM);
	moved->format = frame->format;
	moved->width = frame->width;
	moved->height = frame->height;
	error = pmmshm_av_pool_get(dec->pool, NULL, moved);
	if (error >= 0)
		error = av_frame_copy(moved, frame);
	if (error >= 0)
		error = av_frame_copy_props(moved, frame);
	if (error >= 0) {
		stats_copied(dec->stats, av_image_get_buffer_size(frame->format, frame->width,
								  frame->height, 1));
		av_frame_unref(frame);
		av_frame_move_ref(frame, moved);
		dec->direct = false;
	}
	av_frame_free(&moved);
	return error;
}

static int64_t frame_time_ns(struct decoder *dec, const AVFrame *frame)
{
	int64_t pts = frame->best_effort_timestamp;
	int64_t ns = dec->next_ns;

	if (pts != AV_NOPTS_VALUE)
		ns = av_rescale_q(pts, dec->stream->time_base, (AVRational){ 1, NS_PER_S });
	dec->next_ns = ns + dec->feed.frame_ns;
	return ns;
}

/* FFmpeg does not know why there was no block. */
static const char *why(const struct decoder *dec, int error)
{
	const char *reason = pmmshm_av_pool_error(dec->pool);
	static char text[AV_ERROR_MAX_STRING_SIZE];

	if (error == AVERROR(ENOMEM) && *reason)
		return reason;
	return av_make_error_string(text, sizeof(text), error);
}

static int decoder_next(struct feed *feed, AVFrame *frame, int64_t *due_ns)
{
	struct decoder *dec = to_decoder(feed);
	int error;

	while ((error = avcodec_receive_frame(dec->codec, frame)) < 0) {
		if (error == AVERROR_EOF)
			return FEED_END;
		if (error == AVERROR(EAGAIN) && !dec->draining)
			error = send_packet(dec);
		if (error < 0 && error != AVERROR_INVALIDDATA)
			return complain("%s: decoding stopped: %s", dec->file, why(dec, error));
	}
	if (!pmmshm_av_pool_owns(dec->pool, frame)) {
		error = move_to_pool(dec, frame);
		if (error < 0)
			return complain("%s: no memory for a frame: %s", dec->file,
					why(dec, error));
	}
	dec->pixel_format = frame->format;
	*due_ns = frame_time_ns(dec, frame);
	return FEED_FRAME;
}

static int decoder_rewind(struct feed *feed)
{
	struct decoder *dec = to_decoder(feed);
	int error = avformat_seek_file(dec->format, -1, INT64_MIN, 0, INT64_MAX, 0);

	/* A bare stream has no times to seek to. */
	if (error < 0)
		error = avformat_seek_file(dec->format, -1, INT64_MIN, 0, INT64_MAX,
					   AVSEEK_FLAG_BYTE);
	if (error < 0)
		return complain("%s: cannot go back to its start: %s; play it without --loop",
				dec->file, av_err2str(error));
	avcodec_flush_buffers(dec->codec);
	dec->draining = false;
	dec->next_ns = 0;
	return 0;
}

static void decoder_report(struct feed *feed, FILE *out)
{
	struct decoder *dec = to_decoder(feed);
	size_t bytes, count = pmmshm_av_pool_usage(dec->pool, &bytes);

	json_string(out, "file", dec->file);
	json_string(out, "codec", dec->codec->codec->name);
	json_number(out, "decoder_threads", dec->codec->thread_count);
	json_bool(out, "decoder_direct", dec->direct);
	json_number(out, "video_width", dec->codec->width);
	json_number(out, "video_height", dec->codec->height);
	json_string(out, "video_format", av_get_pix_fmt_name(dec->pixel_format) ?: "none");
	json_number(out, "decoder_buffers", count);
	json_number(out, "decoder_bytes", bytes);
}

static const struct feed_ops decoder_ops = {
	.stage = "decode",
	.open = decoder_open,
	.next = decoder_next,
	.rewind = decoder_rewind,
	.report = decoder_report,
	.close = decoder_close,
};

/**
 * decoder_init() - make a feed of the video that the options name
 * @dec: filled in
 *
 * Return: the feed
 */
struct feed *decoder_init(struct decoder *dec)
{
	*dec = (struct decoder){ .feed = { .ops = &decoder_ops, .fd = -1 },
				.pixel_format = AV_PIX_FMT_NONE };
	return &dec->feed;
}
