// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocators beside the model, told what to do by libFuzzer.
 *
 * The first byte names the allocator; then there are operations of four bytes:
 *
 *	what to do and whether there is memory, where, how much, which alignment
 *
 * Each is done by both.  After each, all areas are the same, and so is what is
 * the longest that can be had; at the end nothing is wrong inside.
 */
#include "../../drivers/misc/pmm_areas.h"
#include "../unit/alloc_model.h"
#include "../unit/alloc_shim.h"
#include "../unit/alloc_verify.h"
#include "fuzz.h"

/* More areas make it slow, not better. */
#define FUZZ_AREAS	200

#define FUZZ_OP_BYTES	4

struct fuzz {
	const struct pmm_alloc_ops *ops;
	struct pmm_areas *areas;
	struct model model;
	struct pmm_spares spares;
	bool memory;
};

/* 4 bits of size, 4 of detail: from 0 to beyond all that is allowed. */
static unsigned long fuzz_length(uint8_t byte)
{
	return (16UL + byte % 16) << (byte / 16 * 2) >> 4;
}

/* Up to twice the largest, and numbers that are none. */
static unsigned long fuzz_align(uint8_t byte)
{
	return byte < 240 ? 1UL << byte % (PMM_ALLOC_MAX_ORDER + 2) :
			    byte - 240UL;
}

/* Where an area starts, or ends, or @byte itself if there is none. */
static unsigned long fuzz_start(struct fuzz *f, uint8_t byte, bool end)
{
	const struct model_area *area;

	if (!f->model.nr || byte == 255)
		return byte;
	area = f->model.areas + byte % f->model.nr;
	return area->start + (end ? area->len : 0);
}

static void fuzz_same(int err, int expected, const char *what)
{
	fuzz_assert(err == expected, "%s: %d, not %d", what, err, expected);
}

static void fuzz_add(struct fuzz *f, const uint8_t *op)
{
	unsigned long start = fuzz_start(f, op[1], true) + op[3] / 4;
	unsigned long len = fuzz_length(op[2]);

	/* The numbers that there are at the very top. */
	if (op[3] == 255)
		start = -len;
	if (op[3] == 254)
		start = -len - 1;
	if (f->memory)
		fuzz_assert(!pmm_spares_fill_add(&f->spares, f->ops, len),
			    "no memory");
	fuzz_same(f->ops->add(f->areas, start, len, &f->spares),
		  model_add(&f->model, start, len, f->memory), "add");
}

static void fuzz_prepare(struct fuzz *f)
{
	if (f->memory)
		fuzz_assert(!pmm_spares_fill(&f->spares, f->ops), "no memory");
}

static void fuzz_try_alloc(struct fuzz *f, const uint8_t *op)
{
	unsigned long len = fuzz_length(op[2]), start = 1, expected = 1;
	unsigned long align = fuzz_align(op[3]);

	/* Just the longest, or a page more or less. */
	if (op[1] < 3)
		len = model_largest(&f->model, align) + op[1] - 1;
	fuzz_prepare(f);
	fuzz_same(f->ops->alloc(f->areas, len, align, &f->spares, &start),
		  model_alloc(&f->model, len, align, f->memory, &expected),
		  "alloc");
	fuzz_assert(start == expected, "%lu at %lu: %lu, not %lu", len, align,
		    start, expected);
}

static void fuzz_free(struct fuzz *f, const uint8_t *op)
{
	unsigned long start = fuzz_start(f, op[1], false) + op[2] / 128;

	fuzz_same(f->ops->free(f->areas, start, &f->spares),
		  model_free(&f->model, start), "free");
}

static void fuzz_split(struct fuzz *f, const uint8_t *op)
{
	unsigned long start = fuzz_start(f, op[1], false);
	unsigned long at = start + fuzz_length(op[2]) - 1 - op[3] / 128;

	fuzz_prepare(f);
	fuzz_same(f->ops->split(f->areas, start, at, &f->spares),
		  model_split(&f->model, start, at, f->memory), "split");
}

static void fuzz_remove(struct fuzz *f, const uint8_t *op)
{
	unsigned long start = fuzz_start(f, op[1], false) + op[2] / 128;

	fuzz_prepare(f);
	fuzz_same(f->ops->remove(f->areas, start, &f->spares),
		  model_remove(&f->model, start, f->memory), "remove");
}

static void fuzz_operate(struct fuzz *f, const uint8_t *op)
{
	static void (*const operations[])(struct fuzz *, const uint8_t *) = {
		fuzz_add, fuzz_try_alloc, fuzz_try_alloc, fuzz_free, fuzz_free,
		fuzz_split, fuzz_remove,
	};
	unsigned long align = fuzz_align(op[3]), largest;
	const char *error;

	f->memory = op[0] < 224;
	f->spares = (struct pmm_spares){ .ops = f->ops };
	operations[op[0] % ARRAY_SIZE(operations)](f, op);
	pmm_spares_drop(&f->spares);

	error = areas_compare(f->areas, &f->model);
	fuzz_assert(!error, "%s", error);
	largest = f->ops->largest(f->areas, align);
	fuzz_assert(largest == model_largest(&f->model, align),
		    "largest at %lu: %lu", align, largest);
}

static void fuzz_verify(struct fuzz *f)
{
	const char *error = alloc_verify(f->areas, f->ops);

	fuzz_assert(!error, "%s", error);
	fuzz_assert(alloc_shim_live == areas_memory(f->areas), "%ld pieces",
		    alloc_shim_live);
}

static const struct pmm_alloc_ops *fuzz_ops(uint8_t byte)
{
	unsigned int nr = 0;

	while (pmm_alloc_by_index(nr))
		nr++;
	return pmm_alloc_by_index(byte % nr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {};
	size_t i;

	if (!size)
		return 0;
	f.ops = fuzz_ops(data[0]);
	f.areas = f.ops->create();
	fuzz_assert(f.areas, "no memory");
	model_init(&f.model, f.ops->name);
	for (i = 1; i + FUZZ_OP_BYTES <= size; i += FUZZ_OP_BYTES) {
		if (f.model.nr < FUZZ_AREAS)
			fuzz_operate(&f, data + i);
	}
	fuzz_verify(&f);
	model_exit(&f.model);
	f.ops->destroy(f.areas);
	fuzz_assert(!alloc_shim_live, "%ld pieces leaked", alloc_shim_live);
	return 0;
}
