// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What pmmrun's options say.  They come in the environment, which pmmrun has
 * checked, and stay as they were when the program started.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "preload.h"

/* Until the constructor has run, too. */
struct preload_settings preload_settings = {
	.min = 1,
	.device = "/dev/pmm",
};

/* This early there is no getenv(). */
static const char *setting(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; *environment; environment++)
		if (!strncmp(*environment, name, length) &&
		    (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

static void set_text(char *to, size_t size, const char *value)
{
	size_t length = value ? strlen(value) : 0;

	/* What does not fit cannot be right: better the default. */
	if (length && length < size)
		memcpy(to, value, length + 1);
}

static void __attribute__((constructor))
settings_init(int argc, char **argv, char **environment)
{
	struct preload_settings *s = &preload_settings;
	static char *nothing[] = { NULL };
	char **e = getauxval(AT_SECURE) ? nothing : environment;
	const char *min = setting(e, "PMMRUN_MIN");

	(void)argc;
	(void)argv;
	if (min)
		s->min = strtoull(min, NULL, 10);
	s->memfd = setting(e, "PMMRUN_MEMFD");
	s->verbose = setting(e, "PMMRUN_VERBOSE");
	set_text(s->type, sizeof(s->type), setting(e, "PMMRUN_TYPE"));
	set_text(s->log, sizeof(s->log), setting(e, "PMMRUN_LOG"));
	set_text(s->device, sizeof(s->device), setting(e, "PMMSHM_DEVICE"));
	next_calls();
	report_init();
}
