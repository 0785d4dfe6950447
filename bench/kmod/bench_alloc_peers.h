/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's own allocators of ranges. */
#ifndef PMM_BENCH_ALLOC_PEERS_H
#define PMM_BENCH_ALLOC_PEERS_H

#include "steady.h"

extern const struct steady_peer bench_gen_pool;
extern const struct steady_peer bench_drm_mm;

#endif /* PMM_BENCH_ALLOC_PEERS_H */
