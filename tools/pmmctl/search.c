// SPDX-License-Identifier: GPL-2.0-only
/*
 * All processes, their fds and their mappings.
 *
 * Names in /proc tell little: what looks like a block is opened, or borrowed, and
 * the module asked which one it is.  Where that is not allowed, the inode's number
 * and the path have to do.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "search.h"

#define PAGE_BYTES	4096

static void found(struct search *search, const struct holder *holder)
{
	search->holder = grown(search->holder, search->nr, sizeof(*holder));
	search->holder[search->nr++] = *holder;
}

static bool starts_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Is that the block, as the module sees it?  -1 if it cannot be opened. */
static int is_block(const struct search *search, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	uint64_t id;
	int is;

	if (fd < 0)
		return -1;
	is = device_find_fd(fd, &id) && id == search->id;
	close(fd);
	return is;
}

/* ---- mappings ---- */

static FILE *proc_open(pid_t pid, const char *name)
{
	char *path = formatted("/proc/%d/%s", pid, name);
	FILE *file = fopen(path, "re");

	free(path);
	return file;
}

static bool same_ipc(pid_t pid)
{
	char *path = formatted("/proc/%d/ns/ipc", pid);
	char ours[64] = "", theirs[64] = "-";
	bool same;

	same = readlink("/proc/self/ns/ipc", ours, sizeof(ours) - 1) > 0 &&
	       readlink(path, theirs, sizeof(theirs) - 1) > 0 &&
	       !strcmp(ours, theirs);
	free(path);
	return same;
}

/* Numbers of segments and files are unique within something only. */
static bool is_home(const struct search *search, pid_t pid,
		    const struct mapping *m)
{
	char *path;
	int is;

	if (!search->has_home || m->ino != search->home.ino)
		return false;
	path = formatted("/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid,
			 m->start, m->end);
	is = is_block(search, path);
	free(path);
	if (is >= 0)
		return is;
	return !strcmp(m->dev, search->home.dev) &&
	       !strcmp(m->path, search->home.path) && same_ipc(pid);
}

static void look_at_maps(struct search *search, pid_t pid, FILE *maps)
{
	struct holder holder = { .kind = HOLDER_MAPPING, .pid = pid };
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, maps) > 0) {
		if (!mapping_parse(line, &holder.mapping) ||
		    !is_home(search, pid, &holder.mapping))
			continue;
		holder.write = holder.mapping.write;
		found(search, &holder);
	}
	free(line);
}

bool mapping_of(const void *address, struct mapping *mapping)
{
	uint64_t at = (uintptr_t)address;
	FILE *maps = proc_open(getpid(), "maps");
	char *line = NULL;
	size_t size = 0;
	bool is = false;

	while (maps && !is && getline(&line, &size, maps) > 0)
		is = mapping_parse(line, mapping) && mapping->start <= at &&
		     at < mapping->end;
	free(line);
	if (maps)
		fclose(maps);
	return is;
}

/* ---- fds ---- */

static void look_at_block_fd(struct search *search, struct holder *holder)
{
	char *name = formatted("fdinfo/%d", holder->fd);
	FILE *file = proc_open(holder->pid, name);
	uint64_t id;

	free(name);
	if (!file)
		return;
	holder->kind = HOLDER_BLOCK_FD;
	if (fdinfo_parse(file, &id, &holder->write) && id == search->id)
		found(search, holder);
	fclose(file);
}

/* A dma-buf cannot be opened: borrow it. */
static void look_at_dmabuf(struct search *search, struct holder *holder)
{
	int pidfd = (int)syscall(SYS_pidfd_open, holder->pid, 0), fd;
	uint64_t id;

	if (pidfd < 0)
		return;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, holder->fd, 0);
	if (fd < 0 && errno == EPERM)
		search->unseen_fds++;
	close(pidfd);
	if (fd < 0)
		return;
	holder->kind = HOLDER_DMABUF;
	holder->write = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
	if (device_find_fd(fd, &id) && id == search->id)
		found(search, holder);
	close(fd);
}

/* A file on a tmpfs, as large as the block? */
static bool may_be_name(const struct search *search, const char *path,
			const struct statx *stx)
{
	struct statfs fs;

	return S_ISREG(stx->stx_mode) && stx->stx_size <= search->size &&
	       stx->stx_size + PAGE_BYTES > search->size &&
	       !statfs(path, &fs) && fs.f_type == TMPFS_MAGIC;
}

static void look_at_file(struct search *search, struct holder *holder,
			 const char *path, const struct statx *stx)
{
	struct stat link;

	if (!may_be_name(search, path, stx) || is_block(search, path) != 1)
		return;
	holder->kind = HOLDER_FILE;
	holder->write = !lstat(path, &link) && link.st_mode & 0200;
	found(search, holder);
}

static void look_at_fd(struct search *search, pid_t pid, int fd)
{
	char *path = formatted("/proc/%d/fd/%d", pid, fd);
	struct holder holder = { .pid = pid, .fd = fd };
	char link[PATH_MAX] = "";
	struct statx stx;

	/* Nobody's dead server is asked for what is known without it. */
	if (readlink(path, link, sizeof(link) - 1) > 0 &&
	    !statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_BASIC_STATS,
		   &stx)) {
		holder.ino = stx.stx_ino;
		if (!strcmp(link, "anon_inode:[pmm-block]"))
			look_at_block_fd(search, &holder);
		else if (starts_with(link, "/dmabuf:"))
			look_at_dmabuf(search, &holder);
		else if (*link == '/')
			look_at_file(search, &holder, path, &stx);
	}
	free(path);
}

static void look_at_fds(struct search *search, pid_t pid)
{
	char *path = formatted("/proc/%d/fd", pid);
	DIR *dir = opendir(path);
	struct dirent *entry;
	uint64_t fd;

	free(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (number_from_text(entry->d_name, INT32_MAX, &fd))
			look_at_fd(search, pid, (int)fd);
	closedir(dir);
}

/* ---- processes ---- */

/* What has no command line is the kernel's, or has ended. */
static bool is_program(pid_t pid)
{
	FILE *file = proc_open(pid, "cmdline");
	bool is = file && getc(file) != EOF;

	if (file)
		fclose(file);
	return is;
}

static void look_at_process(struct search *search, pid_t pid)
{
	FILE *maps = proc_open(pid, "maps");

	if (!maps) {
		if ((errno == EACCES || errno == EPERM) && is_program(pid))
			search->unseen++;
		return;
	}
	look_at_maps(search, pid, maps);
	fclose(maps);
	look_at_fds(search, pid);
}

void search_run(struct search *search)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	uint64_t pid;

	if (!dir)
		die("cannot look at /proc: %s", strerror(errno));
	while ((entry = readdir(dir)))
		if (number_from_text(entry->d_name, INT32_MAX, &pid) &&
		    (pid_t)pid != getpid())
			look_at_process(search, (pid_t)pid);
	closedir(dir);
}

void search_free(struct search *search)
{
	free(search->holder);
}

static bool same_file(const struct holder *a, const struct holder *b)
{
	return a->kind == b->kind &&
	       !syscall(SYS_kcmp, a->pid, b->pid, KCMP_FILE, a->fd, b->fd);
}

size_t search_files(const struct search *search, enum holder_kind kind)
{
	size_t nr = 0, i, j;

	for (i = 0; i < search->nr; i++) {
		for (j = 0; j < i; j++)
			if (same_file(&search->holder[i], &search->holder[j]))
				break;
		nr += j == i && search->holder[i].kind == kind;
	}
	return nr;
}
