// SPDX-License-Identifier: GPL-2.0-only
/*
 * tlsf with a view inside: its lists and bitmaps, checked from scratch.
 */
#include "../../drivers/misc/pmm_tlsf.c" /* NOLINT(bugprone-suspicious-include): as said */
#include "alloc_verify.h"

/* Check one list; *nr grows by the number of its areas. */
static const char *verify_list(struct tlsf_set *set, unsigned int i,
			       unsigned int row, unsigned int list,
			       unsigned long *nr)
{
	struct tlsf_class class = { .row = row, .list = list };
	unsigned long least = tlsf_floor(class), next;
	struct hlist_node *link;
	u32 room;

	next = list + 1 < TLSF_LISTS ?
	       tlsf_floor((struct tlsf_class){ row, list + 1 }) :
	       tlsf_floor((struct tlsf_class){ row + 1, 0 });
	for (link = set->list[row][list].first; link; link = link->next) {
		room = pmm_area_room(&container_of(link, struct tlsf_area,
						   links[i])->area,
				     tlsf_orders[i]);
		if (room < least || room >= next || !room)
			return "an area is in the wrong class";
		if (*link->pprev != link)
			return "a list is broken";
		++*nr;
	}
	if (!!set->list[row][list].first != (set->lists[row] >> list & 1))
		return "wrong bit of a list";
	return NULL;
}

static const char *verify_set(struct tlsf_set *set, unsigned int i,
			      unsigned long *nr)
{
	unsigned int row, list;
	const char *error;

	for (row = 0; row < TLSF_ROWS; row++) {
		if (!!set->lists[row] != (set->rows >> row & 1))
			return "wrong bit of a row";
		for (list = 0; list < TLSF_LISTS; list++) {
			error = verify_list(set, i, row, list, nr);
			if (error)
				return error;
		}
	}
	return set->rows >> TLSF_ROWS ? "a bit of no row" : NULL;
}

/* Areas that a set should have. */
static unsigned long count_areas(struct pmm_areas *areas, unsigned int order)
{
	unsigned long at = 0, nr = 0;
	struct pmm_area *free;
	u32 len;

	while (pmm_areas_walk(areas, &at, &len, &free)) {
		nr += free && pmm_area_room(free, order);
		at += len;
	}
	return nr;
}

const char *tlsf_verify(struct pmm_areas *areas)
{
	struct pmm_tlsf *tlsf = to_tlsf(areas);
	const char *error = NULL;
	unsigned int i;

	for (i = 0; i < TLSF_SETS && !error; i++) {
		unsigned long nr = 0;

		error = verify_set(&tlsf->sets[i], i, &nr);
		if (!error && nr != count_areas(areas, tlsf_orders[i]))
			error = "areas missing in a set";
	}
	return error;
}
