# SPDX-License-Identifier: GPL-2.0-only
#
# The allocators in user space, on the kernel's own red-black tree; once as they
# are, and once with less to do under the sanitizers.

# As the module has it.  NAME_verify.c includes pmm_NAME.c, if there is one.
alloc_names := $(shell sed -n 's/^PMM_ALLOCATOR(\(.*\))/\1/p' drivers/misc/pmm_alloc_list.h)
alloc_core := drivers/misc/pmm_alloc.c tests/unit/areas_verify.c tests/unit/alloc_verify.c \
	tests/unit/alloc_model.c tests/unit/alloc_shim.c \
	$(foreach a,$(alloc_names),$(or $(wildcard tests/unit/$a_verify.c),drivers/misc/pmm_$a.c))
alloc_tests := test_alloc test_alloc_bound test_alloc_random
alloc_sources := $(alloc_core) $(alloc_tests:%=tests/unit/%.c)
alloc_headers := $(wildcard tests/unit/*alloc*.h drivers/misc/pmm_a*.h drivers/misc/pmm_areas.c) \
	$(alloc_names:%=drivers/misc/pmm_%.c)
alloc_objs := $(alloc_sources:%.c=build/obj/%.o)
alloc_kernel := build/kernel-source
alloc_cflags = -isystem $(alloc_kernel)/tools/include $(shell pkg-config --cflags check 2>/dev/null)
alloc_libs = $(shell pkg-config --libs check 2>/dev/null || echo -lcheck) -lm

UNIT_TESTS += build/unit/test_alloc build/unit/test_alloc-asan

$(alloc_kernel):
	@mkdir -p $(@D)
	$(Q)dir=$$(scripts/kernel-source.sh 6.1) && ln -sfn "$$dir" $@

$(alloc_objs) build/obj/rbtree.o: | $(alloc_kernel)
$(alloc_objs): cflags += $(alloc_cflags)

build/obj/rbtree.o: build/.cc
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -isystem $(alloc_kernel)/tools/include -c -o $@ $(alloc_kernel)/tools/lib/rbtree.c

build/unit/test_alloc: $(alloc_objs) build/obj/rbtree.o
build/unit/test_alloc: private libs += $(alloc_libs)

build/unit/test_alloc-asan: $(alloc_sources) $(alloc_headers) build/.cc | $(alloc_kernel)
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)if echo 'int main(void) { return 0; }' | $(CC) -fsanitize=address,undefined -x c - -o $@ 2>/dev/null; then \
		$(CC) $(cflags) -Wno-unused-parameter $(alloc_cflags) -O1 -g \
			-DALLOC_TEST_OPS=30000 -DALLOC_TEST_AREAS=10000 \
			-fsanitize=address,undefined -fno-sanitize-recover=all \
			-o $@ $(alloc_sources) $(alloc_kernel)/tools/lib/rbtree.c $(alloc_libs); \
	else \
		printf '#!/bin/sh\necho "$(CC) has no -fsanitize"\nexit 77\n' >$@ && chmod +x $@; \
	fi
