#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# overlay.sh TREE: lay PMM over a kernel's source, so that it can be built with it.
#
# The sources go where they are here, and CONFIG_PMM into drivers/misc.  Doing it
# again brings them up to date: unchanged files are left alone, for make's sake.

. "$(dirname "$0")/common.sh"

tree=${1:?usage: overlay.sh KERNEL-SOURCE-TREE}
grep -qs '^KERNELRELEASE' "$tree/Makefile" || die "$tree is not a kernel's source"

# put FILE PATH: a copy, unless it is the same; never written through a hard link
put() {
	! cmp -s "$1" "$tree/$2" || return 0
	mkdir -p "$tree/$(dirname "$2")"
	cp --remove-destination "$1" "$tree/$2"
}

# hook FILE LINE SED-SCRIPT: unless the line is there, have sed put it there
hook() {
	grep -qxF "$2" "$tree/$1" || sed -i "$3" "$tree/$1"
	grep -qxF "$2" "$tree/$1" || die "$tree/$1 is not as expected"
}

cd "$PMM_SRC"
shopt -s nullglob
for old in "$tree"/{drivers/misc,ipc}/pmm*.[ch]; do
	[ -e "${old#"$tree"/}" ] || rm "$old"
done
for file in {drivers/misc,ipc}/pmm*.[ch] include/{,uapi/}linux/pmm*.h include/trace/events/pmm*.h \
	scripts/probe.sh; do
	put "$file" "$file"
done
put Kbuild drivers/misc/pmm/Makefile
put drivers/misc/Kconfig drivers/misc/pmm/Kconfig

line='source "drivers/misc/pmm/Kconfig"'
hook drivers/misc/Kconfig "$line" "\$i $line"
# shellcheck disable=SC2016 # make's own notation
line='obj-$(CONFIG_PMM) += pmm/'
hook drivers/misc/Makefile "$line" "\$a $line"
