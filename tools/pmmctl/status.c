// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl status: the module and its pools at a glance.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pmmctl.h"

static const struct column columns[] = {
	{ "release", "Module", CELL_TEXT },
	{ "abi", "ABI", CELL_NUMBER },
	{ "library", "Library", CELL_TEXT },
	{ "page_size", NULL, CELL_BYTES },
	{ "capabilities", "Capabilities", CELL_LIST },
};

static const struct bit_name capabilities[] = {
	{ PMM_CAP_ADOPT_SYSV, "sysv" },
	{ PMM_CAP_ADOPT_FILE, "file" },
	{ PMM_CAP_HUGE, "huge" },
	{ PMM_CAP_ALIAS, "names" },
	{ PMM_CAP_DMABUF, "dmabuf" },
	{ PMM_CAP_MIGRATE, "migrate" },
};

static struct table *module_table(struct pmmshm *pmm)
{
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	struct pmmshm_module_info info;
	char **caps;

	if (pmmshm_module_get(pmm, &info))
		die("%s", pmmshm_error());
	caps = bits_list(info.caps, capabilities, ARRAY_SIZE(capabilities));
	table_row(table, (const struct cell[]){
		TEXT(info.release), NUMBER(info.abi), TEXT(pmmshm_version()),
		NUMBER(info.page_size), LIST(caps),
	});
	list_free(caps);
	return table;
}

static int run(char **arguments)
{
	struct pmmshm *pmm = connect_module();
	struct table *module = module_table(pmm);
	struct table *types = types_table(pmm);

	(void)arguments;
	if (as_json)
		json_begin(NULL, '{');
	table_print_record(module, "module");
	if (!as_json)
		putchar('\n');
	table_print(types, "types");
	if (as_json)
		json_end('}');
	table_free(types);
	table_free(module);
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_status = {
	.name = "status",
	.arguments = "",
	.summary = "show the module and the types of memory (what no command at all does)",
	.help = "",
	.run = run,
};
