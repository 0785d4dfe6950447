#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The transcripts in the documentation with a device that has a DMA engine; see transcripts.sh.
#
# guest: QEMU_ARGS='-device edu,dma_mask=0xffffffff' NO_X=1
# timeout: 900

. "$(dirname "$0")/transcripts.sh"

documents edu
