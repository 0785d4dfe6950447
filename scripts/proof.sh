# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the demos share: they run a program in a guest, which leaves figures and
# proofs, and judge them on this machine.  Sourced by scripts/demo*.sh; those called
# *-guest.sh do so in the guest.

failed=0

# Those of xclient-demo/scale.c.
# shellcheck disable=SC2034 # for who sources this
flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact

need_tools() {
	local tool

	for tool in ffmpeg xwd Xvfb; do
		have "$tool" || die "$tool is missing: make setup"
	done
}

ff() { ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }

# field FILE NAME: a value of the JSON that our programs write, one to a line.
field() { sed -n "s/^  \"$2\": \(.*[^,]\),\{0,1\}$/\1/p" "$1"; }

# all KIND NAME VALUE: do all proofs of the kind say so?
all() {
	local proof

	# shellcheck disable=SC2154 # whoever sources this sets it
	for proof in "$run/$1"-*.json; do
		[ "$(field "$proof" "$2")" = "$3" ] || { echo false; return; }
	done
	echo true
}

# verdict NAME VALUE WANTED
verdict() {
	[ "$2" = "$3" ] && return
	say "NOT PROVED: $1 is ${2:-unknown}, not $3"
	# shellcheck disable=SC2034 # for who sources this
	failed=1
}

# nested FILE: as a value inside of another object.
nested() { sed '2,$s/^/  /' "$1"; }

# nested_all KIND: all proofs of the kind, as the elements of an array.
nested_all() {
	local proof comma=

	for proof in "$run/$1"-*.json; do
		printf '%s    ' "$comma"
		sed '2,$s/^/    /' "$proof" | sed -z 's/\n$//'
		comma=$',\n'
	done
}

# ---------------------------------------------------------------- in the guest

note_machine() {
	uname -r >"$OUT/kernel"
	sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1 >"$OUT/machine"
}

# Every type has as much free as it has in all.
pool_is_whole() {
	awk 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
	     $column["total"] != $column["free"] { bad = 1 }
	     END { exit bad || NR < 2 }' /sys/kernel/debug/pmm/types
}

# Is it, within five seconds?  To $OUT/pool_whole.
note_pool() {
	local i

	for ((i = 0; i < 50; i++)); do
		! pool_is_whole || break
		sleep 0.1
	done
	if pool_is_whole; then
		echo true
	else
		echo false
		cat /sys/kernel/debug/pmm/{types,blocks} >&2
	fi >"$OUT/pool_whole"
}

# wait_for_figures PID FILE: until a program holds a frame, within two minutes.
wait_for_figures() {
	local i

	for ((i = 0; i < 1200; i++)); do
		[ ! -e "$2" ] || return 0
		kill -0 "$1" 2>/dev/null || die "the program ended early"
		sleep 0.1
	done
	die "the frame was not reached within two minutes"
}

# Every image that was shown has a line with its place in the client and its size.
# prove_images KIND PID FIGURES
prove_images() {
	local server address bytes n=0

	server=$(pidof -s Xvfb) || die "there is no X server"
	while read -r address bytes; do
		n=$((n + 1))
		pmm-prove "$2" "$server" "$address" "$bytes" >"$OUT/$1-$n.json" ||
			say "  $address: not proved"
	done < <(sed -n 's/.*"address": "\(0x[0-9a-f]*\)",.*"image_bytes": \([0-9]*\),.*"shown": [1-9].*/\1 \2/p' \
		"$3")
	say "  $n blocks compared"
}

# photograph FIGURES: the X screen, and the window
photograph() {
	xwd -silent -root -out "$OUT/screen.xwd"
	xwd -silent -id "$(field "$1" window)" -out "$OUT/window.xwd"
}
