// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl: look at PMM, and change it.
 *
 *	pmmctl [COMMAND [OPTION...] [ARGUMENT...]]
 *
 * Without a command it shows the status.  What people see may change from
 * release to release; what --json prints only grows.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmmctl.h"

bool as_json;

/* In the order of the help. */
static const struct command *const commands[] = {
	&command_status, &command_types, &command_blocks, &command_show,
	&command_alloc, &command_publish, &command_link, &command_rm,
	&command_quota, &command_pools, &command_online, &command_offline,
	&command_check,
};

/* ---- errors and memory ---- */

static void complain(const char *prefix, const char *format, va_list args)
{
	/* What was printed so far comes first. */
	fflush(stdout);
	fprintf(stderr, "pmmctl: %s", prefix);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain("", format, args);
	va_end(args);
	exit(EXIT_FAILED);
}

void die_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain("", format, args);
	va_end(args);
	exit(EXIT_USAGE);
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain("note: ", format, args);
	va_end(args);
}

void *new(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		die("out of memory");
	return p;
}

/* For one more element, of that size, than the @nr that it has. */
void *grown(void *array, size_t nr, size_t size)
{
	void *p = reallocarray(array, nr + 1, size);

	if (!p)
		die("out of memory");
	return p;
}

char *copy(const char *text)
{
	char *p = strdup(text);

	if (!p)
		die("out of memory");
	return p;
}

char *formatted(const char *format, ...)
{
	va_list args;
	char *p;

	va_start(args, format);
	if (vasprintf(&p, format, args) < 0)
		die("out of memory");
	va_end(args);
	return p;
}

/* One more text in a list of @nr. */
char **list_add(char **list, size_t nr, const char *text)
{
	list = grown(list, nr + 1, sizeof(*list));
	list[nr] = copy(text);
	list[nr + 1] = NULL;
	return list;
}

char **list_copy(char *const *list)
{
	char **to = NULL;
	size_t i;

	for (i = 0; list && list[i]; i++)
		to = list_add(to, i, list[i]);
	return to;
}

void list_free(char **list)
{
	size_t i;

	for (i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

char **bits_list(uint64_t bits, const struct bit_name *names, size_t nr)
{
	char **list = NULL;
	size_t i, n = 0;

	for (i = 0; i < nr; i++)
		if (bits & names[i].bit)
			list = list_add(list, n++, names[i].name);
	return list;
}

uint64_t size_parse(const char *what, const char *value)
{
	uint64_t size;

	if (!size_from_text(value, &size))
		die_usage("%s%s: not a size; give bytes, or a number with K, M, G or T",
			  what, value);
	return size;
}

struct pmmshm *connect_module(void)
{
	struct pmmshm *pmm = pmmshm_open(NULL);

	if (!pmm)
		die("%s", pmmshm_error());
	return pmm;
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
	printf("%c%s.\n\n", *command->summary, command->summary + 1);
	fputs(command->help, stdout);
	puts("      --json       print JSON\n"
	     "  -h, --help       show this");
	return EXIT_SUCCESS;
}

/* ---- the command line ---- */

#define OPTIONS_MAX	8

static const struct option common_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
};

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
	int option;

	options_of(command, options);
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return command_help(command);
		if (option == 'j')
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
	int status;

	/* What the library can do without the module is of no interest here. */
	setenv("PMMSHM_BACKEND", "pmm", 1);
	/* Messages of getopt_long() begin like ours. */
	argv[0] = "pmmctl";
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
			 !strcmp(argv[1], "help")))
		status = usage();
	else if (argc > 1 && !strcmp(argv[1], "--version"))
		status = puts("pmmctl " VERSION) < 0;
	else if (argc > 1 && *argv[1] != '-')
		status = command_run(command_find(argv[1]), argc - 1, argv + 1);
	else
		status = command_run(&command_status, argc, argv);
	if (fflush(stdout) || ferror(stdout))
		die("cannot write: %s", strerror(errno));
	return status;
}
