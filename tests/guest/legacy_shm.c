// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program as old as shmat(2), which knows nothing of PMM and is compiled
 * without its headers: test_legacy lets it use a published block.
 *
 *	legacy_shm FILE SIZE read BYTE	every byte of the segment is BYTE
 *	legacy_shm FILE SIZE write BYTE	make it so
 *	legacy_shm FILE SIZE peek BYTE	as read, asking for more than reading
 *	legacy_shm FILE SIZE remove	remove the segment
 *
 * The key is ftok(FILE, 'P').  Exit status: 0, 200 if a byte differs, 201 if
 * used wrongly, or the errno of what failed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

static int all_bytes_are(const unsigned char *p, size_t size, int byte)
{
	return p[0] == byte && !memcmp(p, p + 1, size - 1);
}

static int use(int id, size_t size, const char *what, int byte)
{
	int flags = strcmp(what, "read") ? 0 : SHM_RDONLY;
	unsigned char *p = shmat(id, NULL, flags);
	int status = 0;

	if (p == (void *)-1)
		return errno;
	if (!strcmp(what, "write"))
		memset(p, byte, size);
	else if (!all_bytes_are(p, size, byte))
		status = 200;
	return shmdt(p) ? errno : status;
}

int main(int argc, char **argv)
{
	size_t size;
	key_t key;
	int id;

	if (argc < 4)
		return 201;
	key = ftok(argv[1], 'P');
	if (key == -1)
		return errno;
	size = strtoul(argv[2], NULL, 0);
	id = shmget(key, size, 0);
	if (id < 0)
		return errno;
	if (!strcmp(argv[3], "remove"))
		return shmctl(id, IPC_RMID, NULL) ? errno : 0;
	if (argc < 5)
		return 201;
	return use(id, size, argv[3], (int)strtol(argv[4], NULL, 0));
}
