/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of aliases share.
 */
#ifndef PMM_TEST_ALIAS_H
#define PMM_TEST_ALIAS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The ioctl alone. */
int try_block_alias(int block, int fd);
/* An unnamed file in @dir, of a size and a mode. */
int alias_file(const char *dir, size_t size, mode_t mode);
/* Such a file made an alias, and linked to a path. */
void alias_create(int block, size_t size, mode_t mode, const char *path);
/* How many the block has. */
uint64_t alias_count(int block);
/* Remove and detach a System V segment. */
void segment_remove(int shmid, void *address);

#endif /* PMM_TEST_ALIAS_H */
