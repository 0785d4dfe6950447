/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel says of processes, and of dma-bufs, in its own words.
 */
#ifndef PMMCTL_PROC_H
#define PMMCTL_PROC_H

#include <stdio.h>

#include "pmmctl.h"

/**
 * struct mapping - a line of /proc/PID/maps
 * @start: its first address
 * @end: and the one behind the last
 * @write: it may be written to
 * @shared: it is no private copy
 * @dev: device of the file, as it is written there
 * @ino: its inode number
 * @path: its path, to the end of the line
 */
struct mapping {
	uint64_t start;
	uint64_t end;
	bool write;
	bool shared;
	char dev[16];
	uint64_t ino;
	char path[256];
};

bool mapping_parse(const char *line, struct mapping *mapping);

/* What a file of /proc/PID/fdinfo says of a block fd; false for other files. */
bool fdinfo_parse(FILE *file, uint64_t *id, bool *write);

/*
 * The devices that are attached to a dma-buf, by its inode number, from
 * /sys/kernel/debug/dma_buf/bufinfo; NULL if there are none.
 */
char **bufinfo_parse(FILE *file, uint64_t ino);

#endif /* PMMCTL_PROC_H */
