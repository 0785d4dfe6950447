/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the stand-in share.  All of it is under fake_lock.
 */
#ifndef PMMSHM_FAKE_INTERNAL_H
#define PMMSHM_FAKE_INTERNAL_H

#include <pthread.h>

#include "pmmshm_fake.h"

#define PAGE		((size_t)4096)
#define FD_BASE		1000
#define SHMID_BASE	100
#define FDS		256
#define BLOCKS		256
#define SEGMENTS	256
#define ATTACHES	512
#define FILES		64

enum fd_kind { FD_FREE, FD_CONTROL, FD_BLOCK, FD_HOME, FD_DMABUF, FD_FILE, FD_MEM };

struct fake_block {
	bool used;
	int memfd;
	size_t size;
	unsigned int holders;	/* fds, files, and its segment */
	unsigned int files;
	int segment;		/* -1 if none */
};

struct fake_fd {
	enum fd_kind kind;
	int block;		/* -1 if none */
	int file;		/* for FD_FILE */
	bool writable;
};

/* In /dev/shm */
struct fake_file {
	bool used;
	char name[NAME_MAX + 2];	/* empty if it has none */
	mode_t mode;
	uid_t uid;
	size_t size;
	unsigned int fds;
	int block;		/* -1: an ordinary file */
};

struct fake_segment {
	bool used;
	bool marked;
	bool filled;
	bool locked;
	key_t key;
	size_t size;
	uid_t uid;
	mode_t mode;
	int memfd;		/* the block's, once it is one */
	int block;		/* -1: an ordinary segment */
	unsigned int attaches;
	bool was_attached;
};

struct fake_attach {
	char *address;		/* NULL: free */
	int segment;
	bool writable;
};

extern pthread_mutex_t fake_lock;
extern struct fake_block fake_blocks[BLOCKS];
extern struct fake_segment fake_segments[SEGMENTS];
extern struct fake_attach fake_attaches[ATTACHES];
extern struct fake_usage fake_used;

/* pmmshm_fake.c */

/* Counts the call.  True, with errno set, if it is to fail.  Takes the lock. */
bool fake_enter(enum fake_op op);
void fake_leave(void);
/* @kind FD_FREE: whatever is open */
struct fake_fd *fake_fd_get(int fd, enum fd_kind kind);
int fake_fd_new(enum fd_kind kind, int block, bool writable);
int fake_memfd(size_t size);
int fake_block_new(size_t size);
void fake_block_put(int block);
/* Another thread maps something where the caller means to. */
void fake_race(const void *address);
/*
 * Like mmap() of a file, but where the kernel chooses it is a 2 MiB boundary,
 * or is none, as the world is.
 */
void *fake_map_file(void *addr, size_t length, int prot, int flags, int fd);

/* pmmshm_fake_file.c */
extern struct fake_file fake_files[FILES];
int fake_file_open(const char *path, int flags, mode_t mode);
void fake_file_close(int file);
struct fake_file *fake_file_find(const char *path);
int fake_ftruncate(int fd, off_t length);
int fake_linkat(int from_dir, const char *from, int to_dir, const char *to,
		int flags);
int fake_alias(struct fake_fd *block, int fd);

/* pmmshm_fake_shm.c */
struct fake_attach *fake_attach_get(const void *addr);
int fake_shmget(key_t key, size_t size, int flags);
void *fake_shmat(int shmid, const void *addr, int flags);
int fake_shmdt(const void *addr);
int fake_shmctl(int shmid, int command, struct shmid_ds *ds);
int fake_madvise(void *addr, size_t length, int advice);
int fake_mlock(const void *addr, size_t length);
int fake_munlock(const void *addr, size_t length);

/* pmmshm_fake_ioctl.c */
int fake_ioctl(int fd, unsigned long request, void *arg);

#endif /* PMMSHM_FAKE_INTERNAL_H */
