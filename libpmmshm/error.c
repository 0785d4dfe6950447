// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The text of this thread's last failure.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"
#include "utf8.h"

static _Thread_local char error_text[512];

const char *pmmshm_error(void)
{
	return error_text;
}

/* Sets errno and the text, in which %m is the name of @err.  Returns -1. */
int pmmshm_fail(int err, const char *format, ...)
{
	char text[sizeof(error_text)];
	va_list args;

	/* An argument may be the old text. */
	va_start(args, format);
	errno = err;
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* Names of devices and types are the caller's: keep the text to one line. */
	pmmshm_utf8_printable(text);
	memcpy(error_text, text, sizeof(text));
	errno = err;
	return -1;
}
