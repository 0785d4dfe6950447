// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * POSIX objects and memfds, which are empty until they get a size: ftruncate(),
 * fallocate() and posix_fallocate().
 *
 * Nothing is remembered of shm_open() or memfd_create().  Whether a file is an
 * object without a size is told by the file, however the program came by it: made
 * by open() or by another process, duplicated, inherited.
 *
 * The object is not sealed: the program may give it another size later.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "preload.h"

/* The name that the kernel shows for a file; empty if it shows none. */
static void file_name(char *name, size_t size, int fd)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, size - 1);
	name[n < 0 ? 0 : n] = '\0';
}

static bool is_memfd(int fd)
{
	char name[32];

	file_name(name, sizeof(name), fd);
	return !strncmp(name, "/memfd:", 7);
}

static bool is_posix_object(const struct stat *st)
{
	struct stat dir;

	return !stat(PMMSHM_DIR, &dir) && dir.st_dev == st->st_dev;
}

/* Adopting seals against further seals: not what a program expects that may seal. */
static bool is_sealed_as_new(int fd)
{
	return fcntl(fd, F_GET_SEALS) == F_SEAL_SEAL;
}

/* An empty object, which is going to get its first size through @fd? */
static bool object_is_new(int fd)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size ||
	    st.st_blocks)
		return false;
	if (fstatfs(fd, &fs) || fs.f_type != TMPFS_MAGIC)
		return false;
	if (!is_posix_object(&st) && !(preload_settings.memfd && is_memfd(fd)))
		return false;
	return (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR &&
	       is_sealed_as_new(fd);
}

/*
 * Without access, so that not even mlockall(MCL_FUTURE) fills it; and without a trace:
 * mmap() is an access, but not one of the program's, which st_atime would show.
 */
static void *object_map(int fd, size_t size)
{
	int flags = fcntl(fd, F_GETFL), err;
	void *p;

	/* Only its owner may, and only he may have it adopted. */
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NOATIME))
		return MAP_FAILED;
	p = next_calls()->mmap(NULL, size, PROT_NONE, MAP_SHARED, fd, 0);
	err = errno;
	fcntl(fd, F_SETFL, flags);
	errno = err;
	return p;
}

static void object_adopt(struct block *b, int fd)
{
	const struct pmmshm_transport *sys = next_calls();
	void *p = object_map(fd, b->size);

	if (p == MAP_FAILED) {
		block_refuse(b, "%s", block_reason(errno));
		return;
	}
	block_adopt(b, p, 0);
	sys->munmap(p, b->size);
}

static void object_report(int fd, size_t size, const struct block *b)
{
	char name[REPORT_MAX / 4];

	if (!preload_settings.verbose)
		return;
	file_name(name, sizeof(name), fd);
	report(name[0] ? name : "a file", size, b);
}

/* The first size of an object: what ftruncate() returns. */
static int object_set_size(int fd, off_t length)
{
	struct block b;
	int ret, err;

	/* Before the size, for which others may be waiting. */
	block_take(&b, length);
	ret = next_calls()->ftruncate(fd, length);
	err = errno;
	if (!ret && b.fd >= 0)
		object_adopt(&b, fd);
	block_put(&b);
	if (!ret)
		object_report(fd, length, &b);
	errno = err;
	return ret;
}

/* Is the program about to give a new object its size? */
static bool object_is_wanted(int fd, off_t length)
{
	int err = errno;
	bool wanted = length > 0 && object_is_new(fd);

	errno = err;
	return wanted;
}

static int set_size(int fd, off_t length)
{
	struct guard g;
	int ret;

	if (!object_is_wanted(fd, length))
		return next_calls()->ftruncate(fd, length);
	guard_enter(&g);
	ret = object_set_size(fd, length);
	guard_leave(&g, ret < 0);
	return ret;
}

/*
 * What allocates from the beginning on gives a new object its size, and then finds
 * the pages there.  If it fails nevertheless, it has done nothing.
 */
static bool allocate_begin(struct guard *g, int fd, off_t offset, off_t length)
{
	if (offset || !object_is_wanted(fd, length))
		return false;
	guard_enter(g);
	if (!object_set_size(fd, length))
		return true;
	guard_leave(g, false);
	return false;
}

static void allocate_undo(int fd)
{
	int err = errno;

	next_calls()->ftruncate(fd, 0);
	errno = err;
}

static int allocate(int fd, int mode, off_t offset, off_t length)
{
	struct guard g;
	bool begun = !mode && allocate_begin(&g, fd, offset, length);
	int ret = next_preload()->fallocate(fd, mode, offset, length);

	if (begun && ret)
		allocate_undo(fd);
	if (begun)
		guard_leave(&g, ret);
	return ret;
}

/* Returns its errno, and does not set it. */
static int allocate_posix(int fd, off_t offset, off_t length)
{
	struct guard g;
	bool begun = allocate_begin(&g, fd, offset, length);
	int err = next_preload()->posix_fallocate(fd, offset, length);

	if (begun && err)
		allocate_undo(fd);
	if (begun)
		guard_leave(&g, false);
	return err;
}

/* On 64-bit machines each call has two names. */
_Static_assert(sizeof(off_t) == sizeof(off64_t), "off_t has 64 bits");

PRELOAD_EXPORT int ftruncate(int fd, off_t length)
{
	return set_size(fd, length);
}

PRELOAD_EXPORT int ftruncate64(int fd, off64_t length)
{
	return set_size(fd, length);
}

PRELOAD_EXPORT int fallocate(int fd, int mode, off_t offset, off_t length)
{
	return allocate(fd, mode, offset, length);
}

PRELOAD_EXPORT int fallocate64(int fd, int mode, off64_t offset, off64_t length)
{
	return allocate(fd, mode, offset, length);
}

PRELOAD_EXPORT int posix_fallocate(int fd, off_t offset, off_t length)
{
	return allocate_posix(fd, offset, length);
}

PRELOAD_EXPORT int posix_fallocate64(int fd, off64_t offset, off64_t length)
{
	return allocate_posix(fd, offset, length);
}
