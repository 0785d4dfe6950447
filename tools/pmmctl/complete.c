// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl --complete WORD...: what the last word may become, a line each, for shells.
 *
 * What may be typed is in the table of commands already: options, and arguments by
 * the words that stand for them in the help.  Types, blocks and names are those that
 * there are at this moment; whatever goes wrong, there are none.
 */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmmctl.h"

/* What was typed of the last word; the rest of it is wanted. */
static const char *typed;

static void offer(const char *word)
{
	/* A line is a word. */
	if (!strncmp(word, typed, strlen(typed)) && !strchr(word, '\n'))
		puts(word);
}

static void offer_words(const char *words)
{
	char *list = copy(words), *save, *word;

	for (word = strtok_r(list, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		offer(word);
	free(list);
}

/* ---- what there is ---- */

static void offer_types(void)
{
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_type_info info;
	struct pmmshm_node_info node;
	unsigned int i;

	if (!pmm)
		return;
	for (i = 0; !pmmshm_type_get(pmm, i, &info); i++)
		offer(info.name);
	for (i = 0; !pmmshm_node_get(pmm, i, &node); i++)
		offer(node.type);
	pmmshm_close(pmm);
}

static void offer_users(void)
{
	const struct passwd *entry;

	setpwent();
	while ((entry = getpwent()))
		offer(entry->pw_name);
	endpwent();
}

/* What a block is called by, if it begins with this; its number for none */
static void offer_blocks(const char *begins)
{
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct blocks blocks;
	char *number;
	size_t i, j;

	if (!pmm)
		return;
	blocks_read(pmm, &blocks);
	for (i = 0; i < blocks.nr; i++) {
		number = formatted("%" PRIu64, blocks.block[i].id);
		if (!begins)
			offer(number);
		free(number);
		for (j = 0; begins && j < blocks.block[i].nr_names; j++)
			if (!strncmp(blocks.block[i].names[j], begins,
				     strlen(begins)))
				offer(blocks.block[i].names[j]);
	}
	blocks_free(&blocks);
	pmmshm_close(pmm);
}

static void offer_numbers(void)
{
	offer_blocks(NULL);
}

static void offer_segments(void)
{
	offer_blocks("sysv:");
}

static void offer_names(void)
{
	offer_blocks("/");
}

static void offer_any_name(void)
{
	offer_segments();
	offer_names();
}

/* ---- where it is asked for ---- */

/* How the help calls it, an argument or the option that has it */
static const struct {
	const char *word;
	void (*offer)(void);
	const char *words;
} kinds[] = {
	{ "TYPE", offer_types, NULL },
	{ "BLOCK", offer_numbers, NULL },
	{ "sysv:SHMID", offer_segments, NULL },
	{ "/NAME", offer_names, NULL },
	{ "none", NULL, "none" },
	{ "default", NULL, "default" },
	{ "--type", offer_types, NULL },
	{ "--user", offer_users, NULL },
	{ "--name", offer_any_name, NULL },
	{ "--sort", NULL, "id size type user" },
	{ "--by", NULL, "owner state" },
};

static void offer_kind(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(word, kinds[i].word))
			continue;
		if (kinds[i].offer)
			kinds[i].offer();
		else
			offer_words(kinds[i].words);
	}
}

/* "[TYPE SIZE]" or "BLOCK|sysv:SHMID|/NAME": the word in place @nr, its parts */
static void offer_argument(const char *arguments, unsigned int nr)
{
	char *list = copy(arguments), *save, *word;

	for (word = strtok_r(list, " []", &save); word && nr--;
	     word = strtok_r(NULL, " []", &save))
		;
	if (word)
		for (word = strtok_r(word, "|", &save); word;
		     word = strtok_r(NULL, "|", &save))
			offer_kind(word);
	free(list);
}

static void offer_options(const struct command *command)
{
	const struct option *option;
	char *word;

	for (option = command->options; option && option->name; option++) {
		word = formatted("--%s", option->name);
		offer(word);
		free(word);
	}
	offer_words("--json --help");
}

/* Is this an option whose argument is the next word? */
static bool has_argument(const struct command *command, const char *word)
{
	const struct option *option;

	for (option = command->options; option && option->name; option++)
		if (option->has_arg == required_argument &&
		    ((!strncmp(word, "--", 2) && !strcmp(word + 2, option->name)) ||
		     (*word == '-' && word[1] == option->val && !word[2])))
			return true;
	return false;
}

static void offer_of(const struct command *command, int argc, char **argv)
{
	unsigned int nr = 0;
	int i;

	for (i = 0; i < argc - 1; i++) {
		if (has_argument(command, argv[i])) {
			if (i == argc - 2) {
				offer_kind(argv[i]);
				return;
			}
			i++;
		} else if (*argv[i] != '-') {
			nr++;
		}
	}
	if (*typed == '-')
		offer_options(command);
	else
		offer_argument(command->arguments, nr);
}

void complete(int argc, char **argv)
{
	const struct command *command;
	size_t i;

	typed = argc ? argv[argc - 1] : "";
	for (i = 0; (command = command_by_index(i)); i++) {
		if (argc < 2)
			offer(command->name);
		else if (!strcmp(command->name, argv[0]))
			offer_of(command, argc - 1, argv + 1);
	}
	if (argc < 2)
		offer_words("--help --version --json");
}
