/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Members of a JSON object, one a line, so that sed can find them too.
 */
#ifndef XCLIENT_JSON_H
#define XCLIENT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

void json_string(FILE *out, const char *name, const char *value);
void json_number(FILE *out, const char *name, int64_t value);
void json_bool(FILE *out, const char *name, bool value);

#endif
