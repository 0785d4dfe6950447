// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON on the standard output, value by value.
 */
#include <inttypes.h>
#include <stdio.h>

#include "pmmctl.h"
#include "utf8.h"

static unsigned int depth;
static bool first = true;	/* in the innermost array or object */

static void put_string(const char *text)
{
	size_t n;

	putchar('"');
	for (; *text; text += n ? n : 1) {
		n = pmmshm_utf8_length(text);
		if (!n)
			fputs("\\ufffd", stdout);
		else if (pmmshm_utf8_control(text) >= 0)
			printf("\\u%04x", pmmshm_utf8_control(text));
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else
			fwrite(text, 1, n, stdout);
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
