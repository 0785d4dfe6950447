// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device goes while programs use its RAM: its driver is told to let go of it, or the
 * device itself is taken away, by sysfs or by QEMU's monitor.  Whoever has a block
 * mapped gets SIGBUS, whoever has a page pinned is waited for, nobody else notices
 * anything, and a device that comes back is empty.  Pages of processes that were moved
 * to the device are moved back, and nobody notices.
 *
 * guest: QEMU_ARGS="$(<tests/guest/device.qemu)" APPEND='memmap=64M$0x30000000' NO_X=1
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alias.h"
#include "device.h"
#include "guest.h"
#include "migrate.h"
#include "vm.h"

#define SIZE	(HUGE_PAGE + PAGE)
#define ALIAS	"/dev/shm/pmm-unplugged"

/**
 * struct victim - a block of the device, in everybody's hands
 * @block: the block fd
 * @shmid: its segment
 * @p: a mapping of the segment
 * @alias: a mapping of an alias, which is linked as ALIAS
 */
struct victim {
	int block;
	int shmid;
	char *p;
	char *alias;
};

static void victim_create(struct victim *v)
{
	int fd;

	v->block = device_alloc(SIZE);
	v->p = segment_sysv(SIZE, 0600, &v->shmid);
	EXPECT_OK(try_block_adopt(v->block, v->p, 0));
	alias_create(v->block, SIZE, 0600, ALIAS);
	fd = EXPECT_OK(open(ALIAS, O_RDWR | O_CLOEXEC));
	v->alias = map_shared(fd, SIZE);
	close(fd);
	fill(v->p, SIZE, 1);
	EXPECT(filled(v->alias, SIZE, 1));
	EXPECT(host_has(v->p, SIZE, device_offset(v->block)));
}

static void expect_lost(const struct victim *v)
{
	EXPECT_EQ(access_signal(v->p, false), SIGBUS);
	EXPECT_EQ(access_signal(v->p + SIZE - 1, true), SIGBUS);
	EXPECT_EQ(access_signal(v->alias, true), SIGBUS);
	EXPECT_ERRNO(open(ALIAS, O_RDWR), ENODEV);
	EXPECT_ERRNO(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, v->block, 0), ENODEV);
	EXPECT(block_state(v->block) & PMM_BLOCK_GONE);
}

static void victim_end(struct victim *v)
{
	EXPECT_OK(munmap(v->alias, SIZE));
	EXPECT_OK(unlink(ALIAS));
	segment_remove(v->shmid, v->p);
	close(v->block);
}

/* What has nothing to do with the device. */
static void expect_others_well(const char *p)
{
	int block = block_alloc(SIZE);

	EXPECT(filled(p, SIZE, 2));
	close(block);
}

static bool type_exists(const char *type)
{
	struct pool pool;

	return pool_read_type(&pool, type);
}

/* It comes back empty, and can be used as before. */
static void expect_back(void)
{
	int block = device_alloc(DEVICE_SIZE);
	char *p = block_map(block, DEVICE_SIZE);

	EXPECT(zeroed(p, DEVICE_SIZE));
	fill(p, SIZE, 3);
	EXPECT(host_has(p, SIZE, device_offset(block)));
	EXPECT_OK(munmap(p, DEVICE_SIZE));
	close(block);
}

static void unbind(void)
{
	device_unbind();
	device_bind();
}

static void bind_again(void)
{
	char path[128];

	device_path(path, sizeof(path), "driver_override");
	write_file(path, "pmm_pci");
	device_bind();
}

static void remove_and_rescan(void)
{
	char path[128], name[32];

	device_path(path, sizeof(path), "remove");
	write_file(path, "1");
	EXPECT(!device_find(name, DEVICE_SIZE));
	write_file("/sys/bus/pci/rescan", "1");
	bind_again();
}

/* ---- QEMU's monitor, at the other end of a virtio port ---- */

static int monitor_open(void)
{
	DIR *dir = opendir("/sys/class/virtio-ports");
	char path[512], name[64];
	struct dirent *entry;
	int fd = -1;

	EXPECT(dir);
	while (fd < 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name",
			 entry->d_name);
		read_line(path, name, sizeof(name));
		if (strcmp(name, "pmm.monitor"))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = EXPECT_OK(open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC));
	}
	closedir(dir);
	EXPECT(fd >= 0);
	return fd;
}

static void monitor_say(int monitor, const char *line)
{
	EXPECT_EQ(write(monitor, line, strlen(line)), (ssize_t)strlen(line));
}

/* What it answers within half a second, which is also for the log of the test. */
static void monitor_listen(int monitor, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	sleep_ms(500);
	while (len < size - 1 && (n = read(monitor, text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	printf("%s", text);
}

/*
 * Nothing tells when something has gone, so things are said more than once: until the
 * device is there, or is not,
 */
static void monitor_until_device(int monitor, const char *line, bool there)
{
	char name[32], text[4096];
	unsigned int tries = 120;

	while (device_find(name, DEVICE_SIZE) != there) {
		EXPECT(tries--);
		monitor_say(monitor, line);
		monitor_listen(monitor, text, sizeof(text));
	}
}

/* or until there is that answer. */
static void monitor_until(int monitor, const char *line, const char *answer)
{
	unsigned int tries = 120;
	char text[4096];

	do {
		EXPECT(tries--);
		monitor_say(monitor, line);
		monitor_listen(monitor, text, sizeof(text));
	} while (!strstr(text, answer));
}

/* Its memory does not go with it, and QEMU 7.2 cannot give it to another device. */
static void unplug_and_plug(void)
{
	int monitor = monitor_open();
	char line[512];

	monitor_until_device(monitor, "device_del dev\n", false);
	monitor_until(monitor, "object_del bar\n", "not found");
	EXPECT(getenv("OUT"));
	snprintf(line, sizeof(line), "object_add memory-backend-file,id=bar,share=on,size=32M,mem-path=%s/bar\n",
		 getenv("OUT"));
	monitor_say(monitor, line);
	monitor_until_device(monitor, "device_add ivshmem-plain,memdev=bar,id=dev,bus=root0,addr=0\n",
			     true);
	close(monitor);
	bind_again();
}

static bool hot_pluggable(void)
{
	DIR *dir = opendir("/sys/bus/pci/slots");
	struct dirent *entry;
	bool found = false;

	while (dir && (entry = readdir(dir)))
		found |= entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return found;
}

/* ---- what happens to programs ---- */

static void test_goes(void (*go)(void), const char *p)
{
	struct victim v;

	victim_create(&v);
	go();
	expect_lost(&v);
	expect_others_well(p);
	expect_back();
	expect_lost(&v);
	victim_end(&v);
}

static bool running(int pid)
{
	siginfo_t info = {};

	EXPECT_OK(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT));
	return !info.si_pid;
}

static void child_unbinds(void *unused)
{
	(void)unused;
	device_unbind();
}

/* The pages do not go before whoever has one in a pipe has let go of it. */
static void test_pinned(void)
{
	int ends[2], pid, log = kmsg_open();
	unsigned int tries = 600;
	char type[32], says[128], got[PAGE];
	struct iovec iov;
	struct victim v;

	device_type(type);
	victim_create(&v);
	EXPECT_OK(pipe2(ends, O_CLOEXEC));
	iov = (struct iovec){ v.p, PAGE };
	EXPECT_EQ(vmsplice(ends[1], &iov, 1, 0), PAGE);
	snprintf(says, sizeof(says), "removing type %s waits for block %llu of user 0, %lu KiB: its pages are pinned",
		 type, (unsigned long long)block_id(v.block), SIZE / KIB);
	pid = child_start(0, child_unbinds, NULL);
	while (!kmsg_has(log, says)) {
		EXPECT(running(pid));
		EXPECT(tries--);
		sleep_ms(100);
	}
	EXPECT_EQ(access_signal(v.p, false), SIGBUS);
	EXPECT(!type_exists(type));
	EXPECT_ERRNO(try_device_alloc(PAGE), ENOENT);
	/* Reading lets go of it. */
	EXPECT_EQ(read(ends[0], got, PAGE), PAGE);
	EXPECT(filled(got, PAGE, 1));
	child_wait(pid);
	close(ends[0]);
	close(ends[1]);
	victim_end(&v);
	close(log);
	device_bind();
	expect_back();
}

/* Pages of a process are in system RAM again, and may go back to where they were. */
static void test_migrated_goes(void (*go)(void))
{
	char type[32], *p = anon(SIZE);

	device_type(type);
	fill(p, SIZE, 4);
	migrate(p, SIZE, type);
	EXPECT_EQ(device_holds(p, SIZE), SIZE);
	go();
	EXPECT_EQ(device_holds(p, SIZE), 0);
	EXPECT(filled(p, SIZE, 4));
	migrate(p, SIZE, type);
	EXPECT_EQ(device_holds(p, SIZE), SIZE);
	EXPECT(filled(p, SIZE, 4));
	EXPECT_OK(munmap(p, SIZE));
}

static void test_migrated(void)
{
	device_unbind();
	write_file("/sys/module/pmm_pci/parameters/migrate", "1");
	device_bind();
	test_migrated_goes(remove_and_rescan);
	if (hot_pluggable())
		test_migrated_goes(unplug_and_plug);
	device_unbind();
	write_file("/sys/module/pmm_pci/parameters/migrate", "0");
	device_bind();
}

/* Blocks keep the module, though not the device. */
static void test_module(void)
{
	int block = device_alloc(PAGE);

	EXPECT_ERRNO(try_test_module_remove("pmm_pci"), EAGAIN);
	device_unbind();
	test_module_remove("pmm_pci");
	EXPECT(block_state(block) & PMM_BLOCK_GONE);
	close(block);
}

int main(void)
{
	int other = block_alloc(SIZE);
	char *p = block_map(other, SIZE);

	fill(p, SIZE, 2);
	device_load("");
	device_bind();
	test_goes(unbind, p);
	test_goes(remove_and_rescan, p);
	test_pinned();
	if (hot_pluggable())
		test_goes(unplug_and_plug, p);
	test_migrated();
	test_module();
	EXPECT_OK(munmap(p, SIZE));
	close(other);
	return 0;
}
