// SPDX-License-Identifier: GPL-2.0-only
/*
 * bestfit with a view inside: its tree, checked from scratch.
 */
#include "../../drivers/misc/pmm_bestfit.c" /* NOLINT(bugprone-suspicious-include): as said */
#include "alloc_verify.h"

static const char *verify_room(struct bestfit_area *node)
{
	unsigned int k;

	for (k = 0; k < BESTFIT_ORDERS; k++) {
		unsigned long align = 1UL << k;
		unsigned long skip = (align - node->area.start % align) % align;
		u32 most = node->area.len > skip ? node->area.len - skip : 0;

		most = max(most, subtree_room(node->by_size.rb_left, k));
		most = max(most, subtree_room(node->by_size.rb_right, k));
		if (node->room.pages[k] != most)
			return "wrong room";
	}
	return NULL;
}

static const char *verify_order(const struct bestfit_area *last,
				const struct bestfit_area *node)
{
	if (last->area.len > node->area.len ||
	    (last->area.len == node->area.len && last->shape >= node->shape))
		return "shapes out of order";
	return NULL;
}

/* Whether both can hold the same, whatever it is. */
static bool verify_alike(const struct bestfit_area *a,
			 const struct bestfit_area *b)
{
	unsigned int k;

	for (k = 0; k < BESTFIT_ORDERS; k++)
		if (pmm_area_room(&a->area, k) != pmm_area_room(&b->area, k))
			return false;
	return true;
}

/* Those listed behind one that is in the tree. */
static const char *verify_ring(struct bestfit_area *oldest, unsigned long *nr)
{
	struct bestfit_area *area;

	list_for_each_entry(area, &oldest->alike, alike) {
		if (area->owner != oldest->owner)
			return "wrong owner of a listed area";
		if (!RB_EMPTY_NODE(&area->by_size))
			return "two of a shape in the tree";
		if (area->shape != oldest->shape ||
		    !verify_alike(area, oldest))
			return "another shape in the list";
		(*nr)++;
	}
	return NULL;
}

const char *bestfit_verify(struct pmm_areas *areas)
{
	struct pmm_bestfit *bf = to_bestfit(areas);
	struct bestfit_area *last = NULL, *area;
	const char *error = NULL;
	unsigned long nr = 0;
	struct rb_node *node;

	for (node = rb_first(&bf->by_size); node && !error;
	     node = rb_next(node)) {
		area = size_entry(node);
		if (area->owner != bf)
			return "wrong owner";
		if (area->shape != bestfit_shape(&area->area))
			return "wrong shape";
		error = verify_room(area);
		if (!error && last)
			error = verify_order(last, area);
		if (!error)
			error = verify_ring(area, &nr);
		last = area;
		nr++;
	}
	if (!error && nr != areas->stats.free_areas)
		error = "free areas missing by size";
	if (!error && verify_rb(bf->by_size.rb_node) < 0)
		error = "unbalanced by size";
	return error;
}
