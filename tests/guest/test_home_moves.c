// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block whose home was unmounted gets another home, but not before its pages
 * have left the first.
 *
 * An inotify watch keeps an inode until the very end of an umount, past the
 * moment at which the mark announces the end.  If the pages went into a new home
 * right then, evicting the old inode would never end: this program would hang in
 * umount().  While they are still in the old one, mmap() answers EBUSY.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "guest.h"

#define SIZE	(4 * MIB)
#define SEED	77
#define ROUNDS	5

static int block;
static atomic_bool mapped;

/* Map the block as soon as that can be done again. */
static void *map_again(void *arg)
{
	void *p;

	(void)arg;
	do {
		p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, block,
			 0);
	} while (p == MAP_FAILED && (errno == EOPNOTSUPP || errno == EBUSY));
	EXPECT(p != MAP_FAILED);
	EXPECT(filled(p, SIZE, SEED));
	mapped = true;
	EXPECT_OK(munmap(p, SIZE));
	return NULL;
}

static void round_of(int inotify)
{
	char dir[64], path[96];
	pthread_t thread;
	void *p;
	int fd;

	tmpfs_mount(dir);
	snprintf(path, sizeof(path), "%s/home", dir);
	block = block_tmpfile(dir, SIZE, &fd, &p);
	link_tmpfile(fd, path);
	fill(p, SIZE, SEED);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	EXPECT_OK(inotify_add_watch(inotify, path, IN_MODIFY));

	mapped = false;
	EXPECT_EQ(pthread_create(&thread, NULL, map_again, NULL), 0);
	sleep_ms(20);
	EXPECT(!mapped);
	tmpfs_unmount(dir);
	EXPECT_EQ(pthread_join(thread, NULL), 0);
	EXPECT(mapped);
	EXPECT(block_state(block) & PMM_BLOCK_HOME_PRIVATE);
	close(block);
	wait_pool_whole(5);
}

int main(void)
{
	int inotify = EXPECT_OK(inotify_init1(IN_CLOEXEC));

	for (int i = 0; i < ROUNDS; i++)
		round_of(inotify);
	close(inotify);
	return 0;
}
