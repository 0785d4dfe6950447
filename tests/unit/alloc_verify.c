// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <string.h>

#include "alloc_verify.h"

#define PMM_ALLOCATOR(name)	\
	const char *name##_verify(struct pmm_areas *areas) __attribute__((weak));
#include "../../drivers/misc/pmm_alloc_list.h"
#undef PMM_ALLOCATOR

struct alloc_view {
	const char *name;
	const char *(*verify)(struct pmm_areas *areas);
};

#define PMM_ALLOCATOR(name)	{ #name, name##_verify },
static const struct alloc_view views[] = {
#include "../../drivers/misc/pmm_alloc_list.h"
};
#undef PMM_ALLOCATOR

const char *alloc_verify(struct pmm_areas *areas,
			 const struct pmm_alloc_ops *ops)
{
	const char *error = areas_verify(areas);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(views) && !error; i++) {
		if (views[i].verify && !strcmp(views[i].name, ops->name))
			error = views[i].verify(areas);
	}
	return error;
}
