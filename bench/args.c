// SPDX-License-Identifier: GPL-2.0-only
#include "args.h"

#include <err.h>
#include <stdlib.h>

unsigned long arg_number(const char *text, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (!*text || *end || !n || n > max)
		errx(2, "'%s' has to be a number from 1 to %lu", text, max);
	return n;
}

FILE *arg_data(const char *name)
{
	FILE *f = fopen(name, "w");

	if (!f)
		err(1, "%s", name);
	return f;
}
