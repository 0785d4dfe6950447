/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk for O_DIRECT: a loop device on a file in memory.
 */
#ifndef PMM_SOAK_DISK_H
#define PMM_SOAK_DISK_H

#include <sys/types.h>

/* Open for all processes, or -1. */
extern int disk;

/* Set it up, or do without; take it away. */
void disk_start(void);
void disk_stop(void);
/* A page's worth of it that only this process uses, or -1. */
off_t disk_place(void);

#endif /* PMM_SOAK_DISK_H */
