// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "alloc_model.h"

#define MODEL_MAX_ALIGN	262144UL
#define MODEL_MAX_TOTAL	UINT32_MAX

void model_exit(struct model *m)
{
	free(m->areas);
	memset(m, 0, sizeof(*m));
}

unsigned long model_pages(const struct model *m, bool used)
{
	unsigned long pages = 0;
	size_t i;

	for (i = 0; i < m->nr; i++)
		pages += m->areas[i].used == used ? m->areas[i].len : 0;
	return pages;
}

unsigned long model_count(const struct model *m, bool used)
{
	unsigned long count = 0;
	size_t i;

	for (i = 0; i < m->nr; i++)
		count += m->areas[i].used == used;
	return count;
}

static unsigned long model_end(const struct model_area *a)
{
	return a->start + a->len;
}

static void model_insert(struct model *m, size_t i, struct model_area area)
{
	if (m->nr == m->max) {
		m->max = m->max ? 2 * m->max : 64;
		m->areas = realloc(m->areas, m->max * sizeof(area));
		if (!m->areas)
			abort();
	}
	memmove(m->areas + i + 1, m->areas + i, (m->nr - i) * sizeof(area));
	m->areas[i] = area;
	m->nr++;
}

static void model_erase(struct model *m, size_t i)
{
	m->nr--;
	memmove(m->areas + i, m->areas + i + 1,
		(m->nr - i) * sizeof(*m->areas));
}

/* Make one of areas i and i + 1 if they are free and touch. */
static void model_merge(struct model *m, size_t i)
{
	struct model_area *a = m->areas + i;

	if (i + 1 < m->nr && !a[0].used && !a[1].used &&
	    model_end(&a[0]) == a[1].start) {
		a[0].len += a[1].len;
		model_erase(m, i + 1);
	}
}

static void model_merge_around(struct model *m, size_t i)
{
	m->areas[i].born = ++m->clock;
	model_merge(m, i);
	if (i) {
		if (!m->areas[i - 1].used &&
		    model_end(&m->areas[i - 1]) == m->areas[i].start)
			m->areas[i - 1].born = m->clock;
		model_merge(m, i - 1);
	}
}

int model_add(struct model *m, unsigned long start, unsigned long len,
	      bool memory)
{
	struct model_area area = { .start = start, .len = len };
	size_t i, at = 0;

	if (!len || len > ULONG_MAX - start)
		return -EINVAL;
	if (len > MODEL_MAX_TOTAL ||
	    len + model_pages(m, true) + model_pages(m, false) > MODEL_MAX_TOTAL)
		return -EINVAL;
	for (i = 0; i < m->nr; i++) {
		if (m->areas[i].start < start + len &&
		    model_end(&m->areas[i]) > start)
			return -EEXIST;
		if (m->areas[i].start < start)
			at = i + 1;
	}
	if (!memory)
		return -ENOMEM;
	model_insert(m, at, area);
	model_merge_around(m, at);
	return 0;
}

static bool model_align_valid(unsigned long align)
{
	return align && align <= MODEL_MAX_ALIGN && !(align & (align - 1));
}

/* Pages of the area before the first multiple of align: maybe all. */
static unsigned long model_skip(const struct model_area *a, unsigned long align)
{
	unsigned long skip = a->start % align ? align - a->start % align : 0;

	return skip < a->len ? skip : a->len;
}

static unsigned long model_room(const struct model_area *a, unsigned long align)
{
	return a->used ? 0 : a->len - model_skip(a, align);
}

/*
 * What an allocator finds: the length for which it takes an area, or 0; areas for
 * which that is shorter come first, then those that rule->before says.
 */
struct model_rule {
	const char *name;
	unsigned long (*length)(const struct model_area *a, unsigned long align,
				bool above);
	bool (*before)(const struct model_area *a, const struct model_area *b);
	bool tlsf;			/* look again with above set; the top */
};

static unsigned long bestfit_length(const struct model_area *a,
				    unsigned long align, bool above)
{
	(void)above;
	return model_room(a, align);
}

/* The largest alignment that any page of the area has. */
static unsigned long model_best_align(const struct model_area *a)
{
	unsigned long align = MODEL_MAX_ALIGN;

	while (model_skip(a, align) == a->len)
		align /= 2;
	return align;
}

/* The shortest, of these the worst aligned, of these the last that became free. */
static bool bestfit_before(const struct model_area *a,
			   const struct model_area *b)
{
	unsigned long align = model_best_align(a);

	if (a->len != b->len)
		return a->len < b->len;
	if (align != model_best_align(b))
		return align < model_best_align(b);
	if (model_skip(a, align) != model_skip(b, align))
		return model_skip(a, align) > model_skip(b, align);
	return a->born > b->born;
}

/* Seven digits of the number, in the binary system. */
static unsigned long tlsf_round(unsigned long len)
{
	unsigned long unit = 1;

	while (len / unit >= 128)
		unit *= 2;
	return len / unit * unit;
}

/* Of the sizes that pages have, the largest that is no larger than @align. */
static unsigned long tlsf_page(unsigned long align)
{
	return align < 512 ? 1 : align < 262144 ? 512 : 262144;
}

static unsigned long tlsf_length(const struct model_area *a,
				 unsigned long align, bool above)
{
	unsigned long page = tlsf_page(align), len;

	if (above)
		page = page == align ? 0 : page * 512;
	if (!page || page > MODEL_MAX_ALIGN)
		return 0;
	len = tlsf_round(model_room(a, page));
	if (above)
		return len;
	return len > align - page ? len - (align - page) : 0;
}

static bool tlsf_before(const struct model_area *a, const struct model_area *b)
{
	return a->born > b->born;
}

static const struct model_rule model_rules[] = {
	{ "bestfit", bestfit_length, bestfit_before, false },
	{ "tlsf", tlsf_length, tlsf_before, true },
};

void model_init(struct model *m, const char *allocator)
{
	size_t i = 0;

	while (strcmp(model_rules[i].name, allocator) != 0)
		if (++i == sizeof(model_rules) / sizeof(model_rules[0]))
			abort();
	*m = (struct model){ .rule = &model_rules[i] };
}

static struct model_area *model_best(const struct model *m, unsigned long len,
				     unsigned long align, bool above)
{
	struct model_area *best = NULL;
	unsigned long best_len = 0;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		struct model_area *a = m->areas + i;
		unsigned long has = m->rule->length(a, align, above);

		if (!has || has < len)
			continue;
		if (!m->rule->tlsf)
			has = 1;
		if (!best || has < best_len ||
		    (has == best_len && m->rule->before(a, best))) {
			best = a;
			best_len = has;
		}
	}
	return best;
}

/* tlsf, where all classes are too short: the youngest area of the longest one. */
static struct model_area *tlsf_top(const struct model *m, unsigned long page,
				   unsigned long *len)
{
	struct model_area *top = NULL;
	unsigned long most = 0, has;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		has = tlsf_round(model_room(m->areas + i, page));
		if (has > most || (has && has == most &&
				   tlsf_before(m->areas + i, top))) {
			most = has;
			top = m->areas + i;
		}
	}
	*len = top ? model_room(top, page) : 0;
	return top;
}

static struct model_area *tlsf_find(const struct model *m, unsigned long len,
				    unsigned long align, bool above)
{
	unsigned long page = tlsf_page(align), slack = align - page, has;
	struct model_area *area = model_best(m, len, align, above);

	if (above) {
		page *= 512;
		slack = 0;
	}
	if (area)
		return area;
	area = tlsf_top(m, page, &has);
	/* In the class of the request, or else that is longer than all. */
	return len <= has && len + slack <= has ? area : NULL;
}

static struct model_area *model_find(const struct model *m, unsigned long len,
				     unsigned long align)
{
	unsigned long page = tlsf_page(align);
	struct model_area *area;

	if (!m->rule->tlsf)
		return model_best(m, len, align, false);
	area = tlsf_find(m, len, align, false);
	if (!area && align > page && page < MODEL_MAX_ALIGN)
		area = tlsf_find(m, len, align, true);
	return area;
}

/* Simply the longest length with which it is found, one bit after the other. */
unsigned long model_largest(const struct model *m, unsigned long align)
{
	unsigned long most = 0, bit;

	if (!model_align_valid(align))
		return 0;
	for (bit = MODEL_MAX_TOTAL / 2 + 1; bit; bit /= 2) {
		if (model_find(m, most + bit, align))
			most += bit;
	}
	return most;
}

/* The low end, unless only the high end leaves nothing beyond. */
static unsigned long model_place(const struct model_area *a, unsigned long len,
				 unsigned long align)
{
	unsigned long low = a->start + model_skip(a, align);
	unsigned long high = model_end(a) - len;

	return low > a->start && high % align == 0 ? high : low;
}

int model_alloc(struct model *m, unsigned long len, unsigned long align,
		bool memory, unsigned long *start)
{
	struct model_area *best, head, tail;
	size_t i;

	if (!len || !model_align_valid(align))
		return -EINVAL;
	best = model_find(m, len, align);
	if (!best)
		return -ENOSPC;
	if (!memory)
		return -ENOMEM;
	head = *best;
	tail = *best;
	tail.start = model_place(best, len, align) + len;
	tail.len = model_end(best) - tail.start;
	head.len = best->len - tail.len - len;
	head.born = ++m->clock;
	tail.born = ++m->clock;

	i = best - m->areas;
	best->start += head.len;
	best->len = len;
	best->used = true;
	*start = best->start;
	if (tail.len)
		model_insert(m, i + 1, tail);
	if (head.len)
		model_insert(m, i, head);
	return 0;
}

/* The used area that starts at @start, or NULL. */
static struct model_area *model_find_used(const struct model *m,
					  unsigned long start)
{
	size_t i;

	for (i = 0; i < m->nr; i++) {
		if (m->areas[i].used && m->areas[i].start == start)
			return m->areas + i;
	}
	return NULL;
}

int model_free(struct model *m, unsigned long start)
{
	struct model_area *area = model_find_used(m, start);

	if (!area)
		return -ENOENT;
	area->used = false;
	model_merge_around(m, area - m->areas);
	return 0;
}

int model_split(struct model *m, unsigned long start, unsigned long at,
		bool memory)
{
	struct model_area *area = model_find_used(m, start);
	struct model_area upper;

	if (!area || at < start || at >= model_end(area))
		return -ENOENT;
	if (at == start)
		return 0;
	if (!memory)
		return -ENOMEM;
	upper = *area;
	area->len = at - start;
	upper.start = at;
	upper.len -= area->len;
	model_insert(m, area - m->areas + 1, upper);
	return 0;
}

int model_remove(struct model *m, unsigned long start, bool memory)
{
	struct model_area *area = model_find_used(m, start);

	if (!area)
		return -ENOENT;
	if (!memory)
		return -ENOMEM;
	model_erase(m, area - m->areas);
	return 0;
}
