#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the kernel's own selftests of shared memory in a guest of each kernel: without
# PMM, with the module loaded, and, those that create segments, under pmmrun.  No
# result may differ from the same test without PMM.
#
# Set by environment:
#
#   KERNELS  which (6.1 6.12)
#   TESTS    only selftests of these names
#
# The tests are those of tests/peers/list.  They are built from Debian's linux-source
# packages in build/peers/KERNEL, against the headers of that source.  They are
# compared case by case.  A test that differs is run twice more in each way: whether
# it differs without PMM as well is then known.  Leaves the table in out/peers.txt, and
# what the tests said in out/peers/KERNEL.

. "$(dirname "$0")/common.sh"

KERNELS=${KERNELS:-$OLDEST $NEWEST}
list=$PMM_SRC/tests/peers/list
out=$PMM_SRC/out/peers
table=$PMM_SRC/out/peers.txt
notes=$out/notes

# tests KERNEL: its lines of the list, of $TESTS only
tests() {
	local name kernels rest

	while read -r name kernels rest; do
		[[ $name != \#* && ",$kernels," == *",$1,"* ]] || continue
		[ -z "${TESTS:-}" ] || [[ " $TESTS " == *" $name "* ]] || continue
		echo "$name $rest"
	done <"$list"
}

# ------------------------------------------------------------------- building

# As a program of the tests sees the kernel of that source.
build_headers() {
	[ ! -e "$build/kernel/.complete" ] || return 0
	say "$kernel: making the headers of its source ..."
	mkdir -p "$build/kernel"
	make -C "$source" O="$build/kernel" headers >"$build/headers.log" 2>&1 ||
		die "see $build/headers.log"
	touch "$build/kernel/.complete"
}

# compile FLAG...: $sources, which are in $dir, as $build/$name
compile() {
	gcc -O2 -w -D_GNU_SOURCE "$@" -isystem "$build/kernel/usr/include" -I"$build/include" \
		-I"$selftests" -I"$dir/../include" -o "$build/$name" "${sources[@]}" \
		-lrt -lpthread -lm >"$build/$name.log" 2>&1
}

# build_test NAME SOURCE,...
build_test() {
	local name=$1 dir sources=() one

	[ ! -e "$build/$name" ] || [ "$list" -nt "$build/$name" ] || return 0
	for one in ${2//,/ }; do
		sources+=("$selftests/${one/#MM/$mm}.c")
	done
	if [[ $2 == MM/* ]]; then
		for one in vm_util thp_settings; do
			[ ! -e "$selftests/$mm/$one.c" ] || sources+=("$selftests/$mm/$one.c")
		done
	fi
	dir=$(dirname "${sources[0]}")
	# As their Makefile does where liburing is not installed.
	mkdir -p "$build/include"
	: >"$build/include/local_config.h"
	# Some stable kernels' tests forget to include what all others do.
	compile || compile -include "$selftests/kselftest.h" || {
		sed "s/^/    | /" "$build/$name.log" >&2
		die "$kernel: $name cannot be built"
	}
}

build_all() {
	local name pmmrun sources arguments

	source=$("$PMM_SRC/scripts/kernel-source.sh" "$kernel")
	selftests=$source/tools/testing/selftests
	build=$PMM_SRC/build/peers/$kernel
	mm=mm
	[ -d "$selftests/mm" ] || mm=vm
	build_headers
	# shellcheck disable=SC2034 # the fields that do not matter here
	while read -r name pmmrun sources arguments; do
		build_test "$name" "$sources"
	done < <(tests "$kernel")
}

# ------------------------------------------------------------------- running

# in_guest FIRST LAST WAY...: the tests of $todo, so many times
in_guest() {
	local first=$1 last=$2 no_pmm='' limit

	shift 2
	[ "$1" != without ] || no_pmm=1
	# The tests have a time limit each: this is for a guest that is stuck.
	limit=$((600 + $(wc -l <"$todo") * 310 * (last - first + 1) * $#))
	KERNEL=$kernel OUT=$out/$kernel NO_X=1 NO_PMM=$no_pmm TIMEOUT=$limit IDLE=400 \
		CMD="scripts/peers-guest.sh $first $last $*" "$PMM_SRC/scripts/guest.sh" ||
		die "$kernel: the guest failed: see the messages above"
}

run_all() {
	in_guest "$1" "$2" without
	in_guest "$1" "$2" module pmmrun
}

# compare NAME: see peers-compare.awk
compare() {
	local way dir=$out/$kernel arguments=()

	for way in without module pmmrun; do
		! compgen -G "$dir/$way/$1.*.cases" >/dev/null ||
			arguments+=("way=$way" "$dir/$way/$1".*.cases)
	done
	[ ${#arguments[@]} != 0 ] || return 0
	awk -f "$PMM_SRC/scripts/peers-compare.awk" "${arguments[@]}"
}

differs() { compare "$1" | grep -q "^differs	"; }

# ------------------------------------------------------------------- the table

# cell NAME WAY: in a few words
cell() {
	local files=("$out/$kernel/$2/$1".*.cases) blocks

	if [ ! -e "${files[0]}" ]; then
		printf '%s' -
		return
	fi
	awk -F '\t' -v differs="$(compare "$1" | grep -c "^differs	$2	")" '
		FNR == 1 { files++ }
		$2 == "its end" { if (!ends[$1]++) end = end (end == "" ? "" : "|") $1; next }
		{ n[$1]++ }
		END {
			# Of the runs that there were, the usual.
			text = end
			if (n["ok"] + n["began"])
				text = text sprintf(", %d ok", (n["ok"] + n["began"]) / files)
			if (n["not"])
				text = text sprintf(", %d not", n["not"] / files)
			if (n["skip"])
				text = text sprintf(", %d skipped", n["skip"] / files)
			printf "%s%s", text, differs ? " DIFFERS" : ""
		}' "${files[@]}"
	[ "$2" = pmmrun ] || return 0
	blocks=$(blocks_of "$1")
	printf ' (%s block%s)' "$blocks" "$([ "$blocks" = 1 ] || echo s)"
}

# How many objects became blocks the first time.
blocks_of() {
	grep -cE ': block [0-9]+$' "$out/$kernel/pmmrun/$1.1.pmmrun" 2>/dev/null || true
}

row() { printf '%-6s  %-20s  %-34s  %-34s  %s\n' "$@"; }

# note WORD...: below the table
note() { printf '%s\n' "$kernel $*" >>"$notes"; }

# judge NAME PMMRUN: counts, and says what the table cannot
judge() {
	local name=$1 pmmrun=$2 kind a b c d known=0

	while IFS=$'\t' read -r kind a b c d; do
		case $kind in
		cases) cases=$((cases + a)) ;;
		varies)
			varying=$((varying + 1))
			note "$name: varies without PMM: $a: $b"
			;;
		differs)
			if [ "$pmmrun" = known ] && [ "$a" = pmmrun ]; then
				known=$((known + 1))
			else
				differing=$((differing + 1))
				note "$name $a: DIFFERS: $b: $d, not $c"
			fi
			;;
		esac
	done < <(compare "$name")
	expected=$((expected + known))
	[ "$known" = 0 ] || note "$name pmmrun: differs in $known cases, as is known"
	judge_pmmrun "$name" "$pmmrun" "$known"
}

# judge_pmmrun NAME PMMRUN KNOWN: a test that says nothing about pmmrun, or a
# difference that has gone, is not to stay.
judge_pmmrun() {
	if [ "$2" != no ] && [ "$(blocks_of "$1")" = 0 ]; then
		differing=$((differing + 1))
		note "$1 pmmrun: NO BLOCK: nothing that it creates became one"
	elif [ "$2" = known ] && [ "$3" = 0 ]; then
		differing=$((differing + 1))
		note "$1 pmmrun: NO DIFFERENCE: it is in the list as one"
	fi
}

write_rows() {
	local name pmmrun rest

	# shellcheck disable=SC2034 # the fields that do not matter here
	while read -r name pmmrun rest; do
		count=$((count + 1))
		row "$kernel" "$name" "$(cell "$name" without)" "$(cell "$name" module)" \
			"$(cell "$name" pmmrun)" >>"$table"
		judge "$name" "$pmmrun"
	done < <(tests "$kernel")
}

run_kernel() {
	local name rest

	build_all
	rm -rf "${out:?}/$kernel"
	mkdir -p "$out/$kernel"
	todo=$out/$kernel/todo
	tests "$kernel" >"$todo"
	[ -s "$todo" ] || return 0
	say "$kernel: $(wc -l <"$todo") tests, without PMM, with it and under pmmrun"
	run_all 1 1
	while read -r name rest; do
		! differs "$name" || echo "$name $rest"
	done <"$todo" >"$todo.again"
	if [ -s "$todo.again" ]; then
		mv "$todo.again" "$todo"
		say "$kernel: twice more, what differs: $(cut -d ' ' -f 1 "$todo" | paste -sd ' ')"
		run_all 2 3
	fi
	write_rows
}

count=0 cases=0 varying=0 expected=0 differing=0
mkdir -p "$out"
: >"$notes"
{
	row kernel test "without PMM" "with the module" "under pmmrun"
	row ------ ---- ----------- --------------- ------------
} >"$table"
for kernel in $KERNELS; do
	run_kernel
done
[ "$count" != 0 ] || die "there is no such test"
{
	echo
	cat "$notes"
	printf '%s tests, %s cases: %s differ, %s differ as is known, %s vary without PMM\n' \
		"$count" "$cases" "$differing" "$expected" "$varying"
} >>"$table"
cat "$table"
[ "$differing" = 0 ] || die "see above; what the tests said is in ${out#"$PMM_SRC"/}"
