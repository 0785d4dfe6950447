/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What types have counted since the module was loaded; debugfs, and so root's.
 */
#ifndef PMMCTL_STATS_H
#define PMMCTL_STATS_H

#include <stdio.h>

#include "pmmctl.h"

/**
 * struct type_stats - the counters of a type
 * @type: its name
 * @allocs: blocks that were allocated
 * @failed: allocations that failed
 * @why: the reason that most of them had, as in debugfs, without "failed_"
 */
struct type_stats {
	char type[PMM_NAME_LEN];
	uint64_t allocs;
	uint64_t failed;
	char why[32];
};

struct stats {
	struct type_stats *type;
	size_t nr;
};

/* Nothing where there is no debugfs. */
void stats_read(struct stats *stats);
/* The same from a file that is open. */
void stats_parse(struct stats *stats, FILE *file);
const struct type_stats *stats_find(const struct stats *stats, const char *type);
void stats_free(struct stats *stats);

#endif /* PMMCTL_STATS_H */
