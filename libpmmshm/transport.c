// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The system calls of libpmmshm.  Unit tests bring a table of their own.
 *
 * shmget(), ftruncate() and memfd_create() go past the C library, and so past pmmrun's preload:
 * the library wants memory that is no block yet.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

static int linux_open(const char *path, int flags, mode_t mode)
{
	return open(path, flags, mode);
}

static int linux_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg);
}

static int linux_shmget(key_t key, size_t size, int flags)
{
	return syscall(SYS_shmget, key, size, flags);
}

static int linux_ftruncate(int fd, off_t length)
{
	return syscall(SYS_ftruncate, fd, length);
}

static int linux_memfd_create(const char *name, unsigned int flags)
{
	return syscall(SYS_memfd_create, name, flags);
}

static int linux_fcntl(int fd, int command, int arg)
{
	return fcntl(fd, command, arg);
}

static int linux_fstat(int fd, struct stat *st)
{
	return fstat(fd, st);
}

static int linux_stat(const char *path, struct stat *st)
{
	return stat(path, st);
}

const struct pmmshm_transport pmmshm_transport_linux = {
	.open = linux_open,
	.close = close,
	.ftruncate = linux_ftruncate,
	.linkat = linkat,
	.ioctl = linux_ioctl,
	.stat = linux_stat,
	.fstat = linux_fstat,
	.fstatfs = fstatfs,
	.fchmod = fchmod,
	.fcntl = linux_fcntl,
	.fallocate = fallocate,
	.memfd_create = linux_memfd_create,
	.mmap = mmap,
	.munmap = munmap,
	.madvise = madvise,
	.mlock = mlock,
	.munlock = munlock,
	.shmget = linux_shmget,
	.shmat = shmat,
	.shmdt = shmdt,
	.shmctl = shmctl,
	.calloc = calloc,
	.free = free,
};

/* No call of the ABI does half its work, so a signal just means once more. */
int pmmshm_ioctl(const struct pmmshm_transport *sys, int fd,
		 unsigned long request, void *arg)
{
	int ret;

	do {
		ret = sys->ioctl(fd, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret;
}
