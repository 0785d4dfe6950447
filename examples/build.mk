# SPDX-License-Identifier: GPL-2.0-only
#
# One program for each common task.  tests/unit/test_examples.sh builds and runs them as
# a user would, with what is installed; these here are for guests, with the module.

examples := $(patsubst examples/%.c,%,$(sort $(wildcard examples/*.c)))

GUEST_PROGS += $(examples:%=build/guest/example-%)
$(examples:%=build/guest/example-%): build/guest/example-%: build/obj/examples/%.o build/lib/libpmmshm.so

film_libs := libavformat libavcodec libavutil
build/obj/examples/decode.o build/obj/examples/player.o: cflags += -Ilibpmmshm/av \
	$(shell pkg-config --cflags $(film_libs) libswscale 2>/dev/null)
build/guest/example-decode build/guest/example-player: build/lib/libpmmshm-av.a
build/guest/example-decode: private libs += $(shell pkg-config --libs $(film_libs) 2>/dev/null)
build/guest/example-player: private libs += $(shell pkg-config --libs $(film_libs) libswscale xext x11 2>/dev/null)
build/guest/example-show: private libs += $(shell pkg-config --libs xext x11 2>/dev/null)

UNIT_TESTS += tests/unit/test_examples.sh
tests/unit/test_examples.sh: build/lib/libpmmshm.so build/lib/libpmmshm.a build/lib/libpmmrun.so build/lib/libpmmshm-av.a
