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

# An unpacked archive has no git, and nothing that does not belong in the next one.
files() {
	if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$PMM_SRC" ]; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . \( -path ./build -o -path ./out \) -prune -o \( -type f -o -type l \) -printf '%P\0'
	fi
}

date=$(date -d "$(dpkg-parsechangelog -S Date 2>/dev/null ||
	sed -n 's/^ -- .*>  //p' debian/changelog | head -n 1)" +%s)
mkdir -p out
files | LC_ALL=C sort -z |
	while IFS= read -rd '' file; do
		[ ! -e "$file" ] || printf '%s\0' "$file"
	done |
	tar --create --no-recursion --format=ustar \
		--transform="s,^,pmm-$version/,rSH" --mtime="@$date" --owner=0 --group=0 \
		--numeric-owner --mode=u=rwX,go=rX --null --files-from=- | xz -T1 -6 >"$archive.new"
mv "$archive.new" "$archive"
say "$archive: $(tar -tf "$archive" | wc -l) files, $(du -h "$archive" | cut -f1)"
