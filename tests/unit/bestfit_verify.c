// SPDX-License-Identifier: GPL-2.0-only
/*
 * bestfit with a view inside: checks all that its code relies on, from scratch.
 */
#include "../../drivers/misc/pmm_bestfit.c" /* NOLINT(bugprone-suspicious-include): as said */
#include "bestfit_verify.h"

/* What one pass over a tree carries along. */
struct verify {
	const char *error;
	struct pmm_bestfit *bf;
	struct list_head *next;		/* the area that must come next */
	struct bestfit_area *last;	/* the free area that came last */
	unsigned long nr;
};

static void verify_that(struct verify *v, bool holds, const char *error)
{
	if (!holds && !v->error)
		v->error = error;
}

/*
 * Check colours and parents around @node; return the black height of a subtree
 * whose children have those of @left and @right.
 */
static int verify_balance(struct verify *v, struct rb_node *node,
			  int left, int right)
{
	struct rb_node *child[2] = { node->rb_left, node->rb_right };
	int i;

	verify_that(v, left == right, "black heights differ");
	for (i = 0; i < 2; i++) {
		if (!child[i])
			continue;
		verify_that(v, rb_parent(child[i]) == node, "wrong parent");
		verify_that(v, rb_is_black(child[i]) || rb_is_black(node),
			    "a red node has a red child");
	}
	return left + rb_is_black(node);
}

static int verify_by_addr(struct verify *v, struct rb_node *node)
{
	int left, right;

	if (!node)
		return 0;
	left = verify_by_addr(v, node->rb_left);
	verify_that(v, v->next != &v->bf->areas &&
		    &addr_entry(node)->neighbours == v->next,
		    "tree and list differ");
	v->next = v->next->next;
	v->nr++;
	right = verify_by_addr(v, node->rb_right);
	return verify_balance(v, node, left, right);
}

static void verify_room(struct verify *v, struct bestfit_area *area)
{
	unsigned int k;

	for (k = 0; k < BESTFIT_ORDERS; k++) {
		unsigned long align = 1UL << k;
		unsigned long skip = (align - area->start % align) % align;
		u32 most = area->len > skip ? area->len - skip : 0;

		most = max(most, subtree_room(area->by_size.rb_left, k));
		most = max(most, subtree_room(area->by_size.rb_right, k));
		verify_that(v, area->room.pages[k] == most, "wrong room");
	}
}

static int verify_by_size(struct verify *v, struct rb_node *node)
{
	struct bestfit_area *area = size_entry(node);
	int left, right;

	if (!node)
		return 0;
	left = verify_by_size(v, node->rb_left);
	verify_that(v, !v->last || v->last->len < area->len ||
		    (v->last->len == area->len && v->last->start < area->start),
		    "free areas out of order");
	v->last = area;
	v->nr++;
	right = verify_by_size(v, node->rb_right);
	verify_room(v, area);
	return verify_balance(v, node, left, right);
}

static void verify_areas(struct verify *v)
{
	struct bestfit_area *area, *last = NULL;
	struct pmm_alloc_stats sum = {};

	list_for_each_entry(area, &v->bf->areas, neighbours) {
		verify_that(v, area->owner == v->bf, "wrong owner");
		verify_that(v, area->len, "empty area");
		verify_that(v, area_end(area) > area->start, "area wraps");
		if (last) {
			verify_that(v, area_end(last) <= area->start,
				    "areas overlap");
			verify_that(v, area_end(last) < area->start ||
				    !area_is_free(last) || !area_is_free(area),
				    "free neighbours not merged");
		}
		sum.total += area->len;
		sum.free += area_is_free(area) ? area->len : 0;
		sum.free_areas += area_is_free(area);
		sum.used_areas += !area_is_free(area);
		last = area;
	}
	verify_that(v, sum.total == v->bf->stats.total, "wrong total");
	verify_that(v, sum.free == v->bf->stats.free, "wrong free");
	verify_that(v, sum.free_areas == v->bf->stats.free_areas,
		    "wrong number of free areas");
	verify_that(v, sum.used_areas == v->bf->stats.used_areas,
		    "wrong number of used areas");
}

const char *bestfit_verify(struct pmm_areas *areas)
{
	struct pmm_bestfit *bf = to_bestfit(areas);
	struct verify v = { .bf = bf, .next = bf->areas.next };

	verify_areas(&v);
	verify_by_addr(&v, bf->by_addr.rb_node);
	verify_that(&v, v.nr == bf->stats.free_areas + bf->stats.used_areas,
		    "areas missing by address");
	v.nr = 0;
	verify_by_size(&v, bf->by_size.rb_node);
	verify_that(&v, v.nr == bf->stats.free_areas, "areas missing by size");
	verify_that(&v, !bf->by_addr.rb_node ||
		    rb_is_black(bf->by_addr.rb_node), "red root by address");
	verify_that(&v, !bf->by_size.rb_node ||
		    rb_is_black(bf->by_size.rb_node), "red root by size");
	return v.error;
}

const char *bestfit_compare(struct pmm_areas *areas, const struct model *m)
{
	struct pmm_bestfit *bf = to_bestfit(areas);
	struct bestfit_area *area;
	size_t i = 0;

	list_for_each_entry(area, &bf->areas, neighbours) {
		if (i == m->nr)
			return "too many areas";
		if (area->start != m->areas[i].start ||
		    area->len != m->areas[i].len)
			return "an area has other limits";
		if (area_is_free(area) == m->areas[i].used)
			return "an area is not as used or free";
		i++;
	}
	return i == m->nr ? NULL : "areas are missing";
}
