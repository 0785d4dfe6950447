#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run CMD as root in a QEMU guest that boots a stock Debian kernel and has this
# machine's / as its root (writes go nowhere), pmm.ko loaded, an X server on :7.
# Its output and exit status are ours.  What it writes to $OUT comes back.
#
# Set by environment, as `make guest NAME=value` does:
#
#   CMD        what to run, by bash, in the source tree
#   KERNEL     6.1 (default), 6.12, or debug: KASAN, lockdep and more, and slow
#   ACCEL      auto (default), kvm or tcg
#   MEM, CPUS  MiB (1024) and number (2)
#   APPEND     more for the kernel's command line, and QEMU_ARGS for QEMU's
#   PMM_ARGS   module parameters; "none" (or NO_PMM=1) does not load the module
#   NO_X       not empty: no X server
#   OUT        directory for the results (out/guest)
#   TIMEOUT    seconds after which the guest is killed (600)
#   IDLE       seconds without any output after which it is killed (never)
#
# Exit status: that of CMD; 124 killed for TIMEOUT or IDLE; 125 when the guest died
# (panic) or could not start.  Kernel messages are in $OUT/console.log.

# We end when our caller does, however it ends, and QEMU when we do.
if [ -z "${PMM_GUEST:-}" ] && command -v setpriv >/dev/null; then
	PMM_GUEST=1 exec setpriv --pdeathsig TERM -- "$0" "$@"
fi
unset PMM_GUEST

. "$(dirname "$0")/common.sh"

KERNEL=${KERNEL:-$OLDEST}
ACCEL=${ACCEL:-auto}
MEM=${MEM:-1024}
CPUS=${CPUS:-2}
TIMEOUT=${TIMEOUT:-600}
IDLE=${IDLE:-}
CMD=${CMD:-uname -a}
PMM_ARGS=${PMM_ARGS:-}
NO_PMM=${NO_PMM:-}
NO_X=${NO_X:-}
[ "$PMM_ARGS" != none ] || NO_PMM=1 PMM_ARGS=

die() { say "guest.sh: $*"; exit 125; }
for tool in qemu-system-x86_64 cpio setpriv busybox; do
	have "$tool" || die "$tool is missing: make setup"
done

PMM_SRC=$(cd "$PMM_SRC" && pwd -P)
KERNEL_DIR=$("$PMM_SRC/scripts/kernel.sh" "$KERNEL") || exit 125
RELEASE=$(cat "$KERNEL_DIR/release")
# Unpacked already if it can be.
image=$KERNEL_DIR/vmlinux
[ -e "$image" ] || image=$KERNEL_DIR/bzImage
# How much longer than usual everything in there takes.
SLOW=1
[[ $KERNEL == 6.* ]] || SLOW=4
PMM_KO=$PMM_SRC/build/kernel-$KERNEL/pmm.ko
[ -n "$NO_PMM" ] || [ -e "$PMM_KO" ] || die "$PMM_KO is missing: make modules"

# ---------------------------------------------------------------- directories

# Guests may run side by side in one tree: the second gets another directory.
if [ -z "${OUT:-}" ]; then
	for n in '' -{2..99}; do
		OUT=$PMM_SRC/out/guest$n
		mkdir -p "$OUT"
		exec 7>"$PMM_SRC/out/.guest$n.lock"
		! flock -n 7 || break
	done
	[ -z "$n" ] || say "guest.sh: out/guest is in use, results go to out/guest$n"
	rm -rf "${OUT:?}"/*
fi
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd -P)
console=$OUT/console.log
: >"$console"
run=$(mktemp -d)

qemu=
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	[ -z "$qemu" ] || { kill -KILL "$qemu"; wait "$qemu"; } 2>/dev/null || true
	rm -rf "$run"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

initramfs=$PMM_SRC/build/guest-$KERNEL/initramfs-$RELEASE
for part in init initramfs.sh; do
	[ "$initramfs" -nt "$PMM_SRC/scripts/guest/$part" ] ||
		{ "$PMM_SRC/scripts/guest/initramfs.sh" "$KERNEL_DIR" "$initramfs" && break; }
done

# ----------------------------------------------------------------------- QEMU

# start CONSOLE-FILE COMMAND-LINE ARGUMENT...: QEMU in the background, pid in $qemu.
start() {
	local log=$1 append=$2

	shift 2
	setpriv --pdeathsig KILL qemu-system-x86_64 -nodefaults -no-user-config \
		-no-reboot -display none -monitor none -nic none \
		-machine q35 -accel "$ACCEL" -cpu "$cpu" -m "$MEM" -smp "$CPUS" \
		-kernel "$image" -initrd "$initramfs" \
		-append "console=ttyS0 $append" -serial "file:$log" "$@" \
		</dev/null 6>&- 7>&- &
	qemu=$!
}

running() { kill -0 "$qemu" 2>/dev/null; }

# Can this machine run this kernel under KVM?  /dev/kvm may be there and yet hang,
# which only trying shows.  The answer holds until the machine boots again.
kvm_works() {
	local answer=$PMM_CACHE/kvm-$RELEASE boot

	[ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
	boot=$(cat /proc/sys/kernel/random/boot_id)
	if [ "$(cut -d' ' -f1 "$answer" 2>/dev/null)" != "$boot" ]; then
		say "Trying KVM (once, at most 8 seconds) ..."
		# QEMU may abort, and bash would say so.
		{
			ACCEL=kvm cpu=host start "$run/probe" "earlyprintk=ttyS0 pmm.probe"
			for ((n = 0; n < 80; n++)); do
				! grep -aqs 'pmm-guest: kernel is up' "$run/probe" || break
				running || break
				sleep 0.1
			done
			kill -KILL "$qemu" || true
			wait "$qemu" || true
			qemu=
		} 2>/dev/null
		if grep -aqs 'pmm-guest: kernel is up' "$run/probe"; then
			echo "$boot yes" >"$answer.$$"
		else
			say "KVM does not work here; going on with emulation."
			echo "$boot no" >"$answer.$$"
		fi
		mv "$answer.$$" "$answer"
	fi
	grep -q ' yes$' "$answer"
}

if [ "$ACCEL" = auto ]; then
	if kvm_works; then ACCEL=kvm; else ACCEL=tcg; fi
fi
# A panic, an oops or a warning ends the guest at once, and shows as a death.
append="panic=-1 oops=panic panic_on_warn=1 printk.devkmsg=on log_buf_len=4M mitigations=off watchdog_thresh=60"
case $ACCEL in
kvm) cpu=host ;;
# The emulated TSC is calibrated wrongly when the machine is busy; time is then off.
tcg) cpu=max,la57=off ACCEL=tcg,thread=multi append="$append no_timer_check clocksource=hpet" ;;
*) die "ACCEL is auto, kvm or tcg" ;;
esac

if [ "$SLOW" = 1 ]; then
	# A busy machine may stop a guest for minutes, and its clocks tell it so
	# afterwards: that is no lockup.  What really is one, the time limits find.
	append="$append nosoftlockup rcupdate.rcu_cpu_stall_suppress=1"
else
	append="$append page_poison=1 page_owner=on hung_task_panic=1 softlockup_panic=1"
	# Two nodes, so that there is somewhere to migrate to, unless QEMU makes some.
	[[ ${QEMU_ARGS:-} == *"-numa node"* ]] || append="$append numa=fake=2"
	# When memory goes, and there ever was a memory error, 6.1 looks at the struct
	# pages that it has just poisoned (clear_hwpoisoned_pages()), and stops there.
	[[ "${QEMU_ARGS:-} ${APPEND:-}" != *@(ivshmem|memmap=)* ]] || append="$append vm_debug=-"
fi

share() { # share NAME DIRECTORY OPTION: sets $device
	device=(-fsdev "local,id=$1,path=$2,security_model=none,multidevs=remap$3"
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1")
}
share root / ,readonly=on; devices=("${device[@]}")
share run "$run" ''; devices+=("${device[@]}")
share out "$OUT" ''; devices+=("${device[@]}")

SOAK_SECONDS=${SOAK_SECONDS:-600}
SOAK_SEED=${SOAK_SEED:-}

for name in PMM_SRC OUT KERNEL SLOW SOAK_SECONDS SOAK_SEED KERNEL_DIR RELEASE PMM_KO CMD PMM_ARGS NO_PMM NO_X; do
	printf '%s=%q\n' "$name" "${!name}"
done >"$run/env"

# QEMU_ARGS may quote, and may name $OUT.
extra=()
eval "extra=(${QEMU_ARGS:-})"

# Held open from here, for QEMU may fail before it opens it.
mkfifo "$run/stdout"
exec 6<>"$run/stdout"
tee "$run/output" <"$run/stdout" 6>&- 7>&- &
tee=$!
start "$console" "$append ${APPEND:-}" "${devices[@]}" \
	-device virtio-serial-pci -chardev "file,id=out,path=$run/stdout" \
	-device virtserialport,chardev=out,name=pmm.out \
	"${extra[@]}" >"$run/qemu.log" 2>&1

# ------------------------------------------------------------------- watching

killed=
begin=$SECONDS
while running; do
	sleep 0.1
	if ((SECONDS - begin >= TIMEOUT)); then
		killed="after $TIMEOUT seconds"
	elif [ -n "$IDLE" ] && ((SECONDS - begin > IDLE)) &&
		[ -z "$(find "$console" "$run/output" -newermt "-$IDLE seconds" 2>/dev/null)" ]; then
		killed="after $IDLE seconds without a sign of life"
	fi
	if [ -n "$killed" ]; then
		kill -KILL "$qemu"
		break
	fi
done
wait "$qemu" 2>/dev/null || true
qemu=
exec 6>&-
wait "$tee" || true

# What the kernel said: from its first complaint on, or the end.
last_words() {
	local complaint='Kernel panic|BUG:|WARNING: [^w]|Oops|sysrq: |INFO: |general protection'

	{
		echo "guest.sh: $1; from ${console#"$PMM_SRC"/}:"
		if grep -aqE "$complaint" "$console" 2>/dev/null; then
			grep -aE -m 1 -A 60 "$complaint" "$console"
		else
			tail -n 30 "$console" 2>/dev/null || echo "(nothing)"
		fi | tr -d '\r' | sed 's/^/    /'
		sed 's/^/QEMU: /' "$run/qemu.log"
	} >&2
}

if [ -n "$killed" ]; then
	last_words "guest killed $killed"
	exit 124
elif [ ! -s "$run/status" ]; then
	last_words "the guest died"
	exit 125
fi
exit "$(cat "$run/status")"
