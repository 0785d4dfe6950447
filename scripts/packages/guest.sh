#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh: do the steps that are in /mnt/steps, in packages.sh's guest, or where its
# disk is the root directory: install, use, upgrade, purge.  /mnt is the host's; the
# standard output is watched there.  Says "ok: WHAT" or "FAIL: WHAT".

# shellcheck disable=SC2317 # check runs them, and what /mnt/steps has
set -u

export DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 HOME=/root
failed=0

# check WHAT COMMAND...
check() {
	local what=$1 out

	shift
	if out=$("$@" 2>&1); then
		echo "ok: $what${out:+: ${out##*$'\n'}}"
	else
		echo "FAIL: $what"
		printf '%s\n' "$out" | sed 's/^/    | /'
		failed=1
	fi
}

# Where DKMS is, now and then: a build takes many minutes.  There is nothing to read.
show_build() {
	until read -rt 20 <> <(:); do
		tail -qn 1 /var/lib/dkms/pmm/*/build/make.log 2>/dev/null | sed 's/^/    ... /'
	done
}

# apt WHAT COMMAND PACKAGE...: there is no network, and nothing else to come.  The
# kernel is booted with an initramfs of the host's.
apt() {
	local what=$1 pid status

	shift
	show_build &
	pid=$!
	INITRD=No apt-get -qy --no-install-recommends -o Dpkg::Use-Pty=0 "$@" 2>&1 | sed -u 's/^/    | /'
	status=${PIPESTATUS[0]}
	kill "$pid"
	check "$what" [ "$status" = 0 ]
}

# Everything on the disk that is not for a moment only, or about what was done.  A newer
# kernel changes the links to kernel and initrd.
files() {
	find / -xdev \( -path /dev -o -path /proc -o -path /run -o -path /sys -o -path /tmp -o \
		-path /var/tmp -o -path /var/log -o -path /var/cache -o -path /var/lib/apt -o \
		-path /var/lib/systemd -o -path /root -o -path /home \) -prune -o \
		! -name '*-old' ! -path '/initrd.img*' ! -path '/vmlinuz*' -print | LC_ALL=C sort
}

# ----------------------------------------------------------- what has to be so

built() { dkms status -k "$1" | grep '^pmm/.*: installed$'; }
signed() {
	local module

	for module in pmm pmm_pci; do
		modinfo -k "$1" -F signer "$module" | grep . || return
	done
}
loaded() { [ "$(</sys/module/pmm/initstate)" = live ] && uname -r; }
node() { [ "$(stat -c '%U:%G %a' /dev/pmm)" = "root:video 660" ] && ls -l /dev/pmm; }
huge_pages() { grep -F '[advise]' /sys/kernel/mm/transparent_hugepage/shmem_enabled; }

# as USER COMMAND...: as after a login
as() {
	local user=$1

	shift
	runuser -u "$user" -- env HOME=/tmp DISPLAY=:7 PMMSHM_BACKEND=pmm "$@"
}

plays() {
	as member pmm-play --no-clock --size 320x180 --json /tmp/played.json /mnt/film.mkv || return
	tr -d '\n' </tmp/played.json
}
refused() {
	local out

	! out=$(as stranger pmm-play --no-clock --size 320x180 /mnt/film.mkv 2>&1) || { echo "he may"; return 1; }
	echo "$out"
	grep -q "permission denied: add the user to group 'video'" <<<"$out"
}
# It makes its own user and X server.
module_test() { (cd /mnt/source && debian/tests/module); }
in_order() { as member pmmctl check; }

# ------------------------------------------------------------------ the steps

# The kernels that are installed.
kernels() { (cd /lib/modules && printf '%s\n' *); }
booted() { [ -d /run/systemd/system ]; }

built_for() {
	check "DKMS has built for $1" built "$1"
	check "and signed" signed "$1"
}

# Emulated on a busy machine, nothing is done in time.
be_patient() {
	mkdir -p /etc/systemd/system/systemd-modules-load.service.d
	printf '%s\n' '[Service]' 'TimeoutSec=infinity' \
		>/etc/systemd/system/systemd-modules-load.service.d/patient.conf
}

step_install() {
	be_patient
	files >/root/before
	kernels >/root/kernels
	apt "the packages are installed" install /mnt/debs/*.deb
	built_for "$(kernels)"
	booted || return
	check "the module is loaded at once" loaded
	check "/dev/pmm is video's" node
}

step_use() {
	check "the module is loaded" loaded
	check "/dev/pmm is video's" node
	check "huge pages are advised" huge_pages
	as member Xvfb :7 -screen 0 800x600x24 -nolisten tcp >/tmp/Xvfb.log 2>&1 &
	server=$!
	check "the X server is there" timeout 300 bash -c 'until [ -S /tmp/.X11-unix/X7 ]; do sleep 1; done'
	check "a user in video plays a film" plays
	check "pmmctl check finds all in order" in_order
	check "a user outside is told what to do" refused
	kill "$server"
	check "debian/tests/module passes" module_test
}

step_upgrade() {
	dpkg-query -Wf '${Package}\n' >/root/packages
	apt "a newer kernel is installed" install /mnt/kernel/*.deb
	built_for "$(kernels | grep -vxFf /root/kernels)"
}

# What came with the newer kernel, and DKMS's own key, may stay.
left_behind() {
	local package

	files >/root/after
	{
		dpkg-query -Wf '${Package}\n' | grep -vxFf /root/packages | while read -r package; do
			dpkg -L "$package"
			printf '%s\n' "/var/lib/dpkg/info/$package"[.:]*
		done
		printf '%s\n' "/lib/modules/$(uname -r)"/modules.* /var/lib/dkms/mok.*
	} | sed 'p; s,^,/usr,' >/root/expected
	diff <(grep -vxFf /root/expected /root/before) <(grep -vxFf /root/expected /root/after) | grep '^[<>]'
}
nothing_left() { ! left_behind; }

step_purge() {
	local ours

	mapfile -t ours < <(for deb in /mnt/debs/*.deb; do dpkg-deb -f "$deb" Package; done)
	apt "the packages are purged" purge "${ours[@]}"
	check "they leave no file behind" nothing_left
	check "nor a module" test ! -e /sys/module/pmm
}

for step in $(</mnt/steps); do
	echo "--- $step"
	"step_$step"
done
exit $failed
