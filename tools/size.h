/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers and sizes on command lines.
 */
#ifndef PMM_TOOLS_SIZE_H
#define PMM_TOOLS_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* A number in decimal, and nothing else, up to @max. */
bool number_from_text(const char *text, uint64_t max, uint64_t *number);
/* Bytes; K, M, G or T may follow. */
bool size_from_text(const char *text, uint64_t *size);

#endif /* PMM_TOOLS_SIZE_H */
