/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The type "bank", RAM that was set aside at boot, as ordinary RAM on a NUMA node of
 * its own: for the tests of pmmctl online.
 */
#ifndef PMM_TEST_NODE_H
#define PMM_TEST_NODE_H

#include <stdbool.h>
#include <stddef.h>

#define NODE_TYPE	"bank"
#define NODE_SIZE	(128 * MIB)

/* Skip the test where there is none for it. */
void node_require(void);
/* As pmmctl does it; the number of the node. */
int node_online(const char *type);
void node_offline(const char *type);
/* A command of pmmctl, with all that follows; its exit status. */
int pmmctl(const char *command);

/* Memory policies of this process, for what it allocates from now on. */
void policy_bind(int nid);
void policy_default(void);
/* Private, anonymous memory that is bound to a node; not touched yet. */
char *node_map(size_t size, int nid);
/* Move the pages of a range to a node; how many are there then. */
size_t node_move(void *p, size_t size, int nid);
/* On which node a page is, or a negative errno. */
int node_of(const void *p);
/* How many pages of a range are there. */
size_t pages_on(const void *p, size_t size, int nid);
/* KiB from a line of the node's meminfo, such as "MemFree". */
long node_meminfo(int nid, const char *name);

#endif /* PMM_TEST_NODE_H */
