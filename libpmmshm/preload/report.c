// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The lines of --verbose: what each object became, or why not.
 *
 * A line is one write(), so that those of several processes do not mix.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "preload.h"

/* What the standard error was when the program started. */
static struct stat stderr_was;

void report_init(void)
{
	if (fstat(STDERR_FILENO, &stderr_was))
		memset(&stderr_was, 0, sizeof(stderr_was));
}

/* A daemon closes its standard error, and what it opens next has that number. */
static bool stderr_is_the_same(void)
{
	struct stat now;

	return !fstat(STDERR_FILENO, &now) && now.st_dev == stderr_was.st_dev &&
	       now.st_ino == stderr_was.st_ino && now.st_ino;
}

/* Takes back a signal that is blocked, and that our own write() has raised. */
static void take_signal(int number)
{
	static const struct timespec now;
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, number);
	sigtimedwait(&one, NULL, &now);
}

/*
 * Nobody may be reading any more, and files may be limited in size: that is for us to
 * know, and must not kill the program.
 */
static void write_quietly(int fd, const char *line, size_t length)
{
	sigset_t before;
	ssize_t n;

	sigpending(&before);
	do {
		n = write(fd, line, length);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EPIPE && !sigismember(&before, SIGPIPE))
		take_signal(SIGPIPE);
	if (n < 0 && errno == EFBIG && !sigismember(&before, SIGXFSZ))
		take_signal(SIGXFSZ);
}

static void write_line(const char *line, size_t length)
{
	const char *log = preload_settings.log;
	int fd = STDERR_FILENO;

	if (*log)
		fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	else if (!stderr_is_the_same())
		return;
	if (fd < 0)
		return;
	write_quietly(fd, line, length);
	if (*log)
		close(fd);
}

/*
 * @object, of @size bytes, has become @b if that has no reason against it.  Called
 * between guard_enter() and guard_leave().
 */
void report(const char *object, size_t size, const struct block *b)
{
	char line[REPORT_MAX];
	int n;

	if (!preload_settings.verbose)
		return;
	n = snprintf(line, sizeof(line) - 1, "pmmrun: %s[%d]: %s, %zu bytes: ",
		     program_invocation_short_name, getpid(), object, size);
	if (n < 0 || (size_t)n >= sizeof(line) - 1)
		return;
	if (b->why[0])
		n += snprintf(line + n, sizeof(line) - 1 - n,
			      "ordinary memory: %s", b->why);
	else
		n += snprintf(line + n, sizeof(line) - 1 - n, "block %llu",
			      (unsigned long long)b->id);
	if ((size_t)n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n] = '\n';
	write_line(line, n + 1);
}
