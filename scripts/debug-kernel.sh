#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# debug-kernel.sh
#
# Print the directory that holds the debug kernel, laid out as kernel.sh lays out
# Debian's: release, headers, modules; but bzImage and not vmlinux, since KASAN cannot be
# entered where QEMU enters that.  It is Debian's linux-source-6.1,
# configured by scripts/debug.config, and is built into the cache when what it is
# made of has changed: the package, the options, the compiler.  PMM
# is no part of that, so a change of PMM only rebuilds the module.
#
# About five minutes on two cores; a build that was interrupted is taken up again.

. "$(dirname "$0")/common.sh"

PATH=$PATH:/usr/sbin:/sbin
config=$PMM_SRC/scripts/debug.config
# To be increased when this script builds something else from the same.
recipe=1
source=$("$PMM_SRC/scripts/kernel-source.sh" 6.1)

key=$({
	basename "$source"
	echo "$recipe"
	grep '^[^#]\|^# CONFIG' "$config"
	gcc -v
	ld --version
} 2>&1 | sha256sum | cut -c 1-12)
dir=$PMM_CACHE/kernels/debug-$key
log=$dir/build.log

complete() {
	local f

	for f in .complete release bzImage headers/Module.symvers headers/Makefile modules/modules.dep; do
		[ -e "$1/$f" ] || return 1
	done
}

# The kernel's compiler and flags are its own affair.
kmake() {
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL -u CFLAGS -u CPPFLAGS -u LDFLAGS -u CC \
		make -C "$dir/linux" -j"$(nproc)" \
		KBUILD_BUILD_USER=pmm KBUILD_BUILD_HOST=localhost "$@" 8>&- </dev/null
}

failed() {
	tail -n 30 "$log" | sed 's/^/    /' >&2
	die "cannot $1, see $log"
}

# A tree of its own that shares every file with the unpacked package: kbuild
# writes only files that are not in there.
tree() {
	say "Laying out the source tree of the debug kernel ..."
	rm -rf "$dir/linux" "$dir/linux.new"
	cp -al "$source" "$dir/linux.new"
	mv -T "$dir/linux.new" "$dir/linux"
	# What is newer was made by kbuild, see in-tree.sh.
	touch "$dir/.laid-out"
}

# An option that kconfig dropped, for want of one that it depends on, would be
# a check that is silently not made.
configure() {
	local line want

	kmake KCONFIG_ALLCONFIG="$config" allnoconfig >>"$log" 2>&1 || failed "configure it"
	while read -r line; do
		case $line in
		CONFIG_*=*) grep -qxF "$line" "$dir/linux/.config" || want+=" $line" ;;
		"# CONFIG_"*" is not set") ! grep -q "^${line:2:-11}=" "$dir/linux/.config" || want+=" no ${line:2:-11}" ;;
		esac
	done <"$config"
	[ -z "${want:-}" ] || die "scripts/debug.config asks for what this kernel does not give:$want"
}

# Some sign of life every ten seconds.
progress() {
	local n=0 line next=$((SECONDS + 10)) begin=$SECONDS

	while IFS= read -r line; do
		[[ $line != "  CC "* && $line != "  AS "* ]] || n=$((n + 1))
		((SECONDS >= next)) || continue
		next=$((SECONDS + 10))
		say "  $((SECONDS - begin)) s: $n files compiled"
	done
}

build() {
	say "Building the debug kernel (once; about five minutes on two cores) ..."
	kmake bzImage modules 2>&1 | tee -a "$log" | progress || failed "build it"
}

install() {
	local release

	release=$(kmake --no-print-directory -s kernelrelease)
	kmake INSTALL_MOD_PATH="$dir" modules_install >>"$log" 2>&1 || failed "install its modules"
	ln -sfn linux "$dir/headers"
	ln -sfn linux/arch/x86/boot/bzImage "$dir/bzImage"
	ln -sfn "lib/modules/$release" "$dir/modules"
	echo "$release" >"$dir/release"
	touch "$dir/.complete"
}

if ! complete "$dir"; then
	mkdir -p "$dir"
	exec 8>"$dir/.lock"
	if ! flock -n 8; then
		say "Waiting for another build of the debug kernel in $dir ..."
		flock 8
	fi
	if ! complete "$dir"; then
		: >"$log"
		[ -e "$dir/linux/Makefile" ] || tree
		configure
		build
		install
		complete "$dir" || die "$dir is not complete after building it"
		say "The debug kernel is in $dir"
	fi
fi
echo "$dir"
