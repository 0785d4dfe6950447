/* SPDX-License-Identifier: GPL-2.0-only */
/* A plain linear best fit, as everybody writes it first. */
#ifndef PMM_BENCH_STEADY_LINEAR_H
#define PMM_BENCH_STEADY_LINEAR_H

#include "steady.h"

extern const struct steady_peer steady_linear;

#endif /* PMM_BENCH_STEADY_LINEAR_H */
