// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module, and the drivers of tests/kmod; see module.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"
#include "block.h"
#include "expect.h"
#include "system.h"

int try_module_remove(void)
{
	pmm_close();
	return syscall(SYS_delete_module, "pmm", O_NONBLOCK);
}

void module_remove(void)
{
	double patience = 10;

	/* References of marks may go a moment after the last block. */
	while (try_module_remove()) {
		EXPECT(errno == EBUSY || errno == EAGAIN);
		EXPECT(wait_more(&patience));
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

/* A module in @dir, seen from where pmm.ko is. */
static int try_insert_from(const char *dir, const char *name, const char *args)
{
	const char *pmm_ko = module_path(), *slash = strrchr(pmm_ko, '/');
	int len = slash ? slash - pmm_ko : 0;
	char path[512];

	snprintf(path, sizeof(path), "%.*s%s/%s.ko", len, pmm_ko, dir, name);
	return try_insert(path, args);
}

int try_part_insert(const char *name, const char *args)
{
	return try_insert_from("", name, args);
}

int try_test_module_insert(const char *name, const char *args)
{
	return try_insert_from("/tests/kmod", name, args);
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
