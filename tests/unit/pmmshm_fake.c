// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for /dev/pmm and System V shared memory: failures, what is in use,
 * fds and mappings; see the header.
 *
 * Memory is real: each block and each segment is a memfd, and adopting makes
 * both the same one.  Everything else is tables under one lock.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pmmshm_fake_internal.h"

#define BYSTANDERS	32

struct fake_world fake_world;

pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fake_fd fds[FDS];
struct fake_block fake_blocks[BLOCKS];
struct fake_segment fake_segments[SEGMENTS];
struct fake_attach fake_attaches[ATTACHES];
static void *bystanders[BYSTANDERS];
static unsigned int nr_bystanders;
struct fake_usage fake_used;

static unsigned int calls[FAKE_OPS], first[FAKE_OPS], when[FAKE_OPS];
static unsigned int all_calls;
static enum fake_op fail_op;
static unsigned int fail_in;
static int fail_errno;
static bool has_failed;

/* ---------------------------------------------------------------- failures */

/* Calls that undo something do not fail, and nobody could do a thing if so. */
static bool undoes(enum fake_op op)
{
	return op == FAKE_CLOSE || op == FAKE_MUNMAP || op == FAKE_SHMDT ||
	       op == FAKE_FREE;
}

bool fake_enter(enum fake_op op)
{
	pthread_mutex_lock(&fake_lock);
	calls[op]++;
	when[op] = ++all_calls;
	if (!first[op])
		first[op] = all_calls;
	if (!fail_in || (fail_op != op && (fail_op != FAKE_OPS || undoes(op))))
		return false;
	if (--fail_in)
		return false;
	has_failed = true;
	errno = fail_errno;
	return true;
}

void fake_leave(void)
{
	pthread_mutex_unlock(&fake_lock);
}

void fake_fail(enum fake_op op, unsigned int nth, int err)
{
	fail_op = op;
	fail_in = nth;
	fail_errno = err;
	has_failed = false;
}

bool fake_failed(void)
{
	fail_in = 0;
	return has_failed;
}

unsigned int fake_calls(enum fake_op op)
{
	return calls[op];
}

unsigned int fake_first(enum fake_op op)
{
	return first[op];
}

unsigned int fake_when(enum fake_op op)
{
	return when[op];
}

/* ------------------------------------------------------------------ the world */

void fake_reset(void)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++)
		if (fake_blocks[i].used)
			close(fake_blocks[i].memfd);
	for (i = 0; i < SEGMENTS; i++)
		if (fake_segments[i].used && fake_segments[i].block < 0)
			close(fake_segments[i].memfd);
	memset(fds, 0, sizeof(fds));
	memset(fake_blocks, 0, sizeof(fake_blocks));
	memset(fake_segments, 0, sizeof(fake_segments));
	memset(fake_attaches, 0, sizeof(fake_attaches));
	memset(fake_files, 0, sizeof(fake_files));
	memset(&fake_used, 0, sizeof(fake_used));
	memset(calls, 0, sizeof(calls));
	memset(first, 0, sizeof(first));
	memset(when, 0, sizeof(when));
	all_calls = 0;
	fail_in = 0;
	nr_bystanders = 0;
	fake_world = (struct fake_world){
		.pool = 64 << 20,
		.shmmni = 64,
		.abi = PMM_ABI,
		.uid = 1000,
		.gid = 4294967,
		.umask = 022,
	};
}

struct fake_usage fake_usage(void)
{
	struct fake_usage now;

	pthread_mutex_lock(&fake_lock);
	now = fake_used;
	pthread_mutex_unlock(&fake_lock);
	return now;
}

void fake_assert_usage(struct fake_usage want)
{
	struct fake_usage now = fake_usage();

	ck_assert_uint_eq(now.fds, want.fds);
	ck_assert_uint_eq(now.segments, want.segments);
	ck_assert_uint_eq(now.attaches, want.attaches);
	ck_assert_uint_eq(now.files, want.files);
	ck_assert_uint_eq(now.mapped, want.mapped);
	ck_assert_uint_eq(now.pool, want.pool);
	ck_assert_uint_eq(now.memory, want.memory);
}

int fake_memfd(size_t size)
{
	int fd = memfd_create("fake", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size))
		abort();
	return fd;
}

/* ------------------------------------------------------------ blocks and fds */

void fake_block_put(int i)
{
	if (--fake_blocks[i].holders)
		return;
	close(fake_blocks[i].memfd);
	fake_used.pool -= fake_blocks[i].size;
	fake_blocks[i].used = false;
}

int fake_block_new(size_t size)
{
	int i;

	for (i = 0; fake_blocks[i].used; i++)
		ck_assert_int_lt(i, BLOCKS - 1);
	fake_blocks[i] = (struct fake_block){
		.used = true, .memfd = fake_memfd(size), .size = size,
		.segment = -1,
	};
	fake_used.pool += size;
	return i;
}

int fake_fd_new(enum fd_kind kind, int block, bool writable)
{
	int i;

	for (i = 0; i < FDS && fds[i].kind; i++)
		;
	if (i == FDS) {
		errno = EMFILE;
		return -1;
	}
	fds[i] = (struct fake_fd){
		.kind = kind, .block = block, .file = -1, .writable = writable,
	};
	if (block >= 0)
		fake_blocks[block].holders++;
	fake_used.fds++;
	return FD_BASE + i;
}

struct fake_fd *fake_fd_get(int fd, enum fd_kind kind)
{
	if (fd < FD_BASE || fd >= FD_BASE + FDS ||
	    fds[fd - FD_BASE].kind == FD_FREE) {
		errno = EBADF;
		return NULL;
	}
	if (kind && fds[fd - FD_BASE].kind != kind) {
		errno = ENOTTY;
		return NULL;
	}
	return &fds[fd - FD_BASE];
}

static int open_device(const char *path, int flags)
{
	ck_assert_int_eq(flags, O_RDWR | O_CLOEXEC);
	if (!strcmp(path, "/dev/pmm"))
		return fake_fd_new(FD_CONTROL, -1, true);
	errno = ENOENT;
	return -1;
}

/* There is one process. */
static int open_mem(const char *path)
{
	if (!strcmp(path, "/proc/42/mem"))
		return fake_fd_new(FD_MEM, -1, false);
	errno = ENOENT;
	return -1;
}

static int fake_open(const char *path, int flags, mode_t mode)
{
	int fd = -1;

	ck_assert(flags & O_CLOEXEC);
	if (!fake_enter(FAKE_OPEN)) {
		if (!strncmp(path, "/dev/shm", 8))
			fd = fake_file_open(path, flags, mode);
		else if (!strncmp(path, "/proc/", 6))
			fd = open_mem(path);
		else
			fd = open_device(path, flags);
	}
	fake_leave();
	return fd;
}

static int fake_close(int fd)
{
	struct fake_fd *f;
	int ret = -1;

	if (!fake_enter(FAKE_CLOSE)) {
		f = fake_fd_get(fd, FD_FREE);
		ck_assert_ptr_nonnull(f);
		if (f->block >= 0)
			fake_block_put(f->block);
		if (f->file >= 0)
			fake_file_close(f->file);
		f->kind = FD_FREE;
		fake_used.fds--;
		/* Closing may set errno even if it succeeds. */
		errno = EXDEV;
		ret = 0;
	}
	fake_leave();
	return ret;
}

static int fake_stat(const char *path, struct stat *st)
{
	struct fake_file *f;
	int ret = -1;

	if (!fake_enter(FAKE_STAT)) {
		memset(st, 0, sizeof(*st));
		st->st_gid = fake_world.gid;
		f = fake_file_find(path);
		st->st_uid = f ? f->uid : 0;
		st->st_mode = f ? S_IFREG | f->mode : S_IFCHR | 0660;
		ret = 0;
	}
	fake_leave();
	return ret;
}

/* ------------------------------------------------------------------ mappings */

void fake_race(const void *address)
{
	void *p;

	if (!address || !fake_world.races)
		return;
	fake_world.races--;
	p = mmap((void *)address, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		 MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(p, address);
	memset(p, 0x77, PAGE);
	bystanders[nr_bystanders++] = p;
}

void fake_assert_bystanders(void)
{
	unsigned int i;

	for (i = 0; i < nr_bystanders; i++) {
		ck_assert_int_eq(*(unsigned char *)bystanders[i], 0x77);
		munmap(bystanders[i], PAGE);
	}
	nr_bystanders = 0;
}

void *fake_map_file(void *addr, size_t length, int prot, int flags, int fd)
{
	const size_t huge = PMMSHM_HUGE;
	char *p;
	size_t skip;

	if (addr || length < huge)
		return mmap(addr, length, prot, flags, fd, 0);
	p = mmap(NULL, length + 2 * huge, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	skip = (-(uintptr_t)p & (huge - 1)) + (fake_world.aligns ? 0 : PAGE);
	munmap(p, skip);
	munmap(p + skip + length, 2 * huge - skip);
	return mmap(p + skip, length, prot, flags | MAP_FIXED, fd, 0);
}

static void *map_fd(int fd, void *addr, size_t length, int prot, int flags)
{
	struct fake_fd *f = fake_fd_get(fd, FD_FREE);

	if (!f)
		return MAP_FAILED;
	/* A block's own fd is the way, but where it is none. */
	ck_assert(f->kind == FD_BLOCK || fake_world.home_file);
	if (f->kind == FD_BLOCK && fake_world.home_file) {
		errno = EOPNOTSUPP;
		return MAP_FAILED;
	}
	if (prot & PROT_WRITE && !f->writable) {
		errno = EACCES;
		return MAP_FAILED;
	}
	ck_assert_uint_eq(length, fake_blocks[f->block].size);
	fake_race(addr);
	return fake_map_file(addr, length, prot, flags, fake_blocks[f->block].memfd);
}

static void *fake_mmap(void *addr, size_t length, int prot, int flags, int fd,
		       off_t offset)
{
	void *p = MAP_FAILED;

	ck_assert_int_eq(offset, 0);
	ck_assert_msg(!(flags & MAP_FIXED), "MAP_FIXED replaces others' memory");
	if (!fake_enter(FAKE_MMAP)) {
		if (fd < 0)
			p = mmap(addr, length, prot, flags, fd, 0);
		else
			p = map_fd(fd, addr, length, prot, flags);
		if (p != MAP_FAILED)
			fake_used.mapped += length;
	}
	fake_leave();
	return p;
}

static int fake_munmap(void *addr, size_t length)
{
	int ret = -1;

	if (!fake_enter(FAKE_MUNMAP)) {
		ck_assert_uint_gt(length, 0);
		ret = munmap(addr, length);
		ck_assert_int_eq(ret, 0);
		fake_used.mapped -= length;
		errno = EXDEV;
	}
	fake_leave();
	return ret;
}

/* -------------------------------------------------------------------- memory */

static void *fake_calloc(size_t n, size_t size)
{
	void *p = NULL;

	if (!fake_enter(FAKE_CALLOC)) {
		p = calloc(n, size);
		fake_used.memory++;
	} else {
		errno = ENOMEM;
	}
	fake_leave();
	return p;
}

static void fake_free(void *p)
{
	fake_enter(FAKE_FREE);
	ck_assert_ptr_nonnull(p);
	free(p);
	fake_used.memory--;
	errno = EXDEV;
	fake_leave();
}

const struct pmmshm_transport fake_transport = {
	.open = fake_open,
	.close = fake_close,
	.ftruncate = fake_ftruncate,
	.linkat = fake_linkat,
	.ioctl = fake_ioctl,
	.stat = fake_stat,
	.mmap = fake_mmap,
	.munmap = fake_munmap,
	.madvise = fake_madvise,
	.mlock = fake_mlock,
	.munlock = fake_munlock,
	.shmget = fake_shmget,
	.shmat = fake_shmat,
	.shmdt = fake_shmdt,
	.shmctl = fake_shmctl,
	.calloc = fake_calloc,
	.free = fake_free,
};
