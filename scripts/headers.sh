#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# headers.sh [REGEX]: build the module against every package of kernel headers that
# Debian's suites offer, of the kernels that PMM is for: plain, cloud and real-time.
# With REGEX (or HEADERS in the environment) only those whose names match.
#
# From the files that pmm-dkms installs, by the command that is in dkms.conf.  A table
# is printed, and left in out/headers.txt; logs are in build/headers.  Fails if one of
# them cannot be built, or not without warnings.

. "$(dirname "$0")/common.sh"
. "$PMM_SRC/scripts/debian.sh"
. "$PMM_SRC/scripts/dkms.sh"

work=$PMM_SRC/build/headers
table=$PMM_SRC/out/headers.txt
chosen=${1:-${HEADERS:-.}}

# The names as they are in the archive: linux-headers-RELEASE
packages() {
	dkms_conf "$work" "" /nonexistent
	debian_apt apt-cache pkgnames linux-headers- | grep -E -- "^linux-headers-[0-9.]+[0-9a-z+-]*-$DEBIAN_ARCH\$" |
		sort -V | while read -r package; do
		# Not the names that only point at the newest of a series.
		[[ ${package#linux-headers-} =~ ^[0-9]+\.[0-9]+\.[0-9] ]] || continue
		if [[ ${package#linux-headers-} =~ $BUILD_EXCLUSIVE_KERNEL && $package =~ $chosen ]]; then
			echo "$package"
		fi
	done
}

# As if they lay in /.
debian_finish() {
	sed -i "s,^include /usr/src/,include $2/usr/src/," "$1"/usr/src/linux-headers-*/Makefile
}

# of_version VERSION: packages as debian_unpack takes them.  Of the tools of an older
# kernel only a newer version may be left, which is one that it takes.
of_version() {
	local package

	while read -r package; do
		debian_apt apt-cache madison "$package" | awk -F ' *[|] *' -v package="$package" \
			-v version="$1" '$2 == version { is = "=" version } END { print package is }'
	done
}

# fetch PACKAGE...: of one version, with what they have in common; sets $dir
fetch() {
	local version needed

	version=$(debian_version "$1")
	dir=$work/${version//\~/-}
	mapfile -t needed < <(debian_apt apt-cache depends "$@" |
		sed -nE 's/^ *\|?Depends: (linux-(headers|kbuild)-.*)/\1/p' | sort -u | of_version "$version")
	debian_unpack "$dir" "${@/%/=$version}" "${needed[@]}"
}

# build RELEASE HEADERS LOG: sets $result
build() {
	local tree=$work/tree begin=$SECONDS excluded name status=0

	rm -rf "$tree"
	mkdir -p "$tree/pmm"
	dkms_conf "$tree" "$1" "$2"
	excluded=$(dkms_excluded "$1" "$2/.config" | paste -sd ' ')
	if [ -n "$excluded" ]; then
		result="left out: $excluded"
		return
	fi
	dkms_source "$tree/$PACKAGE_NAME/$PACKAGE_VERSION/build"
	# DKMS makes as many jobs as there are processors.
	(unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL CFLAGS CPPFLAGS LDFLAGS CC
		${MAKE[0]/#make/make -j$(nproc)}) >"$3" 2>&1 || status=$?
	result="built in $((SECONDS - begin)) s:"
	for name in "${BUILT_MODULE_NAME[@]}"; do
		[ -e "$tree/$PACKAGE_NAME/$PACKAGE_VERSION/build/$name.ko" ] || status=1
		result+=" $name.ko"
	done
	! grep -q 'warning:' "$3" || { status=1; cat "$3" >&2; }
	[ $status = 0 ] || result="FAILS, see ${3#"$PMM_SRC"/}"
}

debian_lock
mkdir -p "$work" "${table%/*}"
debian_update daily
mapfile -t all < <(packages)
exec 9>&-
[ ${#all[@]} -gt 0 ] || die "there are no packages of headers like that"
say "${#all[@]} packages of headers"
: >"$table"
# Flavours of one version come together: they share most of what is downloaded.
mapfile -t versions < <(printf '%s\n' "${all[@]}" | sed -E "s/(-(cloud|rt))?-$DEBIAN_ARCH\$//" | sort -uV)
for version in "${versions[@]}"; do
	mapfile -t flavours < <(printf '%s\n' "${all[@]}" | grep -E "^${version//[.+]/.}(-(cloud|rt))?-$DEBIAN_ARCH\$")
	fetch "${flavours[@]}"
	for package in "${flavours[@]}"; do
		release=${package#linux-headers-}
		build "$release" "$dir/usr/src/$package" "$work/$release.log"
		printf '%-32s %-20s %s\n' "$release" "${dir##*/}" "$result" | tee -a "$table"
	done
	rm -rf "$dir"
done
! grep -q FAILS "$table"
