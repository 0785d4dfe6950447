/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_PMMSHM_H
#define TEST_PMMSHM_H

#include <check.h>

#include "pmmshm_fake.h"

#define KIB	((size_t)1 << 10)
#define MIB	((size_t)1 << 20)

extern struct pmmshm *pmm;	/* opened on the fake before each test */

/* The last failure was @err, and the text is one line that has @text in it. */
void assert_error(int err, const char *text);
/* Both, right after a call that is to fail */
#define assert_fails(call, err, text) do {				\
	ck_assert_msg(!(call), "%s succeeds", #call);			\
	assert_error(err, text);					\
} while (0)
#define assert_fails_int(call, err, text) do {				\
	ck_assert_int_eq(call, -1);					\
	assert_error(err, text);					\
} while (0)

/*
 * Call @run over and over, each time with another of its calls failing, until
 * it gets by without.  It returns whether it succeeded, having taken back what
 * it did.  Nothing may ever be left behind, and a failure has errno and text.
 */
void sweep(bool (*run)(void));

void assert_writable(const struct pmmshm_block *block);
bool is_huge_aligned(const void *p);

void add_fake_fixture(TCase *tcase);

Suite *suite_open(void);
Suite *suite_alloc(void);
Suite *suite_publish(void);
Suite *suite_import(void);
Suite *suite_list(void);
Suite *suite_migrate(void);
Suite *suite_name(void);
Suite *suite_node(void);
Suite *suite_device(void);
Suite *suite_explain(void);
Suite *suite_both(void);
Suite *suite_shm(void);
Suite *suite_threads(void);
Suite *suite_system(void);

#endif /* TEST_PMMSHM_H */
