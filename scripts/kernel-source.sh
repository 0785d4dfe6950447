#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-source.sh [6.1]
#
# Print the directory that holds the kernel's source, from Debian's linux-source
# package, unpacked into the cache.  The allocator's unit tests compile its
# red-black tree; checkpatch.pl and kernel-doc are in there too.

. "$(dirname "$0")/common.sh"
. "$PMM_SRC/scripts/debian.sh"

series=${1:-6.1}
link=$PMM_CACHE/sources/$series

complete() { [ -e "$1/.complete" ] && [ -e "$1/tools/lib/rbtree.c" ]; }

# The package holds one archive; the tree itself takes its place.
debian_finish() {
	say "Unpacking the source of Linux $series (over 1 GB) ..."
	(
		cd "$1"
		tar -xf usr/src/linux-source-*.tar.xz --strip-components=1 \
			--checkpoint=20000 --checkpoint-action=exec="printf . >&2"
	) || die "cannot unpack the source"
	say
	rm -rf "${1:?}"/usr/{src,share}
}

fetch() {
	local package=linux-source-$series version dir

	version=$(debian_version "$package")
	[ -n "$version" ] || die "this machine's Debian mirror offers no $package"
	dir=$PMM_CACHE/sources/${version//\~/-}
	if ! complete "$dir"; then
		say "Fetching the source of Linux $version (about 140 MB, once) ..."
		debian_unpack "$dir" "$package=$version"
	fi
	ln -sfn "${dir##*/}" "$link.new.$$"
	mv -T "$link.new.$$" "$link"
}

if ! complete "$link"; then
	debian_lock
	if ! complete "$link"; then
		mkdir -p "$PMM_CACHE/sources"
		debian_update daily
		fetch
	fi
fi
readlink -f "$link"
