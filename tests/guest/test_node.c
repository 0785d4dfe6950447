// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl online and offline: who may, what is refused and why, what holds up memory
 * that is to be taken back, a device that goes while its RAM is the kernel's, and
 * memory that pages of processes are moved into otherwise.
 *
 * guest: MEM=1024,slots=2,maxmem=4G NO_X=1
 * guest: APPEND='memmap=128M$0x30000000' PMM_ARGS='regions=bank:128M@0x30000000'
 * guest: QEMU_ARGS='-object memory-backend-ram,id=r0,size=1024M
 * guest: -numa node,nodeid=0,cpus=0-1,memdev=r0 -numa node,nodeid=1
 * guest: -object memory-backend-ram,id=bar,share=on,size=256M -device ivshmem-plain,memdev=bar'
 *
 * timeout: 600
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "guest.h"
#include "migrate.h"
#include "node.h"

#define SIZE		(4 * MIB)
#define DEVICE_RAM	(256 * MIB)
#define AUTO_ONLINE	"/sys/devices/system/memory/auto_online_blocks"

static struct pmm_online online_arg(const char *type)
{
	struct pmm_online arg = { .size = sizeof(arg), .node = PMM_NODE_ANY };

	memcpy(arg.type, type, strlen(type));
	return arg;
}

static struct pmm_offline offline_arg(const char *type)
{
	struct pmm_offline arg = { .size = sizeof(arg) };

	memcpy(arg.type, type, strlen(type));
	return arg;
}

static void expect_online(struct pmm_online *arg, int err, unsigned int reason)
{
	arg->reason = ~0U;
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_ONLINE, arg), err);
	EXPECT_EQ(arg->reason, reason);
}

static int try_offline(struct pmm_offline *arg)
{
	return ioctl(pmm_fd(), PMM_IOC_OFFLINE, arg);
}

/* ---- arguments ---- */

static void wrong_fields(void)
{
	struct pmm_online on = online_arg(NODE_TYPE);
	struct pmm_offline off = offline_arg(NODE_TYPE);
	struct pmm_node_info info = { .size = sizeof(info) };

	on.flags = 1;
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_ONLINE, &on), EINVAL);
	on.flags = 0;
	on.size--;
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_ONLINE, &on), EINVAL);
	on = online_arg("");
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_ONLINE, &on), EINVAL);
	memset(on.type, 'a', sizeof(on.type));
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_ONLINE, &on), EINVAL);
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_ONLINE, 1UL), EFAULT);

	off.flags = 1;
	EXPECT_ERRNO(try_offline(&off), EINVAL);
	off.flags = 0;
	off.reserved = 1;
	EXPECT_ERRNO(try_offline(&off), EINVAL);
	off = offline_arg("");
	EXPECT_ERRNO(try_offline(&off), EINVAL);
	off.size = 8;
	EXPECT_ERRNO(try_offline(&off), EINVAL);

	info.flags = 1;
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_NODE, &info), EINVAL);
	info.flags = 0;
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_NODE, &info), ENOENT);
}

static void wrong_values(void)
{
	struct pmm_online on = online_arg("nonesuch");
	struct pmm_offline off = offline_arg(NODE_TYPE);

	expect_online(&on, ENOENT, PMM_ONLINE_NONE);
	on = online_arg("general");
	expect_online(&on, EOPNOTSUPP, PMM_ONLINE_NONE);
	on = online_arg(NODE_TYPE);
	on.offset = PAGE;
	expect_online(&on, EINVAL, PMM_ONLINE_SIZE);
	EXPECT_EQ(on.block_size, NODE_SIZE);
	on.offset = 0;
	on.length = NODE_SIZE - PAGE;
	expect_online(&on, EINVAL, PMM_ONLINE_SIZE);
	on.offset = ~0ULL;
	expect_online(&on, EINVAL, PMM_ONLINE_SIZE);
	on.offset = PAGE;
	on.length = ~0ULL;
	expect_online(&on, EINVAL, PMM_ONLINE_SIZE);
	on = online_arg(NODE_TYPE);
	on.node = 2;
	expect_online(&on, ENODEV, PMM_ONLINE_NODE);
	on.node = 1 << 20;
	expect_online(&on, ENODEV, PMM_ONLINE_NODE);
	on.node = -2;
	expect_online(&on, ENODEV, PMM_ONLINE_NODE);
	EXPECT_ERRNO(try_offline(&off), ENOENT);
}

static void not_for_others(void *unused)
{
	struct pmm_online on = online_arg(NODE_TYPE);
	struct pmm_offline off = offline_arg(NODE_TYPE);

	(void)unused;
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_ONLINE, &on), EPERM);
	EXPECT_ERRNO(try_offline(&off), EPERM);
}

/* What others see of it: everything but the address. */
static void others_see(void *unused)
{
	struct pmm_node_info info = { .size = sizeof(info) };

	(void)unused;
	EXPECT_OK(ioctl(pmm_fd(), PMM_IOC_NODE, &info));
	EXPECT(!strcmp(info.type, NODE_TYPE));
	EXPECT_EQ(info.first, 0);
}

static void with_blocks(void)
{
	struct pmm_alloc a = {
		.size = sizeof(a), .length = PAGE, .type = NODE_TYPE,
	};
	struct pmm_online on = online_arg(NODE_TYPE);
	int block = EXPECT_OK(try_block_alloc(&a));

	expect_online(&on, EBUSY, PMM_ONLINE_BLOCKS);
	close(block);
	block = EXPECT_OK(try_block_alloc(&a));
	close(block);
}

static void refused(void)
{
	wrong_fields();
	wrong_values();
	run_as(NOBODY, not_for_others, NULL);
	with_blocks();
}

/* ---- online ---- */

static bool iomem_has(const char *text)
{
	bool found = false;
	char line[256];
	FILE *f = fopen("/proc/iomem", "re");

	EXPECT(f);
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, text);
	fclose(f);
	return found;
}

/* Only what can be taken back again, whatever the machine does by default. */
static void movable_only(void)
{
	struct pmm_online on = online_arg(NODE_TYPE), again = on;
	char path[128], old[32], state[32];
	static const char * const others[] = { "online", "online_kernel" };
	struct pool pool;
	size_t i;

	read_line(AUTO_ONLINE, old, sizeof(old));
	write_file(AUTO_ONLINE, "online");
	EXPECT_OK(ioctl(pmm_fd(), PMM_IOC_ONLINE, &on));
	write_file(AUTO_ONLINE, old);
	EXPECT(on.first > 0 && on.length == NODE_SIZE && on.node > 0);
	EXPECT(iomem_has("System RAM (pmm)"));
	EXPECT(!pool_read_type(&pool, NODE_TYPE));

	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%llu/state",
		 (unsigned long long)on.first);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		read_line(path, state, sizeof(state));
		EXPECT(!strcmp(state, "offline"));
		EXPECT_ERRNO(try_write_file(path, others[i]), EPERM);
	}
	/* What was begun is gone on with. */
	EXPECT_EQ(node_online(NODE_TYPE), on.node);
	read_line(path, state, sizeof(state));
	EXPECT(!strcmp(state, "online"));
	expect_online(&again, EBUSY, PMM_ONLINE_ALREADY);
	EXPECT_EQ(again.node, on.node);
	EXPECT_EQ(again.first, on.first);
	EXPECT_EQ(pmmctl("online " NODE_TYPE " 2>/dev/null"), 1);
	EXPECT_ERRNO(try_module_remove(), EWOULDBLOCK);
	run_as(NOBODY, others_see, NULL);
}

/* ---- offline ---- */

/* A page of the node in a pipe, which keeps it where it is. */
static char *pin(int pipefd[2], int nid)
{
	char *p = node_map(SIZE, nid);
	struct iovec iov = { .iov_base = p, .iov_len = PAGE };

	fill(p, SIZE, 1);
	EXPECT_EQ(pages_on(p, SIZE, nid), SIZE / PAGE);
	EXPECT_OK(pipe2(pipefd, O_CLOEXEC));
	EXPECT_EQ(vmsplice(pipefd[1], &iov, 1, 0), PAGE);
	return p;
}

static void unpin(int pipefd[2])
{
	close(pipefd[0]);
	close(pipefd[1]);
}

static void killed_caller(void *unused)
{
	struct pmm_offline off = offline_arg(NODE_TYPE);

	(void)unused;
	off.timeout_ms = ~0U;
	try_offline(&off);
}

static void pinned(int nid)
{
	struct pmm_offline off = offline_arg(NODE_TYPE);
	int pipefd[2], pid;
	char *p = pin(pipefd, nid);

	off.timeout_ms = 3000;
	EXPECT_ERRNO(try_offline(&off), EBUSY);
	EXPECT(off.used >= PAGE && off.pinned >= PAGE);
	EXPECT_EQ(off.pages[0], pfn_of(p) * PAGE);
	EXPECT_EQ(node_meminfo(nid, "MemTotal"), NODE_SIZE / KIB);
	EXPECT_EQ(pmmctl("offline bank --timeout 1 2>&1 | grep -q 'are pinned by a device'"),
		  0);

	pid = child_start(0, killed_caller, NULL);
	sleep_ms(500);
	child_kill(pid);
	EXPECT_EQ(node_meminfo(nid, "MemTotal"), NODE_SIZE / KIB);

	unpin(pipefd);
	node_offline(NODE_TYPE);
	EXPECT(filled(p, SIZE, 1));
	EXPECT_EQ(pages_on(p, SIZE, 0), SIZE / PAGE);
	munmap(p, SIZE);
}

/* Nothing of what programs had there is left for the next one. */
static void a_type_again(void)
{
	struct pmm_alloc a = {
		.size = sizeof(a), .length = NODE_SIZE, .type = NODE_TYPE,
	};
	int block = EXPECT_OK(try_block_alloc(&a));
	void *p = block_map(block, NODE_SIZE);

	EXPECT(zeroed(p, NODE_SIZE));
	munmap(p, NODE_SIZE);
	close(block);
	EXPECT(!iomem_has("System RAM (pmm)"));
}

/* ---- a device ---- */

struct unbinding {
	const char *name;
	int pipefd[2];
};

static void unbind(void *arg)
{
	struct unbinding *u = arg;

	/* It has them, too, and would wait for itself. */
	unpin(u->pipefd);
	write_file(PCI_DRIVER "/unbind", u->name);
}

/* Its driver has to let go of it while a page is pinned: that waits. */
static void device(void)
{
	char name[32], type[32], path[128], state[8];
	struct unbinding u = { .name = name };
	int nid, pid, status;
	char *p;

	EXPECT(device_find(name, DEVICE_RAM));
	snprintf(type, sizeof(type), "pci-%.20s-bar%d", name, DEVICE_BAR);
	EXPECT_OK(try_part_insert("pmm_pci", ""));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override",
		 name);
	write_file(path, "pmm_pci");
	EXPECT_OK(try_device_bind(name));

	/* Half of it, then all. */
	snprintf(path, sizeof(path), "online %s --offset 128M --json", type);
	EXPECT_EQ(pmmctl(path), 0);
	node_offline(type);
	nid = node_online(type);
	EXPECT_EQ(node_meminfo(nid, "MemTotal"), DEVICE_RAM / KIB);
	p = pin(u.pipefd, nid);
	pid = child_start(0, unbind, &u);
	sleep_ms(1000);
	EXPECT_EQ(waitpid(pid, &status, WNOHANG), 0);
	EXPECT(filled(p, SIZE, 1));
	unpin(u.pipefd);
	child_wait(pid);
	EXPECT(filled(p, SIZE, 1));
	EXPECT_EQ(pages_on(p, SIZE, 0), SIZE / PAGE);
	munmap(p, SIZE);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override",
		 name);
	write_file(path, "\n");
	read_line("/sys/module/pmm_pci/refcnt", state, sizeof(state));
	EXPECT(!strcmp(state, "0"));
	test_module_remove("pmm_pci");
}

/* ---- memory that pages of processes are moved into ---- */

static void for_migration(void)
{
	struct pmm_online on = online_arg(NODE_TYPE);
	char *p = anon(SIZE);

	module_remove();
	module_insert("pool_mb=16 regions=bank:128M@0x30000000:migrate");
	fill(p, SIZE, 2);
	migrate(p, SIZE, NODE_TYPE);
	expect_online(&on, EBUSY, PMM_ONLINE_BLOCKS);
	migrate(p, SIZE, "");
	EXPECT_EQ(node_meminfo(node_online(NODE_TYPE), "MemTotal"),
		  NODE_SIZE / KIB);
	node_offline(NODE_TYPE);
	migrate(p, SIZE, NODE_TYPE);
	EXPECT(filled(p, SIZE, 2));
	EXPECT_OK(munmap(p, SIZE));
	/* As it was loaded, for other tests. */
	module_remove();
	module_insert("regions=bank:128M@0x30000000");
}

int main(void)
{
	struct pmm_node_info info = { .size = sizeof(info) };

	node_require();
	refused();
	movable_only();
	EXPECT_OK(ioctl(pmm_fd(), PMM_IOC_NODE, &info));
	EXPECT_EQ(info.online, NODE_SIZE);
	pinned(info.node);
	a_type_again();
	device();
	for_migration();
	return 0;
}
