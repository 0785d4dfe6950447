// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that pages are moved into, for the tests of PMM_IOC_MIGRATE.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "migrate.h"

/* Between two looks, and how many before it is taken for hopeless. */
#define LOOK_MS		10
#define LOOKS		6000

void vram_insert(const char *args)
{
	char all[128];

	snprintf(all, sizeof(all), "start_mb=%lu size_mb=%lu %s",
		 VRAM_START / MIB, VRAM_SIZE / MIB, args);
	test_module_insert("pmm_test_coherent", all);
}

void vram_remove(void)
{
	int log = kmsg_open();

	test_module_remove("pmm_test_coherent");
	EXPECT(kmsg_has(log, "pmm_test_coherent: intact"));
	close(log);
}

uint64_t vram_free(void)
{
	struct pool pool;

	EXPECT(pool_read_type(&pool, "vram"));
	return pool.free;
}

uint64_t vram_retired(void)
{
	struct pool pool;

	EXPECT(pool_read_type(&pool, "vram"));
	return pool.retired;
}

void vram_wait_whole(void)
{
	int i;

	for (i = 0; vram_free() != VRAM_SIZE; i++) {
		EXPECT(i < LOOKS);
		sleep_ms(LOOK_MS);
	}
}

void vram_soil(void)
{
	void *p = anon(VRAM_SIZE);

	memset(p, 0xd1, VRAM_SIZE);
	migrate(p, VRAM_SIZE, "vram");
	EXPECT_EQ(vram_free(), 0);
	EXPECT_OK(munmap(p, VRAM_SIZE));
	vram_wait_whole();
}

static bool in_vram(const void *p)
{
	uint64_t address = pfn_of(p) * PAGE;

	return address >= VRAM_START && address < VRAM_START + VRAM_SIZE;
}

static size_t count_in_vram(const void *p, size_t size)
{
	const char *page = p;
	size_t i, nr = 0;

	for (i = 0; i < size; i += PAGE)
		nr += in_vram(page + i);
	return nr;
}

bool all_in_vram(const void *p, size_t size)
{
	return count_in_vram(p, size) == size / PAGE;
}

bool none_in_vram(const void *p, size_t size)
{
	return !count_in_vram(p, size);
}

int try_migrate(void *p, size_t size, const char *type, struct pmm_migrate *m)
{
	int ret;

	m->size = sizeof(*m);
	m->address = (uintptr_t)p;
	m->length = size;
	snprintf(m->type, sizeof(m->type), "%s", type);
	ret = ioctl(pmm_fd(), PMM_IOC_MIGRATE, m);
	if (ret && (errno == EINVAL || errno == ENOENT || errno == ENODEV ||
		    errno == EBADF || errno == EOVERFLOW || errno == ESRCH))
		return ret;
	EXPECT_EQ(m->moved + m->there + m->unmapped + m->unfit + m->shared +
		  m->large + m->busy + m->left, size);
	EXPECT_EQ(ret == 0, m->moved + m->there == size);
	return ret;
}

void migrate(void *p, size_t size, const char *type)
{
	struct pmm_migrate m = {};
	int ret;

	/* What other threads use at that very moment may have to be tried again. */
	while ((ret = try_migrate(p, size, type, &m)) &&
	       m.reason == PMM_MIGRATE_BUSY)
		sleep_ms(LOOK_MS);
	EXPECT_EQ(m.reason, PMM_MIGRATE_NONE);
	/* There may be no such type, either. */
	EXPECT_OK(ret);
}

void *anon(size_t size)
{
	char *p = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t head;

	EXPECT(p != MAP_FAILED);
	head = -(uintptr_t)p % HUGE_PAGE;
	if (head)
		EXPECT_OK(munmap(p, head));
	EXPECT_OK(munmap(p + head + size, HUGE_PAGE - head));
	return p + head;
}

/* ---- threads that write ---- */

static bool writer_round(struct writers *w, int n, uint64_t *value)
{
	uint64_t next = *value + 1;
	volatile uint64_t *word;
	size_t i;

	for (i = 0; i < w->pages; i++) {
		word = (volatile uint64_t *)(w->p + i * PAGE) + n;
		if (*word != *value)
			return false;
		*word = next;
	}
	*value = next;
	return true;
}

static void *writer_run(void *arg)
{
	struct writers *w = arg;
	int n = __atomic_fetch_add(&w->nr, 1, __ATOMIC_RELAXED);
	uint64_t value = 0;

	while (!w->stop) {
		if (!writer_round(w, n, &value)) {
			w->lost = true;
			break;
		}
		w->rounds[n]++;
	}
	return NULL;
}

void writers_start(struct writers *w, void *p, size_t size)
{
	int i;

	memset(w, 0, sizeof(*w));
	memset(p, 0, size);
	w->p = p;
	w->pages = size / PAGE;
	for (i = 0; i < WRITERS; i++)
		EXPECT(!pthread_create(&w->thread[i], NULL, writer_run, w));
}

void writers_wait(struct writers *w)
{
	unsigned long before;
	int i, looks;

	for (i = 0; i < WRITERS; i++) {
		before = w->rounds[i];
		for (looks = 0; w->rounds[i] - before < 2 && !w->lost; looks++) {
			EXPECT(looks < LOOKS);
			sleep_ms(1);
		}
	}
	EXPECT(!w->lost);
}

void writers_stop(struct writers *w)
{
	int i;

	writers_wait(w);
	w->stop = true;
	for (i = 0; i < WRITERS; i++)
		EXPECT(!pthread_join(w->thread[i], NULL));
	EXPECT(!w->lost);
}
