/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has a block: all processes are looked at.
 */
#ifndef PMMCTL_SEARCH_H
#define PMMCTL_SEARCH_H

#include <sys/types.h>

#include "proc.h"

enum holder_kind {
	HOLDER_BLOCK_FD,
	HOLDER_DMABUF,
	HOLDER_FILE,		/* its home, or an alias */
	HOLDER_MAPPING,
};

/**
 * struct holder - something by which a process has a block
 * @kind: what it is
 * @pid: the process
 * @fd: its fd, for all but mappings
 * @ino: inode number of a dma-buf
 * @mapping: a mapping
 * @write: the process may write to the block by it
 */
struct holder {
	enum holder_kind kind;
	pid_t pid;
	int fd;
	uint64_t ino;
	struct mapping mapping;
	bool write;
};

/**
 * struct search - who has a block
 * @id: its number
 * @size: its size
 * @has_home: the inode number of its home is known
 * @home: the home as one sees it mapped; for those who see no block by its names, only
 *	the number
 * @holder: what was found
 * @nr: how many
 * @unseen: processes that may not be looked at
 * @unseen_fds: dma-bufs of others that may not be
 */
struct search {
	uint64_t id;
	uint64_t size;
	bool has_home;
	struct mapping home;
	struct holder *holder;
	size_t nr;
	unsigned int unseen;
	unsigned int unseen_fds;
};

/* @id, @size and what is known of the home are given; the rest is zero. */
void search_run(struct search *search);
void search_free(struct search *search);
/* How many different open files of that kind: forks share them. */
size_t search_files(const struct search *search, enum holder_kind kind);
/* How this process has it mapped at an address. */
bool mapping_of(const void *address, struct mapping *mapping);

#endif /* PMMCTL_SEARCH_H */
