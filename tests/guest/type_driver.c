// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "type_driver.h"

void expect_memory(const char *state)
{
	char line[64];

	read_line(PARAM("check"), line, sizeof(line));
	if (strcmp(line, state))
		printf("the driver's memory is %s, not %s\n", line, state);
	EXPECT(!strcmp(line, state));
}
