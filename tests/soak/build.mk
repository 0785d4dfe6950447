# SPDX-License-Identifier: GPL-2.0-only
#
# The soak, one program: see scripts/check.sh.

GUEST_PROGS += build/guest/soak

build/guest/soak: $(patsubst %.c,build/obj/%.o,$(sort $(wildcard tests/soak/*.c)))
build/guest/soak: $(guest_objs) build/obj/tests/guest/inject.o
