#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench.sh NAME...: run these benchmarks, which leave tables, data and plots in
# out/bench.
#
#	touch     first touch and attach of shared memory, in a guest
#	alloc     allocators of ranges: on this machine, then in a guest beside the
#	          kernel's own
#	frag      how pools break up, on this machine
#	latency   getting much memory at once, by PMM and by others, in a guest
#	device    memory on devices, and programs' memory for devices, in guests
#
# KERNEL chooses the guest's kernel (6.1).  BENCH_ARGS is handed to the programs.

. "$(dirname "$0")/common.sh"

KERNEL=${KERNEL:-$OLDEST}
BENCH_ARGS=${BENCH_ARGS:-}
out=$PMM_SRC/out/bench
mkdir -p "$out"
cd "$PMM_SRC"

# here TABLE COMMAND...: a program on this machine; its table on stdout and in a file
here() {
	local table=$out/$1

	shift
	"$@" | tee "$table"
}

# guest TABLE COMMAND: the same in a guest; NAME=value before it sets one up
guest() {
	local table=$1

	export CMD="set -o pipefail; { echo \"Kernel \$(uname -r)\"; $2; } | tee \"\$OUT/$table\""
	OUT=$out NO_X=1 KERNEL=$KERNEL TIMEOUT=${TIMEOUT:-1800} scripts/guest.sh
}

# plot NAME WIDTH,HEIGHT [VARIABLE=VALUE...]: bench/plot/NAME.gp as SVG and as PNG
plot() {
	local name=$1 size=$2 set='' v

	shift 2
	have gnuplot || die "gnuplot is missing: scripts/setup.sh --bench"
	for v; do
		set+="${v%%=*}='${v#*=}'; "
	done
	gnuplot -e "${set}set terminal svg size $size background 'white'; set output '$out/$name.svg'" \
		"bench/plot/$name.gp"
	gnuplot -e "${set}set terminal png size $size; set output '$out/$name.png'" \
		"bench/plot/$name.gp"
	say "Plots: ${out#"$PMM_SRC"/}/$name.svg and .png"
}

bench_touch() {
	MEM=${MEM:-1536} PMM_ARGS=${PMM_ARGS:-pool_mb=128} guest touch.txt \
		"echo shmem_enabled \$(cat /sys/kernel/mm/transparent_hugepage/shmem_enabled); bench_touch"
}

# shellcheck disable=SC2086 # BENCH_ARGS are several
bench_alloc() {
	# The kernel's own memory is mapped by huge pages, too.
	GLIBC_TUNABLES=glibc.malloc.hugetlb=1 here alloc.txt build/bin/bench_alloc --data "$out/alloc.dat" $BENCH_ARGS
	MEM=${MEM:-3072} NO_PMM=1 guest alloc-kernel.txt \
		"modprobe drm && insmod build/kernel-$KERNEL/bench/kmod/pmm_bench_alloc.ko &&
		bench_alloc --kernel --data \"\$OUT/alloc-kernel.dat\" $BENCH_ARGS"
	plot alloc 960,480 "here=$out/alloc.dat" "kernel=$out/alloc-kernel.dat" "release=$KERNEL"
}

# shellcheck disable=SC2086
bench_frag() {
	here frag.txt build/bin/bench_frag --data "$out/frag.dat" $BENCH_ARGS
	plot frag 960,720 "file=$out/frag.dat"
}

bench_latency() {
	MEM=${MEM:-1024} PMM_ARGS=${PMM_ARGS:-pool_mb=192} guest latency.txt \
		"insmod build/kernel-$KERNEL/bench/kmod/pmm_bench_contig.ko &&
		bench_latency --data \"\$OUT/latency.dat\" $BENCH_ARGS"
	plot latency 960,480 "file=$out/latency.dat" "release=$KERNEL"
}

# The machine has one node more, without memory, for that of the device; and RAM that was
# set aside, for blocks and for pages of processes.
# shellcheck disable=SC2016 # for the guest's kernel, and for guest.sh to expand
bench_device() {
	MEM=1024,slots=2,maxmem=4G APPEND='memmap=128M$0x30000000' \
		PMM_ARGS='pool_mb=64 regions=near:64M@0x30000000,vram:64M@0x34000000:migrate' \
		QEMU_ARGS='-object memory-backend-ram,id=r0,size=1024M -numa node,nodeid=0,cpus=0-1,memdev=r0
			-numa node,nodeid=1
			-object memory-backend-ram,id=bar,share=on,size=256M -device ivshmem-plain,memdev=bar' \
		guest device.txt "bench/device-guest.sh $BENCH_ARGS"
	plot device 1000,800 "dir=$out" "release=$KERNEL"
}

[ $# -gt 0 ] || set -- touch
for name; do
	[ "$(type -t "bench_$name")" = function ] || die "there is no benchmark '$name'"
	"bench_$name"
done
