// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/inject.h"
#include "sample.h"
#include "tally.h"

#define WORDS	(PAGE / sizeof(uint64_t))

/* In pages; what is made of folios of 2 MiB, of pages, and of both. */
static const size_t sizes[] = { 1, 2, 7, 64, 512, 514, 1024, 1500 };

unsigned int below(unsigned int n)
{
	return (unsigned long)random() % n;
}

uint64_t sample_new_seed(void)
{
	return (uint64_t)getpid() << 40 ^ (uint64_t)random() << 8 ^ 1;
}

void sample_page(uint64_t seed, void *page)
{
	uint64_t *w = page;
	size_t i;

	for (i = 0; i < WORDS; i++)
		w[i] = seed ? pattern(seed, i) : 0;
}

/* ---- a home of each kind ---- */

static bool adopt(struct sample *s, uint32_t flags)
{
	return try_block_adopt(s->fd, s->p, flags) == 0;
}

static bool map(struct sample *s, int fd)
{
	void *p = mmap(NULL, s->pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		       fd, 0);

	if (p == MAP_FAILED)
		return false;
	s->p = p;
	return true;
}

static bool home_sysv(struct sample *s)
{
	int id = shmget(IPC_PRIVATE, s->pages * PAGE, IPC_CREAT | 0600);
	void *p;

	if (id < 0)
		return false;
	p = shmat(id, NULL, 0);
	/* Gone with its last attach, whoever is killed. */
	shmctl(id, IPC_RMID, NULL);
	if (p == (void *)-1)
		return false;
	s->p = p;
	return adopt(s, 0);
}

static bool home_file(struct sample *s, int fd, uint32_t flags)
{
	s->file = fd;
	return fd >= 0 && !ftruncate(fd, s->pages * PAGE) && map(s, fd) &&
	       adopt(s, flags);
}

static bool home_create(struct sample *s)
{
	switch (s->kind) {
	case SAMPLE_SYSV:
		return home_sysv(s);
	case SAMPLE_MEMFD:
		return home_file(s, memfd_create("soak", MFD_CLOEXEC |
						 MFD_ALLOW_SEALING),
				 PMM_ADOPT_SEAL);
	case SAMPLE_FILE:
	case SAMPLE_UNSEALED:
		return home_file(s, open("/dev/shm", O_TMPFILE | O_RDWR |
					 O_CLOEXEC, 0600),
				 s->kind == SAMPLE_FILE ? PMM_ADOPT_SEAL : 0);
	default:
		s->file = try_block_home_fd(s->fd, 0);
		return s->file >= 0 && map(s, s->fd);
	}
}

/* ---- coming and going ---- */

static bool block_create(struct sample *s)
{
	struct pmm_alloc a = { .length = s->pages * PAGE };
	struct pmm_block_info info = { .size = sizeof(info) };

	s->fd = try_block_alloc(&a);
	if (s->fd < 0 || ioctl(s->fd, PMM_IOC_BLOCK_INFO, &info))
		return false;
	s->pfn = info.phys / PAGE;
	return true;
}

struct sample *sample_create(void)
{
	struct sample *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->kind = below(SAMPLE_KINDS);
	s->fd = -1;
	s->file = -1;
	s->pages = sizes[below(sizeof(sizes) / sizeof(*sizes))];
	s->seeds = calloc(s->pages, sizeof(*s->seeds));
	s->lost = calloc(s->pages, sizeof(*s->lost));
	if (!s->seeds || !s->lost || !block_create(s) || !home_create(s)) {
		sample_destroy(s);
		return NULL;
	}
	/* Nothing of whoever had these pages before. */
	sample_check(s, 0, s->pages);
	return s;
}

void sample_destroy(struct sample *s)
{
	if (s->p && s->kind == SAMPLE_SYSV)
		shmdt(s->p);
	else if (s->p)
		munmap(s->p, s->pages * PAGE);
	if (s->file >= 0)
		close(s->file);
	if (s->fd >= 0)
		close(s->fd);
	free(s->seeds);
	free(s->lost);
	free(s);
}

/* ---- contents ---- */

void sample_write(struct sample *s, size_t first, size_t n)
{
	size_t i;

	for (i = first; i < first + n; i++) {
		s->seeds[i] = sample_new_seed();
		sample_page(s->seeds[i], s->p + i * PAGE);
	}
}

void sample_punched(struct sample *s, size_t first, size_t n)
{
	memset(s->seeds + first, 0, n * sizeof(*s->seeds));
	memset(s->lost + first, true, n * sizeof(*s->lost));
}

/* The first word that is wrong, or WORDS. */
static size_t wrong_word(const void *page, uint64_t seed)
{
	const volatile uint64_t *w = page;
	size_t i;

	for (i = 0; i < WORDS; i++)
		if (w[i] != (seed ? pattern(seed, i) : 0))
			break;
	return i;
}

void sample_check_bytes(const void *bytes, uint64_t seed, const char *how)
{
	size_t i = wrong_word(bytes, seed);

	if (i < WORDS)
		tally_wrong("%s: word %zu is 0x%llx, not 0x%llx", how, i,
			    (unsigned long long)((const uint64_t *)bytes)[i],
			    (unsigned long long)(seed ? pattern(seed, i) : 0));
}

/*
 * The page number may have to be looked at again: whatever takes mappings away
 * may do so between the access and the look.
 */
static void check_pfn(const struct sample *s, const char *page, size_t i)
{
	uint64_t pfn = 0, wanted = s->pfn + i;
	int tries;

	for (tries = 0; !pfn && tries < 100; tries++) {
		(void)*(const volatile char *)page;
		pfn = pfn_of(page);
	}
	if (pfn && pfn != wanted)
		tally_wrong("kind %d, %zu pages: page %zu is 0x%llx, not 0x%llx",
			    s->kind, s->pages, i, (unsigned long long)pfn,
			    (unsigned long long)wanted);
}

void sample_check_at(const struct sample *s, const char *p, size_t first,
		     size_t n)
{
	size_t i, word;

	inject_wanted(false);
	for (i = first; i < first + n; i++) {
		const char *page = p + i * PAGE;

		word = wrong_word(page, s->seeds[i]);
		if (word < WORDS)
			tally_wrong("kind %d, %zu pages: page %zu%s, word %zu is 0x%llx, not that of seed 0x%llx",
				    s->kind, s->pages, i,
				    s->lost[i] ? " (lost)" : "", word,
				    ((const unsigned long long *)page)[word],
				    (unsigned long long)s->seeds[i]);
		/* Each page number is a system call. */
		if (!s->lost[i] && (i == first || !below(16)))
			check_pfn(s, page, i);
	}
	tally_checked(n);
}

void sample_check(const struct sample *s, size_t first, size_t n)
{
	sample_check_at(s, s->p, first, n);
}
