/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of allocators under test: counted, and refused on demand.
 */
#ifndef ALLOC_SHIM_H
#define ALLOC_SHIM_H

/* Pieces handed out and not yet given back. */
extern long alloc_shim_live;

/* How many more pieces there are before one is refused; -1 for no end. */
extern long alloc_shim_left;

#endif /* ALLOC_SHIM_H */
