/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shm_story SEED STEPS: a long random series of everything that programs do with
 * shared memory, and what they see of it; shm_story corners: what such a series
 * hardly ever meets.
 *
 * It knows nothing of PMM.  What it prints depends on the seed and on what the
 * system does, but not on ids, addresses, times and whatever else differs from run
 * to run: so two runs with the same seed, one of them under pmmrun, have to print
 * the same.
 */
#ifndef PMM_TEST_STORY_H
#define PMM_TEST_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORY_NOBODY	65534
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* One of 0..n-1; one of an array; true once in n times. */
unsigned int story_roll(unsigned int n);
#define STORY_PICK(array)						\
	({								\
		__auto_type first_ = &(array)[0];			\
		first_[story_roll(sizeof(array) / sizeof(*first_))];	\
	})
bool story_once_in(unsigned int n);

void story_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What a call returned: the value, or the name of errno. */
void story_result(const char *what, long ret);
/* A hash of bytes. */
uint32_t story_hash(const void *p, size_t size);
/* Run @fn in a child as that user; says how it ended. */
void story_child(unsigned int uid, void (*fn)(void));
/* A byte there, written if @write: false if that was SIGBUS or SIGSEGV. */
bool story_touch(volatile unsigned char *p, bool write, unsigned char *value);

/* story_corners.c: what happens in corners, in the same order each time */
void corners(void);
/* story_segment.c, story_object.c: one step, all there is to see, the end */
void segment_step(void);
void segment_end(void);
void object_step(void);
void object_end(void);

#endif /* PMM_TEST_STORY_H */
