// SPDX-License-Identifier: GPL-2.0-only
/*
 * Comparing blocks with ordinary objects; see differ.h.
 */
#include <stdio.h>

#include "differ.h"
#include "guest.h"

void differ(const struct call *calls, size_t nr, struct object *ordinary,
	    struct object *block)
{
	unsigned int wrong = 0;
	long is, want;
	size_t i;

	for (i = 0; i < nr; i++) {
		want = calls[i].make(ordinary);
		is = calls[i].make(block);
		if (calls[i].block != SAME) {
			/* A difference that has gone is not to be documented. */
			if (want == calls[i].block)
				printf("%s: no difference: %ld\n", calls[i].what,
				       want);
			wrong += want == calls[i].block;
			want = calls[i].block;
		}
		if (is != want)
			printf("%s: %ld, not %ld\n", calls[i].what, is, want);
		wrong += is != want;
	}
	EXPECT_EQ(wrong, 0);
}
