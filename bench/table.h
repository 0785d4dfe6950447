/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table of figures, each with its ratio to that of another row, on the standard
 * output; and for a plot.
 */
#ifndef PMM_BENCH_TABLE_H
#define PMM_BENCH_TABLE_H

#include <stdio.h>

#define TABLE_COLUMNS	4

struct table {
	const char *unit;
	const char *columns[TABLE_COLUMNS];	/* as many as there are */
	int digits;				/* behind the point */
	FILE *data;				/* or NULL */
};

void table_head(const struct table *table);
/* @base: the values that these are compared with. */
void table_row(const struct table *table, const char *name,
	       const double *values, const double *base);

#endif /* PMM_BENCH_TABLE_H */
