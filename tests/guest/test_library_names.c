// SPDX-License-Identifier: GPL-2.0-only
/*
 * libpmmshm: POSIX names of blocks, as a program sees them that knows nothing but
 * POSIX (posix_shm), and as they are left when their maker is gone.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "library.h"

#define SIZE	(2 * MIB + 3 * PAGE)
#define NAME	"/pmm-name"
#define PATH	"/dev/shm" NAME

#define OPTS(...)	(&(struct pmmshm_alloc_opts){			\
				.size = sizeof(struct pmmshm_alloc_opts), \
				__VA_ARGS__ })

/* It fails with that; the call returns 0 or -1. */
#define LINK_FAILS(block, name, err, text)				\
	EXPECT_FAILS(!pmmshm_block_link(block, name, 0600, 0), err, text)

static struct pmmshm_block *new_block(size_t size, unsigned int flags)
{
	return EXPECT_GOT(pmmshm_block_alloc(pmm, size, OPTS(.flags = flags)));
}

static void link_block(struct pmmshm_block *b, const char *name, mode_t mode)
{
	EXPECT_GOT(!pmmshm_block_link(b, name, mode, 0));
}

/* So many files are names of it, once those that have ended are gone. */
static void expect_names(struct pmmshm_block *b, uint64_t n)
{
	struct pmmshm_block_info info;
	double patience = 5;

	do {
		EXPECT_EQ(pmmshm_block_get_info(b, &info), 0);
	} while (info.aliases != n && wait_more(&patience));
	EXPECT_EQ(info.aliases, n);
}

/* ---- a program that knows nothing but POSIX ---- */

static int posix_fd;

struct command {
	char *what;
	int byte;
};

static void child_runs(void *arg)
{
	struct command *c = arg;
	char byte[16], *argv[] = { "posix_shm", NAME, c->what, byte, NULL };

	snprintf(byte, sizeof(byte), "%d", c->byte);
	fexecve(posix_fd, argv, environ);
	_exit(255);
}

/* Its exit status. */
static int posix(unsigned int uid, char *what, int byte)
{
	struct command c = { what, byte };
	int pid = child_start(uid, child_runs, &c), status;

	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool all_bytes_are(const char *p, int byte)
{
	return p[0] == byte && !memcmp(p, p + 1, SIZE - 1);
}

/* Whatever the block is besides. */
static void used_by_posix(unsigned int flags)
{
	struct pmmshm_block *b = new_block(SIZE, flags);
	char *data = pmmshm_block_data(b);
	int shmid = pmmshm_block_shmid(b);

	EXPECT_EQ(posix(0, "check", 0), ENOENT);
	link_block(b, NAME, 0644);
	expect_names(b, 1);
	EXPECT_EQ(posix(0, "check", 0), 0);
	EXPECT_EQ(posix(0, "fill", 7), 0);
	EXPECT(all_bytes_are(data, 7));
	memset(data, 9, SIZE);
	EXPECT_EQ(posix(NOBODY, "check", 9), 0);
	EXPECT_EQ(posix(NOBODY, "check", 8), 200);
	EXPECT_EQ(posix(NOBODY, "fill", 3), EACCES);
	EXPECT_EQ(posix(NOBODY, "create", 0), EEXIST);
	EXPECT_EQ(posix(NOBODY, "unlink", 0), EACCES);
	EXPECT(all_bytes_are(data, 9));

	pmmshm_block_free(b);
	if (flags & PMMSHM_KEEP_SEGMENT)
		EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_EQ(posix(NOBODY, "check", 9), 0);
	EXPECT_EQ(posix(0, "unlink", 0), 0);
	EXPECT_EQ(posix(0, "check", 9), ENOENT);
	wait_pool_whole(10);
}

/* ---- a file like any other ---- */

static void list(const char *path, char *line, size_t size)
{
	char command[128];
	FILE *ls;

	snprintf(command, sizeof(command), "ls -ln %s", path);
	ls = popen(command, "r");
	EXPECT(ls && fgets(line, size, ls));
	EXPECT_EQ(pclose(ls), 0);
}

static void is_a_file(void)
{
	struct pmmshm_block *b = new_block(SIZE, 0);
	char line[256], text[64];
	struct stat st;
	char *p;
	int fd;

	link_block(b, NAME, 0640);
	list(PATH, line, sizeof(line));
	snprintf(text, sizeof(text), "-rw-r----- 1 0 0 %lu ", SIZE);
	EXPECT(!strncmp(line, text, strlen(text)));
	EXPECT_OK(rename(PATH, PATH "-2"));
	EXPECT_ERRNO(shm_open(NAME, O_RDWR, 0), ENOENT);
	fd = EXPECT_OK(shm_open(NAME "-2", O_RDWR, 0));
	EXPECT_OK(fstat(fd, &st));
	EXPECT_EQ(st.st_mode, S_IFREG | 0640);
	EXPECT_EQ(st.st_size, SIZE);
	EXPECT_EQ(st.st_nlink, 1);
	EXPECT_OK(ftruncate(fd, SIZE));
	EXPECT_ERRNO(ftruncate(fd, 0), EPERM);
	EXPECT_ERRNO(shm_open(NAME "-2", O_RDWR | O_TRUNC, 0), EPERM);
	p = map_shared(fd, SIZE);
	close(fd);
	EXPECT(maps_block(p, SIZE, block_pfn(pmmshm_block_fd(b))));
	EXPECT_OK(munmap(p, SIZE));
	EXPECT_OK(shm_unlink(NAME "-2"));
	pmmshm_block_free(b);
	wait_pool_whole(10);
}

/* ---- modes ---- */

static const struct {
	mode_t mode, umask, is;
} modes[] = {
	{ 0666, 022, 0644 }, { 0666, 0, 0666 }, { 0777, 027, 0750 },
	{ 0600, 0777, 0 }, { 0400, 022, 0400 }, { 0, 0, 0 }, { 0206, 02, 0204 },
};

static void try_mode(struct pmmshm_block *b, size_t i)
{
	mode_t was = umask(modes[i].umask);
	struct stat st;

	link_block(b, NAME, modes[i].mode);
	umask(was);
	EXPECT_OK(stat(PATH, &st));
	EXPECT_EQ(st.st_mode, S_IFREG | modes[i].is);
	EXPECT_EQ(st.st_size, SIZE);
	EXPECT_EQ(st.st_uid, getuid());
	EXPECT_OK(shm_unlink(NAME));
}

/* Without any right of root, not even a mode that forbids it to himself fails. */
static void child_has_modes(void *unused)
{
	struct pmmshm_block *b = new_block(SIZE, 0);
	char *p;
	size_t i;
	int fd;

	(void)unused;
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		try_mode(b, i);
	link_block(b, NAME, 0400);
	EXPECT_ERRNO(shm_open(NAME, O_RDWR, 0), EACCES);
	fd = EXPECT_OK(shm_open(NAME, O_RDONLY, 0));
	EXPECT_ERRNO(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
		     EACCES);
	p = EXPECT_OK(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_ERRNO(mprotect(p, SIZE, PROT_READ | PROT_WRITE), EACCES);
	fill(pmmshm_block_data(b), SIZE, 4);
	EXPECT(filled(p, SIZE, 4));
	EXPECT_FAILS(pmmshm_block_import_name(pmm, NAME, O_RDWR), EACCES,
		     "it belongs to user 65534 and has mode 0400; ask for O_RDONLY");
	EXPECT_OK(shm_unlink(NAME));
	close(fd);
	pmmshm_block_free(b);
}

/* ---- names that are taken ---- */

static void never_replaces(void)
{
	struct pmmshm_block *b = new_block(SIZE, 0), *c = new_block(PAGE, 0);
	char text[8] = "";
	int fd;

	link_block(b, NAME, 0600);
	LINK_FAILS(b, NAME, EEXIST, "the name is taken");
	LINK_FAILS(c, NAME, EEXIST, "the name is taken");
	expect_names(b, 1);
	EXPECT_OK(shm_unlink(NAME));
	fd = EXPECT_OK(shm_open(NAME, O_RDWR | O_CREAT | O_EXCL, 0600));
	EXPECT_EQ(write(fd, "mine", 4), 4);
	LINK_FAILS(b, NAME, EEXIST, "shm_unlink() that one");
	EXPECT_EQ(pread(fd, text, sizeof(text), 0), 4);
	EXPECT(!strcmp(text, "mine"));
	close(fd);
	EXPECT_FAILS(pmmshm_block_import_name(pmm, NAME, O_RDWR), ENOENT,
		     "there is no pmm block behind '" NAME "'");
	EXPECT_OK(shm_unlink(NAME));
	/* Nor does it follow or replace a link to nowhere. */
	EXPECT_OK(symlink("nowhere", PATH));
	LINK_FAILS(b, NAME, EEXIST, "the name is taken");
	EXPECT_FAILS(pmmshm_block_import_name(pmm, NAME, O_RDWR), ELOOP,
		     "is a symbolic link");
	EXPECT_OK(unlink(PATH));
	/* What is no memory at all does not stop it. */
	EXPECT_OK(mkfifo(PATH, 0600));
	EXPECT_FAILS(pmmshm_block_import_name(pmm, NAME, O_RDONLY), ENOENT,
		     "there is no pmm block behind");
	EXPECT_OK(unlink(PATH));
	/* What is no longer there is free. */
	link_block(c, NAME, 0600);
	EXPECT_OK(shm_unlink(NAME));
	pmmshm_block_free(b);
	pmmshm_block_free(c);
	wait_pool_whole(10);
}

#define RACERS	6

static void child_races(void *arg)
{
	struct pmmshm_block *b = new_block(PAGE, 0);
	char c;

	/* All start when the writing end is closed. */
	EXPECT_EQ(read(*(int *)arg, &c, 1), 0);
	if (!pmmshm_block_link(b, NAME, 0600, 0))
		_exit(EXIT_SUCCESS);
	_exit(errno == EEXIST ? 100 : EXIT_FAILURE);
}

/* Of several at once, one gets it. */
static void one_wins(void)
{
	int pids[RACERS], pipes[2], i, status, won = 0;

	EXPECT_OK(pipe2(pipes, O_CLOEXEC));
	for (i = 0; i < RACERS; i++) {
		pids[i] = EXPECT_OK(fork());
		if (!pids[i]) {
			close(pipes[1]);
			child_races(&pipes[0]);
		}
	}
	close(pipes[0]);
	close(pipes[1]);
	for (i = 0; i < RACERS; i++) {
		EXPECT_EQ(waitpid(pids[i], &status, 0), pids[i]);
		EXPECT(WIFEXITED(status));
		EXPECT(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 100);
		won += WEXITSTATUS(status) == 0;
	}
	EXPECT_EQ(won, 1);
	EXPECT_OK(shm_unlink(NAME));
	wait_pool_whole(10);
}

/* ---- makers that are killed ---- */

#define NAMES	5

static void numbered(char name[64], int i)
{
	snprintf(name, 64, NAME "-%d", i);
}

static void child_names(void *arg)
{
	struct pmmshm_block *b = new_block(SIZE, *(unsigned int *)arg);
	char name[64];
	int i;

	for (i = 0; i < NAMES; i++) {
		numbered(name, i);
		link_block(b, name, 0600);
	}
	expect_names(b, NAMES);
	fill(pmmshm_block_data(b), SIZE, 5);
	kill(getpid(), SIGKILL);
}

static void outlive_their_maker(unsigned int flags)
{
	int pid = child_start(0, child_names, &flags), status, i;
	struct pmmshm_block *b;
	char name[64];

	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	for (i = 0; i < NAMES; i++) {
		numbered(name, i);
		b = EXPECT_GOT(pmmshm_block_import_name(pmm, name, O_RDWR));
		EXPECT_EQ(pmmshm_block_size(b), SIZE);
		EXPECT(filled(pmmshm_block_data(b), SIZE, 5 + i));
		fill(pmmshm_block_data(b), SIZE, 6 + i);
		pmmshm_block_free(b);
		EXPECT_OK(shm_unlink(name));
	}
	wait_pool_whole(10);
}

static void child_links_for_ever(void *unused)
{
	struct pmmshm_block *b = new_block(PAGE, PMMSHM_NO_SEGMENT);

	(void)unused;
	for (;;) {
		link_block(b, NAME, 0600);
		EXPECT_OK(shm_unlink(NAME));
	}
}

/* Whenever that happens, what is there is a name, and all that it should be. */
static void killed_at_any_time(void)
{
	struct pmmshm_block *b;
	int i, pid, there = 0;

	for (i = 0; i < 60; i++) {
		pid = child_start(0, child_links_for_ever, NULL);
		sleep_ms(5 + i % 20);
		child_kill(pid);
		b = pmmshm_block_import_name(pmm, NAME, O_RDWR);
		if (b) {
			there++;
			EXPECT_EQ(pmmshm_block_size(b), PAGE);
			EXPECT(zeroed(pmmshm_block_data(b), PAGE));
			pmmshm_block_free(b);
			EXPECT_OK(shm_unlink(NAME));
		} else {
			EXPECT_EQ(errno, ENOENT);
			EXPECT(strstr(pmmshm_error(), "no shared memory"));
		}
		wait_pool_whole(10);
	}
	printf("%d of 60 had the name\n", there);
}

/* ---- what is told where it cannot be done ---- */

static void child_may_not(void *arg)
{
	LINK_FAILS(arg, NAME, EACCES, "may not make files in /dev/shm");
}

static void mount_over(const char *dir, const char *type, const char *options)
{
	EXPECT_OK(unshare(CLONE_NEWNS));
	EXPECT_OK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	EXPECT_OK(mount("none", dir, type, 0, options));
}

static void child_without_tmpfs(void *arg)
{
	/* In this one, files without a name can be made. */
	mount_over("/dev/shm", "ramfs", NULL);
	LINK_FAILS(arg, NAME, EOPNOTSUPP, "/dev/shm is not a tmpfs");
	EXPECT_OK(mount("none", "/dev/shm", "sysfs", 0, NULL));
	LINK_FAILS(arg, NAME, EOPNOTSUPP, "/dev/shm is not a tmpfs");
}

static void child_without_room(void *arg)
{
	mount_over("/dev/shm", "tmpfs", "nr_inodes=2");
	link_block(arg, NAME, 0600);
	LINK_FAILS(arg, NAME "-2", ENOSPC, "with a larger nr_inodes");
	EXPECT_OK(shm_unlink(NAME));
	/* Pages are the block's: they are not counted there. */
	EXPECT_OK(mount("none", "/dev/shm", "tmpfs", 0, "size=4k,mode=1777"));
	link_block(arg, NAME, 0600);
	EXPECT_OK(shm_unlink(NAME));
}

static void child_without_proc(void *arg)
{
	mount_over("/proc", "tmpfs", NULL);
	LINK_FAILS(arg, NAME, ENOENT, "/proc is not mounted");
}

static void child_without_shm(void *arg)
{
	mount_over("/dev", "tmpfs", NULL);
	LINK_FAILS(arg, NAME, ENOENT, "there is no directory /dev/shm");
}

static void home_is_a_file(void)
{
	struct pmmshm_block *b;
	int block, fd;
	void *p;

	block = block_tmpfile("/dev/shm", SIZE, &fd, &p);
	/* Only that file can be mapped, but the module cannot do it. */
	EXPECT_FAILS(pmmshm_block_import_fd(pmm, block, O_RDWR), EOPNOTSUPP,
		     "open and map it by its own name");
	link_tmpfile(fd, PATH);
	b = EXPECT_GOT(pmmshm_block_import_name(pmm, NAME, O_RDONLY));
	fill(p, SIZE, 6);
	EXPECT(filled(pmmshm_block_data(b), SIZE, 6));
	EXPECT_ERRNO(mprotect(pmmshm_block_data(b), SIZE,
			      PROT_READ | PROT_WRITE), EACCES);
	pmmshm_block_free(b);
	b = EXPECT_GOT(pmmshm_block_import_name(pmm, NAME, O_RDWR));
	EXPECT_OK(shm_unlink(NAME));
	fill(pmmshm_block_data(b), SIZE, 7);
	EXPECT(filled(p, SIZE, 7));
	LINK_FAILS(b, NAME, EOPNOTSUPP,
		   "its home is a file of a mounted file system");
	EXPECT_FAILS(pmmshm_block_import_fd(pmm, fd, O_RDONLY), EOPNOTSUPP,
		     "open it by its own name");
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
	pmmshm_block_free(b);
	wait_pool_whole(10);
}

static void reasons(void)
{
	struct pmmshm_block *b = new_block(SIZE, 0);
	struct stat st;

	EXPECT_OK(stat("/dev/shm", &st));
	EXPECT_OK(chmod("/dev/shm", 0755));
	run_as(NOBODY, child_may_not, b);
	EXPECT_OK(chmod("/dev/shm", st.st_mode & 07777));
	run_as(0, child_without_tmpfs, b);
	run_as(0, child_without_room, b);
	run_as(0, child_without_proc, b);
	run_as(0, child_without_shm, b);
	expect_names(b, 0);
	pmmshm_block_free(b);
	wait_pool_whole(10);
}

int main(void)
{
	library_open();
	posix_fd = program_open("posix_shm");
	used_by_posix(0);
	used_by_posix(PMMSHM_NO_SEGMENT);
	used_by_posix(PMMSHM_KEEP_SEGMENT);
	is_a_file();
	run_as(NOBODY, child_has_modes, NULL);
	never_replaces();
	one_wins();
	outlive_their_maker(0);
	outlive_their_maker(PMMSHM_NO_SEGMENT);
	killed_at_any_time();
	reasons();
	home_is_a_file();
	library_close();
	return 0;
}
