// SPDX-License-Identifier: GPL-2.0-only
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/**
 * complain() - tell the user what went wrong
 * @format: the thing, the reason and the way out, without a newline
 *
 * Return: -1, so that callers can return it.
 */
int complain(const char *format, ...)
{
	va_list args;

	fputs(program_invocation_short_name, stderr);
	fputs(": ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}
