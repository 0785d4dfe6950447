#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel.sh [--refresh] 6.1|6.12|debug|in-tree
#
# Print the directory that holds Debian's newest kernel of that series: image,
# modules and headers, downloaded and unpacked but not installed.  What is in the
# cache already is used as it is; --refresh looks for a newer one.
#
# The directory is named after the package version, and kernels/6.1 is a link to
# the current one: guests that still use an older one are not disturbed.  The
# debug kernel, and the same with PMM built in, are another matter: see
# debug-kernel.sh and in-tree.sh.

. "$(dirname "$0")/common.sh"
. "$PMM_SRC/scripts/debian.sh"

refresh=
[ "${1:-}" != --refresh ] || { refresh=1; shift; }
series=${1:?usage: kernel.sh [--refresh] 6.1|6.12|debug|in-tree}
case $series in
debug) exec "$PMM_SRC/scripts/debug-kernel.sh" ;;
in-tree) exec "$PMM_SRC/scripts/in-tree.sh" y ;;
esac
link=$PMM_CACHE/kernels/$series

# Everything that we are going to need, so that damage is seen here and not later.
complete() {
	local f

	for f in .complete release vmlinux headers/Module.symvers headers/Makefile modules/modules.dep; do
		[ -e "$1/$f" ] || return 1
	done
}

# Take the kernel out of its self-extracting wrapper: in emulation that saves
# several seconds a boot.  The offsets are the x86 boot protocol's.
extract_vmlinux() {
	local image=$1 setup offset length unpack

	setup=$(od -An -tu1 -j $((0x1f1)) -N 1 "$image")
	offset=$(od -An -tu4 -j $((0x248)) -N 4 "$image")
	length=$(od -An -tu4 -j $((0x24c)) -N 4 "$image")
	tail -c +$(((setup + 1) * 512 + offset + 1)) "$image" >"$2.packed"
	truncate -s $((length - 4)) "$2.packed"
	case $(od -An -tx1 -N 4 "$2.packed") in
	' fd 37 7a 58') unpack="xz" ;;
	' 28 b5 2f fd') unpack="zstd -q" ;;
	*) die "$image is packed in a way unknown here" ;;
	esac
	$unpack -dc <"$2.packed" >"$2" || die "cannot unpack $image"
	rm "$2.packed"
}

# The packages expect to lie in /; release, vmlinux, headers and modules are the
# names that the rest of PMM uses.
debian_finish() {
	local new=$1 final=$2 release

	release=$(basename "$new"/lib/modules/*)
	echo "$release" >"$new/release"
	say "Extracting vmlinux ..."
	extract_vmlinux "$new/boot/vmlinuz-$release" "$new/vmlinux"
	ln -s "usr/src/linux-headers-$release" "$new/headers"
	ln -s "lib/modules/$release" "$new/modules"
	ln -sfn "../../../headers" "$new/modules/build"
	rm -f "$new/modules/source"
	sed -i "s,^include /usr/src/,include $final/usr/src/," "$new/headers/Makefile"
	say "Indexing the modules of $release ..."
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$new" -F "$new/boot/System.map-$release" "$release"
}

# The plain flavour: not -rt, -cloud, -unsigned or -dbg.
newest_image() {
	debian_newest "linux-image-${series//./\\.}\.[0-9.]+([-+][a-z]*[0-9]+)*-$DEBIAN_ARCH"
}

fetch() {
	local image=$1 version dir headers packages

	version=$(debian_version "$image")
	# ~ is for version comparison only and trips over shells.
	dir=$PMM_CACHE/kernels/${version//\~/-}

	if ! complete "$dir"; then
		say "Fetching Debian's kernel $version (about 100 MB, once) ..."
		headers=${image/image/headers}
		mapfile -t packages < <(debian_apt apt-cache depends "$headers" |
			sed -nE 's/^ *\|?Depends: (linux-(headers|kbuild)-.*)/\1/p')
		debian_unpack "$dir" "$image=$version" "$headers=$version" "${packages[@]/%/=$version}"
		complete "$dir" || die "$dir is not complete: unexpected package contents"
	fi
	ln -sfn "${dir##*/}" "$link.new.$$"
	mv -T "$link.new.$$" "$link"
}

if ! complete "$link" || [ -n "$refresh" ]; then
	debian_lock
	# Another checkout may have fetched it while we waited.
	if ! complete "$link" || [ -n "$refresh" ]; then
		mkdir -p "$PMM_CACHE/kernels"
		debian_update daily
		image=$(newest_image)
		[ -n "$image" ] || { debian_update always; image=$(newest_image); }
		if [ -n "$image" ]; then
			fetch "$image"
		elif ! complete "$link"; then
			die "no suite of this machine's Debian mirror offers a $series kernel"
		fi
	fi
fi
readlink -f "$link"
