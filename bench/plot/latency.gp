# SPDX-License-Identifier: GPL-2.0-only
#
# Time to get memory over its size, best of the rounds, with a bar up to the
# worst (file), in a kernel (release).

set logscale xy
set format y "10^{%L}"
set xlabel "MiB"
set ylabel "time (ms)"
set xtics (1, 8, 64)
set xrange [0.8:80]
set key outside right
set grid
set title "kernel " . release . ", in emulation"

# A block of rows for each way, under its name.
ways = int(system("grep -c '\"' " . file))
plot for [i = 0:ways - 1] file index i using 1:2:2:3 \
	with yerrorlines title columnheader(1) noenhanced
