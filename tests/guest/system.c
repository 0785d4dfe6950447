// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rest of the machine; see system.h.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#include "system.h"
#include "expect.h"

int fds_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	EXPECT(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

long zones_free(void)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	long pages = 0, value;
	char line[128];

	EXPECT(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " pages free %ld", &value) == 1 ||
		    sscanf(line, " count: %ld", &value) == 1)
			pages += value;
	fclose(f);
	return pages * (long)(PAGE / KIB);
}

long meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	size_t len = strlen(name);
	char line[128];
	long kib = -1;

	EXPECT(f);
	while (kib < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			kib = strtol(line + len + 1, NULL, 10);
	fclose(f);
	EXPECT(kib >= 0);
	return kib;
}

int try_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n, len = strlen(text);
	int err;

	if (fd < 0)
		return -1;
	n = write(fd, text, len);
	err = errno;
	close(fd);
	errno = err;
	return n == len ? 0 : -1;
}

void write_file(const char *path, const char *text)
{
	if (try_write_file(path, text)) {
		printf("%s: ", path);
		guest_fail(__FILE__, __LINE__, text);
	}
}

void read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");

	EXPECT(f);
	EXPECT(fgets(line, size, f));
	line[strcspn(line, "\n")] = 0;
	fclose(f);
}

int kmsg_open(void)
{
	int fd = EXPECT_OK(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));

	EXPECT_OK(lseek(fd, 0, SEEK_END));
	return fd;
}

bool kmsg_has(int fd, const char *text)
{
	char line[8192];
	bool found = false;
	ssize_t n;

	/* One record a read; EPIPE when some were overwritten. */
	while ((n = read(fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (n <= 0)
			continue;
		line[n] = 0;
		found |= !!strstr(line, text);
	}
	return found;
}

#define ZRAM "/sys/block/zram0/"

/* The header that mkswap(8) writes: version, last page, signature. */
static void make_swap(const char *device, unsigned int mib)
{
	static const char magic[10] = "SWAPSPACE2";
	char page[PAGE] = { 0 };
	uint32_t head[2] = { 1, mib * (MIB / PAGE) - 1 };
	int fd = EXPECT_OK(open(device, O_WRONLY | O_CLOEXEC));

	memcpy(page + 1024, head, sizeof(head));
	memcpy(page + PAGE - sizeof(magic), magic, sizeof(magic));
	EXPECT_EQ(write(fd, page, PAGE), PAGE);
	EXPECT_OK(fsync(fd));
	close(fd);
}

bool swap_start(unsigned int mib)
{
	char size[32];

	if (access(ZRAM "disksize", F_OK) && system("modprobe -q zram"))
		return false;
	snprintf(size, sizeof(size), "%uM", mib);
	if (try_write_file(ZRAM "disksize", size))
		return false;
	make_swap("/dev/zram0", mib);
	EXPECT_OK(swapon("/dev/zram0", 0));
	return true;
}

void swap_stop(void)
{
	EXPECT_OK(swapoff("/dev/zram0"));
	write_file(ZRAM "reset", "1");
}

static bool has_free_memory(long kib)
{
	write_file("/proc/sys/vm/drop_caches", "3");
	return zones_free() >= kib;
}

void wait_memory_free(long kib, double seconds)
{
	if (WITHIN(seconds, has_free_memory(kib)))
		return;
	printf("%ld KiB are free, not %ld\n", zones_free(), kib);
	EXPECT(!"so much memory is free again");
}

void run_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	EXPECT_OK(sched_setaffinity(0, sizeof(set), &set));
}

int cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

#define CGROUPS	"/sys/fs/cgroup"

bool cgroup_create(const char *path)
{
	char file[128];

	try_write_file(CGROUPS "/cgroup.subtree_control", "+memory");
	EXPECT_OK(mkdir(path, 0755));
	snprintf(file, sizeof(file), "%s/memory.current", path);
	if (!access(file, F_OK))
		return true;
	EXPECT_OK(rmdir(path));
	return false;
}

void cgroup_remove(const char *path)
{
	EXPECT_OK(rmdir(path));
}

void cgroup_enter(const char *path)
{
	cgroup_set(path, "cgroup.procs", 0);
}

long cgroup_value(const char *path, const char *file)
{
	char name[128], line[64];

	snprintf(name, sizeof(name), "%s/%s", path, file);
	read_line(name, line, sizeof(line));
	return atol(line);
}

void cgroup_set(const char *path, const char *file, long value)
{
	char name[128], text[32];

	snprintf(name, sizeof(name), "%s/%s", path, file);
	snprintf(text, sizeof(text), "%ld", value);
	write_file(name, text);
}

void tmpfs_mount(char *dir)
{
	static const char template[] = "/tmp/guest.XXXXXX";

	memcpy(dir, template, sizeof(template));
	EXPECT(mkdtemp(dir));
	EXPECT_OK(mount("guest", dir, "tmpfs", 0, "mode=1777"));
}

void tmpfs_unmount(const char *dir)
{
	EXPECT_OK(umount(dir));
	EXPECT_OK(rmdir(dir));
}
