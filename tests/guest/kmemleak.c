// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "guest.h"
#include "kmemleak.h"

#define KMEMLEAK "/sys/kernel/debug/kmemleak"

void kmemleak_forget(void)
{
	if (access(KMEMLEAK, F_OK))
		return;
	/* Only what was reported can be forgotten. */
	write_file(KMEMLEAK, "scan");
	write_file(KMEMLEAK, "clear");
}

void kmemleak_expect_none(void)
{
	char report[8192] = "";
	int fd, i;

	if (access(KMEMLEAK, F_OK))
		return;
	/* It reports what is five seconds old, and what two scans did not find. */
	for (i = 0; i < 2; i++) {
		sleep_ms(6000);
		write_file(KMEMLEAK, "scan");
	}
	fd = EXPECT_OK(open(KMEMLEAK, O_RDONLY | O_CLOEXEC));
	EXPECT(read(fd, report, sizeof(report) - 1) >= 0);
	close(fd);
	if (*report)
		printf("%s\n", report);
	EXPECT(!*report);
}
