// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON on the standard output, value by value.
 */
#include <inttypes.h>
#include <stdio.h>

#include "pmmctl.h"

static unsigned int depth;
static bool first = true;	/* in the innermost array or object */

/* How many bytes the character at @s has in UTF-8; 0 if it is none. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n, i;

	if (*s < 0x80)
		return 1;
	if (*s >= 0xc2 && *s <= 0xdf)
		n = 2;
	else if (*s >= 0xe0 && *s <= 0xef)
		n = 3;
	else if (*s >= 0xf0 && *s <= 0xf4)
		n = 4;
	else
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than needed, a surrogate, or too high */
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static void put_string(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	putchar('"');
	for (; *s; s += n ? n : 1) {
		n = utf8_length(s);
		if (!n)
			fputs("\\ufffd", stdout);
		else if (*s < 0x20 || *s == 0x7f)
			printf("\\u%04x", *s);
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else
			fwrite(s, 1, n, stdout);
	}
	putchar('"');
}

static void put_line(void)
{
	printf("\n%*s", (int)(2 * depth), "");
}

/* What comes before each value. */
static void put_key(const char *key)
{
	if (!first)
		putchar(',');
	first = false;
	if (depth)
		put_line();
	if (!key)
		return;
	put_string(key);
	fputs(": ", stdout);
}

void json_begin(const char *key, char bracket)
{
	put_key(key);
	putchar(bracket);
	depth++;
	first = true;
}

void json_end(char bracket)
{
	depth--;
	if (!first)
		put_line();
	putchar(bracket);
	first = false;
	if (!depth) {
		putchar('\n');
		first = true;
	}
}

void json_text(const char *key, const char *value)
{
	put_key(key);
	put_string(value);
}

void json_number(const char *key, uint64_t value)
{
	put_key(key);
	printf("%" PRIu64, value);
}

void json_signed(const char *key, int64_t value)
{
	put_key(key);
	printf("%" PRId64, value);
}

void json_null(const char *key)
{
	put_key(key);
	fputs("null", stdout);
}
