# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the demos share: they run a program in a guest, which leaves figures and
# proofs, and judge them on this machine.  Sourced by scripts/demo*.sh; what runs in
# the guest begins with proof-guest.sh.

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

same() { if cmp -s "$1" "$2"; then echo true; else echo false; fi; }

# compare REFERENCE OTHER: is what the window showed the one picture, and not the
# other?  If even that were the same, equality would mean little.  To
# $reference_equal and $other_equal; the whole screen to $png.
compare() {
	# shellcheck disable=SC2154 # whoever sources this sets them
	ff -i "$run/window.xwd" -frames:v 1 -pix_fmt rgb24 -f image2 -c:v ppm "$work/window.ppm"
	# shellcheck disable=SC2034 # for who sources this
	reference_equal=$(same "$work/window.ppm" "$1")
	# shellcheck disable=SC2034
	other_equal=$(same "$work/window.ppm" "$2")
	# shellcheck disable=SC2154
	ff -i "$run/screen.xwd" -frames:v 1 -pix_fmt rgb24 "$png"
}
