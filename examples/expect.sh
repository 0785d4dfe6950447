# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of the examples share: each source says in comments at its top how to
# build and run the program, and what it prints.  Sourced.

# said SOURCE KEY DEFAULT
said() {
	local value

	value=$(sed -nE "s@^(//|#) $2: @@p" "$1")
	printf '%s\n' "${value:-$3}"
}

# prints SOURCE PROGRAM: run it, and compare all that it says.  $program is what it is then called.
prints() {
	local want arguments out status=0

	want=$(said "$1" prints '')
	arguments=$(said "$1" run 'x')
	[[ $arguments == *' '* ]] && arguments=${arguments#* } || arguments=
	# shellcheck disable=SC2016 # as it stands in the comment
	arguments=${arguments/'$FILM'/${film:-}}
	# shellcheck disable=SC2086 # several arguments
	out=$(timeout 60 "$2" $arguments 2>&1) || status=$?
	[ -n "$want" ] && [ "$status" = 0 ] && [[ $out =~ ^$want$ ]] && return
	printf '%s\nstatus %s, and that does not match: %s\n' "$out" "$status" "$want"
	return 1
}

# ----------------------------- all that lie in this directory, built as they say

# start_server: an X server, if there is one here; sets $server.
start_server() {
	local number

	server=
	command -v Xvfb >/dev/null || return 0
	mkfifo display
	Xvfb -displayfd 3 -nolisten tcp -screen 0 800x600x24 3>display 2>server.log &
	server=$!
	read -r number <display || { echo "Xvfb does not start"; cat server.log; return 1; }
	export DISPLAY=:$number
}

end_server() { [ -z "${server:-}" ] || kill "$server"; }

# start_film: sets $film, to nothing if it cannot be made here.
start_film() {
	film=$PWD/film.mkv
	ffmpeg -nostdin -loglevel error -f lavfi -i testsrc2=size=320x180:rate=25 -frames:v 30 \
		-c:v mpeg4 "$film" || film=
}

# As somebody would type it, but that there may be no warning.
cc() { command "${CC:-cc}" -Wall -Wextra -Werror -O2 -o "$program" "$@"; }

# run_program SOURCE
run_program() {
	local program=./${1%.c}

	if [ -z "$film" ] && grep -q FILM "$1"; then
		echo "($1: no ffmpeg here)"
		return
	fi
	if [ -z "$server" ] && [ -n "$(said "$1" needs '')" ]; then
		echo "($1: no X server here)"
		return
	fi
	# shellcheck disable=SC2016 # that is for eval
	eval "$(said "$1" build 'cc '"$1"' $(pkg-config --cflags --libs libpmmshm)')" ||
		{ echo "$1 cannot be built"; return 1; }
	prints "$1" "$program" && echo "ok: $1"
}

run_script() {
	if ! /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
		echo "($1: no NumPy here)"
		return
	fi
	prints "$1" "./$1" && echo "ok: $1"
}

# run_all: in a directory with copies of the examples, which is then full of other
# things.  Call end_server afterwards.
run_all() {
	local source

	start_server && start_film || return
	for source in *.c; do
		run_program "$source" || return
	done
	for source in *.py; do
		run_script "$source" || return
	done
}
