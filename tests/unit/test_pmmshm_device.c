// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks for devices: dma-bufs, and taking turns.
 */
#include <errno.h>
#include <fcntl.h>

#include "test_pmmshm.h"

#define SIZE	((size_t)12288)

static struct pmmshm_block *block, *reader;

static void setup(void)
{
	block = pmmshm_block_alloc(pmm, SIZE, NULL);
	reader = pmmshm_block_import_shmid(pmm, pmmshm_block_shmid(block),
					   SHM_RDONLY);
	ck_assert(block && reader);
}

static void teardown(void)
{
	pmmshm_block_free(block);
	pmmshm_block_free(reader);
}

START_TEST(dmabuf_leads_back)
{
	int fd = pmmshm_block_dmabuf_fd(block);
	struct pmmshm_block *b;

	ck_assert_int_ge(fd, 0);
	b = pmmshm_block_import_fd(pmm, fd, O_RDWR);
	ck_assert_msg(b, "%s", pmmshm_error());
	assert_writable(b);
	ck_assert_int_eq(*(char *)pmmshm_block_data(block), 0x5a);
	pmmshm_block_free(b);
	fake_transport.close(fd);
}
END_TEST

START_TEST(dmabuf_says_why)
{
	assert_fails_int(pmmshm_block_dmabuf_fd(NULL), EINVAL,
			 "pmmshm_block_dmabuf_fd: NULL argument");
	assert_fails_int(pmmshm_block_dmabuf_fd(reader), EACCES,
			 "cannot make a dma-buf of the block: it was imported for reading only");
	fake_fail(FAKE_DMABUF, 1, EOPNOTSUPP);
	assert_fails_int(pmmshm_block_dmabuf_fd(block), EOPNOTSUPP,
			 "has no dma-bufs");
	fake_fail(FAKE_DMABUF, 1, ENOTTY);
	assert_fails_int(pmmshm_block_dmabuf_fd(block), EOPNOTSUPP,
			 "has no dma-bufs");
	fake_fail(FAKE_DMABUF, 1, EMFILE);
	assert_fails_int(pmmshm_block_dmabuf_fd(block), EMFILE,
			 "cannot make a dma-buf of the block: Too many");
}
END_TEST

/* The stand-in asserts that only what makes sense reaches the module. */
START_TEST(sync_takes_ranges)
{
	static const struct {
		size_t offset, length;
		bool good;
	} ranges[] = {
		{ 0, 0, true }, { 0, 1, true }, { 0, SIZE, true },
		{ SIZE - 1, 1, true }, { SIZE, 0, true }, { SIZE, 1, false },
		{ 0, SIZE + 1, false }, { SIZE + 1, 0, false },
		{ 1, SIZE, false }, { 1, (size_t)-1, false },
		{ (size_t)-1, 2, false },
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		errno = 0;
		ck_assert_int_eq(pmmshm_block_sync(block, ranges[i].offset,
						   ranges[i].length,
						   PMMSHM_SYNC_BEGIN |
						   PMMSHM_SYNC_READ),
				 ranges[i].good ? 0 : -1);
		if (!ranges[i].good)
			assert_error(EINVAL, "are not inside the block, which has 12288");
	}
	ck_assert_uint_eq(fake_calls(FAKE_SYNC), 5);
}
END_TEST

START_TEST(sync_takes_flags)
{
	unsigned int flags, good = 0;

	for (flags = 0; flags < 32; flags++) {
		errno = 0;
		if (!pmmshm_block_sync(block, 0, SIZE, flags))
			good++;
		else
			assert_error(EINVAL, flags & 16 ? "unknown bits 0x10" :
				     "not PMMSHM_SYNC_BEGIN or _END");
	}
	/* Two sides, three kinds of access */
	ck_assert_uint_eq(good, 6);
	ck_assert_uint_eq(fake_calls(FAKE_SYNC), 6);
}
END_TEST

START_TEST(sync_says_why)
{
	unsigned int begin = PMMSHM_SYNC_BEGIN | PMMSHM_SYNC_READ;

	assert_fails_int(pmmshm_block_sync(NULL, 0, 0, begin), EINVAL,
			 "pmmshm_block_sync: NULL argument");
	ck_assert_int_eq(pmmshm_block_sync(reader, 0, SIZE, begin), 0);
	assert_fails_int(pmmshm_block_sync(reader, 0, SIZE,
					   begin | PMMSHM_SYNC_WRITE), EACCES,
			 "cannot synchronise the block for writing: it was imported for reading only");
	fake_fail(FAKE_SYNC, 1, EOPNOTSUPP);
	assert_fails_int(pmmshm_block_sync(block, 0, SIZE, begin), EOPNOTSUPP,
			 "only the driver of its memory can");
	fake_fail(FAKE_SYNC, 1, ENODEV);
	assert_fails_int(pmmshm_block_sync(block, 0, SIZE, begin), ENODEV,
			 "cannot synchronise the block: No such device");
}
END_TEST

static bool run_dmabuf(void)
{
	int fd = pmmshm_block_dmabuf_fd(block);

	if (fd < 0)
		return false;
	fake_transport.close(fd);
	return !pmmshm_block_sync(block, 0, SIZE, PMMSHM_SYNC_END |
				  PMMSHM_SYNC_WRITE);
}

START_TEST(leaks_nothing)
{
	sweep(run_dmabuf);
}
END_TEST

Suite *suite_device(void)
{
	Suite *suite = suite_create("pmmshm: devices");
	TCase *tcase = tcase_create("devices");

	add_fake_fixture(tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, dmabuf_leads_back);
	tcase_add_test(tcase, dmabuf_says_why);
	tcase_add_test(tcase, sync_takes_ranges);
	tcase_add_test(tcase, sync_takes_flags);
	tcase_add_test(tcase, sync_says_why);
	tcase_add_test(tcase, leaks_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
