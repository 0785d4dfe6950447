// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages, memory and lists: what all parts of pmmctl need.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pmmctl.h"
#include "utf8.h"

bool as_json;

static void complain(const char *prefix, const char *format, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, args);
	pmmshm_utf8_printable(text);
	/* What was printed so far comes first. */
	fflush(stdout);
	fprintf(stderr, "pmmctl: %s%s\n", prefix, text);
}

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain("", format, args);
	va_end(args);
	exit(EXIT_FAILED);
}

void die_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain("", format, args);
	va_end(args);
	exit(EXIT_USAGE);
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain("note: ", format, args);
	va_end(args);
}

void *new(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		die("out of memory");
	return p;
}

/* For one more element, of that size, than the @nr that it has. */
void *grown(void *array, size_t nr, size_t size)
{
	void *p = reallocarray(array, nr + 1, size);

	if (!p)
		die("out of memory");
	return p;
}

char *copy(const char *text)
{
	char *p = strdup(text);

	if (!p)
		die("out of memory");
	return p;
}

char *formatted(const char *format, ...)
{
	va_list args;
	char *p;

	va_start(args, format);
	if (vasprintf(&p, format, args) < 0)
		die("out of memory");
	va_end(args);
	return p;
}

/* One more text in a list of @nr. */
char **list_add(char **list, size_t nr, const char *text)
{
	list = grown(list, nr + 1, sizeof(*list));
	list[nr] = copy(text);
	list[nr + 1] = NULL;
	return list;
}

char **list_copy(char *const *list)
{
	char **to = NULL;
	size_t i;

	for (i = 0; list && list[i]; i++)
		to = list_add(to, i, list[i]);
	return to;
}

void list_free(char **list)
{
	size_t i;

	for (i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

char **bits_list(uint64_t bits, const struct bit_name *names, size_t nr)
{
	char **list = NULL;
	size_t i, n = 0;

	for (i = 0; i < nr; i++)
		if (bits & names[i].bit)
			list = list_add(list, n++, names[i].name);
	return list;
}

uint64_t size_parse(const char *what, const char *value)
{
	uint64_t size;

	if (!size_from_text(value, &size))
		die_usage("%s%s: not a size; give bytes, or a number with K, M, G or T",
			  what, value);
	return size;
}

uint64_t seconds_parse(const char *option, const char *value)
{
	uint64_t seconds;

	if (!number_from_text(value, 24UL * 60 * 60, &seconds) || !seconds)
		die_usage("%s %s: not a number of seconds, up to a day",
			  option, value);
	return seconds;
}

struct terminal_size terminal_size(void)
{
	struct terminal_size size = { .columns = 80, .lines = 24 };
	struct winsize ws;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_col && ws.ws_row)
		size = (struct terminal_size){ ws.ws_col, ws.ws_row };
	return size;
}
