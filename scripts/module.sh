#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# module.sh 6.1|6.12|debug [ASSIGNMENT...]: build pmm.ko, and the drivers of tests and
# benchmarks, for that kernel; the assignments are for kbuild.
#
# kbuild puts what it makes beside the sources, so each kernel gets a mirror of
# symbolic links, build/kernel-VERSION.  kbuild itself knows what is out of date.

. "$(dirname "$0")/common.sh"

series=${1:?usage: module.sh 6.1|6.12|debug [ASSIGNMENT...]}
kernel=$("$PMM_SRC/scripts/kernel.sh" "$series")
out=$PMM_SRC/build/kernel-$series

mkdir -p "$out"
exec 8>"$out/.lock"
flock 8

# Links whose file is gone, then links for every file.
find "$out" -xtype l -delete
cd "$PMM_SRC"
find . \( -path ./build -o -path ./out -o -path ./.git \) -prune -o -type f \
	\( -path ./Kbuild -o -path "./drivers/*" -o -path "./ipc/*" -o -path "./include/*" \
	-o -path "./scripts/*" -o -path "./tests/kmod/*" -o -path "./bench/kmod/*" \
	-o -path "./bench/steady*" \) -print |
	while read -r file; do
		[ -e "$out/$file" ] || { mkdir -p "$out/${file%/*}" && ln -sf "$PMM_SRC/$file" "$out/$file"; }
	done

# The kernel's own compiler and flags count here, not what the caller gave make.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL CFLAGS CPPFLAGS LDFLAGS CC
build() {
	# No BTF for modules: it needs a pahole that suits the kernel, or kbuild
	# deletes the finished module; only BPF programs would miss it.
	make -C "$kernel/headers" -j"$(nproc)" --no-print-directory ${V:+V=1} \
		CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules 8>&- >&2
}

build M="$out" "${@:2}"
dirs="tests/kmod bench/kmod"
# The debug kernel has none of those that PMM is compared with, nor any speed.
[ "$series" != debug ] || dirs=tests/kmod
for dir in $dirs; do
	[ ! -e "$dir/Kbuild" ] ||
		build M="$out/$dir" KBUILD_EXTRA_SYMBOLS="$out/Module.symvers" "${@:2}"
done
# kbuild leaves an up-to-date module alone; make(1) goes by this date.
touch "$out/pmm.ko"
