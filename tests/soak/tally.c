// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "tally.h"

#define HISTORY	8

static struct {
	unsigned long done[TALLY_MAX];
	unsigned long refused[TALLY_MAX];
	unsigned long pages;
	unsigned int wrong;
} *tally;

/* The last few things that this process did. */
static const char *history[HISTORY];
static unsigned int nr_history;

void tally_start(void)
{
	tally = EXPECT_OK(mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

void tally_count(unsigned int kind, bool done)
{
	__atomic_add_fetch(done ? &tally->done[kind] : &tally->refused[kind], 1,
			   __ATOMIC_RELAXED);
}

unsigned long tally_done(unsigned int kind)
{
	return __atomic_load_n(&tally->done[kind], __ATOMIC_RELAXED);
}

unsigned long tally_refused(unsigned int kind)
{
	return __atomic_load_n(&tally->refused[kind], __ATOMIC_RELAXED);
}

void tally_checked(unsigned long pages)
{
	__atomic_add_fetch(&tally->pages, pages, __ATOMIC_RELAXED);
}

unsigned long tally_pages(void)
{
	return __atomic_load_n(&tally->pages, __ATOMIC_RELAXED);
}

void tally_doing(const char *what)
{
	history[nr_history++ % HISTORY] = what;
}

void tally_wrong(const char *fmt, ...)
{
	unsigned int i = nr_history > HISTORY ? nr_history - HISTORY : 0;
	va_list ap;

	printf("soak: process %d: ", (int)getpid());
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("; before that:");
	for (; i < nr_history; i++)
		printf(" %s", history[i % HISTORY]);
	putchar('\n');
	fflush(stdout);
	__atomic_store_n(&tally->wrong, 1, __ATOMIC_RELAXED);
	_exit(1);
}

bool tally_is_wrong(void)
{
	return __atomic_load_n(&tally->wrong, __ATOMIC_RELAXED);
}
