// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What pmmrun's options say.  They come in the environment, which pmmrun has
 * checked, and stay as they were when the program started.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload.h"

/* Until the constructor has run, too. */
struct preload_settings preload_settings = {
	.min = 1,
	.device = "/dev/pmm",
};

static void set_text(char *to, size_t size, const char *name)
{
	const char *value = secure_getenv(name);
	size_t length = value ? strlen(value) : 0;

	/* What does not fit cannot be right: better the default. */
	if (length && length < size)
		memcpy(to, value, length + 1);
}

__attribute__((constructor)) static void settings_init(void)
{
	struct preload_settings *s = &preload_settings;
	const char *min = secure_getenv("PMMRUN_MIN");

	if (min)
		s->min = strtoull(min, NULL, 10);
	s->memfd = secure_getenv("PMMRUN_MEMFD");
	s->verbose = secure_getenv("PMMRUN_VERBOSE");
	set_text(s->type, sizeof(s->type), "PMMRUN_TYPE");
	set_text(s->log, sizeof(s->log), "PMMRUN_LOG");
	set_text(s->device, sizeof(s->device), "PMMSHM_DEVICE");
	next_calls();
	report_init();
}
