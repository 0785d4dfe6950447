// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that becomes the home of a block; see segment.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "segment.h"
#include "block.h"
#include "expect.h"

/* The segments of this process: nobody else would remove them. */
static int segments[64];
static unsigned int nr_segments;
static pid_t segments_owner;

void segments_remove_own(void)
{
	unsigned int i;

	for (i = 0; i < nr_segments && i < 64 && segments_owner == getpid(); i++)
		shmctl(segments[i], IPC_RMID, NULL);
}

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
