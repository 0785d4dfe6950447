/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BESTFIT_VERIFY_H
#define BESTFIT_VERIFY_H

#include "../../drivers/misc/pmm_alloc.h"
#include "alloc_model.h"

/* What is wrong inside a bestfit allocator, or NULL. */
const char *bestfit_verify(struct pmm_areas *areas);

/* What of its areas differs from the model's, or NULL. */
const char *bestfit_compare(struct pmm_areas *areas, const struct model *m);

#endif /* BESTFIT_VERIFY_H */
