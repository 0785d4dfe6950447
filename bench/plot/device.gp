# SPDX-License-Identifier: GPL-2.0-only
#
# Bars for each of the tables of `bench.sh device` (dir has their data), in a kernel
# (release).

data(name) = dir . "/device-" . name . ".dat"

set multiplot layout 2,2 title "kernel " . release . ", in emulation"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.8 border -1
set boxwidth 0.9
set grid y
set key outside bottom center horizontal samplen 1 font ",9"
set xtics rotate by -20 noenhanced font ",9"
set ylabel "MiB/s"
set yrange [0:*]

set title "32 MiB in a block"
plot data("block") using 2:xtic(1) title "read", "" using 3 title "write", "" using 4 title "copy out"
set title "private memory on a node"
plot data("node") using 2:xtic(1) title "first touch", "" using 3 title "read", \
	"" using 4 title "write", "" using 5 title "copy out"
set title "moving 32 MiB"
plot data("move") using 2:xtic(1) title "there", "" using 3 title "back"
set title "memory for a device"
set ylabel "us/MiB"
set logscale y
set yrange [*:*]
set xtics rotate by -50 noenhanced font ",8"
plot data("mirror") using 2:xtic(1) title "get", "" using 3 title "again", "" using 4 title "back"
unset multiplot
