// SPDX-License-Identifier: GPL-2.0-only
#include "json.h"

#include <inttypes.h>

/**
 * json_string() - write a member that is a text
 * @out: where to
 * @name: of the member
 * @value: text; what JSON does not allow in one is escaped
 */
void json_string(FILE *out, const char *name, const char *value)
{
	fprintf(out, "  \"%s\": \"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fprintf(out, "\\%c", *value);
		else if ((unsigned char)*value < ' ')
			fprintf(out, "\\u%04x", *value);
		else
			fputc(*value, out);
	}
	fputs("\",\n", out);
}

/**
 * json_number() - write a member that is a whole number
 * @out: where to
 * @name: of the member
 * @value: number
 */
void json_number(FILE *out, const char *name, int64_t value)
{
	fprintf(out, "  \"%s\": %" PRId64 ",\n", name, value);
}

/**
 * json_bool() - write a member that is true or false
 * @out: where to
 * @name: of the member
 * @value: which of them
 */
void json_bool(FILE *out, const char *name, bool value)
{
	fprintf(out, "  \"%s\": %s,\n", name, value ? "true" : "false");
}
