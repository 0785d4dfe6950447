/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ALLOC_VERIFY_H
#define ALLOC_VERIFY_H

#include "../../drivers/misc/pmm_alloc.h"
#include "alloc_model.h"

/*
 * What is wrong inside of an allocator, or NULL.  The first looks at the areas
 * alone, the second at the index as well if there is an NAME_verify.c for it.
 */
const char *areas_verify(struct pmm_areas *areas);
const char *alloc_verify(struct pmm_areas *areas,
			 const struct pmm_alloc_ops *ops);

/* What of its areas differs from the model's, or NULL. */
const char *areas_compare(struct pmm_areas *areas, const struct model *m);

/* Pieces of memory that it should have. */
long areas_memory(struct pmm_areas *areas);

/* Check colours and parents; return the black height or -1. */
struct rb_node;
int verify_rb(struct rb_node *node);

#endif /* ALLOC_VERIFY_H */
