// SPDX-License-Identifier: GPL-2.0-only
/*
 * tlsf: a free area that surely holds the request, in O(1).
 *
 * Two-level segregated fit, after M. Masmano et al., "TLSF: a new dynamic memory
 * allocator for real-time systems" (2004).  Free areas are in lists by class of
 * length.  Each length below 64 pages is a class of its own; above, each power
 * of two is divided into 64.  Two levels of bitmaps say which lists have areas,
 * so that the first class of which *every* area holds the request is found by
 * two searches for a bit.  The price: an area in whose class there may be shorter
 * ones is not used for a request that it might just hold.  Only of the uppermost
 * class that has areas, the one entered last is looked at itself.  So a request
 * may be refused though another area there could hold it, never if that is more
 * than a 64th longer, less than 128 pages, or of no more than seven significant
 * bits; and an area that is alone is given as a whole.
 *
 * Asking for some pages more and cutting them to the alignment would refuse a
 * pool of 64 MiB to someone who asks for all of it, aligned to 2 MiB.  So there
 * are several sets of lists, one for each size of page that machines have: of
 * length; of length from the first multiple of 2 MiB on; and from the first one
 * of 1 GiB on.  An area is in each of them in which that is not zero.  Alignments
 * between are served by the set below with pages to spare, else by the one above.
 */
#include "pmm_areas.h"

/* Each power of two is divided into 2^TLSF_BITS classes. */
#define TLSF_BITS	6
#define TLSF_LISTS	BIT(TLSF_BITS)

/* The lengths below TLSF_LISTS, then a row for each power of two up to 2^31. */
#define TLSF_ROWS	(32 - TLSF_BITS + 1)

/* Alignments that have sets of their own, as orders. */
static const unsigned int tlsf_orders[] = { 0, 9, 18 };

#define TLSF_SETS	ARRAY_SIZE(tlsf_orders)

/**
 * struct tlsf_area - node of a free area
 * @area: the area, to whoever knows no more
 * @links: place in a list of each set; not hashed in those it is not in
 */
struct tlsf_area {
	struct pmm_area area;
	struct hlist_node links[TLSF_SETS];
};

/**
 * struct tlsf_set - free areas by their room at one alignment
 * @rows: bit r if any list of row r has areas
 * @lists: for each row, bit l if list l has areas
 * @list: the areas of each class, last entered first
 */
struct tlsf_set {
	u32 rows;
	u64 lists[TLSF_ROWS];
	struct hlist_head list[TLSF_ROWS][TLSF_LISTS];
};

struct pmm_tlsf {
	struct pmm_areas areas;
	struct tlsf_set sets[TLSF_SETS];
};

/* Where a length belongs: the lengths of a class are [floor, next floor). */
struct tlsf_class {
	unsigned int row;
	unsigned int list;
};

static struct pmm_tlsf *to_tlsf(struct pmm_areas *areas)
{
	return container_of(areas, struct pmm_tlsf, areas);
}

static struct tlsf_area *to_node(struct pmm_area *area)
{
	return container_of(area, struct tlsf_area, area);
}

static struct tlsf_class tlsf_class(u32 len)
{
	unsigned int row;

	if (len < TLSF_LISTS)
		return (struct tlsf_class){ .row = 0, .list = len };
	row = ilog2(len) - TLSF_BITS + 1;
	return (struct tlsf_class){
		.row = row, .list = (len >> (row - 1)) - TLSF_LISTS,
	};
}

/* The shortest length of a class. */
static unsigned long tlsf_floor(struct tlsf_class class)
{
	if (!class.row)
		return class.list;
	return (TLSF_LISTS + class.list) << (class.row - 1);
}

static void tlsf_enter(struct tlsf_set *set, struct hlist_node *link, u32 room)
{
	struct tlsf_class class = tlsf_class(room);

	hlist_add_head(link, &set->list[class.row][class.list]);
	set->lists[class.row] |= 1ULL << class.list;
	set->rows |= 1U << class.row;
}

static void tlsf_leave(struct tlsf_set *set, struct hlist_node *link, u32 room)
{
	struct tlsf_class class = tlsf_class(room);

	hlist_del(link);
	if (!hlist_empty(&set->list[class.row][class.list]))
		return;
	set->lists[class.row] &= ~(1ULL << class.list);
	if (!set->lists[class.row])
		set->rows &= ~(1U << class.row);
}

static void tlsf_insert(struct pmm_areas *areas, struct pmm_area *area)
{
	struct pmm_tlsf *tlsf = to_tlsf(areas);
	unsigned int i;
	u32 room;

	for (i = 0; i < TLSF_SETS; i++) {
		room = pmm_area_room(area, tlsf_orders[i]);
		if (!room)
			break;
		tlsf_enter(&tlsf->sets[i], &to_node(area)->links[i], room);
		pmm_areas_visit(areas, 2);
	}
}

static void tlsf_erase(struct pmm_areas *areas, struct pmm_area *area)
{
	struct pmm_tlsf *tlsf = to_tlsf(areas);
	unsigned int i;
	u32 room;

	for (i = 0; i < TLSF_SETS; i++) {
		room = pmm_area_room(area, tlsf_orders[i]);
		if (!room)
			break;
		tlsf_leave(&tlsf->sets[i], &to_node(area)->links[i], room);
		pmm_areas_visit(areas, 3);
	}
}

static struct pmm_area *tlsf_entry(struct hlist_node *link, unsigned int i)
{
	return link ? &container_of(link, struct tlsf_area, links[i])->area
		    : NULL;
}

/*
 * An area of set @i, in a class of which all have room for @len and @slack, or
 * the one that was entered last into the uppermost class, or NULL.
 */
static struct pmm_area *tlsf_first(struct pmm_tlsf *tlsf, unsigned int i,
				   unsigned long len, unsigned long slack)
{
	struct tlsf_set *set = &tlsf->sets[i];
	struct tlsf_class class;
	struct pmm_area *area;
	u64 lists;
	u32 rows;

	pmm_areas_visit(&tlsf->areas, 1);
	if (len > U32_MAX - slack)
		return NULL;
	len += slack;
	class = tlsf_class(len);
	lists = set->lists[class.row] >> class.list;
	rows = set->rows & ~((2U << class.row) - 1);
	/* The class of @len itself, if no other will do or it is the shortest. */
	if ((lists & ~1ULL || rows) && tlsf_floor(class) < len)
		lists &= ~1ULL;
	if (lists) {
		class.list += __ffs64(lists);
	} else if (rows) {
		class.row = __ffs(rows);
		class.list = __ffs64(set->lists[class.row]);
	} else {
		return NULL;
	}
	area = tlsf_entry(set->list[class.row][class.list].first, i);
	return pmm_area_room(area, tlsf_orders[i]) >= len ? area : NULL;
}

/* The last set of areas that begin at multiples which 2^order is one of. */
static unsigned int tlsf_set_below(unsigned int order)
{
	unsigned int i = TLSF_SETS - 1;

	while (tlsf_orders[i] > order)
		i--;
	return i;
}

/* Pages of an area in set @i that may be lost before a multiple of 2^order. */
static unsigned long tlsf_slack(unsigned int i, unsigned int order)
{
	return BIT(order) - BIT(tlsf_orders[i]);
}

static struct pmm_area *tlsf_find(struct pmm_areas *areas, unsigned long len,
				  unsigned int order)
{
	struct pmm_tlsf *tlsf = to_tlsf(areas);
	unsigned int i = tlsf_set_below(order);
	unsigned long slack = tlsf_slack(i, order);
	struct pmm_area *area;

	area = tlsf_first(tlsf, i, len, slack);
	if (!area && slack && i + 1 < TLSF_SETS)
		area = tlsf_first(tlsf, i + 1, len, 0);
	return area;
}

/* The longest length for which tlsf_first() finds an area. */
static unsigned long tlsf_longest(struct pmm_tlsf *tlsf, unsigned int i)
{
	const struct tlsf_set *set = &tlsf->sets[i];
	struct tlsf_class class;

	pmm_areas_visit(&tlsf->areas, 1);
	if (!set->rows)
		return 0;
	class.row = __fls(set->rows);
	class.list = fls64(set->lists[class.row]) - 1;
	return pmm_area_room(tlsf_entry(set->list[class.row][class.list].first,
					i), tlsf_orders[i]);
}

static unsigned long tlsf_largest(struct pmm_areas *areas, unsigned int order)
{
	struct pmm_tlsf *tlsf = to_tlsf(areas);
	unsigned int i = tlsf_set_below(order);
	unsigned long slack = tlsf_slack(i, order);
	unsigned long below = tlsf_longest(tlsf, i);
	unsigned long above = 0;

	if (slack && i + 1 < TLSF_SETS)
		above = tlsf_longest(tlsf, i + 1);
	return max(below > slack ? below - slack : 0, above);
}

static const struct pmm_index_ops tlsf_index = {
	.insert = tlsf_insert,
	.erase = tlsf_erase,
	.find = tlsf_find,
	.largest = tlsf_largest,
};

static struct pmm_areas *tlsf_create(void)
{
	return pmm_areas_create(sizeof(struct pmm_tlsf), &tlsf_index);
}

const struct pmm_alloc_ops pmm_tlsf_ops = {
	.name = "tlsf",
	.node_size = PMM_AREAS_NODE_SIZE(struct tlsf_area),
	.create = tlsf_create,
	PMM_AREAS_OPS,
};
