/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Best fit as one would explain it: a sorted array, searched from end to end.
 *
 * It takes and returns what struct pmm_alloc_ops does, so that the two can be
 * run side by side.  Instead of spares it is told how many nodes there are.
 */
#ifndef ALLOC_MODEL_H
#define ALLOC_MODEL_H

#include <stdbool.h>
#include <stddef.h>

struct model_area {
	unsigned long start;
	unsigned long len;
	bool used;
};

struct model {
	struct model_area *areas;
	size_t nr;
	size_t max;
};

void model_init(struct model *m);
void model_exit(struct model *m);

int model_add(struct model *m, unsigned long start, unsigned long len,
	      unsigned int nodes);
int model_alloc(struct model *m, unsigned long len, unsigned long align,
		unsigned int nodes, unsigned long *start);
int model_free(struct model *m, unsigned long start);
int model_split(struct model *m, unsigned long start, unsigned long at,
		unsigned int nodes);
int model_remove(struct model *m, unsigned long start);
unsigned long model_largest(const struct model *m, unsigned long align);

/* Sum of the pages, or number, of areas that are used, or not. */
unsigned long model_pages(const struct model *m, bool used);
unsigned long model_count(const struct model *m, bool used);

#endif /* ALLOC_MODEL_H */
