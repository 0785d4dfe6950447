#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The examples on the module: each prints what it says.
#
# timeout: 300

. "$(dirname "$0")/shell.sh"

cd "$(dirname "$0")/../.." || exit
. examples/expect.sh

film=$work/film.mkv
ffmpeg -nostdin -loglevel error -f lavfi -i testsrc2=size=320x180:rate=25 -frames:v 30 \
	-c:v mpeg4 "$film" || skip "there is no ffmpeg"
export PMMSHM_BACKEND=pmm
for source in examples/*.c; do
	name=${source##*/}
	check "$name" prints "$source" "example-${name%.c}"
done
check "everything returns to the pool" pool_whole
