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
