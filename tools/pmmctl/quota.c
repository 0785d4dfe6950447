// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl quota: what a user may have of a type.
 */
#include <stdlib.h>
#include <string.h>

#include "pmmctl.h"

enum {
	OPTION_TYPE = 256,
	OPTION_USER,
};

static const struct option options[] = {
	{ "type", required_argument, NULL, OPTION_TYPE },
	{ "user", required_argument, NULL, OPTION_USER },
	{ 0 },
};

static const struct column columns[] = {
	{ "limit", "Limit", CELL_BYTES },
	{ "used", "Used", CELL_BYTES },
	{ "all_limit", "Limit of all users", CELL_BYTES },
	{ "all_used", "Used by all users", CELL_BYTES },
};

static const char *type;
static uid_t user = PMMSHM_QUOTA_SELF;

static void set_option(int option, const char *value)
{
	if (option == OPTION_TYPE)
		type = value;
	else
		user = user_parse(value);
}

/* "default", "none" or a size */
static int change(struct pmmshm *pmm, const char *limit)
{
	if (!strcmp(limit, "default"))
		return pmmshm_quota_reset(pmm, type, user);
	return pmmshm_quota_set(pmm, type, user,
				!strcmp(limit, "none") ? UINT64_MAX :
				size_parse("", limit));
}

static struct cell limit_cell(uint64_t limit)
{
	return limit == UINT64_MAX ? NONE : NUMBER(limit);
}

static int run(char **arguments)
{
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	struct pmmshm *pmm = connect_module();
	struct pmmshm_quota_info info;

	if ((arguments[0] && change(pmm, arguments[0])) ||
	    pmmshm_quota_get(pmm, type, user, &info))
		die("%s", pmmshm_error());
	table_row(table, (const struct cell[]){
		limit_cell(info.limit), NUMBER(info.used),
		limit_cell(info.all_limit), NUMBER(info.all_used),
	});
	table_print_record(table, NULL);
	table_free(table);
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_quota = {
	.name = "quota",
	.arguments = "[SIZE|none|default]",
	.summary = "show or set what a user may have of a type",
	.help =
	"Everybody may look at his own; the rest is root's.  A limit takes nothing away from a\n"
	"user who has more.\n"
	"\n"
	"      --type TYPE  of this type (the default one)\n"
	"      --user USER  of this user, a name or a number (yourself)\n",
	.options = options,
	.option = set_option,
	.max = 1,
	.run = run,
};
