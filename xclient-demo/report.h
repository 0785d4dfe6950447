/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The player's figures as JSON, one value a line.
 */
#ifndef XCLIENT_REPORT_H
#define XCLIENT_REPORT_H

struct player;

int report_write(struct player *player);

#endif
