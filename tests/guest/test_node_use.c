// SPDX-License-Identifier: GPL-2.0-only
/*
 * A type's memory as ordinary RAM on a NUMA node of its own: programs that know nothing
 * of PMM use it in every way in which the kernel uses memory.  When it is taken back
 * what is in it has gone elsewhere, unharmed.
 *
 * guest: MEM=1024,slots=2,maxmem=4G NO_X=1
 * guest: APPEND='memmap=128M$0x30000000' PMM_ARGS='regions=bank:128M@0x30000000'
 * guest: QEMU_ARGS='-object memory-backend-ram,id=r0,size=1024M
 * guest: -numa node,nodeid=0,cpus=0-1,memdev=r0 -numa node,nodeid=1
 * guest: -object memory-backend-ram,id=bar,share=on,size=256M -device ivshmem-plain,memdev=bar'
 *
 * Memory errors are made on purpose.
 * expect-log: Memory failure|Injecting memory failure
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "node.h"
#include "vm.h"

#define SIZE		(8 * MIB)
#define BALANCING	"/proc/sys/kernel/numa_balancing"

static int nid;

/* ---- mappings ---- */

static void anonymous(void)
{
	char *p = node_map(SIZE, nid);

	fill(p, SIZE, 1);
	EXPECT_EQ(pages_on(p, SIZE, nid), SIZE / PAGE);
	EXPECT(filled(p, SIZE, 1));
	munmap(p, SIZE);
}

/* What malloc() gives to a program that was started by numactl. */
static void program(void)
{
	static const char script[] =
		"exec stress-ng --quiet --vm 1 --vm-bytes 16M --vm-ops 4 --vm-method incdec";
	char command[256];

	snprintf(command, sizeof(command), "numactl --membind %d sh -c '%s'",
		 nid, script);
	EXPECT_EQ(system(command), 0);
	snprintf(command, sizeof(command),
		 "numactl --membind %d sh -c 'cat /proc/self/numa_maps' | grep -q 'bind:%d.* N%d='",
		 nid, nid, nid);
	EXPECT_EQ(system(command), 0);
}

/* A new file on tmpfs, mapped, by a task that is bound to the node. */
static void file_mapping(void)
{
	int fd = EXPECT_OK(memfd_create("node", MFD_CLOEXEC));
	char *p;

	policy_bind(nid);
	EXPECT_OK(ftruncate(fd, SIZE));
	p = map_shared(fd, SIZE);
	fill(p, SIZE, 2);
	policy_default();
	EXPECT_EQ(pages_on(p, SIZE, nid), SIZE / PAGE);
	EXPECT(filled(p, SIZE, 2));
	munmap(p, SIZE);
	close(fd);
}

/* A file of this machine, which is not in memory at first. */
static void page_cache(void)
{
	int fd = EXPECT_OK(open("Documentation/fragmentation.png",
				O_RDONLY | O_CLOEXEC));
	char buf[PAGE];
	char *p;

	EXPECT_OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	policy_bind(nid);
	EXPECT_EQ(pread(fd, buf, sizeof(buf), 0), PAGE);
	policy_default();
	p = EXPECT_OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT(!memcmp(p, buf, PAGE));
	EXPECT_EQ(node_of(p), nid);
	munmap(p, PAGE);
	close(fd);
}

/* ---- what the kernel does with pages ---- */

static void migration(void)
{
	char *p = EXPECT_OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	fill(p, SIZE, 3);
	EXPECT_EQ(pages_on(p, SIZE, nid), 0);
	EXPECT_EQ(node_move(p, SIZE, nid), SIZE / PAGE);
	EXPECT(filled(p, SIZE, 3));
	EXPECT_EQ(node_move(p, SIZE, 0), SIZE / PAGE);
	EXPECT(filled(p, SIZE, 3));
	munmap(p, SIZE);
}

/* Pages that differ from each other, but are quickly compressed. */
static void fill_pages(uint64_t *p, size_t size)
{
	size_t i;

	for (i = 0; i < size / sizeof(*p); i++)
		p[i] = pattern(4, i * sizeof(*p) / PAGE);
}

static bool pages_filled(const uint64_t *p, size_t size)
{
	size_t i;

	for (i = 0; i < size / sizeof(*p); i++)
		if (p[i] != pattern(4, i * sizeof(*p) / PAGE))
			return false;
	return true;
}

/* More than there is room for. */
static void reclaim(void)
{
	size_t size = NODE_SIZE + 8 * MIB;
	char *p;

	if (!swap_start(256)) {
		printf("no zram: reclaim not tested\n");
		return;
	}
	p = node_map(size, nid);
	fill_pages((uint64_t *)p, size);
	EXPECT(pages_on(p, size, nid) < size / PAGE);
	EXPECT_EQ(pages_on(p, size, 0), 0);
	EXPECT(pages_filled((uint64_t *)p, size));
	munmap(p, size);
	swap_stop();
}

/* Free blocks of that order and above, in the node's only zone. */
static unsigned long free_above(unsigned int order)
{
	unsigned long count, sum = 0;
	char line[512], zone[32];
	unsigned int i;
	int node, n;
	char *at;
	FILE *f = fopen("/proc/buddyinfo", "re");

	EXPECT(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Node %d, zone %31s%n", &node, zone, &n) != 2 ||
		    node != nid)
			continue;
		at = line + n;
		for (i = 0; sscanf(at, "%lu%n", &count, &n) == 1; i++, at += n)
			if (i >= order)
				sum += count << i;
	}
	fclose(f);
	return sum;
}

/* Fill most of it, and keep every second page; then there is nothing large. */
static void compaction(void)
{
	size_t size = NODE_SIZE - 24 * MIB, i;
	char *p = node_map(size, nid);
	unsigned long before;
	char path[64];

	EXPECT_OK(madvise(p, size, MADV_NOHUGEPAGE));
	fill(p, size, 5);
	for (i = 0; i < size; i += 2 * PAGE)
		EXPECT_OK(madvise(p + i, PAGE, MADV_DONTNEED));
	before = free_above(9);
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/compact",
		 nid);
	write_file(path, "1");
	EXPECT(free_above(9) > before + size / PAGE / 4);
	for (i = PAGE; i < size; i += 2 * PAGE)
		EXPECT(*(uint64_t *)(p + i) == pattern(5, i / sizeof(uint64_t)));
	munmap(p, size);
}

static void nothing(int sig)
{
	(void)sig;
}

/* Newer kernels tell whoever does it, too. */
static void poison(void *p)
{
	signal(SIGBUS, nothing);
	if (madvise(p, PAGE, MADV_HWPOISON))
		EXPECT(errno == EBUSY || errno == EHWPOISON || errno == EIO);
	signal(SIGBUS, SIG_DFL);
}

/* Whoever touches it is told, and the memory can be taken back nevertheless. */
static void memory_error(void)
{
	char *p = node_map(4 * PAGE, nid);

	fill(p, 4 * PAGE, 6);
	EXPECT_EQ(node_of(p), nid);
	poison(p);
	EXPECT_EQ(access_signal(p, false), SIGBUS);
	EXPECT_EQ(*(uint64_t *)(p + PAGE), pattern(6, PAGE / sizeof(uint64_t)));
	munmap(p, 4 * PAGE);
}

/*
 * Memory without a policy is brought to where it is used, what is bound stays; and the
 * setting is what it was.
 */
static void balancing(void)
{
	char *p, *bound, old[16], now_[16];
	double patience = 60;
	size_t back;
	int i;

	read_line(BALANCING, old, sizeof(old));
	/* Of pages that it has just looked at, 6.1 does not tell the node. */
	write_file(BALANCING, "0");
	bound = node_map(PAGE, nid);
	p = EXPECT_OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	fill(p, SIZE, 7);
	*bound = 1;
	EXPECT_EQ(node_move(p, SIZE, nid), SIZE / PAGE);
	write_file(BALANCING, "1");
	/* It costs the program its own time, of which it has to use some. */
	for (i = 1; !(back = pages_on(p, SIZE, 0)); i++) {
		if (i % 16 == 0 && !wait_more(&patience))
			break;
		EXPECT(filled(p, SIZE, 7));
		*bound += 1;
	}
	EXPECT(back);
	EXPECT_EQ(node_of(bound), nid);
	read_line(BALANCING, now_, sizeof(now_));
	EXPECT(!strcmp(now_, "1"));
	write_file(BALANCING, old);
	munmap(p, SIZE);
	munmap(bound, PAGE);
}

/* ---- all of it, and back ---- */

static const struct {
	const char *name;
	void (*run)(void);
} uses[] = {
	{ "anonymous memory", anonymous },
	{ "a program under numactl", program },
	{ "file mapping", file_mapping },
	{ "page cache", page_cache },
	{ "migration in and out", migration },
	{ "reclaim and swap", reclaim },
	{ "compaction", compaction },
	{ "NUMA balancing", balancing },
	{ "memory error", memory_error },
};

int main(void)
{
	char *stays, *file;
	struct pool pool;
	double begin;
	size_t i;
	int fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	node_require();
	nid = node_online(NODE_TYPE);
	EXPECT_EQ(node_meminfo(nid, "MemTotal"), NODE_SIZE / KIB);
	for (i = 0; i < ARRAY_SIZE(uses); i++) {
		begin = now();
		uses[i].run();
		printf("%s: %.1f s\n", uses[i].name, now() - begin);
	}

	/* In use while it is taken back. */
	stays = node_map(SIZE, nid);
	fill(stays, SIZE, 8);
	fd = EXPECT_OK(memfd_create("stays", MFD_CLOEXEC));
	EXPECT_OK(ftruncate(fd, SIZE));
	policy_bind(nid);
	file = map_shared(fd, SIZE);
	fill(file, SIZE, 9);
	policy_default();
	EXPECT_EQ(pages_on(file, SIZE, nid), SIZE / PAGE);
	node_offline(NODE_TYPE);
	EXPECT(filled(stays, SIZE, 8) && filled(file, SIZE, 9));
	EXPECT_EQ(pages_on(stays, SIZE, 0), SIZE / PAGE);

	/* The page that went bad stays out of use, and the kernel does not get it. */
	EXPECT(pool_read_type(&pool, NODE_TYPE));
	EXPECT_EQ(pool.retired, PAGE);
	EXPECT_EQ(pmmctl("online " NODE_TYPE " 2>&1 | grep -q 'memory errors'"), 0);
	return 0;
}
