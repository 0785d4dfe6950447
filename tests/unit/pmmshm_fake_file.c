// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stand-in's /dev/shm: files that are or become names of blocks.
 *
 * They have no contents: nobody may look into one that is not a block's.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "pmmshm_fake_internal.h"

#define DIR_LEN		8	/* of "/dev/shm" */

struct fake_file fake_files[FILES];

/* ---------------------------------------------------------------- one file */

static int file_new(const char *name, uid_t uid, mode_t mode)
{
	int i;

	for (i = 0; fake_files[i].used; i++)
		ck_assert_int_lt(i, FILES - 1);
	fake_files[i] = (struct fake_file){
		.used = true, .mode = mode, .uid = uid, .block = -1,
	};
	snprintf(fake_files[i].name, sizeof(fake_files[i].name), "%s", name);
	fake_used.files++;
	return i;
}

static void file_check_end(struct fake_file *f)
{
	if (f->name[0] || f->fds)
		return;
	if (f->block >= 0) {
		fake_blocks[f->block].files--;
		fake_block_put(f->block);
	}
	f->used = false;
	fake_used.files--;
}

void fake_file_close(int file)
{
	fake_files[file].fds--;
	file_check_end(&fake_files[file]);
}

/* @path: with the directory */
struct fake_file *fake_file_find(const char *path)
{
	struct fake_file *f;

	for (f = fake_files; f < fake_files + FILES; f++)
		if (f->used && f->name[0] && strlen(path) > DIR_LEN &&
		    !strcmp(f->name, path + DIR_LEN))
			return f;
	return NULL;
}

static bool file_allows(const struct fake_file *f, mode_t want)
{
	mode_t have = f->mode;

	if (fake_world.uid == 0)
		return true;
	if (fake_world.uid == f->uid)
		have >>= 6;
	return (have & want) == want;
}

/* ------------------------------------------------------------ what is called */

static int file_fd(int file, bool writable)
{
	int fd = fake_fd_new(FD_FILE, -1, writable);

	ck_assert_int_ge(fd, 0);
	fake_fd_get(fd, FD_FILE)->file = file;
	fake_files[file].fds++;
	return fd;
}

int fake_file_open(const char *path, int flags, mode_t mode)
{
	bool write = (flags & O_ACCMODE) == O_RDWR;
	struct fake_file *f;

	if ((flags & O_TMPFILE) == O_TMPFILE) {
		ck_assert_str_eq(path, "/dev/shm");
		ck_assert_int_eq(flags, O_TMPFILE | O_RDWR | O_CLOEXEC);
		return file_fd(file_new("", fake_world.uid,
					mode & ~fake_world.umask), true);
	}
	/* As shm_open(), which does not follow links, and never waiting. */
	ck_assert_int_eq(flags & ~O_ACCMODE,
			 O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	f = fake_file_find(path);
	if (!f) {
		errno = ENOENT;
		return -1;
	}
	if (!file_allows(f, write ? 06 : 04)) {
		errno = EACCES;
		return -1;
	}
	return file_fd(f - fake_files, write);
}

static int do_ftruncate(int fd, off_t length)
{
	struct fake_fd *f = fake_fd_get(fd, FD_FILE);

	if (!f)
		return -1;
	/* Once it is a block's it keeps its size, and nobody sees it change. */
	ck_assert_int_eq(fake_files[f->file].block, -1);
	ck_assert_str_eq(fake_files[f->file].name, "");
	fake_files[f->file].size = length;
	return 0;
}

int fake_ftruncate(int fd, off_t length)
{
	int ret = -1;

	if (!fake_enter(FAKE_FTRUNCATE))
		ret = do_ftruncate(fd, length);
	fake_leave();
	return ret;
}

static int do_linkat(const char *from, const char *to)
{
	struct fake_file *f;
	int fd = -1, n;

	n = sscanf(from, "/proc/thread-self/fd/%d", &fd);
	ck_assert_int_eq(n, 1);
	f = &fake_files[fake_fd_get(fd, FD_FILE)->file];
	ck_assert_str_eq(f->name, "");
	/* The name appears complete. */
	ck_assert_int_ge(f->block, 0);
	if (fake_file_find(to)) {
		errno = EEXIST;
		return -1;
	}
	ck_assert_int_eq(strncmp(to, "/dev/shm/", DIR_LEN + 1), 0);
	snprintf(f->name, sizeof(f->name), "%s", to + DIR_LEN);
	return 0;
}

int fake_linkat(int from_dir, const char *from, int to_dir, const char *to,
		int flags)
{
	int ret = -1;

	ck_assert_int_eq(from_dir, AT_FDCWD);
	ck_assert_int_eq(to_dir, AT_FDCWD);
	ck_assert_int_eq(flags, AT_SYMLINK_FOLLOW);
	if (!fake_enter(FAKE_LINKAT))
		ret = do_linkat(from, to);
	fake_leave();
	return ret;
}

/* PMM_IOC_BLOCK_ALIAS */
int fake_alias(struct fake_fd *block, int fd)
{
	struct fake_fd *f = fake_fd_get(fd, FD_FILE);
	struct fake_file *file;

	ck_assert_ptr_nonnull(f);
	if (!block->writable) {
		errno = EACCES;
		return -1;
	}
	file = &fake_files[f->file];
	ck_assert_str_eq(file->name, "");
	ck_assert_int_eq(file->block, -1);
	ck_assert_uint_eq(file->size, fake_blocks[block->block].size);
	file->block = block->block;
	fake_blocks[block->block].holders++;
	fake_blocks[block->block].files++;
	return 0;
}

/* -------------------------------------------------------------------- others */

static struct fake_file *file_named(const char *name)
{
	char path[NAME_MAX + 16];

	snprintf(path, sizeof(path), "/dev/shm%s", name);
	return fake_file_find(path);
}

void fake_file(const char *name, uid_t uid, mode_t mode)
{
	pthread_mutex_lock(&fake_lock);
	file_new(name, uid, mode);
	pthread_mutex_unlock(&fake_lock);
}

void fake_unlink(const char *name)
{
	struct fake_file *f;

	pthread_mutex_lock(&fake_lock);
	f = file_named(name);
	ck_assert_ptr_nonnull(f);
	f->name[0] = '\0';
	file_check_end(f);
	pthread_mutex_unlock(&fake_lock);
}

bool fake_named(const char *name, mode_t *mode, size_t *size)
{
	struct fake_file *f;

	pthread_mutex_lock(&fake_lock);
	f = file_named(name);
	if (f) {
		*mode = f->mode;
		*size = f->size;
	}
	pthread_mutex_unlock(&fake_lock);
	return f;
}
