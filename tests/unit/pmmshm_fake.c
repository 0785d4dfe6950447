// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for /dev/pmm and System V shared memory; see the header.
 *
 * Memory is real: each block and each segment is a memfd, and adopting makes
 * both the same one.  Everything else is tables under one lock.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pmmshm_fake.h"

#define PAGE		((size_t)4096)
#define FD_BASE		1000
#define SHMID_BASE	100
#define FDS		256
#define BLOCKS		256
#define SEGMENTS	256
#define ATTACHES	512
#define BYSTANDERS	32

enum fd_kind { FD_FREE, FD_CONTROL, FD_BLOCK, FD_HOME };

struct fake_block {
	bool used;
	int memfd;
	size_t size;
	unsigned int holders;	/* fds, and its segment */
	int segment;		/* -1 if none */
};

struct fake_fd {
	enum fd_kind kind;
	int block;
	bool writable;
};

struct fake_segment {
	bool used;
	bool marked;
	bool filled;
	bool locked;
	key_t key;
	size_t size;
	uid_t uid;
	mode_t mode;
	int memfd;		/* the block's, once it is one */
	int block;		/* -1: an ordinary segment */
	unsigned int attaches;
};

struct fake_attach {
	char *address;		/* NULL: free */
	int segment;
	bool writable;
};

struct fake_world fake_world;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fake_fd fds[FDS];
static struct fake_block blocks[BLOCKS];
static struct fake_segment segments[SEGMENTS];
static struct fake_attach attaches[ATTACHES];
static void *bystanders[BYSTANDERS];
static unsigned int nr_bystanders;
static struct fake_usage usage;

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

/* Counts the call.  True, with errno set, if it is to fail.  Takes the lock. */
static bool enter(enum fake_op op)
{
	pthread_mutex_lock(&lock);
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

static void leave(void)
{
	pthread_mutex_unlock(&lock);
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
		if (blocks[i].used)
			close(blocks[i].memfd);
	for (i = 0; i < SEGMENTS; i++)
		if (segments[i].used && segments[i].block < 0)
			close(segments[i].memfd);
	memset(fds, 0, sizeof(fds));
	memset(blocks, 0, sizeof(blocks));
	memset(segments, 0, sizeof(segments));
	memset(attaches, 0, sizeof(attaches));
	memset(&usage, 0, sizeof(usage));
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
	};
}

struct fake_usage fake_usage(void)
{
	struct fake_usage now;

	pthread_mutex_lock(&lock);
	now = usage;
	pthread_mutex_unlock(&lock);
	return now;
}

void fake_assert_usage(struct fake_usage want)
{
	struct fake_usage now = fake_usage();

	ck_assert_uint_eq(now.fds, want.fds);
	ck_assert_uint_eq(now.segments, want.segments);
	ck_assert_uint_eq(now.attaches, want.attaches);
	ck_assert_uint_eq(now.mapped, want.mapped);
	ck_assert_uint_eq(now.pool, want.pool);
	ck_assert_uint_eq(now.memory, want.memory);
}

static int new_memfd(size_t size)
{
	int fd = memfd_create("fake", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size))
		abort();
	return fd;
}

/* ------------------------------------------------------------ blocks and fds */

static void block_put(int i)
{
	if (--blocks[i].holders)
		return;
	close(blocks[i].memfd);
	usage.pool -= blocks[i].size;
	blocks[i].used = false;
}

static int fd_new(enum fd_kind kind, int block, bool writable)
{
	int i;

	for (i = 0; i < FDS && fds[i].kind; i++)
		;
	if (i == FDS) {
		errno = EMFILE;
		return -1;
	}
	fds[i] = (struct fake_fd){ kind, block, writable };
	if (block >= 0)
		blocks[block].holders++;
	usage.fds++;
	return FD_BASE + i;
}

static struct fake_fd *fd_get(int fd, enum fd_kind kind)
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

static int fake_open(const char *path, int flags)
{
	int fd = -1;

	ck_assert_int_eq(flags, O_RDWR | O_CLOEXEC);
	if (!enter(FAKE_OPEN)) {
		if (strcmp(path, "/dev/pmm"))
			errno = ENOENT;
		else
			fd = fd_new(FD_CONTROL, -1, true);
	}
	leave();
	return fd;
}

static int fake_close(int fd)
{
	struct fake_fd *f;
	int ret = -1;

	if (!enter(FAKE_CLOSE)) {
		f = fd_get(fd, FD_FREE);
		ck_assert_ptr_nonnull(f);
		if (f->block >= 0)
			block_put(f->block);
		f->kind = FD_FREE;
		usage.fds--;
		/* Closing may set errno even if it succeeds. */
		errno = EXDEV;
		ret = 0;
	}
	leave();
	return ret;
}

static int fake_stat(const char *path, struct stat *st)
{
	int ret = -1;

	(void)path;
	if (!enter(FAKE_STAT)) {
		memset(st, 0, sizeof(*st));
		st->st_gid = fake_world.gid;
		ret = 0;
	}
	leave();
	return ret;
}

/* ------------------------------------------------------------------ mappings */

/* Another thread maps something where the caller means to. */
static void race(const void *address)
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

/*
 * Like mmap() of a file, but where the kernel chooses it is a 2 MiB boundary,
 * or is none, as the world is.
 */
static void *map_file(void *addr, size_t length, int prot, int flags, int fd)
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
	struct fake_fd *f = fd_get(fd, FD_BLOCK);

	if (!f)
		return MAP_FAILED;
	if (prot & PROT_WRITE && !f->writable) {
		errno = EACCES;
		return MAP_FAILED;
	}
	ck_assert_uint_eq(length, blocks[f->block].size);
	race(addr);
	return map_file(addr, length, prot, flags, blocks[f->block].memfd);
}

static void *fake_mmap(void *addr, size_t length, int prot, int flags, int fd,
		       off_t offset)
{
	void *p = MAP_FAILED;

	ck_assert_int_eq(offset, 0);
	ck_assert_msg(!(flags & MAP_FIXED), "MAP_FIXED replaces others' memory");
	if (!enter(FAKE_MMAP)) {
		if (fd < 0)
			p = mmap(addr, length, prot, flags, fd, 0);
		else
			p = map_fd(fd, addr, length, prot, flags);
		if (p != MAP_FAILED)
			usage.mapped += length;
	}
	leave();
	return p;
}

static int fake_munmap(void *addr, size_t length)
{
	int ret = -1;

	if (!enter(FAKE_MUNMAP)) {
		ck_assert_uint_gt(length, 0);
		ret = munmap(addr, length);
		ck_assert_int_eq(ret, 0);
		usage.mapped -= length;
		errno = EXDEV;
	}
	leave();
	return ret;
}

/* ------------------------------------------------------------------ segments */

static struct fake_segment *segment_get(int shmid)
{
	int i = shmid - SHMID_BASE;

	if (i < 0 || i >= SEGMENTS || !segments[i].used) {
		errno = EINVAL;
		return NULL;
	}
	return &segments[i];
}

static void segment_check_end(struct fake_segment *s)
{
	if (!s->marked || s->attaches)
		return;
	if (s->block >= 0)
		block_put(s->block);
	else
		close(s->memfd);
	s->used = false;
	usage.segments--;
}

static bool segment_allows(const struct fake_segment *s, mode_t want)
{
	mode_t have = s->mode;

	if (fake_world.uid == 0)
		return true;
	if (fake_world.uid == s->uid)
		have >>= 6;
	if ((have & want) == want)
		return true;
	errno = EACCES;
	return false;
}

static int segment_new(key_t key, size_t size, uid_t uid, mode_t mode)
{
	int i;

	for (i = 0; i < SEGMENTS && segments[i].used; i++)
		;
	if (i == SEGMENTS || usage.segments >= fake_world.shmmni) {
		errno = ENOSPC;
		return -1;
	}
	segments[i] = (struct fake_segment){
		.used = true,
		.key = key,
		.size = size,
		.uid = uid,
		.mode = mode & 0777,
		.memfd = new_memfd(size),
		.block = -1,
	};
	if (fake_world.touched) {
		fake_world.touched--;
		segments[i].filled = true;
	}
	usage.segments++;
	return SHMID_BASE + i;
}

static int segment_by_key(key_t key)
{
	int i;

	for (i = 0; key != IPC_PRIVATE && i < SEGMENTS; i++)
		if (segments[i].used && !segments[i].marked &&
		    segments[i].key == key)
			return SHMID_BASE + i;
	errno = ENOENT;
	return -1;
}

static int do_shmget(key_t key, size_t size, int flags)
{
	int shmid = segment_by_key(key);

	if (!(flags & IPC_CREAT))
		return shmid;
	ck_assert_int_eq(flags,
			 0600 | IPC_CREAT | IPC_EXCL | SHM_NORESERVE);
	if (shmid >= 0) {
		errno = EEXIST;
		return -1;
	}
	return segment_new(key, size, fake_world.uid, flags);
}

static int fake_shmget(key_t key, size_t size, int flags)
{
	int shmid = -1;

	if (!enter(FAKE_SHMGET))
		shmid = do_shmget(key, size, flags);
	leave();
	return shmid;
}

static void *do_shmat(int shmid, const void *addr, int flags)
{
	struct fake_segment *s = segment_get(shmid);
	struct fake_attach *a = attaches;
	int prot = PROT_READ;
	void *p;

	if (!s || !segment_allows(s, flags & SHM_RDONLY ? 04 : 06))
		return MAP_FAILED;
	while (a->address)
		ck_assert(++a < attaches + ATTACHES);
	if (!(flags & SHM_RDONLY))
		prot |= PROT_WRITE;
	if (s->block < 0)
		prot = PROT_NONE;
	race(addr);
	p = map_file((void *)addr, s->size, prot, addr ? MAP_SHARED |
		     MAP_FIXED_NOREPLACE : MAP_SHARED, s->memfd);
	if (p == MAP_FAILED) {
		s->marked |= fake_world.rmid_forced;
		segment_check_end(s);
		/* What the kernel says when something is there. */
		errno = errno == EEXIST ? EINVAL : errno;
		return p;
	}
	*a = (struct fake_attach){
		p, shmid - SHMID_BASE, !(flags & SHM_RDONLY)
	};
	if (fake_world.mlockall) {
		s->filled = true;
		s->locked = true;
	}
	s->attaches++;
	usage.attaches++;
	usage.mapped += s->size;
	return p;
}

static void *fake_shmat(int shmid, const void *addr, int flags)
{
	void *p = MAP_FAILED;

	ck_assert_int_eq(flags & ~SHM_RDONLY, 0);
	if (!enter(FAKE_SHMAT))
		p = do_shmat(shmid, addr, flags);
	leave();
	return p;
}

static struct fake_attach *attach_get(const void *addr)
{
	const char *address = addr;
	struct fake_attach *a;

	for (a = attaches; a < attaches + ATTACHES; a++)
		if (a->address && address >= a->address &&
		    address < a->address + segments[a->segment].size)
			return a;
	return NULL;
}

static int fake_shmdt(const void *addr)
{
	struct fake_segment *s;
	struct fake_attach *a;
	int ret = -1;

	if (!enter(FAKE_SHMDT)) {
		a = attach_get(addr);
		ck_assert_ptr_nonnull(a);
		ck_assert_ptr_eq(a->address, addr);
		s = &segments[a->segment];
		munmap(a->address, s->size);
		a->address = NULL;
		usage.attaches--;
		usage.mapped -= s->size;
		s->attaches--;
		s->marked |= fake_world.rmid_forced && !s->attaches;
		segment_check_end(s);
		errno = EXDEV;
		ret = 0;
	}
	leave();
	return ret;
}

static int do_stat(struct fake_segment *s, struct shmid_ds *ds)
{
	if (!segment_allows(s, 04))
		return -1;
	memset(ds, 0, sizeof(*ds));
	ds->shm_perm.uid = s->uid;
	ds->shm_perm.mode = s->mode | (s->marked ? SHM_DEST : 0);
	ds->shm_segsz = s->size + fake_world.lie;
	ds->shm_nattch = s->attaches;
	return 0;
}

static int do_info(int command, struct shmid_ds *ds)
{
	if (command == IPC_INFO) {
		struct shminfo *info = (struct shminfo *)ds;

		memset(info, 0, sizeof(*info));
		info->shmmni = fake_world.shmmni;
		info->shmall = 5000;
	} else {
		struct shm_info *info = (struct shm_info *)ds;

		memset(info, 0, sizeof(*info));
		info->used_ids = usage.segments;
		info->shm_tot = 4999;
	}
	return 3;
}

static int do_shmctl(int shmid, int command, struct shmid_ds *ds)
{
	struct fake_segment *s = segment_get(shmid);

	if (!s)
		return -1;
	if (command == IPC_STAT)
		return do_stat(s, ds);
	if (fake_world.uid && fake_world.uid != s->uid) {
		errno = EPERM;
		return -1;
	}
	if (command == IPC_SET) {
		/* The owner is set as well as the mode. */
		ck_assert_uint_eq(ds->shm_perm.uid, s->uid);
		s->mode = ds->shm_perm.mode & 0777;
		return 0;
	}
	ck_assert_int_eq(command, IPC_RMID);
	s->marked = true;
	segment_check_end(s);
	return 0;
}

static int fake_shmctl(int shmid, int command, struct shmid_ds *ds)
{
	static const enum fake_op ops[] = {
		[IPC_RMID] = FAKE_IPC_RMID,
		[IPC_SET] = FAKE_IPC_SET,
		[IPC_STAT] = FAKE_IPC_STAT,
	};
	bool info = command == IPC_INFO || command == SHM_INFO;
	int ret = -1;

	if (!enter(info ? FAKE_IPC_INFO : ops[command]))
		ret = info ? do_info(command, ds)
			   : do_shmctl(shmid, command, ds);
	leave();
	return ret;
}

/* ----------------------------------------------------- locking and emptying */

static int fake_madvise(void *addr, size_t length, int advice)
{
	struct fake_attach *a;
	int ret = -1;

	if (!enter(FAKE_MADVISE)) {
		ck_assert_int_eq(advice, MADV_REMOVE);
		a = attach_get(addr);
		ck_assert_ptr_nonnull(a);
		ck_assert_uint_eq(length, segments[a->segment].size);
		errno = EINVAL;
		if (!segments[a->segment].locked) {
			segments[a->segment].filled = false;
			ret = 0;
		}
	}
	leave();
	return ret;
}

static int set_locked(enum fake_op op, const void *addr, bool locked)
{
	struct fake_attach *a;
	int ret = -1;

	if (!enter(op)) {
		a = attach_get(addr);
		ck_assert_ptr_nonnull(a);
		segments[a->segment].locked = locked;
		ret = 0;
	}
	leave();
	return ret;
}

static int fake_mlock(const void *addr, size_t length)
{
	(void)length;
	return set_locked(FAKE_MLOCK, addr, true);
}

static int fake_munlock(const void *addr, size_t length)
{
	(void)length;
	return set_locked(FAKE_MUNLOCK, addr, false);
}

/* -------------------------------------------------------------------- ioctls */

static int ioc_version(int fd, struct pmm_version *arg)
{
	if (!fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags, 0);
	arg->abi = fake_world.abi;
	arg->page_size = PAGE;
	arg->caps = PMM_CAP_ADOPT_SYSV;
	/* As long as can be, and not what the library expects to see. */
	memset(arg->release, 'r', sizeof(arg->release));
	arg->release[sizeof(arg->release) - 1] = '\0';
	return 0;
}

static int ioc_type(int fd, struct pmm_type_info *arg)
{
	static const char * const names[] = { "general", "vram" };

	if (!fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags | arg->reserved, 0);
	if (arg->index >= 2) {
		errno = ENOENT;
		return -1;
	}
	strcpy(arg->name, names[arg->index]);
	strcpy(arg->allocator, "bestfit");
	arg->caps = PMM_TYPE_RAM;
	arg->min_align = PAGE;
	arg->max_align = 1 << 30;
	arg->total = fake_world.pool;
	arg->free = fake_world.pool - usage.pool;
	arg->largest_free = arg->free - 1;
	arg->quarantined = 2;
	arg->retired = 3;
	arg->blocks = 4;
	return 0;
}

static int alloc_failed(struct pmm_alloc *arg, const struct pmm_alloc *why,
			int err)
{
	arg->reason = why->reason;
	arg->total = why->total;
	arg->free = why->free;
	arg->largest_free = why->largest_free;
	arg->quota = why->quota;
	arg->quota_used = why->quota_used;
	errno = err;
	return -1;
}

static int block_new(size_t size)
{
	int i;

	for (i = 0; blocks[i].used; i++)
		ck_assert_int_lt(i, BLOCKS - 1);
	blocks[i] = (struct fake_block){
		.used = true, .memfd = new_memfd(size), .size = size,
		.segment = -1,
	};
	usage.pool += size;
	return i;
}

static int ioc_alloc(int fd, struct pmm_alloc *arg)
{
	size_t size = (arg->length + PAGE - 1) & -PAGE;
	struct pmm_alloc why = {
		.reason = PMM_REASON_EXHAUSTED, .total = fake_world.pool,
		.free = fake_world.pool - usage.pool,
	};
	int i;

	if (!fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags | arg->reserved, 0);
	if (arg->type[0] && strcmp(arg->type, "general"))
		return alloc_failed(arg, &why, ENOENT);
	if (fake_world.why.reason)
		return alloc_failed(arg, &fake_world.why, fake_world.why_errno);
	if (size < arg->length || size > why.free)
		return alloc_failed(arg, &why, ENOMEM);
	i = block_new(size);
	arg->id = i;
	arg->actual = size;
	return fd_new(FD_BLOCK, i, true);
}

static int ioc_find(int fd, struct pmm_find *arg)
{
	struct fake_attach *a;

	if (!fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags, PMM_FIND_ADDRESS);
	ck_assert_int_eq(arg->fd, 0);
	ck_assert_uint_eq(arg->reserved, 0);
	a = attach_get((void *)(uintptr_t)arg->address);
	ck_assert_ptr_nonnull(a);
	if (segments[a->segment].block < 0) {
		errno = ENOENT;
		return -1;
	}
	return fd_new(FD_BLOCK, segments[a->segment].block, a->writable);
}

static int ioc_info(int fd, struct pmm_block_info *arg)
{
	struct fake_fd *f = fd_get(fd, FD_BLOCK);
	struct fake_block *b;

	if (!f)
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags | arg->reserved, 0);
	b = &blocks[f->block];
	arg->id = f->block;
	arg->length = b->size;
	arg->align = 1;
	arg->phys = 2;
	arg->huge = 3;
	arg->holders = 4;
	arg->uid = 5;
	strcpy(arg->type, "general");
	if (!f->writable)
		arg->state |= PMM_BLOCK_READONLY;
	if (b->segment >= 0) {
		arg->state |= PMM_BLOCK_HOME | PMM_BLOCK_HOME_SYSV |
			      PMM_BLOCK_SEALED;
		arg->home_ino = SHMID_BASE + b->segment;
	}
	return 0;
}

/* The segment's memory becomes the block's. */
static void adopt(struct fake_attach *a, int block)
{
	struct fake_segment *s = &segments[a->segment];

	close(s->memfd);
	s->memfd = blocks[block].memfd;
	s->block = block;
	blocks[block].segment = a->segment;
	blocks[block].holders++;
	mmap(a->address, s->size, PROT_READ | PROT_WRITE,
	     MAP_SHARED | MAP_FIXED, s->memfd, 0);
}

static int ioc_adopt(int fd, struct pmm_block_adopt *arg)
{
	struct fake_fd *f = fd_get(fd, FD_BLOCK);
	struct fake_attach *a;

	if (!f)
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags, PMM_ADOPT_SEAL);
	a = attach_get((void *)(uintptr_t)arg->address);
	ck_assert_ptr_nonnull(a);
	ck_assert_uint_eq(segments[a->segment].size, blocks[f->block].size);
	/* Nobody else gets in before it is a block. */
	ck_assert_uint_eq(segments[a->segment].mode, 0600);
	if (fake_world.busy) {
		fake_world.busy--;
		segments[a->segment].filled = true;
	}
	if (segments[a->segment].filled || blocks[f->block].segment >= 0) {
		errno = EBUSY;
		return -1;
	}
	adopt(a, f->block);
	return 0;
}

static int ioc_home_fd(int fd, struct pmm_block_home_fd *arg)
{
	struct fake_fd *f = fd_get(fd, FD_BLOCK);
	bool write = !(arg->flags & PMM_HOME_RDONLY);

	if (!f)
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags & ~PMM_HOME_RDONLY, 0);
	if (write && !f->writable) {
		errno = EACCES;
		return -1;
	}
	return fd_new(FD_HOME, f->block, write);
}

#define IOCTL(request, op, call)				\
	case request:						\
		if (!enter(op))					\
			ret = call(fd, arg);			\
		break

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	int ret = -1;

	switch (request) {
	IOCTL(PMM_IOC_VERSION, FAKE_VERSION, ioc_version);
	IOCTL(PMM_IOC_TYPE, FAKE_TYPE, ioc_type);
	IOCTL(PMM_IOC_ALLOC, FAKE_ALLOC, ioc_alloc);
	IOCTL(PMM_IOC_FIND, FAKE_FIND, ioc_find);
	IOCTL(PMM_IOC_BLOCK_INFO, FAKE_INFO, ioc_info);
	IOCTL(PMM_IOC_BLOCK_ADOPT, FAKE_ADOPT, ioc_adopt);
	IOCTL(PMM_IOC_BLOCK_HOME_FD, FAKE_HOME_FD, ioc_home_fd);
	default:
		ck_abort_msg("unknown ioctl %#lx", request);
	}
	leave();
	return ret;
}

/* -------------------------------------------------------------------- memory */

static void *fake_calloc(size_t n, size_t size)
{
	void *p = NULL;

	if (!enter(FAKE_CALLOC)) {
		p = calloc(n, size);
		usage.memory++;
	} else {
		errno = ENOMEM;
	}
	leave();
	return p;
}

static void fake_free(void *p)
{
	enter(FAKE_FREE);
	ck_assert_ptr_nonnull(p);
	free(p);
	usage.memory--;
	errno = EXDEV;
	leave();
}

const struct pmmshm_transport fake_transport = {
	.open = fake_open,
	.close = fake_close,
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

/* -------------------------------------------------------------------- others */

int fake_segment(key_t key, size_t size, uid_t uid, mode_t mode)
{
	int shmid;

	pthread_mutex_lock(&lock);
	shmid = segment_new(key, size, uid, mode);
	pthread_mutex_unlock(&lock);
	ck_assert_int_ge(shmid, 0);
	return shmid;
}

void fake_ipcrm(int shmid)
{
	struct fake_segment *s;

	pthread_mutex_lock(&lock);
	s = segment_get(shmid);
	ck_assert_ptr_nonnull(s);
	s->marked = true;
	segment_check_end(s);
	pthread_mutex_unlock(&lock);
}

mode_t fake_mode(int shmid)
{
	struct fake_segment *s;
	mode_t mode;

	pthread_mutex_lock(&lock);
	s = segment_get(shmid);
	ck_assert_ptr_nonnull(s);
	mode = s->mode | (s->marked ? SHM_DEST : 0);
	pthread_mutex_unlock(&lock);
	return mode;
}

bool fake_exists(int shmid)
{
	bool exists;

	pthread_mutex_lock(&lock);
	exists = segment_get(shmid);
	pthread_mutex_unlock(&lock);
	return exists;
}

bool fake_locked(int shmid)
{
	bool locked;

	pthread_mutex_lock(&lock);
	locked = segments[shmid - SHMID_BASE].locked;
	pthread_mutex_unlock(&lock);
	return locked;
}
