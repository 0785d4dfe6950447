// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes of a test; see child.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "block.h"
#include "expect.h"

static void become(unsigned int uid)
{
	EXPECT_OK(setgroups(0, NULL));
	EXPECT_OK(setresgid(uid, uid, uid));
	EXPECT_OK(setresuid(uid, uid, uid));
	/* Changing users made /proc/self root's; take it back. */
	EXPECT_OK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

int child_start(unsigned int uid, void (*fn)(void *), void *arg)
{
	int pid;

	fflush(NULL);
	/* It cannot open /dev/pmm itself: that is for the group video. */
	pmm_fd();
	pid = EXPECT_OK(fork());
	if (pid)
		return pid;
	EXPECT_OK(prctl(PR_SET_PDEATHSIG, SIGKILL));
	if (uid)
		become(uid);
	fn(arg);
	fflush(NULL);
	_exit(0);
}

void child_wait(int pid)
{
	int status;

	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		printf("child %d was killed: %s\n", pid,
		       strsignal(WTERMSIG(status)));
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void child_kill(int pid)
{
	EXPECT_OK(kill(pid, SIGKILL));
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
}

int program_open(const char *name)
{
	char path[PATH_MAX];
	ssize_t len = EXPECT_OK(readlink("/proc/self/exe", path,
					 sizeof(path) - 1));
	int dir, fd;

	path[len] = '\0';
	*strrchr(path, '/') = '\0';
	dir = EXPECT_OK(open(path, O_PATH | O_CLOEXEC));
	fd = EXPECT_OK(openat(dir, name, O_PATH | O_CLOEXEC));
	close(dir);
	return fd;
}

void run_as(unsigned int uid, void (*fn)(void *), void *arg)
{
	child_wait(child_start(uid, fn, arg));
}
