#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest's first process once the root file system is there (after init): load
# the module, start the X server, run the command, and say how it ended.

# shellcheck source=/dev/null
. /run/pmm/env

export HOME=/root USER=root LOGNAME=root SHELL=/bin/bash TERM=dumb LANG=C.UTF-8
export PATH=$PMM_SRC/build/bin:$PMM_SRC/build/guest:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LD_LIBRARY_PATH=$PMM_SRC/build/lib
export PMM_SRC OUT KERNEL SLOW SOAK_SECONDS SOAK_SEED PMM_KO PMM_ARGS
cd "$PMM_SRC" || exit

# The host sees what goes into this port at once.  By way of a pipe, since the
# port itself cannot be opened twice, as `echo >/dev/stderr` would.
for name in /sys/class/virtio-ports/*/name; do
	[ "$(<"$name")" != pmm.out ] || port=/dev/$(basename "${name%/name}")
done
exec 3> >(exec cat >"$port")
cat=$!

finish() {
	exec 3>&- >/dev/console 2>&1
	# Something left running may keep the pipe open: then do not wait for its end.
	for ((i = 0; i < 20; i++)); do
		kill -0 "$cat" 2>/dev/null || break
		sleep 0.05
	done
	sync
	# The very last thing: no status means that the guest did not get here.
	echo "$1" >/run/pmm/status.new
	mv /run/pmm/status.new /run/pmm/status
	busybox poweroff -f
	sleep 60
}

fail() {
	echo "pmm-guest: $*" >&3
	dmesg | tail -n 20 >&3
	finish 125
}

if [ -z "$NO_PMM" ]; then
	scripts/guest/load.sh >&3 2>&1 || fail "pmm.ko does not load"
fi

if [ -z "$NO_X" ]; then
	export DISPLAY=:7
	mkfifo /run/x-ready
	# The server writes its number when it can be connected to.
	Xvfb "$DISPLAY" -screen 0 1280x800x24 -nolisten tcp -displayfd 4 \
		4>/run/x-ready >/run/Xvfb.log 2>&1 3>&- &
	# A minute in short pieces: a busy machine stops a guest for minutes, and its
	# clock jumps.
	exec 5<>/run/x-ready
	ready=
	for ((i = 0; i < 600 * SLOW; i++)); do
		! read -r -t 0.1 -u 5 _ || { ready=1; break; }
	done
	[ -n "$ready" ] || { cat /run/Xvfb.log >&3; fail "Xvfb does not start"; }
	exec 5<&-
fi

echo "pmm-guest: ready" >/dev/kmsg
bash -c "$CMD" </dev/null >&3 2>&3 3>&-
finish $?
