// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a test expects, and how long it waits for it; see expect.h.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"
#include "segment.h"

static const char *name_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

/* Everything printed so far comes first; a child's exit is seen by its parent. */
static void fail_now(void)
{
	fflush(NULL);
	segments_remove_own();
	_exit(1);
}

void guest_fail(const char *file, int line, const char *what)
{
	int err = errno;

	printf("%s:%d: failed: %s (errno %d, %s)\n", name_of(file), line, what,
	       err, err ? strerror(err) : "none");
	fail_now();
	abort();
}

void guest_fail_eq(const char *file, int line, const char *a, const char *b,
		   long long va, long long vb)
{
	int err = errno;

	printf("%s:%d: failed: %s == %s: %lld (0x%llx) is not %lld (0x%llx) (errno %d)\n",
	       name_of(file), line, a, b, va, va, vb, vb, err);
	fail_now();
	abort();
}

void guest_fail_errno(const char *file, int line, const char *what,
		      const char *err, bool succeeded)
{
	printf("%s:%d: failed: %s: expected %s, but %s\n", name_of(file), line,
	       what, err, succeeded ? "it succeeded" : strerror(errno));
	fail_now();
	abort();
}

void guest_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	exit(77);
}

/* ---- waiting ---- */

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* How many times longer everything takes here: on a debug kernel, several. */
static double slow(void)
{
	const char *value = getenv("SLOW");

	return value ? atof(value) : 1;
}

bool wait_more(double *seconds)
{
	if (*seconds <= 0)
		return false;
	sleep_ms(20);
	*seconds -= 0.02 / slow();
	return true;
}
