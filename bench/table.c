// SPDX-License-Identifier: GPL-2.0-only
#include "table.h"

void table_head(const struct table *table)
{
	printf("%-28s", table->unit);
	for (int i = 0; i < TABLE_COLUMNS && table->columns[i]; i++)
		printf(" %10s  ratio", table->columns[i]);
	printf("\n");
	fflush(stdout);
}

void table_row(const struct table *table, const char *name,
	       const double *values, const double *base)
{
	printf("%-28s", name);
	if (table->data)
		fprintf(table->data, "\"%s\"", name);
	for (int i = 0; i < TABLE_COLUMNS && table->columns[i]; i++) {
		printf(" %10.*f ", table->digits, values[i]);
		if (base[i] > 0)
			printf("%6.2f", values[i] / base[i]);
		else
			printf("%6s", "-");
		if (table->data)
			fprintf(table->data, " %.3f", values[i]);
	}
	printf("\n");
	fflush(stdout);
	if (table->data)
		fprintf(table->data, "\n");
}
