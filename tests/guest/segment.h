/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that becomes the home of a block: mapped, shared, never touched.
 */
#ifndef PMM_TEST_SEGMENT_H
#define PMM_TEST_SEGMENT_H

#include <stddef.h>

void *segment_sysv(size_t size, int mode, int *shmid);
/* Those that this process made and has not removed: nobody else would. */
void segments_remove_own(void);
/*
 * Whoever is killed between shmget() and the mark that ends a segment with its
 * last attachment leaves one that is empty.  Remove these; how many there were.
 */
int segments_remove_empty(void);
void *segment_memfd(size_t size, unsigned int memfd_flags, int *fd);
/* A file without a name in @dir, which is on tmpfs. */
void *segment_tmpfile(const char *dir, size_t size, int *fd);
/* Give the unnamed file @fd a name. */
void link_tmpfile(int fd, const char *path);

/* A block whose home is such a segment, in one step.  The block fd. */
int block_sysv(size_t size, int mode, int *shmid, void **address);
int block_memfd(size_t size, int *fd, void **address);
int block_tmpfile(const char *dir, size_t size, int *fd, void **address);

/* A block by the kind of its home, mapped; nothing but the mapping holds it. */
void *mapped_private(size_t size);
void *mapped_sysv(size_t size);
void *mapped_memfd(size_t size);

#endif /* PMM_TEST_SEGMENT_H */
