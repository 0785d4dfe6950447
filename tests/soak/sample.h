/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sample: a block of which a process knows everything, its contents page by
 * page and where they are, so that it can tell at any time whether that is so.
 */
#ifndef PMM_SOAK_SAMPLE_H
#define PMM_SOAK_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sample_kind {
	SAMPLE_PRIVATE,
	SAMPLE_SYSV,
	SAMPLE_MEMFD,
	SAMPLE_FILE,
	SAMPLE_UNSEALED,	/* a file whose size may change */
	SAMPLE_KINDS,
};

/**
 * struct sample - a block and what is known about it
 * @kind: of its home
 * @fd: the block fd, or -1 once it was let go
 * @file: a file of its home, or -1
 * @p: a mapping of it all
 * @pages: its size
 * @pfn: its first page
 * @seeds: what each page holds: pattern(seed, word), or zeroes if 0
 * @lost: pages that were punched out of the home and are no longer the block's
 */
struct sample {
	enum sample_kind kind;
	int fd;
	int file;
	char *p;
	size_t pages;
	uint64_t pfn;
	uint64_t *seeds;
	bool *lost;
};

/* A number below @n. */
unsigned int below(unsigned int n);

/* NULL if there is no memory for one, or anything else was refused. */
struct sample *sample_create(void);
/* Let go of everything. */
void sample_destroy(struct sample *s);

/* Write something new to these pages, at the sample's or another mapping. */
void sample_write(struct sample *s, size_t first, size_t n);
/* What one page of @seed looks like, to be compared or written. */
void sample_page(uint64_t seed, void *page);
uint64_t sample_new_seed(void);
/* These pages are out of the home: zeroes, which need not be the block's. */
void sample_punched(struct sample *s, size_t first, size_t n);

/* Everything is as it should be, in its own mapping, or there, in @p. */
void sample_check(const struct sample *s, size_t first, size_t n);
void sample_check_at(const struct sample *s, const char *p, size_t first,
		     size_t n);
/* A page's worth of bytes that was read some other way is what @seed says. */
void sample_check_bytes(const void *bytes, uint64_t seed, const char *how);

#endif /* PMM_SOAK_SAMPLE_H */
