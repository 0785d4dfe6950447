# SPDX-License-Identifier: GPL-2.0-only
#
# The largest free range over all that is free, through time, for each workload
# and fill (file); and how many requests failed in the end.

workloads = "camera decoder adversary"
fills = "50 75 90"
allocators = system("awk 'NR > 1 && !seen[$3]++ { print $3 }' " . file)
rows(w, f, a) = sprintf("< grep '^%s %s %s ' %s", w, f, a, file)
failed(w, f, a) = 100 * real(system(sprintf("grep '^%s %s %s ' %s | tail -n 1 | cut -d' ' -f6", w, f, a, file)))

set multiplot layout 3,3
set yrange [0:1.05]
set autoscale xfix
set xtics format ""
set ytics 0.5
set key outside bottom center horizontal samplen 1 font ",9"
set grid
do for [w in workloads] {
	do for [f in fills] {
		set title sprintf("%s, %s %% full", w, f) offset 0,-0.7
		plot for [a in allocators] rows(w, f, a) using 4:5 with lines \
			title sprintf("%s: %.4f %% failed", a, failed(w, f, a)) noenhanced
	}
}
unset multiplot
