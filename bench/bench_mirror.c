// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to give a device memory that a program has touched, per MiB:
 *
 *	mirror		a range of a mirror is made and faulted; again: asked for
 *			when nothing has changed; back: it is destroyed
 *	pin		pin_user_pages(); back: unpin_user_pages(), all dirty
 *
 *	bench_mirror [--rounds N] [--data FILE] [SIZE_MB...]
 *
 * Both give the device an address for each page, by way of pmm_bench_mirror.ko.  Best
 * of some rounds.  Only ratios within one run mean anything.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "args.h"
#include "table.h"

#define MIB		(1UL << 20)
#define HUGE_PAGE	(2 * MIB)
#define FILE_NAME	"/sys/kernel/debug/pmm_bench_mirror"
#define MAX_SIZES	8

/* Nanoseconds. */
struct times {
	unsigned long long get;
	unsigned long long again;
	unsigned long long give;
};

static unsigned long rounds = 9;
static struct table table = {
	.unit = "us/MiB", .columns = { "get", "again", "back" }, .digits = 2,
};

static void keep_least(unsigned long long *least, unsigned long long value)
{
	if (value < *least)
		*least = value;
}

static struct times measure_once(const char *way, const char *p, size_t size)
{
	struct times t;
	char text[96];
	ssize_t n;
	int fd;

	fd = open(FILE_NAME, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s: is pmm_bench_mirror.ko loaded?", FILE_NAME);
	n = snprintf(text, sizeof(text), "%s %#lx %#zx", way, (uintptr_t)p, size);
	if (write(fd, text, n) != n)
		err(1, "%s of %zu MiB", way, size / MIB);
	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		err(1, "%s", FILE_NAME);
	text[n] = '\0';
	if (sscanf(text, "%llu %llu %llu", &t.get, &t.again, &t.give) != 3)
		errx(1, "%s says '%s'", FILE_NAME, text);
	close(fd);
	return t;
}

/* In microseconds for each MiB. */
static void measure(const char *way, const char *p, size_t size, double *us)
{
	struct times best = { -1ULL, -1ULL, -1ULL }, t;
	double mib = (double)size / MIB * 1e3;

	for (unsigned long i = 0; i < rounds; i++) {
		t = measure_once(way, p, size);
		keep_least(&best.get, t.get);
		keep_least(&best.again, t.again);
		keep_least(&best.give, t.give);
	}
	us[0] = best.get / mib;
	us[1] = best.again / mib;
	us[2] = best.give / mib;
}

static void print(const char *way, const char *pages, size_t size,
		  const double *us, const double *base)
{
	char name[40];

	snprintf(name, sizeof(name), "%-6s %2zu MiB, %s", way, size / MIB, pages);
	table_row(&table, name, us, base);
}

/* Both ways on the same memory. */
static void compare(size_t size, int advice, const char *pages)
{
	size_t room = size + HUGE_PAGE;
	char *all = mmap(NULL, room, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	double mirror[TABLE_COLUMNS], pin[TABLE_COLUMNS];
	char *p;

	if (all == MAP_FAILED)
		err(1, "%zu MiB", size / MIB);
	p = all + (-(uintptr_t)all & (HUGE_PAGE - 1));
	if (madvise(p, size, advice))
		err(1, "madvise");
	memset(p, 1, size);
	measure("pin", p, size, pin);
	measure("mirror", p, size, mirror);
	print("pin", pages, size, pin, pin);
	print("mirror", pages, size, mirror, pin);
	munmap(all, room);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "rounds", required_argument, NULL, 'r' },
		{ "data", required_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	size_t sizes[MAX_SIZES] = { 1, 16, 64 }, nr = 3;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'r')
			rounds = arg_number(optarg, 1000);
		else if (c == 'd')
			table.data = arg_data(optarg);
		else
			return 2;
	}
	if (argc - optind > MAX_SIZES)
		errx(2, "more than %d sizes", MAX_SIZES);
	for (int i = optind; i < argc; i++) {
		nr = i - optind + 1;
		sizes[nr - 1] = arg_number(argv[i], 1024);
	}
	table_head(&table);
	for (size_t i = 0; i < nr; i++) {
		compare(sizes[i] * MIB, MADV_NOHUGEPAGE, "4 KiB");
		if (sizes[i] * MIB >= HUGE_PAGE)
			compare(sizes[i] * MIB, MADV_HUGEPAGE, "huge");
	}
	return 0;
}
