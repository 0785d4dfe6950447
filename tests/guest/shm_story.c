// SPDX-License-Identifier: GPL-2.0-only
/*
 * See story.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "story.h"

static uint64_t state;
static unsigned int step;
static sigjmp_buf fault;

unsigned int story_roll(unsigned int n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (state >> 33) % n;
}

bool story_once_in(unsigned int n)
{
	return !story_roll(n);
}

void story_say(const char *format, ...)
{
	va_list args;

	printf("%u ", step);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void story_result(const char *what, long ret)
{
	if (ret == -1)
		story_say("%s: %s", what, strerrorname_np(errno));
	else
		story_say("%s: %ld", what, ret);
}

uint32_t story_hash(const void *p, size_t size)
{
	const unsigned char *bytes = p;
	uint32_t hash = 2166136261U;

	while (size--)
		hash = (hash ^ *bytes++) * 16777619U;
	return hash;
}

void story_child(unsigned int uid, void (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (uid && (setgid(uid) || setuid(uid)))
			_exit(99);
		fn();
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	story_say("child ended with %#x", status);
}

/* ---- memory that may not be there ---- */

static void on_fault(int signal)
{
	siglongjmp(fault, signal);
}

bool story_touch(volatile unsigned char *p, bool write, unsigned char *value)
{
	if (sigsetjmp(fault, 1))
		return false;
	if (write)
		*p = *value;
	else
		*value = *p;
	return true;
}

/* ---- the series ---- */

/* Nothing of somebody else's may be open. */
static void say_fds(void)
{
	unsigned int fds = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		fds += fcntl(fd, F_GETFD) >= 0;
	story_say("%u fds", fds);
}

/* As the first program of a fresh process: what exec() hands on. */
static void exec_self(void)
{
	execl("/proc/self/exe", "shm_story", "fds", NULL);
	_exit(98);
}

static void one_step(void)
{
	if (story_once_in(50))
		say_fds();
	else if (story_once_in(100))
		story_child(0, exec_self);
	else if (story_roll(2))
		segment_step();
	else
		object_step();
}

int main(int argc, char **argv)
{
	static const int faults[] = { SIGBUS, SIGSEGV };
	struct sigaction action = { .sa_handler = on_fault };
	unsigned int i, steps;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		sigaction(faults[i], &action, NULL);
	if (argc == 2) {
		if (!strcmp(argv[1], "corners"))
			corners();
		say_fds();
		return 0;
	}
	if (argc != 3)
		return 2;
	state = strtoull(argv[1], NULL, 0);
	steps = strtoul(argv[2], NULL, 0);
	for (step = 1; step <= steps; step++)
		one_step();
	segment_end();
	object_end();
	say_fds();
	return 0;
}
