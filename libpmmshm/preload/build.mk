# SPDX-License-Identifier: GPL-2.0-only
#
# The preload of pmmrun (tools/pmmrun.c), with as much of libpmmshm as it needs.

preload_objs := block guard history next object report segment settings
preload_objs := $(preload_objs:%=build/obj/libpmmshm/preload/%.o)

ALL += build/lib/libpmmrun.so
INSTALL_PRELOAD += build/lib/libpmmrun.so

$(preload_objs): cflags += -D_GNU_SOURCE -fPIC -fvisibility=hidden -Ilibpmmshm
build/lib/libpmmrun.so: $(preload_objs) libpmmshm/preload/libpmmrun.map build/lib/libpmmshm.a
# Bound at once: a signal handler may be the first to call it.  The first to begin: see
# guard.c.
build/lib/libpmmrun.so: private ldflags += -Wl,-z,now -Wl,-z,initfirst -Wl,--no-undefined \
	-Wl,--version-script=libpmmshm/preload/libpmmrun.map
build/lib/libpmmrun.so: private libs += build/lib/libpmmshm.a
