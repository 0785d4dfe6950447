// SPDX-License-Identifier: GPL-2.0-only
/*
 * Containers: what belongs to a namespace is to be had only there, what is passed by
 * an open file goes everywhere, and the end of a container is the end of all names
 * that were in it.
 *
 * A container here is what any user can make: user, IPC, mount and PID namespaces of
 * his own, in which he is root, with a /dev/shm and a /proc of its own.  The fd of
 * /dev/pmm is given to him.  What limits him is tested in test_quota.c.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alias.h"
#include "guest.h"

#define SIZE	(2 * MIB + PAGE)
#define KEY	0x504d4d6e
#define PATH	"/dev/shm/pmm-namespace"

static int try_reopen(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

/* ---- a container ---- */

struct container {
	void (*run)(void *arg);
	void *arg;
};

/* The first process in it. */
static void container_main(void *arg)
{
	struct container *c = arg;

	EXPECT_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	EXPECT_OK(mount("proc", "/proc", "proc", 0, NULL));
	EXPECT_OK(mount("shm", "/dev/shm", "tmpfs", 0, "mode=1777"));
	c->run(c->arg);
}

static void container_start(void *arg)
{
	unsigned int uid = getuid(), gid = getgid();
	char map[32];

	if (unshare(CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWPID))
		guest_fail(__FILE__, __LINE__, "unshare");
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_file("/proc/self/gid_map", map);
	EXPECT_EQ(getuid(), 0);
	run_as(0, container_main, arg);
}

/* One that a user makes who has no rights at all. */
static int container(unsigned int uid, void (*run)(void *), void *arg)
{
	struct container c = { run, arg };

	return child_start(uid, container_start, &c);
}

static void in_container(void (*run)(void *), void *arg)
{
	child_wait(container(NOBODY, run, arg));
}

/* ---- segments ---- */

struct shared {
	int block, home, readonly, dmabuf, file;
	int shmid;
	char *p;
	uint64_t id;
};

/* Neither its key nor its id means anything here. */
static void sees_no_segment(void *arg)
{
	struct shared *s = arg;
	struct pmm_block_info info;
	int shmid, block;
	void *p;

	EXPECT_ERRNO(shmget(KEY, 0, 0), ENOENT);
	EXPECT_ERRNO(shmat(s->shmid, NULL, 0), EINVAL);
	EXPECT_ERRNO(shmctl(s->shmid, IPC_RMID, NULL), EINVAL);
	/* The same key, and likely the same id: another block. */
	block = block_alloc(SIZE);
	shmid = EXPECT_OK(shmget(KEY, SIZE, IPC_CREAT | IPC_EXCL | 0600));
	p = EXPECT_OK(shmat(shmid, NULL, 0));
	EXPECT_OK(try_block_adopt(block, p, 0));
	EXPECT(zeroed(p, SIZE));
	fill(p, SIZE, 2);
	block_info(block, &info);
	EXPECT(info.id != s->id);
	EXPECT_EQ(info.home_ino, shmid);
	/* What was inherited is still that of before. */
	EXPECT(filled(s->p, SIZE, 1));
	block = EXPECT_OK(try_find_address(s->p));
	EXPECT_EQ(block_id(block), s->id);
	/* Nobody removes it: that is left to the end of the namespace. */
}

static void in_ipc_namespace(void *arg)
{
	EXPECT_OK(unshare(CLONE_NEWIPC));
	sees_no_segment(arg);
}

static void segment_create(struct shared *s, int mode)
{
	s->block = block_alloc(SIZE);
	s->id = block_id(s->block);
	s->shmid = EXPECT_OK(shmget(KEY, SIZE, IPC_CREAT | IPC_EXCL | mode));
	s->p = EXPECT_OK(shmat(s->shmid, NULL, 0));
	EXPECT_OK(try_block_adopt(s->block, s->p, 0));
	fill(s->p, SIZE, 1);
}

static void test_segments(void)
{
	struct shared s;

	segment_create(&s, 0666);
	run_as(0, in_ipc_namespace, &s);
	in_container(sees_no_segment, &s);
	/* Gone with their namespaces, and ours untouched. */
	EXPECT(WITHIN(30, pool_has_blocks(1)));
	EXPECT_EQ(shmget(KEY, 0, 0), s.shmid);
	EXPECT(filled(s.p, SIZE, 1));
	close(s.block);
	segment_remove(s.shmid, s.p);
	wait_pool_whole(10);
}

/* ---- open files ---- */

static void expect_maps(int fd, uint64_t seed)
{
	void *p = map_shared(fd, SIZE);

	EXPECT(filled(p, SIZE, seed));
	fill(p, SIZE, seed + 1);
	EXPECT_OK(munmap(p, SIZE));
}

/* All that it has of the block came through this socket. */
static void receives_files(void *arg)
{
	char space[CMSG_SPACE(3 * sizeof(int))], byte;
	struct iovec v = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	int fds[3], i, found;
	struct cmsghdr *c;

	EXPECT_EQ(recvmsg(*(int *)arg, &m, MSG_CMSG_CLOEXEC), 1);
	c = CMSG_FIRSTHDR(&m);
	EXPECT(c);
	memcpy(fds, CMSG_DATA(c), sizeof(fds));
	for (i = 0; i < 3; i++) {
		expect_maps(fds[i], 1 + i);
		found = EXPECT_OK(try_find_fd(fds[i]));
		EXPECT(!(block_state(found) & PMM_BLOCK_READONLY));
		close(found);
		close(fds[i]);
	}
}

static void send_files(int socket, const int *fds)
{
	union {
		char space[CMSG_SPACE(3 * sizeof(int))];
		struct cmsghdr header;
	} c = { 0 };
	struct iovec v = { "x", 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1,
		.msg_control = &c, .msg_controllen = sizeof(c),
	};

	c.header.cmsg_len = CMSG_LEN(3 * sizeof(int));
	c.header.cmsg_level = SOL_SOCKET;
	c.header.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&c.header), fds, 3 * sizeof(int));
	EXPECT_EQ(sendmsg(socket, &m, 0), 1);
}

/* The block's own, its home's, and its dma-buf's; the last does not need dma-bufs. */
static void test_files(void)
{
	int sockets[2], pid, fds[3], i;
	char *p;

	EXPECT_OK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets));
	pid = container(NOBODY, receives_files, &sockets[1]);
	fds[0] = block_alloc(SIZE);
	p = block_map(fds[0], SIZE);
	fill(p, SIZE, 1);
	fds[1] = EXPECT_OK(try_block_home_fd(fds[0], 0));
	fds[2] = try_block_dmabuf(fds[0]);
	if (fds[2] < 0)
		fds[2] = dup(fds[0]);
	send_files(sockets[0], fds);
	child_wait(pid);
	EXPECT(filled(p, SIZE, 4));
	for (i = 0; i < 3; i++)
		close(fds[i]);
	close(sockets[0]);
	close(sockets[1]);
	EXPECT_OK(munmap(p, SIZE));
	wait_pool_whole(10);
}

/* ---- what its root may not ---- */

static void gains_nothing(void *arg)
{
	struct shared *s = arg;
	struct pmm_block_info info;
	int block, fd;
	void *p;

	EXPECT_EQ(getuid(), 0);
	/* A physical address. */
	block = EXPECT_OK(try_find_fd(s->block));
	block_info(block, &info);
	EXPECT_EQ(info.phys, 0);
	close(block);
	/* The right to write to what was given for reading. */
	EXPECT_ERRNO(try_reopen(s->readonly, O_RDWR), EACCES);
	block = EXPECT_OK(try_find_fd(s->readonly));
	EXPECT(block_state(block) & PMM_BLOCK_READONLY);
	EXPECT_ERRNO(try_block_home_fd(block, 0), EACCES);
	EXPECT_ERRNO(try_block_dmabuf(block), EACCES);
	EXPECT_ERRNO(mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, block, 0), EACCES);
	close(block);
	/* Somebody else's file, which he may write to, as home or as alias. */
	block = block_alloc(SIZE);
	p = map_shared(s->file, SIZE);
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EPERM);
	EXPECT_OK(munmap(p, SIZE));
	EXPECT_ERRNO(try_block_alias(block, s->file), EPERM);
	/* A file of his own is his. */
	fd = alias_file("/dev/shm", SIZE, 0600);
	EXPECT_OK(try_block_alias(block, fd));
	close(fd);
}

static void test_rights(void)
{
	struct shared s = { .block = block_alloc(SIZE) };

	s.home = EXPECT_OK(try_block_home_fd(s.block, 0));
	s.readonly = EXPECT_OK(try_block_home_fd(s.block, PMM_HOME_RDONLY));
	s.file = alias_file("/dev/shm", SIZE, 0666);
	in_container(gains_nothing, &s);
	close(s.block);
	close(s.home);
	close(s.readonly);
	close(s.file);
	wait_pool_whole(10);
}

/* ---- its own /dev/shm, and its end ---- */

/* Everything there is, alive to the last; then it waits to be killed. */
static void uses_all(void *arg)
{
	int block, shmid, fd, memfd;
	struct stat st;
	void *p, *q;

	EXPECT_ERRNO(open(PATH, O_RDWR | O_CLOEXEC), ENOENT);
	block = block_sysv(SIZE, 0600, &shmid, &p);
	fill(p, SIZE, 3);
	alias_create(block, SIZE, 0600, PATH);
	fd = EXPECT_OK(open(PATH, O_RDWR | O_CLOEXEC));
	q = map_shared(fd, SIZE);
	EXPECT(filled(q, SIZE, 3));
	try_block_dmabuf(block);
	block_memfd(SIZE, &memfd, &p);
	/* Open without a name, which its file system's end has to wait for. */
	fd = alias_file("/dev/shm", SIZE, 0600);
	EXPECT_OK(try_block_alias(block, fd));
	link_tmpfile(fd, PATH "-open");
	EXPECT_OK(unlink(PATH "-open"));
	/* A home there cannot be named there: they would keep each other. */
	block = block_tmpfile("/dev/shm", SIZE, &fd, &p);
	EXPECT_ERRNO(try_block_alias(block, alias_file("/dev/shm", SIZE, 0600)),
		     EOPNOTSUPP);
	link_tmpfile(fd, PATH "-home");
	EXPECT_OK(fstat(fd, &st));
	EXPECT_EQ(write(*(int *)arg, &st.st_dev, sizeof(st.st_dev)),
		  sizeof(st.st_dev));
	pause();
}

#define MOUNTS 16

/*
 * Has the file system of that number gone?  New ones get the lowest that are free,
 * so that one of a few would get it.
 */
static bool device_free(dev_t device)
{
	char dirs[MOUNTS][64];
	bool found = false;
	struct stat st;
	int n = 0;

	while (n < MOUNTS && !found) {
		tmpfs_mount(dirs[n]);
		EXPECT_OK(stat(dirs[n++], &st));
		found = st.st_dev == device;
	}
	while (n)
		tmpfs_unmount(dirs[--n]);
	return found;
}

/* With SIGKILL, or with a signal that its maker could have handled. */
static void test_end(int signal)
{
	struct stat st;
	int pipes[2], pid;
	dev_t device;

	EXPECT_OK(pipe2(pipes, O_CLOEXEC));
	pid = container(NOBODY, uses_all, &pipes[1]);
	close(pipes[1]);
	EXPECT_EQ(read(pipes[0], &device, sizeof(device)), sizeof(device));
	/* Its names are not ours. */
	EXPECT_ERRNO(stat(PATH, &st), ENOENT);
	EXPECT(!pool_whole());
	EXPECT(!device_free(device));
	/* Its first process goes with its maker. */
	EXPECT_OK(kill(pid, signal));
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
	close(pipes[0]);
	wait_pool_whole(10);
	/* Its /dev/shm has gone, too. */
	EXPECT(WITHIN(30, device_free(device)));
}

/* ---- mount namespaces alone ---- */

static char dir[64];

/* A name in a file system of ours, which somebody else keeps mounted. */
static void keeps_mount(void *arg)
{
	int *pipes = arg;
	char byte, path[96];
	int fd;

	EXPECT_OK(unshare(CLONE_NEWNS));
	EXPECT_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	close(pipes[3]);
	EXPECT_EQ(write(pipes[1], "r", 1), 1);
	EXPECT_EQ(read(pipes[2], &byte, 1), 0);
	snprintf(path, sizeof(path), "%s/name", dir);
	fd = EXPECT_OK(open(path, O_RDWR | O_CLOEXEC));
	expect_maps(fd, 1);
	close(fd);
}

/* Unmounted here, it is there as long as it is mounted anywhere. */
static void test_mounts(void)
{
	int block = block_alloc(SIZE), pipes[4], pid;
	char *p = block_map(block, SIZE), byte, path[96];

	fill(p, SIZE, 1);
	EXPECT_OK(munmap(p, SIZE));
	tmpfs_mount(dir);
	snprintf(path, sizeof(path), "%s/name", dir);
	alias_create(block, SIZE, 0600, path);
	close(block);
	EXPECT_OK(pipe2(pipes, O_CLOEXEC));
	EXPECT_OK(pipe2(pipes + 2, O_CLOEXEC));
	pid = child_start(0, keeps_mount, pipes);
	EXPECT_EQ(read(pipes[0], &byte, 1), 1);
	EXPECT_OK(umount(dir));
	EXPECT(WITHIN(30, pool_has_blocks(1)));
	close(pipes[3]);
	child_wait(pid);
	wait_pool_whole(10);
	close(pipes[0]);
	close(pipes[1]);
	close(pipes[2]);
	EXPECT_OK(rmdir(dir));
}

static bool user_namespaces(void)
{
	int pid = EXPECT_OK(fork()), status;

	if (!pid)
		_exit(unshare(CLONE_NEWUSER) ? 1 : 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	return !status;
}

int main(void)
{
	if (!user_namespaces())
		guest_skip("this kernel has no user namespaces");
	test_segments();
	test_files();
	test_rights();
	test_end(SIGKILL);
	test_end(SIGTERM);
	test_mounts();
	return 0;
}
