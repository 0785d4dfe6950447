// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operations of an alias are the module's for as long as there is its inode.
 *
 * The kernel reads them from the inode at each open, also for an fd that was
 * there before and is opened again through /proc.  So whoever has one keeps the
 * module, though no name, no block fd and no mapping is left; without that the
 * next open jumps into a module that is gone.
 *
 * Fails without the end of an inode told from that of its last name, and the
 * module kept by each block.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "alias.h"
#include "guest.h"

#define SIZE (64 * KIB)
#define PATH "/dev/shm/pmm-h3"

static int reopen(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return EXPECT_OK(open(path, flags | O_CLOEXEC));
}

/* An fd from before the file was an alias, and what there is behind it. */
static int alias_without_name(void)
{
	int block = block_alloc(SIZE), fd = alias_file("/dev/shm", SIZE, 0600);
	char *p = block_map(block, SIZE);

	fill(p, SIZE, 5);
	EXPECT_OK(munmap(p, SIZE));
	EXPECT_OK(try_block_alias(block, fd));
	link_tmpfile(fd, PATH);
	EXPECT_OK(unlink(PATH));
	close(block);
	return fd;
}

static void test_kept(void)
{
	int fd = alias_without_name(), again;
	unsigned int i;
	char *p;

	for (i = 0; i < 3; i++) {
		EXPECT(try_module_remove() == -1);
		again = reopen(fd, O_RDWR);
		p = map_shared(again, SIZE);
		EXPECT(filled(p, SIZE, 5 + i));
		fill(p, SIZE, 6 + i);
		EXPECT_OK(munmap(p, SIZE));
		close(again);
		sleep_ms(200);
	}
	close(fd);
}

/* An fd that cannot do anything keeps the inode, too. */
static void test_kept_by_path(void)
{
	int fd = alias_without_name(), path = reopen(fd, O_PATH), again;
	char *p;

	close(fd);
	sleep_ms(200);
	EXPECT(try_module_remove() == -1);
	again = reopen(path, O_RDONLY);
	close(path);
	p = EXPECT_OK(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, again, 0));
	close(again);
	EXPECT(filled(p, SIZE, 5));
	EXPECT_OK(munmap(p, SIZE));
}

int main(void)
{
	char args[256];

	module_parameters(args, sizeof(args));
	test_kept();
	wait_pool_whole(5);
	module_remove();
	module_insert(args);
	test_kept_by_path();
	wait_pool_whole(5);
	module_remove();
	module_insert(args);
	return 0;
}
