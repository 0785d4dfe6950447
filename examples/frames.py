#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# run: frames.py
# prints: a grey picture of 640x480, mean 7f, in segment [0-9]+
"""Draw a picture with NumPy into a block that any program can attach."""

import numpy
import pmmshm

with pmmshm.Connection() as pmm, pmm.alloc(640 * 480) as block:
    picture = numpy.asarray(block)[: 640 * 480].reshape(480, 640)
    picture[:, :] = numpy.arange(640) * 255 // 639
    mean = int(picture.mean())
    print(f"a grey picture of 640x480, mean {mean:x}, in segment {block.shmid}")
