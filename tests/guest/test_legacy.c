// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block published under a key, by the library and by hand, and what programs
 * that have never heard of PMM make of it: legacy_shm, in other processes and as
 * other users, ipcs and ipcrm.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "pmmshm.h"

#define LEGACY_DIFFERS	200
#define USERS		100	/* a group that is in use */

static char key_file[] = "/tmp/legacy.XXXXXX";
static key_t key;
static struct pmmshm *pmm;
/* The program, open: other users may not get at the tree that it is in. */
static int legacy_fd;

/**
 * struct published - a block under the key
 * @size: its size
 * @shmid: its segment
 * @data: where it is mapped here
 * @pfn: its first page
 * @block: the library's handle, or
 * @fd: the block fd
 */
struct published {
	size_t size;
	int shmid;
	unsigned char *data;
	uint64_t pfn;
	struct pmmshm_block *block;
	int fd;
};

static void publish_library(struct published *p, size_t size, int mode)
{
	p->block = pmmshm_block_publish(pmm, size, key, mode, NULL);
	if (!p->block)
		printf("%s\n", pmmshm_error());
	EXPECT(p->block);
	p->size = size;
	p->shmid = pmmshm_block_shmid(p->block);
	p->data = pmmshm_block_data(p->block);
	p->pfn = block_pfn(pmmshm_block_fd(p->block));
}

/* As <linux/pmm.h> and shmget(2) let anybody do it. */
static void publish_raw(struct published *p, size_t size, int mode)
{
	struct shmid_ds ds;

	p->block = NULL;
	p->size = size;
	p->fd = block_alloc(size);
	p->shmid = EXPECT_OK(shmget(key, size, 0600 | IPC_CREAT | IPC_EXCL));
	p->data = EXPECT_OK(shmat(p->shmid, NULL, 0));
	EXPECT_OK(try_block_adopt(p->fd, p->data, 0));
	EXPECT_OK(shmctl(p->shmid, IPC_STAT, &ds));
	ds.shm_perm.mode = mode;
	EXPECT_OK(shmctl(p->shmid, IPC_SET, &ds));
	p->pfn = block_pfn(p->fd);
}

static void unpublish(struct published *p)
{
	if (p->block) {
		pmmshm_block_free(p->block);
		return;
	}
	EXPECT_OK(shmdt(p->data));
	close(p->fd);
}

/* Become that user and group, for good. */
static void become(unsigned int uid, unsigned int gid)
{
	if (!uid)
		return;
	EXPECT_OK(setgroups(0, NULL));
	EXPECT_OK(setresgid(gid, gid, gid));
	EXPECT_OK(setresuid(uid, uid, uid));
}

/* The exit status of a program, found by @fd or, if that is -1, by name. */
static int run(unsigned int uid, unsigned int gid, int fd, char **argv)
{
	int status, pid;

	fflush(NULL);
	pid = EXPECT_OK(fork());
	if (!pid) {
		become(uid, gid);
		if (fd >= 0)
			fexecve(fd, argv, environ);
		else
			execvp(argv[0], argv);
		perror(argv[0]);
		_exit(99);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int legacy(unsigned int uid, unsigned int gid, size_t size,
		  char *what, int byte)
{
	char size_text[32], byte_text[16];
	char *argv[] = {
		"legacy_shm", key_file, size_text, what, byte_text, NULL,
	};

	snprintf(size_text, sizeof(size_text), "%zu", size);
	snprintf(byte_text, sizeof(byte_text), "%d", byte);
	return run(uid, gid, legacy_fd, argv);
}

static bool all_bytes_are(const struct published *p, int byte)
{
	return p->data[0] == byte && !memcmp(p->data, p->data + 1, p->size - 1);
}

/* Somebody else sees what we write, and we see what they write. */
static void expect_read_write(struct published *p, unsigned int uid)
{
	memset(p->data, 0x11, p->size);
	EXPECT_EQ(legacy(uid, uid, p->size, "read", 0x11), 0);
	EXPECT_EQ(legacy(uid, uid, p->size, "write", 0x22), 0);
	EXPECT(all_bytes_are(p, 0x22));
	p->data[p->size - 1] = 0x33;
	EXPECT_EQ(legacy(uid, uid, p->size, "read", 0x22), LEGACY_DIFFERS);
	p->data[p->size - 1] = 0x22;
}

static void expect_read_only(struct published *p, unsigned int uid, unsigned int gid)
{
	memset(p->data, 0x44, p->size);
	EXPECT_EQ(legacy(uid, gid, p->size, "read", 0x44), 0);
	EXPECT_EQ(legacy(uid, gid, p->size, "write", 0x55), EACCES);
	EXPECT_EQ(legacy(uid, gid, p->size, "peek", 0x44), EACCES);
	EXPECT(all_bytes_are(p, 0x44));
}

static void expect_nothing(struct published *p, unsigned int uid, unsigned int gid)
{
	EXPECT_EQ(legacy(uid, gid, p->size, "read", 0), EACCES);
	EXPECT_EQ(legacy(uid, gid, p->size, "write", 0x55), EACCES);
	EXPECT_EQ(legacy(uid, gid, p->size, "remove", 0), EPERM);
}

static void set_mode(const struct published *p, int mode, unsigned int gid)
{
	struct shmid_ds ds;

	EXPECT_OK(shmctl(p->shmid, IPC_STAT, &ds));
	ds.shm_perm.mode = mode;
	ds.shm_perm.gid = gid;
	EXPECT_OK(shmctl(p->shmid, IPC_SET, &ds));
}

/* The kernel's own rules, for a segment that holds a block. */
static void test_modes(struct published *p)
{
	expect_read_write(p, 0);
	expect_read_write(p, NOBODY);
	/* A smaller size is fine with shmget(2), a larger is not. */
	EXPECT_EQ(legacy(NOBODY, NOBODY, 1, "peek", 0x22), 0);
	EXPECT_EQ(legacy(NOBODY, NOBODY, p->size + 1, "read", 0x22), EINVAL);
	set_mode(p, 0644, 0);
	expect_read_only(p, NOBODY, NOBODY);
	set_mode(p, 0600, 0);
	expect_nothing(p, NOBODY, NOBODY);
	set_mode(p, 0640, USERS);
	expect_nothing(p, NOBODY, NOBODY);
	expect_read_only(p, NOBODY, USERS);
	set_mode(p, 0, 0);
	expect_nothing(p, NOBODY, NOBODY);
	set_mode(p, 0666, 0);
	expect_read_write(p, NOBODY);
	EXPECT(maps_block(p->data, p->size, p->pfn));
}

/* The line of a segment in the output of ipcs -m. */
static bool ipcs_line(int shmid, char *line, size_t size)
{
	FILE *f = popen("ipcs -m", "r");
	bool found = false;
	int id;

	EXPECT(f);
	while (!found && fgets(line, size, f))
		found = sscanf(line, "%*s %d", &id) == 1 && id == shmid;
	while (fgetc(f) != EOF)
		;
	EXPECT_EQ(pclose(f), 0);
	return found;
}

static void expect_in_ipcs(const struct published *p, const char *mode,
			   int attached, const char *status)
{
	char line[256], user[64] = "", perms[16] = "", state[16] = "";
	unsigned long bytes = 0;
	unsigned int shown = 0;
	int nattch = -1;

	EXPECT(ipcs_line(p->shmid, line, sizeof(line)));
	/* The status may be empty. */
	EXPECT(sscanf(line, "0x%x %*d %63s %15s %lu %d %15s", &shown, user, perms,
		      &bytes, &nattch, state) >= 5);
	EXPECT_EQ(shown, *status ? 0 : (unsigned int)key);
	EXPECT(!strcmp(user, "root"));
	EXPECT(!strcmp(perms, mode));
	EXPECT_EQ(bytes, p->size);
	EXPECT_EQ(nattch, attached);
	EXPECT(!strcmp(state, status));
}

static int ipcrm(unsigned int uid, char *option, long value)
{
	char text[32];
	char *argv[] = { "ipcrm", option, text, NULL };
	int err, null;

	snprintf(text, sizeof(text), "%ld", value);
	fflush(NULL);
	/* Its refusals are wanted, not its words. */
	err = EXPECT_OK(dup(2));
	null = EXPECT_OK(open("/dev/null", O_WRONLY | O_CLOEXEC));
	EXPECT_OK(dup2(null, 2));
	value = run(uid, uid, -1, argv);
	EXPECT_OK(dup2(err, 2));
	close(err);
	close(null);
	return value;
}

/* Removed while in use: the key is free at once, the block is not. */
static void test_remove(struct published *p, bool by_key)
{
	char line[256];

	expect_in_ipcs(p, "666", 1, "");
	EXPECT(ipcrm(NOBODY, "-m", p->shmid) != 0);
	EXPECT(ipcrm(NOBODY, "-M", key) != 0);

	fill(p->data, p->size, 7);
	EXPECT_EQ(ipcrm(0, by_key ? "-M" : "-m", by_key ? key : p->shmid), 0);
	expect_in_ipcs(p, "666", 1, "dest");
	EXPECT_EQ(legacy(0, 0, p->size, "read", 0), ENOENT);
	EXPECT(filled(p->data, p->size, 7));
	EXPECT(maps_block(p->data, p->size, p->pfn));

	unpublish(p);
	EXPECT(!ipcs_line(p->shmid, line, sizeof(line)));
	wait_pool_whole(5);
}

/* The publisher leaves, and the segment stays until somebody removes it. */
static void test_left_behind(struct published *p)
{
	struct pool pool;
	char line[256];

	memset(p->data, 0x66, p->size);
	unpublish(p);
	expect_in_ipcs(p, "666", 0, "");
	EXPECT_EQ(legacy(NOBODY, NOBODY, p->size, "read", 0x66), 0);
	EXPECT_EQ(legacy(NOBODY, NOBODY, p->size, "write", 0x77), 0);
	EXPECT_EQ(legacy(0, 0, p->size, "read", 0x77), 0);
	pool_read(&pool);
	EXPECT_EQ(pool.blocks, 1);
	EXPECT_EQ(pool.free, pool.total - pool.retired - p->size);

	EXPECT_EQ(legacy(0, 0, p->size, "remove", 0), 0);
	EXPECT(!ipcs_line(p->shmid, line, sizeof(line)));
	wait_pool_whole(5);
}

static void test_library(void)
{
	struct published p;

	publish_library(&p, HUGE_PAGE + 3 * PAGE, 0666);
	test_modes(&p);
	test_remove(&p, true);
	publish_library(&p, HUGE_PAGE, 0666);
	test_left_behind(&p);
	/* The mode counts from the start. */
	publish_library(&p, PAGE, 0644);
	expect_read_only(&p, NOBODY, NOBODY);
	EXPECT_EQ(ipcrm(0, "-m", p.shmid), 0);
	unpublish(&p);
	wait_pool_whole(5);
}

static void test_raw(void)
{
	struct published p;

	publish_raw(&p, HUGE_PAGE + PAGE, 0666);
	expect_read_write(&p, NOBODY);
	test_remove(&p, false);
}

/* A key that is taken, by whatever segment, stays what it is. */
static void test_taken_key(void)
{
	int shmid = EXPECT_OK(shmget(key, PAGE, 0600 | IPC_CREAT | IPC_EXCL));

	errno = 0;
	EXPECT(!pmmshm_block_publish(pmm, PAGE, key, 0666, NULL));
	EXPECT_EQ(errno, EEXIST);
	EXPECT_EQ(shmget(key, PAGE, 0), shmid);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	wait_pool_whole(5);
}

int main(void)
{
	legacy_fd = program_open("legacy_shm");
	close(EXPECT_OK(mkstemp(key_file)));
	key = EXPECT_OK(ftok(key_file, 'P'));
	pmm = pmmshm_open(NULL);
	EXPECT(pmm);

	test_library();
	test_raw();
	test_taken_key();

	pmmshm_close(pmm);
	unlink(key_file);
	return 0;
}
