// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest tests share; see guest.h.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define DEBUGFS "/sys/kernel/debug/pmm/"

/* ---- expectations ---- */

static const char *name_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

/* The segments of this process: nobody else would remove them. */
static int segments[64];
static unsigned int nr_segments;
static pid_t segments_owner;

/* Everything printed so far comes first; a child's exit is seen by its parent. */
static void fail_now(void)
{
	unsigned int i;

	fflush(NULL);
	for (i = 0; i < nr_segments && i < 64 && segments_owner == getpid(); i++)
		shmctl(segments[i], IPC_RMID, NULL);
	_exit(1);
}

void guest_fail(const char *file, int line, const char *what)
{
	int err = errno;

	printf("%s:%d: failed: %s (errno %d, %s)\n", name_of(file), line, what,
	       err, err ? strerror(err) : "none");
	fail_now();
	abort();
}

void guest_fail_eq(const char *file, int line, const char *a, const char *b,
		   long long va, long long vb)
{
	int err = errno;

	printf("%s:%d: failed: %s == %s: %lld (0x%llx) is not %lld (0x%llx) (errno %d)\n",
	       name_of(file), line, a, b, va, va, vb, vb, err);
	fail_now();
	abort();
}

void guest_fail_errno(const char *file, int line, const char *what,
		      const char *err, bool succeeded)
{
	printf("%s:%d: failed: %s: expected %s, but %s\n", name_of(file), line,
	       what, err, succeeded ? "it succeeded" : strerror(errno));
	fail_now();
	abort();
}

void guest_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	exit(77);
}

/* ---- /dev/pmm ---- */

static int pmm = -1;

int pmm_fd(void)
{
	if (pmm < 0)
		pmm = EXPECT_OK(open("/dev/pmm", O_RDWR | O_CLOEXEC));
	return pmm;
}

int try_block_alloc(struct pmm_alloc *a)
{
	a->size = sizeof(*a);
	return ioctl(pmm_fd(), PMM_IOC_ALLOC, a);
}

int block_alloc(size_t size)
{
	struct pmm_alloc a = { .length = size };
	int fd = try_block_alloc(&a);

	if (fd < 0)
		printf("%zu bytes: reason %u, free %llu, largest %llu\n", size,
		       a.reason, a.free, a.largest_free);
	return EXPECT_OK(fd);
}

void block_info(int block, struct pmm_block_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	EXPECT_OK(ioctl(block, PMM_IOC_BLOCK_INFO, info));
}

uint64_t block_id(int block)
{
	struct pmm_block_info info;

	block_info(block, &info);
	return info.id;
}

uint64_t block_pfn(int block)
{
	struct pmm_block_info info;

	block_info(block, &info);
	EXPECT(info.phys != 0);
	return info.phys / PAGE;
}

uint64_t block_state(int block)
{
	struct pmm_block_info info;

	block_info(block, &info);
	return info.state;
}

void *map_shared(int fd, size_t size)
{
	return EXPECT_OK(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			      fd, 0));
}

void *block_map(int block, size_t size)
{
	return map_shared(block, size);
}

int try_block_adopt(int block, void *address, uint32_t flags)
{
	struct pmm_block_adopt a = {
		.size = sizeof(a),
		.flags = flags,
		.address = (uintptr_t)address,
	};

	return ioctl(block, PMM_IOC_BLOCK_ADOPT, &a);
}

int try_block_home_fd(int block, uint32_t flags)
{
	struct pmm_block_home_fd h = { .size = sizeof(h), .flags = flags };

	return ioctl(block, PMM_IOC_BLOCK_HOME_FD, &h);
}

int try_block_dmabuf(int block)
{
	struct pmm_block_dmabuf d = { .size = sizeof(d) };

	return ioctl(block, PMM_IOC_BLOCK_DMABUF, &d);
}

int try_find_address(const void *address)
{
	struct pmm_find f = {
		.size = sizeof(f),
		.flags = PMM_FIND_ADDRESS,
		.address = (uintptr_t)address,
	};

	return ioctl(pmm_fd(), PMM_IOC_FIND, &f);
}

int try_find_fd(int fd)
{
	struct pmm_find f = {
		.size = sizeof(f),
		.flags = PMM_FIND_FD,
		.fd = fd,
	};

	return ioctl(pmm_fd(), PMM_IOC_FIND, &f);
}

/* ---- segments ---- */

void *segment_sysv(size_t size, int mode, int *shmid)
{
	*shmid = EXPECT_OK(shmget(IPC_PRIVATE, size, IPC_CREAT | mode));
	if (segments_owner != getpid())
		nr_segments = 0;
	segments_owner = getpid();
	segments[nr_segments++ % 64] = *shmid;
	return EXPECT_OK(shmat(*shmid, NULL, 0));
}

int segments_remove_empty(void)
{
	unsigned long attached, resident;
	FILE *f = fopen("/proc/sysvipc/shm", "re");
	char line[512];
	int id, n = 0;

	EXPECT(f);
	EXPECT(fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f)) {
		/* key shmid perms size cpid lpid nattch uid gid cuid cgid ... */
		EXPECT(sscanf(line, "%*d %d %*o %*u %*u %*u %lu %*u %*u %*u %*u %*u %*u %*u %lu",
			      &id, &attached, &resident) == 3);
		if (attached)
			continue;
		EXPECT_EQ(resident, 0);
		EXPECT_OK(shmctl(id, IPC_RMID, NULL));
		n++;
	}
	fclose(f);
	return n;
}

void *segment_memfd(size_t size, unsigned int memfd_flags, int *fd)
{
	*fd = EXPECT_OK(memfd_create("guest", memfd_flags | MFD_CLOEXEC));
	EXPECT_OK(ftruncate(*fd, size));
	return map_shared(*fd, size);
}

void *segment_tmpfile(const char *dir, size_t size, int *fd)
{
	*fd = EXPECT_OK(open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
	EXPECT_OK(ftruncate(*fd, size));
	return map_shared(*fd, size);
}

void link_tmpfile(int fd, const char *path)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	EXPECT_OK(linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW));
}

int block_sysv(size_t size, int mode, int *shmid, void **address)
{
	int block = block_alloc(size);

	*address = segment_sysv(size, mode, shmid);
	EXPECT_OK(try_block_adopt(block, *address, 0));
	return block;
}

int block_memfd(size_t size, int *fd, void **address)
{
	int block = block_alloc(size);

	*address = segment_memfd(size, MFD_ALLOW_SEALING, fd);
	EXPECT_OK(try_block_adopt(block, *address, PMM_ADOPT_SEAL));
	return block;
}

int block_tmpfile(const char *dir, size_t size, int *fd, void **address)
{
	int block = block_alloc(size);

	*address = segment_tmpfile(dir, size, fd);
	EXPECT_OK(try_block_adopt(block, *address, PMM_ADOPT_SEAL));
	return block;
}

void *mapped_private(size_t size)
{
	int block = block_alloc(size);
	void *p = block_map(block, size);

	close(block);
	return p;
}

void *mapped_sysv(size_t size)
{
	int shmid;
	void *p;

	close(block_sysv(size, 0600, &shmid, &p));
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	return p;
}

void *mapped_memfd(size_t size)
{
	int fd;
	void *p;

	close(block_memfd(size, &fd, &p));
	close(fd);
	return p;
}

/* ---- contents ---- */

uint64_t pattern(uint64_t seed, size_t i)
{
	return (seed + 1) * 0x9e3779b97f4a7c15ULL ^ i;
}

void fill(void *p, size_t size, uint64_t seed)
{
	uint64_t *w = p;
	size_t i;

	for (i = 0; i < size / sizeof(*w); i++)
		w[i] = pattern(seed, i);
}

bool filled(const void *p, size_t size, uint64_t seed)
{
	const uint64_t *w = p;
	size_t i;

	for (i = 0; i < size / sizeof(*w); i++) {
		if (w[i] != pattern(seed, i)) {
			printf("offset 0x%zx holds 0x%" PRIx64 ", not 0x%" PRIx64 "\n",
			       i * sizeof(*w), w[i], pattern(seed, i));
			return false;
		}
	}
	return true;
}

bool zeroed(const void *p, size_t size)
{
	const uint64_t *w = p;
	size_t i;

	for (i = 0; i < size / sizeof(*w); i++) {
		if (w[i]) {
			printf("offset 0x%zx holds 0x%" PRIx64 ", not zero\n",
			       i * sizeof(*w), w[i]);
			return false;
		}
	}
	return true;
}

/* ---- pages ---- */

/* One 64-bit word of a file that is an array of them. */
static uint64_t read_word(int fd, uint64_t index)
{
	uint64_t value;

	EXPECT_EQ(pread(fd, &value, sizeof(value), index * sizeof(value)),
		  sizeof(value));
	return value;
}

/* A page that is present has the top bit set, and its number below bit 55. */
static uint64_t pagemap_pfn(uint64_t word)
{
	return word >> 63 ? word & ((1ULL << 55) - 1) : 0;
}

uint64_t pfn_of_pid(int pid, const void *address)
{
	char path[32];
	uint64_t word;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = EXPECT_OK(open(path, O_RDONLY | O_CLOEXEC));
	word = read_word(fd, (uintptr_t)address / PAGE);
	close(fd);
	return pagemap_pfn(word);
}

uint64_t pfn_of(const void *address)
{
	return pfn_of_pid(getpid(), address);
}

/* The next words of a pagemap; how many there are up to @left. */
static size_t read_pagemap(int fd, const void *address, uint64_t *words,
			   size_t max, size_t left)
{
	size_t n = left < max ? left : max;

	EXPECT_EQ(pread(fd, words, n * sizeof(*words),
			(uintptr_t)address / PAGE * sizeof(*words)),
		  n * sizeof(*words));
	return n;
}

bool maps_block(const void *address, size_t size, uint64_t first_pfn)
{
	int fd = EXPECT_OK(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
	const volatile char *p = address;
	size_t i, n, page, pages = size / PAGE;
	uint64_t words[512];
	bool same = true;

	for (page = 0; page < pages; page++)
		(void)p[page * PAGE];
	for (page = 0; same && page < pages; page += n) {
		n = read_pagemap(fd, address + page * PAGE, words, 512,
				 pages - page);
		for (i = 0; same && i < n; i++) {
			uint64_t pfn = pagemap_pfn(words[i]);

			same = pfn == first_pfn + page + i;
			if (!same)
				printf("page %zu is 0x%" PRIx64 ", not 0x%" PRIx64 "\n",
				       page + i, pfn, first_pfn + page + i);
		}
	}
	close(fd);
	return same;
}

uint64_t kpageflags(uint64_t pfn)
{
	static int fd = -1;

	/* The same for everybody, and asked for many pages: it stays open. */
	if (fd < 0)
		fd = EXPECT_OK(open("/proc/kpageflags", O_RDONLY | O_CLOEXEC));
	return read_word(fd, pfn);
}

uint64_t kpagecount(uint64_t pfn)
{
	static int fd = -1;

	if (fd < 0)
		fd = EXPECT_OK(open("/proc/kpagecount", O_RDONLY | O_CLOEXEC));
	return read_word(fd, pfn);
}

/* ---- the pool ---- */

/* The figure under that heading in the first line of "types". */
static uint64_t column(const char *head, const char *line, const char *name)
{
	size_t len = strlen(name);

	while (*head && *line) {
		if (!strncmp(head, name, len) && strchr("\n ", head[len]))
			return strtoull(line, NULL, 10);
		head += strcspn(head, " ");
		head += strspn(head, " ");
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	printf("no column %s in " DEBUGFS "types\n", name);
	EXPECT(!"a column");
	return 0;
}

static void pool_fill(struct pool *pool, const char *head, const char *line)
{
	pool->total = column(head, line, "total");
	pool->free = column(head, line, "free");
	pool->largest_free = column(head, line, "largest_free");
	pool->quarantined = column(head, line, "quarantined");
	pool->retired = column(head, line, "retired");
	pool->blocks = column(head, line, "blocks");
	pool->dirty = column(head, line, "dirty");
}

/* The line of that type, or of the first one; false if there is none. */
static bool pool_find(struct pool *pool, const char *type)
{
	char head[512], line[512];
	FILE *f = fopen(DEBUGFS "types", "re");
	size_t len = type ? strlen(type) : 0;
	bool found = false;

	EXPECT(f);
	EXPECT(fgets(head, sizeof(head), f));
	while (!found && fgets(line, sizeof(line), f))
		found = !type || (!strncmp(line, type, len) && line[len] == ' ');
	fclose(f);
	if (found)
		pool_fill(pool, head, line);
	return found;
}

bool pool_read_type(struct pool *pool, const char *type)
{
	double end = now() + 10;

	do {
		if (!pool_find(pool, type))
			return false;
		if (!pool->dirty)
			return true;
		sleep_ms(5);
	} while (now() < end);
	return true;
}

void pool_read(struct pool *pool)
{
	EXPECT(pool_read_type(pool, NULL));
}

bool pool_whole(void)
{
	struct pool p;

	pool_read(&p);
	return !p.blocks && !p.quarantined && p.free + p.retired == p.total;
}

static void pool_print(void)
{
	char line[512];
	FILE *f = fopen(DEBUGFS "blocks", "re");
	struct pool p;

	pool_read(&p);
	printf("pool: total %" PRIu64 " free %" PRIu64 " quarantined %" PRIu64
	       " retired %" PRIu64 " blocks %" PRIu64 "\n",
	       p.total, p.free, p.quarantined, p.retired, p.blocks);
	while (f && fgets(line, sizeof(line), f))
		fputs(line, stdout);
	if (f)
		fclose(f);
}

/* How many times longer everything takes here: on a debug kernel, several. */
static double slow(void)
{
	const char *value = getenv("SLOW");

	return value ? atof(value) : 1;
}

void wait_pool_whole(double seconds)
{
	double end = now() + seconds * slow();

	while (!pool_whole()) {
		if (now() > end) {
			pool_print();
			EXPECT(!"the pool is whole again");
		}
		sleep_ms(20);
	}
}

void wait_pool_free(uint64_t bytes, double seconds)
{
	double end = now() + seconds * slow();
	struct pool p;

	for (;;) {
		pool_read(&p);
		if (p.free >= bytes)
			return;
		if (now() > end) {
			pool_print();
			EXPECT(!"so much is free again");
		}
		sleep_ms(20);
	}
}

bool block_line(uint64_t id, char *line, size_t size)
{
	FILE *f = fopen(DEBUGFS "blocks", "re");
	bool found = false;

	EXPECT(f);
	while (!found && fgets(line, size, f))
		found = *line != 'i' && strtoull(line, NULL, 10) == id;
	fclose(f);
	return found;
}

int try_module_remove(void)
{
	if (pmm >= 0)
		close(pmm);
	pmm = -1;
	return syscall(SYS_delete_module, "pmm", O_NONBLOCK);
}

void module_remove(void)
{
	double end = now() + 10 * slow();

	/* References of marks may go a moment after the last block. */
	while (try_module_remove()) {
		EXPECT(errno == EBUSY || errno == EAGAIN);
		EXPECT(now() < end);
		sleep_ms(20);
	}
}

/* Whoever may use it, as an installed PMM's udev rule says. */
static void allow_video(void)
{
	struct group *video = getgrnam("video");

	if (video)
		EXPECT_OK(chown("/dev/pmm", 0, video->gr_gid));
	EXPECT_OK(chmod("/dev/pmm", 0660));
}

static int try_insert(const char *path, const char *args)
{
	int fd = EXPECT_OK(open(path, O_RDONLY | O_CLOEXEC));
	int ret = syscall(SYS_finit_module, fd, args, 0);
	int err = errno;

	close(fd);
	errno = err;
	return ret;
}

static const char *module_path(void)
{
	const char *path = getenv("PMM_KO");

	if (!path)
		guest_skip("PMM_KO does not say where pmm.ko is");
	return path;
}

void module_insert(const char *args)
{
	EXPECT_OK(try_insert(module_path(), args));
	allow_video();
}

int try_module_insert(const char *args)
{
	return try_insert(module_path(), args);
}

int try_test_module_insert(const char *name, const char *args)
{
	const char *pmm_ko = module_path(), *slash = strrchr(pmm_ko, '/');
	int dir = slash ? slash - pmm_ko : 0;
	char path[512];

	snprintf(path, sizeof(path), "%.*s/tests/kmod/%s.ko", dir, pmm_ko, name);
	return try_insert(path, args);
}

void test_module_insert(const char *name, const char *args)
{
	EXPECT_OK(try_test_module_insert(name, args));
}

int try_test_module_remove(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK);
}

void test_module_remove(const char *name)
{
	EXPECT_OK(try_test_module_remove(name));
}

void module_parameters(char *args, size_t size)
{
	char value[256];

	read_line("/sys/module/pmm/parameters/pools", value, sizeof(value));
	if (strcmp(value, "(null)")) {
		snprintf(args, size, "pools=%s", value);
		return;
	}
	read_line("/sys/module/pmm/parameters/pool_mb", value, sizeof(value));
	snprintf(args, size, "pool_mb=%s", value);
}

/* ---- the rest of the machine ---- */

int fds_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	EXPECT(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

long zones_free(void)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	long pages = 0, value;
	char line[128];

	EXPECT(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " pages free %ld", &value) == 1 ||
		    sscanf(line, " count: %ld", &value) == 1)
			pages += value;
	fclose(f);
	return pages * (long)(PAGE / KIB);
}

long meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	size_t len = strlen(name);
	char line[128];
	long kib = -1;

	EXPECT(f);
	while (kib < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			kib = strtol(line + len + 1, NULL, 10);
	fclose(f);
	EXPECT(kib >= 0);
	return kib;
}

int try_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n, len = strlen(text);
	int err;

	if (fd < 0)
		return -1;
	n = write(fd, text, len);
	err = errno;
	close(fd);
	errno = err;
	return n == len ? 0 : -1;
}

void write_file(const char *path, const char *text)
{
	if (try_write_file(path, text)) {
		printf("%s: ", path);
		guest_fail(__FILE__, __LINE__, text);
	}
}

void read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");

	EXPECT(f);
	EXPECT(fgets(line, size, f));
	line[strcspn(line, "\n")] = 0;
	fclose(f);
}

int kmsg_open(void)
{
	int fd = EXPECT_OK(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));

	EXPECT_OK(lseek(fd, 0, SEEK_END));
	return fd;
}

bool kmsg_has(int fd, const char *text)
{
	char line[8192];
	bool found = false;
	ssize_t n;

	/* One record a read; EPIPE when some were overwritten. */
	while ((n = read(fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (n <= 0)
			continue;
		line[n] = 0;
		found |= !!strstr(line, text);
	}
	return found;
}

#define ZRAM "/sys/block/zram0/"

/* The header that mkswap(8) writes: version, last page, signature. */
static void make_swap(const char *device, unsigned int mib)
{
	static const char magic[10] = "SWAPSPACE2";
	char page[PAGE] = { 0 };
	uint32_t head[2] = { 1, mib * (MIB / PAGE) - 1 };
	int fd = EXPECT_OK(open(device, O_WRONLY | O_CLOEXEC));

	memcpy(page + 1024, head, sizeof(head));
	memcpy(page + PAGE - sizeof(magic), magic, sizeof(magic));
	EXPECT_EQ(write(fd, page, PAGE), PAGE);
	EXPECT_OK(fsync(fd));
	close(fd);
}

bool swap_start(unsigned int mib)
{
	char size[32];

	if (access(ZRAM "disksize", F_OK) && system("modprobe -q zram"))
		return false;
	snprintf(size, sizeof(size), "%uM", mib);
	if (try_write_file(ZRAM "disksize", size))
		return false;
	make_swap("/dev/zram0", mib);
	EXPECT_OK(swapon("/dev/zram0", 0));
	return true;
}

void swap_stop(void)
{
	EXPECT_OK(swapoff("/dev/zram0"));
	write_file(ZRAM "reset", "1");
}

void run_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	EXPECT_OK(sched_setaffinity(0, sizeof(set), &set));
}

int cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

void tmpfs_mount(char *dir)
{
	static const char template[] = "/tmp/guest.XXXXXX";

	memcpy(dir, template, sizeof(template));
	EXPECT(mkdtemp(dir));
	EXPECT_OK(mount("guest", dir, "tmpfs", 0, "mode=1777"));
}

void tmpfs_unmount(const char *dir)
{
	EXPECT_OK(umount(dir));
	EXPECT_OK(rmdir(dir));
}

/* ---- children ---- */

static void become(unsigned int uid)
{
	EXPECT_OK(setgroups(0, NULL));
	EXPECT_OK(setresgid(uid, uid, uid));
	EXPECT_OK(setresuid(uid, uid, uid));
	/* Changing users made /proc/self root's; take it back. */
	EXPECT_OK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

int child_start(unsigned int uid, void (*fn)(void *), void *arg)
{
	int pid;

	fflush(NULL);
	/* It cannot open /dev/pmm itself: that is for the group video. */
	pmm_fd();
	pid = EXPECT_OK(fork());
	if (pid)
		return pid;
	EXPECT_OK(prctl(PR_SET_PDEATHSIG, SIGKILL));
	if (uid)
		become(uid);
	fn(arg);
	fflush(NULL);
	_exit(0);
}

void child_wait(int pid)
{
	int status;

	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		printf("child %d was killed: %s\n", pid,
		       strsignal(WTERMSIG(status)));
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void child_kill(int pid)
{
	EXPECT_OK(kill(pid, SIGKILL));
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
}

void run_as(unsigned int uid, void (*fn)(void *), void *arg)
{
	child_wait(child_start(uid, fn, arg));
}
