// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/smaps names a System V segment /SYSV<key>, and its inode number is
 * the segment's id.  /proc/PID/pagemap has 64 bits for each page.
 */
#include "pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN ((1ULL << 55) - 1)

/* Is this line of smaps the head of a mapping, and of which one? */
static bool is_head(const char *line, int shmid, struct segment_mapping *mapping, bool *ours)
{
	uint64_t start, end, offset, inode;
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %" SCNu64 " %n", &start,
		   &end, &offset, &inode, &path) != 4)
		return false;
	*ours = inode == (uint64_t)shmid && offset == 0 && !strncmp(line + path, "/SYSV", 5);
	if (*ours) {
		mapping->start = start;
		mapping->end = end;
	}
	return true;
}

static bool read_smaps(FILE *smaps, int shmid, struct segment_mapping *mapping)
{
	char line[512];
	bool ours = false, found = false;
	uint64_t kib;

	while (fgets(line, sizeof(line), smaps)) {
		if (!found && is_head(line, shmid, mapping, &ours)) {
			found = ours;
		} else if (ours && sscanf(line, "ShmemPmdMapped: %" SCNu64, &kib) == 1) {
			mapping->pmd_mapped = kib * 1024;
			return true;
		}
	}
	return found;
}

/**
 * segment_mapping_find() - find where a process has attached a segment
 * @mapping: filled in
 * @pid: the process
 * @shmid: the segment
 *
 * Return: 0, or -1 after a message.
 */
int segment_mapping_find(struct segment_mapping *mapping, pid_t pid, int shmid)
{
	char name[64];
	FILE *smaps;
	bool found;

	*mapping = (struct segment_mapping){ .pid = pid };
	snprintf(name, sizeof(name), "/proc/%d/smaps", pid);
	smaps = fopen(name, "re");
	if (!smaps)
		return complain("%s: %s; give the number of a process, as root", name,
				strerror(errno));
	found = read_smaps(smaps, shmid, mapping);
	fclose(smaps);
	if (!found)
		return complain("process %d has not attached segment %d", pid, shmid);
	return 0;
}

static uint64_t entry_pfn(uint64_t entry)
{
	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_PFN : PFN_ABSENT;
}

/**
 * segment_mapping_pfns() - read the page frame numbers behind a mapping
 * @mapping: mapping
 * @pfns: filled in; PFN_ABSENT for a page the process has not touched
 * @pages: how many, from the start of the segment
 *
 * Return: 0, or -1 after a message.
 */
int segment_mapping_pfns(const struct segment_mapping *mapping, uint64_t *pfns, size_t pages)
{
	const size_t page_size = sysconf(_SC_PAGESIZE), bytes = pages * sizeof(*pfns);
	char name[64];
	ssize_t got;
	size_t i;
	int fd;

	if (mapping->end - mapping->start < pages * page_size)
		return complain("process %d has attached less than %zu pages", mapping->pid, pages);
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
