/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of libpmmshm on the real module share.
 */
#ifndef PMM_TEST_LIBRARY_H
#define PMM_TEST_LIBRARY_H

#include <stdio.h>
#include <string.h>
#include <sys/shm.h>

#include "guest.h"
#include "pmmshm.h"

/* Children inherit it, as they do the fd: users without the right to open. */
extern struct pmmshm *pmm;

/* A call that returns something; the library says why if it does not. */
#define EXPECT_GOT(call)						\
	({								\
		__typeof__(call) got_ = (call);				\
		if (!got_) {						\
			printf("%s\n", pmmshm_error());			\
			guest_fail(__FILE__, __LINE__, #call);		\
		}							\
		got_;							\
	})

/* A call that returns NULL, with this errno and this in the text. */
#define EXPECT_FAILS(call, err, text)					\
	do {								\
		EXPECT(!(call));					\
		library_check_error(__FILE__, __LINE__, #call, err, text); \
	} while (0)

void library_check_error(const char *file, int line, const char *call, int err,
			 const char *text);
/* Open; close and see that everything is back in the pool. */
void library_open(void);
void library_close(void);
/* Mode bits with SHM_DEST */
unsigned int segment_mode(int shmid);
/*
 * Run @fn in a child while a file of /proc or /sys holds @value.  It is put back
 * whatever happens there, so that a failure is no failure of the next test.
 */
void with_setting(const char *path, const char *value, void (*fn)(void *),
		  void *arg);
uid_t segment_owner(int shmid);
bool segment_exists(int shmid);

#endif /* PMM_TEST_LIBRARY_H */
