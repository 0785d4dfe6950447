#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lint.sh [TOOL...]: what can be said against the sources without running them.
# lint.sh --list:    the tools, in the order in which they run
#
# The tree has to be built: some look at what the build made.  A tool is clean
# when it is silent.  Ends with "lint: N clean, N with findings", and fails if
# any has.

. "$(dirname "$0")/common.sh"

# Quick ones first.
all=(spdx markers codespell links typed shellcheck man uapi kernel-doc sparse clang checkpatch clang-tidy)
KERNELS=${KERNELS:-$OLDEST $NEWEST}
out=$PMM_SRC/build/lint

cd "$PMM_SRC"

# sources REGEX
sources() { tree_files | grep -E "$1"; }

# spread N COMMAND...: give it the lines of stdin, N at a time, on all processors
spread() { xargs -d '\n' -r -P "$(nproc)" -n "$@"; }

# having REGEX: those of the files of stdin that have such a line
having() { spread 100 grep -lIE "$1" || true; }

# ---------------------------------------------------------------- any file

# The first line, or the second where the first has to be another.
lint_spdx() {
	local file

	sources . | grep -vE '(^|/)\.[a-z]+(rc|ignore)$|^LICENSES/|^Documentation/ABI/|^tests/fuzz/corpus/|\.(md|png|svg)$' |
		grep -vE '^debian/(changelog|copyright|source/format|.*\.README\.Debian)$' |
		while read -r file; do
			sed -n 1,2p "$file" | grep -q SPDX-License-Identifier: ||
				echo "$file: no SPDX-License-Identifier at the top"
		done
}

# What a merge left behind.
lint_markers() { sources . | having '^(<{7}|>{7})( |$)' | sed 's/$/: marks of a merge/'; }

# Words of mdoc(7) are none.
lint_codespell() { sources . | grep -vE '^LICENSES/|^tests/fuzz/corpus/|\.(png|svg)$' | spread 100 codespell -L nd,fo; }

# paths: "FILE PATH" for what documents call by a path from the top of the tree.  In
# tests/guest/test_NAME.c any name will do.
paths() {
	local tops

	tops=$(sources / | cut -d / -f 1 | sort -u | paste -sd '|')
	sources '\.(md|rst)$' | while read -r file; do
		grep -oE "(^|[^a-zA-Z0-9_./-])($tops)/[a-zA-Z0-9_./*-]+" "$file" |
			sed -E "s/^[^a-zA-Z.]//; s/[.,]+$//; s/NAME|NUMBER|TYPE/*/; s,^,$file ," || true
	done
}

# What documents refer to is there, and each document is in the list of them.
# shellcheck disable=SC2016 # quotes of rst
lint_links() {
	local list=Documentation/README.rst file target

	{
		paths
		sources '\.md$' | while read -r file; do
			grep -oE '\]\([^):#]+' "$file" | sed "s,^](,$file $(dirname "$file")/,"
		done
		sources '\.rst$' | while read -r file; do
			grep -oE '<[^ <>:]+>`__' "$file" | sed -E "s,<(.*)>.*,$file $(dirname "$file")/\1,"
			grep -oE ':doc:`[^`]+' "$file" | sed "s,:doc:.,$file $(dirname "$file")/,; s/$/.rst/"
			grep -oE 'Documentation/[a-zA-Z0-9/_-]+\.rst' "$file" | sed "s,^,$file ,"
		done
	} | while read -r file target; do
		compgen -G "$target" >/dev/null || echo "$file: there is no $target"
	done
	sources '^Documentation/.*\.rst$' | while read -r file; do
		[ "$file" = "$list" ] || grep -qF "<${file#Documentation/}>" "$list" || echo "$list: without $file"
	done
}

# typed_commands: "FILE ARGUMENT..." for each make that documents tell to type
# shellcheck disable=SC2016 # quotes of Markdown and rst
typed_commands() {
	sources '\.(md|rst)$' | while read -r file; do
		grep -oE '(^ +([#$] )?|`|&& |sudo )make( [^`#&|;]*)?' "$file" |
			sed -nE "/make -C/d; s,^.*make ,$file ,p" || true
	done
}

# Make and the scripts know what documents tell to type: targets, variables, names of tests.
# shellcheck disable=SC2016 # a regular expression
lint_typed() {
	local known file arguments word

	known=$(sources '^Makefile$|^scripts/.*\.sh$' | xargs grep -ohE '\$[({]?[A-Z][A-Z_]+' | tr -d '$({')
	typed_commands | while read -r file arguments; do
		[[ ! $arguments =~ TESTS=\'([^\']*) ]] || for word in ${BASH_REMATCH[1]}; do
			compgen -G "tests/guest/test_${word#test_}.*" >/dev/null ||
				echo "$file: there is no guest test $word"
		done
		while [[ $arguments =~ =\'[^\']*\'? ]]; do
			arguments=${arguments/"${BASH_REMATCH[0]}"/=}
		done
		for word in $arguments; do
			if [[ $word == *=* ]]; then
				grep -qxF "${word%%=*}" <<<"$known" || echo "$file: make knows no variable ${word%%=*}"
			else
				grep -qE "^$word:.*## " Makefile || echo "$file: make help has no $word"
			fi
		done
	done
}

lint_shellcheck() {
	{
		sources '\.sh$'
		sources . | having '^#! ?/bin/(ba)?sh'
	} | sort -u | spread 8 shellcheck
}

# Those that are made of comments as well.
lint_man() {
	{
		sources '^man/.*\.[1-8]$'
		find build/man -name '*.3'
	} | spread 100 mandoc -Tlint -Wwarning
}

# ------------------------------------------------------------------ the ABI

# layouts TARGET: size and alignment of each structure, and where its fields are
layouts() {
	clang --target="$1" -isystem "/usr/include/$(gcc -print-multiarch)" -fsyntax-only -x c \
		-Xclang -fdump-record-layouts-complete include/uapi/linux/pmm.h |
		awk -v RS= '/\| struct pmm_/'
}

# The same for a 32-bit program on a 64-bit kernel, in old C and in C++.
lint_uapi() {
	layouts x86_64-linux-gnu >"$out/layout64" &&
		layouts i386-linux-gnu >"$out/layout32" &&
		[ -s "$out/layout64" ] &&
		diff -U 9 "$out/layout64" "$out/layout32" &&
		clang -fsyntax-only -Wall -Wextra -Werror -pedantic -std=c90 -x c include/uapi/linux/pmm.h &&
		clang -fsyntax-only -Wall -Wextra -Werror -Iinclude/uapi -x c++ include/uapi/linux/pmm.h &&
		clang -fsyntax-only -Wall -Wextra -Werror -Iinclude/uapi -x c++ libpmmshm/pmmshm.h
}

# --------------------------------------------------------------- the kernel's

# The newest kernel's: it asks for more.
lint_kernel_doc() {
	local script

	script=$(echo "$(scripts/kernel.sh "${KERNELS##* }")"/usr/lib/linux-kbuild-*/scripts/kernel-doc)
	sources '\.[ch]$' | having '^/\*\*$' | spread 100 "$script" -none -Wall -Werror
}

# Of what sparse says about the kernel's own headers, nothing.
lint_sparse() {
	local kernel mirror log

	for kernel in $KERNELS; do
		mirror=$PMM_SRC/build/kernel-$kernel/
		log=$out/sparse-$kernel
		scripts/module.sh "$kernel" C=2 CHECK=sparse >"$log" 2>&1 || cat "$log"
		grep -q '^ *CHECK ' "$log" || echo "$kernel: nothing was checked"
		sed -n "s,^$mirror\(.*: \(warning\|error\): .*\),$kernel: \1,p" "$log"
	done
}

kernel_code='^(drivers|ipc|include|tests/kmod|bench/kmod)/.*\.[ch]$'

# checkpatch TYPE...: the files of stdin, without findings of these types
checkpatch() {
	spread 12 "$source/scripts/checkpatch.pl" --no-tree --strict --terse --show-types \
		--no-summary --quiet --ignore="$(IFS=,; echo "$*")" -f
}

# Other people's names: the kernel's, Xlib's, FFmpeg's.
kernel_ignored=(CAMELCASE)
user_ignored=("${kernel_ignored[@]}"
	# The kernel's names for things that user space calls otherwise.
	ARRAY_SIZE BIT_MACRO PREFER_DEFINED_ATTRIBUTE_MACRO PREFER_KERNEL_TYPES VOLATILE ENOSYS
	# In Xlib's language, "Window window" is none.
	REPEATED_WORD
	# What mkstemp() and execv() are given is not const.
	STATIC_CONST_CHAR_ARRAY
	# What returns there is the function that the macro defines.
	MACRO_WITH_FLOW_CONTROL
	# A message is one string, for those who look for it, and names no function:
	# what looks like one is a word.
	LONG_LINE_STRING EMBEDDED_FUNCTION_NAME
)
# Types that it does not know: what is a pointer to one looks like a product.
gst_ignored=("${user_ignored[@]}" SPACING)
# Check's END_TEST stands right after the brace.
unit_ignored=("${user_ignored[@]}" LINE_SPACING)

lint_checkpatch() {
	local source x_macros='/(pmm_alloc|alloc_verify)\.[ch]$'

	source=$(scripts/kernel-source.sh 6.1) || return
	sources "$kernel_code" | grep -vE "_trace.h|$x_macros" | checkpatch "${kernel_ignored[@]}"
	# The macros of trace events are laid out in their own way everywhere.
	sources _trace.h | checkpatch "${kernel_ignored[@]}" PARENTHESIS_ALIGNMENT OPEN_ENDED_LINE
	# A macro that a list of names is given is a part of something larger.
	sources "$x_macros" | checkpatch "${user_ignored[@]}" COMPLEX_MACRO TRAILING_SEMICOLON LINE_SPACING
	sources '\.[ch]$' | grep -vE "$kernel_code|^tests/unit/|^gst-pmm/" |
		checkpatch "${user_ignored[@]}"
	sources '^gst-pmm/.*\.[ch]$' | checkpatch "${gst_ignored[@]}"
	sources '^tests/unit/.*\.[ch]$' | grep -vE "$x_macros" | checkpatch "${unit_ignored[@]}"
}

# ---------------------------------------------------------------- user space

# The commands that would compile all objects with clang, one a line.
commands() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -nB V=1 KERNELS= CC=clang all |
		grep -- ' -MMD -MP -c -o '
}

lint_clang() {
	commands | sed -E 's/ -MMD -MP -c -o [^ ]+ / -fsyntax-only /' | spread 1 sh -c
}

# tidy ARG...: clang-tidy on the files of stdin.  One a run: version 14 takes va_start()
# for missing in all but the first.  On stderr it counts what it found in others' headers.
tidy() {
	spread 1 clang-tidy --quiet -p "$out" "$@" 2>"$out/clang-tidy.stderr" || {
		grep -vE 'warnings? (generated|treated as)' "$out/clang-tidy.stderr"
		return 1
	}
}

lint_clang_tidy() {
	local status=0

	commands | sed -E 's/[\\"]/\\&/g
		s|(.* )([^ ]+)|{ "directory": "'"$PMM_SRC"'", "file": "\2", "command": "\1\2" },|
		1s/^/[ /; $s/,$/ ]/' >"$out/compile_commands.json" || return
	commands | grep -v kernel-source | sed 's/.* //' | tidy || status=1
	# The analyzer cannot follow the kernel's lists and trees: whatever is balanced
	# could be missing, and what was taken out still be in.
	commands | grep kernel-source | sed 's/.* //' | tidy '--checks=-clang-analyzer-*' || status=1
	return $status
}

# ------------------------------------------------------------------- run them

case ${1:-} in
--list)
	printf '%s\n' "${all[@]}"
	exit
	;;
esac

mkdir -p "$out"
[ $# -gt 0 ] || set -- "${all[@]}"
clean=0 found=0
for tool; do
	begin=$SECONDS status=0
	function=lint_${tool//-/_}
	[ "$(type -t "$function")" = function ] || die "there is no $tool; there are: ${all[*]}"
	"$function" >"$out/$tool.log" 2>&1 || status=$?
	if [ $status = 0 ] && [ ! -s "$out/$tool.log" ]; then
		clean=$((clean + 1))
		echo "lint: $tool: clean ($((SECONDS - begin))s)"
	else
		found=$((found + 1))
		cat "$out/$tool.log"
		echo "lint: $tool: findings, above ($((SECONDS - begin))s)"
	fi
done
[ $# = 1 ] || echo "lint: $clean clean, $found with findings"
[ $found = 0 ]
