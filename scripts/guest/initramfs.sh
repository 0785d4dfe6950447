#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# initramfs.sh KERNEL-DIRECTORY OUTPUT [INIT MODULE...]
#
# A small initramfs: busybox, INIT (scripts/guest/init), and the modules that reach
# the root file system (the host's).  Not compressed: in emulation unpacking costs more than
# loading.

. "$(dirname "$0")/../common.sh"

kernel=$1 output=$2
PATH=$PATH:/usr/sbin:/sbin
init=${3:-$PMM_SRC/scripts/guest/init}
needed="virtio_pci virtio_console 9pnet_virtio 9p overlay"
[ $# -lt 4 ] || needed="${*:4}"

busybox=$(command -v busybox) || die "busybox is missing: make setup"
! ldd "$busybox" >/dev/null 2>&1 || die "$busybox is not static: install busybox-static"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp"/{bin,dev,proc,sys,lib,keep,ro,rw,new}
cp "$busybox" "$tmp/bin/busybox"
cp "$init" "$tmp/init"

# In the order of their dependencies; built-in ones need nothing.
for module in $needed; do
	modprobe -d "$kernel" -S "$(cat "$kernel/release")" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$tmp/files"
while read -r file; do
	name=${file##*/}
	name=${name%%.ko*}.ko
	case $file in
	*.xz) xz -dc "$file" >"$tmp/lib/$name" ;;
	*.zst) zstd -qdc "$file" >"$tmp/lib/$name" ;;
	*) cp "$file" "$tmp/lib/$name" ;;
	esac
	echo "$name" >>"$tmp/lib/order"
done <"$tmp/files"
touch "$tmp/lib/order"
rm "$tmp/files"

mkdir -p "$(dirname "$output")"
(cd "$tmp" && find . | cpio -o -H newc -R 0:0 --quiet) >"$output.$$"
mv "$output.$$" "$output"
