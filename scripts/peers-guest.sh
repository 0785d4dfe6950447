#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# peers-guest.sh FIRST LAST WAY...: the part of scripts/peers.sh inside the guest.
#
# Runs the tests of $OUT/todo in each way: without, module or pmmrun; once for each
# number from FIRST to LAST.  Leaves for each run in $OUT/WAY: NAME.N.log, what the
# test said; NAME.N.cases, the results in it, and how it ended; and what pmmrun said
# in NAME.N.pmmrun.

set -u

first=$1
last=$2
shift 2
# Far more than any of them needs on an idle machine.
limit=300

ending() { # ending STATUS
	case $1 in
	0) echo passes ;;
	4) echo skips ;;
	124 | 137) echo "time is out" ;;
	*) echo "status $1" ;;
	esac
}

# run WAY N NAME ARGUMENT...
run() {
	local way=$1 n=$2 name=$3 base status=0 under=() dir begin=$SECONDS

	shift 3
	base=$OUT/$way/$name.$n
	[ "$way" != pmmrun ] || under=(pmmrun --memfd --log "$base.pmmrun")
	dir=$(mktemp -d)
	(
		cd "$dir" || exit
		exec timeout -k 5 "$limit" "${under[@]}" "$PMM_SRC/build/peers/$KERNEL/$name" "$@"
	) </dev/null >"$base.log" 2>&1 || status=$?
	rm -rf "$dir"
	# In this order: it is not there before it is whole.
	{
		printf '%s\tits end\n' "$(ending "$status")"
		awk -f scripts/peers-cases.awk "$base.log"
	} >"$base.new"
	mv "$base.new" "$base.cases"
	printf '%-5s %-8s %-22s %s, %s cases, %ss\n' "$KERNEL" "$way" "$name" \
		"$(ending "$status")" "$(($(wc -l <"$base.cases") - 1))" $((SECONDS - begin))
}

modprobe vgem 2>/dev/null
for way; do
	mkdir -p "$OUT/$way"
	while read -r name pmmrun _ arguments; do
		[ "$way" != pmmrun ] || [ "$pmmrun" != no ] || continue
		for ((n = first; n <= last; n++)); do
			# shellcheck disable=SC2086 # several
			run "$way" "$n" "$name" $arguments
		done
	done <"$OUT/todo"
done
exit 0
