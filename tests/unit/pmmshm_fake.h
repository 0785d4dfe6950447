/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for /dev/pmm, System V shared memory and /dev/shm, behind the table
 * of system calls that libpmmshm uses.
 *
 * It counts whatever can leak, lets any single call fail, and maps a segment
 * without access until it is adopted, so that touching it too early is a crash.
 */
#ifndef PMMSHM_FAKE_H
#define PMMSHM_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "internal.h"

enum fake_op {
	FAKE_OPEN, FAKE_CLOSE, FAKE_STAT, FAKE_FTRUNCATE, FAKE_LINKAT,
	FAKE_MMAP, FAKE_MUNMAP, FAKE_MADVISE, FAKE_MLOCK, FAKE_MUNLOCK,
	FAKE_SHMGET, FAKE_SHMAT, FAKE_SHMDT,
	FAKE_IPC_STAT, FAKE_IPC_SET, FAKE_IPC_RMID, FAKE_IPC_INFO, FAKE_SHM_STAT,
	FAKE_CALLOC, FAKE_FREE,
	FAKE_VERSION, FAKE_TYPE, FAKE_ALLOC, FAKE_FIND, FAKE_INFO, FAKE_ADOPT,
	FAKE_HOME_FD, FAKE_ALIAS, FAKE_DMABUF, FAKE_SYNC, FAKE_RESIZE,
	FAKE_MIGRATE,
	FAKE_QUOTA, FAKE_ONLINE, FAKE_OFFLINE, FAKE_NODE,
	FAKE_OPS,
};

/* What is in use.  After a failure it must be what it was before. */
struct fake_usage {
	unsigned int fds;
	unsigned int segments;
	unsigned int attaches;
	unsigned int files;	/* in /dev/shm, with a name or open */
	size_t mapped;		/* bytes, reservations included */
	size_t pool;		/* bytes of blocks */
	unsigned int memory;	/* callocs */
};

/* How the pretended system behaves; fake_reset() makes all of it ordinary. */
struct fake_world {
	size_t pool;		/* bytes */
	unsigned int shmmni;
	uint32_t abi;
	uid_t uid;		/* of the caller */
	gid_t gid;		/* of the device node */
	mode_t umask;
	bool home_file;		/* homes are files of a mounted file system */
	off_t lie;		/* IPC_STAT tells a size that is so much larger */
	bool rmid_forced;	/* kernel.shm_rmid_forced */
	bool aligns;		/* the kernel chooses 2 MiB boundaries itself */
	bool mlockall;		/* shmat() fills segments, as MCL_FUTURE does */
	unsigned int touched;	/* so many new segments get used by somebody */
	unsigned int busy;	/* so many ADOPTs find the segment used */
	unsigned int races;	/* so many holes get taken by another thread */
	struct pmm_alloc why;	/* if .reason: ALLOC fails, and says this */
	int why_errno;
	struct pmm_resize resize;	/* what RESIZE answers, and with this: */
	int resize_errno;
	struct pmm_migrate migrate[3];	/* what MIGRATE answers, each time, */
	int migrate_errno[3];
	unsigned int migrations;	/* and how often it has */
	unsigned int cold;	/* calls of madvise(MADV_COLD) */
	uint64_t caps;		/* that the last ALLOC asked for */
	/* What these expect and answer, and with which errno */
	struct pmm_quota quota;
	struct pmm_online online;
	struct pmm_offline offline;
	struct pmm_node_info node;	/* the only one, if its type is set */
	int node_errno;		/* of all four */
};

extern struct fake_world fake_world;
extern const struct pmmshm_transport fake_transport;

void fake_reset(void);
struct fake_usage fake_usage(void);
void fake_assert_usage(struct fake_usage want);

/*
 * Let one call fail: the @nth from now on (1 is the next one) of @op, or of any
 * that may fail for a reason if @op is FAKE_OPS.
 */
void fake_fail(enum fake_op op, unsigned int nth, int err);
/* Did it?  No failure is pending afterwards. */
bool fake_failed(void);
/* Number of calls since fake_reset() */
unsigned int fake_calls(enum fake_op op);
/* Position of the first and last call of @op among all, 0 if there was none */
unsigned int fake_first(enum fake_op op);
unsigned int fake_when(enum fake_op op);

/* What others do */
int fake_segment(key_t key, size_t size, uid_t uid, mode_t mode);
void fake_ipcrm(int shmid);
mode_t fake_mode(int shmid);		/* with SHM_DEST */
bool fake_exists(int shmid);
bool fake_locked(int shmid);
/* A file of shm_open(); what shm_unlink() does; what stat() tells of a name */
void fake_file(const char *name, uid_t uid, mode_t mode);
void fake_unlink(const char *name);
bool fake_named(const char *name, mode_t *mode, size_t *size);
/* The other program that mapped into a hole finds its memory as it was */
void fake_assert_bystanders(void);

#endif /* PMMSHM_FAKE_H */
