// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever the kernel can refuse PMM, an allocation or a copy, at any point of any
 * operation: there is an error or there is none, everything is as before, and the
 * same works at once when nothing is refused.  Each operation is done again and
 * again, its first point failing, its second, and so on until it passes them all.
 * Loading the module has too many, most of them the kernel's: some will do, or as
 * many as an argument says.
 *
 * While a module is loaded the kernel warns by itself, where it makes trace events.
 *
 * timeout: 600
 * expect-log: Call Trace
 * expect-log: WARNING: .* at kernel/trace/trace_events\.c
 * expect-log: kmemleak: Cannot allocate a scan area
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alias.h"
#include "guest.h"
#include "inject.h"

#define PANIC_ON_WARN "/proc/sys/kernel/panic_on_warn"

/* A folio of 2 MiB and two pages. */
#define SIZE (HUGE_PAGE + 2 * PAGE)

/* What an operation works on. */
static struct {
	int block;
	int file;
	int shmid;
	void *p;
	uint64_t pfn;
} it;

/**
 * struct operation - something that may fail
 * @name: what it is
 * @prepare: what it needs, which does not fail
 * @run: the operation; an fd or 0, or -1 with errno
 * @check: it has succeeded, returning that
 * @undo: what was prepared
 * @errors: what it may fail with, besides ENOMEM and EFAULT; ends with 0
 */
struct operation {
	const char *name;
	void (*prepare)(void);
	int (*run)(void);
	void (*check)(int result);
	void (*undo)(void);
	int errors[4];
};

static void nothing(void)
{
}

static void close_result(int fd)
{
	close(fd);
}

static void is_zero(int result)
{
	EXPECT_EQ(result, 0);
}

/* ---- opening, asking ---- */

static int run_open(void)
{
	return open("/dev/pmm", O_RDWR | O_CLOEXEC);
}

static int run_version(void)
{
	struct pmm_version v = { .size = sizeof(v) };

	return ioctl(pmm_fd(), PMM_IOC_VERSION, &v);
}

static int run_type(void)
{
	struct pmm_type_info t = { .size = sizeof(t) };

	return ioctl(pmm_fd(), PMM_IOC_TYPE, &t);
}

static int read_all(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	char buf[4096];
	ssize_t n;

	if (fd < 0)
		return -1;
	do
		n = read(fd, buf, sizeof(buf));
	while (n > 0);
	err = errno;
	close(fd);
	errno = err;
	return n;
}

static int run_debugfs(void)
{
	return read_all("/sys/kernel/debug/pmm/types") ||
	       read_all("/sys/kernel/debug/pmm/blocks") ? -1 : 0;
}

/* ---- blocks ---- */

static int alloc(size_t size)
{
	struct pmm_alloc a = { .length = size };
	int fd = try_block_alloc(&a);

	/* A failure says why, unless the answer is what could not be copied. */
	if (fd < 0 && errno == ENOMEM)
		EXPECT(a.reason == PMM_REASON_KERNEL ||
		       a.reason == PMM_REASON_NONE);
	return fd;
}

static int run_alloc_page(void)
{
	return alloc(PAGE);
}

static int run_alloc_large(void)
{
	return alloc(SIZE);
}

static void prepare_block(void)
{
	it.block = block_alloc(SIZE);
	it.pfn = block_pfn(it.block);
}

static void undo_block(void)
{
	close(it.block);
}

static int run_info(void)
{
	struct pmm_block_info info = { .size = sizeof(info) };

	return ioctl(it.block, PMM_IOC_BLOCK_INFO, &info);
}

static int run_mmap(void)
{
	void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, it.block,
		       0);

	if (p == MAP_FAILED)
		return -1;
	it.p = p;
	return 0;
}

static void check_mapped(int result)
{
	EXPECT_EQ(result, 0);
	EXPECT(maps_block(it.p, SIZE, it.pfn));
	EXPECT(zeroed(it.p, SIZE));
	EXPECT_OK(munmap(it.p, SIZE));
}

static int run_home_fd(void)
{
	return try_block_home_fd(it.block, 0);
}

static void check_home_fd(int fd)
{
	it.p = map_shared(fd, SIZE);
	close(fd);
	check_mapped(0);
}

static int run_dmabuf(void)
{
	struct pmm_block_dmabuf d = { .size = sizeof(d) };

	return ioctl(it.block, PMM_IOC_BLOCK_DMABUF, &d);
}

static void prepare_alias(void)
{
	prepare_block();
	it.file = alias_file("/dev/shm", SIZE, 0600);
}

static void undo_alias(void)
{
	close(it.file);
	undo_block();
}

static int run_alias(void)
{
	return try_block_alias(it.block, it.file);
}

/* ---- adoption ---- */

static void prepare_sysv(void)
{
	prepare_block();
	it.p = segment_sysv(SIZE, 0600, &it.shmid);
}

static void undo_sysv(void)
{
	EXPECT_OK(shmdt(it.p));
	EXPECT_OK(shmctl(it.shmid, IPC_RMID, NULL));
	undo_block();
}

static void prepare_memfd(void)
{
	prepare_block();
	it.p = segment_memfd(SIZE, MFD_ALLOW_SEALING, &it.file);
}

static void prepare_tmpfile(void)
{
	prepare_block();
	it.p = segment_tmpfile("/dev/shm", SIZE, &it.file);
}

static void undo_file(void)
{
	EXPECT_OK(munmap(it.p, SIZE));
	close(it.file);
	undo_block();
}

static int run_adopt(void)
{
	return try_block_adopt(it.block, it.p, 0);
}

static int run_adopt_sealed(void)
{
	return try_block_adopt(it.block, it.p, PMM_ADOPT_SEAL);
}

static void check_adopted(int result)
{
	EXPECT_EQ(result, 0);
	EXPECT(maps_block(it.p, SIZE, it.pfn));
	EXPECT(zeroed(it.p, SIZE));
}

/* ---- finding ---- */

static void prepare_home(void)
{
	prepare_block();
	it.p = block_map(it.block, SIZE);
	it.file = EXPECT_OK(try_block_home_fd(it.block, 0));
}

/* Only its mapping holds the block, and finding it brings its files back. */
static void prepare_mapping(void)
{
	prepare_block();
	it.p = block_map(it.block, SIZE);
	close(it.block);
	it.block = -1;
	it.file = -1;
	/* Let that come to the block. */
	sleep_ms(20);
}

static void undo_home(void)
{
	EXPECT_OK(munmap(it.p, SIZE));
	if (it.file >= 0)
		close(it.file);
	if (it.block >= 0)
		close(it.block);
}

static int run_find_address(void)
{
	return try_find_address(it.p);
}

static int run_find_fd(void)
{
	return try_find_fd(it.file);
}

static void check_found(int fd)
{
	EXPECT_EQ(block_pfn(fd), it.pfn);
	close(fd);
}

/* ---- the module itself ---- */

static struct {
	void *image;
	size_t size;
	char args[256];
} ko;

static void read_module(void)
{
	const char *path = getenv("PMM_KO");
	struct stat st;
	int fd;

	EXPECT(path);
	fd = EXPECT_OK(open(path, O_RDONLY | O_CLOEXEC));
	EXPECT_OK(fstat(fd, &st));
	ko.size = st.st_size;
	ko.image = malloc(ko.size);
	EXPECT(ko.image);
	EXPECT_EQ(read(fd, ko.image, ko.size), st.st_size);
	close(fd);
	module_parameters(ko.args, sizeof(ko.args));
}

static int run_load(void)
{
	return syscall(SYS_init_module, ko.image, ko.size, "pool_mb=4");
}

static void check_loaded(int result)
{
	EXPECT_EQ(result, 0);
	/* A module that cannot have files in debugfs works without them. */
	if (!access("/sys/kernel/debug/pmm/types", F_OK))
		EXPECT(pool_whole());
	module_remove();
}

/* ---- all of them ---- */

static const struct operation operations[] = {
	{ "open", nothing, run_open, close_result, nothing, {} },
	{ "VERSION", nothing, run_version, is_zero, nothing, {} },
	{ "TYPE", nothing, run_type, is_zero, nothing, {} },
	{ "debugfs", nothing, run_debugfs, is_zero, nothing, {} },
	{ "ALLOC of a page", nothing, run_alloc_page, close_result, nothing, {} },
	{ "ALLOC", nothing, run_alloc_large, close_result, nothing, {} },
	{ "INFO", prepare_block, run_info, is_zero, undo_block, {} },
	{ "mmap", prepare_block, run_mmap, check_mapped, undo_block,
	  { ENOSPC } },
	{ "HOME_FD", prepare_block, run_home_fd, check_home_fd, undo_block,
	  { ENOSPC } },
	{ "DMABUF", prepare_block, run_dmabuf, check_home_fd, undo_block,
	  { ENOSPC } },
	{ "ALIAS", prepare_alias, run_alias, is_zero, undo_alias, { ENOSPC } },
	{ "ADOPT of a System V segment", prepare_sysv, run_adopt, check_adopted,
	  undo_sysv, {} },
	{ "ADOPT of a memfd, sealed", prepare_memfd, run_adopt_sealed,
	  check_adopted, undo_file, {} },
	{ "ADOPT of a file, sealed", prepare_tmpfile, run_adopt_sealed,
	  check_adopted, undo_file, {} },
	{ "ADOPT of a file", prepare_tmpfile, run_adopt, check_adopted,
	  undo_file, { ENOSPC } },
	{ "FIND by fd", prepare_home, run_find_fd, check_found, undo_home, {} },
	{ "FIND by address", prepare_home, run_find_address, check_found,
	  undo_home, {} },
	{ "FIND of what only a mapping holds", prepare_mapping,
	  run_find_address, check_found, undo_home, {} },
};

/* shmem, which it tries out, says ENOSPC when it gets no inode. */
static const struct operation loading = {
	"loading", nothing, run_load, check_loaded, nothing, { ENOSPC }
};

static bool allowed(const struct operation *op, int err)
{
	size_t i;

	if (err == ENOMEM || err == EFAULT)
		return true;
	for (i = 0; op->errors[i]; i++)
		if (op->errors[i] == err)
			return true;
	printf("%s: errno %d, %s\n", op->name, err, strerror(err));
	return false;
}

/* With the n-th point failing, then with none.  How many points are left. */
static unsigned int attempt(const struct operation *op, unsigned int n,
			    unsigned int *errors)
{
	unsigned int left;
	int result;

	op->prepare();
	inject_start(n);
	result = op->run();
	left = inject_stop();
	if (result < 0) {
		EXPECT_EQ(left, 0);
		EXPECT(allowed(op, errno));
		(*errors)++;
		result = op->run();
		if (result < 0)
			printf("%s: errno %d after failure %u\n", op->name,
			       errno, n);
		EXPECT(result >= 0);
	}
	op->check(result);
	op->undo();
	return left;
}

/* Every point, or so many that are spread over them all. */
static void walk(const struct operation *op, unsigned int most)
{
	unsigned int all = 1U << 20, n = 1, tried = 0, errors = 0, step;
	double begin = now();

	all -= attempt(op, all, &errors);
	step = 1 + all / most;
	while (!attempt(op, n, &errors)) {
		if (op != &loading)
			wait_pool_whole(20);
		n += step;
		tried++;
	}
	printf("%s: %u of %u points, %u errors, %.1f s\n", op->name, tried, all,
	       errors, now() - begin);
	fflush(stdout);
	EXPECT(errors > 0);
}

int main(int argc, char **argv)
{
	size_t i;

	if (!inject_setup())
		guest_skip("this kernel has no fault injection");
	pmm_fd();
	for (i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		walk(&operations[i], 200);

	read_module();
	write_file(PANIC_ON_WARN, "0");
	module_remove();
	walk(&loading, argc > 1 ? atoi(argv[1]) : 120);
	module_insert(ko.args);
	write_file(PANIC_ON_WARN, "1");
	return 0;
}
