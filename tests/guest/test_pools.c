// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools of system RAM: several of them, and which one an allocation gets; what
 * is wrong with a bad pools=; and growing and shrinking them under live blocks.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

#define LOW_LIMIT	(512 * MIB)

#define SEVERAL	"pools=general:16M,video:8M:align=2M:allocator=tlsf," \
		"low:4M:below=512M,spare:6M"

static void type_info(unsigned int index, struct pmm_type_info *t)
{
	memset(t, 0, sizeof(*t));
	t->size = sizeof(*t);
	t->index = index;
	EXPECT_OK(ioctl(pmm_fd(), PMM_IOC_TYPE, t));
}

static struct pmm_alloc request(const char *type, uint64_t caps, size_t length)
{
	struct pmm_alloc a = {
		.size = sizeof(a), .length = length, .caps = caps,
	};

	snprintf(a.type, sizeof(a.type), "%s", type);
	return a;
}

/* A block, and that it is of that type. */
static int expect_type(struct pmm_alloc a, const char *type)
{
	struct pmm_block_info info;
	int fd = EXPECT_OK(try_block_alloc(&a));

	block_info(fd, &info);
	if (strcmp(info.type, type) || strcmp(a.chosen, type))
		printf("got %s, said %s, not %s\n", info.type, a.chosen, type);
	EXPECT(!strcmp(info.type, type) && !strcmp(a.chosen, type));
	return fd;
}

static void expect_none(struct pmm_alloc a, uint32_t reason, const char *closest)
{
	EXPECT_ERRNO(try_block_alloc(&a), reason == PMM_REASON_TYPE ? ENOENT : ENOMEM);
	EXPECT_EQ(a.reason, reason);
	if (strcmp(a.chosen, closest))
		printf("closest is %s, not %s\n", a.chosen, closest);
	EXPECT(!strcmp(a.chosen, closest));
}

/* ---- what pools= makes ---- */

static void test_several(void)
{
	static const struct {
		const char *name;
		uint64_t total;
		uint64_t min_align;
		uint64_t limit;
		const char *allocator;
	} want[] = {
		{ "general", 16 * MIB, PAGE, ~0ULL, "bestfit" },
		{ "video", 8 * MIB, 2 * MIB, ~0ULL, "tlsf" },
		{ "low", 4 * MIB, PAGE, LOW_LIMIT, "bestfit" },
		{ "spare", 6 * MIB, PAGE, ~0ULL, "bestfit" },
	};
	struct pmm_type_info t;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		type_info(i, &t);
		EXPECT(!strcmp(t.name, want[i].name));
		EXPECT(!strcmp(t.allocator, want[i].allocator));
		EXPECT_EQ(t.total, want[i].total);
		EXPECT_EQ(t.free, want[i].total);
		EXPECT_EQ(t.min_align, want[i].min_align);
		EXPECT_EQ(t.limit, want[i].limit);
		EXPECT_EQ(t.caps, PMM_TYPE_RAM | PMM_TYPE_MAPPABLE);
	}
	memset(&t, 0, sizeof(t));
	t.size = sizeof(t);
	t.index = i;
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_TYPE, &t), ENOENT);
}

static void test_alignment(void)
{
	struct pmm_block_info info;
	int fds[4];
	unsigned int i;

	/* As many blocks as there are places, however small they are. */
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = expect_type(request("video", 0, PAGE), "video");
		block_info(fds[i], &info);
		EXPECT_EQ(info.align, 2 * MIB);
		EXPECT_EQ(info.phys % (2 * MIB), 0);
	}
	expect_none(request("video", 0, PAGE), PMM_REASON_ALIGNMENT, "video");
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

static void test_limit(void)
{
	int fd = expect_type(request("low", 0, 4 * MIB), "low");
	struct pmm_block_info info;

	block_info(fd, &info);
	EXPECT(info.phys && info.phys + info.length <= LOW_LIMIT);
	close(fd);
}

/* In the order of the types, the first with room. */
static void test_choice(void)
{
	const uint64_t caps = PMM_TYPE_RAM | PMM_TYPE_MAPPABLE;
	int fds[8];

	fds[0] = expect_type(request("", caps, 14 * MIB), "general");
	fds[1] = expect_type(request("", caps, 4 * MIB), "video");
	fds[2] = expect_type(request("", PMM_TYPE_RAM, 3 * MIB), "video");
	fds[3] = expect_type(request("", caps, 2 * MIB), "general");
	fds[4] = expect_type(request("", caps, PAGE), "low");
	fds[5] = expect_type(request("", caps, 4 * MIB), "spare");
	/* With a name there is no choice, and without bits neither. */
	expect_none(request("", 0, PAGE), PMM_REASON_EXHAUSTED, "general");
	expect_none(request("general", caps, PAGE), PMM_REASON_EXHAUSTED, "general");
	/* low has enough, but not on a boundary of 2 MiB; the others have less. */
	expect_none(request("", caps, 3 * MIB + PAGE), PMM_REASON_ALIGNMENT, "low");
	fds[6] = expect_type(request("", caps, 2 * MIB), "low");
	expect_none(request("", caps, 3 * MIB), PMM_REASON_EXHAUSTED, "spare");
	close(fds[3]);
	fds[3] = expect_type(request("", caps, 2 * MIB), "general");
	/* Nothing has it. */
	expect_none(request("", PMM_TYPE_DEVICE, PAGE), PMM_REASON_TYPE, "");
	expect_none(request("general", PMM_TYPE_DEVICE, PAGE), PMM_REASON_TYPE, "");
	for (unsigned int i = 0; i < 7; i++)
		close(fds[i]);
}

/* ---- what it refuses ---- */

static const struct {
	const char *args;
	int err;
	const char *says;
} refused[] = {
	{ "pools=general", EINVAL,
	  "pools=general: character 8: a name is followed by ':' and a size" },
	{ "pools=:16M", EINVAL,
	  "pools=:16M: character 1: a name begins with a letter" },
	{ "pools=a:16M,a:16M", EINVAL,
	  "pools=a:16M,a:16M: character 7: there is a pool of that name" },
	{ "pools=a:16Q", EINVAL,
	  "pools=a:16Q: character 5: after a value comes ':', ',' or the end" },
	{ "pools=a:16M:align=3M", EINVAL,
	  "pools=a:16M:align=3M: character 13: an alignment is a power of two" },
	{ "pools=a:16M:allocator=firstfit", EINVAL,
	  "pools=a:16M:allocator=firstfit: character 17: there is no such allocator" },
	{ "pools=a:16M:colour=red", EINVAL,
	  "pools=a:16M:colour=red: character 7: an option is align=, below= or allocator=" },
	{ "pools=a:16M pool_mb=16", EINVAL,
	  "pools= and pool_mb= exclude each other" },
	{ "pools=a:16M allocator=bestfit", EINVAL,
	  "pools= and allocator= exclude each other" },
	{ "pools=a:16M,b:1000G", EINVAL,
	  "pools=: 'b' is more memory than there is" },
	{ "pools=a:16M,b:17179869183G", EINVAL,
	  "pools=: 'b' is more memory than there is" },
	{ "pools=a:4M,b:8M:below=16M", ENOMEM,
	  "pools=: 'b': cannot free 8 MiB of memory below its limit" },
	{ "pools=a:4M,b:4K:below=1", ENOMEM,
	  "pools=: 'b': cannot free 1 MiB of memory below its limit" },
};

static void test_refused(void)
{
	unsigned int i;
	int log;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		log = kmsg_open();
		printf("%s\n", refused[i].args);
		fflush(stdout);
		EXPECT_ERRNO(try_module_insert(refused[i].args), refused[i].err);
		EXPECT(kmsg_has(log, refused[i].says));
		close(log);
		EXPECT(access("/sys/module/pmm", F_OK));
	}
}

/* ---- growing and shrinking ---- */

static int try_resize(const char *type, uint64_t total, uint64_t actual,
		      uint32_t reason)
{
	struct pmm_resize r = {
		.size = sizeof(r), .total = total, .actual = 1, .reason = 99,
	};
	struct pool pool;
	int ret, err;

	snprintf(r.type, sizeof(r.type), "%s", type);
	ret = ioctl(pmm_fd(), PMM_IOC_RESIZE, &r);
	err = errno;
	if (actual) {
		EXPECT_EQ(r.reason, reason);
		EXPECT_EQ(r.actual, actual);
		EXPECT(pool_read_type(&pool, *type ? type : "general"));
		EXPECT_EQ(pool.total, actual);
	}
	errno = err;
	return ret;
}

static void expect_size(const char *type, uint64_t total, uint64_t actual)
{
	EXPECT_OK(try_resize(type, total, actual, PMM_RESIZE_NONE));
}

static void test_whole_pool(void)
{
	long before;

	expect_size("video", 24 * MIB, 24 * MIB);
	before = zones_free();
	expect_size("video", 4 * MIB, 4 * MIB);
	EXPECT(zones_free() > before + 18 * (long)KIB);
	/* To nothing, and back. */
	expect_size("video", 0, 0);
	expect_none(request("video", 0, PAGE), PMM_REASON_EXHAUSTED, "video");
	before = zones_free();
	expect_size("video", 1, 2 * MIB);
	expect_size("video", 8 * MIB - PAGE, 8 * MIB);
	EXPECT(zones_free() < before - 6 * (long)KIB);
	expect_size("video", 8 * MIB, 8 * MIB);
	close(expect_type(request("video", 0, 8 * MIB / 2), "video"));
}

/**
 * struct live - a block that a resize must not touch
 * @fd: the block fd
 * @p: its mapping
 * @pfn: its first page
 */
struct live {
	int fd;
	char *p;
	uint64_t pfn;
};

#define LIVE_SIZE	(MIB + PAGE)

static void live_create(struct live *live, unsigned int seed)
{
	live->fd = expect_type(request("", 0, LIVE_SIZE), "general");
	live->p = block_map(live->fd, LIVE_SIZE);
	live->pfn = block_pfn(live->fd);
	fill(live->p, LIVE_SIZE, seed);
	EXPECT(maps_block(live->p, LIVE_SIZE, live->pfn));
}

static void live_check(const struct live *live, unsigned int seed)
{
	EXPECT(filled(live->p, LIVE_SIZE, seed));
	EXPECT_EQ(block_pfn(live->fd), live->pfn);
	EXPECT(maps_block(live->p, LIVE_SIZE, live->pfn));
}

static void live_end(struct live *live)
{
	EXPECT_OK(munmap(live->p, LIVE_SIZE));
	close(live->fd);
}

/* Blocks here and there, and steps of 2 MiB that are free in between. */
static void test_live_blocks(void)
{
	struct live live[12];
	struct pool pool;
	uint64_t least;
	unsigned int i;
	long before;

	expect_size("", 32 * MIB, 32 * MIB);
	for (i = 0; i < ARRAY_SIZE(live); i++)
		live_create(&live[i], i);
	for (i = 0; i < ARRAY_SIZE(live); i += 3)
		live_end(&live[i]);
	wait_pool_free(32 * MIB - 8 * LIVE_SIZE, 5);

	expect_size("general", 64 * MIB, 64 * MIB);
	before = zones_free();
	EXPECT_ERRNO(try_resize("general", 0, 0, 0), EBUSY);
	pool_read(&pool);
	least = pool.total;
	printf("8 blocks of 1 MiB and a page keep %llu MiB\n",
	       (unsigned long long)(least / MIB));
	EXPECT(least >= 10 * MIB && least <= 32 * MIB);
	EXPECT(pool.largest_free < 4 * MIB);
	EXPECT(zones_free() > before + (long)((56 * MIB - least) / KIB));
	EXPECT_ERRNO(try_resize("", PAGE, least, PMM_RESIZE_IN_USE), EBUSY);
	for (i = 0; i < ARRAY_SIZE(live); i++)
		if (i % 3)
			live_check(&live[i], i);

	/* New memory is zeroed like any, and goes together with the old. */
	expect_size("", 48 * MIB, 48 * MIB);
	for (i = 0; i < ARRAY_SIZE(live); i += 3) {
		live_create(&live[i], i);
		live_check(&live[i], i);
	}
	for (i = 0; i < ARRAY_SIZE(live); i++) {
		live_check(&live[i], i);
		live_end(&live[i]);
	}
	wait_pool_whole(5);
	expect_size("", 16 * MIB, 16 * MIB);
}

/* As far as it goes, which is not all the machine has. */
static void test_too_much(void)
{
	struct pmm_resize r = { .size = sizeof(r), .total = ~0ULL };
	struct pool pool;
	void *p = EXPECT_OK(mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	fill(p, 64 * MIB, 5);
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_RESIZE, &r), ENOMEM);
	EXPECT(r.reason == PMM_RESIZE_RESERVE || r.reason == PMM_RESIZE_NO_MEMORY);
	pool_read(&pool);
	EXPECT_EQ(pool.total, r.actual);
	EXPECT_EQ(pool.free, r.actual);
	printf("grown to %llu MiB, reason %u\n",
	       (unsigned long long)(r.actual / MIB), r.reason);
	EXPECT(r.actual > 64 * MIB);
	EXPECT(meminfo("MemAvailable") > 16 * (long)KIB);
	EXPECT(filled(p, 64 * MIB, 5));
	EXPECT_OK(munmap(p, 64 * MIB));
	expect_size("", 16 * MIB, 16 * MIB);
	/* Memory below a limit is not without end. */
	EXPECT_ERRNO(try_resize("low", 1024 * MIB, 0, 0), ENOMEM);
	close(expect_type(request("low", 0, 4 * MIB), "low"));
	EXPECT(pool_read_type(&pool, "low"));
	EXPECT(pool.total < LOW_LIMIT);
	expect_size("low", 4 * MIB, 4 * MIB);
}

static void resize_as_user(void *unused)
{
	(void)unused;
	EXPECT_ERRNO(try_resize("", 32 * MIB, 0, 0), EPERM);
	EXPECT_ERRNO(try_resize("", 0, 0, 0), EPERM);
	EXPECT_ERRNO(try_resize("nonesuch", 0, 0, 0), EPERM);
}

static void test_resize_refused(void)
{
	struct pmm_resize r = { .size = sizeof(r), .total = 16 * MIB };

	run_as(NOBODY, resize_as_user, NULL);
	EXPECT_ERRNO(try_resize("nonesuch", 16 * MIB, 0, 0), ENOENT);
	r.reserved = 1;
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_RESIZE, &r), EINVAL);
	r.reserved = 0;
	memset(r.type, 'x', sizeof(r.type));
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_RESIZE, &r), EINVAL);
	expect_size("", 16 * MIB, 16 * MIB);
}

/* ---- in a pool that changes ---- */

static void allocate(void *unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0;; i++) {
		struct pmm_alloc a = request("", 0, (i % 7 + 1) * MIB / 2 + PAGE);
		int fd = try_block_alloc(&a);
		char *p;

		if (fd < 0) {
			EXPECT_EQ(errno, ENOMEM);
			continue;
		}
		p = block_map(fd, a.actual);
		EXPECT(zeroed(p, a.actual));
		fill(p, a.actual, i);
		EXPECT(filled(p, a.actual, i));
		EXPECT_OK(munmap(p, a.actual));
		close(fd);
	}
}

static void test_race(void)
{
	int children[3];
	double end = now() + 5;
	unsigned int i, n = 0;
	struct pmm_resize r;

	for (i = 0; i < ARRAY_SIZE(children); i++)
		children[i] = child_start(0, allocate, NULL);
	while (now() < end) {
		r = (struct pmm_resize){
			.size = sizeof(r), .total = (n++ % 2 ? 40 : 4) * MIB,
		};
		EXPECT(!ioctl(pmm_fd(), PMM_IOC_RESIZE, &r) || errno == EBUSY);
	}
	for (i = 0; i < ARRAY_SIZE(children); i++)
		child_kill(children[i]);
	printf("resized %u times\n", n);
	wait_pool_whole(10);
	expect_size("", 16 * MIB, 16 * MIB);
}

int main(void)
{
	char args[300];
	long before;

	if (!getenv("PMM_KO"))
		guest_skip("PMM_KO does not say where pmm.ko is");
	module_parameters(args, sizeof(args));
	module_remove();
	before = zones_free();
	test_refused();
	module_insert(SEVERAL);
	test_several();
	test_alignment();
	test_limit();
	test_choice();
	test_whole_pool();
	test_live_blocks();
	test_too_much();
	test_resize_refused();
	test_race();
	module_remove();
	wait_memory_free(before - 4 * (long)KIB, 10);
	module_insert(args);
	return 0;
}
