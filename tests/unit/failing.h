/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The system calls of this machine, behind libpmmshm's table: any one of them can be
 * made to fail, and what they leave behind is counted.
 */
#ifndef FAILING_H
#define FAILING_H

#include <stdbool.h>

#include "internal.h"

extern const struct pmmshm_transport failing_transport;

/* What is in use; segments only if they will not go by themselves. */
struct failing_usage {
	int fds;
	int mappings;
	int attaches;
	int segments;
	int memory;
};

/* Forget all, and let no call fail. */
void failing_reset(void);
/* Let the @nth call from now on fail with @err, of those that may fail for a reason. */
void failing_fail(unsigned int nth, int err);
/* The same for calls of one name, such as "open". */
void failing_fail_call(const char *call, unsigned int nth, int err);
/* Signals come so often that no fallocate() of more than @length is ever done. */
void failing_interrupt_fills(off_t length);
/* Did it?  No failure is pending afterwards. */
bool failing_failed(void);
struct failing_usage failing_usage(void);
void failing_assert_usage(struct failing_usage want);

#endif /* FAILING_H */
