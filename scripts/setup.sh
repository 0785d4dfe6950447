#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# setup.sh            install what is missing, fetch the kernels if they are not there
# setup.sh --refresh  the same, and look for newer kernels
# setup.sh --lint     install what only lint.sh needs
# setup.sh --unit     install what only some unit tests need
# setup.sh --fuzz     install what only the fuzzers need
# setup.sh --bench    install what only the plots of bench.sh need
# setup.sh --programs install what only the programs need that are installed
# setup.sh --packages install what only Debian packages need
# setup.sh --missing [--SET]   only print the Debian packages that are missing
#
# Debian packages only, as root or through sudo; nothing when nothing is missing.

. "$(dirname "$0")/common.sh"

PATH=$PATH:/usr/sbin:/sbin
KERNELS=${KERNELS:-$OLDEST $NEWEST}

# What is needed, by how to see that it is there: a command, a file or some of a
# pattern, or a pkg-config module.  Thus it is right on machines without dpkg too.
needed() {
	programs_needed
	cat <<-EOT
		check                   module  check
		libdrm-dev              module  libdrm
		liburing-dev            module  liburing
		ffmpeg                  command ffmpeg
		xvfb                    command Xvfb
		xserver-xephyr          command Xephyr
		x11-apps                command xwd
		x11-utils               command xdpyinfo
		x11-xkb-utils           command xkbcomp
		xdotool                 command xdotool
		stress-ng               command stress-ng
		gtk-3-examples          command gtk3-demo
		libsdl2-tests           file    /usr/libexec/installed-tests/SDL2/testdrawchessboard
		gstreamer1.0-tools      command gst-launch-1.0
		gstreamer1.0-plugins-base files /usr/lib/*/gstreamer-1.0/libgstvideotestsrc.so
		gstreamer1.0-plugins-good files /usr/lib/*/gstreamer-1.0/libgstvideo4linux2.so
		gstreamer1.0-x          files   /usr/lib/*/gstreamer-1.0/libgstximagesink.so
		jq                      command jq
		numactl                 command numactl
		postgresql              files   /usr/lib/postgresql/*/bin/initdb
		qemu-system-x86         command qemu-system-x86_64
		busybox-static          static  busybox
		cpio                    command cpio
		kmod                    command modprobe
		procps                  command ps
		util-linux              command setpriv
		xz-utils                command xz
		bc                      command bc
		bison                   command bison
		flex                    command flex
		libelf-dev              file    /usr/include/gelf.h
		zstd                    command zstd
		debian-archive-keyring  file    /usr/share/keyrings/debian-archive-keyring.gpg
	EOT
	# The compiler that each kernel was built with; known once it is there.
	sed -nsE 's/^CC = .*\)(gcc-[0-9]+)$/\1 command \1/p' \
		"$PMM_CACHE"/kernels/*/headers/.kernelvariables 2>/dev/null | sort -u || true
}

# What library, tools and players are built with.
programs_needed() {
	cat <<-EOT
		gcc                     command gcc
		make                    command make
		libc6-dev               file    /usr/include/stdio.h
		pkg-config              command pkg-config
		libx11-dev              module  x11
		libxext-dev             module  xext
		libx11-xcb-dev          module  x11-xcb
		libxcb-shm0-dev         module  xcb-shm
		libavformat-dev         module  libavformat
		libavcodec-dev          module  libavcodec
		libavutil-dev           module  libavutil
		libswscale-dev          module  libswscale
		libcairo2-dev           module  cairo
		libgstreamer1.0-dev     module  gstreamer-1.0
		libgstreamer-plugins-base1.0-dev module gstreamer-allocators-1.0
	EOT
}

# What only the packages and their tests need.
packages_needed() {
	cat <<-EOT
		dpkg-dev                command dpkg-buildpackage
		debhelper               command dh
		dh-dkms                 command dh_dkms
		dh-python               command dh_python3
		autopkgtest             command autopkgtest
		lintian                 command lintian
		mmdebstrap              command mmdebstrap
		e2fsprogs               command mke2fs
		python3                 file    /usr/bin/python3
	EOT
}

# What only the plots of bench.sh need.
bench_needed() {
	echo "gnuplot-nox             command gnuplot"
}

# What only some unit tests need, which are skipped without it.
unit_needed() {
	cat <<-EOT
		abigail-tools           command abidiff
		g++                     command g++
		gcc-multilib            files   /usr/lib/gcc/*/*/32/libgcc.a
		mypy                    command mypy
		python3                 file    /usr/bin/python3
		python3-numpy           file    /usr/lib/python3/dist-packages/numpy/__init__.py
	EOT
}

# What only the fuzzers need.
fuzz_needed() {
	cat <<-EOT
		clang                   command clang
		libclang-rt-dev         fuzzer  clang
	EOT
}

# What only lint.sh needs.
lint_needed() {
	cat <<-EOT
		clang                   command clang
		clang-tidy              command clang-tidy
		codespell               command codespell
		mandoc                  command mandoc
		perl                    command perl
		shellcheck              command shellcheck
		sparse                  command sparse
	EOT
}

present() {
	case $1 in
	command) have "$2" ;;
	file) [ -e "$2" ] ;;
	files) compgen -G "$2" >/dev/null ;;
	module) pkg-config --exists "$2" 2>/dev/null ;;
	static) have "$2" && file_is_static "$(command -v "$2")" ;;
	fuzzer) have "$2" && [ -n "$(find "$("$2" -print-resource-dir)" -name 'libclang_rt.fuzzer*' -print -quit)" ] ;;
	*) die "how to look for '$2' is not known: $1" ;;
	esac
}

file_is_static() { ! ldd "$1" >/dev/null 2>&1; }

missing() {
	local package kind what

	"$needed" | while read -r package kind what; do
		present "$kind" "$what" || printf '%s ' "$package"
	done
}

# as_root COMMAND...
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif have sudo; then
		sudo "$@"
	else
		die "not root and no sudo; as root: $*"
	fi >&2
}

update_lists() {
	say "Reading the package lists ..."
	as_root apt-get -q update || say "(some package lists could not be read)"
}

# PostgreSQL's programs are wanted, and no server that starts with the machine.
install_postgresql_common() {
	have pg_createcluster || as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -qy --no-install-recommends install postgresql-common
	as_root sed -i 's/^#\? *create_main_cluster.*/create_main_cluster = false/' \
		/etc/postgresql-common/createcluster.conf
}

install_missing() {
	local packages

	packages=$(missing)
	[ -n "$packages" ] || return 0
	have apt-get || die "this machine has no apt-get; please install what these" \
		"Debian packages contain, then try again: $packages"
	update_lists
	say "Installing $packages..."
	[[ " $packages" != *" postgresql "* ]] || install_postgresql_common
	# shellcheck disable=SC2086 # several packages
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -qy --no-install-recommends install $packages
	packages=$(missing)
	[ -z "$packages" ] || die "still missing after installation: $packages"
}

needed=needed
case ${1:-} in
--lint | --unit | --fuzz | --bench | --programs | --packages)
	needed=${1#--}_needed
	install_missing
	exit
	;;
--missing)
	needed=${2:+${2#--}_}needed
	missing
	exit
	;;
--refresh) refresh=--refresh ;;
*) refresh= ;;
esac

install_missing
# Where the kernels come from is read from the machine's own lists, and images of
# Debian are often made without any.
[ -n "$(apt-get indextargets 2>/dev/null)" ] || update_lists
for series in $KERNELS; do
	kernel=$("$PMM_SRC/scripts/kernel.sh" $refresh "$series")
	say "Kernel $series: $(cat "$kernel/release")"
done
# Again for the compilers, which the kernels name.
install_missing
"$PMM_SRC/scripts/kernel-source.sh" 6.1 >/dev/null
say "Everything is there."
