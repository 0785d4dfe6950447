// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs may rely on whatever the backend is: each test runs on the module's
 * stand-in and on this machine's own shared memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "failing.h"
#include "test_pmmshm.h"

#define OPTS(...)	(&(struct pmmshm_alloc_opts){			\
				.size = sizeof(struct pmmshm_alloc_opts), \
				__VA_ARGS__ })

enum { MODULE, SHM, SIDES };

static const struct pmmshm_transport *sys;
static int side;
/* Of this process, as other tests may run on this machine */
static char name[64], second[64];
static key_t key;

static void begin(int i)
{
	side = i;
	fake_reset();
	failing_reset();
	sys = side == MODULE ? &fake_transport : &failing_transport;
	pmm = side == MODULE ? pmmshm_open_with("/dev/pmm", sys)
			     : pmmshm_open_shm(sys);
	ck_assert_ptr_nonnull(pmm);
	snprintf(name, sizeof(name), "/pmmshm-both-%d", getpid());
	snprintf(second, sizeof(second), "/pmmshm-second-%d", getpid());
	key = 0x70000000 + getpid();
}

static void end(void)
{
	pmmshm_close(pmm);
	fake_assert_usage((struct fake_usage){ 0 });
	failing_assert_usage((struct failing_usage){ 0 });
}

static void remove_name(const char *which)
{
	if (side == MODULE)
		fake_unlink(which);
	else
		ck_assert_int_eq(shm_unlink(which), 0);
}

static void remove_segment(int shmid)
{
	if (side == MODULE)
		fake_ipcrm(shmid);
	else
		ck_assert_int_eq(shmctl(shmid, IPC_RMID, NULL), 0);
}

static struct pmmshm_block *file_block(size_t size)
{
	struct pmmshm_block *b;

	b = pmmshm_block_alloc(pmm, size, OPTS(.flags = PMMSHM_NO_SEGMENT));
	ck_assert_msg(b, "%s", pmmshm_error());
	return b;
}

/* Two mappings show the same memory, which has @size bytes. */
static void assert_same(char *a, char *b, size_t size)
{
	ck_assert_ptr_ne(a, b);
	a[0]++;
	a[size - 1] += 2;
	ck_assert_int_eq(a[0], b[0]);
	ck_assert_int_eq(a[size - 1], b[size - 1]);
}

START_TEST(backends_have_names)
{
	begin(_i);
	ck_assert_str_eq(pmmshm_backend(pmm), side == MODULE ? "pmm" : "shm");
	ck_assert_ptr_null(pmmshm_backend(NULL));
	end();
}
END_TEST

START_TEST(memory_is_zeroed_and_writable)
{
	static const unsigned int flags[] = { 0, PMMSHM_NO_SEGMENT };
	static const size_t sizes[] = { 1, 4096, 10000, 5 * MIB };
	struct pmmshm_block *b;
	unsigned int f, s;
	char *data;

	begin(_i);
	for (f = 0; f < 2; f++)
		for (s = 0; s < 4; s++) {
			b = pmmshm_block_alloc(pmm, sizes[s],
					       OPTS(.flags = flags[f]));
			ck_assert_msg(b, "%s", pmmshm_error());
			data = pmmshm_block_data(b);
			ck_assert_uint_eq(pmmshm_block_size(b),
					  (sizes[s] + 4095) & ~4095UL);
			ck_assert(!data[0]);
			ck_assert(!memcmp(data, data + 1,
					  pmmshm_block_size(b) - 1));
			ck_assert(sizes[s] < 2 * MIB || is_huge_aligned(data));
			assert_writable(b);
			pmmshm_block_free(b);
		}
	end();
}
END_TEST

/* The ordinary X client: allocate, pass the id on. */
START_TEST(segments_are_shared_by_id)
{
	struct pmmshm_block *b, *reader, *writer;
	int shmid;

	begin(_i);
	b = pmmshm_block_alloc(pmm, 3 * MIB, OPTS(.mode = 0640));
	ck_assert_msg(b, "%s", pmmshm_error());
	ck_assert(pmmshm_block_caps(b) & PMMSHM_CAP_SYSV);
	shmid = pmmshm_block_shmid(b);
	reader = pmmshm_block_import_shmid(pmm, shmid, SHM_RDONLY);
	writer = pmmshm_block_import_shmid(pmm, shmid, 0);
	ck_assert_msg(reader && writer, "%s", pmmshm_error());
	/* Another reference to it must not be needed. */
	pmmshm_block_free(b);
	assert_same(pmmshm_block_data(writer), pmmshm_block_data(reader),
		    3 * MIB);
	assert_fails(pmmshm_block_map(reader, PROT_READ | PROT_WRITE), EACCES,
		     "it was imported for reading only");
	assert_fails_int(pmmshm_block_sync(reader, 0, 1, PMMSHM_SYNC_BEGIN |
					   PMMSHM_SYNC_WRITE), EACCES,
			 "it was imported for reading only");
	assert_fails_int(pmmshm_block_link(reader, name, 0600, 0), EACCES,
			 "it was imported for reading only");
	pmmshm_block_free(reader);
	pmmshm_block_free(writer);
	assert_fails(pmmshm_block_import_shmid(pmm, shmid, 0), EINVAL,
		     "there is no segment");
	end();
}
END_TEST

START_TEST(keys_are_taken_once)
{
	struct pmmshm_block *b;
	int shmid;

	begin(_i);
	b = pmmshm_block_publish(pmm, 10000, key, 0640, NULL);
	ck_assert_msg(b, "%s", pmmshm_error());
	shmid = pmmshm_block_shmid(b);
	assert_fails(pmmshm_block_publish(pmm, 10000, key, 0640, NULL), EEXIST,
		     "is taken by segment");
	pmmshm_block_free(b);
	/* It stays until it is removed. */
	b = pmmshm_block_import_shmid(pmm, shmid, 0);
	ck_assert_msg(b, "%s", pmmshm_error());
	ck_assert_uint_eq(pmmshm_block_size(b), 12288);
	pmmshm_block_free(b);
	remove_segment(shmid);
	end();
}
END_TEST

/* The client of POSIX names. */
START_TEST(names_are_shared)
{
	struct pmmshm_block *b, *reader, *writer;
	struct pmmshm_block_info info, again;

	begin(_i);
	b = file_block(3 * MIB);
	ck_assert_int_eq(pmmshm_block_shmid(b), -1);
	ck_assert(pmmshm_block_caps(b) & PMMSHM_CAP_NAME);
	ck_assert_int_eq(pmmshm_block_link(b, name, 0640, 0), 0);
	assert_fails_int(pmmshm_block_link(b, name, 0640, 0), EEXIST,
			 "the name is taken");
	ck_assert_int_eq(pmmshm_block_link(b, second, 0640, 0), 0);
	ck_assert_int_eq(pmmshm_block_get_info(b, &info), 0);
	ck_assert_uint_eq(info.aliases, 2);
	reader = pmmshm_block_import_name(pmm, name, O_RDONLY);
	writer = pmmshm_block_import_name(pmm, second, O_RDWR);
	ck_assert_msg(reader && writer, "%s", pmmshm_error());
	ck_assert_int_eq(pmmshm_block_get_info(reader, &again), 0);
	ck_assert_uint_eq(again.id, info.id);
	ck_assert(again.state & PMMSHM_STATE_READONLY);
	remove_name(second);
	pmmshm_block_free(b);
	assert_same(pmmshm_block_data(writer), pmmshm_block_data(reader),
		    3 * MIB);
	assert_fails(pmmshm_block_map(reader, PROT_READ | PROT_WRITE), EACCES,
		     "it was imported for reading only");
	pmmshm_block_free(reader);
	pmmshm_block_free(writer);
	remove_name(name);
	assert_fails(pmmshm_block_import_name(pmm, name, O_RDWR), ENOENT, name);
	end();
}
END_TEST

/* The client of fds: the block's own, and one of its home. */
START_TEST(fds_are_shared)
{
	struct pmmshm_block *b, *own, *home;
	struct pmmshm_block_info info;
	int fd;

	begin(_i);
	b = file_block(3 * MIB);
	ck_assert(pmmshm_block_caps(b) & PMMSHM_CAP_FD);
	own = pmmshm_block_import_fd(pmm, pmmshm_block_fd(b), O_RDWR);
	fd = pmmshm_block_home_fd(b, O_RDONLY);
	ck_assert_msg(fd >= 0, "%s", pmmshm_error());
	assert_fails(pmmshm_block_import_fd(pmm, fd, O_RDWR), EACCES,
		     "open for reading only; ask for O_RDONLY");
	home = pmmshm_block_import_fd(pmm, fd, O_RDONLY);
	ck_assert_msg(own && home, "%s", pmmshm_error());
	sys->close(fd);
	pmmshm_block_free(b);
	assert_same(pmmshm_block_data(own), pmmshm_block_data(home), 3 * MIB);
	assert_fails_int(pmmshm_block_home_fd(home, O_RDWR), EACCES,
			 "it was imported for reading only");
	pmmshm_block_free(home);
	home = pmmshm_block_import_fd(pmm, pmmshm_block_fd(own), O_RDONLY);
	ck_assert_msg(home, "%s", pmmshm_error());
	ck_assert_int_eq(pmmshm_block_get_info(home, &info), 0);
	ck_assert(info.state & PMMSHM_STATE_READONLY);
	assert_fails(pmmshm_block_map(home, PROT_READ | PROT_WRITE), EACCES,
		     "it was imported for reading only");
	pmmshm_block_free(home);
	pmmshm_block_free(own);
	assert_fails(pmmshm_block_import_fd(pmm, -1, O_RDWR), EBADF, "fd -1");
	end();
}
END_TEST

START_TEST(blocks_are_mapped_again)
{
	static const unsigned int flags[] = { 0, PMMSHM_NO_SEGMENT };
	struct pmmshm_block *b;
	char *again;
	int f;

	begin(_i);
	for (f = 0; f < 2; f++) {
		b = pmmshm_block_alloc(pmm, 3 * MIB, OPTS(.flags = flags[f]));
		ck_assert_msg(b, "%s", pmmshm_error());
		again = pmmshm_block_map(b, PROT_READ | PROT_WRITE);
		ck_assert_msg(again, "%s", pmmshm_error());
		ck_assert(is_huge_aligned(again));
		assert_same(pmmshm_block_data(b), again, 3 * MIB);
		/* As the header says; the tables of the tests do not see it. */
		if (side == MODULE)
			sys->munmap(again, 3 * MIB);
		else if (f)
			failing_transport.munmap(again, 3 * MIB);
		else
			failing_transport.shmdt(again);
		pmmshm_block_free(b);
	}
	end();
}
END_TEST

START_TEST(segments_are_listed)
{
	struct pmmshm_segment_info info;
	struct pmmshm_block *b;
	unsigned int place = 0;
	bool found = false;

	begin(_i);
	b = pmmshm_block_alloc(pmm, 10000, OPTS(.mode = 0640));
	while (!pmmshm_segment_next(pmm, &place, &info)) {
		if (info.shmid != pmmshm_block_shmid(b))
			continue;
		found = true;
		ck_assert_uint_eq(info.mode, 0640);
		ck_assert_uint_eq(info.attached, 1);
		ck_assert_uint_eq(info.flags, PMMSHM_SEGMENT_REMOVED);
	}
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(found);
	pmmshm_block_free(b);
	end();
}
END_TEST

START_TEST(the_same_is_refused)
{
	struct pmmshm_block *b;

	begin(_i);
	assert_fails(pmmshm_block_alloc(pmm, 0, NULL), EINVAL, "0 bytes");
	assert_fails(pmmshm_block_alloc(pmm, SIZE_MAX, NULL),
		     side == MODULE ? ENOMEM : EOVERFLOW, "cannot allocate");
	assert_fails(pmmshm_block_alloc(pmm, 1, OPTS(.align = 3)), EINVAL,
		     "not a power of two");
	assert_fails(pmmshm_block_alloc(pmm, 1, OPTS(.type = "nix")), ENOENT,
		     "no such type of memory; there is: ");
	b = file_block(4096);
	assert_fails(pmmshm_block_map(b, PROT_WRITE), EINVAL, "prot is 0x2");
	assert_fails_int(pmmshm_block_home_fd(b, O_WRONLY), EINVAL, "0x1");
	assert_fails_int(pmmshm_block_link(b, "x", 0600, 0), EINVAL,
			 "does not begin with a slash");
	assert_fails_int(pmmshm_block_sync(b, 4096, 1, PMMSHM_SYNC_BEGIN |
					   PMMSHM_SYNC_READ), EINVAL,
			 "not inside the block");
	ck_assert_int_eq(pmmshm_block_sync(b, 0, 4096, PMMSHM_SYNC_BEGIN |
					   PMMSHM_SYNC_WRITE), 0);
	pmmshm_block_free(b);
	assert_fails_int(pmmshm_type_get(pmm, 99, &(struct pmmshm_type_info){ 0 }),
			 ENOENT, "number 99");
	end();
}
END_TEST

Suite *suite_both(void)
{
	Suite *suite = suite_create("pmmshm: both backends");
	TCase *tcase = tcase_create("both");

	tcase_add_loop_test(tcase, backends_have_names, 0, SIDES);
	tcase_add_loop_test(tcase, memory_is_zeroed_and_writable, 0, SIDES);
	tcase_add_loop_test(tcase, segments_are_shared_by_id, 0, SIDES);
	tcase_add_loop_test(tcase, keys_are_taken_once, 0, SIDES);
	tcase_add_loop_test(tcase, names_are_shared, 0, SIDES);
	tcase_add_loop_test(tcase, fds_are_shared, 0, SIDES);
	tcase_add_loop_test(tcase, blocks_are_mapped_again, 0, SIDES);
	tcase_add_loop_test(tcase, segments_are_listed, 0, SIDES);
	tcase_add_loop_test(tcase, the_same_is_refused, 0, SIDES);
	suite_add_tcase(suite, tcase);
	return suite;
}
