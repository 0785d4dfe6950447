// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl online, pmmctl offline: a type's memory as ordinary RAM, and back.
 *
 * The module hands the memory to the kernel; that it may be used, and for what can
 * be moved elsewhere only, is written to sysfs, a memory block at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmmctl.h"

#define SYSFS_MEMORY	"/sys/devices/system/memory"

enum {
	OPTION_NODE = 256,
	OPTION_OFFSET,
	OPTION_SIZE,
	OPTION_TIMEOUT,
};

static const struct column columns[] = {
	{ "type", "Type", CELL_TEXT },
	{ "node", "NUMA node", CELL_NUMBER },
	{ "offset", "Offset", CELL_BYTES },
	{ "size", "Size", CELL_BYTES },
	{ "online", "Online", CELL_BYTES },
};

/* The node of a type, if it has one. */
static bool node_find(struct pmmshm *pmm, const char *type,
		      struct pmmshm_node_info *info)
{
	unsigned int i;

	for (i = 0; !pmmshm_node_get(pmm, i, info); i++)
		if (!strcmp(info->type, type))
			return true;
	return false;
}

/* ---- online ---- */

static int wanted_node = PMMSHM_NODE_ANY;
static uint64_t wanted_offset, wanted_size;

static const struct option online_options[] = {
	{ "node", required_argument, NULL, OPTION_NODE },
	{ "offset", required_argument, NULL, OPTION_OFFSET },
	{ "size", required_argument, NULL, OPTION_SIZE },
	{ 0 },
};

static void online_option(int option, const char *value)
{
	uint64_t number;

	switch (option) {
	case OPTION_NODE:
		if (!number_from_text(value, INT32_MAX, &number))
			die_usage("--node %s: not the number of a node", value);
		wanted_node = (int)number;
		break;
	case OPTION_OFFSET:
		wanted_offset = size_parse("--offset ", value);
		break;
	case OPTION_SIZE:
		wanted_size = size_parse("--size ", value);
		break;
	}
}

static int memory_open(uint64_t number, int flags)
{
	char *path = formatted(SYSFS_MEMORY "/memory%" PRIu64 "/state", number);
	int fd = open(path, flags | O_CLOEXEC);

	free(path);
	return fd;
}

static bool memory_is_online(uint64_t number)
{
	int fd = memory_open(number, O_RDONLY);
	char state[32] = "";
	bool online;

	if (fd < 0)
		return false;
	online = read(fd, state, sizeof(state) - 1) > 0 &&
		 !strncmp(state, "online", strlen("online"));
	close(fd);
	return online;
}

/* Set one memory block online.  Return: 0 or an errno. */
static int memory_online(uint64_t number)
{
	static const char state[] = "online_movable";
	int fd = memory_open(number, O_WRONLY), err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, state, strlen(state)) < 0)
		err = errno;
	close(fd);
	return err;
}

/* All that are not.  Whatever was done is undone if one of them cannot be. */
static void node_online(struct pmmshm *pmm, const struct pmmshm_node_info *info)
{
	uint64_t nr = info->length / info->block_size, i;
	int err = 0;

	/* Writing it once more to one that is online is EINVAL. */
	for (i = 0; i < nr && !err; i++)
		err = memory_is_online(info->first + i) ? 0 :
		      memory_online(info->first + i);
	if (!err)
		return;
	pmmshm_node_offline(pmm, info->type, 0);
	die("cannot use the memory of type %s: " SYSFS_MEMORY "/memory%" PRIu64 "/state: %s; it was taken back",
	    info->type, info->first + i - 1, strerror(err));
}

static void node_print(const struct pmmshm_node_info *info)
{
	struct table *table = table_new(columns, ARRAY_SIZE(columns));

	table_row(table, (const struct cell[]){
		TEXT(info->type), NUMBER((uint64_t)info->node),
		NUMBER(info->offset), NUMBER(info->length),
		NUMBER(info->online),
	});
	table_print_record(table, NULL);
	table_free(table);
}

static int online_run(char **arguments)
{
	struct pmmshm *pmm = connect_module();
	struct pmmshm_node_info info;

	/* Somebody may have been interrupted between the two steps. */
	if (node_find(pmm, arguments[0], &info) && info.online == info.length)
		die("type %s is on NUMA node %d already", info.type, info.node);
	if (!node_find(pmm, arguments[0], &info) &&
	    pmmshm_node_online(pmm, arguments[0], wanted_node, wanted_offset,
			       wanted_size))
		die("%s", pmmshm_error());
	if (!node_find(pmm, arguments[0], &info))
		die("type %s: somebody took it back at once", arguments[0]);
	if (!info.first)
		die("only root may set memory online (CAP_SYS_RAWIO)");
	node_online(pmm, &info);
	if (!node_find(pmm, arguments[0], &info))
		die("type %s: somebody took it back at once", arguments[0]);
	node_print(&info);
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_online = {
	.name = "online",
	.arguments = "TYPE",
	.summary = "make a type's memory ordinary RAM, on a NUMA node",
	.help =
	"The type must be a region: of a device, or of RAM that was set aside at boot; and it\n"
	"must have no blocks.  Any program can then use the memory: numactl --membind NODE,\n"
	"mbind, set_mempolicy, move_pages.  Only whole memory blocks of the kernel (128 MiB on\n"
	"small machines) can be handed over.\n"
	"\n"
	"      --node N     on this node, be there something or not (an empty one)\n"
	"      --offset SIZE\n"
	"      --size SIZE  only this part of the type; K, M and G may follow\n",
	.options = online_options,
	.option = online_option,
	.min = 1,
	.max = 1,
	.run = online_run,
};

/* ---- offline ---- */

static unsigned int timeout_ms;

static const struct option offline_options[] = {
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ 0 },
};

static void offline_option(int option, const char *value)
{
	(void)option;
	timeout_ms = (unsigned int)seconds_parse("--timeout", value) * 1000;
}

static int offline_run(char **arguments)
{
	struct pmmshm *pmm = connect_module();

	if (pmmshm_node_offline(pmm, arguments[0], timeout_ms))
		die("%s", pmmshm_error());
	if (as_json) {
		json_begin(NULL, '{');
		json_text("type", arguments[0]);
		json_null("node");
		json_end('}');
	}
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_offline = {
	.name = "offline",
	.arguments = "TYPE",
	.summary = "take a type's memory back, and make it a type again",
	.help =
	"What is in it is moved elsewhere.  When not all of it can be, the memory stays where\n"
	"it is, and what holds it up is told: pages that a device or a program has pinned.\n"
	"\n"
	"      --timeout SECONDS  how long to try (30)\n",
	.options = offline_options,
	.option = offline_option,
	.min = 1,
	.max = 1,
	.run = offline_run,
};
