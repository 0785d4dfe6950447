// SPDX-License-Identifier: GPL-2.0-only
/*
 * libpmmshm without the module: on the stand-in of pmmshm_fake.c, and on the shared
 * memory of this machine where test_pmmshm_both.c, _shm.c and _system.c say so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "test_pmmshm.h"

struct pmmshm *pmm;

static void setup(void)
{
	fake_reset();
	pmm = pmmshm_open_with("/dev/pmm", &fake_transport);
	ck_assert_ptr_nonnull(pmm);
}

static void teardown(void)
{
	pmmshm_close(pmm);
	fake_assert_usage((struct fake_usage){ 0 });
}

void add_fake_fixture(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
}

void assert_error(int err, const char *text)
{
	int was = errno;
	const char *got = pmmshm_error();

	ck_assert_msg(was == err, "errno is %d (%s), not %d: %s", was,
		      strerror(was), err, got);
	ck_assert_msg(strstr(got, text), "'%s' is not in '%s'", text, got);
	ck_assert_ptr_null(strchr(got, '\n'));
}

void assert_writable(const struct pmmshm_block *block)
{
	char *data = pmmshm_block_data(block);

	memset(data, 0x5a, pmmshm_block_size(block));
	ck_assert_int_eq(data[pmmshm_block_size(block) - 1], 0x5a);
}

bool is_huge_aligned(const void *p)
{
	return (uintptr_t)p % (2 * MIB) == 0;
}

/* ENOLINK is returned by no call here, so it is known where it comes from. */
static bool sweep_step(bool (*run)(void), unsigned int nth)
{
	struct fake_usage before = fake_usage();
	char *old;
	bool ok;

	pmmshm_fail(0, "nothing failed");
	old = strdup(pmmshm_error());
	fake_fail(FAKE_OPS, nth, ENOLINK);
	errno = 0;
	ok = run();
	if (!ok) {
		ck_assert_msg(errno == ENOLINK || errno == ENOMEM,
			      "call %u: errno %d", nth, errno);
		ck_assert_str_ne(pmmshm_error(), old);
	}
	free(old);
	fake_assert_usage(before);
	return fake_failed();
}

void sweep(bool (*run)(void))
{
	unsigned int nth = 1;

	while (sweep_step(run, nth))
		nth++;
	ck_assert_msg(run(), "without failures: %s", pmmshm_error());
	ck_assert_uint_gt(nth, 1);
}

int main(void)
{
	SRunner *runner = srunner_create(suite_open());
	int failed;

	srunner_add_suite(runner, suite_alloc());
	srunner_add_suite(runner, suite_publish());
	srunner_add_suite(runner, suite_import());
	srunner_add_suite(runner, suite_list());
	srunner_add_suite(runner, suite_migrate());
	srunner_add_suite(runner, suite_name());
	srunner_add_suite(runner, suite_device());
	srunner_add_suite(runner, suite_node());
	srunner_add_suite(runner, suite_explain());
	srunner_add_suite(runner, suite_both());
	srunner_add_suite(runner, suite_shm());
	srunner_add_suite(runner, suite_threads());
	srunner_add_suite(runner, suite_system());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
