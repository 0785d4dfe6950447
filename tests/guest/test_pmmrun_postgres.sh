#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# PostgreSQL under pmmrun, as the user it runs as: its System V segment with the
# buffers, and its POSIX segments, are blocks while it serves.
#
# timeout: 600

. "$(dirname "$0")/pmmrun.sh"

bin=$(echo /usr/lib/postgresql/*/bin)
bin=${bin##* }
[ -x "$bin/initdb" ] || skip "postgresql is not installed"
export PATH=$bin:$PATH LC_ALL=C PGHOST=$work/db PGUSER=postgres PGDATABASE=postgres

as_postgres() {
	setpriv --reuid nobody --regid nogroup --groups video --reset-env env \
		PATH="$PATH" LC_ALL=C HOME="$work/db" \
		LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}" "$@"
}

creates() {
	mkdir "$work/db" && chown nobody "$work/db" && touch "$log" && chmod 666 "$log" || return 1
	as_postgres pmmrun --log "$log" initdb -D "$work/db/data" -U postgres -A trust \
		--no-sync --no-instructions --no-locale >"$work/output" 2>&1 ||
		{ tail -n 20 "$work/output"; return 1; }
}

serves() {
	setsid setpriv --reuid nobody --regid nogroup --groups video \
		pmmrun --log "$log" postgres -D "$work/db/data" -k "$work/db" \
		-c listen_addresses= -c fsync=off -c shared_buffers=8MB -c max_connections=10 \
		-c shared_memory_type=sysv -c dynamic_shared_memory_type=posix \
		-c autovacuum=off -c max_wal_senders=0 -c wal_level=minimal \
		>"$work/server" 2>&1 &
	program=$!
	pids+=("$program")
	wait_for 180 accepts || { tail -n 20 "$work/server"; return 1; }
}
accepts() { pg_isready -q; }

# Both kinds at once, in the server's processes.
both_proved() {
	proved && grep -q '/SYSV.*contiguous' "$work/proof" &&
		grep -q '/dev/shm/PostgreSQL.*contiguous' "$work/proof"
}
proves_both() {
	wait_for 180 both_proved || { cat "$work/proof" "$log"; return 1; }
	grep ' block ' "$work/proof" | sort -u -k 2,2
}

benchmark() {
	if ! pgbench -i -q -s 1 -n >"$work/output" 2>&1 ||
		! pgbench -n -c 2 -t 20 >"$work/output" 2>&1; then
		cat "$work/output"
		return 1
	fi
	grep 'number of transactions actually' "$work/output"
}

# A parallel query has a POSIX segment of its own, for its time.
parallel_query() {
	local before

	before=$(posix_segments)
	[ "$(psql -Atq -c 'set force_parallel_mode = on' -c 'select count(*) from pgbench_accounts')" = 100000 ] &&
		[ "$(posix_segments)" -gt "$before" ] && return
	tail -n 20 "$work/server" "$log"
	return 1
}
posix_segments() { grep -c '/dev/shm/PostgreSQL.*: block' "$log"; }

stops() {
	kill -INT "$program"
	wait "$program"
}

check "initdb" creates
check "the server starts" serves
check "pgbench" benchmark
check "a parallel query" parallel_query
check "its segments are contiguous" proves_both
check "the server stops" stops
check "everything returns to the pool" pool_whole
