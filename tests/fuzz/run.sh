#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh           a test: each fuzzer, a number of inputs that follow from the seed
# run.sh SECONDS   each fuzzer for so long, with progress
#
# Seeds are in tests/fuzz/corpus.  New inputs are kept in build/fuzz/corpus when
# time is given, those that fail in out/fuzz always.

set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

# Inputs for the test: ten seconds or so each.
declare -A runs=([alloc]=8000 [pools]=200000)

# fuzz NAME OPTION_OR_DIRECTORY...
fuzz() {
	local name=$1 options=()

	shift
	[ ! -e "tests/fuzz/$name.dict" ] || options=(-dict="tests/fuzz/$name.dict")
	mkdir -p out/fuzz
	"build/fuzz/fuzz_$name" "${options[@]}" -error_exitcode=1 -timeout=20 -max_len=2048 -rss_limit_mb=4096 \
		-artifact_prefix="out/fuzz/$name-" "$@" "tests/fuzz/corpus/$name"
}

for name in alloc pools; do
	if [ $# -gt 0 ]; then
		echo "== $name, ${1} s"
		mkdir -p "build/fuzz/corpus/$name"
		fuzz "$name" -max_total_time="$1" -print_final_stats=1 "build/fuzz/corpus/$name"
	else
		rm -rf "build/fuzz/short/$name"
		mkdir -p "build/fuzz/short/$name"
		log=build/fuzz/$name.log
		fuzz "$name" -seed=1 -runs="${runs[$name]}" -verbosity=0 "build/fuzz/short/$name" >"$log" 2>&1 ||
			{ status=$? && cat "$log" && exit $status; }
	fi
done
[ $# -gt 0 ] || echo "${runs[alloc]} inputs for the allocators and ${runs[pools]} for pools=, nothing wrong"
