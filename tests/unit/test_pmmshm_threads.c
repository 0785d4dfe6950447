// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any number of threads at once; best run under ThreadSanitizer.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "test_pmmshm.h"

#define THREADS		8
#define ROUNDS		100

static struct pmmshm_block *common;

/* Checks in threads end the program: Check cannot leave a thread. */
static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", what, pmmshm_error());
	abort();
}

static void run_threads(void *(*run)(void *))
{
	pthread_t threads[THREADS];
	intptr_t i;

	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run,
						(void *)i), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void *allocate(void *arg)
{
	size_t size = (intptr_t)arg % 2 ? 4 * MIB : 10000;
	struct pmmshm_block *b, *again;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		b = pmmshm_block_alloc(pmm, size, NULL);
		must(b, "alloc");
		*(char *)pmmshm_block_data(b) = 1;
		again = pmmshm_block_import_shmid(pmm, pmmshm_block_shmid(b), 0);
		must(again, "import");
		pmmshm_block_free(b);
		must(*(char *)pmmshm_block_data(again) == 1, "data");
		pmmshm_block_free(again);
	}
	return NULL;
}

START_TEST(allocating)
{
	run_threads(allocate);
	fake_assert_usage((struct fake_usage){ .fds = 1, .memory = 1 });
}
END_TEST

static void *share(void *arg)
{
	struct pmmshm_block_info info;
	void *p;
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		must(!pmmshm_block_get_info(common, &info), "info");
		must(info.shmid == pmmshm_block_shmid(common), "shmid");
		p = pmmshm_block_map(common, PROT_READ);
		must(p && is_huge_aligned(p), "map");
		fake_transport.munmap(p, pmmshm_block_size(common));
	}
	return NULL;
}

START_TEST(sharing_a_block)
{
	common = pmmshm_block_alloc(pmm, 4 * MIB, NULL);
	ck_assert_ptr_nonnull(common);
	run_threads(share);
	pmmshm_block_free(common);
}
END_TEST

static void *err(void *arg)
{
	char want[64];
	int i;

	must(!*pmmshm_error(), "not empty at first");
	snprintf(want, sizeof(want), "no type of memory number %ld",
		 (intptr_t)arg + 10);
	for (i = 0; i < ROUNDS * 10; i++) {
		struct pmmshm_type_info info;

		must(pmmshm_type_get(pmm, (intptr_t)arg + 10, &info) &&
		     errno == ENOENT, "type");
		must(!strcmp(pmmshm_error(), want), "another thread's text");
	}
	return NULL;
}

START_TEST(failing)
{
	run_threads(err);
	ck_assert_str_eq(pmmshm_error(), "");
}
END_TEST

Suite *suite_threads(void)
{
	Suite *suite = suite_create("pmmshm: threads");
	TCase *tcase = tcase_create("threads");

	add_fake_fixture(tcase);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, allocating);
	tcase_add_test(tcase, sharing_a_block);
	tcase_add_test(tcase, failing);
	suite_add_tcase(suite, tcase);
	return suite;
}
