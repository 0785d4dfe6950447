# SPDX-License-Identifier: GPL-2.0-only

show_objs := options player display image scale memory clock stats report json parse message \
	way way_copy way_sysv way_fd way_pixmap
show_objs := $(show_objs:%=build/obj/xclient-demo/%.o)
play_objs := main play-options decode
play_objs := $(play_objs:%=build/obj/xclient-demo/%.o)
camera_objs := camera-main camera-options camera capture fourcc
camera_objs := $(camera_objs:%=build/obj/xclient-demo/%.o)
play_pkgs := libavformat libavcodec libswscale libavutil xext x11 x11-xcb xcb-shm xcb

ALL += build/bin/pmm-play build/bin/pmm-camera build/bin/pmm-prove
UNIT_TESTS += tests/unit/test_player.sh
INSTALL_BIN += build/bin/pmm-play build/bin/pmm-camera build/bin/pmm-prove

$(show_objs) $(play_objs) $(camera_objs): cflags += -D_GNU_SOURCE -Ilibpmmshm/av $(shell pkg-config --cflags $(play_pkgs) 2>/dev/null)
build/bin/pmm-play: $(show_objs) $(play_objs) build/lib/libpmmshm-av.a build/lib/libpmmshm.so
build/bin/pmm-camera: $(show_objs) $(camera_objs) build/lib/libpmmshm.so
build/bin/pmm-play build/bin/pmm-camera: private libs += $(shell pkg-config --libs $(play_pkgs) 2>/dev/null) -lpthread

tests/unit/test_player.sh: build/bin/pmm-play build/bin/pmm-camera

prove_objs := pmm-prove pagemap message
prove_objs := $(prove_objs:%=build/obj/xclient-demo/%.o)

$(prove_objs): cflags += -D_GNU_SOURCE
build/bin/pmm-prove: $(prove_objs) build/lib/libpmmshm.so

UNIT_TESTS += tests/unit/test_player_shm.sh
tests/unit/test_player_shm.sh: build/bin/pmm-play

UNIT_TESTS += build/unit/test_pagemap
build/obj/tests/unit/test_pagemap.o: cflags += -D_GNU_SOURCE -Ixclient-demo \
	$(shell pkg-config --cflags check 2>/dev/null)
build/unit/test_pagemap: build/obj/tests/unit/test_pagemap.o build/obj/xclient-demo/pagemap.o \
	build/obj/xclient-demo/message.o
build/unit/test_pagemap: private libs += $(shell pkg-config --libs check 2>/dev/null || echo -lcheck)
