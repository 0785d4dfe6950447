/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMMRUN_LOCKED_H
#define PMMRUN_LOCKED_H

/* Makes and removes a segment with the library's lock held. */
void locked_work(void);

#endif /* PMMRUN_LOCKED_H */
