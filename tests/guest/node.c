// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory on a NUMA node of its own; see node.h.
 */
#define _GNU_SOURCE
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "node.h"

int pmmctl(const char *command)
{
	char line[256];
	int status;

	EXPECT(snprintf(line, sizeof(line), "pmmctl %s", command) <
	       (int)sizeof(line));
	status = EXPECT_OK(system(line));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The node of a type that is one, or -1. */
static int node_number(const char *type)
{
	struct pmm_node_info info = { .size = sizeof(info) };

	while (!ioctl(pmm_fd(), PMM_IOC_NODE, &info)) {
		if (!strcmp(info.type, type))
			return info.node;
		info.index++;
	}
	return -1;
}

void node_require(void)
{
	char possible[64], with_memory[64];

	read_line("/sys/devices/system/node/possible", possible,
		  sizeof(possible));
	read_line("/sys/devices/system/node/has_memory", with_memory,
		  sizeof(with_memory));
	if (!strcmp(possible, with_memory))
		guest_skip("this kernel knows of no empty NUMA node");
}

int node_online(const char *type)
{
	char command[64];

	snprintf(command, sizeof(command), "online %s --json", type);
	EXPECT_EQ(pmmctl(command), 0);
	EXPECT(node_number(type) > 0);
	return node_number(type);
}

void node_offline(const char *type)
{
	char command[64];

	snprintf(command, sizeof(command), "offline %s --timeout 300", type);
	EXPECT_EQ(pmmctl(command), 0);
	EXPECT_EQ(node_number(type), -1);
}

void policy_bind(int nid)
{
	unsigned long mask = 1UL << nid;

	EXPECT_OK(syscall(SYS_set_mempolicy, MPOL_BIND, &mask,
			  8 * sizeof(mask)));
}

void policy_default(void)
{
	EXPECT_OK(syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0));
}

char *node_map(size_t size, int nid)
{
	unsigned long mask = 1UL << nid;
	char *p = EXPECT_OK(mmap(NULL, size, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	EXPECT_OK(syscall(SYS_mbind, p, size, MPOL_BIND, &mask,
			  8 * sizeof(mask), 0));
	return p;
}

/* Ask for pages to be moved, or with @nid -1 where they are. */
static void pages_ask(const void *p, size_t nr, int nid, int *status)
{
	void **pages = calloc(nr, sizeof(*pages));
	int *nodes = calloc(nr, sizeof(*nodes));
	size_t i;

	EXPECT(pages && nodes);
	for (i = 0; i < nr; i++) {
		pages[i] = (char *)p + i * PAGE;
		nodes[i] = nid;
	}
	EXPECT(syscall(SYS_move_pages, 0, nr, pages, nid < 0 ? NULL : nodes,
		       status, MPOL_MF_MOVE) >= 0);
	free(nodes);
	free(pages);
}

int node_of(const void *p)
{
	int status;

	pages_ask(p, 1, -1, &status);
	return status;
}

size_t pages_on(const void *p, size_t size, int nid)
{
	size_t nr = size / PAGE, there = 0, i;
	int *status = calloc(nr, sizeof(*status));

	EXPECT(status);
	pages_ask(p, nr, -1, status);
	for (i = 0; i < nr; i++)
		there += status[i] == nid;
	free(status);
	return there;
}

size_t node_move(void *p, size_t size, int nid)
{
	int *status = calloc(size / PAGE, sizeof(*status));

	EXPECT(status);
	pages_ask(p, size / PAGE, nid, status);
	free(status);
	return pages_on(p, size, nid);
}

long node_meminfo(int nid, const char *name)
{
	char path[64], line[128], key[64];
	long kib = -1;
	FILE *f;
	int node;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo",
		 nid);
	f = fopen(path, "re");
	EXPECT(f);
	while (kib < 0 && fgets(line, sizeof(line), f)) {
		long n;

		if (sscanf(line, "Node %d %63[^:]: %ld kB", &node, key, &n) == 3 &&
		    !strcmp(key, name))
			kib = n;
	}
	fclose(f);
	EXPECT(kib >= 0);
	return kib;
}
