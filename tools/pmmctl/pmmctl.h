/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of pmmctl share.
 *
 *	main.c		the table of subcommands, their options
 *	util.c		messages, memory, lists
 *	json.c		JSON, the stable output
 *	table.c		rows and columns, for people and as JSON
 *	blocks.c	every block that can be seen, and its names
 *	user.c		users, by name and by number
 *	the others	one subcommand each, or a few that belong together
 */
#ifndef PMMCTL_H
#define PMMCTL_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/pmm.h>
#include "pmmshm.h"
#include "size.h"

#define DEVICE		"/dev/pmm"
#define DEBUGFS_BLOCKS	"/sys/kernel/debug/pmm/blocks"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Exit statuses; 0 is that all went well. */
#define EXIT_FAILED	1
#define EXIT_USAGE	2

/* ---- main.c ---- */

/**
 * struct command - a subcommand
 * @name: what is typed
 * @arguments: what may follow, as the usage shows it
 * @summary: what it does, in a line
 * @help: the lines of its --help behind that; each ends with a newline
 * @options: options of its own, up to one with a name of NULL, or NULL.  Those whose
 *	@val is a letter are short options, too; the others have one above 255
 * @option: takes the @val of one of them
 * @min: how many arguments there must be
 * @max: and may be
 * @run: does it; the exit status
 */
struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *help;
	const struct option *options;
	void (*option)(int option, const char *value);
	int min;
	int max;
	int (*run)(char **arguments);
};

extern const struct command command_status, command_types, command_blocks,
			    command_show, command_alloc, command_publish,
			    command_link, command_rm, command_quota,
			    command_pools, command_online, command_offline,
			    command_check, command_map, command_top,
			    command_scrub, command_holders;

/* In the order of the help; NULL past the last one. */
const struct command *command_by_index(size_t index);
/* The module, or the end, with the library's reason. */
struct pmmshm *connect_module(void);

/* ---- complete.c ---- */

/* Print what the last of these words may become. */
void complete(int argc, char **argv);

/* ---- util.c ---- */

/* --json was given */
extern bool as_json;

/* What went wrong, and the end: EXIT_FAILED, EXIT_USAGE for what was typed. */
void die(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
void die_usage(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
/* Something that does not stop us. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* These never return NULL. */
void *new(size_t size);
void *grown(void *array, size_t nr, size_t size);
char *copy(const char *text);
/* Lists of texts that end with NULL; NULL is an empty one. */
char **list_add(char **list, size_t nr, const char *text);
char **list_copy(char *const *list);
void list_free(char **list);

/* The names of the bits that are set, as a list */
struct bit_name {
	uint64_t bit;
	const char *name;
};

char **bits_list(uint64_t bits, const struct bit_name *names, size_t nr);
char *formatted(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A size on the command line, or the end; @what is said before it */
uint64_t size_parse(const char *what, const char *value);
/* The same of seconds, from 1 to those of a day */
uint64_t seconds_parse(const char *option, const char *value);

struct terminal_size {
	unsigned int columns;
	unsigned int lines;
};

/* 80 by 24 if it is none. */
struct terminal_size terminal_size(void);

/* ---- json.c ---- */

/* Inside of objects each value has a key, elsewhere it is NULL. */
void json_begin(const char *key, char bracket);
void json_end(char bracket);
void json_text(const char *key, const char *value);
void json_number(const char *key, uint64_t value);
void json_signed(const char *key, int64_t value);
void json_null(const char *key);

/* ---- table.c ---- */

enum cell_kind {
	CELL_TEXT,	/* text; NULL for none */
	CELL_NUMBER,	/* number, in decimal */
	CELL_BYTES,	/* number; people see a unit */
	CELL_LIST,	/* list of texts, that end with NULL; NULL for none */
};

/* A column: its key in JSON, and its title for people, NULL for JSON only. */
struct column {
	const char *key;
	const char *title;
	enum cell_kind kind;
};

/* A cell; its texts are copied. */
struct cell {
	bool none;		/* a number that there is none of */
	uint64_t number;
	const char *text;
	char *const *list;
};

#define TEXT(t)		((struct cell){ .text = (t) })
#define NUMBER(n)	((struct cell){ .number = (n) })
#define LIST(l)		((struct cell){ .list = (l) })
#define NONE		((struct cell){ .none = true })

struct table;

struct table *table_new(const struct column *columns, size_t nr);
/* As many cells as there are columns. */
void table_row(struct table *table, const struct cell *cells);
size_t table_rows(const struct table *table);
/* Print it, a line each under a line of titles; as JSON, an array. */
void table_print(const struct table *table, const char *key);
/* Its first row only, a line for each cell; as JSON, an object. */
void table_print_record(const struct table *table, const char *key);
void table_free(struct table *table);

/* "64 MiB", exact or rounded down to one decimal */
struct text {
	char s[64];
};

struct text bytes(uint64_t n);

/* ---- user.c ---- */

/* The name of a user, or its number in decimal; to be freed. */
char *user_name(uint32_t uid);
/* From either; the end if there is no such user. */
uint32_t user_parse(const char *text);

/* ---- blocks.c ---- */

/**
 * struct block - a block, as far as it can be seen
 * @id: its number
 * @size: in bytes
 * @uid: who allocated it
 * @has_home: @home_ino is known
 * @type: its type
 * @state: "plain", "home", "quarantine" or "gone"
 * @holders: open block fds and drivers
 * @names: its names, up to NULL: "sysv:SHMID", "/NAME"
 * @nr_names: how many
 * @uses: drivers, and devices attached to its dma-bufs; like the rest only where
 *	there is debugfs
 * @offset: where in its type's memory it is, or BLOCK_NOWHERE
 * @aliases: files that are, or were, its POSIX names
 * @home_ino: inode number of its home; of a System V segment the id
 */
struct block {
	uint64_t id;
	uint64_t size;
	uint32_t uid;
	bool has_home;
	char type[PMM_NAME_LEN];
	char state[16];
	uint64_t holders;
	char **names;
	size_t nr_names;
	uint64_t uses;
	uint64_t offset;
	uint64_t aliases;
	uint64_t home_ino;
};

#define BLOCK_NOWHERE	UINT64_MAX

/* What to say when not all of them can be seen */
#define BLOCKS_NOTE	"only blocks with a name that this user may read: the rest is in " \
			DEBUGFS_BLOCKS ", which needs root and a mounted debugfs"

struct blocks {
	struct block *block;
	size_t nr;
	bool all;		/* and not only what has names that can be read */
};

void blocks_read(struct pmmshm *pmm, struct blocks *blocks);
void blocks_free(struct blocks *blocks);
/* From a line of debugfs; false for a line of something else. */
bool block_parse(const char *line, struct block *block);
const struct block *blocks_find(const struct blocks *blocks, uint64_t id);
/*
 * By a name as in @names, with the rights of whoever calls; NULL if that fails.  The
 * end if it does not look like one.
 */
struct pmmshm_block *block_import(struct pmmshm *pmm, const char *name,
				  bool write);
/*
 * From the command line: a number, or a name as in @names.  Reads all blocks, of which
 * it is one; the end if there is none.
 */
const struct block *block_by_argument(struct pmmshm *pmm, const char *argument,
				      struct blocks *blocks);
/* Does it have that name, as in @names? */
bool block_has_name(const struct block *block, const char *name);

/* ---- list.c ---- */

/* A table for blocks. */
struct table *blocks_table(void);
void blocks_table_add(struct table *table, const struct block *block);
/* For qsort(): the largest first */
int block_compare_size(const void *a, const void *b);

/* ---- device.c ---- */

/* How much of a type's free memory is still to be zeroed. */
uint64_t device_dirty(const char *type);
/* The number of the block that an open file stands for, if it does. */
bool device_find_fd(int fd, uint64_t *id);

/* ---- types.c ---- */

/* By its name, the first one for NULL; the end if there is none. */
void type_find(struct pmmshm *pmm, const char *name,
	       struct pmmshm_type_info *info);
/* A table of all types. */
struct table *types_table(struct pmmshm *pmm);

#endif /* PMMCTL_H */
