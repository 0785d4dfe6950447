# SPDX-License-Identifier: GPL-2.0-only
#
# PMM: every command a person types.  `make help` lists them.
#
# A directory that builds something has a build.mk, included below.  It appends
# to these variables, with paths relative to the top of the tree:
#
#   ALL             whatever `make` builds
#   UNIT_TESTS      programs that run on this machine: exit 0 passes, 77 skips
#   GUEST_PROGS     build/guest/NAME; those called test_NAME are guest tests,
#                   as are tests/guest/test_NAME.sh (see tests/guest/run.sh)
#   CLEAN           files to remove that are not under build/ and out/
#   INSTALL_BIN, INSTALL_LIB, INSTALL_HEADER, INSTALL_PC (a .pc.in),
#   INSTALL_PYTHON (a directory), INSTALL_PRELOAD,
#   INSTALL_COMPLETION (PROGRAM.bash), INSTALL_MAN (NAME.SECTION),
#   INSTALL_GST (GStreamer plugins)
#
# Objects are build/obj/DIR/NAME.o from DIR/NAME.c, programs build/bin/NAME,
# build/guest/NAME or build/unit/NAME, libraries build/lib/NAME.  The recipes
# are here; a fragment only names the parts, and what is special about them:
#
#   ALL += build/bin/hello
#   build/bin/hello: build/obj/tools/hello.o build/lib/libpmmshm.so
#   build/bin/hello: private libs += -lm
#   build/obj/tools/hello.o: cflags += -DGREETING
#
# Flags that are not `private` are handed on to what a target depends on.
#
# build/lib/NAME.a and NAME.so work the same way.  For the latter, say
#   build/lib/libx.so: soname := libx.so.1
#   build/lib/libx.so: ldflags += -Wl,--version-script=libx/libx.map
#   build/obj/libx/%.o: cflags += -fPIC

VERSION := 0.1.0
# The oldest and the newest kernel.
include kernels
KERNELS ?= $(OLDEST) $(NEWEST)
KERNEL  ?= $(OLDEST)
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
LIBDIR  ?= $(PREFIX)/lib
PRELOADDIR ?= $(LIBDIR)
INCLUDEDIR ?= $(PREFIX)/include
MANDIR  ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
# Where Python looks by itself: outside of /usr, each version in a place of its own.
PYTHONDIR ?= $(PREFIX)/lib/$(or $(if $(filter-out /usr,$(PREFIX)),$(shell python3 -c \
	'import sysconfig; print("/".join(sysconfig.get_path("purelib").split("/")[-2:]))' \
	2>/dev/null)),python3/dist-packages)
UDEVDIR ?= $(PREFIX)/lib/udev/rules.d
SYSCONFDIR ?= /etc
# Where programs look for libpmmshm first, from where they are.
RUNPATH ?= $$ORIGIN/../lib
# Where GStreamer looks by itself, which is under /usr only.
GSTDIR  ?= $(or $(if $(filter /usr,$(PREFIX)),$(shell pkg-config --variable=pluginsdir \
	gstreamer-1.0 2>/dev/null)),$(LIBDIR)/gstreamer-1.0)
CFLAGS  ?= -O2 -g

# What every object needs, whatever CFLAGS the caller gives.
cflags  := -std=gnu11 -Wall -Wextra -Werror -Iinclude/uapi -Ilibpmmshm
ldflags :=
libs    :=

ALL :=
UNIT_TESTS :=
GUEST_PROGS :=
CLEAN :=
INSTALL_BIN :=
INSTALL_LIB :=
INSTALL_HEADER := include/uapi/linux/pmm.h
INSTALL_PC :=
INSTALL_PYTHON :=
INSTALL_PRELOAD :=
INSTALL_COMPLETION :=
INSTALL_MAN :=
INSTALL_GST :=

# V=1 shows the commands.
Q := $(if $(V),,@)
, := ,
say = $(if $(V),@:,@printf '  %-8s%s\n' $(1) $@)

.PHONY: all
all:	## Build everything: the module for each kernel, library, tools, demo, tests

-include libpmmshm/build.mk gst-pmm/build.mk python/build.mk man/build.mk examples/build.mk tools/build.mk xclient-demo/build.mk \
	tests/unit/build.mk tests/guest/build.mk tests/soak/build.mk tests/kmod/build.mk bench/build.mk

# ---------------------------------------------------------------- user space

# Objects are made again when the compiler or its flags change.
build/.cc: FORCE
	@mkdir -p build
	@echo '$(CC) $(CFLAGS) $(CPPFLAGS)' | cmp -s - $@ || echo '$(CC) $(CFLAGS) $(CPPFLAGS)' >$@

build/obj/%.o: %.c build/.cc
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(cflags) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# $(1): directory.  The run path serves build/bin with build/lib, and likewise
# $(PREFIX)/bin with $(PREFIX)/lib.
define program_rule
build/$(1)/%:
	$$(call say,LD)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) $$(if $$(RUNPATH),-Wl$$(,)-rpath$$(,)'$$(RUNPATH)') -o $$@ \
		$$(filter %.o %.a,$$^) $$(patsubst %,-Lbuild/lib -l:%,$$(notdir $$(filter %.so,$$^))) $$(libs) $$(LDLIBS)
endef
$(foreach d,bin guest unit,$(eval $(call program_rule,$(d))))

build/lib/%.a:
	$(call say,AR)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

build/lib/%.so:
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared $(CFLAGS) $(LDFLAGS) $(ldflags) $(if $(soname),-Wl$(,)-soname$(,)$(soname)) \
		-o $(@D)/$(or $(soname),$(@F)) $(filter %.o,$^) $(libs) $(LDLIBS)
	$(if $(soname),@ln -sf $(soname) $@)

-include $(shell find build/obj -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------- the module

# The debug kernel's only if it is asked for: that is a kernel to build first.
MODULES := $(patsubst %,build/kernel-%/pmm.ko,$(sort $(KERNELS) $(KERNEL) \
	$(if $(filter check-debug%,$(MAKECMDGOALS)),debug)))
MODULE_SOURCES := $(shell find Kbuild drivers ipc include scripts/probe.sh tests/kmod bench/kmod $(wildcard bench/steady*) -type f 2>/dev/null)

# Which unpacked kernel: changes when a newer package was fetched.
build/kernel-%/.kernel: FORCE
	@mkdir -p $(@D)
	@dir=$$(scripts/kernel.sh $*) && { echo "$$dir" | cmp -s - $@ || echo "$$dir" >$@; }

build/kernel-%/pmm.ko: build/kernel-%/.kernel scripts/module.sh $(MODULE_SOURCES)
	$(Q)scripts/module.sh $*

.PRECIOUS: build/kernel-%/.kernel

.PHONY: modules
modules: $(MODULES)	## Build only the module, for each kernel

all: $(MODULES) $(ALL) $(UNIT_TESTS) $(GUEST_PROGS)

# ------------------------------------------------------------------- running

# These set up what is missing before anything else.  Make then starts again,
# so that pkg-config sees what was installed.
ifneq ($(filter demo% check% fuzz soak guest bench% lint deb,$(MAKECMDGOALS)),)
include build/.setup $(if $(filter check lint,$(MAKECMDGOALS)),build/.setup-lint) \
	$(if $(filter check check-unit,$(MAKECMDGOALS)),build/.setup-unit) \
	$(if $(filter check check-unit fuzz,$(MAKECMDGOALS)),build/.setup-fuzz) \
	$(if $(filter bench-%,$(MAKECMDGOALS)),build/.setup-bench) \
	$(if $(filter deb check-packages,$(MAKECMDGOALS)),build/.setup-packages)
# Building alone installs nothing, but says what it will not find.
else ifneq ($(filter all modules,$(or $(MAKECMDGOALS),all)),)
ifeq ($(wildcard build/.setup),)
missing := $(shell scripts/setup.sh --missing)
$(if $(missing),$(error `make setup` would install what is missing: $(missing)))
endif
else ifneq ($(filter programs install,$(MAKECMDGOALS)),)
missing := $(shell scripts/setup.sh --missing --programs)
$(if $(missing),$(error `scripts/setup.sh --programs` would install what is missing: $(missing)))
endif

build/.setup: scripts/setup.sh
	scripts/setup.sh
	@mkdir -p build && touch $@

build/.setup-lint build/.setup-unit build/.setup-fuzz build/.setup-bench build/.setup-packages: build/.setup-%: scripts/setup.sh
	scripts/setup.sh --$*
	@mkdir -p build && touch $@

.PHONY: soak check-debug check-debug-short
.PHONY: setup demo demo-device demo-camera check check-unit check-guest check-harness check-peers fuzz lint guest
.PHONY: bench bench-all bench-alloc bench-device bench-frag bench-latency
setup:	## Install the Debian packages that are missing, fetch the newest kernels
	scripts/setup.sh --refresh
	@mkdir -p build && touch build/.setup

# Handed to the scripts as typed: a $ in them is the shell's, not make's.
as_typed := ACCEL APPEND BENCH_ARGS BUILD CMD CPUS HEADERS IDLE JOBS MEM NO_PMM NO_X OUT PMM_ARGS QEMU_ARGS SHM SOAK_SECONDS SOAK_SEED TESTS TIMEOUT
$(foreach v,$(as_typed),$(eval override $(v) := $$(value $(v))))
export $(as_typed) KERNEL KERNELS UNIT_TESTS GUEST_PROGS

demo: all	## Play a video through PMM in a guest; leaves out/demo.png and .json; SHM=sysv|fd|pixmap
	scripts/demo.sh

demo-device: all	## Play the video in RAM on a PCI device; leaves out/device.png (found by the host) and .json
	scripts/demo-device.sh

demo-camera: all	## Show a camera that wants contiguous memory; leaves out/camera.png and .json
	scripts/demo-camera.sh

check: all	## Run all tests: lint, unit, guest on each kernel, and the harness's own
	scripts/check.sh lint unit harness guest

lint: all	## Look for errors without running anything: checkpatch, sparse, clang-tidy, ...
	scripts/lint.sh

check-unit: $(UNIT_TESTS)	## Run the unit tests
	scripts/check.sh unit

fuzz: $(FUZZERS)	## Search for inputs that break the allocators or pools=; SECONDS_EACH=N
	tests/fuzz/run.sh $(or $(SECONDS_EACH),300)

check-guest: KERNELS = $(if $(filter command line environment,$(origin KERNEL)),$(KERNEL),$(OLDEST) $(NEWEST))
check-guest: $(MODULES) $(ALL) $(GUEST_PROGS)	## Run guest tests; TESTS='name ...' and KERNEL=6.1|6.12|debug choose
	scripts/check.sh guest

soak: $(MODULES) $(GUEST_PROGS)	## Do everything to blocks for SOAK_SECONDS (600); KERNEL=6.1|6.12|debug
	KERNELS='$(KERNEL)' scripts/check.sh soak

# The debug kernel is built first, if it is not there yet.
check-debug: KERNELS = debug
check-debug: $(MODULES) $(ALL) $(GUEST_PROGS)	## All guest tests and the soak on the debug kernel; PMM built into it
	scripts/check.sh in-tree guest soak

# What finds most in a few minutes.
check-debug-short: KERNELS = debug
check-debug-short: override TESTS := failures zeroes kill hazard_19_recycling hazard_20_memory_errors \
	hazard_25_clean_unload
check-debug-short: override SOAK_SECONDS := 60
check-debug-short: $(MODULES) $(ALL) $(GUEST_PROGS)	## The same in less than ten minutes: some of the tests, one minute of soak
	scripts/check.sh guest soak

# Not a part of check: this takes a quarter of an hour a kernel.
check-peers: KERNELS = $(if $(filter command line environment,$(origin KERNEL)),$(KERNEL),$(OLDEST) $(NEWEST))
check-peers: $(MODULES) $(ALL)	## Run the kernel's selftests of shared memory: without PMM, with it, under pmmrun
	scripts/peers.sh

check-harness:	## Prove that the test runner sees failures, crashes and hangs
	scripts/check.sh harness

guest: $(MODULES) $(ALL) $(GUEST_PROGS)	## Run CMD='...' in a guest; KERNEL ACCEL MEM CPUS APPEND QEMU_ARGS PMM_ARGS TIMEOUT
	@scripts/guest.sh

bench: all	## Compare first touch and attach with ordinary shared memory, in a guest
	scripts/bench.sh touch

bench-alloc: all	## Compare allocators of ranges: ours, a plain one, the kernel's own; BENCH_ARGS
	scripts/bench.sh alloc

bench-frag: all	## Study how pools break up, and what never fails; BENCH_ARGS
	scripts/bench.sh frag

bench-latency: all	## Compare getting 1, 8 and 64 MiB at once with other ways, in a guest; BENCH_ARGS
	scripts/bench.sh latency

bench-device: all	## Measure memory on devices, and programs' memory for devices, in guests; BENCH_ARGS
	scripts/bench.sh device

bench-all: all	## Run all benchmarks, with plots
	scripts/bench.sh touch alloc frag latency device

# -------------------------------------------------------- install, clean, help

.PHONY: programs install install-system dist deb check-packages check-headers abi clean help FORCE
# What is installed, and nothing that only tests need.
programs: $(filter $(ALL),$(INSTALL_BIN) $(INSTALL_LIB) $(INSTALL_PRELOAD) $(INSTALL_GST) build/man/.made)	## Build only library, tools, players and manuals

install: programs	## Install library, header, pkg-config file, tools and manuals (PREFIX, DESTDIR)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PRELOADDIR) $(DESTDIR)$(INCLUDEDIR)/linux
	$(if $(INSTALL_BIN),install $(INSTALL_BIN) $(DESTDIR)$(BINDIR))
	$(if $(INSTALL_LIB),cp -d --no-preserve=ownership $(INSTALL_LIB) $(DESTDIR)$(LIBDIR))
	$(if $(INSTALL_PRELOAD),install -m 644 $(INSTALL_PRELOAD) $(DESTDIR)$(PRELOADDIR))
	set -e; $(foreach h,$(INSTALL_HEADER),install -m 644 $(h) \
		$(DESTDIR)$(INCLUDEDIR)/$(if $(filter include/uapi/%,$(h)),linux/)$(notdir $(h));)
	set -e; $(foreach p,$(INSTALL_PC),sed -e 's,@PREFIX@,$(PREFIX),' -e 's,@LIBDIR@,$(LIBDIR),' \
		-e 's,@INCLUDEDIR@,$(INCLUDEDIR),' -e 's,@VERSION@,$(VERSION),' $(p) \
		>$(DESTDIR)$(LIBDIR)/pkgconfig/$(notdir $(p:.in=));)
	$(if $(INSTALL_GST),install -Dm 644 -t $(DESTDIR)$(GSTDIR) $(INSTALL_GST))
	set -e; $(foreach p,$(INSTALL_PYTHON),install -Dm 644 -t $(DESTDIR)$(PYTHONDIR)/$(notdir $(p)) $(wildcard $(p)/*.py $(p)/py.typed);)
	set -e; $(foreach c,$(INSTALL_COMPLETION),install -Dm 644 $(c) $(DESTDIR)$(COMPLETIONDIR)/$(basename $(notdir $(c)));)
	set -e; for page in $(INSTALL_MAN); do install -Dm 644 -t $(DESTDIR)$(MANDIR)/man$${page##*.} $$page; done
	@# Programs find the library in the linker's cache.
	[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || ldconfig

install-system:	## Install what loads the module at boot, and lets the group video use it
	install -Dm 644 -t $(DESTDIR)$(UDEVDIR) system/udev/60-pmm.rules
	install -Dm 644 -t $(DESTDIR)$(PREFIX)/lib/modules-load.d system/modules-load.d/pmm.conf
	install -Dm 644 -t $(DESTDIR)$(PREFIX)/lib/tmpfiles.d system/tmpfiles.d/pmm.conf
	@# The administrator may have changed it.
	[ -e $(DESTDIR)$(SYSCONFDIR)/modprobe.d/pmm.conf ] || \
		install -Dm 644 -t $(DESTDIR)$(SYSCONFDIR)/modprobe.d system/modprobe.d/pmm.conf

dist:	## Pack the sources: out/pmm-VERSION.tar.xz
	scripts/dist.sh

deb: dist	## Build the Debian packages out of that, and look at them with lintian: out/deb
	scripts/deb.sh

# Neither is a part of check: they take a quarter of an hour each, or more.
check-packages: deb	## Install the packages on a clean Debian in a guest: boot, play, upgrade, purge; BUILD=guest
	scripts/packages.sh

check-headers:	## Build the module against all of Debian's kernel headers; HEADERS=REGEX chooses
	scripts/headers.sh

# Each file is read while the new one is made.
abi: build/lib/libpmmshm.so	## Record what libpmmshm exports, after a change that is meant
	libpmmshm/abi.sh symbols >build/libpmmshm.symbols
	libpmmshm/abi.sh dump >build/libpmmshm.abi
	mv build/libpmmshm.symbols build/libpmmshm.abi libpmmshm

clean:	## Remove everything that was built (downloaded kernels stay in the cache)
	rm -rf build out $(CLEAN)

help:	## Show this
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

FORCE:
