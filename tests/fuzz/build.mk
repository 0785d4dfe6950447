# SPDX-License-Identifier: GPL-2.0-only
#
# Fuzzers, guided by coverage: tests/fuzz/fuzz_NAME.c with what it calls, made by
# clang whatever CC is.  build/unit/fuzz runs them for a short while.

FUZZERS := build/fuzz/fuzz_alloc build/fuzz/fuzz_pools
UNIT_TESTS += build/unit/fuzz

fuzz_alloc_sources := tests/fuzz/fuzz_alloc.c $(alloc_core)
fuzz_pools_sources := tests/fuzz/fuzz_pools.c drivers/misc/pmm_pools.c drivers/misc/pmm_parse.c $(alloc_core)

build/fuzz/fuzz_alloc: $(fuzz_alloc_sources)
build/fuzz/fuzz_pools: $(fuzz_pools_sources)

$(FUZZERS): tests/fuzz/fuzz.h $(alloc_headers) drivers/misc/pmm_parse.h drivers/misc/pmm_pools.h build/.cc | $(alloc_kernel)
	$(call say,FUZZ)
	@mkdir -p $(@D)
	$(Q)if echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return !d && n; }' | \
			clang -fsanitize=fuzzer,address,undefined -x c - -o $@ 2>/dev/null; then \
		clang $(cflags) -Wno-unused-parameter $(alloc_cflags) -O1 -g \
			-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
			-o $@ $($(@F)_sources) $(alloc_kernel)/tools/lib/rbtree.c; \
	else \
		printf '#!/bin/sh\necho "there is no clang with libFuzzer: make setup"\nexit 77\n' >$@ && chmod +x $@; \
	fi

build/unit/fuzz: tests/fuzz/run.sh $(FUZZERS)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)ln -sf ../../$< $@
