// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file of an overlay whose upper layer is on tmpfs.
 *
 * Its mapping is that of a tmpfs file, which on older kernels has the path of
 * the overlay's file: opening that path gives another inode than the home.  Such
 * a file is refused; on newer kernels it may become a home like any other.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "guest.h"

#define SIZE (64 * KIB)

static char dir[64], merged[80], options[256];

static void overlay_mount(void)
{
	static const char * const parts[] = { "lower", "upper", "work", "merged" };
	char path[128];
	int i;

	tmpfs_mount(dir);
	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, parts[i]);
		EXPECT_OK(mkdir(path, 0755));
	}
	snprintf(merged, sizeof(merged), "%s/merged", dir);
	snprintf(options, sizeof(options),
		 "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work", dir, dir,
		 dir);
	if (mount("overlay", merged, "overlay", 0, options))
		guest_skip("no overlayfs: %s", strerror(errno));
}

/* Since 6.7, a mapped file of an overlay has the path of what is below. */
static bool real_path(void)
{
	struct utsname u;
	int major, minor;

	EXPECT_OK(uname(&u));
	EXPECT(sscanf(u.release, "%d.%d", &major, &minor) == 2);
	return major > 6 || (major == 6 && minor >= 7);
}

/* It is a home: then the overlay's file has the block's contents. */
static void expect_home(int block, int fd, void *p)
{
	uint64_t word;

	EXPECT(real_path());
	EXPECT(maps_block(p, SIZE, block_pfn(block)));
	fill(p, SIZE, 13);
	EXPECT_EQ(pread(fd, &word, sizeof(word), PAGE), sizeof(word));
	EXPECT_EQ(word, *(uint64_t *)(p + PAGE));
}

static void expect_not_home(int block, void *p)
{
	EXPECT(!(block_state(block) & PMM_BLOCK_HOME));
	EXPECT(zeroed(p, SIZE));
	fill(p, SIZE, 13);
	EXPECT(filled(p, SIZE, 13));
}

static void test_adopt(uint32_t flags)
{
	int fd, err, block = block_alloc(SIZE);
	char name[128];
	void *p;

	snprintf(name, sizeof(name), "%s/file", merged);
	fd = EXPECT_OK(open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
	EXPECT_OK(ftruncate(fd, SIZE));
	p = map_shared(fd, SIZE);
	err = try_block_adopt(block, p, flags) ? errno : 0;
	if (!err) {
		expect_home(block, fd, p);
	} else {
		EXPECT_EQ(err, EOPNOTSUPP);
		expect_not_home(block, p);
	}
	EXPECT_OK(unlink(name));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
	wait_pool_whole(3);
}

int main(void)
{
	overlay_mount();
	test_adopt(0);
	test_adopt(PMM_ADOPT_SEAL);
	EXPECT_OK(umount(merged));
	tmpfs_unmount(dir);
	return 0;
}
