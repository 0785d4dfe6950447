// SPDX-License-Identifier: GPL-2.0-only
/*
 * The part of shm_story about POSIX objects and memfds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "story.h"

#define FDS		8
#define MAPPINGS	8
#define READ_MAX	(4 << 20)

static int fds[FDS] = { -1, -1, -1, -1, -1, -1, -1, -1 };

static struct {
	unsigned char *p;
	size_t size;
} mappings[MAPPINGS];

static const char *const names[] = { "/story-a", "/story-b", "/story-c" };

/* The path of a name, in one of a few places, for calls that take two. */
static const char *path_of(const char *name)
{
	static char paths[4][64];
	static unsigned int last;
	char *path = paths[last++ % ARRAY_SIZE(paths)];

	snprintf(path, sizeof(paths[0]), "/dev/shm%s", name);
	return path;
}

static void keep(const char *what, int fd)
{
	unsigned int i = story_roll(FDS);

	/* The number, too: it has to be the lowest that is free. */
	story_result(what, fd);
	if (fd < 0)
		return;
	if (fds[i] >= 0)
		close(fds[i]);
	fds[i] = fd;
}

/* ---- making them ---- */

static int random_flags(void)
{
	int flags = story_once_in(5) ? O_RDONLY : O_RDWR;

	if (!story_once_in(3))
		flags |= O_CREAT;
	if (story_once_in(3))
		flags |= O_EXCL;
	if (story_once_in(5))
		flags |= O_TRUNC;
	return flags;
}

static void open_object(void)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	static const mode_t modes[] = { 0, 0600, 0600, 0644, 0666, 0777 };
	mode_t mask = umask(STORY_PICK(masks)), mode = STORY_PICK(modes);

	keep("shm_open", shm_open(STORY_PICK(names), random_flags(), mode));
	umask(mask);
}

static void open_memfd(void)
{
	static const unsigned int flags[] = {
		0, 0, MFD_CLOEXEC, MFD_ALLOW_SEALING,
	};

	keep("memfd_create", memfd_create("story", STORY_PICK(flags)));
}

static void open_path(void)
{
	static const int flags[] = {
		O_RDWR, O_RDWR | O_TRUNC, O_WRONLY, O_RDWR | O_APPEND, O_RDWR | O_CREAT,
	};

	keep("open", open(path_of(STORY_PICK(names)), STORY_PICK(flags), 0600));
}

static void open_unnamed(void)
{
	keep("O_TMPFILE", open("/dev/shm", O_TMPFILE | O_RDWR, 0600));
}

static void duplicate(void)
{
	int fd = STORY_PICK(fds);

	keep("dup", dup(fd));
}

static void close_one(void)
{
	unsigned int i = story_roll(FDS);

	story_result("close", close(fds[i]));
	fds[i] = -1;
}

/* ---- their size ---- */

static const off_t sizes[] = {
	0, 1, 4096, 5000, 65536, 1 << 20, (2 << 20) + 1, (off_t)1 << 40, -1,
};

static void set_size(void)
{
	int fd = STORY_PICK(fds);
	off_t size = STORY_PICK(sizes);

	errno = 77;
	story_say("ftruncate %lld: %d %s", (long long)size, ftruncate(fd, size),
		  strerrorname_np(errno) ?: "");
}

static void allocate(void)
{
	static const off_t starts[] = { 0, 0, 0, 1, 4096, -1 };
	static const off_t lengths[] = {
		0, 1, 5000, 65536, 1 << 20, (2 << 20) + 1, -1,
	};
	static const int modes[] = {
		0, 0, FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
		FALLOC_FL_COLLAPSE_RANGE,
	};
	int fd = STORY_PICK(fds), mode = STORY_PICK(modes);
	off_t start = STORY_PICK(starts), length = STORY_PICK(lengths);

	errno = 77;
	if (story_roll(2))
		story_say("posix_fallocate %lld %lld: %d %s", (long long)start,
			  (long long)length, posix_fallocate(fd, start, length),
			  strerrorname_np(errno) ?: "");
	else
		story_say("fallocate %#x %lld %lld: %d %s", mode, (long long)start,
			  (long long)length, fallocate(fd, mode, start, length),
			  strerrorname_np(errno) ?: "");
}

/* ---- their contents ---- */

static void say_contents(int fd)
{
	static unsigned char bytes[READ_MAX];
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	if (n < 0)
		story_result("pread", n);
	else
		story_say("object has %zd bytes %08x", n, story_hash(bytes, n));
}

static void write_some(void)
{
	static const off_t places[] = { 0, 3, 4096, 70000, 2 << 20 };
	static unsigned char bytes[30000];
	int fd = STORY_PICK(fds);
	size_t n = story_roll(sizeof(bytes));

	memset(bytes, story_roll(256), n);
	story_result("pwrite", pwrite(fd, bytes, n, STORY_PICK(places)));
	say_contents(fd);
}

static void read_all(void)
{
	say_contents(STORY_PICK(fds));
}

static void send(void)
{
	int out = STORY_PICK(fds), in = STORY_PICK(fds);
	off_t from = 0;

	story_result("sendfile", sendfile(out, in, &from, 100000));
	say_contents(out);
}

/* ---- mapped ---- */

static void map(void)
{
	static const size_t lengths[] = { 4096, 65536, 1 << 20, 3 << 20 };
	static const int kinds[] = { MAP_SHARED, MAP_SHARED, MAP_PRIVATE };
	unsigned int i = story_roll(MAPPINGS);
	size_t size = STORY_PICK(lengths);
	int fd = STORY_PICK(fds), kind = STORY_PICK(kinds);
	int prot = PROT_READ | (story_once_in(4) ? 0 : PROT_WRITE);
	void *p;

	if (mappings[i].p)
		munmap(mappings[i].p, mappings[i].size);
	p = mmap(NULL, size, prot, kind, fd, 0);
	story_result("mmap", p == MAP_FAILED ? -1 : 0);
	mappings[i].p = p == MAP_FAILED ? NULL : p;
	mappings[i].size = size;
}

static void touch(void)
{
	unsigned int i = story_roll(MAPPINGS);
	size_t where = story_roll(1 << 30);
	unsigned char value = story_roll(256);
	bool write = story_roll(2);

	if (!mappings[i].p)
		return;
	/* Near its beginning more often. */
	where %= story_roll(2) ? mappings[i].size : 8192;
	if (where >= mappings[i].size ||
	    !story_touch(mappings[i].p + where, write, &value))
		story_say("fault at %zu", where);
	else
		story_say("at %zu is %u", where, value);
}

static void remap(void)
{
	unsigned int i = story_roll(MAPPINGS);
	void *p;

	if (!mappings[i].p)
		return;
	p = mremap(mappings[i].p, mappings[i].size, 2 << 20, MREMAP_MAYMOVE);
	story_result("mremap", p == MAP_FAILED ? -1 : 0);
	if (p == MAP_FAILED)
		return;
	mappings[i].p = p;
	mappings[i].size = 2 << 20;
}

static void advise(void)
{
	static const int advices[] = {
		MADV_REMOVE, MADV_DONTNEED, MADV_WILLNEED, MADV_PAGEOUT,
	};
	unsigned int i = story_roll(MAPPINGS);

	if (mappings[i].p)
		story_result("madvise", madvise(mappings[i].p, 65536 < mappings[i].size ?
						65536 : 4096, STORY_PICK(advices)));
}

static void synchronize(void)
{
	unsigned int i = story_roll(MAPPINGS);

	if (mappings[i].p)
		story_result("msync", msync(mappings[i].p, mappings[i].size, MS_SYNC));
}

/* ---- what is known of them ---- */

static void status(void)
{
	int fd = STORY_PICK(fds);
	struct stat st;
	int ret = fstat(fd, &st);

	story_result("fstat", ret);
	if (ret)
		return;
	story_say("mode %#o links %u uid %u gid %u size %lld",
		  st.st_mode, (unsigned int)st.st_nlink, st.st_uid, st.st_gid,
		  (long long)st.st_size);
	story_result("F_GETFD", fcntl(fd, F_GETFD));
	story_result("F_GETFL", fcntl(fd, F_GETFL));
	story_result("F_GET_SEALS", fcntl(fd, F_GET_SEALS));
	story_result("lseek", lseek(fd, 0, SEEK_CUR));
}

static void seal(void)
{
	static const int seals[] = {
		F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_SEAL,
	};

	story_result("F_ADD_SEALS", fcntl(STORY_PICK(fds), F_ADD_SEALS, STORY_PICK(seals)));
}

static void change(void)
{
	static const mode_t modes[] = { 0, 0600, 0666 };

	story_result("fchmod", fchmod(STORY_PICK(fds), STORY_PICK(modes)));
}

/* ---- their names ---- */

static void unlink_one(void)
{
	story_result("shm_unlink", shm_unlink(STORY_PICK(names)));
}

static void rename_one(void)
{
	const char *from = path_of(STORY_PICK(names));
	const char *to = path_of(STORY_PICK(names));

	if (story_roll(2))
		story_result("rename", rename(from, to));
	else
		story_result("link", link(from, to));
}

/* ---- in another process ---- */

static void child(void)
{
	int fd = shm_open(STORY_PICK(names), O_RDWR | O_CREAT, 0600);

	story_result("shm_open", fd);
	story_result("ftruncate", ftruncate(fd, 70000));
	if (fd >= 0)
		say_contents(fd);
	story_result("pwrite", pwrite(STORY_PICK(fds), "child", 5, 0));
}

static void by_nobody(void)
{
	story_child(STORY_NOBODY, child);
}

static void by_child(void)
{
	story_child(0, child);
}

void object_step(void)
{
	static void (*const steps[])(void) = {
		open_object, open_object, open_object, open_memfd, open_path,
		open_unnamed, duplicate, close_one, set_size, set_size, set_size,
		set_size, allocate, allocate, write_some, write_some, read_all,
		send, map, map, map, touch, touch, touch, touch, remap, advise,
		synchronize, status, status, seal, change, unlink_one,
		unlink_one, rename_one, by_nobody, by_child,
	};

	STORY_PICK(steps)();
}

void object_end(void)
{
	unsigned int i;

	for (i = 0; i < FDS; i++)
		if (fds[i] >= 0) {
			say_contents(fds[i]);
			close(fds[i]);
		}
	for (i = 0; i < MAPPINGS; i++)
		if (mappings[i].p)
			munmap(mappings[i].p, mappings[i].size);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		story_result("shm_unlink", shm_unlink(names[i]));
}
