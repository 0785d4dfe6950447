# SPDX-License-Identifier: GPL-2.0-only

ALL += build/bin/bench_touch build/bin/bench_alloc
build/bin/bench_touch: build/obj/bench/bench_touch.o build/lib/libpmmshm.so

# The allocators of PMM, each of which is a file of its own, on the kernel's
# red-black tree (see tests/unit/alloc.mk).
bench_allocators := $(shell sed -nE 's/^(extern const struct pmm_alloc_ops pmm_|PMM_ALLOCATOR\()([a-z0-9]+)(_ops;|\))/\2/p' drivers/misc/pmm_alloc*.h)
bench_alloc_objs := $(patsubst %.c,build/obj/%.o,drivers/misc/pmm_alloc.c $(wildcard drivers/misc/pmm_areas.c) $(bench_allocators:%=drivers/misc/pmm_%.c))
bench_steady_objs := $(patsubst %,build/obj/bench/%.o,bench_alloc steady steady_pmm steady_linear)

$(bench_alloc_objs) $(bench_steady_objs): | $(alloc_kernel)
$(bench_alloc_objs) $(bench_steady_objs): cflags += $(alloc_cflags)
build/bin/bench_alloc: $(bench_steady_objs) $(bench_alloc_objs) build/obj/rbtree.o
