// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl types: the types of memory and their pools.
 */
#include <stdlib.h>

#include "pmmctl.h"

static const struct column columns[] = {
	{ "name", "TYPE", CELL_TEXT },
	{ "total", "SIZE", CELL_BYTES },
	{ "free", "FREE", CELL_BYTES },
	{ "largest_free", "LARGEST", CELL_BYTES },
	{ "quarantined", "QUARANTINE", CELL_BYTES },
	{ "retired", "RETIRED", CELL_BYTES },
	{ "blocks", "BLOCKS", CELL_NUMBER },
	{ "allocator", "ALLOCATOR", CELL_TEXT },
	{ "min_align", NULL, CELL_BYTES },
	{ "max_align", NULL, CELL_BYTES },
	{ "limit", "BELOW", CELL_BYTES },
	{ "capabilities", "CAPABILITIES", CELL_LIST },
};

static const struct bit_name capabilities[] = {
	{ PMM_TYPE_RAM, "ram" },
	{ PMM_TYPE_DEVICE, "device" },
	{ PMM_TYPE_MAPPABLE, "mappable" },
	{ PMM_TYPE_SYNC, "sync" },
	{ PMM_TYPE_MIGRATE, "migrate" },
};

static void add_type(struct table *table, const struct pmmshm_type_info *info)
{
	char **caps = bits_list(info->caps, capabilities,
				ARRAY_SIZE(capabilities));
	const struct cell cells[ARRAY_SIZE(columns)] = {
		TEXT(info->name), NUMBER(info->total), NUMBER(info->free),
		NUMBER(info->largest_free), NUMBER(info->quarantined),
		NUMBER(info->retired), NUMBER(info->blocks),
		TEXT(info->allocator), NUMBER(info->min_align),
		NUMBER(info->max_align),
		info->limit == UINT64_MAX ? NONE : NUMBER(info->limit),
		LIST(caps),
	};

	table_row(table, cells);
	list_free(caps);
}

struct table *types_table(struct pmmshm *pmm)
{
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	struct pmmshm_type_info info;
	unsigned int i;

	for (i = 0; !pmmshm_type_get(pmm, i, &info); i++)
		add_type(table, &info);
	return table;
}

static int run(char **arguments)
{
	struct pmmshm *pmm = connect_module();
	struct table *table = types_table(pmm);

	(void)arguments;
	table_print(table, NULL);
	table_free(table);
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_types = {
	.name = "types",
	.arguments = "",
	.summary = "show the types of memory and their pools",
	.help =
	"The first one is the default.  BELOW is the physical address that all of a type's\n"
	"memory is below; QUARANTINE is what was freed while somebody still had it pinned,\n"
	"RETIRED what had memory errors.\n"
	"\n",
	.run = run,
};
