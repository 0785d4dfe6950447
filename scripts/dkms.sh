# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What pmm-dkms installs, and what DKMS does with it, without either.  Source after
# common.sh.

# dkms_source DIR: copy there what pmm-dkms puts into /usr/src/pmm-VERSION
dkms_source() {
	local pattern dest file

	# shellcheck disable=SC2016 # as it stands in that file
	while read -r pattern dest; do
		dest=$1${dest#'${env:DKMS_SOURCE}'}
		mkdir -p "$dest"
		for file in "$PMM_SRC"/$pattern; do
			cp "$file" "$dest"
		done
	done < <(grep DKMS_SOURCE "$PMM_SRC/debian/pmm-dkms.install")
	cp "$PMM_SRC/dkms.conf" "$1"
}

# dkms_conf DIR RELEASE HEADERS: read the dkms.conf in there for such a kernel.  DIR is
# DKMS's tree: its PACKAGE/VERSION/build is where the build happens.
# shellcheck disable=SC2034 # for dkms.conf
dkms_conf() {
	local kernelver=$2

	dkms_tree=$1 kernel_source_dir=$3
	unset "${!BUILD_EXCLUSIVE_@}" MAKE BUILT_MODULE_NAME DEST_MODULE_LOCATION
	# shellcheck source=../dkms.conf
	. "$PMM_SRC/dkms.conf"
}

# dkms_excluded RELEASE CONFIG: why it would not be built; nothing if it would
dkms_excluded() {
	local option

	[[ $1 =~ $BUILD_EXCLUSIVE_KERNEL ]] || echo "not a kernel that PMM is for"
	for option in $BUILD_EXCLUSIVE_CONFIG; do
		grep -qE "^$option=[ym]" "$2" || echo "$option is off"
	done
}
