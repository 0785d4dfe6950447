// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which shared memory of a program is PMM's, seen by root from outside of it:
 *
 *	pmm_mapped PID...
 *
 * Each System V segment, POSIX object, memfd, and block that is none of these, in
 * /proc/PID/maps is mapped here as well.  The module tells whether there is a block; then
 * all of its pages have to be the block's, in order and without a gap, and so have those
 * that the program has in its page tables.  A line for each, and exit status 0 if at
 * least one is a block and nothing is wrong; 1 if none is; 2 if a page is not where it
 * should be.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

enum verdict { BLOCK, ORDINARY, BROKEN };

/**
 * struct mapping - a line of /proc/PID/maps
 * @pid: the process
 * @start: first address
 * @end: address after the last
 * @inode: of what is mapped
 * @name: of what is mapped
 */
struct mapping {
	int pid;
	uintptr_t start;
	uintptr_t end;
	ino_t inode;
	char name[256];
};

static bool is_shared_memory(const char *name)
{
	return !strncmp(name, "/SYSV", 5) || !strncmp(name, "/dev/shm/", 9) ||
	       !strncmp(name, "/memfd:", 7) || !strcmp(name, "/pmm (deleted)");
}

/* From the beginning of an object, shared. */
static bool parse(const char *line, struct mapping *m)
{
	uint64_t offset;
	char access[8];

	m->name[0] = '\0';
	return sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s %" SCNx64 " %*s %*s %255[^\n]",
		      &m->start, &m->end, access, &offset, m->name) == 5 &&
	       access[3] == 's' && !offset && is_shared_memory(m->name);
}

/* What is mapped there, or -1. */
static int open_mapped(const struct mapping *m, struct stat *st)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIxPTR "-%" PRIxPTR,
		 m->pid, m->start, m->end);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		EXPECT_OK(fstat(fd, st));
	return fd;
}

/* The program may have gone on to something else. */
static bool still_mapped(const struct mapping *m)
{
	struct stat st;
	int fd = open_mapped(m, &st);

	if (fd < 0)
		return false;
	close(fd);
	return st.st_ino == m->inode;
}

/* What the program has mapped, mapped here, and its size. */
static void *map_too(struct mapping *m, size_t *size)
{
	struct stat st;
	int fd = open_mapped(m, &st);
	void *p;

	if (fd < 0)
		return MAP_FAILED;
	m->inode = st.st_ino;
	*size = (st.st_size + PAGE - 1) / PAGE * PAGE;
	p = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return p;
}

/* Pages in the program's own page tables; false if one is not the block's. */
static bool maps_it(const struct mapping *m, size_t size, uint64_t first_pfn,
		    size_t *present)
{
	size_t i, pages = (m->end - m->start) / PAGE;
	uint64_t pfn;

	*present = 0;
	for (i = 0; i < pages && i < size / PAGE; i++) {
		pfn = pfn_of_pid(m->pid, (void *)(m->start + i * PAGE));
		if (pfn && pfn != first_pfn + i)
			return false;
		*present += !!pfn;
	}
	return true;
}

static bool is_whole(int block, struct pmm_block_info *info)
{
	block_info(block, info);
	return !(info->state & PMM_BLOCK_INCOMPLETE);
}

static bool is_contiguous(const struct mapping *m, void *p, size_t size,
			  const struct pmm_block_info *info, size_t *present)
{
	uint64_t first = info->phys / PAGE;

	return first && info->length == size && maps_block(p, size, first) &&
	       maps_it(m, size, first, present);
}

static enum verdict judge_block(const struct mapping *m, void *p, size_t size,
				int block)
{
	struct pmm_block_info info;
	size_t present = 0;
	bool good;

	good = is_whole(block, &info) && is_contiguous(m, p, size, &info, &present);
	if (!good && !still_mapped(m)) {
		printf("%d %s: %zu bytes, gone meanwhile\n", m->pid, m->name, size);
		return ORDINARY;
	}
	/* The program may punch holes, and there are ordinary pages in them then. */
	if (!good && !is_whole(block, &info)) {
		printf("%d %s: %zu bytes, no longer all of block %" PRIu64 "\n",
		       m->pid, m->name, size, (uint64_t)info.id);
		return ORDINARY;
	}
	printf("%d %s: %zu bytes, block %" PRIu64 " at 0x%" PRIx64 ", %zu pages mapped by the program: %s\n",
	       m->pid, m->name, size, (uint64_t)info.id, (uint64_t)info.phys,
	       present, good ? "contiguous" : "NOT ITS PAGES");
	return good ? BLOCK : BROKEN;
}

static enum verdict judge(const struct mapping *m, void *p, size_t size)
{
	int block = try_find_address(p);
	enum verdict verdict;

	if (block < 0) {
		printf("%d %s: %zu bytes, ordinary\n", m->pid, m->name, size);
		return ORDINARY;
	}
	verdict = judge_block(m, p, size, block);
	close(block);
	return verdict;
}

static void look_at(int pid, unsigned int count[])
{
	struct mapping m = { .pid = pid };
	char path[32], line[512];
	size_t size;
	FILE *maps;
	void *p;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		if (!parse(line, &m))
			continue;
		p = map_too(&m, &size);
		if (p == MAP_FAILED)
			continue;
		count[judge(&m, p, size)]++;
		munmap(p, size);
	}
	if (maps)
		fclose(maps);
}

int main(int argc, char **argv)
{
	unsigned int count[3] = { 0 };
	int i;

	for (i = 1; i < argc; i++)
		look_at(atoi(argv[i]), count);
	if (count[BROKEN])
		return 2;
	return count[BLOCK] ? 0 : 1;
}
