// SPDX-License-Identifier: GPL-2.0-only
/*
 * What shared memory costs its first users: touching every page of a new
 * segment, and attaching it in a second process and reading every page.
 *
 *	PMM home	a block with a System V segment, through libpmmshm
 *	SysV		an ordinary segment
 *	memfd		an ordinary memfd
 *	SHM_HUGETLB	a segment of huge pages that were set aside beforehand
 *
 * Each figure is the best of several rounds: the machine may be busy with other
 * things, but never makes a round faster than it can be.  Only ratios between
 * the rows of one run mean anything.
 *
 * The PMM rows do not count pmmshm_block_alloc() as touching, as the SysV rows
 * do not count shmget(): the column "create" has that, with the zeroing of the
 * block in it.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <pmmshm.h>

#define ROUNDS		5
#define PAGE		4096UL
#define HUGE_PAGE	(2UL << 20)

/* One kind of shared memory.  create() returns the memory and sets @state. */
struct kind {
	const char *name;
	void *(*create)(size_t size, void **state);
	void *(*attach)(size_t size, void *state);
	void (*detach)(void *p, size_t size);
	void (*destroy)(void *p, size_t size, void *state);
};

/* Seconds; 0 where this kind cannot be had. */
struct result {
	double create;
	double touch;
	double attach;
};

static struct pmmshm *pmm;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void *sysv_create_flags(size_t size, void **state, int flags)
{
	int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600 | flags);
	void *p;

	if (id < 0)
		return NULL;
	p = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	*state = (void *)(intptr_t)id;
	return p == (void *)-1 ? NULL : p;
}

static void *sysv_create(size_t size, void **state)
{
	return sysv_create_flags(size, state, 0);
}

static void *hugetlb_create(size_t size, void **state)
{
	return sysv_create_flags(size, state, SHM_HUGETLB);
}

static void *sysv_attach(size_t size, void *state)
{
	void *p = shmat((int)(intptr_t)state, NULL, SHM_RDONLY);

	(void)size;
	return p == (void *)-1 ? NULL : p;
}

static void sysv_detach(void *p, size_t size)
{
	(void)size;
	shmdt(p);
}

static void sysv_destroy(void *p, size_t size, void *state)
{
	(void)state;
	sysv_detach(p, size);
}

static void *memfd_create_map(size_t size, void **state)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);
	void *p;

	if (fd < 0 || ftruncate(fd, size))
		err(1, "memfd of %zu bytes", size);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	*state = (void *)(intptr_t)fd;
	return p == MAP_FAILED ? NULL : p;
}

static void *memfd_attach(size_t size, void *state)
{
	void *p = mmap(NULL, size, PROT_READ, MAP_SHARED,
		       (int)(intptr_t)state, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void memfd_detach(void *p, size_t size)
{
	munmap(p, size);
}

static void memfd_destroy(void *p, size_t size, void *state)
{
	munmap(p, size);
	close((int)(intptr_t)state);
}

static void *pmm_create(size_t size, void **state)
{
	struct pmmshm_block *block = pmmshm_block_alloc(pmm, size, NULL);

	if (!block)
		errx(1, "%s", pmmshm_error());
	*state = block;
	return pmmshm_block_data(block);
}

/* As an X server would: by id, knowing nothing of PMM. */
static void *pmm_attach(size_t size, void *state)
{
	return sysv_attach(size, (void *)(intptr_t)pmmshm_block_shmid(state));
}

static void pmm_destroy(void *p, size_t size, void *state)
{
	(void)p;
	(void)size;
	pmmshm_block_free(state);
}

static const struct kind kinds[] = {
	{ "SysV", sysv_create, sysv_attach, sysv_detach, sysv_destroy },
	{ "memfd", memfd_create_map, memfd_attach, memfd_detach, memfd_destroy },
	{ "SHM_HUGETLB", hugetlb_create, sysv_attach, sysv_detach, sysv_destroy },
	{ "PMM home", pmm_create, pmm_attach, sysv_detach, pmm_destroy },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void touch(volatile char *p, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		p[i] = 1;
}

static void read_all(volatile const char *p, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		if (p[i] != 1)
			errx(1, "a page reads %d, not what was written", p[i]);
}

/* In a second process; the time comes back through a pipe. */
static double time_attach(const struct kind *kind, size_t size, void *state)
{
	double seconds = 0;
	int fds[2], status;
	pid_t pid;

	if (pipe(fds))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		double start = now();
		void *p = kind->attach(size, state);

		if (!p)
			err(1, "attach %s", kind->name);
		read_all(p, size);
		seconds = now() - start;
		kind->detach(p, size);
		_exit(write(fds[1], &seconds, sizeof(seconds)) !=
		      sizeof(seconds));
	}
	close(fds[1]);
	if (read(fds[0], &seconds, sizeof(seconds)) != sizeof(seconds) ||
	    waitpid(pid, &status, 0) != pid || status)
		errx(1, "second process of %s failed", kind->name);
	close(fds[0]);
	return seconds;
}

static void keep_best(double *best, double seconds)
{
	if (*best == 0 || seconds < *best)
		*best = seconds;
}

static bool round_of(const struct kind *kind, size_t size, struct result *best)
{
	void *p, *state = NULL;
	double start;

	start = now();
	p = kind->create(size, &state);
	if (!p)
		return false;
	keep_best(&best->create, now() - start);

	start = now();
	touch(p, size);
	keep_best(&best->touch, now() - start);

	keep_best(&best->attach, time_attach(kind, size, state));
	kind->destroy(p, size, state);
	return true;
}

static void print_row(const char *name, const struct result *r,
		      const struct result *base)
{
	printf("  %-12s %11.3f %11.3f %8.1fx %13.3f %8.1fx\n", name,
	       r->create * 1e3, r->touch * 1e3, base->touch / r->touch,
	       r->attach * 1e3, base->attach / r->attach);
	fflush(stdout);
}

static void bench(size_t size)
{
	struct result results[NR_KINDS] = { 0 };

	printf("\n%zu MiB, best of %d rounds (ms; times faster than SysV)\n",
	       size >> 20, ROUNDS);
	printf("  %-12s %11s %11s %9s %13s %9s\n", "", "create",
	       "first touch", "", "attach+read", "");
	for (size_t k = 0; k < NR_KINDS; k++) {
		bool had = true;

		for (int i = 0; i < ROUNDS && had; i++)
			had = round_of(&kinds[k], size, &results[k]);
		if (had)
			print_row(kinds[k].name, &results[k], &results[0]);
		else
			printf("  %-12s not to be had here: %s\n",
			       kinds[k].name, strerror(errno));
	}
}

/* Huge pages for SHM_HUGETLB, as an administrator would set them aside. */
static void reserve_huge_pages(size_t size)
{
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "w");

	if (!f)
		return;
	fprintf(f, "%lu\n", size ? size / HUGE_PAGE + 1 : 0);
	fclose(f);
}

int main(void)
{
	static const size_t sizes[] = { 16UL << 20, 64UL << 20 };

	pmm = pmmshm_open(NULL);
	if (!pmm)
		errx(1, "%s", pmmshm_error());
	/* What stands in for the module is what it is to be compared with. */
	if (strcmp(pmmshm_backend(pmm), "pmm"))
		errx(1, "the pmm module is not in use; load it (modprobe pmm) and leave PMMSHM_BACKEND unset");
	reserve_huge_pages(sizes[1]);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		bench(sizes[i]);
	reserve_huge_pages(0);
	pmmshm_close(pmm);
	return 0;
}
