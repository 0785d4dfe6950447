# SPDX-License-Identifier: GPL-2.0-only
#
# The GStreamer plugin "pmm".  It finds libpmmshm one directory above its own.

gst_objs := allocator display frames plugin pmmpool pmmximagesink pool window
gst_objs := $(gst_objs:%=build/obj/gst-pmm/%.o)
gst_pkgs := gstreamer-1.0 gstreamer-base-1.0 gstreamer-video-1.0 gstreamer-allocators-1.0
# Others' headers are not ours to have opinions about.
gst_cflags = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(gst_pkgs) 2>/dev/null))
gst_libs = $(shell pkg-config --libs $(gst_pkgs) 2>/dev/null)
gst_plugin := build/lib/gstreamer-1.0/libgstpmm.so

ALL += $(gst_plugin)
INSTALL_GST += $(gst_plugin)

$(gst_objs): cflags += -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -fPIC -fvisibility=hidden $(gst_cflags)
build/obj/gst-pmm/plugin.o: cflags += -DPMM_VERSION='"$(VERSION)"'
$(gst_plugin): $(gst_objs) build/lib/libpmmshm.so
$(gst_plugin): private ldflags += -Wl,--no-undefined $(if $(RUNPATH),-Wl$(,)-rpath$(,)'$$ORIGIN/..')
$(gst_plugin): private libs += -Lbuild/lib -l:libpmmshm.so $(gst_libs) \
	$(shell pkg-config --libs xcb xcb-shm 2>/dev/null)

UNIT_TESTS += tests/unit/test_gst.sh
tests/unit/test_gst.sh: build/guest/gst_look
# Those that install all there is, too
tests/unit/test_gst.sh tests/unit/test_installed.sh tests/unit/test_examples.sh: $(gst_plugin)
