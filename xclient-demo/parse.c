// SPDX-License-Identifier: GPL-2.0-only
#include "parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "message.h"
#include "way.h"

/* The largest side an X window can have. */
#define SIDE_MAX 32767

/**
 * parse_count() - read a number
 * @name: of the option
 * @least: smallest that is accepted
 * @text: what the user wrote
 * @count: filled in
 *
 * Return: 0, or -1 after a message.
 */
int parse_count(const char *name, long least, const char *text, long *count)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (end == text || *end || errno || value < least)
		return complain("--%s %s: not a number of at least %ld", name, text, least);
	*count = value;
	return 0;
}

/**
 * parse_size() - read the size of a picture
 * @name: of the option
 * @text: what the user wrote
 * @width: filled in
 * @height: filled in
 *
 * Return: 0, or -1 after a message.
 */
int parse_size(const char *name, const char *text, int *width, int *height)
{
	int w, h, used = 0;

	if (sscanf(text, "%6dx%6d%n", &w, &h, &used) != 2 || text[used] || w < 1 || h < 1 ||
	    w > SIDE_MAX || h > SIDE_MAX)
		return complain("--%s %s: not a size; write WIDTHxHEIGHT, as in 640x360", name,
				text);
	*width = w;
	*height = h;
	return 0;
}

/**
 * parse_way() - read how pictures get to the server
 * @name: of the option
 * @text: what the user wrote
 * @way: filled in
 *
 * Return: 0, or -1 after a message.
 */
int parse_way(const char *name, const char *text, const struct way **way)
{
	const struct way *found = way_find(text);

	if (!found)
		return complain("--%s %s: there is no such way; write sysv, fd or pixmap", name,
				text);
	*way = found;
	return 0;
}
