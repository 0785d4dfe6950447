// SPDX-License-Identifier: GPL-2.0-only
#include "way.h"

#include <stddef.h>
#include <string.h>

static const struct way *const shared_ways[] = { &way_sysv, &way_fd, &way_pixmap, NULL };

/**
 * way_find() - find a way of sharing memory with the server
 * @name: its name
 *
 * Return: the way, or NULL if none is called so.
 */
const struct way *way_find(const char *name)
{
	const struct way *const *way = shared_ways;

	while (*way && strcmp((*way)->name, name))
		way++;
	return *way;
}

/**
 * way_is_shared() - does the server read our memory itself?
 * @way: way
 *
 * Return: true if it does, so that images can be in flight.
 */
bool way_is_shared(const struct way *way)
{
	return way->attach;
}
