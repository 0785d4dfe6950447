/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test expects, and how long it waits for it.
 *
 * Whatever fails prints where and why and ends the test.
 */
#ifndef PMM_TEST_EXPECT_H
#define PMM_TEST_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>

#define KIB		(1UL << 10)
#define MIB		(1UL << 20)
#define PAGE		4096UL
#define HUGE_PAGE	(2 * MIB)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- expectations: at the first that does not hold, the test fails ---- */

/* True. */
#define EXPECT(cond)							\
	do {								\
		if (!(cond))						\
			guest_fail(__FILE__, __LINE__, #cond);		\
	} while (0)

/* Equal, as numbers; both are shown when they differ. */
#define EXPECT_EQ(a, b)							\
	do {								\
		long long a_ = (long long)(a), b_ = (long long)(b);	\
		if (a_ != b_)						\
			guest_fail_eq(__FILE__, __LINE__, #a, #b, a_, b_); \
	} while (0)

/* A call that does not return -1.  The value is that of the call. */
#define EXPECT_OK(call)							\
	({								\
		errno = 0;						\
		__typeof__(call) r_ = (call);				\
		if (r_ == (__typeof__(call))-1)				\
			guest_fail(__FILE__, __LINE__, #call);		\
		r_;							\
	})

/* A call that returns -1 with this errno. */
#define EXPECT_ERRNO(call, err)						\
	do {								\
		errno = 0;						\
		__typeof__(call) r_ = (call);				\
		if (r_ != (__typeof__(call))-1 || errno != (err))	\
			guest_fail_errno(__FILE__, __LINE__, #call, #err, \
					 r_ != (__typeof__(call))-1);	\
	} while (0)

void guest_fail(const char *file, int line, const char *what)
	__attribute__((noreturn));
void guest_fail_eq(const char *file, int line, const char *a, const char *b,
		   long long va, long long vb) __attribute__((noreturn));
void guest_fail_errno(const char *file, int line, const char *what,
		      const char *err, bool succeeded)
	__attribute__((noreturn));

/* This cannot be tested here, and why: ends the test with status 77. */
void guest_skip(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* ---- waiting ---- */

double now(void);
void sleep_ms(unsigned int ms);

/*
 * Does a condition come to hold while there is patience for so many seconds?  A busy
 * machine stops a guest for minutes, and its clock jumps: patience is counted in our
 * own sleeps, after each of which there is another look.
 */
#define WITHIN(seconds, cond)						\
	({								\
		double left_ = (seconds);				\
		bool holds_;						\
									\
		while (!(holds_ = (cond)) && wait_more(&left_))		\
			;						\
		holds_;							\
	})

/* Sleep a little, and take that off the seconds; false when none are left. */
bool wait_more(double *seconds);

#endif /* PMM_TEST_EXPECT_H */
