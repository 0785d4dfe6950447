#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# deb.sh: Debian packages of what dist.sh packed, in out/deb, as dpkg-buildpackage and
# lintian want them.  Nothing of this directory but the archive is used.

. "$(dirname "$0")/common.sh"

version=$(sed -n 's/^VERSION := //p' "$PMM_SRC/Makefile")
work=$PMM_SRC/build/deb
out=$PMM_SRC/out/deb

rm -rf "$work" "$out"
mkdir -p "$work" "$out"
tar -xf "$PMM_SRC/out/pmm-$version.tar.xz" -C "$work"
cd "$work/pmm-$version"

# What make was given here is none of theirs.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL CFLAGS CPPFLAGS LDFLAGS CC
say "Building the packages (log: ${work#"$PMM_SRC"/}/log) ..."
dpkg-buildpackage --build=full --no-sign -jauto >"$work/log" 2>&1 || {
	tail -n 40 "$work/log" >&2
	die "the packages cannot be built"
}
find "$work" -maxdepth 1 -type f ! -name log -exec mv -t "$out" {} +
cd "$out"
say "Looking at them with lintian ..."
lintian --fail-on error --tag-display-limit 0 ./*.changes
for deb in *.deb; do
	printf '%-44s %s\n' "$deb" "$(du -h "$deb" | cut -f1)"
done
