# SPDX-License-Identifier: GPL-2.0-only
#
# libpmmshm on a stand-in for the module, and on this machine's shared memory; once as it is, and once under each sanitizer.

pmmshm_tests := failing pmmshm_fake pmmshm_fake_file pmmshm_fake_ioctl pmmshm_fake_shm \
	test_pmmshm test_pmmshm_alloc test_pmmshm_both test_pmmshm_device test_pmmshm_explain \
	test_pmmshm_import test_pmmshm_list test_pmmshm_migrate test_pmmshm_name \
	test_pmmshm_node test_pmmshm_open \
	test_pmmshm_publish test_pmmshm_shm test_pmmshm_system test_pmmshm_threads
pmmshm_test_cflags = -D_GNU_SOURCE $(shell pkg-config --cflags check 2>/dev/null)
pmmshm_test_libs = $(shell pkg-config --libs check 2>/dev/null || echo -lcheck) -lpthread

UNIT_TESTS += $(addprefix build/unit/test_pmmshm,$(addprefix -,asan tsan)) \
	build/unit/test_pmmshm

$(pmmshm_tests:%=build/obj/tests/unit/%.o): cflags += $(pmmshm_test_cflags)
build/unit/test_pmmshm: $(pmmshm_tests:%=build/obj/tests/unit/%.o) build/lib/libpmmshm.a
build/unit/test_pmmshm: private libs += $(pmmshm_test_libs)

# Library and tests in one go: nothing of them may be left uninstrumented.
pmmshm_sanitized := $(pmmshm_objs:build/obj/%.o=%.c) $(pmmshm_tests:%=tests/unit/%.c)
build/unit/test_pmmshm-asan: private sanitize := address,undefined -fno-sanitize-recover=all
build/unit/test_pmmshm-tsan: private sanitize := thread

build/unit/test_pmmshm-asan build/unit/test_pmmshm-tsan: build/.cc \
		$(pmmshm_sanitized) $(wildcard libpmmshm/*.h tests/unit/*.h include/uapi/linux/*.h)
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)if echo 'int main(void) { return 0; }' | $(CC) -fsanitize=$(sanitize) -x c - -o $@ 2>/dev/null; then \
		$(CC) $(cflags) $(pmmshm_test_cflags) -D_FILE_OFFSET_BITS=64 -O1 -g \
			-fsanitize=$(sanitize) -o $@ $(pmmshm_sanitized) $(pmmshm_test_libs); \
	else \
		printf '#!/bin/sh\necho "$(CC) has no -fsanitize=%s"\nexit 77\n' '$(sanitize)' >$@ && chmod +x $@; \
	fi
