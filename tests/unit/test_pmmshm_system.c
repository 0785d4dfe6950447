// SPDX-License-Identifier: GPL-2.0-only
/*
 * What libpmmshm relies on, asked of the kernel that this machine runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test_pmmshm.h"

#define sys	(&pmmshm_transport_linux)

START_TEST(opens_the_named_device)
{
	assert_fails(pmmshm_open("/nonexistent/pmm"), ENOENT,
		     "/nonexistent/pmm: no such device node");
	assert_fails(pmmshm_open("/dev/null"), EPROTO,
		     "/dev/null: not a pmm device");
	setenv("PMMSHM_DEVICE", "/nonexistent/env", 1);
	assert_fails(pmmshm_open(NULL), ENOENT, "/nonexistent/env: ");
	assert_fails(pmmshm_open("/dev/null"), EPROTO, "/dev/null: ");
}
END_TEST

/* A new segment, marked, of 4 MiB.  It goes when it is detached. */
static int segment_attach(void **data)
{
	struct pmmshm_mapping m = {
		.size = 4 * MIB, .fd = -1, .prot = PROT_READ | PROT_WRITE,
	};

	m.shmid = shmget(IPC_PRIVATE, m.size, 0600 | IPC_CREAT | SHM_NORESERVE);
	ck_assert_int_ge(m.shmid, 0);
	*data = pmmshm_map(sys, &m);
	shmctl(m.shmid, IPC_RMID, NULL);
	ck_assert_ptr_ne(*data, MAP_FAILED);
	return m.shmid;
}

/* Bytes of the segment that are in memory, or -1 */
static long segment_pages(int shmid)
{
	FILE *f = fopen("/proc/sysvipc/shm", "r");
	char line[512];
	long rss = -1, bytes;
	int id;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d %d %*o %*u %*d %*d %*u %*u %*u %*u %*u %*u %*u %*u %ld",
			   &id, &bytes) == 2 && id == shmid)
			rss = bytes;
	fclose(f);
	return rss;
}

START_TEST(segments_are_aligned_and_empty)
{
	void *data;
	int shmid = segment_attach(&data);

	ck_assert_int_ge(shmid, 0);
	ck_assert(is_huge_aligned(data));
	ck_assert_int_eq(segment_pages(shmid), 0);
	*(char *)data = 1;
	ck_assert_int_eq(segment_pages(shmid), 4096);
	shmdt(data);
	ck_assert_int_eq(segment_pages(shmid), -1);
}
END_TEST

START_TEST(marked_segments_can_be_changed_and_attached)
{
	struct shmid_ds ds;
	void *data, *again;
	int shmid = segment_attach(&data);

	ck_assert_int_eq(shmctl(shmid, IPC_STAT, &ds), 0);
	ck_assert_uint_eq(ds.shm_perm.mode, 0600 | SHM_DEST);
	ds.shm_perm.mode = 0644;
	ck_assert_int_eq(shmctl(shmid, IPC_SET, &ds), 0);
	ck_assert_int_eq(shmctl(shmid, IPC_STAT, &ds), 0);
	ck_assert_uint_eq(ds.shm_perm.mode, 0644 | SHM_DEST);
	again = shmat(shmid, NULL, SHM_RDONLY);
	ck_assert_ptr_ne(again, (void *)-1);
	shmdt(again);
	shmdt(data);
}
END_TEST

START_TEST(locked_segments_can_be_emptied)
{
	void *data;
	int shmid = segment_attach(&data);

	/* Sanitizers make mlock() and munlock() do nothing. */
	if (syscall(SYS_mlock, data, 4 * MIB)) {
		/* Not everybody may lock this much. */
		shmdt(data);
		return;
	}
	ck_assert_int_eq(segment_pages(shmid), 4 * MIB);
	ck_assert_int_eq(madvise(data, 4 * MIB, MADV_REMOVE), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(syscall(SYS_munlock, data, 4 * MIB), 0);
	ck_assert_int_eq(madvise(data, 4 * MIB, MADV_REMOVE), 0);
	ck_assert_int_eq(segment_pages(shmid), 0);
	shmdt(data);
}
END_TEST

START_TEST(files_are_aligned)
{
	struct pmmshm_mapping m = {
		.size = 4 * MIB, .shmid = -1, .prot = PROT_READ | PROT_WRITE,
	};
	char *a, *b;

	m.fd = memfd_create("test", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(m.fd, m.size), 0);
	a = pmmshm_map(sys, &m);
	b = pmmshm_map(sys, &m);
	ck_assert(a != MAP_FAILED && b != MAP_FAILED && a != b);
	ck_assert(is_huge_aligned(a) && is_huge_aligned(b));
	a[4 * MIB - 1] = 3;
	ck_assert_int_eq(b[4 * MIB - 1], 3);
	munmap(a, m.size);
	munmap(b, m.size);
	close(m.fd);
	assert_fails(pmmshm_map(sys, &m) != MAP_FAILED, EBADF, "");
}
END_TEST

/* Of the test's own process */
static char named[64];

/* As pmmshm_block_link() does, but for making it a block's. */
static void *link_file(void *own_files)
{
	char file[64];
	int fd;

	if (own_files && unshare(CLONE_FILES))
		return "cannot unshare";
	fd = sys->open(PMMSHM_DIR, O_TMPFILE | O_RDWR | O_CLOEXEC, 0462);
	if (fd < 0 || sys->ftruncate(fd, 10000))
		return "cannot make a file";
	snprintf(file, sizeof(file), "/proc/thread-self/fd/%d", fd);
	if (sys->linkat(AT_FDCWD, file, AT_FDCWD, named, AT_SYMLINK_FOLLOW))
		return "cannot link";
	if (!sys->linkat(AT_FDCWD, file, AT_FDCWD, named, AT_SYMLINK_FOLLOW) ||
	    errno != EEXIST)
		return "replaces";
	sys->close(fd);
	return NULL;
}

static void check_named(void)
{
	struct stat st;

	ck_assert_int_eq(stat(named, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0440);
	ck_assert_int_eq(st.st_size, 10000);
	ck_assert_int_eq(shm_unlink(named + strlen(PMMSHM_DIR)), 0);
}

/* With the umask, whoever may write to it in the end; and from any thread. */
START_TEST(files_get_names)
{
	pthread_t thread;
	void *why;

	snprintf(named, sizeof(named), PMMSHM_DIR "/pmmshm-test-%d", getpid());
	umask(022);
	why = link_file(NULL);
	ck_assert_msg(!why, "%s: %s", (char *)why, strerror(errno));
	check_named();
	pthread_create(&thread, NULL, link_file, "");
	pthread_join(thread, &why);
	ck_assert_msg(!why, "%s", (char *)why);
	check_named();
}
END_TEST

/* ---------------------------------------------------------------- many threads */

#define ROUNDS	300

/*
 * ThreadSanitizer does not know shmdt(): to it, two segments that were at the
 * same address one after the other are the same memory.
 */
__attribute__((no_sanitize_thread))
static void *attach_often(void *arg)
{
	char *data;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (segment_attach((void **)&data) < 0)
			return "cannot attach";
		if (!is_huge_aligned(data))
			return "not aligned";
		data[0] = 1;
		data[4 * MIB - 1] = 1;
		shmdt(data);
	}
	(void)arg;
	return NULL;
}

/* Mappings of all sizes, which keep what is written to them. */
static void *map_often(void *arg)
{
	unsigned int seed = (intptr_t)arg;
	size_t size[16] = { 0 };
	int *p[16];
	int i, k;

	for (i = 0; i < ROUNDS * 10; i++) {
		k = i % 16;
		if (size[k] && (p[k][0] != k || p[k][size[k] / 4 - 1] != k))
			return "somebody wrote into another's mapping";
		if (size[k])
			munmap(p[k], size[k]);
		size[k] = (rand_r(&seed) % 1200 + 1) * 4096UL;
		p[k] = mmap(NULL, size[k], PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p[k] == MAP_FAILED)
			return "cannot map";
		p[k][0] = k;
		p[k][size[k] / 4 - 1] = k;
	}
	for (k = 0; k < 16; k++)
		munmap(p[k], size[k]);
	return NULL;
}

START_TEST(threads_do_not_hit_each_others_mappings)
{
	pthread_t threads[8];
	void *why;
	intptr_t i;

	for (i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL,
			       i % 2 ? attach_often : map_often, (void *)i);
	for (i = 0; i < 8; i++) {
		pthread_join(threads[i], &why);
		ck_assert_msg(!why, "%s", (char *)why);
	}
}
END_TEST

Suite *suite_system(void)
{
	Suite *suite = suite_create("pmmshm: this system");
	TCase *tcase = tcase_create("real");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, opens_the_named_device);
	tcase_add_test(tcase, segments_are_aligned_and_empty);
	tcase_add_test(tcase, marked_segments_can_be_changed_and_attached);
	tcase_add_test(tcase, locked_segments_can_be_emptied);
	tcase_add_test(tcase, files_are_aligned);
	tcase_add_test(tcase, files_get_names);
	tcase_add_test(tcase, threads_do_not_hit_each_others_mappings);
	suite_add_tcase(suite, tcase);
	return suite;
}
