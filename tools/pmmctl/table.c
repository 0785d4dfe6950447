// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows and columns, for people and as JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmmctl.h"
#include "utf8.h"

/**
 * struct table - rows of cells
 * @columns: what they are
 * @nr_columns: how many
 * @cells: row after row; their text is ours
 * @nr_rows: how many
 */
struct table {
	const struct column *columns;
	size_t nr_columns;
	struct cell *cells;
	size_t nr_rows;
};

struct text bytes(uint64_t n)
{
	static const char * const units[] = {
		"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB",
	};
	uint64_t unit = 1, tenth = 0;
	struct text t;
	size_t i = 0;

	while (n / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	if (i)
		tenth = n % unit / (unit / 1024) * 10 / 1024;
	if (tenth)
		snprintf(t.s, sizeof(t.s), "%" PRIu64 ".%" PRIu64 " %s",
			 n / unit, tenth, units[i]);
	else
		snprintf(t.s, sizeof(t.s), "%" PRIu64 " %s", n / unit, units[i]);
	return t;
}

struct table *table_new(const struct column *columns, size_t nr)
{
	struct table *table = new(sizeof(*table));

	table->columns = columns;
	table->nr_columns = nr;
	return table;
}

void table_row(struct table *table, const struct cell *cells)
{
	size_t row = table->nr_columns * sizeof(*cells), i;
	struct cell *to;

	table->cells = grown(table->cells, table->nr_rows, row);
	to = table->cells + table->nr_rows++ * table->nr_columns;
	memcpy(to, cells, row);
	for (i = 0; i < table->nr_columns; i++) {
		if (to[i].text)
			to[i].text = copy(to[i].text);
		to[i].list = list_copy(to[i].list);
	}
}

size_t table_rows(const struct table *table)
{
	return table->nr_rows;
}

void table_free(struct table *table)
{
	size_t i;

	for (i = 0; i < table->nr_rows * table->nr_columns; i++) {
		free((char *)table->cells[i].text);
		list_free((char **)table->cells[i].list);
	}
	free(table->cells);
	free(table);
}

/* ---- for people ---- */

/* Names are anybody's: nothing in them is for the terminal. */
static char *printable(const char *text)
{
	char *p = copy(text);

	pmmshm_utf8_printable(p);
	return p;
}

static char *list_shown(char *const *list)
{
	char *all = copy(""), *longer;

	for (; list && *list; list++) {
		longer = formatted("%s%s%s", all, *all ? ", " : "", *list);
		free(all);
		all = longer;
	}
	longer = printable(*all ? all : "-");
	free(all);
	return longer;
}

/* What a cell looks like, to be freed. */
static char *cell_shown(const struct column *column, const struct cell *cell)
{
	switch (column->kind) {
	case CELL_LIST:
		return list_shown(cell->list);
	case CELL_TEXT:
		return printable(cell->text && *cell->text ? cell->text : "-");
	case CELL_NUMBER:
		return cell->none ? copy("-") : formatted("%" PRIu64, cell->number);
	case CELL_BYTES:
		return cell->none ? copy("-") : copy(bytes(cell->number).s);
	}
	abort();
}

static bool is_number(const struct column *column)
{
	return column->kind == CELL_NUMBER || column->kind == CELL_BYTES;
}

static void widths_find(const struct table *table, char **shown, int *widths)
{
	size_t i, j;

	for (j = 0; j < table->nr_columns; j++)
		widths[j] = table->columns[j].title ?
			    (int)strlen(table->columns[j].title) : 0;
	for (i = 0; i < table->nr_rows * table->nr_columns; i++) {
		j = i % table->nr_columns;
		if ((int)strlen(shown[i]) > widths[j])
			widths[j] = (int)strlen(shown[i]);
	}
}

/* A line of a table: texts, one for each column. */
static void print_line(const struct table *table, const int *widths,
		       char *const *texts)
{
	const char *gap = "";
	int pending = 0;
	size_t j;

	for (j = 0; j < table->nr_columns; j++) {
		if (!table->columns[j].title)
			continue;
		/* Nothing is at the end of a line but what is in it. */
		printf("%*s%s", pending, "", gap);
		gap = "  ";
		pending = widths[j] - (int)strlen(texts[j]);
		if (is_number(&table->columns[j])) {
			printf("%*s", pending, "");
			pending = 0;
		}
		fputs(texts[j], stdout);
	}
	putchar('\n');
}

static void print_people(const struct table *table, char **shown)
{
	char **titles = new(table->nr_columns * sizeof(*titles));
	int *widths = new(table->nr_columns * sizeof(*widths));
	size_t i;

	widths_find(table, shown, widths);
	for (i = 0; i < table->nr_columns; i++)
		titles[i] = (char *)table->columns[i].title;
	print_line(table, widths, titles);
	for (i = 0; i < table->nr_rows; i++)
		print_line(table, widths, shown + i * table->nr_columns);
	free(widths);
	free(titles);
}

static void print_people_record(const struct table *table, char **shown)
{
	int width = 0;
	size_t j;

	for (j = 0; j < table->nr_columns; j++)
		if (table->columns[j].title &&
		    (int)strlen(table->columns[j].title) > width)
			width = (int)strlen(table->columns[j].title);
	for (j = 0; j < table->nr_columns; j++)
		if (table->columns[j].title)
			printf("%-*s  %s\n", width, table->columns[j].title,
			       shown[j]);
}

/* ---- as JSON ---- */

static void json_list(const char *key, char *const *list)
{
	json_begin(key, '[');
	for (; list && *list; list++)
		json_text(NULL, *list);
	json_end(']');
}

static void json_cell(const struct column *column, const struct cell *cell)
{
	if (column->kind == CELL_LIST)
		json_list(column->key, cell->list);
	else if (is_number(column) ? cell->none : !cell->text)
		json_null(column->key);
	else if (is_number(column))
		json_number(column->key, cell->number);
	else
		json_text(column->key, cell->text);
}

static void json_row(const struct table *table, size_t row, const char *key)
{
	size_t j;

	json_begin(key, '{');
	for (j = 0; j < table->nr_columns; j++)
		json_cell(&table->columns[j],
			  &table->cells[row * table->nr_columns + j]);
	json_end('}');
}

/* ---- both ---- */

static void print_shown(const struct table *table,
			void (*print)(const struct table *, char **))
{
	size_t nr = table->nr_rows * table->nr_columns, i;
	char **shown = new((nr + 1) * sizeof(*shown));

	for (i = 0; i < nr; i++)
		shown[i] = cell_shown(&table->columns[i % table->nr_columns],
				      &table->cells[i]);
	print(table, shown);
	for (i = 0; i < nr; i++)
		free(shown[i]);
	free(shown);
}

void table_print(const struct table *table, const char *key)
{
	size_t i;

	if (!as_json) {
		print_shown(table, print_people);
		return;
	}
	json_begin(key, '[');
	for (i = 0; i < table->nr_rows; i++)
		json_row(table, i, NULL);
	json_end(']');
}

void table_print_record(const struct table *table, const char *key)
{
	if (as_json)
		json_row(table, 0, key);
	else
		print_shown(table, print_people_record);
}
