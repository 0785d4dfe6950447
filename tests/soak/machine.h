/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine around the workers: memory gets short, is compacted, swapped,
 * merged, limited and damaged.
 */
#ifndef PMM_SOAK_MACHINE_H
#define PMM_SOAK_MACHINE_H

/* What the kernel does by itself, and swap; put things back as they were. */
void machine_start(void);
void machine_stop(void);
/* Do something to the machine, or to one of these processes. */
void machine_disturb(const int *workers, unsigned int n);
/* Undo what lasts; no worker is left. */
void machine_settle(void);
/* What was done, and how often. */
void machine_report(void);

#endif /* PMM_SOAK_MACHINE_H */
