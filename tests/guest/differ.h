/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same calls on an ordinary object and on one that is a block: what they return
 * must be the same, unless it is known, and written down, that it is not.
 */
#ifndef PMM_TEST_DIFFER_H
#define PMM_TEST_DIFFER_H

#include <stddef.h>

/**
 * struct object - what the calls are made on
 * @path: of a POSIX object, both as a file and, from @name on, for shm_open()
 * @name: see above
 * @fd: it, open for reading and writing
 * @readonly: it, open for reading
 * @shmid: of a System V segment
 * @key: its key
 * @p: it, mapped
 */
struct object {
	const char *path;
	const char *name;
	int fd;
	int readonly;
	int shmid;
	int key;
	char *p;
};

/* A block answers as an ordinary object does; or with what is given. */
#define SAME		(-1000000L)

/**
 * struct call - a call
 * @what: it, in words
 * @make: make it; what it returns, or -errno
 * @block: SAME, or what it gives for a block
 */
struct call {
	const char *what;
	long (*make)(struct object *o);
	long block;
};

/* The value of a call, as struct call has it. */
#define RESULT(call)							\
	({								\
		errno = 0;						\
		long r_ = (long)(call);					\
		r_ == -1 ? -(long)errno : r_;				\
	})

/* Makes all calls on both, and fails after having shown what differs. */
void differ(const struct call *calls, size_t nr, struct object *ordinary,
	    struct object *block);

#endif /* PMM_TEST_DIFFER_H */
