// SPDX-License-Identifier: GPL-2.0-only
/*
 * What <linux/pmm.h> says of every field of every ioctl: values in, values out,
 * the errno of each wrong one, and that nothing is left behind by a failure.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guest.h"
#include "ioctl.h"

/* Not the structure's own fields: whatever was in the out fields is gone. */
#define DIRT	0x5a5a5a5a5a5a5a5aULL

static int call(int fd, unsigned int cmd, void *arg)
{
	static void *low;

	if (!low)
		low = low_alloc(PAGE);
	/* Every structure begins with its size. */
	memcpy(low, arg, *(uint32_t *)arg);
	errno = 0;
	fd = do_ioctl(fd, cmd, low);
	memcpy(arg, low, *(uint32_t *)arg);
	return fd;
}

static struct pmm_alloc request(uint64_t length, uint64_t align, const char *type)
{
	struct pmm_alloc a = {
		.size = sizeof(a),
		.length = length,
		.align = align,
		.reason = 0x5a5a5a5a,
		.id = DIRT,
		.actual = DIRT,
		.total = DIRT,
		.free = DIRT,
		.largest_free = DIRT,
		.quota = DIRT,
		.quota_used = DIRT,
	};

	snprintf(a.type, sizeof(a.type), "%s", type);
	memset(a.chosen, 0x5a, sizeof(a.chosen));
	return a;
}

static void test_version(void)
{
	struct pmm_version v = { .size = sizeof(v), .abi = ~0U, .caps = DIRT };

	memset(v.release, 0x5a, sizeof(v.release));
	EXPECT_EQ(call(pmm_fd(), PMM_IOC_VERSION, &v), 0);
	EXPECT_EQ(v.size, sizeof(v));
	EXPECT_EQ(v.flags, 0);
	EXPECT_EQ(v.abi, PMM_ABI);
	EXPECT_EQ(v.page_size, PAGE);
	EXPECT_EQ(v.caps, PMM_CAP_ADOPT_SYSV | PMM_CAP_ADOPT_FILE | PMM_CAP_HUGE |
		  PMM_CAP_ALIAS | PMM_CAP_DMABUF | PMM_CAP_MIGRATE);
	EXPECT(strnlen(v.release, sizeof(v.release)) < sizeof(v.release));
	EXPECT(v.release[0] >= '0' && v.release[0] <= '9');
	EXPECT(zeroed(v.release + 24, 8));
}

static void test_type(void)
{
	static const uint32_t past[] = { 1, 2, 1U << 31, ~0U };
	struct pmm_type_info t = { .size = sizeof(t) };
	struct pool pool;
	unsigned int i;

	memset(t.name, 0x5a, sizeof(t.name));
	EXPECT_EQ(call(pmm_fd(), PMM_IOC_TYPE, &t), 0);
	pool_read(&pool);
	EXPECT_EQ(t.size, sizeof(t));
	EXPECT(!t.flags && !t.index && !t.reserved);
	EXPECT_EQ(t.caps, PMM_TYPE_RAM | PMM_TYPE_MAPPABLE);
	EXPECT_EQ(t.limit, ~0ULL);
	EXPECT_EQ(t.min_align, PAGE);
	EXPECT_EQ(t.max_align, 1024 * MIB);
	EXPECT_EQ(t.total, pool.total);
	EXPECT_EQ(t.free, pool.free);
	EXPECT_EQ(t.largest_free, pool.largest_free);
	EXPECT_EQ(t.quarantined, 0);
	EXPECT_EQ(t.retired, pool.retired);
	EXPECT_EQ(t.blocks, 0);
	EXPECT(!strcmp(t.name, "general"));
	EXPECT(!strcmp(t.allocator, "bestfit") || !strcmp(t.allocator, "tlsf"));

	for (i = 0; i < ARRAY_SIZE(past); i++) {
		t.index = past[i];
		EXPECT_ERRNO(call(pmm_fd(), PMM_IOC_TYPE, &t), ENOENT);
	}
	t.index = 0;
	t.reserved = 1;
	EXPECT_ERRNO(call(pmm_fd(), PMM_IOC_TYPE, &t), EINVAL);
}

/* A block of that length, and the answer. */
static void expect_block(uint64_t length, uint64_t align, const char *type,
			 uint64_t actual, uint64_t actual_align)
{
	struct pmm_alloc a = request(length, align, type);
	int fd = EXPECT_OK(call(pmm_fd(), PMM_IOC_ALLOC, &a));
	struct pmm_block_info info;

	EXPECT_EQ(a.reason, PMM_REASON_NONE);
	EXPECT_EQ(a.actual, actual);
	EXPECT(a.total >= actual && a.total != DIRT);
	EXPECT_EQ(a.quota, ~0ULL);
	EXPECT(!strcmp(a.chosen, "general"));
	EXPECT(zeroed(a.chosen + 8, sizeof(a.chosen) - 8));
	EXPECT(a.free != DIRT && a.largest_free != DIRT && a.quota_used != DIRT);
	block_info(fd, &info);
	EXPECT_EQ(info.id, a.id);
	EXPECT_EQ(info.length, actual);
	EXPECT_EQ(info.align, actual_align);
	EXPECT_EQ(info.phys % actual_align, 0);
	close(fd);
}

static void expect_refused(uint64_t length, uint64_t align, const char *type,
			   int err)
{
	struct pmm_alloc a = request(length, align, type);

	EXPECT_ERRNO(call(pmm_fd(), PMM_IOC_ALLOC, &a), err);
}

static void test_alloc_lengths(void)
{
	expect_block(1, 0, "", PAGE, PAGE);
	expect_block(PAGE - 1, 0, "", PAGE, PAGE);
	expect_block(PAGE, 0, "", PAGE, PAGE);
	expect_block(PAGE + 1, 0, "", 2 * PAGE, PAGE);
	expect_block(HUGE_PAGE - PAGE, 0, "", HUGE_PAGE - PAGE, PAGE);
	/* Rounding makes these large enough for the natural alignment. */
	expect_block(HUGE_PAGE - 1, 0, "", HUGE_PAGE, HUGE_PAGE);
	expect_block(HUGE_PAGE + 1, 0, "", HUGE_PAGE + PAGE, HUGE_PAGE);

	expect_refused(0, 0, "", EINVAL);
	expect_refused(LLONG_MAX - PAGE + 1, 0, "", EOVERFLOW);
	expect_refused(LLONG_MAX, 0, "", EOVERFLOW);
	expect_refused(1ULL << 63, 0, "", EOVERFLOW);
	expect_refused(-PAGE, 0, "", EOVERFLOW);
	expect_refused(-PAGE + 1, 0, "", EOVERFLOW);
	expect_refused(-1, 0, "", EOVERFLOW);
	/* Absurd, but a number. */
	expect_refused(LLONG_MAX - 2 * PAGE + 1, 0, "", ENOMEM);
	expect_refused(1ULL << 62, 0, "", ENOMEM);
	expect_refused(1ULL << 44, 0, "", ENOMEM);
	expect_refused((1ULL << 44) + PAGE, 0, "", ENOMEM);
}

static void test_alloc_aligns(void)
{
	static const uint64_t wrong[] = {
		3, PAGE - 1, PAGE + 1, 3 * PAGE, HUGE_PAGE + PAGE,
		1ULL << 31, 1ULL << 32, (1ULL << 32) + PAGE, 1ULL << 63, -PAGE, -1,
	};
	uint64_t align;
	unsigned int i;

	for (align = 1; align < PAGE; align *= 2)
		expect_block(PAGE, align, "", PAGE, PAGE);
	for (; align <= 16 * MIB; align *= 2)
		expect_block(PAGE, align, "", PAGE, align);
	/* Less than the natural one, where that is asked for. */
	expect_block(HUGE_PAGE, PAGE, "", HUGE_PAGE, PAGE);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		expect_refused(PAGE, wrong[i], "", EINVAL);
		expect_refused(1ULL << 62, wrong[i], "", EINVAL);
	}
}

static void test_alloc_types(void)
{
	static const char longest[] = "a-name-of-31-characters-exactly";
	struct pmm_alloc a;

	_Static_assert(sizeof(longest) == PMM_NAME_LEN, "a name that just fits");
	expect_block(PAGE, 0, "general", PAGE, PAGE);
	expect_refused(PAGE, 0, "genera", ENOENT);
	expect_refused(PAGE, 0, "general2", ENOENT);
	expect_refused(PAGE, 0, "General", ENOENT);
	expect_refused(PAGE, 0, " ", ENOENT);
	expect_refused(PAGE, 0, longest, ENOENT);

	/* Not NUL-terminated. */
	a = request(PAGE, 0, longest);
	a.type[PMM_NAME_LEN - 1] = 'x';
	EXPECT_ERRNO(call(pmm_fd(), PMM_IOC_ALLOC, &a), EINVAL);
	memset(a.type, 'x', sizeof(a.type));
	EXPECT_ERRNO(call(pmm_fd(), PMM_IOC_ALLOC, &a), EINVAL);

	a = request(PAGE, 0, "nonesuch");
	EXPECT_ERRNO(call(pmm_fd(), PMM_IOC_ALLOC, &a), ENOENT);
	EXPECT_EQ(a.reason, PMM_REASON_TYPE);
	EXPECT(!a.id && !a.actual && !a.total && !a.free && !a.largest_free);

	a = request(PAGE, 0, "");
	a.reserved = 1;
	EXPECT_ERRNO(call(pmm_fd(), PMM_IOC_ALLOC, &a), EINVAL);
	a.reserved = 1U << 31;
	EXPECT_ERRNO(call(pmm_fd(), PMM_IOC_ALLOC, &a), EINVAL);
}

/* Capabilities, with a name and instead of one. */
static void test_alloc_caps(void)
{
	static const uint64_t had[] = {
		0, PMM_TYPE_RAM, PMM_TYPE_MAPPABLE,
		PMM_TYPE_RAM | PMM_TYPE_MAPPABLE,
	};
	struct pmm_alloc a;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(had); i++) {
		a = request(PAGE, 0, i % 2 ? "general" : "");
		a.caps = had[i / 2];
		close(EXPECT_OK(call(pmm_fd(), PMM_IOC_ALLOC, &a)));
		EXPECT(!strcmp(a.chosen, "general"));
		EXPECT_EQ(a.caps, had[i / 2]);
	}
	for (i = 0; i < 2 * 64; i++) {
		a = request(PAGE, 0, i % 2 ? "general" : "");
		a.caps = 1ULL << i / 2 | PMM_TYPE_RAM;
		if (a.caps & ~(PMM_TYPE_RAM | PMM_TYPE_MAPPABLE)) {
			EXPECT_ERRNO(call(pmm_fd(), PMM_IOC_ALLOC, &a), ENOENT);
			EXPECT_EQ(a.reason, PMM_REASON_TYPE);
			EXPECT(!a.total && zeroed(a.chosen, sizeof(a.chosen)));
		}
	}
}

/* Numbers are never given twice. */
static void test_alloc_ids(void)
{
	struct pmm_alloc a, last = {};
	int i;

	for (i = 0; i < 20; i++) {
		a = request(PAGE, 0, "");
		close(EXPECT_OK(call(pmm_fd(), PMM_IOC_ALLOC, &a)));
		EXPECT(a.id > last.id);
		last = a;
	}
}

/* No number is left for the new fd. */
static void test_no_fds(void)
{
	struct pmm_find f = { .size = sizeof(f), .flags = PMM_FIND_FD };
	struct pmm_alloc a = request(PAGE, 0, "");
	struct rlimit old, none;
	int block = block_alloc(PAGE);

	f.fd = block;
	EXPECT_OK(getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = block + 1;
	EXPECT_OK(setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_ERRNO(call(pmm_fd(), PMM_IOC_ALLOC, &a), EMFILE);
	EXPECT_ERRNO(call(pmm_fd(), PMM_IOC_FIND, &f), EMFILE);
	EXPECT_ERRNO(try_block_home_fd(block, 0), EMFILE);
	EXPECT_OK(setrlimit(RLIMIT_NOFILE, &old));
	close(block);
}

static int try_sync(int block, uint32_t flags, uint64_t offset, uint64_t length)
{
	struct pmm_block_sync sync = {
		.size = sizeof(sync),
		.flags = flags,
		.offset = offset,
		.length = length,
	};

	return call(block, PMM_IOC_BLOCK_SYNC, &sync);
}

static void test_sync(void)
{
	const uint32_t begin = PMM_SYNC_BEGIN | PMM_SYNC_READ;
	int block = block_alloc(2 * PAGE);

	EXPECT_OK(try_sync(block, begin, 0, 2 * PAGE));
	EXPECT_OK(try_sync(block, begin | PMM_SYNC_WRITE, 1, 1));
	EXPECT_OK(try_sync(block, PMM_SYNC_END | PMM_SYNC_WRITE, 2 * PAGE, 0));
	EXPECT_ERRNO(try_sync(block, begin, 0, 2 * PAGE + 1), EINVAL);
	EXPECT_ERRNO(try_sync(block, begin, 2 * PAGE + 1, 0), EINVAL);
	EXPECT_ERRNO(try_sync(block, begin, PAGE, ~0ULL), EINVAL);
	EXPECT_ERRNO(try_sync(block, begin, ~0ULL, 1), EINVAL);
	EXPECT_ERRNO(try_sync(block, 0, 0, PAGE), EINVAL);
	EXPECT_ERRNO(try_sync(block, PMM_SYNC_READ, 0, PAGE), EINVAL);
	EXPECT_ERRNO(try_sync(block, PMM_SYNC_BEGIN, 0, PAGE), EINVAL);
	EXPECT_ERRNO(try_sync(block, begin | PMM_SYNC_END, 0, PAGE), EINVAL);
	close(block);
}

static struct pmm_find by_address(uint64_t address)
{
	return (struct pmm_find){
		.size = sizeof(struct pmm_find),
		.flags = PMM_FIND_ADDRESS,
		.address = address,
		.offset = DIRT,
		.id = DIRT,
	};
}

static struct pmm_find by_fd(int fd)
{
	return (struct pmm_find){
		.size = sizeof(struct pmm_find),
		.flags = PMM_FIND_FD,
		.fd = fd,
		.offset = DIRT,
		.id = DIRT,
	};
}

static void expect_not_found(struct pmm_find f, int err)
{
	EXPECT_ERRNO(call(pmm_fd(), PMM_IOC_FIND, &f), err);
}

static void test_find_fields(int block, const void *address)
{
	uint64_t at = (uintptr_t)address;
	struct pmm_find f;

	f = by_address(at + 5);
	close(EXPECT_OK(call(pmm_fd(), PMM_IOC_FIND, &f)));
	EXPECT_EQ(f.offset, 5);
	EXPECT_EQ(f.id, block_id(block));
	f = by_fd(block);
	close(EXPECT_OK(call(pmm_fd(), PMM_IOC_FIND, &f)));
	EXPECT_EQ(f.offset, 0);
	EXPECT_EQ(f.id, block_id(block));

	/* Exactly one way to look for it, and nothing of the other. */
	f = by_address(at);
	f.flags = 0;
	expect_not_found(f, EINVAL);
	f.flags = PMM_FIND_ADDRESS | PMM_FIND_FD;
	expect_not_found(f, EINVAL);
	f = by_address(at);
	f.fd = block;
	expect_not_found(f, EINVAL);
	f.fd = -1;
	expect_not_found(f, EINVAL);
	f = by_fd(block);
	f.address = at;
	expect_not_found(f, EINVAL);
	f = by_fd(block);
	f.reserved = 1;
	expect_not_found(f, EINVAL);
	f = by_address(at);
	f.reserved = 1U << 31;
	expect_not_found(f, EINVAL);
}

/* What there is, but is no block's. */
static void test_find_nothing(void)
{
	static const uint64_t nowhere[] = {
		0, 1, PAGE - 1, 0x7ffffffff000, 0x800000000000, 1ULL << 63,
		0xffff888000000000, 0xffffffffff600000, -PAGE, -1,
	};
	static const char * const files[] = {
		"/dev/null", "/dev/zero", "/dev/pmm", "/", "/dev/shm",
		"/proc/self/maps", "/proc/self/exe",
	};
	int pipes[2], fd, path;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++)
		expect_not_found(by_address(nowhere[i]), ENOENT);
	expect_not_found(by_address((uintptr_t)&i), ENOENT);
	expect_not_found(by_address((uintptr_t)files), ENOENT);

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		fd = EXPECT_OK(open(files[i], O_RDONLY | O_CLOEXEC));
		expect_not_found(by_fd(fd), ENOENT);
		close(fd);
		expect_not_found(by_fd(fd), EBADF);
	}
	EXPECT_OK(pipe(pipes));
	expect_not_found(by_fd(pipes[0]), ENOENT);
	close(pipes[0]);
	close(pipes[1]);
	path = EXPECT_OK(open("/", O_PATH | O_CLOEXEC));
	expect_not_found(by_fd(path), EBADF);
	close(path);
	expect_not_found(by_fd(-1), EBADF);
	expect_not_found(by_fd(INT_MIN), EBADF);
	expect_not_found(by_fd(INT_MAX), EBADF);
}

static void expect_not_adopted(int block, uint64_t address, uint32_t flags, int err)
{
	struct pmm_block_adopt a = {
		.size = sizeof(a),
		.flags = flags,
		.address = address,
	};

	EXPECT_ERRNO(call(block, PMM_IOC_BLOCK_ADOPT, &a), err);
}

/* None of these can be a home. */
static void test_adopt_addresses(int block, size_t size)
{
	static const uint64_t nowhere[] = {
		0, 1, PAGE, 0x7ffffffff000, 0x800000000000, 1ULL << 63,
		0xffff888000000000, 0xffffffffff600000, -PAGE, -1,
	};
	uint64_t at;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		expect_not_adopted(block, nowhere[i], 0, EINVAL);
		expect_not_adopted(block, nowhere[i], PMM_ADOPT_SEAL, EINVAL);
	}
	expect_not_adopted(block, (uintptr_t)&i, 0, EINVAL);
	at = (uintptr_t)low_alloc(size);
	expect_not_adopted(block, at, 0, EINVAL);
	EXPECT_OK(munmap((void *)at, size));

	at = (uintptr_t)segment_memfd(size, 0, &fd);
	for (i = 1; i < PAGE; i *= 2)
		expect_not_adopted(block, at + i, 0, EINVAL);
	expect_not_adopted(block, at + PAGE, 0, EINVAL);
	expect_not_adopted(block, at + size, 0, EINVAL);
	EXPECT(!(block_state(block) & PMM_BLOCK_HOME));
	EXPECT_OK(munmap((void *)at, size));
	close(fd);
}

static void expect_no_mapping(int block, size_t length, uint64_t offset, int err)
{
	EXPECT_ERRNO(mmap(NULL, length, PROT_READ, MAP_SHARED, block, offset), err);
}

static void test_mmap_ranges(int block, size_t size)
{
	void *p;

	expect_no_mapping(block, 0, 0, EINVAL);
	expect_no_mapping(block, size + 1, 0, EINVAL);
	expect_no_mapping(block, 2 * size, 0, EINVAL);
	expect_no_mapping(block, size, PAGE, EINVAL);
	expect_no_mapping(block, PAGE, size, EINVAL);
	expect_no_mapping(block, PAGE, 1ULL << 40, EINVAL);
	expect_no_mapping(block, PAGE, 1, EINVAL);
	/* Where offset and length together do not fit any number. */
	EXPECT(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, block,
		    LLONG_MAX - PAGE + 1) == MAP_FAILED);
	EXPECT(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, block, -PAGE) ==
	       MAP_FAILED);
	expect_no_mapping(block, ~0UL, 0, ENOMEM);

	/* A part, from within. */
	p = EXPECT_OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, block, size - PAGE));
	EXPECT(maps_block(p, PAGE, block_pfn(block) + size / PAGE - 1));
	EXPECT_OK(munmap(p, PAGE));
}

/* A block fd is there to be mapped, and for nothing else that a file can do. */
static void test_other_calls(int block)
{
	char byte = 0;

	EXPECT_ERRNO(read(block, &byte, 1), EINVAL);
	EXPECT_ERRNO(write(block, &byte, 1), EINVAL);
	EXPECT_ERRNO(pread(block, &byte, 1, 0), ESPIPE);
	EXPECT_ERRNO(lseek(block, 0, SEEK_SET), ESPIPE);
	EXPECT_ERRNO(ftruncate(block, 0), EINVAL);
	EXPECT_ERRNO(read(pmm_fd(), &byte, 1), EINVAL);
	EXPECT_ERRNO(write(pmm_fd(), &byte, 1), EINVAL);
	EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, pmm_fd(), 0), ENODEV);
}

/* What /proc/PID/fdinfo says of a block fd. */
static void test_fdinfo(int block, size_t size)
{
	char path[64], text[1024], want[256];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", block);
	f = fopen(path, "re");
	EXPECT(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = 0;
	fclose(f);
	snprintf(want, sizeof(want),
		 "pmm-block:\t%llu\npmm-size:\t%zu\npmm-type:\tgeneral\npmm-access:\tread-write\n",
		 (unsigned long long)block_id(block), size);
	EXPECT(strstr(text, want));
}

static void test_info(int block, size_t size)
{
	struct pmm_block_info info;

	memset(&info, 0x5a, sizeof(info));
	info.size = sizeof(info);
	info.flags = 0;
	EXPECT_ERRNO(call(block, PMM_IOC_BLOCK_INFO, &info), EINVAL);
	info.reserved = 0;
	EXPECT_EQ(call(block, PMM_IOC_BLOCK_INFO, &info), 0);
	EXPECT_EQ(info.size, sizeof(info));
	EXPECT_EQ(info.flags, 0);
	EXPECT_EQ(info.length, size);
	EXPECT_EQ(info.align, size >= HUGE_PAGE ? HUGE_PAGE : PAGE);
	EXPECT(info.phys != 0);
	EXPECT_EQ(info.state, 0);
	EXPECT_EQ(info.home_ino, 0);
	EXPECT_EQ(info.huge, 0);
	EXPECT_EQ(info.holders, 1);
	EXPECT_EQ(info.uid, 0);
	EXPECT_EQ(info.reserved, 0);
	EXPECT(!strcmp(info.type, "general"));
	EXPECT(zeroed(info.type + 8, sizeof(info.type) - 8));
}

static void test_on_block(size_t size)
{
	int block = block_alloc(size);
	void *p;

	test_info(block, size);
	test_adopt_addresses(block, size);
	test_mmap_ranges(block, size);
	test_other_calls(block);
	test_fdinfo(block, size);
	p = block_map(block, size);
	test_find_fields(block, p);
	EXPECT_OK(munmap(p, size));
	close(block);
}

static void test_all(void)
{
	test_version();
	test_type();
	test_alloc_lengths();
	test_alloc_aligns();
	test_alloc_types();
	test_alloc_caps();
	test_alloc_ids();
	test_no_fds();
	test_sync();
	test_find_nothing();
	test_on_block(2 * PAGE);
	test_on_block(HUGE_PAGE);
	wait_pool_whole(5);
}

int main(void)
{
	int fds;

	pmm_fd();
	fds = fds_open();
	ioctl_both(test_all);
	EXPECT_EQ(fds_open(), fds);
	return 0;
}
