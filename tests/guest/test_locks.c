// SPDX-License-Identifier: GPL-2.0-only
/*
 * The debugfs file "locks": every time that a type's lock was held is in it
 * once, in the right column, and writing to it forgets them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define LOCKS_FILE	"/sys/kernel/debug/pmm/locks"
#define MAX_COLUMNS	32
#define BLOCKS		100

/* A type's line; @below[i] is the bound of @times[i], 0 for none. */
struct hold {
	unsigned long long taken;
	unsigned long long max_ns;
	unsigned long long below[MAX_COLUMNS];
	unsigned long long times[MAX_COLUMNS];
	unsigned int columns;
};

/* The bounds, from the names of the columns. */
static void hold_parse_header(struct hold *hold, char *line)
{
	char *word = strtok(line, "\n ");

	EXPECT(word && !strcmp(word, "type"));
	EXPECT(!strcmp(strtok(NULL, "\n "), "taken"));
	EXPECT(!strcmp(strtok(NULL, "\n "), "max_ns"));
	while ((word = strtok(NULL, "\n "))) {
		EXPECT(hold->columns < MAX_COLUMNS);
		if (sscanf(word, "below_%llu", &hold->below[hold->columns]) != 1)
			EXPECT(!strcmp(word, "longer"));
		hold->columns++;
	}
	EXPECT(hold->columns > 2);
}

static void hold_parse_line(struct hold *hold, char *line)
{
	unsigned int i;
	char *rest;

	EXPECT(strtok_r(line, " ", &rest));
	hold->taken = strtoull(rest, &rest, 10);
	hold->max_ns = strtoull(rest, &rest, 10);
	for (i = 0; i < hold->columns; i++)
		hold->times[i] = strtoull(rest, &rest, 10);
	EXPECT(!strcmp(rest, "\n"));
}

/* The first line, which is the default type's. */
static void hold_read(struct hold *hold)
{
	FILE *f = fopen(LOCKS_FILE, "re");
	char line[1024];

	memset(hold, 0, sizeof(*hold));
	EXPECT(f);
	EXPECT(fgets(line, sizeof(line), f));
	hold_parse_header(hold, line);
	EXPECT(fgets(line, sizeof(line), f));
	hold_parse_line(hold, line);
	fclose(f);
}

/* Each time is in one column, and the longest in the last that is not empty. */
static void expect_consistent(const struct hold *hold)
{
	unsigned long long sum = 0;
	unsigned int i, last = 0;

	for (i = 0; i < hold->columns; i++) {
		sum += hold->times[i];
		if (hold->times[i])
			last = i;
		EXPECT_EQ(!hold->below[i], i == hold->columns - 1);
	}
	EXPECT_EQ(sum, hold->taken);
	if (!sum)
		return;
	EXPECT(!hold->below[last] || hold->max_ns < hold->below[last]);
	EXPECT(!last || hold->max_ns >= hold->below[last - 1]);
}

static void make_blocks(void)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++)
		close(block_alloc(PAGE));
	wait_pool_whole(10);
}

static void test_counted(void)
{
	struct hold before, after;

	hold_read(&before);
	expect_consistent(&before);
	make_blocks();
	hold_read(&after);
	expect_consistent(&after);
	EXPECT(after.taken >= before.taken + 2ULL * BLOCKS);
	EXPECT(after.max_ns >= before.max_ns);
}

static void test_forgotten(void)
{
	struct hold before, after;

	make_blocks();
	hold_read(&before);
	write_file(LOCKS_FILE, "0");
	hold_read(&after);
	expect_consistent(&after);
	/* Scrubbing may have gone on. */
	EXPECT(after.taken < before.taken / 2);
}

static void try_open(void *unused)
{
	(void)unused;
	EXPECT_ERRNO(open(LOCKS_FILE, O_RDONLY), EACCES);
	EXPECT_ERRNO(open(LOCKS_FILE, O_WRONLY), EACCES);
}

int main(void)
{
	make_blocks();
	test_counted();
	test_forgotten();
	run_as(NOBODY, try_open, NULL);
	return 0;
}
