# SPDX-License-Identifier: GPL-2.0-only
#
# Mean time of an operation over the number of live areas: in user space (here)
# and in a kernel (kernel, release).

set multiplot layout 1,2
set logscale xy
set format x "10^{%L}"
set format y "10^{%L}"
set xlabel "live areas"
set ylabel "mean of an operation (ns)"
set key top left
set grid

peers(file) = system("awk 'NR > 1 && !seen[$1]++ { print $1 }' " . file)
rows(file, peer) = "< grep '^" . peer . " ' " . file

set title "user space"
plot for [p in peers(here)] rows(here, p) using 2:3 with linespoints title p noenhanced
set title "kernel " . release . ", in emulation"
plot for [p in peers(kernel)] rows(kernel, p) using 2:3 with linespoints title p noenhanced
unset multiplot
