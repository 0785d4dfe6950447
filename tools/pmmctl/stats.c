// SPDX-License-Identifier: GPL-2.0-only
/*
 * What types have counted, from debugfs.
 */
#include <stdlib.h>
#include <string.h>

#include "stats.h"

#define DEBUGFS_TYPES	"/sys/kernel/debug/pmm/types"
#define FAILED		"failed_"

/* The words of a line; columns may have been added. */
static char **words(char *line)
{
	char **list = NULL, *save, *word;
	size_t nr = 0;

	for (word = strtok_r(line, "\n ", &save); word;
	     word = strtok_r(NULL, "\n ", &save))
		list = list_add(list, nr++, word);
	return list;
}

static void parse_cell(struct type_stats *stats, const char *column,
		       const char *value, uint64_t *most)
{
	uint64_t number;

	if (!strcmp(column, "name"))
		snprintf(stats->type, sizeof(stats->type), "%s", value);
	if (!number_from_text(value, UINT64_MAX, &number))
		return;
	if (!strcmp(column, "allocs"))
		stats->allocs = number;
	if (strncmp(column, FAILED, strlen(FAILED)))
		return;
	stats->failed += number;
	if (number <= *most)
		return;
	*most = number;
	snprintf(stats->why, sizeof(stats->why), "%s", column + strlen(FAILED));
}

static void parse_line(struct stats *stats, char *const *columns, char *line)
{
	char **values = words(line);
	struct type_stats *type;
	uint64_t most = 0;
	size_t i;

	stats->type = grown(stats->type, stats->nr, sizeof(*type));
	type = &stats->type[stats->nr++];
	*type = (struct type_stats){ 0 };
	for (i = 0; columns && columns[i] && values && values[i]; i++)
		parse_cell(type, columns[i], values[i], &most);
	list_free(values);
}

void stats_parse(struct stats *stats, FILE *file)
{
	char *line = NULL, **columns = NULL;
	size_t size = 0;

	*stats = (struct stats){ 0 };
	if (getline(&line, &size, file) > 0)
		columns = words(line);
	while (getline(&line, &size, file) > 0)
		parse_line(stats, columns, line);
	list_free(columns);
	free(line);
}

void stats_read(struct stats *stats)
{
	FILE *file = fopen(DEBUGFS_TYPES, "re");

	*stats = (struct stats){ 0 };
	if (!file)
		return;
	stats_parse(stats, file);
	fclose(file);
}

const struct type_stats *stats_find(const struct stats *stats, const char *type)
{
	size_t i;

	for (i = 0; i < stats->nr; i++)
		if (!strcmp(stats->type[i].type, type))
			return &stats->type[i];
	return NULL;
}

void stats_free(struct stats *stats)
{
	free(stats->type);
}
