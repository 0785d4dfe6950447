#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What several files say about a release they say alike: its version, and the kernels
# that it is for (the file `kernels`).

set -u

cd "$(dirname "$0")/../.." || exit
. ./kernels

fail() { echo "FAIL: $*"; exit 1; }

version=$(sed -n 's/^VERSION := //p' Makefile)
says() { # says FILE SED-EXPRESSION: which prints the version
	local got

	got=$(sed -n "$2" "$1" | head -n 1)
	[ "$got" = "$version" ] || fail "$1 has version '$got', and Makefile $version"
}
says dkms.conf 's/^PACKAGE_VERSION="\(.*\)"$/\1/p'
says drivers/misc/pmm.c 's/^#define PMM_VERSION "\(.*\)"$/\1/p'
says debian/changelog '1s/^pmm (\(.*\)) .*/\1/p'
echo "ok: version $version"

for file in README.md Documentation/installing.rst debian/control; do
	tr '\n' ' ' <"$file" | grep -qE "kernels? +from $OLDEST to $NEWEST\b" ||
		fail "$file does not say: kernels from $OLDEST to $NEWEST"
done

# As DKMS reads it.
takes() { # takes RELEASE
	local kernelver=$1 kernel_source_dir=/nonexistent dkms_tree=/nonexistent
	local PACKAGE_NAME PACKAGE_VERSION AUTOINSTALL BUILD_EXCLUSIVE_KERNEL BUILD_EXCLUSIVE_ARCH
	local BUILD_EXCLUSIVE_CONFIG MAKE CLEAN BUILT_MODULE_NAME DEST_MODULE_LOCATION

	. ./dkms.conf
	[[ $kernelver =~ $BUILD_EXCLUSIVE_KERNEL ]]
}
after() { echo "${1%.*}.$((${1#*.} + 1))"; }
before() { echo "${1%.*}.$((${1#*.} - 1))"; }
[ "${OLDEST%.*}" = "${NEWEST%.*}" ] || fail "dkms.conf counts series of one major version only"
for release in "$OLDEST.0-56-amd64" "$NEWEST.117+deb12-cloud-amd64" "$(after "$OLDEST").3"; do
	takes "$release" || fail "dkms.conf does not build for $release"
done
for release in "$(before "$OLDEST").10-amd64" "$(after "$NEWEST").1-amd64" "5.$OLDEST" "1$OLDEST.3"; do
	! takes "$release" || fail "dkms.conf builds for $release"
done
echo "ok: kernels from $OLDEST to $NEWEST"
