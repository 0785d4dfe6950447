#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pmmctl: that what it shows is what there is, for root and for others, for people and
# as JSON; and what it says when something is wrong.

. "$(dirname "$0")/shell.sh"

chmod 777 "$work"

user=(setpriv --reuid 65534 --regid 65534 --groups video)
as_user() { "${user[@]}" "$@"; }

# json EXPRESSION COMMAND...: is it JSON, and the expression true of it?
json() {
	local expression=$1

	shift
	"$@" --json >"$work/json" && jq -e "$expression" "$work/json" >"$work/jq" && return
	cat "$work/json" "$work/jq"
	return 1
}
# fails STATUS TEXT COMMAND...: with this status and this in what it says
fails() {
	local want=$1 text=$2 status=0

	shift 2
	"$@" >"$work/out" 2>&1 || status=$?
	[ "$status" = "$want" ] && grep -qF -- "$text" "$work/out" && return
	say "exit status $status"
	cat "$work/out"
	return 1
}

shows_status() {
	local total

	total=$(types total)
	json ".module.abi == 1 and .types[0].name == \"general\" and .types[0].total == $total" pmmctl status &&
		cmp <(pmmctl --json) <(pmmctl status --json) &&
		pmmctl >"$work/out" && grep -q '^general ' "$work/out" && grep -q '^Module ' "$work/out"
}
shows_types() {
	json '.[0].name == "general" and .[0].blocks == 0 and .[0].free == .[0].total and
		(.[0].capabilities | index("ram"))' pmmctl types
}
makes_blocks() {
	local other

	id=$(pmmrun ipcmk -M 3M -p 0644 | sed -n 's/^Shared memory id: //p') && [ -n "$id" ] &&
		other=$(pmmctl alloc 2M) && pmmctl link "$other" "/pmmctl-a,b" && pmmctl rm "$other"
}
# Those with a number that a shell can see: what there is in debugfs.
shows_blocks() {
	json "[.[] | [.size, .names[0], .user]] == [[3145728, \"sysv:$id\", \"root\"], [2097152, \"/pmmctl-a,b\", \"root\"]] and
		([.[].holders] == [0, 1])" pmmctl blocks &&
		json '[.[].size] == [3145728, 2097152]' pmmctl blocks --sort size &&
		json '[.[].names[0]] == ["/pmmctl-a,b"]' pmmctl blocks --name /pmmctl-a,b &&
		json 'length == 2' pmmctl blocks --type general --user root &&
		json 'length == 0' pmmctl blocks --user 4711 &&
		json 'length == 0' pmmctl blocks --type nonesuch
}
# Not the one whose mode does not let them.
shows_users_theirs() {
	as_user pmmctl blocks --json 2>"$work/note" >"$work/json" &&
		grep -q 'only blocks with a name' "$work/note" &&
		jq -e "[.[].names[0]] == [\"sysv:$id\"]" "$work/json" && return
	cat "$work/json" "$work/note"
	return 1
}
shows_one() {
	local number

	number=$(pmmctl blocks --name "sysv:$id" --json | jq '.[0].id')
	json ".id == $number and .size == 3145728 and .address > 0 and .holders == 0 and
		(.properties | index(\"sysv\"))" pmmctl show "$number" &&
		json ".id == $number and .names == [\"sysv:$id\"]" pmmctl show "sysv:$id" &&
		json '.aliases == 1 and .size == 2097152' pmmctl show /pmmctl-a,b &&
		pmmctl show "$number" | grep -q '^Size  *3 MiB$' &&
		json '.address == null' as_user pmmctl show "sysv:$id"
}
# holder [COMMAND...]: a block that is held in every way, by $holder and $child
holder() {
	rm -f "$work/held"
	"$@" build/guest/holder /pmmctl-held <"$work/end" >"$work/held" 2>&1 &
	holder=$!
	pids+=("$holder")
	exec {end}>"$work/end"
	wait_for 20 test -s "$work/held" && read -r held child <"$work/held" && [ -n "$child" ] && return
	cat "$work/held"
	return 1
}
let_go() {
	exec {end}>&-
	wait "$holder" && rm /dev/shm/pmmctl-held
}
# Of those two, and nothing else; and nothing is left to be explained.
finds_holders() {
	local both

	both=$(printf '%s\n' "$holder" "$child" | sort -n | paste -sd,)
	json "[.found[] | select(.kind == \"mapping\") | .pid] == [$both] and
		[.found[] | select(.kind == \"block fd\") | .pid] == [$both] and
		[.found[] | select(.kind == \"dma-buf\") | .pid] == [$both] and
		[.found[] | select(.kind == \"file\") | .pid] == [$both] and
		all(.found[] | select(.pid); .process == \"holder\" and .access == \"read-write\") and
		([.found[] | select(.kind == \"name\").what] == [\"/pmmctl-held\"]) and
		([.found[] | select(.kind == \"segment\").what | startswith(\"sysv:$held, attached 2 times\")] == [true]) and
		.holders == 3" "$@" pmmctl holders /pmmctl-held 2>"$work/notes"
}
shows_holders() {
	mkfifo "$work/end" && holder && finds_holders && [ ! -s "$work/notes" ] &&
		jq -e '.unseen_processes == 0' "$work/json" >"$work/jq" &&
		pmmctl holders "sysv:$held" | grep -q "^block fd  *$holder  *holder " && return
	cat "$work/notes"
	return 1
}
# Those who may not look at a process are told so.
shows_users_holders() {
	setpriv --reuid 65533 --regid 65533 --groups video pmmctl holders /pmmctl-held >"$work/out" 2>"$work/notes" &&
		grep -q 'processes and 0 dma-bufs of other users could not be looked at; try as root' "$work/notes" &&
		grep -q 'the module counts 2 more' "$work/notes" && grep -q '^name ' "$work/out" &&
		! grep -q '^mapping ' "$work/out" && return
	cat "$work/notes" "$work/out"
	return 1
}
# By what root has debugfs and CAP_SYS_ADMIN for
shows_owners_holders() {
	holder "${user[@]}" && finds_holders as_user && let_go && return
	cat "$work/notes"
	return 1
}
draws_pools() {
	local total

	total=$(types total)
	json ".total == $total and ([.pieces[].size] | add) == $total and
		any(.pieces[]; .state == \"quarantine\" and .size == 2097152) and
		any(.pieces[]; .state == \"home\" and .size == 4194304 and .user == \"root\")" pmmctl map general &&
		pmmctl map >"$work/out" && grep -q '^Q  quarantine: 2 MiB in 1 block$' "$work/out" &&
		grep -q '|[R.r]*[qQ]' "$work/out" &&
		pmmctl map --by state | grep -q '^H  home: .* in 3 blocks$' &&
		pmmctl map --svg "$work/map.svg" --png "$work/map.png" &&
		head -c 5 "$work/map.svg" | grep -q '<?xml' && head -c 4 "$work/map.png" | grep -q 'PNG' &&
		fails 1 "cannot write /nonesuch/map.svg: No such file or directory" pmmctl map --svg /nonesuch/map.svg &&
		fails 1 "there is no type 'nonesuch'" pmmctl map nonesuch &&
		fails 1 "which needs root" as_user pmmctl map
}
watches() {
	pmmctl top --json -n 2 --delay 1 >"$work/json" &&
		jq -es 'length == 2 and .[0].types[0].allocs_per_second == null and .[1].types[0].allocs_per_second == 0 and
			(.[1].blocks | length) == 4 and .[1].blocks[0].size == 4194304 and
			(.[1].users == [{uid: 0, user: "root", used: 11534336, blocks: 4}])' "$work/json" >"$work/jq" &&
		pmmctl top --count 1 >"$work/out" && grep -q '^root  *11 MiB  *4$' "$work/out" &&
		fails 2 "not a number from 1" pmmctl top -n 0 && return
	cat "$work/json" "$work/out"
	return 1
}
scrubbed() { pmmctl scrub >"$work/out" && [ "$(types dirty)" = 0 ]; }
scrubs() {
	json '.[0].type == "general"' pmmctl scrub general && wait_for 10 scrubbed &&
		fails 1 "there is no type 'nonesuch'" pmmctl scrub nonesuch
}
# What scripts do
makes_and_removes() {
	local name

	name=$(pmmctl alloc 1M --mode 640) && [[ $name == sysv:* ]] &&
		pmmctl link "$name" /pmmctl-linked && [ -e /dev/shm/pmmctl-linked ] &&
		json '.names | length == 2' pmmctl show "$name" &&
		ipcs -m -i "${name#sysv:}" | grep -q 'mode=0640' &&
		pmmctl rm "$name" && json '.size == 1048576' pmmctl show /pmmctl-linked &&
		pmmctl rm /pmmctl-linked && [ ! -e /dev/shm/pmmctl-linked ] &&
		json '.size == 2097152 and .type == "general"' pmmctl publish 2M 0x504d4d --type general &&
		ipcs -m | grep -q '^0x00504d4d .* 2097152 ' &&
		fails 1 "key 0x00504d4d is taken" pmmctl publish 2M 0x504d4d &&
		fails 2 "is no key" pmmctl publish 2M x && fails 2 "not a size" pmmctl alloc 2X &&
		fails 2 "not permission bits" pmmctl alloc 2M --mode 1777 &&
		fails 1 "no such type" pmmctl alloc 2M --type nonesuch &&
		pmmctl rm "$(jq -r .name "$work/json")" || return 1
	# Not what is no block
	truncate -s 4096 /dev/shm/pmmctl-plain
	fails 1 "pmmctl" pmmctl rm /pmmctl-plain && [ -e /dev/shm/pmmctl-plain ] && rm /dev/shm/pmmctl-plain
}
sets_quotas() {
	json '.used == 0 and .all_used == 0' pmmctl quota &&
		json '.limit == 5242880' pmmctl quota --user 65534 5M &&
		json '.limit == 5242880' as_user pmmctl quota &&
		json '.limit == null' pmmctl quota --user 65534 none &&
		json '.limit > 5242880' pmmctl quota --user 65534 default &&
		fails 1 "only root may" as_user pmmctl quota 5M &&
		fails 1 "no such type" pmmctl quota --type nonesuch
}
resizes_pools() {
	local total

	total=$(types total)
	json ".[0].total == $((total - 4194304))" pmmctl pools general $((total - 4194304)) &&
		json ".[0].total == $total" pmmctl pools general "$total" &&
		fails 2 "to which size" pmmctl pools general &&
		fails 1 "only root may" as_user pmmctl pools general 64M
}
checks_the_machine() {
	json 'all(.[]; .state != "fails") and (.[0].check == "module") and
		(map(select(.check == "version"))[0].state == "ok") and
		(map(select(.check == "/dev/pmm"))[0].finding == "group video, mode 0660")' pmmctl check &&
		chmod 0600 /dev/pmm &&
		json 'map(select(.check == "/dev/pmm"))[0].remedy == "chgrp video /dev/pmm && chmod 0660 /dev/pmm"' \
			pmmctl check &&
		fails 1 "add the user to group 'video'" as_user pmmctl check &&
		chmod 0660 /dev/pmm &&
		fails 1 "usermod -aG video nobody, and log in again" \
			setpriv --reuid 65534 --regid 65534 --clear-groups pmmctl check &&
		fails 0 "nobody is in group video" as_user pmmctl check
}
# What there is at this moment
completes() {
	[ "$(pmmctl --complete show sysv:)" = "sysv:$id" ] &&
		[ "$(pmmctl --complete rm /)" = "/pmmctl-a,b" ] &&
		[ "$(pmmctl --complete blocks --type g)" = general ] &&
		pmmctl --complete show "" | grep -qx "$(pmmctl blocks --json | jq '.[0].id')"
}
refuses() {
	fails 2 "there is no command 'nonesuch'" pmmctl nonesuch &&
		fails 2 "an argument is missing" pmmctl show &&
		fails 2 "'x' is one argument too many" pmmctl types x &&
		fails 2 "is no block: give its number, sysv:SHMID or /NAME" pmmctl show sysv:x &&
		fails 2 "there is no user 'nonesuch'" pmmctl blocks --user nonesuch &&
		fails 2 "--sort x: there is" pmmctl blocks --sort x &&
		fails 2 "see pmmctl types --help" pmmctl types --nonesuch &&
		fails 1 "there is no block 4711" pmmctl show 4711 &&
		fails 1 "there is no segment 4711" pmmctl show sysv:4711 &&
		fails 1 "there is no shared memory with the name '/nonesuch'" pmmctl show /nonesuch &&
		fails 1 "permission denied" as_user pmmctl show /pmmctl-a,b &&
		fails 1 "add the user to group 'video'" setpriv --reuid 65534 --clear-groups pmmctl &&
		fails 1 "cannot write" sh -c 'pmmctl types >/dev/full'
}
helps() {
	local command out commands=0

	pmmctl --help >"$work/help" || return 1
	while read -r command out; do
		commands=$((commands + 1))
		out=$(pmmctl "$command" --help) && [[ $out == "Usage: pmmctl $command"*--json* ]] || return 1
	done < <(sed -n 's/^  \([a-z][a-z]*\) /\1 /p' "$work/help")
	[ "$commands" -ge 17 ]
}
without_module() {
	local status=0

	rmmod pmm || return 1
	fails 1 "the pmm module is not loaded (modprobe pmm)" pmmctl || status=1
	fails 1 "the pmm module is not loaded (modprobe pmm)" pmmctl check || status=1
	scripts/guest/load.sh && return "$status"
}
removes_blocks() { ipcrm -m "$id" && rm "/dev/shm/pmmctl-a,b" && pool_whole; }

check "each command has a --help" helps
check "it shows the status" shows_status
check "it shows the types" shows_types
check "there are blocks with names" makes_blocks
check "it lists blocks, filtered and sorted" shows_blocks
check "it lists for others what they may read" shows_users_theirs
check "it shows all about a block" shows_one
check "it finds who holds a block" shows_holders
check "it says what others cannot see of that" shows_users_holders
check "it draws pools" draws_pools
check "it watches" watches
check "the holder lets go" let_go
check "it finds for a user what is his" shows_owners_holders
check "it waits for memory to be zeroed" scrubs
check "it makes blocks, links and removes them" makes_and_removes
check "it shows and sets quotas" sets_quotas
check "it resizes pools" resizes_pools
check "it checks the machine" checks_the_machine
check "it completes names for shells" completes
check "it refuses what makes no sense, and says so" refuses
check "looking leaves nothing behind" removes_blocks
check "without the module it says so" without_module
