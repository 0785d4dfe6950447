/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that pages are moved into, for the tests of PMM_IOC_MIGRATE, and threads
 * that write to what is moved.  The device is tests/kmod/pmm_test_coherent.c.
 */
#ifndef PMM_TEST_MIGRATE_H
#define PMM_TEST_MIGRATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest.h"

/* Where APPEND='memmap=32M$512M' sets RAM aside, and what is made of it. */
#define VRAM_START	(512 * MIB)
#define VRAM_SIZE	(8 * MIB)

/* The device comes, with more parameters of its module, and goes. */
void vram_insert(const char *args);
void vram_remove(void);
/* Bytes that are free there. */
uint64_t vram_free(void);
/* Bytes that are not used after memory errors. */
uint64_t vram_retired(void);
/* Wait until all are. */
void vram_wait_whole(void);
/* Leave something in all of it that nobody else may see. */
void vram_soil(void);

/* Is all of this, mapped and touched, on the device?  Is none of it? */
bool all_in_vram(const void *p, size_t size);
bool none_in_vram(const void *p, size_t size);

/* PMM_IOC_MIGRATE; @type "" is back.  Checks that the figures add up. */
int try_migrate(void *p, size_t size, const char *type, struct pmm_migrate *m);
/* All of it, and without a word. */
void migrate(void *p, size_t size, const char *type);

/* Private memory, of whole pages, at a multiple of 2 MiB. */
void *anon(size_t size);

#define WRITERS		2

/**
 * struct writers - threads that write to memory all along
 * @p: the memory; each has a word of its own in every page
 * @pages: how much it is
 * @stop: they are to end
 * @lost: one found something else than it had written
 * @rounds: how often each has been through
 * @thread: them
 * @nr: numbers to give out
 */
struct writers {
	char *p;
	size_t pages;
	volatile bool stop;
	volatile bool lost;
	volatile unsigned long rounds[WRITERS];
	pthread_t thread[WRITERS];
	int nr;
};

void writers_start(struct writers *w, void *p, size_t size);
/* Wait until each has been through everything again. */
void writers_wait(struct writers *w);
/* End them, and see that nothing was lost. */
void writers_stop(struct writers *w);

#endif /* PMM_TEST_MIGRATE_H */
