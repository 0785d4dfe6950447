/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benchmarks are told on their command lines.  A wrong word ends them with
 * a message.
 */
#ifndef PMM_BENCH_ARGS_H
#define PMM_BENCH_ARGS_H

#include <stdio.h>

/* A number above 0 and not above @max. */
unsigned long arg_number(const char *text, unsigned long max);
/* A file for the data of a plot. */
FILE *arg_data(const char *name);

#endif /* PMM_BENCH_ARGS_H */
