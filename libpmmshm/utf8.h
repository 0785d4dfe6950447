/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text from elsewhere, for a terminal or a file.
 */
#ifndef PMMSHM_UTF8_H
#define PMMSHM_UTF8_H

#include <stddef.h>

size_t pmmshm_utf8_length(const char *text);
int pmmshm_utf8_control(const char *text);
void pmmshm_utf8_printable(char *text);

#endif /* PMMSHM_UTF8_H */
