#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The examples work as they stand: each is built by the command that it names, with what
# `make install` installs, and prints what it says.  Without the module.

set -u

cd "$(dirname "$0")/../.." || exit
. examples/expect.sh
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT

fail() { echo "FAIL: $*"; exit 1; }

env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -o all install PREFIX="$work/pmm" \
	INSTALL_BIN= >"$work/make" 2>&1 || { cat "$work/make"; fail "make install"; }
export PKG_CONFIG_PATH=$work/pmm/lib/pkgconfig LD_LIBRARY_PATH=$work/pmm/lib
export PMMSHM_BACKEND=shm
export PYTHONPATH=$work/pmm/lib/python3/dist-packages
cp examples/*.c examples/*.py "$work"
cd "$work" || exit

if command -v Xvfb >/dev/null; then
	mkfifo "$work/display"
	Xvfb -displayfd 3 -nolisten tcp -screen 0 800x600x24 3>"$work/display" 2>"$work/server" &
	server=$!
	read -r number <"$work/display" || fail "Xvfb does not start"
	export DISPLAY=:$number
fi
film=$work/film.mkv
ffmpeg -nostdin -loglevel error -f lavfi -i testsrc2=size=320x180:rate=25 -frames:v 30 \
	-c:v mpeg4 "$film" || film=

# As somebody would type it, but that there may be no warning.
cc() { command "${CC:-cc}" -Wall -Wextra -Werror -O2 -o "$program" "$@"; }

for source in *.c; do
	program=./${source%.c}
	if [ -z "$film" ] && grep -q FILM "$source"; then
		echo "($source: no ffmpeg here)"
		continue
	fi
	if [ -z "$server" ] && [ -n "$(said "$source" needs '')" ]; then
		echo "($source: no X server here)"
		continue
	fi
	# shellcheck disable=SC2016 # that is for eval
	eval "$(said "$source" build 'cc '"$source"' $(pkg-config --cflags --libs libpmmshm)')" ||
		fail "$source cannot be built"
	prints "$source" "$program" || fail "$source"
	echo "ok: $source"
done

for source in *.py; do
	if ! /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
		echo "($source: no NumPy here)"
		continue
	fi
	prints "$source" "./$source" || fail "$source"
	echo "ok: $source"
done

# And it would say if they did not.
sed 's/^\(.. prints: \).*/\1something else/' allocate.c >wrong.c
! prints wrong.c ./allocate >/dev/null || fail "anything will do"
