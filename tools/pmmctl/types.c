// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl types: the types of memory and their pools.
 */
#include <stdlib.h>
#include <string.h>

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
	{ "node", "NODE", CELL_NUMBER },
	{ "online", NULL, CELL_BYTES },
	{ "capabilities", "CAPABILITIES", CELL_LIST },
	{ "dirty", NULL, CELL_BYTES },
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
		NONE, NONE, LIST(caps), NUMBER(device_dirty(info->name)),
	};

	table_row(table, cells);
	list_free(caps);
}

/* It has no pool at this time. */
static void add_node(struct table *table, const struct pmmshm_node_info *info)
{
	const struct cell cells[ARRAY_SIZE(columns)] = {
		TEXT(info->type), NUMBER(info->length), NONE, NONE, NONE, NONE,
		NONE, TEXT(NULL), NONE, NONE, NONE,
		NUMBER((uint64_t)info->node), NUMBER(info->online), LIST(NULL),
		NONE,
	};

	table_row(table, cells);
}

void type_find(struct pmmshm *pmm, const char *name,
	       struct pmmshm_type_info *info)
{
	unsigned int i;

	for (i = 0; !pmmshm_type_get(pmm, i, info); i++)
		if (!name || !strcmp(info->name, name))
			return;
	die("there is no type '%s': pmmctl types lists them", name ? name : "");
}

struct table *types_table(struct pmmshm *pmm)
{
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	struct pmmshm_type_info info;
	struct pmmshm_node_info node;
	unsigned int i;

	for (i = 0; !pmmshm_type_get(pmm, i, &info); i++)
		add_type(table, &info);
	for (i = 0; !pmmshm_node_get(pmm, i, &node); i++)
		add_node(table, &node);
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
	"RETIRED what had memory errors.  NODE is the NUMA node of those whose memory is\n"
	"ordinary RAM now (pmmctl online), and which have no pool.\n"
	"\n",
	.run = run,
};
