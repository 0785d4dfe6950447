// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "inject.h"

#define DEBUGFS "/sys/kernel/debug/"

/* /proc/thread-self/fail-nth: it stands for the thread that opened it. */
static int fail_nth = -1;

bool inject_setup(void)
{
	static const char * const kinds[] = {
		"failslab", "fail_page_alloc", "fail_usercopy",
	};
	char path[96];
	size_t i;

	if (access("/proc/thread-self/fail-nth", F_OK) ||
	    access(DEBUGFS "failslab/probability", F_OK) ||
	    access(DEBUGFS "fail_page_alloc/probability", F_OK))
		return false;
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		/* No word about each; and nothing but what is asked for. */
		snprintf(path, sizeof(path), DEBUGFS "%s/verbose", kinds[i]);
		try_write_file(path, "0");
		snprintf(path, sizeof(path), DEBUGFS "%s/probability", kinds[i]);
		try_write_file(path, "0");
	}
	/* Every allocation of any size, those that may wait included. */
	write_file(DEBUGFS "failslab/ignore-gfp-wait", "N");
	write_file(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N");
	write_file(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N");
	write_file(DEBUGFS "fail_page_alloc/min-order", "0");
	fail_nth = EXPECT_OK(open("/proc/thread-self/fail-nth",
				  O_RDWR | O_CLOEXEC));
	return true;
}

static void set(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	/* This very call may be what fails. */
	while (pwrite(fail_nth, text, len, 0) != len)
		EXPECT(errno == EFAULT || errno == ENOMEM);
}

void inject_start(unsigned int n)
{
	set(n);
}

unsigned int inject_stop(void)
{
	unsigned int left = 1;
	int err = errno;
	char text[16] = "";

	/* When the read itself fails, it was the last one. */
	if (pread(fail_nth, text, sizeof(text) - 1, 0) > 0)
		left = strtoul(text, NULL, 10);
	set(0);
	errno = err;
	return left;
}

void inject_percent(unsigned int percent)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", percent);
	write_file(DEBUGFS "failslab/task-filter", "Y");
	write_file(DEBUGFS "fail_page_alloc/task-filter", "Y");
	write_file(DEBUGFS "failslab/times", "-1");
	write_file(DEBUGFS "fail_page_alloc/times", "-1");
	write_file(DEBUGFS "failslab/probability", text);
	write_file(DEBUGFS "fail_page_alloc/probability", text);
}

void inject_wanted(bool on)
{
	/* A child inherits the fact, and a descriptor that is its parent's. */
	static int fd = -1, owner;
	static bool wanted;

	if (on == wanted)
		return;
	if (owner != getpid()) {
		if (fd >= 0)
			close(fd);
		owner = getpid();
		do
			fd = open("/proc/self/make-it-fail", O_RDWR | O_CLOEXEC);
		while (fd < 0 && errno == ENOMEM);
	}
	if (fd >= 0)
		EXPECT_EQ(pwrite(fd, on ? "1" : "0", 1, 0), 1);
	wanted = on;
}
