#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dist.sh: the sources, as they are in this directory, as out/pmm-VERSION.tar.xz.
#
# The same files make the same bytes.  What git does not track, and would not, stays out.

. "$(dirname "$0")/common.sh"

cd "$PMM_SRC"
version=$(sed -n 's/^VERSION := //p' Makefile)
archive=out/pmm-$version.tar.xz

date=$(date -d "$(dpkg-parsechangelog -S Date 2>/dev/null ||
	sed -n 's/^ -- .*>  //p' debian/changelog | head -n 1)" +%s)
mkdir -p out
tree_files |
	tar --create --no-recursion --format=ustar \
		--transform="s,^,pmm-$version/,rSH" --mtime="@$date" --owner=0 --group=0 \
		--numeric-owner --mode=u=rwX,go=rX --verbatim-files-from --files-from=- | xz -T1 -6 >"$archive.new"
mv "$archive.new" "$archive"
say "$archive: $(tar -tf "$archive" | wc -l) files, $(du -h "$archive" | cut -f1)"
