// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl alloc, publish, link, rm: blocks for scripts.
 *
 * A block of a script's lives by its name, and until that is removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "pmmctl.h"

enum {
	OPTION_TYPE = 256,
	OPTION_ALIGN,
	OPTION_MODE,
};

static const struct option options[] = {
	{ "type", required_argument, NULL, OPTION_TYPE },
	{ "align", required_argument, NULL, OPTION_ALIGN },
	{ "mode", required_argument, NULL, OPTION_MODE },
	{ 0 },
};

static const struct option link_options[] = {
	{ "mode", required_argument, NULL, OPTION_MODE },
	{ 0 },
};

#define HELP_OPTIONS							\
	"      --type TYPE   of this type (the default one)\n"		\
	"      --align SIZE  of this physical alignment (the natural one)\n"

#define HELP_MODE							\
	"      --mode MODE   with these permission bits, in octal (600)\n"

static const char *type;
static uint64_t align;
static mode_t mode = 0600;

static mode_t mode_parse(const char *text)
{
	char *end;
	unsigned long bits = strtoul(text, &end, 8);

	if (*text < '0' || *text > '7' || *end || bits > 0777)
		die_usage("--mode %s: not permission bits, such as 640", text);
	return (mode_t)bits;
}

static void set_option(int option, const char *value)
{
	switch (option) {
	case OPTION_TYPE:
		type = value;
		break;
	case OPTION_ALIGN:
		align = size_parse("--align ", value);
		break;
	case OPTION_MODE:
		mode = mode_parse(value);
		break;
	}
}

/* The name of a new block, and what else scripts want to know. */
static int print_made(struct pmmshm_block *block)
{
	struct pmmshm_block_info info;
	char *name;

	if (!block || pmmshm_block_get_info(block, &info))
		die("%s", pmmshm_error());
	name = formatted("sysv:%d", pmmshm_block_shmid(block));
	if (as_json) {
		json_begin(NULL, '{');
		json_number("id", info.id);
		json_number("size", info.length);
		json_text("type", info.type);
		json_text("name", name);
		json_end('}');
	} else {
		puts(name);
	}
	free(name);
	pmmshm_block_free(block);
	return EXIT_SUCCESS;
}

static int alloc_run(char **arguments)
{
	struct pmmshm_alloc_opts opts = {
		.size = sizeof(opts),
		.flags = PMMSHM_KEEP_SEGMENT,
		.align = align,
		.type = type,
		.mode = mode,
	};
	struct pmmshm *pmm = connect_module();

	return print_made(pmmshm_block_alloc(pmm, size_parse("", arguments[0]),
					     &opts));
}

const struct command command_alloc = {
	.name = "alloc",
	.arguments = "SIZE",
	.summary = "allocate a block, and print its name",
	.help =
	"It is a System V segment, and lives until it is removed: pmmctl rm sysv:SHMID, or\n"
	"ipcrm -m SHMID.  K, M and G may follow SIZE.\n"
	"\n"
	HELP_OPTIONS HELP_MODE,
	.options = options,
	.option = set_option,
	.min = 1,
	.max = 1,
	.run = alloc_run,
};

static key_t key_parse(const char *text)
{
	unsigned long key;
	char *end;

	errno = 0;
	key = strtoul(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || errno || key > UINT32_MAX ||
	    !key)
		die_usage("'%s' is no key: give a number, such as 0x1234",
			  text);
	return (key_t)key;
}

static int publish_run(char **arguments)
{
	struct pmmshm_alloc_opts opts = {
		.size = sizeof(opts), .align = align, .type = type,
	};
	struct pmmshm *pmm = connect_module();

	return print_made(pmmshm_block_publish(pmm,
					       size_parse("", arguments[0]),
					       key_parse(arguments[1]), mode,
					       &opts));
}

const struct command command_publish = {
	.name = "publish",
	.arguments = "SIZE KEY",
	.summary = "allocate a block under a System V key, and print its name",
	.help =
	"Programs that call shmget() with that key then get the block.\n"
	"\n"
	HELP_OPTIONS HELP_MODE,
	.options = options,
	.option = set_option,
	.min = 2,
	.max = 2,
	.run = publish_run,
};

static int link_run(char **arguments)
{
	struct pmmshm *pmm = connect_module();
	struct pmmshm_block *block = block_import(pmm, arguments[0], true);

	if (!block || pmmshm_block_link(block, arguments[1], mode, 0))
		die("%s", pmmshm_error());
	pmmshm_block_free(block);
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_link = {
	.name = "link",
	.arguments = "sysv:SHMID|/NAME /NEW-NAME",
	.summary = "give a block one more POSIX name",
	.help =
	"The name keeps the block until it is removed: pmmctl rm /NAME.\n"
	"\n"
	HELP_MODE,
	.options = link_options,
	.option = set_option,
	.min = 2,
	.max = 2,
	.run = link_run,
};

/* Whatever else has such a name is none of ours. */
static int rm_run(char **arguments)
{
	struct pmmshm *pmm = connect_module();
	struct pmmshm_block *block = block_import(pmm, arguments[0], false);
	int err;

	if (!block)
		die("%s", pmmshm_error());
	pmmshm_block_free(block);
	err = *arguments[0] == '/' ? shm_unlink(arguments[0]) :
	      shmctl((int)strtol(arguments[0] + strlen("sysv:"), NULL, 10),
		     IPC_RMID, NULL);
	if (err)
		die("cannot remove %s: %s", arguments[0], strerror(errno));
	pmmshm_close(pmm);
	return EXIT_SUCCESS;
}

const struct command command_rm = {
	.name = "rm",
	.arguments = "sysv:SHMID|/NAME",
	.summary = "remove a name of a block",
	.help =
	"The block's memory is free when its last name and its last user are gone.  What is no\n"
	"block is left alone.\n"
	"\n",
	.min = 1,
	.max = 1,
	.run = rm_run,
};
