/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a worker does to its samples: one thing at a time, chosen at random.
 *
 * An operation may be refused, for want of memory or because the kernel cannot do
 * it; that is never wrong.  What it leaves behind has to be as the sample says.
 */
#ifndef PMM_SOAK_OPERATION_H
#define PMM_SOAK_OPERATION_H

#include <stdbool.h>

#include "sample.h"

/**
 * struct operation - something to do to a sample
 * @name: for the report
 * @run: do it; the sample is never NULL, and may be gone afterwards.  Whether it
 *	was done, and not refused.
 * @optional: no kernel has to be able to do it
 */
struct operation {
	const char *name;
	bool (*run)(struct sample **s);
	bool optional;
};

/* mapping.c, page.c, pin.c; the last has no name */
extern const struct operation mapping_operations[];
extern const struct operation page_operations[];
extern const struct operation pin_operations[];

/* Some pages of a sample: the first, and how many in *n. */
size_t some_pages(const struct sample *s, size_t *n);

#endif /* PMM_SOAK_OPERATION_H */
