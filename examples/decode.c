// SPDX-License-Identifier: MIT
// Decode a video into blocks.
// build: cc decode.c $(pkg-config --cflags --libs libpmmshm-av libavformat)
// run: decode $FILM
// prints: [0-9]+ frames of 320x180 in [0-9]+ blocks
#include <stdio.h>
#include <libavformat/avformat.h>
#include <pmmshm-av.h>

int main(int argc, char **argv)
{
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_av_pool *pool = pmmshm_av_pool_create(pmm, NULL);
	AVFormatContext *film = NULL;
	AVPacket *packet = av_packet_alloc();
	AVFrame *frame = av_frame_alloc();
	AVCodecContext *codec;
	const AVCodec *decoder;
	int stream, frames = 0;

	if (!pmm || argc != 2 || avformat_open_input(&film, argv[1], NULL, NULL))
		return 1;
	stream = av_find_best_stream(film, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
	codec = avcodec_alloc_context3(decoder);
	avcodec_parameters_to_context(codec, film->streams[stream]->codecpar);
	pmmshm_av_use_pool(codec, pool);
	avcodec_open2(codec, decoder, NULL);

	while (!av_read_frame(film, packet)) {
		if (packet->stream_index == stream)
			avcodec_send_packet(codec, packet);
		av_packet_unref(packet);
		while (!avcodec_receive_frame(codec, frame))
			frames += !!pmmshm_av_pool_block(pool, frame);
	}
	printf("%d frames of %dx%d in %zu blocks\n", frames, codec->width, codec->height,
	       pmmshm_av_pool_usage(pool, NULL));

	av_frame_free(&frame);
	av_packet_free(&packet);
	avcodec_free_context(&codec);
	avformat_close_input(&film);
	pmmshm_av_pool_free(pool);
	pmmshm_close(pmm);
	return 0;
}
