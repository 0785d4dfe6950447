// SPDX-License-Identifier: GPL-2.0-only
/*
 * The part of shm_story that is not random: corners that a random series hardly ever
 * meets, and that suites of conformance tests look into.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "story.h"

#define PAGE	4096UL
#define BIG	(4 << 20)
#define NAME	"/story-corner"

static int object_new(void)
{
	shm_unlink(NAME);
	return shm_open(NAME, O_CREAT | O_EXCL | O_RDWR, 0600);
}

static void object_done(int fd)
{
	close(fd);
	shm_unlink(NAME);
}

static void say_object(int fd)
{
	static unsigned char bytes[BIG];
	struct stat st = { 0 };
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	fstat(fd, &st);
	story_say("mode %#o size %lld, has %zd bytes %08x", st.st_mode,
		  (long long)st.st_size, n, n < 0 ? 0 : story_hash(bytes, n));
}

/* ---- POSIX objects: names, flags, modes ---- */

static void try_name(const char *name)
{
	int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);

	story_result("shm_open", fd);
	if (fd >= 0) {
		story_result("ftruncate", ftruncate(fd, 5000));
		say_object(fd);
		close(fd);
	}
	story_result("O_EXCL", shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600));
	story_result("shm_unlink", shm_unlink(name));
	story_result("shm_unlink", shm_unlink(name));
}

static void names(void)
{
	static const char *const some[] = {
		"", "/", "//", "/.", "/..", "story-bare", "//story-two", "/story/sub",
		"/story a\tb*?[", "/story-\xff\xfe", "/story-.", "/story-(deleted)",
		"/story (deleted)", "/memfd:story",
	};
	static const size_t lengths[] = { NAME_MAX - 1, NAME_MAX, NAME_MAX + 1, PATH_MAX };
	static char name[PATH_MAX + 2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(some); i++)
		try_name(some[i]);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		memset(name, 0, sizeof(name));
		memset(name, 'n', lengths[i] + 1);
		name[0] = '/';
		try_name(name);
	}
}

static void flags(void)
{
	static const int some[] = {
		O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_RDWR | O_TRUNC,
		O_RDWR | O_APPEND, O_RDWR | O_EXCL, O_RDWR | O_CREAT | O_TRUNC,
	};
	int fd, other;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(some); i++) {
		fd = object_new();
		ftruncate(fd, 3 * PAGE);
		pwrite(fd, "content", 7, PAGE);
		other = shm_open(NAME, some[i], 0);
		story_result("shm_open", other);
		story_result("F_GETFL", fcntl(other, F_GETFL));
		story_result("write", write(other, "w", 1));
		say_object(fd);
		story_result("ftruncate", ftruncate(other, 2 * PAGE));
		say_object(fd);
		close(other);
		object_done(fd);
	}
}

static void modes(void)
{
	static const mode_t masks[] = { 0, 027, 0777 };
	static const mode_t some[] = { 0, 0200, 0400, 0666, 0777, 04755, 02070, 07777 };
	size_t i, j;
	mode_t old;
	int fd;

	for (i = 0; i < ARRAY_SIZE(masks); i++)
		for (j = 0; j < ARRAY_SIZE(some); j++) {
			old = umask(masks[i]);
			fd = shm_open(NAME, O_CREAT | O_EXCL | O_RDWR, some[j]);
			umask(old);
			story_result("ftruncate", ftruncate(fd, 100));
			say_object(fd);
			story_result("fchmod", fchmod(fd, some[j]));
			story_result("fchown", fchown(fd, STORY_NOBODY, 1));
			say_object(fd);
			object_done(fd);
		}
}

/* ---- what nobody may have open for writing ---- */

static void leases(void)
{
	int fd = object_new(), other;

	ftruncate(fd, PAGE);
	story_result("F_WRLCK", fcntl(fd, F_SETLEASE, F_WRLCK));
	story_result("F_UNLCK", fcntl(fd, F_SETLEASE, F_UNLCK));
	other = shm_open(NAME, O_RDONLY, 0);
	story_result("F_RDLCK", fcntl(other, F_SETLEASE, F_RDLCK));
	close(fd);
	story_result("F_RDLCK", fcntl(other, F_SETLEASE, F_RDLCK));
	story_result("F_UNLCK", fcntl(other, F_SETLEASE, F_UNLCK));
	object_done(other);
}

/* A program in a memfd. */
static void run(void)
{
	int program = open("/bin/true", O_RDONLY), fd = memfd_create("story", 0), other;
	char *args[] = { "true", NULL };
	struct stat st = { 0 };
	unsigned int tries = 0;
	char path[32];

	fstat(program, &st);
	ftruncate(fd, st.st_size);
	story_say("copied: %d", sendfile(fd, program, NULL, st.st_size) == st.st_size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = open(path, O_RDONLY);
	close(fd);
	fflush(stdout);
	/* While somebody has it open for writing it cannot be run, if only for a moment. */
	do {
		fexecve(other, args, environ);
	} while (errno == ETXTBSY && !usleep(10000) && ++tries < 1000);
	story_result("fexecve", -1);
}

static void runs(void)
{
	story_child(0, run);
}

/* ---- their times ---- */

static int grows(int fd) { return ftruncate(fd, 3 * PAGE); }
static int shrinks(int fd) { return ftruncate(fd, PAGE); }
static int stays(int fd) { return ftruncate(fd, PAGE); }
static int reads(int fd) { return pread(fd, &(char){ 0 }, 1, 0); }
static int reads_nothing(int fd) { return pread(fd, &(char){ 0 }, 0, 0); }
static int writes(int fd) { return pwrite(fd, "w", 1, 0); }
static int writes_nothing(int fd) { return pwrite(fd, "w", 0, 0); }
static int allocates(int fd) { return fallocate(fd, 0, 0, PAGE); }
static int syncs(int fd) { return fsync(fd); }

static int writes_mapped(int fd)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int ret;

	*p = 'm';
	ret = msync(p, PAGE, MS_SYNC);
	munmap(p, PAGE);
	return ret;
}

/* Which of its three times are changed by that. */
static void say_times(int fd, int (*by)(int fd))
{
	static const struct timespec old[2] = { { 1, 0 }, { 2, 0 } };
	struct stat before, after;

	futimens(fd, old);
	fstat(fd, &before);
	/* Longer than the kernel's clock for files takes to its next tick. */
	usleep(20000);
	story_result("call", by(fd));
	fstat(fd, &after);
	story_say("atime %d mtime %d ctime %d", after.st_atime != 1,
		  after.st_mtime != 2,
		  after.st_ctim.tv_nsec != before.st_ctim.tv_nsec);
}

static void times(void)
{
	static int (*const calls[])(int fd) = {
		grows, shrinks, stays, reads, reads_nothing, writes, writes_nothing,
		writes_mapped, allocates, syncs, grows,
	};
	int fd = object_new();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		say_times(fd, calls[i]);
	object_done(fd);
	fd = object_new();
	say_times(fd, allocates);
	object_done(fd);
}

/* ---- their end ---- */

static void touch(unsigned char *p, size_t at, bool write)
{
	unsigned char value = 7;

	if (story_touch(p + at, write, &value))
		story_say("at %zu is %u", at, value);
	else
		story_say("at %zu: fault", at);
}

static size_t page_after(size_t size) { return (size + PAGE - 1) / PAGE * PAGE; }

/* One that has a size is given another, and the first again, while it is mapped. */
static void resize(size_t first, size_t second)
{
	int fd = object_new();
	unsigned char *p = mmap(NULL, BIG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	story_say("%zu, %zu", first, second);
	touch(p, 0, false);
	story_result("ftruncate", ftruncate(fd, first));
	touch(p, first - 1, true);
	touch(p, page_after(first) - 1, true);
	touch(p, page_after(first), true);
	story_result("ftruncate", ftruncate(fd, second));
	say_object(fd);
	touch(p, second - 1, true);
	touch(p, page_after(second), false);
	story_result("ftruncate", ftruncate(fd, first));
	say_object(fd);
	touch(p, first - 1, false);
	story_result("ftruncate", ftruncate(fd, 0));
	touch(p, 0, false);
	story_result("ftruncate", ftruncate(fd, second));
	say_object(fd);
	munmap(p, BIG);
	object_done(fd);
}

static void sizes(void)
{
	static const size_t some[] = {
		1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 2 << 20, (2 << 20) + 1, 3 << 20,
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(some); i++)
		for (j = 0; j < ARRAY_SIZE(some); j++)
			resize(some[i], some[j]);
}

/* ---- mappings ---- */

static void protect(int fd, int open_flags)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_EXEC };
	int other = shm_open(NAME, open_flags, 0);
	unsigned char *p;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(prots); i++)
		for (j = 0; j < ARRAY_SIZE(prots); j++) {
			p = mmap(NULL, PAGE, prots[i], MAP_SHARED, other, 0);
			story_result("mmap", p == MAP_FAILED ? -1 : 0);
			if (p == MAP_FAILED)
				continue;
			touch(p, 1, false);
			touch(p, 2, true);
			story_result("mprotect", mprotect(p, PAGE, prots[j]));
			touch(p, 3, true);
			munmap(p, PAGE);
		}
	close(other);
	say_object(fd);
}

static void maps(void)
{
	static const int syncs[] = {
		0, MS_SYNC, MS_ASYNC, MS_SYNC | MS_ASYNC, MS_INVALIDATE, 77,
	};
	static const int advices[] = {
		MADV_NORMAL, MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
		MADV_MERGEABLE, MADV_DONTDUMP, MADV_COLD, MADV_WIPEONFORK, 4711,
	};
	int fd = object_new();
	char *p;
	size_t i;

	ftruncate(fd, 2 * PAGE);
	protect(fd, O_RDONLY);
	protect(fd, O_RDWR);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (i = 0; i < ARRAY_SIZE(syncs); i++)
		story_result("msync", msync(p, 2 * PAGE, syncs[i]));
	story_result("mlock", mlock(p, PAGE));
	story_result("msync", msync(p, 2 * PAGE, MS_INVALIDATE));
	story_result("msync", msync(p + 1, PAGE, MS_SYNC));
	story_result("munlock", munlock(p, PAGE));
	for (i = 0; i < ARRAY_SIZE(advices); i++)
		story_result("madvise", madvise(p, 2 * PAGE, advices[i]));
	story_result("munmap", munmap(p, PAGE));
	story_result("msync", msync(p, 2 * PAGE, MS_SYNC));
	munmap(p, 2 * PAGE);
	object_done(fd);
}

/* ---- segments: where they are attached, and how often ---- */

static void say_attached(int id)
{
	struct shmid_ds ds;
	int ret = shmctl(id, IPC_STAT, &ds);

	story_result("IPC_STAT", ret);
	if (!ret)
		story_say("nattch %lu mode %#o size %zu", ds.shm_nattch,
			  ds.shm_perm.mode, ds.shm_segsz);
}

static void attach(int id, char *at, int flags)
{
	unsigned char *p = shmat(id, at, flags);

	story_result("shmat", p == (void *)-1 ? -1 : at ? (char *)p - at : 0);
	say_attached(id);
	if (p == (void *)-1)
		return;
	touch(p, 0, true);
	story_result("mprotect", mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	story_result("shmdt", shmdt(p + 1));
	story_result("shmdt", shmdt(p));
	story_result("shmdt", shmdt(p));
}

static void attaches(void)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE + 5, IPC_CREAT | 0600);
	char *taken = mmap(NULL, 8 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const int some[] = {
		0, SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_RND | SHM_REMAP, SHM_EXEC, 0x10000,
	};
	unsigned char *p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(some); i++) {
		attach(id, NULL, some[i]);
		attach(id, (char *)1, some[i]);
		attach(id, taken, some[i]);
		attach(id, taken + 5, some[i]);
		(void)mmap(taken, 8 * PAGE, PROT_READ,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	}
	p = shmat(id, NULL, 0);
	touch(p, 4 * PAGE - 1, true);
	story_result("munmap", munmap(p + PAGE, PAGE));
	say_attached(id);
	story_result("IPC_RMID", shmctl(id, IPC_RMID, NULL));
	say_attached(id);
	story_result("shmdt", shmdt(p));
	say_attached(id);
	munmap(taken, 8 * PAGE);
}

/* ---- segments: others' ---- */

static int whose;

static void use_of_others(void)
{
	struct shmid_ds ds = { 0 };
	void *p = shmat(whose, NULL, 0);

	story_result("shmat", p == (void *)-1 ? -1 : 0);
	p = shmat(whose, NULL, SHM_RDONLY);
	story_result("shmat", p == (void *)-1 ? -1 : 0);
	say_attached(whose);
	story_result("SHM_LOCK", shmctl(whose, SHM_LOCK, NULL));
	story_result("SHM_UNLOCK", shmctl(whose, SHM_UNLOCK, NULL));
	ds.shm_perm.mode = 0640;
	ds.shm_perm.uid = STORY_NOBODY;
	story_result("IPC_SET", shmctl(whose, IPC_SET, &ds));
	say_attached(whose);
	story_result("IPC_RMID", shmctl(whose, IPC_RMID, NULL));
}

static void rights(void)
{
	static const int some[] = { 0, 0400, 0600, 0604, 0606, 0602, 0777 };
	struct shmid_ds ds = { 0 };
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(some); i++) {
		whose = shmget(0x504d7, PAGE, IPC_CREAT | IPC_EXCL | some[i / 2]);
		ds.shm_perm.mode = some[i / 2];
		ds.shm_perm.uid = i % 2 ? STORY_NOBODY : 0;
		story_result("IPC_SET", shmctl(whose, IPC_SET, &ds));
		story_child(STORY_NOBODY, use_of_others);
		story_result("IPC_RMID", shmctl(whose, IPC_RMID, NULL));
	}
}

/* ---- limits ---- */

static void create_all(void)
{
	struct rlimit none = { 0, 0 };
	int fd = object_new(), id;

	/* Who has none, has no fd besides. */
	setrlimit(RLIMIT_NOFILE, &none);
	story_result("ftruncate", ftruncate(fd, 3 * PAGE));
	say_object(fd);
	id = shmget(IPC_PRIVATE, PAGE, 0600);
	say_attached(id);
	story_result("IPC_RMID", shmctl(id, IPC_RMID, NULL));
	object_done(fd);
}

/* While files may have a page; what is printed is longer. */
static void truncate_limited(off_t size)
{
	struct rlimit page = { PAGE, RLIM_INFINITY };
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int fd = object_new(), ret, err;

	shm_unlink(NAME);
	setrlimit(RLIMIT_FSIZE, &page);
	ret = ftruncate(fd, size);
	err = errno;
	setrlimit(RLIMIT_FSIZE, &unlimited);
	errno = err;
	story_result("ftruncate", ret);
	say_object(fd);
	close(fd);
}

static void create_and_die(void)
{
	truncate_limited(PAGE);
	signal(SIGXFSZ, SIG_IGN);
	truncate_limited(PAGE + 1);
	signal(SIGXFSZ, SIG_DFL);
	fflush(stdout);
	truncate_limited(PAGE + 1);
}

static void create_locked(void)
{
	int fd = object_new(), id;

	story_result("mlockall", mlockall(MCL_CURRENT | MCL_FUTURE));
	story_result("ftruncate", ftruncate(fd, 3 * PAGE));
	say_object(fd);
	object_done(fd);
	id = shmget(IPC_PRIVATE, PAGE, 0600);
	attach(id, NULL, 0);
	story_result("IPC_RMID", shmctl(id, IPC_RMID, NULL));
}

static void set_limit(const char *name, unsigned long value)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	f = fopen(path, "w");
	if (!f || fprintf(f, "%lu", value) < 0 || fclose(f))
		story_say("cannot set %s", name);
}

/* Some segments of that size: how many there can be, and why no more. */
static void create_some(size_t size)
{
	int ids[4];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		ids[i] = shmget(IPC_PRIVATE, size, 0600);
		story_result("shmget", ids[i] < 0 ? -1 : 0);
	}
	while (i--)
		shmctl(ids[i], IPC_RMID, NULL);
}

static void limits(void)
{
	struct shminfo was;
	struct shm_info now;

	shmctl(0, IPC_INFO, (void *)&was);
	shmctl(0, SHM_INFO, (void *)&now);
	set_limit("shmmax", 2 * PAGE);
	create_some(2 * PAGE);
	create_some(2 * PAGE + 1);
	set_limit("shmmax", was.shmmax);
	set_limit("shmall", now.shm_tot + 5);
	create_some(PAGE + 1);
	set_limit("shmall", was.shmall);
	set_limit("shmmni", now.used_ids + 2);
	create_some(1);
	set_limit("shmmni", was.shmmni);
	set_limit("shm_next_id", 4711);
	whose = shmget(IPC_PRIVATE, PAGE, 0600);
	story_result("shmget", whose);
	shmctl(whose, IPC_RMID, NULL);
	story_child(0, create_all);
	story_child(0, create_and_die);
	story_child(0, create_locked);
}

void corners(void)
{
	static const struct {
		const char *what;
		void (*look)(void);
	} all[] = {
		{ "names", names },
		{ "flags", flags },
		{ "modes", modes },
		{ "leases", leases },
		{ "runs", runs },
		{ "times", times },
		{ "sizes", sizes },
		{ "maps", maps },
		{ "attaches", attaches },
		{ "rights", rights },
		{ "limits", limits },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		story_say("%s", all[i].what);
		all[i].look();
	}
}
