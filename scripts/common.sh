# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What every script here shares.  Source it first.

set -euo pipefail

PMM_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Downloads that several checkouts share.  Deleting it is always safe.
PMM_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/pmm
export PMM_SRC PMM_CACHE
# OLDEST and NEWEST, which tests are for unless KERNELS says otherwise.
# shellcheck source=../kernels
. "$PMM_SRC/kernels"

# Progress goes to stderr: the stdout of some scripts is an answer.
say() { printf '%s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# The files of the tree at hand: those that git tracks, or would; an unpacked archive
# has no git, and all that is not built is its own.
tree_files() {
	local file

	if [ "$(git rev-parse --show-toplevel 2>/dev/null)" -ef "$PMM_SRC" ]; then
		git ls-files --cached --others --exclude-standard
	else
		find . \( -path ./build -o -path ./out \) -prune -o \( -type f -o -type l \) -printf '%P\n'
	fi | LC_ALL=C sort | while read -r file; do
		[ ! -e "$file" ] || printf '%s\n' "$file"
	done
}
