// SPDX-License-Identifier: GPL-2.0-only
/*
 * Users, by name and by number.
 */
#include <pwd.h>
#include <stdlib.h>

#include "pmmctl.h"

/* The name of a user, or the number if it has none; to be freed. */
char *user_name(uint32_t uid)
{
	const struct passwd *entry = getpwuid(uid);

	return entry ? copy(entry->pw_name) : formatted("%u", uid);
}

uint32_t user_parse(const char *text)
{
	const struct passwd *entry = getpwnam(text);
	uint64_t uid;

	if (entry)
		return entry->pw_uid;
	if (!number_from_text(text, UINT32_MAX - 1, &uid))
		die_usage("there is no user '%s'", text);
	return (uint32_t)uid;
}
