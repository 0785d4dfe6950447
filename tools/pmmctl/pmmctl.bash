# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Completion for pmmctl in bash: pmmctl itself knows what may come, the types, blocks
# and names of this moment included.

_pmmctl() {
	local line=${COMP_LINE:0:COMP_POINT} words current colon word

	# Not COMP_WORDS, which are broken at each colon of sysv:SHMID.
	read -ra words <<<"$line"
	[[ $line != *[[:space:]] ]] || words+=("")
	current=${words[-1]}
	COMPREPLY=()
	while IFS= read -r word; do
		printf -v word %q "$word"
		COMPREPLY+=("$word")
	done < <("${words[0]}" --complete "${words[@]:1}" 2>/dev/null)
	# What is before a colon is another word to bash, and stands there already.
	[[ $COMP_WORDBREAKS == *:* ]] || return 0
	colon=${current%"${current##*:}"}
	COMPREPLY=("${COMPREPLY[@]#"$colon"}")
}
complete -o bashdefault -o default -F _pmmctl pmmctl
