#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# load.sh: load the module, in the guest, as the boot of an installed PMM does: with
# the parameters of this guest, and usable by the group `video`.

# shellcheck disable=SC2086 # several parameters
insmod "$PMM_KO" ${PMM_ARGS:-} || exit
[ -c /dev/pmm ] || { echo "there is no /dev/pmm"; exit 1; }
chgrp video /dev/pmm && chmod 0660 /dev/pmm
