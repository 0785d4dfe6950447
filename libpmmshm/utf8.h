/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text from elsewhere, for a terminal or a file.
 */
#ifndef PMMSHM_UTF8_H
#define PMMSHM_UTF8_H

#include <stddef.h>

size_t pmmshm_utf8_length(const char *s);
void pmmshm_utf8_printable(char *s);

#endif /* PMMSHM_UTF8_H */
