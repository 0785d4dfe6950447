// SPDX-License-Identifier: GPL-2.0-only
/*
 * This machine's system calls, made to fail; see the header.  For one thread.
 */
#include "failing.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#define sys	(&pmmshm_transport_linux)
#define SEGMENTS	256
#define MAPPINGS	16

static struct failing_usage used;
static int segments[SEGMENTS];
static int nr_segments;
static void *mappings[MAPPINGS];	/* of files, used.mappings of them */
static const char *fail_call;	/* NULL: any */
static unsigned int fail_in;
static int fail_errno;
static bool has_failed;
static off_t fill_max;		/* 0: any */

void failing_reset(void)
{
	memset(&used, 0, sizeof(used));
	nr_segments = 0;
	fail_in = 0;
	fill_max = 0;
}

void failing_interrupt_fills(off_t length)
{
	fill_max = length;
}

void failing_fail_call(const char *call, unsigned int nth, int err)
{
	fail_call = call;
	fail_in = nth;
	fail_errno = err;
	has_failed = false;
}

void failing_fail(unsigned int nth, int err)
{
	failing_fail_call(NULL, nth, err);
}

bool failing_failed(void)
{
	fail_in = 0;
	return has_failed;
}

/* Is this call to fail? */
static bool fails(const char *call)
{
	if (!fail_in || (fail_call && strcmp(fail_call, call)) || --fail_in)
		return false;
	has_failed = true;
	errno = fail_errno;
	return true;
}

struct failing_usage failing_usage(void)
{
	struct failing_usage now = used;
	struct shmid_ds ds;
	int i;

	for (i = 0; i < nr_segments; i++)
		if (!sys->shmctl(segments[i], IPC_STAT, &ds) &&
		    !(ds.shm_perm.mode & SHM_DEST))
			now.segments++;
	return now;
}

void failing_assert_usage(struct failing_usage want)
{
	struct failing_usage now = failing_usage();

	ck_assert_int_eq(now.fds, want.fds);
	ck_assert_int_eq(now.mappings, want.mappings);
	ck_assert_int_eq(now.attaches, want.attaches);
	ck_assert_int_eq(now.segments, want.segments);
	ck_assert_int_eq(now.memory, want.memory);
}

/* Counts @result, which is an fd or -1. */
static int new_fd(int result)
{
	used.fds += result >= 0;
	return result;
}

static int failing_open(const char *path, int flags, mode_t mode)
{
	ck_assert(flags & O_CLOEXEC);
	return fails("open") ? -1 : new_fd(sys->open(path, flags, mode));
}

static int failing_memfd_create(const char *name, unsigned int flags)
{
	ck_assert(flags & MFD_CLOEXEC);
	return fails("memfd_create") ? -1 : new_fd(sys->memfd_create(name, flags));
}

static int failing_fcntl(int fd, int command, int arg)
{
	if (fails("fcntl"))
		return -1;
	if (command == F_DUPFD_CLOEXEC)
		return new_fd(sys->fcntl(fd, command, arg));
	return sys->fcntl(fd, command, arg);
}

/* Calls that undo something do not fail, and may change errno. */
static int failing_close(int fd)
{
	ck_assert_int_eq(sys->close(fd), 0);
	used.fds--;
	errno = EXDEV;
	return 0;
}

static int failing_ftruncate(int fd, off_t length)
{
	return fails("ftruncate") ? -1 : sys->ftruncate(fd, length);
}

static int failing_linkat(int from_dir, const char *from, int to_dir,
			  const char *to, int flags)
{
	return fails("linkat") ? -1
			       : sys->linkat(from_dir, from, to_dir, to, flags);
}

static int failing_stat(const char *path, struct stat *st)
{
	return fails("stat") ? -1 : sys->stat(path, st);
}

static int failing_fstat(int fd, struct stat *st)
{
	return fails("fstat") ? -1 : sys->fstat(fd, st);
}

static int failing_fstatfs(int fd, struct statfs *st)
{
	return fails("fstatfs") ? -1 : sys->fstatfs(fd, st);
}

static int failing_fchmod(int fd, mode_t mode)
{
	return fails("fchmod") ? -1 : sys->fchmod(fd, mode);
}

static int failing_fallocate(int fd, int mode, off_t offset, off_t length)
{
	if (fails("fallocate"))
		return -1;
	if (fill_max && length > fill_max) {
		errno = EINTR;
		return -1;
	}
	return sys->fallocate(fd, mode, offset, length);
}

/* There is no module to be asked. */
static int failing_ioctl(int fd, unsigned long request, void *arg)
{
	(void)arg;
	ck_abort_msg("ioctl %#lx of fd %d", request, fd);
	return -1;
}

static void *failing_mmap(void *addr, size_t length, int prot, int flags, int fd,
			  off_t offset)
{
	void *p = MAP_FAILED;

	ck_assert(!(flags & MAP_FIXED));
	if (!fails("mmap"))
		p = sys->mmap(addr, length, prot, flags, fd, offset);
	/* Reservations come and go in parts; memory does not. */
	if (p != MAP_FAILED && fd >= 0) {
		ck_assert_int_lt(used.mappings, MAPPINGS);
		mappings[used.mappings++] = p;
	}
	return p;
}

static int failing_munmap(void *addr, size_t length)
{
	int i;

	for (i = 0; i < used.mappings && mappings[i] != addr; i++)
		;
	if (i < used.mappings)
		mappings[i] = mappings[--used.mappings];
	ck_assert_int_eq(sys->munmap(addr, length), 0);
	errno = EXDEV;
	return 0;
}

static int failing_madvise(void *addr, size_t length, int advice)
{
	return fails("madvise") ? -1 : sys->madvise(addr, length, advice);
}

static int failing_shmget(key_t key, size_t size, int flags)
{
	int shmid = fails("shmget") ? -1 : sys->shmget(key, size, flags);

	if (shmid >= 0 && flags & IPC_CREAT) {
		ck_assert_int_lt(nr_segments, SEGMENTS);
		segments[nr_segments++] = shmid;
	}
	return shmid;
}

static void *failing_shmat(int shmid, const void *addr, int flags)
{
	void *p = fails("shmat") ? (void *)-1 : sys->shmat(shmid, addr, flags);

	used.attaches += p != (void *)-1;
	return p;
}

static int failing_shmdt(const void *addr)
{
	ck_assert_int_eq(sys->shmdt(addr), 0);
	used.attaches--;
	errno = EXDEV;
	return 0;
}

static int failing_shmctl(int shmid, int command, struct shmid_ds *ds)
{
	return fails("shmctl") ? -1 : sys->shmctl(shmid, command, ds);
}

static void *failing_calloc(size_t n, size_t size)
{
	void *p = NULL;

	if (fails("calloc"))
		errno = ENOMEM;
	else
		p = sys->calloc(n, size);
	used.memory += !!p;
	return p;
}

static void failing_free(void *p)
{
	ck_assert_ptr_nonnull(p);
	sys->free(p);
	used.memory--;
	errno = EXDEV;
}

const struct pmmshm_transport failing_transport = {
	.open = failing_open,
	.close = failing_close,
	.ftruncate = failing_ftruncate,
	.linkat = failing_linkat,
	.ioctl = failing_ioctl,
	.stat = failing_stat,
	.fstat = failing_fstat,
	.fstatfs = failing_fstatfs,
	.fchmod = failing_fchmod,
	.fcntl = failing_fcntl,
	.fallocate = failing_fallocate,
	.memfd_create = failing_memfd_create,
	.mmap = failing_mmap,
	.munmap = failing_munmap,
	.madvise = failing_madvise,
	.shmget = failing_shmget,
	.shmat = failing_shmat,
	.shmdt = failing_shmdt,
	.shmctl = failing_shmctl,
	.calloc = failing_calloc,
	.free = failing_free,
};
