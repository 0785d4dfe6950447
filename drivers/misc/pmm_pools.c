// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the module parameter pools=; pmm_pools.h says what it looks like.
 *
 * There is one pass over the text and no copy of it.  Whatever is refused is
 * refused at the character that makes it wrong.
 */
#include "pmm_alloc.h"
#include "pmm_pools.h"

/* Where the parser is. */
struct pmm_parser {
	struct pmm_pools *pools;
	const char *text;
	const char *at;
};

static int pmm_refuse(struct pmm_parser *p, const char *at, const char *error)
{
	p->pools->error = error;
	p->pools->position = at - p->text + 1;
	return -EINVAL;
}

static bool pmm_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool pmm_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool pmm_is_name(char c)
{
	return pmm_is_letter(c) || pmm_is_digit(c) || c == '-' || c == '_' ||
	       c == '.';
}

/**
 * pmm_pool_name_valid() - may a pool, or a type, have this name?
 * @name: what it is to be called
 *
 * Return: true if it may.
 */
bool pmm_pool_name_valid(const char *name)
{
	size_t len = 0;

	if (!pmm_is_letter(*name))
		return false;
	while (pmm_is_name(name[len]))
		len++;
	return !name[len] && len < PMM_POOL_NAME_LEN;
}

static int pmm_parse_name(struct pmm_parser *p, char *name)
{
	unsigned int len = 0;

	if (!pmm_is_letter(*p->at))
		return pmm_refuse(p, p->at, "a name begins with a letter");
	while (pmm_is_name(*p->at)) {
		if (len == PMM_POOL_NAME_LEN - 1)
			return pmm_refuse(p, p->at, "the name is too long");
		name[len++] = *p->at++;
	}
	name[len] = '\0';
	return 0;
}

static unsigned int pmm_size_shift(char unit)
{
	switch (unit) {
	case 'K':
	case 'k':
		return 10;
	case 'M':
	case 'm':
		return 20;
	case 'G':
	case 'g':
		return 30;
	default:
		return 0;
	}
}

static int pmm_parse_size(struct pmm_parser *p, unsigned long long *size)
{
	const char *start = p->at;
	unsigned long long n = 0;
	unsigned int shift;

	if (!pmm_is_digit(*p->at))
		return pmm_refuse(p, p->at, "a size begins with a digit");
	for (; pmm_is_digit(*p->at); p->at++) {
		if (n > (ULLONG_MAX - 9) / 10)
			return pmm_refuse(p, start, "the size is too large");
		n = n * 10 + (*p->at - '0');
	}
	shift = pmm_size_shift(*p->at);
	if (shift)
		p->at++;
	if (n > ULLONG_MAX >> shift)
		return pmm_refuse(p, start, "the size is too large");
	if (!n)
		return pmm_refuse(p, start, "the size is zero");
	*size = n << shift;
	return 0;
}

/* Step over @word if the text goes on with it. */
static bool pmm_skip(struct pmm_parser *p, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(p->at, word, len))
		return false;
	p->at += len;
	return true;
}

static int pmm_parse_align(struct pmm_parser *p, struct pmm_pool_spec *pool)
{
	const char *value = p->at;
	int err = pmm_parse_size(p, &pool->align);

	if (err)
		return err;
	if (pool->align & (pool->align - 1))
		return pmm_refuse(p, value, "an alignment is a power of two");
	if (pool->align > PMM_POOL_MAX_ALIGN)
		return pmm_refuse(p, value, "an alignment is at most 1G");
	return 0;
}

static int pmm_parse_allocator(struct pmm_parser *p,
			       struct pmm_pool_spec *pool)
{
	const char *value = p->at;
	int err = pmm_parse_name(p, pool->allocator);

	if (!err && !pmm_alloc_find(pool->allocator))
		err = pmm_refuse(p, value, "there is no such allocator");
	return err;
}

static int pmm_parse_option(struct pmm_parser *p, struct pmm_pool_spec *pool)
{
	const char *start = p->at;

	if (pmm_skip(p, "align=")) {
		if (pool->align)
			return pmm_refuse(p, start, "align= is given twice");
		return pmm_parse_align(p, pool);
	}
	if (pmm_skip(p, "below=")) {
		if (pool->below)
			return pmm_refuse(p, start, "below= is given twice");
		return pmm_parse_size(p, &pool->below);
	}
	if (pmm_skip(p, "allocator=")) {
		if (pool->allocator[0])
			return pmm_refuse(p, start,
					  "allocator= is given twice");
		return pmm_parse_allocator(p, pool);
	}
	return pmm_refuse(p, start, "an option is align=, below= or allocator=");
}

static bool pmm_pools_have(const struct pmm_pools *pools, const char *name)
{
	unsigned int i;

	for (i = 0; i < pools->nr; i++)
		if (!strcmp(pools->pool[i].name, name))
			return true;
	return false;
}

static int pmm_parse_pool(struct pmm_parser *p)
{
	struct pmm_pool_spec *pool = &p->pools->pool[p->pools->nr];
	const char *start = p->at;
	int err;

	if (p->pools->nr == PMM_POOLS_MAX)
		return pmm_refuse(p, start, "there are too many pools");
	memset(pool, 0, sizeof(*pool));
	err = pmm_parse_name(p, pool->name);
	if (err)
		return err;
	if (pmm_pools_have(p->pools, pool->name))
		return pmm_refuse(p, start, "there is a pool of that name");
	if (!pmm_skip(p, ":"))
		return pmm_refuse(p, p->at,
				  "a name is followed by ':' and a size");
	err = pmm_parse_size(p, &pool->size);
	while (!err && pmm_skip(p, ":"))
		err = pmm_parse_option(p, pool);
	if (!err)
		p->pools->nr++;
	return err;
}

/**
 * pmm_pools_parse() - read a pools= parameter
 * @text: the parameter; a newline at its end is passed over
 * @pools: filled in; on failure @error and @position say what is wrong
 *
 * Return: 0 or -EINVAL.
 */
int pmm_pools_parse(const char *text, struct pmm_pools *pools)
{
	struct pmm_parser p = { .pools = pools, .text = text, .at = text };
	int err;

	pools->nr = 0;
	pools->error = NULL;
	pools->position = 0;
	do {
		err = pmm_parse_pool(&p);
	} while (!err && pmm_skip(&p, ","));
	if (err)
		return err;
	pmm_skip(&p, "\n");
	if (*p.at)
		return pmm_refuse(&p, p.at, "after a value comes ':', ',' or the end");
	return 0;
}
