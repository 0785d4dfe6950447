# SPDX-License-Identifier: GPL-2.0-only
#
# Guest tests: every test_NAME.c here is a program, made with these.
guest_objs := block child expect module pages pool segment system
guest_objs := $(guest_objs:%=build/obj/tests/guest/%.o)

guest_tests := $(patsubst tests/guest/%.c,build/guest/%,$(sort $(wildcard tests/guest/test_*.c)))

GUEST_PROGS += $(guest_tests)

$(guest_tests): build/guest/%: build/obj/tests/guest/%.o $(guest_objs)
$(guest_tests): private libs += -lpthread

build/guest/test_ioctl build/guest/test_ioctl_values: build/obj/tests/guest/ioctl.o
build/guest/test_failures: build/obj/tests/guest/alias.o build/obj/tests/guest/inject.o
vm_tests := test_vm test_vm_size test_accounting test_migrate_kernel test_pressure test_find test_types test_differ_posix test_differ_sysv
$(vm_tests:%=build/guest/%): build/obj/tests/guest/vm.o

# Compiled without any header of PMM.
build/obj/tests/guest/legacy_shm.o: private cflags := -std=gnu11 -Wall -Wextra -Werror
build/guest/test_legacy: build/lib/libpmmshm.so build/guest/legacy_shm
build/guest/test_library_names: build/guest/posix_shm
build/obj/tests/guest/posix_shm.o: private cflags := -std=gnu11 -Wall -Wextra -Werror
build/guest/posix_shm: build/obj/tests/guest/posix_shm.o
build/guest/posix_shm: private libs += -static
build/guest/test_kill: build/lib/libpmmshm.so
x_tests := test_xshm test_xshm_fd test_xshm_servers
$(x_tests:%=build/guest/%): build/obj/tests/guest/xshm.o build/obj/tests/guest/library.o build/lib/libpmmshm.so
$(x_tests:%=build/guest/%): private libs += $(shell pkg-config --libs x11-xcb xext x11 xcb-shm xcb 2>/dev/null)
build/guest/legacy_shm: build/obj/tests/guest/legacy_shm.o
build/guest/legacy_shm: private libs += -static

# Preloaded by test_player_messages.sh
GUEST_PROGS += build/lib/old_server.so
build/obj/tests/guest/old_server.o: private cflags += -fPIC
build/lib/old_server.so: build/obj/tests/guest/old_server.o

migrate_tests := test_device_migrate test_device_unplug test_migrate test_migrate_kernel \
	test_migrate_processes test_mirror test_mirror_race test_node
$(migrate_tests:%=build/guest/%): build/obj/tests/guest/migrate.o

differ_tests := test_differ_posix test_differ_sysv
$(differ_tests:%=build/guest/%): build/obj/tests/guest/differ.o

alias_tests := test_alias test_combinations test_hazard_3_operations test_hazard_6_mounts \
	test_hazard_8_rights test_hazard_18_aliases test_namespaces test_transfers \
	test_types_dmabuf
$(alias_tests:%=build/guest/%): build/obj/tests/guest/alias.o
build/guest/test_transfers: private libs += $(shell pkg-config --libs liburing 2>/dev/null || echo -luring)
device_tests := $(patsubst tests/guest/%.c,%,$(wildcard tests/guest/test_device_*.c))
$(device_tests:%=build/guest/%): build/obj/tests/guest/device.o
build/guest/test_device_names build/guest/test_device_unplug: build/obj/tests/guest/alias.o
build/guest/test_device_names build/guest/test_device_refused build/guest/test_device_reserved: build/obj/tests/guest/dmabuf.o
build/guest/test_device_names build/guest/test_device_unplug: build/obj/tests/guest/vm.o
build/guest/test_device_names: build/guest/legacy_shm build/guest/posix_shm
edu_tests := test_driver_share test_driver_reach test_driver_low test_driver_iommu
mirror_tests := test_mirror test_mirror_race test_mirror_stress
edu_tests += $(mirror_tests)
$(mirror_tests:%=build/guest/%): build/obj/tests/guest/mirror.o
$(edu_tests:%=build/guest/%): build/obj/tests/guest/edu.o

# For a shell: resize TYPE MIB
GUEST_PROGS += build/guest/resize
build/guest/resize: build/obj/tests/guest/resize.o build/lib/libpmmshm.so

# For a shell: edu_copy
GUEST_PROGS += build/guest/edu_copy
build/guest/edu_copy: build/obj/tests/guest/edu_copy.o build/obj/tests/guest/mirror.o \
	build/obj/tests/guest/edu.o $(guest_objs)

# For shells, too: camera_control vgem|heap DEVICE OTHER-DEVICE
GUEST_PROGS += build/guest/camera_control
build/guest/camera_control: build/obj/tests/guest/camera_control.o build/obj/tests/guest/dmabuf.o \
	$(guest_objs)
build/obj/tests/guest/camera_control.o: cflags += $(patsubst -I%,-isystem %,$(shell pkg-config --cflags libdrm 2>/dev/null))

build/guest/test_dmabuf build/guest/test_types_dmabuf: build/obj/tests/guest/dmabuf.o
build/guest/test_types build/guest/test_types_dmabuf: build/obj/tests/guest/type_driver.o
build/guest/test_types_dmabuf: build/obj/tests/guest/vm.o

# For the tests of pmmrun: a look from outside, and a program that knows nothing.
GUEST_PROGS += build/guest/pmm_mapped build/guest/shm_story
build/guest/pmm_mapped: build/obj/tests/guest/pmm_mapped.o $(guest_objs)
story_objs := shm_story story_segment story_object story_corners
story_objs := $(story_objs:%=build/obj/tests/guest/%.o)
$(story_objs): private cflags := -std=gnu11 -Wall -Wextra -Werror
build/guest/shm_story: $(story_objs)

# For the tests of the GStreamer plugin: what a pipeline's frames are in.
GUEST_PROGS += build/guest/gst_look
build/obj/tests/guest/gst_look.o: cflags += $(gst_cflags)
build/guest/gst_look: build/obj/tests/guest/gst_look.o $(guest_objs)
build/guest/gst_look: private libs += $(gst_libs)

node_tests := test_node test_node_use
$(node_tests:%=build/guest/%): build/obj/tests/guest/node.o build/bin/pmmctl
build/guest/test_node: build/obj/tests/guest/device.o
build/guest/test_node_use: build/obj/tests/guest/vm.o

# For the test of pmmctl
GUEST_PROGS += build/guest/holder
build/guest/holder: build/obj/tests/guest/holder.o build/lib/libpmmshm.so
