# SPDX-License-Identifier: GPL-2.0-only
#
# Guest tests: every test_NAME.c here is a program, made with guest.c.

guest_tests := $(patsubst tests/guest/%.c,build/guest/%,$(sort $(wildcard tests/guest/test_*.c)))

GUEST_PROGS += $(guest_tests)

$(guest_tests): build/guest/%: build/obj/tests/guest/%.o build/obj/tests/guest/guest.o
$(guest_tests): private libs += -lpthread
