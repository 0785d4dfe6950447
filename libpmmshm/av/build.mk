# SPDX-License-Identifier: GPL-2.0-only
#
# FFmpeg's frames in blocks.  A static library only: FFmpeg's ABI changes with each of
# its releases, and a program's parts must have been built for the same one.

av_objs := build/obj/libpmmshm/av/layout.o build/obj/libpmmshm/av/pool.o
av_cflags = $(shell pkg-config --cflags libavcodec libavutil 2>/dev/null)
av_libs = $(shell pkg-config --libs libavcodec libavutil 2>/dev/null || echo -lavcodec -lavutil) -lpthread

ALL += build/lib/libpmmshm-av.a
INSTALL_LIB += build/lib/libpmmshm-av.a
INSTALL_HEADER += libpmmshm/av/pmmshm-av.h
INSTALL_PC += libpmmshm/av/libpmmshm-av.pc.in

$(av_objs): cflags += -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -fPIC $(av_cflags)
build/lib/libpmmshm-av.a: $(av_objs)

UNIT_TESTS += build/unit/test_pmmshm_av
tests/unit/test_installed.sh: build/lib/libpmmshm-av.a
build/obj/tests/unit/test_pmmshm_av.o: cflags += -D_GNU_SOURCE -Ilibpmmshm/av $(av_cflags) \
	$(shell pkg-config --cflags check 2>/dev/null)
build/unit/test_pmmshm_av: build/obj/tests/unit/test_pmmshm_av.o build/lib/libpmmshm-av.a \
	build/lib/libpmmshm.so
build/unit/test_pmmshm_av: private libs += $(shell pkg-config --libs check 2>/dev/null || echo -lcheck) $(av_libs)
