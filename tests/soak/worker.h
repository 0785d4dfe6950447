/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A worker: a process with a few samples, to which it does things at random.
 */
#ifndef PMM_SOAK_WORKER_H
#define PMM_SOAK_WORKER_H

#include <stdbool.h>

/* Start one: its pid.  Some of its allocations fail if @inject. */
int worker_start(unsigned int seed, bool inject);

/* Every kind of operation has happened; prints how often. */
bool worker_report(void);

/* Are changes noticed?  In the contents of a page, and in its place. */
void worker_prove(void);

#endif /* PMM_SOAK_WORKER_H */
