// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the module parameter regions=; pmm_regions.h says what it looks like.
 */
#include "pmm_parse.h"
#include "pmm_regions.h"

/* What is wrong with one, given those before it? */
static const char *pmm_region_fault(const struct pmm_region_list *list,
				    const struct pmm_region_spec *region)
{
	const struct pmm_region_spec *other;

	if (region->start + region->size <= region->start)
		return "the region goes beyond the last address";
	for (other = list->region; other < list->region + list->nr; other++) {
		if (!strcmp(other->name, region->name))
			return "there is a region of that name";
		if (region->start < other->start + other->size &&
		    other->start < region->start + region->size)
			return "the region overlaps one before it";
	}
	return NULL;
}

static int pmm_parse_region(struct pmm_parser *p, struct pmm_region_list *list)
{
	struct pmm_region_spec *region = &list->region[list->nr];
	const char *start = p->at, *fault;
	int err;

	if (list->nr == PMM_REGIONS_MAX)
		return pmm_parse_refuse(p, start, "there are too many regions");
	memset(region, 0, sizeof(*region));
	err = pmm_parse_name(p, region->name, sizeof(region->name));
	if (err)
		return err;
	if (!pmm_parse_skip(p, ":"))
		return pmm_parse_refuse(p, p->at,
					"a name is followed by ':' and a size");
	err = pmm_parse_size(p, &region->size);
	if (err)
		return err;
	if (!pmm_parse_skip(p, "@"))
		return pmm_parse_refuse(p, p->at,
					"a size is followed by '@' and an address");
	err = pmm_parse_address(p, &region->start);
	if (err)
		return err;
	if (pmm_parse_skip(p, ":")) {
		region->migrate = pmm_parse_skip(p, "migrate");
		if (!region->migrate)
			return pmm_parse_refuse(p, p->at,
						"what may follow ':' is migrate");
	}
	fault = pmm_region_fault(list, region);
	if (fault)
		return pmm_parse_refuse(p, start, fault);
	list->nr++;
	return 0;
}

/**
 * pmm_regions_parse() - read a regions= parameter
 * @text: the parameter; a newline at its end is passed over
 * @list: filled in; on failure @error and @position say what is wrong
 *
 * Return: 0 or -EINVAL.
 */
int pmm_regions_parse(const char *text, struct pmm_region_list *list)
{
	struct pmm_parser p;
	int err;

	pmm_parse_begin(&p, text);
	list->nr = 0;
	do {
		err = pmm_parse_region(&p, list);
	} while (!err && pmm_parse_skip(&p, ","));
	if (!err)
		err = pmm_parse_end(&p, "after a region comes ',' or the end");
	list->error = p.error;
	list->position = p.position;
	return err;
}
