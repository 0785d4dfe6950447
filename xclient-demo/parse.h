/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values of options.
 */
#ifndef XCLIENT_PARSE_H
#define XCLIENT_PARSE_H

struct way;

int parse_count(const char *name, long least, const char *text, long *count);
int parse_size(const char *name, const char *text, int *width, int *height);
int parse_way(const char *name, const char *text, const struct way **way);

#endif
