#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The transcripts in the documentation of memory on devices; see transcripts.sh.
#
# guest: QEMU_ARGS="$(<tests/guest/device.qemu)" APPEND='memmap=64M$0x30000000' NO_X=1
# timeout: 900

. "$(dirname "$0")/transcripts.sh"

# Other tests leave the device to pmm_pci.
for override in /sys/bus/pci/devices/*/driver_override; do
	echo >"$override"
done

documents device
