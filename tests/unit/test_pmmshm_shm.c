// SPDX-License-Identifier: GPL-2.0-only
/*
 * Without the module: what only ordinary shared memory does, and what it does not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing.h"
#include "test_pmmshm.h"

#define OPTS(...)	(&(struct pmmshm_alloc_opts){			\
				.size = sizeof(struct pmmshm_alloc_opts), \
				__VA_ARGS__ })

static char name[64], second[64];

static void setup(void)
{
	failing_reset();
	umask(022);
	pmm = pmmshm_open_shm(&failing_transport);
	ck_assert_ptr_nonnull(pmm);
	snprintf(name, sizeof(name), "/pmmshm-shm-%d", getpid());
	snprintf(second, sizeof(second), "/pmmshm-shm2-%d", getpid());
}

static void teardown(void)
{
	pmmshm_close(pmm);
	failing_assert_usage((struct failing_usage){ 0 });
}

static struct pmmshm_block *got(struct pmmshm_block *block)
{
	ck_assert_msg(block, "%s", pmmshm_error());
	return block;
}

/* ------------------------------------------------------------------- choosing */

/* Which backend pmmshm_open(@path) takes, or NULL. */
static const char *chosen(const char *backend, const char *device,
			  const char *path)
{
	struct pmmshm *p;
	const char *which;

	unsetenv("PMMSHM_BACKEND");
	unsetenv("PMMSHM_DEVICE");
	if (backend)
		setenv("PMMSHM_BACKEND", backend, 1);
	if (device)
		setenv("PMMSHM_DEVICE", device, 1);
	p = pmmshm_open(path);
	which = pmmshm_backend(p);
	pmmshm_close(p);
	return which;
}

START_TEST(is_chosen)
{
	ck_assert_str_eq(chosen("shm", NULL, NULL), "shm");
	ck_assert_str_eq(chosen("shm", "/dev/null", "/dev/nix"), "shm");
	assert_fails(chosen("", NULL, "/dev/nix"), ENOENT, "/dev/nix: no such");
	assert_fails(chosen("auto", NULL, "/dev/null"), EPROTO, "/dev/null");
	assert_fails(chosen(NULL, "/dev/nix", NULL), ENOENT, "/dev/nix: no such");
	assert_fails(chosen("pmm", "/dev/nix", NULL), ENOENT, "/dev/nix: no such");
	assert_fails(chosen("SHM", NULL, NULL), EINVAL,
		     "PMMSHM_BACKEND is 'SHM': write pmm, shm or auto");
	if (!access("/dev/pmm", F_OK))
		return;
	ck_assert_str_eq(chosen(NULL, NULL, NULL), "shm");
	ck_assert_str_eq(chosen("auto", "", NULL), "shm");
	assert_fails(chosen("pmm", NULL, NULL), ENOENT, "/dev/pmm: no such");
}
END_TEST

/* ------------------------------------------------------------------- promises */

START_TEST(segments_promise_an_id)
{
	struct pmmshm_block *b = got(pmmshm_block_alloc(pmm, 4 * MIB, NULL));
	struct pmmshm_block_info info;

	ck_assert_uint_eq(pmmshm_block_caps(b), PMMSHM_CAP_SYSV);
	ck_assert_int_eq(pmmshm_block_fd(b), -1);
	assert_fails_int(pmmshm_block_home_fd(b, O_RDONLY), EOPNOTSUPP,
			 "it is a segment, and nothing else can be had of it; allocate it with PMMSHM_NO_SEGMENT; the pmm module is not in use (modprobe pmm)");
	assert_fails_int(pmmshm_block_link(b, name, 0600, 0), EOPNOTSUPP,
			 "it is a segment");
	assert_fails_int(pmmshm_block_dmabuf_fd(b), EOPNOTSUPP, "modprobe pmm");
	assert_fails(pmmshm_block_import_address(pmm, pmmshm_block_data(b)),
		     EOPNOTSUPP, "import its id, name or fd instead");
	ck_assert_int_eq(pmmshm_block_get_info(b, &info), 0);
	ck_assert_uint_eq(info.phys, 0);
	ck_assert_uint_eq(info.align, sysconf(_SC_PAGESIZE));
	ck_assert_uint_eq(info.holders, 1);
	ck_assert_uint_eq(info.uid, getuid());
	ck_assert_str_eq(info.type, "shm");
	ck_assert_uint_eq(info.state, PMMSHM_STATE_HOME | PMMSHM_STATE_SYSV |
			  PMMSHM_STATE_SEALED);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(files_promise_names_and_fds)
{
	struct pmmshm_block *b, *again;

	b = got(pmmshm_block_alloc(pmm, 1, OPTS(.flags = PMMSHM_NO_SEGMENT)));
	ck_assert_uint_eq(pmmshm_block_caps(b),
			  PMMSHM_CAP_NAME | PMMSHM_CAP_FD);
	assert_fails_int(pmmshm_block_dmabuf_fd(b), EOPNOTSUPP, "modprobe pmm");
	/* A file that has no name yet may be anybody's, and on any tmpfs. */
	again = got(pmmshm_block_import_fd(pmm, pmmshm_block_fd(b), O_RDWR));
	ck_assert_uint_eq(pmmshm_block_caps(again), PMMSHM_CAP_FD);
	assert_fails_int(pmmshm_block_link(again, name, 0600, 0), EOPNOTSUPP,
			 "has no name there now");
	pmmshm_block_free(again);
	ck_assert_int_eq(pmmshm_block_link(b, name, 0600, 0), 0);
	again = got(pmmshm_block_import_name(pmm, name, O_RDWR));
	ck_assert_uint_eq(pmmshm_block_caps(again),
			  PMMSHM_CAP_NAME | PMMSHM_CAP_FD);
	pmmshm_block_free(again);
	again = got(pmmshm_block_import_name(pmm, name, O_RDONLY));
	ck_assert_uint_eq(pmmshm_block_caps(again), PMMSHM_CAP_FD);
	pmmshm_block_free(again);
	shm_unlink(name);
	assert_fails_int(pmmshm_block_link(b, name, 0600, 0), ENOENT,
			 "its last name was removed");
	pmmshm_block_free(b);
}
END_TEST

/* Containers need not have /dev/shm. */
START_TEST(memfds_take_their_place)
{
	static const int errors[] = { ENOENT, EOPNOTSUPP, EISDIR, EACCES };
	struct pmmshm_block_info info;
	struct pmmshm_block *b;

	failing_fail_call("open", 1, errors[_i]);
	b = got(pmmshm_block_alloc(pmm, 4 * MIB,
				   OPTS(.flags = PMMSHM_NO_SEGMENT)));
	ck_assert(failing_failed());
	ck_assert_uint_eq(pmmshm_block_caps(b), PMMSHM_CAP_FD);
	assert_writable(b);
	assert_fails_int(pmmshm_block_link(b, name, 0600, 0), EOPNOTSUPP,
			 "it is no file of /dev/shm");
	ck_assert_int_eq(ftruncate(pmmshm_block_fd(b), 1), -1);
	ck_assert_int_eq(pmmshm_block_get_info(b, &info), 0);
	ck_assert_uint_eq(info.state, PMMSHM_STATE_HOME | PMMSHM_STATE_FILE |
			  PMMSHM_STATE_SEALED);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(contiguous_memory_is_not_pretended)
{
	struct pmmshm_type_info type;

	assert_fails(pmmshm_block_alloc(pmm, 4 * MIB, OPTS(.caps = PMM_TYPE_RAM)),
		     ENOENT, "cannot allocate 4 MiB of a type with capabilities 0x1: there is none; the pmm module is not in use");
	assert_fails(pmmshm_block_alloc(pmm, 1, OPTS(.align = 8192)), EOPNOTSUPP,
		     "cannot allocate 1 byte at an alignment of 8192: nobody promises one beyond a page");
	pmmshm_block_free(got(pmmshm_block_alloc(pmm, 1,
						 OPTS(.align = 4096,
						      .type = "shm",
						      .caps = PMM_TYPE_MAPPABLE))));
	ck_assert_int_eq(pmmshm_type_get(pmm, 0, &type), 0);
	ck_assert_str_eq(type.name, "shm");
	ck_assert_uint_eq(type.caps, PMM_TYPE_MAPPABLE);
	ck_assert_uint_gt(type.total, type.free);
	assert_fails_int(pmmshm_type_get(pmm, 1, &type), ENOENT, "number 1");
	assert_fails_int(pmmshm_type_resize(pmm, NULL, 1), EOPNOTSUPP,
			 "cannot resize a pool: there is none");
	assert_fails_int(pmmshm_type_resize(pmm, "nix", 1), ENOENT,
			 "no such type of memory");
	assert_fails_int(pmmshm_migrate(pmm, &type, 1, "nix", NULL), EOPNOTSUPP,
			 "cannot move memory to a device: ");
}
END_TEST

/* ---------------------------------------------------------------------- names */

static mode_t mode_of(const char *which)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), PMMSHM_DIR "%s", which);
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(names_share_one_mode)
{
	struct pmmshm_block *b;

	b = got(pmmshm_block_alloc(pmm, 1, OPTS(.flags = PMMSHM_NO_SEGMENT)));
	ck_assert_int_eq(pmmshm_block_link(b, name, 0666, 0), 0);
	ck_assert_uint_eq(mode_of(name), 0644);
	assert_fails_int(pmmshm_block_link(b, second, 0600, 0), EOPNOTSUPP,
			 "with mode 0600: it has a name of mode 0644, and all its names have the same");
	ck_assert_int_eq(pmmshm_block_link(b, second, 0664, 0), 0);
	ck_assert_uint_eq(mode_of(second), 0644);
	shm_unlink(name);
	shm_unlink(second);
	pmmshm_block_free(b);
}
END_TEST

START_TEST(only_shared_memory_is_imported)
{
	int pipefd[2], fd;

	fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
	assert_fails(pmmshm_block_import_fd(pmm, fd, O_RDWR), ENOENT,
		     "its size is 0");
	assert_fails(pmmshm_block_import_name(pmm, name, O_RDWR), ENOENT,
		     "its size is 0");
	close(fd);
	fd = shm_open(name, O_WRONLY, 0);
	ck_assert_int_eq(ftruncate(fd, 100), 0);
	assert_fails(pmmshm_block_import_fd(pmm, fd, O_RDONLY), EACCES,
		     "not open for reading");
	close(fd);
	shm_unlink(name);
	ck_assert_int_eq(pipe2(pipefd, O_CLOEXEC), 0);
	assert_fails(pmmshm_block_import_fd(pmm, pipefd[0], O_RDONLY), ENOENT,
		     "there is no shared memory behind fd");
	close(pipefd[0]);
	close(pipefd[1]);
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_fails(pmmshm_block_import_fd(pmm, fd, O_RDONLY), ENOENT,
		     "there is no shared memory behind fd");
	close(fd);
}
END_TEST

/* ----------------------------------------------------------------------- ends */

/* A process that is killed leaves nothing behind but what was to stay. */
START_TEST(killed_programs_leave_nothing)
{
	int channel[2], shmid, status;
	struct shmid_ds ds;
	pid_t child;

	ck_assert_int_eq(pipe2(channel, O_CLOEXEC), 0);
	child = fork();
	if (!child) {
		shmid = pmmshm_block_shmid(pmmshm_block_alloc(pmm, MIB, NULL));
		if (write(channel[1], &shmid, sizeof(shmid)) != sizeof(shmid))
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(channel[0], &shmid, sizeof(shmid)), sizeof(shmid));
	ck_assert_int_eq(shmctl(shmid, IPC_STAT, &ds), 0);
	ck_assert_uint_eq(ds.shm_perm.mode, 0600 | SHM_DEST);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(shmctl(shmid, IPC_STAT, &ds), -1);
	close(channel[0]);
	close(channel[1]);
}
END_TEST

START_TEST(full_is_an_error_and_no_signal)
{
	failing_fail_call("fallocate", 1, ENOSPC);
	assert_fails(pmmshm_block_alloc(pmm, MIB, OPTS(.flags = PMMSHM_NO_SEGMENT)),
		     ENOMEM, "cannot allocate 1 MiB: the tmpfs on /dev/shm has less room");
	failing_fail_call("fallocate", 1, EINTR);
	pmmshm_block_free(got(pmmshm_block_alloc(pmm, MIB,
						 OPTS(.flags = PMMSHM_NO_SEGMENT))));
	ck_assert(failing_failed());
}
END_TEST

START_TEST(signals_do_not_stop_it)
{
	struct pmmshm_block *b;
	struct stat st;

	failing_interrupt_fills(4 * MIB);
	b = got(pmmshm_block_alloc(pmm, 9 * MIB + 4096,
				   OPTS(.flags = PMMSHM_NO_SEGMENT)));
	ck_assert_int_eq(fstat(pmmshm_block_fd(b), &st), 0);
	ck_assert_int_eq(st.st_size, 9 * MIB + 4096);
	ck_assert_int_ge(st.st_blocks * 512, st.st_size);
	failing_fail_call("fallocate", 3, ENOSPC);
	assert_fails(pmmshm_block_alloc(pmm, 9 * MIB, OPTS(.flags = PMMSHM_NO_SEGMENT)),
		     ENOMEM, "the tmpfs on /dev/shm has less room");
	ck_assert(failing_failed());
	pmmshm_block_free(b);
}
END_TEST

static bool run_segment(void)
{
	struct pmmshm_block *b, *again = NULL;
	struct pmmshm_block_info info;
	bool ok = false;

	b = pmmshm_block_alloc(pmm, 3 * MIB, OPTS(.mode = 0640));
	if (b)
		again = pmmshm_block_import_shmid(pmm, pmmshm_block_shmid(b), 0);
	if (again)
		ok = !pmmshm_block_get_info(again, &info);
	pmmshm_block_free(again);
	pmmshm_block_free(b);
	return ok;
}

static bool run_file(void)
{
	struct pmmshm_block *b, *again = NULL;
	struct pmmshm_block_info info;
	int fd = -1;

	b = pmmshm_block_alloc(pmm, 3 * MIB, OPTS(.flags = PMMSHM_NO_SEGMENT));
	/* Where it cannot be a file with a name, it has gone on with a memfd. */
	if (b && pmmshm_block_caps(b) & PMMSHM_CAP_NAME &&
	    !pmmshm_block_link(b, name, 0640, 0)) {
		again = pmmshm_block_import_name(pmm, name, O_RDONLY);
		fd = pmmshm_block_home_fd(b, O_RDWR);
		shm_unlink(name);
	}
	if (fd >= 0)
		failing_transport.close(fd);
	fd = again && fd >= 0 ? pmmshm_block_get_info(again, &info) : -1;
	pmmshm_block_free(again);
	pmmshm_block_free(b);
	return !fd;
}

static bool (* const runs[])(void) = { run_segment, run_file };

START_TEST(leaks_nothing)
{
	struct failing_usage before = failing_usage();
	unsigned int nth = 0;
	bool ok, failed;

	do {
		failing_fail(++nth, ENOLINK);
		ok = runs[_i]();
		failed = failing_failed();
		ck_assert(ok || failed);
		failing_assert_usage(before);
	} while (failed);
	ck_assert_uint_gt(nth, 10);
}
END_TEST

Suite *suite_shm(void)
{
	Suite *suite = suite_create("pmmshm: without the module");
	TCase *tcase = tcase_create("shm");

	tcase_add_test(tcase, is_chosen);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("blocks");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, segments_promise_an_id);
	tcase_add_test(tcase, files_promise_names_and_fds);
	tcase_add_loop_test(tcase, memfds_take_their_place, 0, 4);
	tcase_add_test(tcase, contiguous_memory_is_not_pretended);
	tcase_add_test(tcase, names_share_one_mode);
	tcase_add_test(tcase, only_shared_memory_is_imported);
	tcase_add_test(tcase, killed_programs_leave_nothing);
	tcase_add_test(tcase, full_is_an_error_and_no_signal);
	tcase_add_test(tcase, signals_do_not_stop_it);
	tcase_add_loop_test(tcase, leaks_nothing, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
