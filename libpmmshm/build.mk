# SPDX-License-Identifier: GPL-2.0-only

pmmshm_objs := block device error explain import list map migrate module name node pmmshm \
	quota request segment shm shm_file transport type utf8
pmmshm_objs := $(pmmshm_objs:%=build/obj/libpmmshm/%.o)

ALL += build/lib/libpmmshm.a build/lib/libpmmshm.so
INSTALL_LIB += build/lib/libpmmshm.a build/lib/libpmmshm.so build/lib/libpmmshm.so.0
INSTALL_HEADER += libpmmshm/pmmshm.h
INSTALL_PC += libpmmshm/libpmmshm.pc.in

build/lib/libpmmshm.a: $(pmmshm_objs)
build/lib/libpmmshm.so: $(pmmshm_objs) libpmmshm/libpmmshm.map
# The soname changes when programs must be built again, and only then.
build/lib/libpmmshm.so: private soname := libpmmshm.so.0
build/lib/libpmmshm.so: private ldflags += \
	-Wl,--version-script=libpmmshm/libpmmshm.map -Wl,--no-undefined

$(pmmshm_objs): cflags += -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -fPIC -fvisibility=hidden
build/obj/libpmmshm/pmmshm.o: cflags += -DPMMSHM_VERSION='"$(VERSION)"'

include tests/unit/pmmshm.mk libpmmshm/preload/build.mk libpmmshm/av/build.mk

# Its guest tests use the shared library, as programs do.
$(patsubst tests/guest/%.c,build/guest/%,$(wildcard tests/guest/test_library*.c tests/guest/test_differ*.c)): \
	build/obj/tests/guest/library.o build/lib/libpmmshm.so

UNIT_TESTS += tests/unit/test_abi.sh tests/unit/test_installed.sh
tests/unit/test_abi.sh: build/lib/libpmmshm.so
tests/unit/test_installed.sh: build/lib/libpmmshm.so build/lib/libpmmshm.a build/lib/libpmmrun.so

# All of it once more for 32 bits, where there is such a compiler.
m32 := $(shell echo 'int main(void) { return 0; }' | $(CC) -m32 -x c - -o /dev/null 2>/dev/null && echo yes)
ifdef m32
GUEST_PROGS += build/guest/installed32
tests/unit/test_installed.sh: build/guest/installed32
build/guest/installed32: build/.cc tests/unit/installed.c $(pmmshm_objs:build/obj/%.o=%.c) \
		$(wildcard libpmmshm/*.h include/uapi/linux/*.h)
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) -m32 $(cflags) $(CFLAGS) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
		-DPMMSHM_VERSION='"$(VERSION)"' -o $@ $(filter %.c,$^)
endif
