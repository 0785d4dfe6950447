// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl: look at PMM, and change it.
 *
 *	pmmctl [COMMAND [OPTION...] [ARGUMENT...]]
 *
 * Without a command it shows the status.  What people see may change from
 * release to release; what --json prints only grows.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmmctl.h"

/* In the order of the help. */
static const struct command *const commands[] = {
	&command_status, &command_types, &command_blocks, &command_show,
	&command_holders, &command_map, &command_top,
	&command_alloc, &command_publish, &command_link, &command_rm,
	&command_quota, &command_pools, &command_scrub,
	&command_online, &command_offline,
	&command_check,
};

struct pmmshm *connect_module(void)
{
	struct pmmshm *pmm = pmmshm_open(NULL);

	if (!pmm)
		die("%s", pmmshm_error());
	return pmm;
}

const struct command *command_by_index(size_t index)
{
	return index < ARRAY_SIZE(commands) ? commands[index] : NULL;
}

/* ---- help ---- */

static int usage(void)
{
	size_t i;

	puts("Usage: pmmctl [COMMAND] [OPTION...] [ARGUMENT...]\n"
	     "Look at PMM, and change it.  Without a command: pmmctl status.\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	puts("\n"
	     "Every command has a --help of its own, and --json for programs.\n"
	     "\n"
	     "Exit status: 0; 1 when something fails; 2 when the command line is wrong.");
	return EXIT_SUCCESS;
}

static int command_help(const struct command *command)
{
	printf("Usage: pmmctl %s [OPTION...]%s%s\n", command->name,
	       *command->arguments ? " " : "", command->arguments);
	printf("%c%s.\n\n", toupper((unsigned char)*command->summary),
	       command->summary + 1);
	fputs(command->help, stdout);
	puts("      --json       print JSON\n"
	     "  -h, --help       show this");
	return EXIT_SUCCESS;
}

/* ---- the command line ---- */

#define OPTIONS_MAX	8
#define OPTION_JSON	1000	/* none of a command's own */

static const struct option common_options[] = {
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, 'h' },
};

/* What getopt_long() wants of short options: those whose value is a letter */
static void letters_of(const struct option *options, char *letters)
{
	for (; options->name; options++) {
		if (options->val > 255)
			continue;
		*letters++ = (char)options->val;
		if (options->has_arg == required_argument)
			*letters++ = ':';
	}
	*letters = 0;
}

/* Those of the command, and those that all have. */
static void options_of(const struct command *command, struct option *all)
{
	size_t n = 0;

	memset(all, 0, (OPTIONS_MAX + 1) * sizeof(*all));
	memcpy(all, common_options, sizeof(common_options));
	if (!command->options)
		return;
	while (command->options[n].name)
		n++;
	if (n > OPTIONS_MAX - ARRAY_SIZE(common_options))
		abort();
	memcpy(all + ARRAY_SIZE(common_options), command->options,
	       n * sizeof(*all));
}

static const struct command *command_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	die_usage("there is no command '%s'; pmmctl --help lists them", name);
}

static int command_run(const struct command *command, int argc, char **argv)
{
	struct option options[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 1];
	int option;

	options_of(command, options);
	letters_of(options, letters);
	while ((option = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (option == 'h')
			return command_help(command);
		if (option == OPTION_JSON)
			as_json = true;
		else if (option == '?')
			die_usage("see pmmctl %s --help", command->name);
		else
			command->option(option, optarg);
	}
	argc -= optind;
	if (argc < command->min)
		die_usage("%s: an argument is missing: pmmctl %s %s",
			  command->name, command->name, command->arguments);
	if (argc > command->max)
		die_usage("%s: '%s' is one argument too many; see pmmctl %s --help",
			  command->name, argv[optind + command->max],
			  command->name);
	return command->run(argv + optind);
}

int main(int argc, char **argv)
{
	int status = EXIT_SUCCESS;

	/* What the library can do without the module is of no interest here. */
	setenv("PMMSHM_BACKEND", "pmm", 1);
	/* Messages of getopt_long() begin like ours. */
	argv[0] = "pmmctl";
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
			 !strcmp(argv[1], "help")))
		status = usage();
	else if (argc > 1 && !strcmp(argv[1], "--version"))
		status = puts("pmmctl " VERSION) < 0;
	else if (argc > 1 && !strcmp(argv[1], "--complete"))
		complete(argc - 2, argv + 2);
	else if (argc > 1 && *argv[1] != '-')
		status = command_run(command_find(argv[1]), argc - 1, argv + 1);
	else
		status = command_run(&command_status, argc, argv);
	if (fflush(stdout) || ferror(stdout))
		die("cannot write: %s", strerror(errno));
	return status;
}
