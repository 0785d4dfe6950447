// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "alloc_model.h"

#define MODEL_MAX_ALIGN	262144UL
#define MODEL_MAX_TOTAL	UINT32_MAX

void model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
}

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
	model_merge(m, i);
	if (i)
		model_merge(m, i - 1);
}

int model_add(struct model *m, unsigned long start, unsigned long len,
	      unsigned int nodes)
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
	if (nodes < 1)
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

unsigned long model_largest(const struct model *m, unsigned long align)
{
	unsigned long most = 0;
	size_t i;

	if (!model_align_valid(align))
		return 0;
	for (i = 0; i < m->nr; i++) {
		if (model_room(m->areas + i, align) > most)
			most = model_room(m->areas + i, align);
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
		unsigned int nodes, unsigned long *start)
{
	struct model_area *best = NULL, head, tail;
	size_t i;

	if (!len || !model_align_valid(align))
		return -EINVAL;
	for (i = 0; i < m->nr; i++) {
		/* Sorted by address: of equal ones the first is the lowest. */
		if (model_room(m->areas + i, align) >= len &&
		    (!best || m->areas[i].len < best->len))
			best = m->areas + i;
	}
	if (!best)
		return -ENOSPC;
	head = *best;
	tail = *best;
	tail.start = model_place(best, len, align) + len;
	tail.len = model_end(best) - tail.start;
	head.len = best->len - tail.len - len;
	if (nodes < !!head.len + (unsigned int)!!tail.len)
		return -ENOMEM;

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
		unsigned int nodes)
{
	struct model_area *area = model_find_used(m, start);
	struct model_area upper;

	if (!area || at < start || at >= model_end(area))
		return -ENOENT;
	if (at == start)
		return 0;
	if (nodes < 1)
		return -ENOMEM;
	upper = *area;
	area->len = at - start;
	upper.start = at;
	upper.len -= area->len;
	model_insert(m, area - m->areas + 1, upper);
	return 0;
}

int model_remove(struct model *m, unsigned long start)
{
	struct model_area *area = model_find_used(m, start);

	if (!area)
		return -ENOENT;
	model_erase(m, area - m->areas);
	return 0;
}
