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

static const char *verify_order(const struct pmm_area *last,
				const struct pmm_area *area)
{
	if (last->len > area->len ||
	    (last->len == area->len && last->start >= area->start))
		return "free areas out of order";
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
		error = verify_room(area);
		if (!error && last)
			error = verify_order(&last->area, &area->area);
		last = area;
		nr++;
	}
	if (!error && nr != areas->stats.free_areas)
		error = "free areas missing by size";
	if (!error && verify_rb(bf->by_size.rb_node) < 0)
		error = "unbalanced by size";
	return error;
}
