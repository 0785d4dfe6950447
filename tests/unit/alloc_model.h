/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The allocators as one would explain them: a sorted array, searched from end to
 * end.
 *
 * It takes and returns what struct pmm_alloc_ops does, so that the two can be
 * run side by side.  Instead of spares it is told whether there is memory.
 */
#ifndef ALLOC_MODEL_H
#define ALLOC_MODEL_H

#include <stdbool.h>
#include <stddef.h>

struct model_area {
	unsigned long start;
	unsigned long len;
	unsigned long born;		/* when it became what it is, if free */
	bool used;
};

struct model_rule;

struct model {
	const struct model_rule *rule;
	struct model_area *areas;
	size_t nr;
	size_t max;
	unsigned long clock;
};

/* @allocator: name of the one that it is a model of; aborts if it is of none. */
void model_init(struct model *m, const char *allocator);
void model_exit(struct model *m);

int model_add(struct model *m, unsigned long start, unsigned long len,
	      bool memory);
int model_alloc(struct model *m, unsigned long len, unsigned long align,
		bool memory, unsigned long *start);
int model_free(struct model *m, unsigned long start);
int model_split(struct model *m, unsigned long start, unsigned long at,
		bool memory);
int model_remove(struct model *m, unsigned long start, bool memory);
unsigned long model_largest(const struct model *m, unsigned long align);

/* Sum of the pages, or number, of areas that are used, or not. */
unsigned long model_pages(const struct model *m, bool used);
unsigned long model_count(const struct model *m, bool used);

#endif /* ALLOC_MODEL_H */
