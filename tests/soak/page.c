// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on pages: what moves, offlines, write-protects and reads them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/inject.h"
#include "operation.h"
#include "tally.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

/* ---- moving to another node ---- */

static bool op_move_pages(struct sample **slot)
{
	struct sample *s = *slot;
	void *pages[16];
	int nodes[16], status[16];
	size_t i, n = 16, first;

	if (n > s->pages)
		n = s->pages;
	first = below(s->pages - n + 1);
	for (i = 0; i < n; i++) {
		pages[i] = s->p + (first + i) * PAGE;
		nodes[i] = below(2);
	}
	return syscall(SYS_move_pages, 0, n, pages, nodes, status,
		       MPOL_MF_MOVE_ALL) >= 0;
}

static bool op_bind(struct sample **slot)
{
	struct sample *s = *slot;
	size_t n, first = some_pages(s, &n);
	unsigned long node = 1UL << below(2);

	/* EIO: some could not be moved, which is as it should be. */
	return !syscall(SYS_mbind, s->p + first * PAGE, n * PAGE, MPOL_BIND,
			&node, 64, MPOL_MF_MOVE_ALL | MPOL_MF_STRICT) ||
	       errno == EIO;
}

static bool op_migrate(struct sample **slot)
{
	unsigned long from = 1UL << below(2), to = from ^ 3;

	(void)slot;
	return syscall(SYS_migrate_pages, 0, 64, &from, &to) >= 0;
}

/* No page of a block can be, and nothing happens to it. */
static bool op_soft_offline(struct sample **slot)
{
	struct sample *s = *slot;
	size_t page = below(s->pages);

	/* An ordinary page would be lost to the machine. */
	if (s->lost[page] || below(8))
		return false;
	sample_check(s, page, 1);
	if (!madvise(s->p + page * PAGE, PAGE, MADV_SOFT_OFFLINE))
		tally_wrong("a page of a block was taken offline");
	return errno == EBUSY || errno == EIO || errno == EOPNOTSUPP;
}

/* ---- userfaultfd ---- */

static int uffd_open(unsigned long long features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Map what is in the page cache already, before anybody faults. */
static bool op_uffd_minor(struct sample **slot)
{
	struct sample *s = *slot;
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MINOR };
	struct uffdio_continue c = {};
	size_t n, first = some_pages(s, &n);
	bool done = false;
	int fd;

	if (s->file < 0)
		return false;
	/* Pages that were punched out are not there to be mapped. */
	sample_check(s, first, n);
	fd = uffd_open(UFFD_FEATURE_MINOR_SHMEM);
	if (fd < 0)
		return false;
	reg.range.start = (uintptr_t)s->p;
	reg.range.len = s->pages * PAGE;
	if (!ioctl(fd, UFFDIO_REGISTER, &reg) &&
	    !madvise(s->p + first * PAGE, n * PAGE, MADV_DONTNEED)) {
		c.range.start = (uintptr_t)s->p + first * PAGE;
		c.range.len = n * PAGE;
		done = !ioctl(fd, UFFDIO_CONTINUE, &c);
	}
	/* Closing it ends the registration: what is left faults as ever. */
	close(fd);
	return done;
}

static bool op_uffd_protect(struct sample **slot)
{
	struct sample *s = *slot;
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	size_t n, first = some_pages(s, &n);
	bool done = false;
	int fd = uffd_open(UFFD_FEATURE_WP_HUGETLBFS_SHMEM);

	if (fd < 0)
		return false;
	reg.range.start = (uintptr_t)s->p;
	reg.range.len = s->pages * PAGE;
	if (!ioctl(fd, UFFDIO_REGISTER, &reg)) {
		wp.range.start = (uintptr_t)s->p + first * PAGE;
		wp.range.len = n * PAGE;
		done = !ioctl(fd, UFFDIO_WRITEPROTECT, &wp);
		sample_check(s, first, n);
	}
	close(fd);
	return done;
}

/* ---- other ways to read and write ---- */

static bool op_read_file(struct sample **slot)
{
	struct sample *s = *slot;
	size_t page = below(s->pages);
	char buf[PAGE];

	if (s->file < 0 || pread(s->file, buf, PAGE, page * PAGE) != PAGE)
		return false;
	sample_check_bytes(buf, s->seeds[page], "pread");
	return true;
}

static bool op_write_file(struct sample **slot)
{
	struct sample *s = *slot;
	size_t page = below(s->pages);
	uint64_t seed = sample_new_seed();
	char buf[PAGE];
	ssize_t n;

	if (s->file < 0)
		return false;
	sample_page(seed, buf);
	n = pwrite(s->file, buf, PAGE, page * PAGE);
	if (n > 0 && n != PAGE)
		tally_wrong("pwrite: only %zd bytes", n);
	if (n == PAGE)
		s->seeds[page] = seed;
	return n == PAGE;
}

static bool op_read_memory(struct sample **slot)
{
	struct sample *s = *slot;
	size_t page = below(s->pages);
	char buf[PAGE];
	struct iovec to = { buf, PAGE }, from = { s->p + page * PAGE, PAGE };

	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != PAGE)
		return false;
	sample_check_bytes(buf, s->seeds[page], "process_vm_readv");
	return true;
}

/* As a debugger does. */
static bool op_write_memory(struct sample **slot)
{
	struct sample *s = *slot;
	size_t page = below(s->pages);
	uint64_t seed = sample_new_seed();
	char buf[PAGE];
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	sample_page(seed, buf);
	inject_wanted(false);
	n = pwrite(fd, buf, PAGE, (uintptr_t)s->p + page * PAGE);
	if (n > 0 && n != PAGE)
		tally_wrong("/proc/self/mem: only %zd bytes", n);
	if (n == PAGE)
		s->seeds[page] = seed;
	close(fd);
	return n == PAGE;
}

const struct operation page_operations[] = {
	{ "move_pages", op_move_pages, true },
	{ "mbind", op_bind, true },
	{ "migrate_pages", op_migrate, true },
	{ "soft-offline", op_soft_offline, true },
	{ "uffd-minor", op_uffd_minor, true },
	{ "uffd-protect", op_uffd_protect, true },
	{ "read-file", op_read_file, false },
	{ "write-file", op_write_file, false },
	{ "read-memory", op_read_memory, false },
	{ "write-memory", op_write_memory, false },
	{ NULL, NULL, false },
};
