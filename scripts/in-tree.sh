#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# in-tree.sh m|y
#
# Build PMM as a part of the debug kernel, CONFIG_PMM=m or =y, and print the
# directory of the result, laid out as kernel.sh lays out Debian's.  The tree is
# this checkout's own, build/in-tree, and begins as a copy of the debug kernel that
# is built already: little is compiled.

. "$(dirname "$0")/common.sh"

PATH=$PATH:/usr/sbin:/sbin
how=${1:-}
[[ $how == [my] ]] || die "usage: in-tree.sh m|y"
kernel=$("$PMM_SRC/scripts/debug-kernel.sh")
dir=$PMM_SRC/build/in-tree
tree=$dir/linux

mkdir -p "$dir"
exec 8>"$dir/.lock"
flock 8

kmake() {
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL -u CFLAGS -u CPPFLAGS -u LDFLAGS -u CC \
		make -C "$tree" -j"$(nproc)" --no-print-directory ${V:+V=1} "$@" 8>&- </dev/null >&2
}

# Hard links to what kbuild never writes, the package's files, where the file
# system can; copies of what it does.
copy() {
	say "Copying the debug kernel's tree ..."
	rm -rf "$tree" "$tree.new"
	if cp -al "$kernel/linux" "$tree.new" 2>/dev/null; then
		(cd "$kernel/linux" && find . -type f -newer ../.laid-out -print0) >"$dir/written"
		(cd "$tree.new" && xargs -0 rm -f) <"$dir/written"
		(cd "$kernel/linux" && xargs -0 cp -p --parents -t "$tree.new") <"$dir/written"
	else
		rm -rf "$tree.new"
		cp -a "$kernel/linux" "$tree.new"
	fi
	# Its tools are built by rules that know where they are, and every object
	# would be built again after them.
	grep -rlF "$kernel/linux" --include='.*.cmd' "$tree.new/tools" |
		xargs -r sed -i "s,$kernel/linux,$tree,g"
	echo "$kernel" >"$dir/copy-of"
	mv -T "$tree.new" "$tree"
}

if [ ! -e "$tree" ] || [ "$(cat "$dir/copy-of")" != "$kernel" ]; then
	copy
fi
"$PMM_SRC/scripts/overlay.sh" "$tree"
"$tree/scripts/config" --file "$tree/.config" --set-val PMM "$how"
kmake olddefconfig
grep -qx "CONFIG_PMM=$how" "$tree/.config" || die "CONFIG_PMM=$how cannot be chosen"

if [ "$how" = m ]; then
	# One with PMM in it, of an earlier run, exports the same again.  Not newer
	# than what the next is linked from.
	cp -p "$kernel/linux/vmlinux.o" "$tree"
	kmake drivers/misc/pmm/pmm.ko
	exit
fi
kmake bzImage
# No links to another place: the guest would not find that.
rm -rf "${dir:?}/lib"
cp -a "$kernel/lib" "$dir"
cp -d "$kernel/release" "$kernel/modules" "$dir"
ln -sfn linux/arch/x86/boot/bzImage "$dir/bzImage"
echo "$dir"
