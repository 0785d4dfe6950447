// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module parameter regions=: what it means, and where and why it is refused.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../drivers/misc/pmm_regions.h"

#define MIB	(1ULL << 20)

static struct pmm_region_list list;

static void good(const char *text, unsigned int nr)
{
	memset(&list, 0xa5, sizeof(list));
	ck_assert_msg(!pmm_regions_parse(text, &list), "%s: %u: %s", text,
		      list.position, list.error);
	ck_assert_ptr_null(list.error);
	ck_assert_uint_eq(list.position, 0);
	ck_assert_uint_eq(list.nr, nr);
}

static void region_is(unsigned int i, const char *name, unsigned long long size,
		      unsigned long long start)
{
	ck_assert_str_eq(list.region[i].name, name);
	ck_assert_uint_eq(list.region[i].size, size);
	ck_assert_uint_eq(list.region[i].start, start);
}

START_TEST(one_region)
{
	good("camera:64M@0x30000000", 1);
	region_is(0, "camera", 64 * MIB, 0x30000000);
	good("camera:64M@768M\n", 1);
	region_is(0, "camera", 64 * MIB, 0x30000000);
	good("c:4096@0xFfFfFfFfFfFf0000", 1);
	region_is(0, "c", 4096, 0xffffffffffff0000);
	good("c:1@0", 1);
	region_is(0, "c", 1, 0);
	good("c:1@0x0", 1);
	region_is(0, "c", 1, 0);
}
END_TEST

START_TEST(region_for_migration)
{
	good("far:64M@0x30000000:migrate,near:2M@1G", 2);
	region_is(0, "far", 64 * MIB, 0x30000000);
	ck_assert(list.region[0].migrate);
	region_is(1, "near", 2 * MIB, 1024 * MIB);
	ck_assert(!list.region[1].migrate);
	good("far:64M@768M:migrate\n", 1);
	ck_assert(list.region[0].migrate);
}
END_TEST

START_TEST(several_regions)
{
	/* Side by side, in any order. */
	good("b:16M@0x34000000,a:64M@0x30000000,c:2@805306366", 3);
	region_is(0, "b", 16 * MIB, 0x34000000);
	region_is(1, "a", 64 * MIB, 0x30000000);
	region_is(2, "c", 2, 0x2ffffffe);
}
END_TEST

START_TEST(as_many_as_can_be)
{
	char text[1024];
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < PMM_REGIONS_MAX; i++)
		len += snprintf(text + len, sizeof(text) - len, "%sr%u:2M@%uM",
				i ? "," : "", i, 2 * i + 2);
	good(text, PMM_REGIONS_MAX);
	snprintf(text + len, sizeof(text) - len, ",more:2M@1G");
	ck_assert_int_eq(pmm_regions_parse(text, &list), -EINVAL);
	ck_assert_str_eq(list.error, "there are too many regions");
	ck_assert_uint_eq(list.position, len + 2);
}
END_TEST

/* Each text, and under it the place at which it is wrong. */
static const struct {
	const char *text;
	const char *place;
	const char *error;
} wrong[] = {
	{ "",
	  "^", "a name begins with a letter" },
	{ "64M@0x30000000",
	  "^", "a name begins with a letter" },
	{ "camera",
	  "      ^", "a name is followed by ':' and a size" },
	{ "camera@0x30000000:64M",
	  "      ^", "a name is followed by ':' and a size" },
	{ "camera:0x4000000@0x30000000",
	  "       ^", "the size is zero" },
	{ "camera:64M",
	  "          ^", "a size is followed by '@' and an address" },
	{ "camera:64M$0x30000000",
	  "          ^", "a size is followed by '@' and an address" },
	{ "camera:64M@",
	  "           ^", "a size begins with a digit" },
	{ "camera:64M@0x",
	  "             ^", "after 0x come hexadecimal digits" },
	{ "camera:64M@0xg",
	  "             ^", "after 0x come hexadecimal digits" },
	{ "camera:64M@0x10000000000000000",
	  "           ^", "the address is too large" },
	{ "camera:64M@0x30000000:align=2M",
	  "                      ^", "what may follow ':' is migrate" },
	{ "camera:64M@0x30000000:",
	  "                      ^", "what may follow ':' is migrate" },
	{ "camera:64M@0x30000000:migrate:migrate",
	  "                             ^", "after a region comes ',' or the end" },
	{ "camera:64M@0x30000000:migrated",
	  "                             ^", "after a region comes ',' or the end" },
	{ "camera:64M@0x30000000,",
	  "                      ^", "a name begins with a letter" },
	{ "a:2M@0xffffffffffe00000",
	  "^", "the region goes beyond the last address" },
	{ "a:2M@4M,a:2M@8M",
	  "        ^", "there is a region of that name" },
	{ "a:2M@4M,b:4M@2M",
	  "        ^", "the region overlaps one before it" },
	{ "a:2M@4M,b:1M@5M",
	  "        ^", "the region overlaps one before it" },
	{ "a:2M@4M,b:2M@2M,c:8M@1M",
	  "                ^", "the region overlaps one before it" },
};

START_TEST(refused)
{
	const char *text = wrong[_i].text;

	memset(&list, 0xa5, sizeof(list));
	ck_assert_msg(pmm_regions_parse(text, &list) == -EINVAL, "%s", text);
	ck_assert_str_eq(list.error, wrong[_i].error);
	ck_assert_msg(list.position == strlen(wrong[_i].place),
		      "%s: at %u, not at %zu", text, list.position,
		      strlen(wrong[_i].place));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("regions");
	SRunner *runner = srunner_create(suite);
	TCase *tc = tcase_create("regions");
	int failed;

	tcase_add_test(tc, one_region);
	tcase_add_test(tc, region_for_migration);
	tcase_add_test(tc, several_regions);
	tcase_add_test(tc, as_many_as_can_be);
	tcase_add_loop_test(tc, refused, 0, ARRAY_SIZE(wrong));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
