// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libavutil/pixdesc.h>

#include <pmmshm.h>

#include "json.h"
#include "message.h"
#include "player.h"

static const char *const stage_names[STAGE_COUNT] = {
	[STAGE_SCALE] = "scale",
	[STAGE_SHOW] = "show",
	[STAGE_WAIT] = "wait",
};

/* The process that listens for the server; unknown over a network. */
static pid_t server_pid(const struct display *display)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(ConnectionNumber(display->x), SOL_SOCKET, SO_PEERCRED, &peer, &length))
		return 0;
	return peer.pid;
}

static void write_display(FILE *out, const struct player *player)
{
	const struct display *display = &player->display;
	const struct image *image = player->on_screen;

	json_string(out, "display", display_name(display));
	json_number(out, "server_pid", server_pid(display));
	json_number(out, "pid", getpid());
	json_number(out, "window", display->window);
	json_number(out, "window_width", display->width);
	json_number(out, "window_height", display->height);
	json_string(out, "image_format", av_get_pix_fmt_name(display->format));
	json_number(out, "image_width", image ? image->width : 0);
	json_number(out, "image_height", image ? image->height : 0);
	json_number(out, "image_stride", image ? image->x->bytes_per_line : 0);
	json_number(out, "image_x", player->x);
	json_number(out, "image_y", player->y);
}

static void write_stats(FILE *out, const struct player *player)
{
	const struct stats *stats = &player->stats;
	int i;

	json_number(out, "frames", stats->shown);
	json_number(out, "frames_decoded", stats->decoded);
	json_number(out, "frames_dropped", stats->dropped);
	json_number(out, "last_frame", player->shown_index);
	json_bool(out, "held", player->held);
	fprintf(out, "  \"frames_per_second\": %.2f,\n", stats_frames_per_second(stats));
	json_number(out, "client_copied_bytes", stats->copied_bytes);
	fprintf(out, "  \"client_copied_bytes_per_frame\": %.0f,\n",
		stats_copied_per_frame(stats));
	fputs("  \"stage_ms_per_frame\": {", out);
	for (i = 0; i < STAGE_COUNT; i++)
		fprintf(out, "%s\"%s\": %.3f", i ? ", " : " ",
			stage_names[i] ?: player->feed->ops->stage,
			stats_stage_ms(stats, i));
	fputs(" },\n", out);
}

static void write_image(FILE *out, const struct player *player, const struct image *image)
{
	const struct memory *memory = image->memory;
	struct pmmshm_block_info info = { 0 };

	if (memory->block)
		pmmshm_block_get_info(memory->block, &info);
	fprintf(out, "    { \"on_screen\": %s, \"shmid\": %d, \"block\": %" PRIu64
		", \"type\": \"%s\", \"address\": \"%p\", \"bytes\": %zu, \"image_bytes\": %zu, \"huge_bytes\": %"
		PRIu64 ", \"shown\": %lu }",
		image == player->on_screen ? "true" : "false", memory->shmid, info.id, info.type,
		memory->data, memory->size, (size_t)image->x->bytes_per_line * image->height,
		info.huge, image->puts);
}

static void write_images(FILE *out, const struct player *player)
{
	const struct image *image;
	const char *comma = "";

	fputs("  \"images\": [\n", out);
	for (image = player->display.images; image; image = image->next) {
		if (image->retired)
			continue;
		fputs(comma, out);
		write_image(out, player, image);
		comma = ",\n";
	}
	fputs("\n  ]\n", out);
}

static void write_all(FILE *out, struct player *player)
{
	const struct way *way = player->opts->way;

	fputs("{\n", out);
	json_string(out, "mode", way_is_shared(way) ? "pmm" : "copy");
	json_string(out, "way", way->name);
	json_string(out, "backend", memory_source_backend(&player->source));
	player->feed->ops->report(player->feed, out);
	write_display(out, player);
	write_stats(out, player);
	write_images(out, player);
	fputs("}\n", out);
}

/**
 * report_write() - write the figures where the user wants them, if anywhere
 * @player: player
 *
 * The file appears at once, complete.
 *
 * Return: 0, or -1 after a message.
 */
int report_write(struct player *player)
{
	const char *file = player->opts->json;
	char *temporary;
	FILE *out;
	int error;

	if (!file)
		return 0;
	if (asprintf(&temporary, "%s.part", file) < 0)
		return complain("no memory for the name of a file");
	out = fopen(temporary, "we");
	if (out) {
		write_all(out, player);
		error = ferror(out);
		error |= fclose(out);
		if (!error)
			error = rename(temporary, file);
	}
	if (!out || error) {
		complain("%s: %s; give --json a file that can be written", file, strerror(errno));
		unlink(temporary);
	}
	free(temporary);
	return out && !error ? 0 : -1;
}
