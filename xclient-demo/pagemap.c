// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/smaps names a System V segment /SYSV<key>, and its inode number is
 * the segment's id.  /proc/PID/map_files opens what is mapped.  /proc/PID/pagemap
 * has 64 bits for each page.
 */
#include "pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "message.h"

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN ((1ULL << 55) - 1)

/**
 * struct wanted - a mapping to look for; what is 0 is of no matter
 * @start: its address
 * @device: of the file
 * @by_inode: @inode matters, which may be 0: the first segment has that id
 * @inode: of the file
 * @path: how the name of the file begins
 */
struct wanted {
	uint64_t start;
	unsigned int device;
	bool by_inode;
	uint64_t inode;
	const char *path;
};

/* Is this line of smaps the head of a mapping, and of the one that is wanted? */
static bool is_head(const char *line, const struct wanted *wanted, struct mapping *mapping,
		    bool *ours)
{
	unsigned int major, minor;
	uint64_t offset;
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %x:%x %" SCNu64 " %n",
		   &mapping->start, &mapping->end, &offset, &major, &minor, &mapping->inode,
		   &path) != 6)
		return false;
	mapping->device = makedev(major, minor);
	*ours = offset == 0 && (!wanted->start || wanted->start == mapping->start) &&
		(!wanted->by_inode || wanted->inode == mapping->inode) &&
		(!wanted->device || wanted->device == mapping->device) &&
		(!wanted->path || !strncmp(line + path, wanted->path, strlen(wanted->path)));
	return true;
}

static bool read_smaps(FILE *smaps, const struct wanted *wanted, struct mapping *mapping)
{
	struct mapping head;
	char line[512];
	bool ours = false, found = false;
	uint64_t kib;

	while (fgets(line, sizeof(line), smaps)) {
		if (!found && is_head(line, wanted, &head, &ours)) {
			found = ours;
		} else if (ours && sscanf(line, "ShmemPmdMapped: %" SCNu64, &kib) == 1) {
			head.pmd_mapped = kib * 1024;
			break;
		}
	}
	head.pid = mapping->pid;
	if (found)
		*mapping = head;
	return found;
}

/* Return: 0, 1 if there is none, or -1 after a message. */
static int find(struct mapping *mapping, pid_t pid, const struct wanted *wanted)
{
	char name[64];
	FILE *smaps;
	bool found;

	*mapping = (struct mapping){ .pid = pid };
	snprintf(name, sizeof(name), "/proc/%d/smaps", pid);
	smaps = fopen(name, "re");
	if (!smaps)
		return complain("%s: %s; give the number of a process, as root", name,
				strerror(errno));
	found = read_smaps(smaps, wanted, mapping);
	fclose(smaps);
	return !found;
}

/**
 * mapping_find_segment() - find where a process has attached a System V segment
 * @mapping: filled in
 * @pid: the process
 * @shmid: the segment
 *
 * Return: 0, or -1 after a message.
 */
int mapping_find_segment(struct mapping *mapping, pid_t pid, int shmid)
{
	const struct wanted wanted = { .by_inode = true, .inode = shmid, .path = "/SYSV" };
	int error = find(mapping, pid, &wanted);

	return error > 0 ? complain("process %d has not attached segment %d", pid, shmid) : error;
}

/**
 * mapping_find_address() - find what a process has mapped at an address
 * @mapping: filled in
 * @pid: the process
 * @address: where the mapping begins, and with it the memory
 *
 * Return: 0, or -1 after a message.
 */
int mapping_find_address(struct mapping *mapping, pid_t pid, uint64_t address)
{
	const struct wanted wanted = { .start = address };
	int error = find(mapping, pid, &wanted);

	return error > 0 ? complain("process %d has no shared memory at 0x%" PRIx64, pid, address)
			 : error;
}

/**
 * mapping_find_same() - find where a process has mapped what another has
 * @mapping: filled in
 * @pid: the process
 * @as: mapping of the other
 *
 * Return: 0, or -1 after a message.
 */
int mapping_find_same(struct mapping *mapping, pid_t pid, const struct mapping *as)
{
	const struct wanted wanted = { .device = as->device, .by_inode = true,
				       .inode = as->inode };
	int error = find(mapping, pid, &wanted);

	return error > 0 ? complain("process %d has not mapped what process %d has at 0x%" PRIx64,
				    pid, as->pid, as->start)
			 : error;
}

/**
 * mapping_open() - open what is mapped
 * @mapping: mapping
 *
 * Return: a new fd for reading, or -1 after a message.
 */
int mapping_open(const struct mapping *mapping)
{
	char name[80];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, mapping->pid,
		 mapping->start, mapping->end);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? complain("%s: %s; run as root", name, strerror(errno)) : fd;
}

static uint64_t entry_pfn(uint64_t entry)
{
	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_PFN : PFN_ABSENT;
}

/**
 * mapping_pfns() - read the page frame numbers behind a mapping
 * @mapping: mapping
 * @pfns: filled in; PFN_ABSENT for a page the process has not touched
 * @pages: how many, from the start of the mapping
 *
 * Return: 0, or -1 after a message.
 */
int mapping_pfns(const struct mapping *mapping, uint64_t *pfns, size_t pages)
{
	const size_t page_size = sysconf(_SC_PAGESIZE), bytes = pages * sizeof(*pfns);
	char name[64];
	ssize_t got;
	size_t i;
	int fd;

	if (mapping->end - mapping->start < pages * page_size)
		return complain("process %d has mapped less than %zu pages", mapping->pid, pages);
	snprintf(name, sizeof(name), "/proc/%d/pagemap", mapping->pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return complain("%s: %s; run as root", name, strerror(errno));
	got = pread(fd, pfns, bytes, mapping->start / page_size * sizeof(*pfns));
	close(fd);
	if (got != (ssize_t)bytes)
		return complain("%s: cannot be read", name);
	for (i = 0; i < pages; i++) {
		pfns[i] = entry_pfn(pfns[i]);
		if (!pfns[i])
			return complain("%s shows no page frame numbers; run as root", name);
	}
	return 0;
}
