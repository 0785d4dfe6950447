/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of pmmrun's preload share.  It exports the calls that it stands
 * in for, and nothing else.
 *
 *	segment.c	shmget(), and what else shows a System V segment
 *	object.c	ftruncate() and the like: POSIX objects and memfds
 *	block.c		a block from the module, and its adoption
 *	history.c	what adopting a segment left in its shmid_ds
 *	guard.c		neither signals nor forks while something is half done
 *	report.c	the lines of --verbose
 *	settings.c	what pmmrun's options say
 *	next.c		the C library's own calls
 *
 * The program must not notice.  So nothing is kept open or mapped, nothing is
 * allocated with malloc(), errno is the C library's, and whatever goes wrong
 * means that the program's memory stays ordinary.
 */
#ifndef PMMRUN_PRELOAD_H
#define PMMRUN_PRELOAD_H

#include <signal.h>

#include "internal.h"

/* In the program's own processes, what is not exported here is hidden. */
#define PRELOAD_EXPORT	__attribute__((visibility("default")))

/* Longest text of one line of --verbose, and of a part of it */
#define REPORT_MAX	1024

/**
 * struct preload_settings - what pmmrun's options say
 * @min: smallest object, in bytes, that is made a block
 * @memfd: memfds, too
 * @verbose: tell what became of each object
 * @type: of the memory; empty for the default
 * @device: the module's node
 * @log: file for the lines of @verbose; empty for the standard error
 */
struct preload_settings {
	size_t min;
	bool memfd;
	bool verbose;
	char type[PMM_NAME_LEN];
	char device[PATH_MAX];
	char log[PATH_MAX];
};

extern struct preload_settings preload_settings;

/**
 * struct preload_next - calls that pmmshm_transport has not
 * @fallocate: as the C library's
 * @posix_fallocate: as the C library's
 */
struct preload_next {
	int (*fallocate)(int fd, int mode, off_t offset, off_t length);
	int (*posix_fallocate)(int fd, off_t offset, off_t length);
};

/**
 * struct guard - what guard_enter() changed
 * @signals: the signal mask before
 * @cancel: whether the thread could be cancelled before
 * @err: errno before
 */
struct guard {
	sigset_t signals;
	int cancel;
	int err;
};

/**
 * struct block - a block on its way to becoming a segment or an object
 * @fd: the block fd, or -1
 * @size: its size in bytes
 * @id: the module's number for it
 * @why: if there is none, or it was not adopted, the reason in words
 */
struct block {
	int fd;
	size_t size;
	uint64_t id;
	char why[REPORT_MAX / 2];
};

/* next.c */
const struct pmmshm_transport *next_calls(void);
const struct preload_next *next_preload(void);

/* guard.c */
void guard_enter(struct guard *g);
void guard_leave(const struct guard *g, bool failed);

/* block.c */
bool block_take(struct block *b, size_t size);
bool block_adopt(struct block *b, void *address, uint32_t flags);
void block_refuse(struct block *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *block_reason(int err);
void block_put(struct block *b);

/* history.c */
void history_begin(int shmid);
void history_attached(int shmid);
void history_detached(void);
void history_hide(int shmid, struct shmid_ds *ds);

/* report.c */
void report_init(void);
void report(const char *object, size_t size, const struct block *b);

#endif /* PMMRUN_PRELOAD_H */
