#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The transcripts in the documentation where memory can be a NUMA node; see transcripts.sh.
#
# guest: MEM=1024,slots=2,maxmem=4G NO_X=1
# guest: APPEND='memmap=128M$0x30000000' PMM_ARGS='regions=bank:128M@0x30000000'
# guest: QEMU_ARGS='-object memory-backend-ram,id=r0,size=1024M
# guest: -numa node,nodeid=0,cpus=0-1,memdev=r0 -numa node,nodeid=1
# guest: -object memory-backend-ram,id=bar,share=on,size=256M -device ivshmem-plain,memdev=bar'
# timeout: 900

. "$(dirname "$0")/transcripts.sh"

documents node
