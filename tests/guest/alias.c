// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making aliases as programs should: nobody can see the file before it is one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alias.h"
#include "guest.h"

int try_block_alias(int block, int fd)
{
	struct pmm_block_alias arg = { .size = sizeof(arg), .fd = fd };

	return ioctl(block, PMM_IOC_BLOCK_ALIAS, &arg);
}

int alias_file(const char *dir, size_t size, mode_t mode)
{
	int fd = EXPECT_OK(open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));

	EXPECT_OK(ftruncate(fd, size));
	EXPECT_OK(fchmod(fd, mode));
	return fd;
}

void alias_create(int block, size_t size, mode_t mode, const char *path)
{
	char dir[128];
	int fd;

	snprintf(dir, sizeof(dir), "%s", path);
	fd = alias_file(dirname(dir), size, mode);
	EXPECT_OK(try_block_alias(block, fd));
	link_tmpfile(fd, path);
	close(fd);
}

uint64_t alias_count(int block)
{
	struct pmm_block_info info;

	block_info(block, &info);
	return info.aliases;
}

void segment_remove(int shmid, void *address)
{
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(address));
}
