# SPDX-License-Identifier: GPL-2.0-only
#
# Manual pages: those written by hand are here, those of the library's functions and
# structures are made of the comments in its header.

man_pages := $(wildcard man/*.[1-8])
ALL += build/man/.made
INSTALL_MAN += $(man_pages) build/man/*.3

build/man/.made: libpmmshm/pmmshm.h scripts/man3.awk man/pmmshm.7
	$(call say,MAN)
	@rm -rf $(@D) && mkdir -p $(@D)
	$(Q)awk -v out=$(@D) -v date="$$(sed -n 's/^\.Dd //p' man/pmmshm.7)" -f scripts/man3.awk libpmmshm/pmmshm.h
	@touch $@

UNIT_TESTS += tests/unit/test_man.sh
tests/unit/test_man.sh: build/man/.made build/bin/pmmctl build/bin/pmmrun build/bin/pmm-play build/bin/pmm-camera
tests/unit/test_installed.sh: build/man/.made
