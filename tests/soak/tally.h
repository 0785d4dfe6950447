/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has been done so far by all processes of the soak, and what was wrong.
 */
#ifndef PMM_SOAK_TALLY_H
#define PMM_SOAK_TALLY_H

#include <stdbool.h>

#define TALLY_MAX	64

/* Before the first fork: the memory that all processes share. */
void tally_start(void);
/* Something of this kind was tried, and was done or refused. */
void tally_count(unsigned int kind, bool done);
unsigned long tally_done(unsigned int kind);
unsigned long tally_refused(unsigned int kind);

/* Pages whose contents and page numbers were right. */
void tally_checked(unsigned long pages);
unsigned long tally_pages(void);

/* Remember what this process does, for the report of what went wrong. */
void tally_doing(const char *what);

/* Something is wrong: say what, and end this process and, soon, all. */
void tally_wrong(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
bool tally_is_wrong(void);

#endif /* PMM_SOAK_TALLY_H */
