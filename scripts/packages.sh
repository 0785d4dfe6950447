#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# packages.sh: the packages in out/deb on a clean Debian, in a guest with a disk of its
# own: installed, used by users, taken through an upgrade of the kernel, and purged.
# See scripts/packages/guest.sh for what is looked at.  Before that, debian/tests is run
# by autopkgtest, but for the test that needs a machine, which the guest runs.
#
# What the packages and their tests depend on is on the disk before, for the guest has
# no network.  The disk is made by mmdebstrap, once, and kept in the cache.
#
#   BUILD    where packages and the newer kernel are installed, and so DKMS builds: here
#            (default), with the guest's disk as the root directory; or guest, which
#            also shows that the module is loaded at once, and emulated takes an hour
#   ACCEL    tcg (default) or kvm
#   TIMEOUT  seconds for each boot (3600)
#   OUT      directory for the results (out/packages)

. "$(dirname "$0")/common.sh"
. "$PMM_SRC/scripts/debian.sh"

PATH=$PATH:/usr/sbin:/sbin
TIMEOUT=${TIMEOUT:-3600}
BUILD=${BUILD:-here}
out=${OUT:-$PMM_SRC/out/packages}
share=$out/share
shopt -s nullglob
debs=("$PMM_SRC"/out/deb/*.deb)
[ ${#debs[@]} -gt 0 ] || die "there are no packages in out/deb: make deb"
[ "$(id -u)" = 0 ] || die "only root can make the guest's disk"

old=$("$PMM_SRC/scripts/kernel.sh" "$OLDEST")
new=$("$PMM_SRC/scripts/kernel.sh" "$NEWEST")

rm -rf "$out"
mkdir -p "$share"/{debs,kernel,source}
for deb in "${debs[@]}"; do
	[[ $deb == *-dbgsym_* ]] || cp "$deb" "$share/debs"
done
tar -xf "$PMM_SRC"/out/deb/*.tar.xz -C "$share/source" --strip-components=1
cp "$PMM_SRC/scripts/packages/guest.sh" "$share"
ffmpeg -nostdin -loglevel error -f lavfi -i testsrc2=size=320x180:rate=25 -frames:v 25 \
	-c:v mpeg4 "$share/film.mkv"

# ------------------------------------------------------------------- the disk

# What our packages and their tests depend on, but ourselves, and the headers of a kernel
# that is not the guest's.
dependencies() {
	local deb own

	own=$(for deb in "$share"/debs/*; do dpkg-deb -f "$deb" Package; done; echo linux-headers-amd64)
	{
		for deb in "$share"/debs/*; do
			dpkg-deb -f "$deb" Pre-Depends Depends | sed 's/^[A-Za-z-]*: //'
		done
		sed -n '/^Depends:/,/^[^ ]/s/^ //p' "$share/source/debian/tests/control"
	} | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/:any//; s/ //g' | grep . | sort -u |
		grep -vxF "$own"
}

# Run in the new root: users, and the service that runs guest.sh.
prepare() {
	cat <<-'EOT'
		set -e
		echo pmm-clean >/etc/hostname
		useradd -m -G video member
		useradd -m stranger
		cat >/etc/systemd/system/pmm-stage.service <<-'EOF'
			[Unit]
			After=multi-user.target
			[Service]
			Type=oneshot
			TimeoutStartSec=infinity
			StandardOutput=file:/dev/ttyS1
			StandardError=file:/dev/ttyS1
			ExecStart=/usr/local/sbin/pmm-stage
			[Install]
			WantedBy=graphical.target
		EOF
		cat >/usr/local/sbin/pmm-stage <<-'EOF'
			#!/bin/bash
			modprobe 9pnet_virtio
			mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 share /mnt
			bash /mnt/guest.sh
			echo $? >/mnt/status
			umount /mnt
			sync
			systemctl poweroff --force
		EOF
		chmod +x /usr/local/sbin/pmm-stage
		systemctl enable pmm-stage.service
		systemctl mask getty@tty1.service serial-getty@ttyS0.service apt-daily.timer apt-daily-upgrade.timer \
			dpkg-db-backup.timer e2scrub_all.timer fstrim.timer man-db.timer
		mkdir /var/tmp/new
		apt-get -qy --no-install-recommends --download-only -o Dir::Cache::archives=/var/tmp/new \
			install "$@"
	EOT
}

# make_disk FILE PACKAGE...: and the newer kernel's packages, in FILE.kernel
make_disk() {
	local disk=$1 root=$1.root upgrade release

	shift
	release=$(cat "$new/release")
	upgrade="linux-image-$release linux-headers-$release"
	say "Making a clean $DEBIAN_BASE with mmdebstrap (once) ..."
	rm -rf --one-file-system "$root" "$disk.kernel"
	mkdir -p "$disk.kernel"
	debian_lock
	debian_update daily
	exec 9>&-
	prepare >"$disk.prepare"
	# shellcheck disable=SC2016 # mmdebstrap's $1
	mmdebstrap --variant=minbase --include="$(IFS=,; echo "$*")" \
		--customize-hook="upload $disk.prepare /var/tmp/prepare" \
		--customize-hook="chroot \"\$1\" sh /var/tmp/prepare $upgrade" \
		--customize-hook="mv \"\$1\"/var/tmp/new/*.deb '$disk.kernel'" \
		--customize-hook='rm -r "$1"/var/tmp/new "$1"/var/tmp/prepare' \
		"$DEBIAN_BASE" "$root" "$debian_dir/sources.list" >"$disk.log" 2>&1 ||
		{ tail -n 20 "$disk.log" >&2; die "mmdebstrap failed"; }
	truncate -s 6G "$disk.new"
	mke2fs -q -t ext4 -d "$root" "$disk.new"
	rm -rf --one-file-system "$root" "$disk.prepare"
	mv "$disk.new" "$disk"
}

release=$(cat "$old/release")
mapfile -t packages < <(printf '%s\n' systemd-sysv udev openssl procps xvfb x11-xkb-utils apt-utils \
	"linux-image-$release" "linux-headers-$release"; dependencies)
disk=$PMM_CACHE/packages/$(printf '%s\n' "${packages[@]}" "$(cat "$new/release")" "$(prepare)" | sha1sum | cut -c 1-12).ext4
mkdir -p "${disk%/*}"
[ -e "$disk" ] || make_disk "$disk" "${packages[@]}"
cp "$disk.kernel"/*.deb "$share/kernel"
say "A clean disk ..."
mkdir "$out/root"
cp --sparse=always "$disk" "$out/disk"

# ----------------------------------------------------------------- the guests

case ${ACCEL:-tcg} in
kvm) accel=(-accel kvm -cpu host) append="" ;;
*) accel=(-accel "tcg,thread=multi" -cpu "max,la57=off") append="no_timer_check clocksource=hpet" ;;
esac
append+=" nosoftlockup rcupdate.rcu_cpu_stall_suppress=1 mitigations=off panic=-1 systemd.firstboot=off systemd.show_status=no"

qemu='' tail=''
trap '[ -z "$qemu" ] || kill -KILL "$qemu" 2>/dev/null; [ -z "$tail" ] || kill "$tail" 2>/dev/null' EXIT
trap 'exit 143' INT TERM HUP

# boot KERNEL-DIRECTORY STEP...: do these in a guest; returns whether all was well
boot() {
	local kernel=$1 name begin=$SECONDS

	shift
	name=$(IFS=-; echo "$*")
	say "Booting $(cat "$kernel/release") ..."
	"$PMM_SRC/scripts/guest/initramfs.sh" "$kernel" "$out/initramfs" \
		"$PMM_SRC/scripts/packages/init" virtio_pci virtio_blk crc32c_generic ext4
	echo "$*" >"$share/steps"
	rm -f "$share/status"
	: >"$out/$name.txt"
	qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none -monitor none \
		-nic none -machine q35 "${accel[@]}" -m 1024 -smp 2 \
		-kernel "$kernel/vmlinux" -initrd "$out/initramfs" \
		-append "console=ttyS0 root=/dev/vda rw $append" \
		-drive "file=$out/disk,if=virtio,format=raw,cache=unsafe" \
		-fsdev "local,id=share,path=$share,security_model=none" \
		-device virtio-9p-pci,fsdev=share,mount_tag=share -device virtio-rng-pci \
		-serial "file:$out/$name.console" -serial "file:$out/$name.txt" \
		</dev/null >"$out/qemu.log" 2>&1 &
	qemu=$!
	tail -f --pid="$qemu" "$out/$name.txt" &
	tail=$!
	while kill -0 "$qemu" 2>/dev/null; do
		sleep 1
		if ((SECONDS - begin > TIMEOUT)); then
			say "packages.sh: the guest is killed after $TIMEOUT seconds"
			kill -KILL "$qemu"
		fi
	done
	wait "$tail" || true
	qemu='' tail=''
	say "($name: $((SECONDS - begin)) seconds)"
	[ "$(cat "$share/status" 2>/dev/null)" = 0 ] && return
	[ -e "$share/status" ] || { cat "$out/qemu.log"; tail -n 30 "$out/$name.console"; } >&2
	return 1
}

# here STEP: the same on this machine, with the guest's disk as the root directory, which
# nobody else sees mounted there
# shellcheck disable=SC2016 # for the other shell
here() {
	say "In a clean $DEBIAN_BASE here: $1 ..."
	echo "$1" >"$share/steps"
	unshare --mount bash -c 'set -e
		mount -o loop "$1/disk" "$1/root"
		mount -t proc proc "$1/root/proc"
		mount --bind "$2" "$1/root/mnt"
		status=0
		chroot "$1/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin bash /mnt/guest.sh || status=$?
		umount -R "$1/root"
		exit $status' \
		- "$out" "$share" | tee "$out/$1.txt"
}

# autopkgtest in a copy of the disk; it skips what needs a machine of its own.
# shellcheck disable=SC2016 # for the other shell
autopkgtest_here() {
	local status=0

	say "autopkgtest in a clean $DEBIAN_BASE here ..."
	cp --sparse=always "$disk" "$out/test-disk"
	unshare --mount bash -c 'set -e
		mount -o loop "$1/test-disk" "$1/root"
		mount -t proc proc "$1/root/proc"
		mount --rbind /dev "$1/root/dev"
		shift
		exec "$@"' - "$out" \
		autopkgtest --summary-file "$out/autopkgtest.summary" "$PMM_SRC"/out/deb/*.changes \
		-- chroot "$out/root" >"$out/autopkgtest.log" 2>&1 || status=$?
	rm "$out/test-disk"
	if [ "$status" = 2 ] && grep -q '^examples *PASS' "$out/autopkgtest.summary"; then
		echo "ok: autopkgtest: $(paste -sd ';' "$out/autopkgtest.summary")" | tee "$out/autopkgtest.txt"
		return
	fi
	tail -n 40 "$out/autopkgtest.log" >&2
	return 1
}

autopkgtest_here || die "autopkgtest failed: see $out/autopkgtest.log"
case $BUILD in
here) here install && boot "$old" use && here upgrade && boot "$new" use purge ;;
guest) boot "$old" install && boot "$old" use upgrade && boot "$new" use purge ;;
*) die "BUILD is here or guest" ;;
esac || die "failed: see $out"
echo "packages: $(cat "$out"/*.txt | grep -c '^ok') checks passed"
