// SPDX-License-Identifier: GPL-2.0-only
/*
 * What <linux/pmm.h> says of every ioctl: sizes, fields that the kernel does not
 * know, flags, pointers, fds.  Each as a 64-bit and as a 32-bit program does it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "ioctl.h"

static int block = -1;
static void *segment;

static void prepare_nothing(void *arg)
{
	(void)arg;
}

static void prepare_alloc(void *arg)
{
	((struct pmm_alloc *)arg)->length = PAGE;
}

static void prepare_quota(void *arg)
{
	((struct pmm_quota *)arg)->flags = PMM_QUOTA_GET;
}

static void prepare_find(void *arg)
{
	((struct pmm_find *)arg)->flags = PMM_FIND_FD;
	((struct pmm_find *)arg)->fd = block;
}

/* To what it has. */
static void prepare_resize(void *arg)
{
	struct pool pool;

	pool_read(&pool);
	((struct pmm_resize *)arg)->total = pool.total;
}

/* Back, which is where it is: nothing is to be done. */
static void prepare_migrate(void *arg)
{
	((struct pmm_migrate *)arg)->address = (uintptr_t)arg;
	((struct pmm_migrate *)arg)->length = 1;
}

/* Nothing is wrong with these, except that it is a pool of the kernel's own RAM. */
static void prepare_online(void *arg)
{
	((struct pmm_online *)arg)->node = PMM_NODE_ANY;
	memcpy(((struct pmm_online *)arg)->type, "general", sizeof("general"));
}

static void prepare_offline(void *arg)
{
	memcpy(((struct pmm_offline *)arg)->type, "general", sizeof("general"));
}

/* Nothing is wrong with it, except that the block has a home already. */
static void prepare_adopt(void *arg)
{
	((struct pmm_block_adopt *)arg)->address = (uintptr_t)segment;
}

static void prepare_sync(void *arg)
{
	struct pmm_block_sync *a = arg;

	a->flags = PMM_SYNC_BEGIN | PMM_SYNC_READ;
}

static void prepare_alias(void *arg)
{
	struct pmm_block_alias *a = arg;

	a->fd = -1;
}

/**
 * struct call - an ioctl, and how to make it so that it succeeds
 * @name: its name
 * @cmd: its number
 * @size: of its structure
 * @first: of the first version of it, which may be less
 * @flags: that are known, together or not
 * @on_block: made on a block fd, not on /dev/pmm
 * @fd: returns a new fd
 * @out: has fields that the kernel writes, or writes the structure anyway
 * @err: with which the perfect call fails, 0 if it succeeds
 * @prepare: fills in what must be filled in
 */
struct call {
	const char *name;
	unsigned int cmd;
	uint32_t size;
	uint32_t first;
	uint32_t flags;
	bool on_block;
	bool fd;
	bool out;
	int err;
	void (*prepare)(void *arg);
};

static const struct call calls[] = {
	{
		.name = "VERSION", .cmd = PMM_IOC_VERSION, .size = 56, .first = 56,
		.out = true, .prepare = prepare_nothing,
	}, {
		.name = "TYPE", .cmd = PMM_IOC_TYPE, .size = 168, .first = 152,
		.out = true, .prepare = prepare_nothing,
	}, {
		.name = "ALLOC", .cmd = PMM_IOC_ALLOC, .size = 160, .first = 120,
		.fd = true, .out = true, .prepare = prepare_alloc,
	}, {
		.name = "FIND", .cmd = PMM_IOC_FIND, .size = 40, .first = 40,
		.flags = PMM_FIND_ADDRESS | PMM_FIND_FD,
		.fd = true, .out = true, .prepare = prepare_find,
	}, {
		.name = "QUOTA", .cmd = PMM_IOC_QUOTA, .size = 80, .first = 80,
		.flags = PMM_QUOTA_GET | PMM_QUOTA_SET | PMM_QUOTA_RESET,
		.out = true, .prepare = prepare_quota,
	}, {
		.name = "RESIZE", .cmd = PMM_IOC_RESIZE, .size = 64, .first = 64,
		.out = true, .prepare = prepare_resize,
	}, {
		.name = "MIGRATE", .cmd = PMM_IOC_MIGRATE, .size = 136, .first = 136,
		.flags = PMM_MIGRATE_MEM, .out = true, .prepare = prepare_migrate,
	}, {
		.name = "ONLINE", .cmd = PMM_IOC_ONLINE, .size = 80, .first = 80,
		.err = EOPNOTSUPP, .prepare = prepare_online,
	}, {
		.name = "OFFLINE", .cmd = PMM_IOC_OFFLINE, .size = 104, .first = 104,
		.err = ENOENT, .prepare = prepare_offline,
	}, {
		.name = "NODE", .cmd = PMM_IOC_NODE, .size = 88, .first = 88,
		.err = ENOENT, .prepare = prepare_nothing,
	}, {
		.name = "INFO", .cmd = PMM_IOC_BLOCK_INFO, .size = 120, .first = 112,
		.on_block = true, .out = true, .prepare = prepare_nothing,
	}, {
		.name = "ADOPT", .cmd = PMM_IOC_BLOCK_ADOPT, .size = 16, .first = 16,
		.flags = PMM_ADOPT_SEAL, .on_block = true, .err = EBUSY,
		.prepare = prepare_adopt,
	}, {
		.name = "HOME_FD", .cmd = PMM_IOC_BLOCK_HOME_FD, .size = 8, .first = 8,
		.flags = PMM_HOME_RDONLY, .on_block = true, .fd = true,
		.out = true, .prepare = prepare_nothing,
	}, {
		.name = "ALIAS", .cmd = PMM_IOC_BLOCK_ALIAS, .size = 16, .first = 16,
		.on_block = true, .err = EBADF, .prepare = prepare_alias,
	}, {
		.name = "DMABUF", .cmd = PMM_IOC_BLOCK_DMABUF, .size = 8, .first = 8,
		.on_block = true, .fd = true, .out = true,
		.prepare = prepare_nothing,
	}, {
		.name = "SYNC", .cmd = PMM_IOC_BLOCK_SYNC, .size = 24, .first = 24,
		.flags = PMM_SYNC_READ | PMM_SYNC_WRITE | PMM_SYNC_BEGIN |
			 PMM_SYNC_END,
		.on_block = true, .prepare = prepare_sync,
	},
};

#define NR_CALLS ARRAY_SIZE(calls)

_Static_assert(sizeof(struct pmm_version) == 56, "ABI");
_Static_assert(sizeof(struct pmm_type_info) == 168, "ABI");
_Static_assert(sizeof(struct pmm_alloc) == 160, "ABI");
_Static_assert(sizeof(struct pmm_find) == 40, "ABI");
_Static_assert(sizeof(struct pmm_quota) == 80, "ABI");
_Static_assert(sizeof(struct pmm_resize) == 64, "ABI");
_Static_assert(sizeof(struct pmm_migrate) == 136, "ABI");
_Static_assert(sizeof(struct pmm_online) == 80, "ABI");
_Static_assert(sizeof(struct pmm_offline) == 104, "ABI");
_Static_assert(sizeof(struct pmm_node_info) == 88, "ABI");
_Static_assert(sizeof(struct pmm_block_info) == 120, "ABI");
_Static_assert(sizeof(struct pmm_block_adopt) == 16, "ABI");
_Static_assert(sizeof(struct pmm_block_home_fd) == 8, "ABI");
_Static_assert(sizeof(struct pmm_block_alias) == 16, "ABI");
_Static_assert(sizeof(struct pmm_block_dmabuf) == 8, "ABI");
_Static_assert(sizeof(struct pmm_block_sync) == 24, "ABI");

/*
 * Two pages of arguments between two of nothing, below 4 GiB.  A structure is
 * laid at their very end, where one byte more is a fault.
 */
static char *arena;
#define ARENA	(2 * PAGE)

static int fd_of(const struct call *c)
{
	return c->on_block ? block : pmm_fd();
}

/* The perfect argument, if it had that size. */
static void *perfect(const struct call *c, uint32_t size)
{
	char *arg = arena + ARENA - (size < c->size ? c->size : size);

	memset(arena, 0, ARENA);
	c->prepare(arg);
	*(uint32_t *)arg = size;
	return arg;
}

static void expect_good(const struct call *c, void *arg)
{
	int ret;

	if (c->err) {
		EXPECT_ERRNO(do_ioctl(fd_of(c), c->cmd, arg), c->err);
		return;
	}
	ret = EXPECT_OK(do_ioctl(fd_of(c), c->cmd, arg));
	if (!c->fd) {
		EXPECT_EQ(ret, 0);
		return;
	}
	EXPECT_EQ(fcntl(ret, F_GETFD), FD_CLOEXEC);
	close(ret);
}

static void expect_bad(const struct call *c, void *arg, int err)
{
	EXPECT_ERRNO(do_ioctl(fd_of(c), c->cmd, arg), err);
}

static void test_sizes(const struct call *c)
{
	static const uint32_t too_large[] = {
		PAGE + 1, PAGE + 8, 2 * PAGE, 1U << 31, ~0U,
	};
	unsigned int i;
	uint32_t size;
	char *arg;

	for (size = 0; size < c->first; size += size < 8 ? 1 : 4)
		expect_bad(c, perfect(c, size), EINVAL);
	expect_bad(c, perfect(c, c->first - 1), EINVAL);
	expect_good(c, perfect(c, c->size));
	/* From a program newer than the kernel, which does not use what is new. */
	expect_good(c, perfect(c, c->size + 1));
	expect_good(c, perfect(c, c->size + 8));
	expect_good(c, perfect(c, PAGE));
	for (i = 0; i < ARRAY_SIZE(too_large); i++) {
		arg = perfect(c, ARENA);
		*(uint32_t *)arg = too_large[i];
		expect_bad(c, arg, E2BIG);
	}
}

/* From a program older than the kernel: what it does not know is not written. */
static void test_first(const struct call *c)
{
	char *arg = perfect(c, c->first);

	memset(arg + c->first, 0xa5, c->size - c->first);
	expect_good(c, arg);
	for (arg += c->first; arg < arena + ARENA; arg++)
		EXPECT_EQ(*arg, (char)0xa5);
}

/* Fields past the end of what the kernel knows. */
static void test_tails(const struct call *c)
{
	char *arg;

	arg = perfect(c, c->size + 8);
	arg[c->size] = 1;
	expect_bad(c, arg, E2BIG);
	arg = perfect(c, c->size + 8);
	arg[c->size + 7] = 0x80;
	expect_bad(c, arg, E2BIG);
	arg = perfect(c, PAGE);
	arg[PAGE - 1] = 1;
	expect_bad(c, arg, E2BIG);

	/* They stay as they are, and so does what is behind. */
	arg = memcpy(arena, perfect(c, c->size + 8), c->size + 8);
	memset(arg + c->size + 8, 0xa5, 16);
	expect_good(c, arg);
	EXPECT_EQ(*(uint32_t *)arg, c->size + 8);
	EXPECT(zeroed(arg + c->size, 8));
	EXPECT_EQ(arg[c->size + 8], (char)0xa5);
	EXPECT(!memcmp(arg + c->size + 8, arg + c->size + 9, 15));
}

static void test_flags(const struct call *c)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		struct pmm_block_home_fd *head = perfect(c, c->size);

		if (c->flags & 1U << bit)
			continue;
		head->flags |= 1U << bit;
		expect_bad(c, head, EINVAL);
		head->flags = 1U << bit;
		expect_bad(c, head, EINVAL);
	}
}

static void test_pointers(const struct call *c)
{
	static const uint64_t nowhere[] = {
		0, 1, 4, 0xfffff000, 0xfffffffc, 0xffffffff,
		/* The rest cannot be said by a 32-bit program. */
		0x7fffffffeffc, 0x7fffffffefff, 0x7ffffffff000,
		0x800000000000, 0x8000000000000000,
		0xffff888000000000, 0xfffffffffffff000, 0xffffffffffffffff,
	};
	unsigned int i, nr = ioctl_as_32bit ? 6 : 14;
	char *arg;

	for (i = 0; i < nr; i++)
		expect_bad(c, (void *)(uintptr_t)nowhere[i], EFAULT);

	/* The size can be read and the rest cannot. */
	arg = perfect(c, c->size);
	memmove(arg + 4, arg, c->size - 4);
	expect_bad(c, arg + 4, EFAULT);
	arg = perfect(c, c->size);
	*(uint32_t *)arg = c->size + 1;
	expect_bad(c, arg, EFAULT);

	/* It does not have to be aligned, or in one page. */
	arg = perfect(c, c->size);
	memmove(arg - 3, arg, c->size);
	expect_good(c, arg - 3);
	arg = perfect(c, c->size);
	memmove(arena + PAGE - 8, arg, c->size);
	expect_good(c, arena + PAGE - 8);
}

/* Memory that can be read, but not written for the answer. */
static void test_readonly(const struct call *c)
{
	int fds = fds_open();
	char *arg = perfect(c, c->size);

	EXPECT_OK(mprotect(arena, ARENA, PROT_READ));
	if (c->out)
		expect_bad(c, arg, EFAULT);
	else
		expect_good(c, arg);
	EXPECT_OK(mprotect(arena, ARENA, PROT_READ | PROT_WRITE));
	EXPECT_EQ(fds_open(), fds);
}

/* The right call on another fd. */
static void test_fds(const struct call *c)
{
	int other = c->on_block ? pmm_fd() : block;
	int fd;

	EXPECT_ERRNO(do_ioctl(other, c->cmd, perfect(c, c->size)), ENOTTY);
	EXPECT_ERRNO(do_ioctl(other, c->cmd, NULL), ENOTTY);
	EXPECT_ERRNO(do_ioctl(-1, c->cmd, perfect(c, c->size)), EBADF);
	EXPECT_ERRNO(do_ioctl(1 << 20, c->cmd, perfect(c, c->size)), EBADF);

	fd = EXPECT_OK(open("/dev/null", O_RDWR | O_CLOEXEC));
	EXPECT_ERRNO(do_ioctl(fd, c->cmd, perfect(c, c->size)), ENOTTY);
	close(fd);
	fd = EXPECT_OK(open("/dev/pmm", O_PATH | O_CLOEXEC));
	EXPECT_ERRNO(do_ioctl(fd, c->cmd, perfect(c, c->size)), EBADF);
	close(fd);
}

/* Numbers that mean nothing, or not here: on both kinds of fd. */
static void test_unknown(int fd)
{
	unsigned int nr, i;

	for (nr = 0; nr < 256; nr++) {
		bool is_known = false;

		for (i = 0; i < NR_CALLS; i++)
			is_known |= nr == _IOC_NR(calls[i].cmd);
		memset(arena, 0, ARENA);
		if (!is_known)
			EXPECT_ERRNO(do_ioctl(fd, _IO(PMM_IOC, nr), arena), ENOTTY);
		/* Direction and size are part of a number. */
		EXPECT_ERRNO(do_ioctl(fd, _IOW(PMM_IOC, nr, int), arena), ENOTTY);
		EXPECT_ERRNO(do_ioctl(fd, _IOR(PMM_IOC, nr, int), arena), ENOTTY);
		EXPECT_ERRNO(do_ioctl(fd, _IOC(3, PMM_IOC, nr, 40), arena), ENOTTY);
		EXPECT_ERRNO(do_ioctl(fd, _IO(PMM_IOC - 1, nr), arena), ENOTTY);
	}
}

static void test_all(void)
{
	unsigned int i;

	for (i = 0; i < NR_CALLS; i++) {
		printf("%s%s\n", calls[i].name,
		       ioctl_as_32bit ? ", as a 32-bit program" : "");
		test_sizes(&calls[i]);
		test_first(&calls[i]);
		test_tails(&calls[i]);
		test_flags(&calls[i]);
		test_pointers(&calls[i]);
		test_readonly(&calls[i]);
		test_fds(&calls[i]);
	}
	test_unknown(pmm_fd());
	test_unknown(block);
}

int main(void)
{
	int fds, memfd;

	pmm_fd();
	fds = fds_open();
	arena = (char *)low_alloc(ARENA + 2 * PAGE) + PAGE;
	EXPECT_OK(mprotect(arena - PAGE, PAGE, PROT_NONE));
	EXPECT_OK(mprotect(arena + ARENA, PAGE, PROT_NONE));
	block = block_alloc(PAGE);
	close(EXPECT_OK(try_block_home_fd(block, 0)));
	segment = segment_memfd(PAGE, 0, &memfd);

	ioctl_both(test_all);

	close(block);
	close(memfd);
	EXPECT_EQ(fds_open(), fds);
	wait_pool_whole(5);
	return 0;
}
