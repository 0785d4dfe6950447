// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl pools: grow or shrink a pool of system RAM.
 */
#include <stdlib.h>

#include "pmmctl.h"

static int run(char **arguments)
{
	struct pmmshm *pmm = connect_module();
	struct table *table;

	if (arguments[0] && !arguments[1])
		die_usage("pools %s: to which size?  See pmmctl pools --help",
			  arguments[0]);
	if (arguments[0] &&
	    pmmshm_type_resize(pmm, arguments[0], size_parse("", arguments[1])))
		die("%s", pmmshm_error());
	table = types_table(pmm);
	table_print(table, NULL);
	table_free(table);
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_pools = {
	.name = "pools",
	.arguments = "[TYPE SIZE]",
	.summary = "grow or shrink a pool of system RAM, and show all of them",
	.help =
	"SIZE is that of the whole pool; K, M and G may follow.  Blocks are not touched: a pool\n"
	"shrinks as far as it is free, and grows as far as the kernel can make room.\n"
	"\n",
	.max = 2,
	.run = run,
};
