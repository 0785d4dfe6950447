// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser of pools=, read by libFuzzer.
 *
 * What it takes has the form that a regular expression says, too, keeps within
 * its limits, and when written down again means the same.  What it refuses is
 * refused with a reason, at a character of the text.
 */
#include <regex.h>
#include <string.h>

#include "../../drivers/misc/pmm_alloc.h"
#include "../../drivers/misc/pmm_parse.h"
#include "../../drivers/misc/pmm_pools.h"
#include "fuzz.h"

#define NAME	"[A-Za-z][-A-Za-z0-9_.]*"
#define SIZE	"[0-9]+[KkMmGg]?"
#define OPTION	":(align=" SIZE "|below=" SIZE "|allocator=" NAME ")"
#define POOL	NAME ":" SIZE "(" OPTION ")*"

/* Each pool: two names, three numbers and what is between. */
#define TEXT_MAX	(PMM_POOLS_MAX * (2 * PMM_POOL_NAME_LEN + 100) + 1)

static void expect_form(const char *text)
{
	static regex_t form;
	static bool compiled;

	if (!compiled)
		fuzz_assert(!regcomp(&form, "^" POOL "(," POOL ")*\n?$",
				     REG_EXTENDED | REG_NOSUB), "regcomp");
	compiled = true;
	fuzz_assert(!regexec(&form, text, 0, NULL, 0), "taken");
}

static void expect_name(const char *name)
{
	fuzz_assert(memchr(name, 0, PMM_POOL_NAME_LEN), "endless name");
	fuzz_assert(pmm_type_name_valid(name) && !strchr(name, ':'), "%s", name);
}

static void expect_pool(const struct pmm_pools *pools, unsigned int i)
{
	const struct pmm_pool_spec *pool = &pools->pool[i];
	unsigned int k;

	expect_name(pool->name);
	for (k = 0; k < i; k++)
		fuzz_assert(strcmp(pool->name, pools->pool[k].name) != 0,
			    "twice: %s", pool->name);
	fuzz_assert(pool->size, "no size");
	fuzz_assert(!(pool->align & (pool->align - 1)), "%llu", pool->align);
	fuzz_assert(pool->align <= PMM_POOL_MAX_ALIGN, "%llu", pool->align);
	if (!pool->allocator[0])
		return;
	expect_name(pool->allocator);
	fuzz_assert(pmm_alloc_find(pool->allocator), "%s", pool->allocator);
}

static size_t print_pool(char *text, const struct pmm_pool_spec *pool)
{
	size_t n;

	n = sprintf(text, "%s:%llu", pool->name, pool->size);
	if (pool->align)
		n += sprintf(text + n, ":align=%llu", pool->align);
	if (pool->below)
		n += sprintf(text + n, ":below=%llu", pool->below);
	if (pool->allocator[0])
		n += sprintf(text + n, ":allocator=%s", pool->allocator);
	return n;
}

/* A number may say the same in more digits than it can be read with. */
static bool is_readable(const struct pmm_pools *pools)
{
	unsigned int i;

	for (i = 0; i < pools->nr; i++) {
		if (pools->pool[i].size >= ULLONG_MAX / 10 * 10 ||
		    pools->pool[i].below >= ULLONG_MAX / 10 * 10)
			return false;
	}
	return true;
}

static void expect_same_again(const struct pmm_pools *pools)
{
	struct pmm_pools again;
	char text[TEXT_MAX];
	unsigned int i;
	size_t n = 0;

	if (!is_readable(pools))
		return;
	for (i = 0; i < pools->nr; i++) {
		if (i)
			text[n++] = ',';
		n += print_pool(text + n, &pools->pool[i]);
	}
	fuzz_assert(!pmm_pools_parse(text, &again), "%s: %s", text, again.error);
	fuzz_assert(again.nr == pools->nr, "%u pools", again.nr);
	for (i = 0; i < pools->nr; i++) {
		const struct pmm_pool_spec *a = &again.pool[i];
		const struct pmm_pool_spec *b = &pools->pool[i];

		fuzz_assert(!strcmp(a->name, b->name) &&
			    !strcmp(a->allocator, b->allocator) &&
			    a->size == b->size && a->align == b->align &&
			    a->below == b->below, "%s", text);
	}
}

static void expect_taken(const char *text, const struct pmm_pools *pools)
{
	unsigned int i;

	fuzz_assert(!pools->error && !pools->position, "an error, too");
	fuzz_assert(pools->nr && pools->nr <= PMM_POOLS_MAX, "%u", pools->nr);
	expect_form(text);
	for (i = 0; i < pools->nr; i++)
		expect_pool(pools, i);
	expect_same_again(pools);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pmm_pools pools;
	char *text = malloc(size + 1);
	int err;

	fuzz_assert(text, "no memory");
	memcpy(text, data, size);
	text[size] = '\0';
	memset(&pools, 0xa5, sizeof(pools));
	err = pmm_pools_parse(text, &pools);
	if (!err) {
		expect_taken(text, &pools);
	} else {
		fuzz_assert(err == -EINVAL, "%d", err);
		fuzz_assert(pools.error && *pools.error, "no reason");
		fuzz_assert(pools.position >= 1 &&
			    pools.position <= strlen(text) + 1,
			    "at %u", pools.position);
	}
	free(text);
	return 0;
}
