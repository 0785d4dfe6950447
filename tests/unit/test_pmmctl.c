// SPDX-License-Identifier: GPL-2.0-only
/*
 * What pmmctl makes of lines of debugfs and /proc, and how it draws a pool.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "map.h"
#include "pmmctl.h"
#include "proc.h"
#include "stats.h"
#include "utf8.h"

#define MIB	(1ULL << 20)

/* Standard output of what comes after this goes to a file. */
static FILE *capture(void)
{
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	fflush(stdout);
	ck_assert_int_eq(dup2(fileno(file), STDOUT_FILENO), STDOUT_FILENO);
	return file;
}

/* All that was written since then */
static char *captured(FILE *file)
{
	static char text[8192];
	ssize_t n;

	fflush(stdout);
	n = pread(fileno(file), text, sizeof(text) - 1, 0);
	ck_assert_int_ge(n, 0);
	text[n] = 0;
	fclose(file);
	return text;
}

static FILE *file_of(const char *text)
{
	FILE *file = fmemopen((char *)text, strlen(text), "r");

	ck_assert_ptr_nonnull(file);
	return file;
}

/* ---- debugfs ---- */

START_TEST(test_blocks_line)
{
	struct block block;

	ck_assert(block_parse("7 3145728 general 1000 sysv:5,aliases:2 3 home 1 8192\n",
			      &block));
	ck_assert_uint_eq(block.id, 7);
	ck_assert_uint_eq(block.size, 3145728);
	ck_assert_str_eq(block.type, "general");
	ck_assert_uint_eq(block.uid, 1000);
	ck_assert(block.has_home);
	ck_assert_uint_eq(block.home_ino, 5);
	ck_assert_uint_eq(block.aliases, 2);
	ck_assert_uint_eq(block.holders, 3);
	ck_assert_str_eq(block.state, "home");
	ck_assert_uint_eq(block.uses, 1);
	ck_assert_uint_eq(block.offset, 8192);
	ck_assert_uint_eq(block.nr_names, 0);
}
END_TEST

START_TEST(test_blocks_line_without)
{
	struct block block;

	ck_assert(block_parse("7 4096 general 0 - 1 gone 0 -\n", &block));
	ck_assert(!block.has_home);
	ck_assert_uint_eq(block.offset, BLOCK_NOWHERE);
	/* As modules before 0.1.1 print it */
	ck_assert(block_parse("7 4096 general 0 private:9 1 home\n", &block));
	ck_assert_uint_eq(block.home_ino, 9);
	ck_assert_uint_eq(block.offset, BLOCK_NOWHERE);
	ck_assert(!block_parse("id size type uid names holders state uses offset\n",
			       &block));
	ck_assert(!block_parse("\n", &block));
}
END_TEST

START_TEST(test_stats)
{
	const char *text =
		"name allocator failed_exhausted allocs failed_quota new\n"
		"general bestfit 2 17 5 1\n"
		"bank bestfit 0 4\n";
	FILE *file = file_of(text);
	struct stats stats;

	stats_parse(&stats, file);
	fclose(file);
	ck_assert_uint_eq(stats.nr, 2);
	ck_assert_uint_eq(stats_find(&stats, "general")->allocs, 17);
	ck_assert_uint_eq(stats_find(&stats, "general")->failed, 7);
	ck_assert_str_eq(stats_find(&stats, "general")->why, "quota");
	ck_assert_uint_eq(stats_find(&stats, "bank")->allocs, 4);
	ck_assert_uint_eq(stats_find(&stats, "bank")->failed, 0);
	ck_assert_ptr_null(stats_find(&stats, "ban"));
	stats_free(&stats);
}
END_TEST

/* ---- /proc ---- */

START_TEST(test_maps_line)
{
	struct mapping m;

	ck_assert(mapping_parse("7f1200000000-7f1200300000 rw-s 00001000 00:01 32769      /SYSV00000000 (deleted)\n",
				&m));
	ck_assert_uint_eq(m.start, 0x7f1200000000);
	ck_assert_uint_eq(m.end, 0x7f1200300000);
	ck_assert(m.write && m.shared);
	ck_assert_str_eq(m.dev, "00:01");
	ck_assert_uint_eq(m.ino, 32769);
	ck_assert_str_eq(m.path, "/SYSV00000000 (deleted)");
	ck_assert(mapping_parse("7f1200000000-7f1200300000 r--p 00000000 00:00 0\n", &m));
	ck_assert(!m.write && !m.shared);
	ck_assert_str_eq(m.path, "");
	ck_assert(!mapping_parse("7f1200000000 r--p\n", &m));
}
END_TEST

START_TEST(test_fdinfo)
{
	FILE *file = file_of("pos:\t0\nflags:\t02000002\nino:\t12\npmm-block:\t41\n"
			     "pmm-size:\t4096\npmm-type:\tgeneral\n"
			     "pmm-access:\tread-write\n");
	uint64_t id;
	bool write;

	ck_assert(fdinfo_parse(file, &id, &write));
	fclose(file);
	ck_assert_uint_eq(id, 41);
	ck_assert(write);
	file = file_of("pmm-block:\t42\npmm-access:\tread-only\n");
	ck_assert(fdinfo_parse(file, &id, &write));
	fclose(file);
	ck_assert_uint_eq(id, 42);
	ck_assert(!write);
	file = file_of("pos:\t0\nflags:\t02\n");
	ck_assert(!fdinfo_parse(file, &id, &write));
	fclose(file);
}
END_TEST

static const char bufinfo[] =
	"\nDma-buf Objects:\n"
	"size    \tflags   \tmode    \tcount   \texp_name\tino     \tname\n"
	"00008192\t00000002\t00080007\t00000002\tdrm\t00000004\t<none>\n"
	"\tAttached Devices:\n\t0000:00:02.0\nTotal 1 devices attached\n\n"
	"03145728\t00000002\t00080007\t00000003\tpmm\t00000012\t<none>\n"
	"\tkernel fence: drm seq 1 signalled\n"
	"\tAttached Devices:\n\tvivid.0\n\t0000:00:05.0\nTotal 2 devices attached\n\n"
	"00004096\t00000002\t00080007\t00000001\tpmm\t00000013\tname\n"
	"\tAttached Devices:\nTotal 0 devices attached\n\n"
	"\nTotal 3 objects, 3158016 bytes\n";

START_TEST(test_bufinfo)
{
	FILE *file = file_of(bufinfo);
	char **devices = bufinfo_parse(file, 12);

	fclose(file);
	ck_assert_ptr_nonnull(devices);
	ck_assert_str_eq(devices[0], "vivid.0");
	ck_assert_str_eq(devices[1], "0000:00:05.0");
	ck_assert_ptr_null(devices[2]);
	list_free(devices);
	file = file_of(bufinfo);
	ck_assert_ptr_null(bufinfo_parse(file, 13));
	fclose(file);
}
END_TEST

/* ---- pictures ---- */

/* 64 MiB: root has 16 at 0, a user 1 at 16, 16 at 32 are in quarantine. */
static struct block pool[] = {
	{ .id = 9, .offset = 32 * MIB, .size = 16 * MIB, .type = "general",
	  .state = "quarantine", .uid = 4711 },
	{ .id = 3, .offset = 0, .size = 16 * MIB, .type = "general", .state = "home" },
	{ .id = 4, .offset = 16 * MIB, .size = MIB, .type = "general",
	  .state = "plain", .uid = 4711 },
	/* Not in the picture */
	{ .id = 5, .offset = 8 * MIB, .size = MIB, .type = "general", .state = "home" },
	{ .id = 6, .offset = 20 * MIB, .size = MIB, .type = "bank", .state = "home" },
	{ .id = 7, .offset = 63 * MIB, .size = 2 * MIB, .type = "general", .state = "home" },
	{ .id = 8, .offset = BLOCK_NOWHERE, .size = MIB, .type = "general", .state = "gone" },
};

static struct map picture(bool by_owner)
{
	const struct blocks blocks = { .block = pool, .nr = ARRAY_SIZE(pool) };
	struct map map;

	map_init(&map, "general", 64 * MIB, &blocks, by_owner);
	return map;
}

START_TEST(test_map_pieces)
{
	static const struct {
		uint64_t offset, size, id;
	} want[] = {
		{ 0, 16 * MIB, 3 }, { 16 * MIB, MIB, 4 }, { 17 * MIB, 15 * MIB, 0 },
		{ 32 * MIB, 16 * MIB, 9 }, { 48 * MIB, 16 * MIB, 0 },
	};
	struct map map = picture(true);
	size_t i;

	ck_assert_uint_eq(map.nr_pieces, ARRAY_SIZE(want));
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		const struct piece *piece = &map.pieces[i];

		ck_assert_uint_eq(piece->offset, want[i].offset);
		ck_assert_uint_eq(piece->size, want[i].size);
		ck_assert_uint_eq(piece->block ? piece->block->id : 0, want[i].id);
		ck_assert_int_eq(piece->paint == MAP_FREE, !want[i].id);
	}
	ck_assert_uint_eq(map.paints[MAP_FREE].bytes, 31 * MIB);
	map_destroy(&map);
}
END_TEST

START_TEST(test_map_empty)
{
	const struct bar bar = { .columns = 80, .lines = 1 };
	const struct blocks none = { 0 };
	FILE *file = capture();
	struct map map;

	/* Nothing at all, and less than there are letters */
	map_init(&map, "general", 0, &none, true);
	map_print(&map, &bar);
	map_destroy(&map);
	map_init(&map, "general", 3 * 4096UL, &none, true);
	map_print(&map, &bar);
	map_destroy(&map);
	ck_assert_str_eq(captured(file),
			 ".  free: 0 bytes\n"
			 "   0 bytes |...|\n"
			 ".  free: 12 KiB\n");
}
END_TEST

START_TEST(test_map_by_owner)
{
	const struct bar bar = { .columns = 13 + 8, .lines = 2 };
	struct map map = picture(true);
	FILE *file = capture();

	map_print(&map, &bar);
	ck_assert_str_eq(captured(file),
			 "   0 bytes |RRRRa...|\n"
			 "    32 MiB |QQQQ....|\n"
			 ".  free: 31 MiB\n"
			 "R  root: 16 MiB in 1 block\n"
			 "A  4711: 1 MiB in 1 block\n"
			 "Q  quarantine: 16 MiB in 1 block\n");
	map_destroy(&map);
}
END_TEST

START_TEST(test_map_by_state)
{
	const struct bar bar = { .columns = 13 + 16, .lines = 1, .color = true };
	struct map map = picture(false);
	FILE *file = capture();
	const char *text;

	map_print(&map, &bar);
	text = captured(file);
	ck_assert_ptr_nonnull(strstr(text, "\033[34;1mH\033[0m  home: 16 MiB in 1 block\n"));
	ck_assert_ptr_nonnull(strstr(text, "\033[32;1mp\033[0m..."));
	ck_assert_ptr_nonnull(strstr(text, "\033[31;1mQ\033[0m  quarantine: 16 MiB"));
	map_destroy(&map);
}
END_TEST

/* More of them than letters */
START_TEST(test_map_many)
{
	struct block block[40] = { 0 };
	const struct blocks blocks = { .block = block, .nr = ARRAY_SIZE(block) };
	struct map map;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = (struct block){
			.type = "general", .state = "home", .offset = i * MIB,
			.size = MIB, .uid = (uint32_t)(50000 + i),
		};
	map_init(&map, "general", 64 * MIB, &blocks, true);
	ck_assert_uint_eq(map.nr_paints, 41);
	for (i = 0; i < map.nr_paints; i++)
		for (j = 0; j < i; j++)
			ck_assert(map.paints[i].letter != map.paints[j].letter ||
				  map.paints[i].letter == '?');
	map_destroy(&map);
}
END_TEST

/* Names that would be orders for the terminal, or are no text */
static const struct {
	const char *name;
	const char *shown;
	const char *json;
} names[] = {
	{ "/frames", "/frames", "/frames" },
	{ "/a\nb\033[31m\177", "/a?b?[31m?", "/a\\u000ab\\u001b[31m\\u007f" },
	{ "/c1 \302\2331m", "/c1 ??1m", "/c1 \\u009b1m" },
	{ "/\302\237\302\240", "/??\302\240", "/\\u009f\302\240" },
	{ "/Z\303\274 \342\202\254", "/Z\303\274 \342\202\254", "/Z\303\274 \342\202\254" },
	{ "/\360\237\216\245", "/\360\237\216\245", "/\360\237\216\245" },
	{ "/\23331m\377", "/?31m?", "/\\ufffd31m\\ufffd" },
	{ "/\300\257", "/??", "/\\ufffd\\ufffd" },
	{ "/\355\240\200", "/???", "/\\ufffd\\ufffd\\ufffd" },
	{ "/\364\220\200\200", "/????", "/\\ufffd\\ufffd\\ufffd\\ufffd" },
	{ "/\342\202", "/??", "/\\ufffd\\ufffd" },
};

START_TEST(test_printable)
{
	char text[64];

	snprintf(text, sizeof(text), "%s", names[_i].name);
	pmmshm_utf8_printable(text);
	ck_assert_str_eq(text, names[_i].shown);
}
END_TEST

START_TEST(test_json_text)
{
	FILE *file = capture();
	char text[80];

	json_begin(NULL, '{');
	json_text("name", names[_i].name);
	json_end('}');
	snprintf(text, sizeof(text), "\"name\": \"%s\"\n}", names[_i].json);
	ck_assert_ptr_nonnull(strstr(captured(file), text));
}
END_TEST

START_TEST(test_map_json)
{
	struct map map = picture(true);
	FILE *file = capture();
	const char *text;

	map_print_json(&map);
	text = captured(file);
	ck_assert_ptr_nonnull(strstr(text, "{\n      \"offset\": 33554432,\n"
		"      \"size\": 16777216,\n      \"state\": \"quarantine\",\n"
		"      \"id\": 9,\n      \"uid\": 4711,\n      \"user\": \"4711\"\n    }"));
	ck_assert_ptr_nonnull(strstr(text, "\"state\": \"free\"\n    }\n  ]\n}\n"));
	map_destroy(&map);
}
END_TEST

/* What a file begins with; it is removed. */
static char *file_text(const char *path)
{
	static char text[1 << 16];
	FILE *file = fopen(path, "re");

	ck_assert_ptr_nonnull(file);
	memset(text, 0, sizeof(text));
	ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, file), 0);
	fclose(file);
	unlink(path);
	return text;
}

static size_t count_of(const char *text, const char *what)
{
	size_t nr = 0;

	for (; (text = strstr(text, what)); text++)
		nr++;
	return nr;
}

START_TEST(test_draw_svg)
{
	char path[] = "/tmp/test_pmmctl_XXXXXX";
	struct map map = picture(true);
	const char *text;

	close(mkstemp(path));
	map_draw(&map, path, false);
	text = file_text(path);
	ck_assert_ptr_eq(strstr(text, "<?xml"), text);
	/* Each of the two rows of root's 16 MiB, and the legend's; as cairo writes it */
	ck_assert_uint_eq(count_of(text, "rgb(0%,45%,70%)") +
			  count_of(text, "rgb(0%, 45%, 70%)"), 3);
	map_destroy(&map);
}
END_TEST

START_TEST(test_draw_png)
{
	char path[] = "/tmp/test_pmmctl_XXXXXX";
	struct map map = picture(true);
	const char *text;

	close(mkstemp(path));
	map_draw(&map, path, true);
	text = file_text(path);
	ck_assert_mem_eq(text, "\x89PNG\r\n\x1a\n", 8);
	/* 960 pixels wide */
	ck_assert_mem_eq(text + 16, "\0\0\x03\xc0", 4);
	map_destroy(&map);
}
END_TEST

START_TEST(test_draw_nowhere)
{
	struct map map = picture(true);

	map_draw(&map, _i ? "/nonesuch/map" : "/dev/full", _i);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("pmmctl");
	TCase *lines = tcase_create("lines");
	TCase *pictures = tcase_create("pictures");

	tcase_add_test(lines, test_blocks_line);
	tcase_add_test(lines, test_blocks_line_without);
	tcase_add_test(lines, test_stats);
	tcase_add_test(lines, test_maps_line);
	tcase_add_test(lines, test_fdinfo);
	tcase_add_test(lines, test_bufinfo);
	tcase_add_loop_test(lines, test_printable, 0, ARRAY_SIZE(names));
	tcase_add_loop_test(lines, test_json_text, 0, ARRAY_SIZE(names));
	suite_add_tcase(s, lines);

	tcase_add_test(pictures, test_map_pieces);
	tcase_add_test(pictures, test_map_empty);
	tcase_add_test(pictures, test_map_by_owner);
	tcase_add_test(pictures, test_map_by_state);
	tcase_add_test(pictures, test_map_many);
	tcase_add_test(pictures, test_map_json);
	tcase_add_test(pictures, test_draw_svg);
	tcase_add_test(pictures, test_draw_png);
	tcase_add_loop_exit_test(pictures, test_draw_nowhere, EXIT_FAILED, 0, 2);
	tcase_set_timeout(pictures, 60);
	suite_add_tcase(s, pictures);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
