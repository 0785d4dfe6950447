/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs say when something is wrong: one line with the thing, the
 * reason and the way out.
 */
#ifndef XCLIENT_MESSAGE_H
#define XCLIENT_MESSAGE_H

int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
