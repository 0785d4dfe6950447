// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module parameter pools=: what it means, and where and why it is refused.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../drivers/misc/pmm_alloc.h"
#include "../../drivers/misc/pmm_parse.h"
#include "../../drivers/misc/pmm_pools.h"

#define MIB	(1ULL << 20)

/* All that the parser wants of the allocators is whether there is one. */
const struct pmm_alloc_ops *pmm_alloc_find(const char *name)
{
	static const struct pmm_alloc_ops ops;

	return !strcmp(name, "bestfit") || !strcmp(name, "tlsf") ? &ops : NULL;
}

static struct pmm_pools pools;

static void good(const char *text, unsigned int nr)
{
	memset(&pools, 0xa5, sizeof(pools));
	ck_assert_msg(!pmm_pools_parse(text, &pools), "%s: %u: %s", text,
		      pools.position, pools.error);
	ck_assert_ptr_null(pools.error);
	ck_assert_uint_eq(pools.position, 0);
	ck_assert_uint_eq(pools.nr, nr);
}

static void pool_is(unsigned int i, const char *name, unsigned long long size)
{
	ck_assert_str_eq(pools.pool[i].name, name);
	ck_assert_uint_eq(pools.pool[i].size, size);
}

static void options_are(unsigned int i, unsigned long long align,
			unsigned long long below, const char *allocator)
{
	ck_assert_uint_eq(pools.pool[i].align, align);
	ck_assert_uint_eq(pools.pool[i].below, below);
	ck_assert_str_eq(pools.pool[i].allocator, allocator);
}

START_TEST(one_pool)
{
	good("general:192M", 1);
	pool_is(0, "general", 192 * MIB);
	options_are(0, 0, 0, "");
	/* As sysfs and echo write it. */
	good("general:192M\n", 1);
	pool_is(0, "general", 192 * MIB);
}
END_TEST

START_TEST(several_pools_with_options)
{
	good("general:192M,video:64M:align=2M:allocator=tlsf,isa:1M:below=16M", 3);
	pool_is(0, "general", 192 * MIB);
	pool_is(1, "video", 64 * MIB);
	options_are(1, 2 * MIB, 0, "tlsf");
	pool_is(2, "isa", MIB);
	options_are(2, 0, 16 * MIB, "");
	/* In any order. */
	good("a:1M:allocator=bestfit:below=4G:align=4096", 1);
	options_are(0, 4096, 4096 * MIB, "bestfit");
}
END_TEST

START_TEST(sizes)
{
	static const struct {
		const char *text;
		unsigned long long size;
	} sizes[] = {
		{ "p:1", 1 },
		{ "p:4096", 4096 },
		{ "p:007", 7 },
		{ "p:3k", 3072 },
		{ "p:3K", 3072 },
		{ "p:5m", 5 * MIB },
		{ "p:2g", 2048 * MIB },
		{ "p:2G", 2048 * MIB },
		{ "p:17179869183G", 17179869183ULL << 30 },
		{ "p:1844674407370955160", 1844674407370955160ULL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		good(sizes[i].text, 1);
		pool_is(0, "p", sizes[i].size);
	}
}
END_TEST

START_TEST(names)
{
	good("A-b_c.9:1M", 1);
	pool_is(0, "A-b_c.9", MIB);
	/* As long as can be. */
	good("abcdefghijklmnopqrstuvwxyzABCDE:1M", 1);
	pool_is(0, "abcdefghijklmnopqrstuvwxyzABCDE", MIB);
}
END_TEST

START_TEST(names_of_types)
{
	ck_assert(pmm_type_name_valid("general"));
	ck_assert(pmm_type_name_valid("a"));
	ck_assert(pmm_type_name_valid("abcdefghijklmnopqrstuvwxyzABCDE"));
	ck_assert(!pmm_type_name_valid("abcdefghijklmnopqrstuvwxyzABCDEF"));
	ck_assert(pmm_type_name_valid("pci-0000:00:04.0-bar2"));
	ck_assert(!pmm_type_name_valid(":a"));
	ck_assert(!pmm_type_name_valid(""));
	ck_assert(!pmm_type_name_valid("9a"));
	ck_assert(!pmm_type_name_valid("-a"));
	ck_assert(!pmm_type_name_valid("a b"));
	ck_assert(!pmm_type_name_valid("a\n"));
	ck_assert(!pmm_type_name_valid("\xc3\xa4"));
}
END_TEST

START_TEST(as_many_as_can_be)
{
	char text[1024];
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < PMM_POOLS_MAX; i++)
		len += snprintf(text + len, sizeof(text) - len, "%sp%u:%uM",
				i ? "," : "", i, i + 1);
	good(text, PMM_POOLS_MAX);
	for (i = 0; i < PMM_POOLS_MAX; i++)
		ck_assert_uint_eq(pools.pool[i].size, (i + 1) * MIB);

	snprintf(text + len, sizeof(text) - len, ",more:1M");
	ck_assert_int_eq(pmm_pools_parse(text, &pools), -EINVAL);
	ck_assert_str_eq(pools.error, "there are too many pools");
	ck_assert_uint_eq(pools.position, len + 2);
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
	{ "9p:1M",
	  "^", "a name begins with a letter" },
	{ " p:1M",
	  "^", "a name begins with a letter" },
	{ "p:1M,",
	  "     ^", "a name begins with a letter" },
	{ "p:1M,,q:1M",
	  "     ^", "a name begins with a letter" },
	{ "abcdefghijklmnopqrstuvwxyzABCDEF:1M",
	  "                               ^", "the name is too long" },
	{ "p",
	  " ^", "a name is followed by ':' and a size" },
	{ "p=1M",
	  " ^", "a name is followed by ':' and a size" },
	{ "p q:1M",
	  " ^", "a name is followed by ':' and a size" },
	{ "p:",
	  "  ^", "a size begins with a digit" },
	{ "p:-1M",
	  "  ^", "a size begins with a digit" },
	{ "p:M",
	  "  ^", "a size begins with a digit" },
	{ "p:0",
	  "  ^", "the size is zero" },
	{ "p:000G",
	  "  ^", "the size is zero" },
	{ "p:17179869184G",
	  "  ^", "the size is too large" },
	{ "p:99999999999999999999",
	  "  ^", "the size is too large" },
	{ "p:1T",
	  "   ^", "after a value comes ':', ',' or the end" },
	{ "p:1MB",
	  "    ^", "after a value comes ':', ',' or the end" },
	{ "p:0x10",
	  "  ^", "the size is zero" },
	{ "p:1M\nq:1M",
	  "     ^", "after a value comes ':', ',' or the end" },
	{ "p:1M:",
	  "     ^", "an option is align=, below= or allocator=" },
	{ "p:1M:size=2M",
	  "     ^", "an option is align=, below= or allocator=" },
	{ "p:1M:align",
	  "     ^", "an option is align=, below= or allocator=" },
	{ "p:1M:align=",
	  "           ^", "a size begins with a digit" },
	{ "p:1M:align=3M",
	  "           ^", "an alignment is a power of two" },
	{ "p:1M:align=2G",
	  "           ^", "an alignment is at most 1G" },
	{ "p:1M:align=2M:align=2M",
	  "              ^", "align= is given twice" },
	{ "p:1M:below=0",
	  "           ^", "the size is zero" },
	{ "p:1M:below=4G:align=2M:below=4G",
	  "                       ^", "below= is given twice" },
	{ "p:1M:allocator=",
	  "               ^", "a name begins with a letter" },
	{ "p:1M:allocator=firstfit",
	  "               ^", "there is no such allocator" },
	{ "p:1M:allocator=tlsf:allocator=tlsf",
	  "                    ^", "allocator= is given twice" },
	{ "p:1M,q:1M,p:2M",
	  "          ^", "there is a pool of that name" },
};

START_TEST(refused)
{
	const char *text = wrong[_i].text;

	memset(&pools, 0xa5, sizeof(pools));
	ck_assert_msg(pmm_pools_parse(text, &pools) == -EINVAL, "%s", text);
	ck_assert_str_eq(pools.error, wrong[_i].error);
	ck_assert_msg(pools.position == strlen(wrong[_i].place),
		      "%s: at %u, not at %zu", text, pools.position,
		      strlen(wrong[_i].place));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pools");
	SRunner *runner = srunner_create(suite);
	TCase *tc = tcase_create("pools");
	int failed;

	tcase_add_test(tc, one_pool);
	tcase_add_test(tc, several_pools_with_options);
	tcase_add_test(tc, sizes);
	tcase_add_test(tc, names);
	tcase_add_test(tc, names_of_types);
	tcase_add_test(tc, as_many_as_can_be);
	tcase_add_loop_test(tc, refused, 0, ARRAY_SIZE(wrong));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
