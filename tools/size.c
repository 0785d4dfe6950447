// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers and sizes on command lines.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

/* A number at the beginning of @text; @rest is set to what follows. */
static bool number_begins(const char *text, uint64_t *number, const char **rest)
{
	char *end;

	/* strtoull() takes signs and spaces. */
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	*rest = end;
	return !errno;
}

bool number_from_text(const char *text, uint64_t max, uint64_t *number)
{
	const char *rest;

	return number_begins(text, number, &rest) && !*rest && *number <= max;
}

/* The power of 1024 that a letter stands for, or -1. */
static int unit_of(const char *suffix)
{
	static const char units[] = "KMGT";
	const char *unit;

	if (!*suffix)
		return 0;
	unit = strchr(units, toupper((unsigned char)*suffix));
	return unit && !suffix[1] ? (int)(unit - units) + 1 : -1;
}

bool size_from_text(const char *text, uint64_t *size)
{
	const char *rest;
	int unit;

	if (!number_begins(text, size, &rest))
		return false;
	unit = unit_of(rest);
	if (unit < 0 || *size > UINT64_MAX >> 10 * unit)
		return false;
	*size <<= 10 * unit;
	return true;
}
