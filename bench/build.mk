# SPDX-License-Identifier: GPL-2.0-only

ALL += build/bin/bench_touch
build/bin/bench_touch: build/obj/bench/bench_touch.o build/lib/libpmmshm.so
