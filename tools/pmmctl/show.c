// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl show: everything that can be found out about one block.
 *
 * The list of blocks knows some of it; the rest the module tells whoever gets hold
 * of the block by one of its names.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pmmctl.h"

static const struct column columns[] = {
	{ "id", "Block", CELL_NUMBER },
	{ "size", "Size", CELL_BYTES },
	{ "type", "Type", CELL_TEXT },
	{ "uid", NULL, CELL_NUMBER },
	{ "user", "User", CELL_TEXT },
	{ "state", "State", CELL_TEXT },
	{ "holders", "Holders", CELL_NUMBER },
	{ "names", "Names", CELL_LIST },
	{ "properties", "Properties", CELL_LIST },
	{ "align", "Alignment", CELL_BYTES },
	{ "huge", "In 2 MiB pages", CELL_BYTES },
	{ "aliases", "Aliases", CELL_NUMBER },
	{ "address", NULL, CELL_NUMBER },
	{ "address_hex", "Address", CELL_TEXT },
};

static const struct bit_name properties[] = {
	{ PMMSHM_STATE_SYSV, "sysv" },
	{ PMMSHM_STATE_FILE, "file" },
	{ PMMSHM_STATE_SEALED, "sealed" },
	{ PMMSHM_STATE_INCOMPLETE, "incomplete" },
	{ PMMSHM_STATE_POISONED, "poisoned" },
};

/* By any of its names that leads there still; NULL if there is none. */
static struct pmmshm_block *get_by_list(struct pmmshm *pmm,
					const struct block *listed,
					struct pmmshm_block_info *info)
{
	struct pmmshm_block *block;
	size_t i;

	for (i = 0; i < listed->nr_names; i++) {
		block = block_import(pmm, listed->names[i], false);
		if (block && !pmmshm_block_get_info(block, info) &&
		    info->id == listed->id)
			return block;
		pmmshm_block_free(block);
	}
	return NULL;
}

static void print_block(const struct block *listed,
			const struct pmmshm_block_info *info)
{
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	char **props = NULL, *name = user_name(listed->uid), *phys = NULL;

	if (info)
		props = bits_list(info->state, properties,
				  ARRAY_SIZE(properties));
	if (info && info->phys)
		phys = formatted("%#" PRIx64, info->phys);
	table_row(table, (const struct cell[]){
		NUMBER(listed->id), NUMBER(listed->size), TEXT(listed->type),
		NUMBER(listed->uid), TEXT(name), TEXT(listed->state),
		NUMBER(listed->holders), LIST(listed->names), LIST(props),
		info ? NUMBER(info->align) : NONE,
		info ? NUMBER(info->huge) : NONE,
		info ? NUMBER(info->aliases) : NONE,
		phys ? NUMBER(info->phys) : NONE, TEXT(phys),
	});
	table_print_record(table, NULL);
	table_free(table);
	list_free(props);
	free(name);
	free(phys);
}

static int run(char **arguments)
{
	struct pmmshm *pmm = connect_module();
	const struct block *listed;
	struct pmmshm_block_info info;
	struct pmmshm_block *block;
	struct blocks blocks;

	listed = block_by_argument(pmm, arguments[0], &blocks);
	block = get_by_list(pmm, listed, &info);
	print_block(listed, block ? &info : NULL);
	pmmshm_block_free(block);
	blocks_free(&blocks);
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_show = {
	.name = "show",
	.arguments = "BLOCK|sysv:SHMID|/NAME",
	.summary = "show everything about a block",
	.help =
	"A block is given by its number, or by one of its names.  Properties, alignment and\n"
	"address are known only of a block with a name that the user may read; the address\n"
	"is shown to those with CAP_SYS_RAWIO.\n"
	"\n",
	.min = 1,
	.max = 1,
	.run = run,
};
