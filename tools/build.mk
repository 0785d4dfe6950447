# SPDX-License-Identifier: GPL-2.0-only

ALL += build/bin/pmmrun
INSTALL_BIN += build/bin/pmmrun

build/bin/pmmrun: build/obj/tools/pmmrun.o build/obj/tools/size.o
build/obj/tools/pmmrun.o: build/.libdir
build/obj/tools/pmmrun.o: cflags += -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -DLIBDIR='"$(PRELOADDIR)"'

# Where the preload is going to be installed is a part of the program.
build/.libdir: FORCE
	@mkdir -p build
	@echo '$(PRELOADDIR)' | cmp -s - $@ || echo '$(PRELOADDIR)' >$@

UNIT_TESTS += tests/unit/test_pmmrun.sh
tests/unit/test_pmmrun.sh: build/bin/pmmrun build/lib/libpmmrun.so build/unit/pmmrun_forks
build/unit/pmmrun_forks: build/obj/tests/unit/pmmrun_forks.o build/lib/libpmmrun_locked.so
build/unit/pmmrun_forks: private libs += -lpthread
build/lib/libpmmrun_locked.so: build/obj/tests/unit/pmmrun_locked.o
build/obj/tests/unit/pmmrun_locked.o: cflags += -fPIC

ALL += build/bin/pmmctl
INSTALL_BIN += build/bin/pmmctl
INSTALL_COMPLETION += tools/pmmctl/pmmctl.bash

pmmctl_objs := $(patsubst %.c,build/obj/%.o,$(sort $(wildcard tools/pmmctl/*.c)))
build/bin/pmmctl: $(pmmctl_objs) build/obj/tools/size.o build/obj/libpmmshm/utf8.o build/lib/libpmmshm.so
$(pmmctl_objs): cflags += -D_GNU_SOURCE -Itools -DVERSION='"$(VERSION)"'
build/obj/tools/pmmctl/draw.o build/obj/tools/pmmctl/cairo_load.o: cflags += \
	$(patsubst -I%,-isystem %,$(shell pkg-config --cflags cairo 2>/dev/null))

include tests/unit/pmmctl.mk
