# SPDX-License-Identifier: GPL-2.0-only

ALL += $(patsubst %,build/bin/bench_%,touch alloc device frag latency mirror)
build/bin/bench_latency: $(patsubst %,build/obj/bench/%.o,bench_latency args)
build/bin/bench_mirror: $(patsubst %,build/obj/bench/%.o,bench_mirror args table)
build/bin/bench_device: $(patsubst %,build/obj/bench/%.o,bench_device args table) build/lib/libpmmshm.so
build/bin/bench_touch: build/obj/bench/bench_touch.o build/lib/libpmmshm.so

UNIT_TESTS += tests/unit/test_bench.sh
tests/unit/test_bench.sh: build/bin/bench_alloc build/bin/bench_frag build/bin/bench_touch

# The allocators of PMM, each of which is a file of its own, on the kernel's
# red-black tree (see tests/unit/alloc.mk).
bench_allocators := $(shell sed -n 's/^PMM_ALLOCATOR(\(.*\))$$/\1/p' drivers/misc/pmm_alloc_list.h)
bench_alloc_objs := $(patsubst %,build/obj/drivers/misc/pmm_%.o,alloc areas $(bench_allocators))
bench_steady_objs := $(patsubst %,build/obj/bench/%.o,bench_alloc args shim steady steady_pmm steady_linear)
bench_frag_objs := $(patsubst %,build/obj/bench/%.o,bench_frag args shim frag_pool frag_work)

$(bench_alloc_objs) $(bench_steady_objs) $(bench_frag_objs): | $(alloc_kernel)
$(bench_alloc_objs) $(bench_steady_objs) $(bench_frag_objs): cflags += $(alloc_cflags)
build/bin/bench_frag: $(bench_frag_objs) $(bench_alloc_objs) build/obj/rbtree.o
build/bin/bench_alloc: $(bench_steady_objs) $(bench_alloc_objs) build/obj/rbtree.o
