// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of libpmmshm on the real module share; see library.h.
 */
#include <sys/wait.h>

#include "library.h"

struct pmmshm *pmm;

void library_check_error(const char *file, int line, const char *call, int err,
			 const char *text)
{
	int was = errno;

	if (was == err && strstr(pmmshm_error(), text))
		return;
	printf("errno %d: %s\nexpected errno %d: %s\n", was, pmmshm_error(),
	       err, text);
	guest_fail(file, line, call);
}

void library_open(void)
{
	wait_pool_whole(10);
	pmm = EXPECT_GOT(pmmshm_open(NULL));
	EXPECT(!strcmp(pmmshm_backend(pmm), "pmm"));
}

void library_close(void)
{
	pmmshm_close(pmm);
	wait_pool_whole(10);
}

unsigned int segment_mode(int shmid)
{
	struct shmid_ds ds;

	EXPECT_OK(shmctl(shmid, IPC_STAT, &ds));
	return ds.shm_perm.mode;
}

uid_t segment_owner(int shmid)
{
	struct shmid_ds ds;

	EXPECT_OK(shmctl(shmid, IPC_STAT, &ds));
	return ds.shm_perm.uid;
}

bool segment_exists(int shmid)
{
	struct shmid_ds ds;

	return !shmctl(shmid, IPC_STAT, &ds);
}

/* Of several words, the one in brackets is the setting. */
static void setting_read(const char *path, char *value, size_t size)
{
	char *bracket;

	read_line(path, value, size);
	bracket = strchr(value, '[');
	if (!bracket)
		return;
	memmove(value, bracket + 1, strlen(bracket));
	value[strcspn(value, "]")] = '\0';
}

void with_setting(const char *path, const char *value, void (*fn)(void *),
		  void *arg)
{
	char old[128];
	int pid, status;

	setting_read(path, old, sizeof(old));
	write_file(path, value);
	pid = child_start(0, fn, arg);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	write_file(path, old);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
