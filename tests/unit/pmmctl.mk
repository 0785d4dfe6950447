# SPDX-License-Identifier: GPL-2.0-only
#
# What pmmctl understands and draws, from text that is given here.

pmmctl_test_objs := blocks cairo_load device draw json map proc stats table user util
pmmctl_test_objs := $(pmmctl_test_objs:%=build/obj/tools/pmmctl/%.o) \
	build/obj/tools/size.o

UNIT_TESTS += build/unit/test_pmmctl
build/obj/tests/unit/test_pmmctl.o: cflags += -D_GNU_SOURCE -Itools -Itools/pmmctl \
	$(shell pkg-config --cflags check 2>/dev/null)
build/unit/test_pmmctl: build/obj/tests/unit/test_pmmctl.o $(pmmctl_test_objs) build/lib/libpmmshm.a
build/unit/test_pmmctl: private libs += $(shell pkg-config --libs check 2>/dev/null || echo -lcheck) -lpthread

UNIT_TESTS += tests/unit/test_pmmctl_complete.sh
tests/unit/test_pmmctl_complete.sh: build/bin/pmmctl
