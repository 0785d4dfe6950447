/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of libpmmshm share.  Nothing here is exported.
 *
 *	pmmshm.c	the connection: open, close, versions, which backend
 *	module.c	the backend "pmm": the module
 *	shm.c		the backend "shm": ordinary shared memory
 *	shm_file.c	its blocks that are files
 *	type.c		types of memory: describe, resize
 *	node.c		types as ordinary RAM, of a NUMA node
 *	quota.c		what users may have of a type
 *	request.c	what the caller of an allocation wants, checked
 *	block.c		blocks: allocate, free, describe, map again
 *	import.c	blocks that others made
 *	name.c		the POSIX names of blocks
 *	device.c	blocks for devices: dma-bufs, and taking turns
 *	segment.c	the System V segment that a block is given as its home
 *	list.c		which segments are blocks
 *	migrate.c	moving memory to a device and back
 *	map.c		mappings at good addresses
 *	explain.c	kernel errors turned into words
 *	error.c		the text of the last failure
 *	transport.c	the system calls, behind a table that tests replace
 */
#ifndef PMMSHM_INTERNAL_H
#define PMMSHM_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>

#include <linux/pmm.h>

/* The library is built with hidden visibility; only pmmshm.h is public. */
#pragma GCC visibility push(default)
#include "pmmshm.h"
#pragma GCC visibility pop

#define PMMSHM_HUGE	((size_t)2 << 20)
#define PMMSHM_PERMS	((mode_t)0777)
/* What needs the right to write to the block */
#define PMMSHM_CAPS_OF_WRITERS	((uint64_t)(PMMSHM_CAP_DEVICE | PMMSHM_CAP_NAME))
#define PMMSHM_DIR	"/dev/shm"	/* where the C library has POSIX names */

/*
 * Everything the library asks of the system.  Each member is the call of its
 * name, with its arguments and its errno.
 */
struct pmmshm_transport {
	int (*open)(const char *path, int flags, mode_t mode);
	int (*close)(int fd);
	int (*ftruncate)(int fd, off_t length);
	int (*linkat)(int from_dir, const char *from, int to_dir,
		      const char *to, int flags);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	int (*stat)(const char *path, struct stat *st);
	int (*fstat)(int fd, struct stat *st);
	int (*fstatfs)(int fd, struct statfs *st);
	int (*fchmod)(int fd, mode_t mode);
	int (*fcntl)(int fd, int command, int arg);
	int (*fallocate)(int fd, int mode, off_t offset, off_t length);
	int (*memfd_create)(const char *name, unsigned int flags);
	void *(*mmap)(void *addr, size_t length, int prot, int flags, int fd,
		      off_t offset);
	int (*munmap)(void *addr, size_t length);
	int (*madvise)(void *addr, size_t length, int advice);
	int (*mlock)(const void *addr, size_t length);
	int (*munlock)(const void *addr, size_t length);
	int (*shmget)(key_t key, size_t size, int flags);
	void *(*shmat)(int shmid, const void *addr, int flags);
	int (*shmdt)(const void *addr);
	int (*shmctl)(int shmid, int command, struct shmid_ds *ds);
	void *(*calloc)(size_t n, size_t size);
	void (*free)(void *p);
};

extern const struct pmmshm_transport pmmshm_transport_linux;

struct pmmshm_request;

/*
 * Where blocks come from.  Arguments were checked before, for all backends alike;
 * what goes wrong has been explained when it returns -1.  A @block that is to get
 * something is freed by the caller if it fails.
 */
struct pmmshm_backend {
	const char *name;
	int segment_flags;	/* of shmget(), for the segments of blocks */
	int (*type_get)(const struct pmmshm *pmm, unsigned int index,
			struct pmmshm_type_info *info);
	int (*type_resize)(const struct pmmshm *pmm, const char *type,
			   uint64_t total);
	/* Memory and a mapping for @block, which is new. */
	int (*alloc)(struct pmmshm_block *block, const struct pmmshm *pmm,
		     const struct pmmshm_request *r);
	/* @block has attached the segment; it gets what else belongs to it. */
	int (*import_attached)(struct pmmshm_block *block,
			       const struct pmmshm *pmm, int flags);
	/* @flags O_RDONLY or O_RDWR; messages call the fd @source. */
	int (*import_fd)(struct pmmshm_block *block, const struct pmmshm *pmm,
			 int fd, int flags, const char *source);
	int (*import_address)(struct pmmshm_block *block,
			      const struct pmmshm *pmm, const void *address,
			      const char *source);
	/* Is segment @shmid, attached at @address, a block?  1, 0 or -1. */
	int (*find_segment)(const struct pmmshm *pmm, int shmid,
			    const void *address, uint64_t *id);
	int (*get_info)(const struct pmmshm_block *block,
			struct pmmshm_block_info *info);
	/* MAP_FAILED with errno */
	void *(*map)(const struct pmmshm_block *block, int prot);
	int (*home_fd)(const struct pmmshm_block *block, int flags);
	int (*link)(const struct pmmshm_block *block, const char *name,
		    const char *path, mode_t mode);
	int (*dmabuf_fd)(const struct pmmshm_block *block);
	int (*sync)(const struct pmmshm_block *block, size_t offset,
		    size_t length, unsigned int flags);
};

extern const struct pmmshm_backend pmmshm_backend_module;
extern const struct pmmshm_backend pmmshm_backend_shm;

/* Written by pmmshm_open_with() and _open_shm() only, hence no lock. */
struct pmmshm {
	const struct pmmshm_transport *sys;
	const struct pmmshm_backend *backend;
	int fd;			/* of the module's device, else -1 */
	size_t page_size;
	uint64_t caps;		/* PMM_CAP_* of the module */
};

/* Written until it is handed to the caller, never afterwards: no lock either. */
struct pmmshm_block {
	const struct pmmshm_transport *sys;
	const struct pmmshm_backend *backend;
	int fd;			/* -1 while there is none */
	int shmid;		/* -1 if it has no segment */
	bool attached;		/* @data came from shmat(), not from mmap() */
	bool readonly;
	void *data;		/* NULL while it is not mapped */
	size_t size;
	uint64_t caps;		/* PMMSHM_CAP_* */
};

/* What the caller of pmmshm_block_alloc() or _publish() wants, checked. */
struct pmmshm_request {
	size_t size;
	size_t align;
	unsigned int flags;
	mode_t mode;
	key_t key;
	uint64_t caps;
	char type[PMM_NAME_LEN];
};

/* A mapping to be made: of segment @shmid, or of @fd where that is -1. */
struct pmmshm_mapping {
	size_t size;
	int shmid;
	int fd;
	int prot;		/* PROT_*; for a segment without PROT_WRITE, SHM_RDONLY */
};

/* A string that printf() can take straight from a call: pmmshm_bytes(n).s */
struct pmmshm_text {
	char s[48];
};

/* How messages end that are about what only the module can do */
#define PMMSHM_NO_MODULE	"the pmm module is not in use (modprobe pmm)"

/* The file of a POSIX name */
struct pmmshm_path {
	char s[sizeof(PMMSHM_DIR) + 1 + NAME_MAX];
};

/* pmmshm.c */
struct pmmshm *pmmshm_open_with(const char *path,
				const struct pmmshm_transport *sys);
struct pmmshm *pmmshm_open_shm(const struct pmmshm_transport *sys);

/* module.c */
int pmmshm_module_need(const struct pmmshm *pmm, const char *function);
int pmmshm_module_check(struct pmmshm *pmm, const char *path);
void pmmshm_module_set_caps(struct pmmshm_block *block,
			    const struct pmmshm *pmm, uint64_t state);

/* The module's part of what these files are about */
int pmmshm_module_type_get(const struct pmmshm *pmm, unsigned int index,
			   struct pmmshm_type_info *info);
int pmmshm_module_type_resize(const struct pmmshm *pmm, const char *type,
			      uint64_t total);
int pmmshm_module_alloc(struct pmmshm_block *block, const struct pmmshm *pmm,
			const struct pmmshm_request *r);
int pmmshm_module_import_attached(struct pmmshm_block *block,
				  const struct pmmshm *pmm, int flags);
int pmmshm_module_import_fd(struct pmmshm_block *block,
			    const struct pmmshm *pmm, int fd, int flags,
			    const char *source);
int pmmshm_module_import_address(struct pmmshm_block *block,
				 const struct pmmshm *pmm, const void *address,
				 const char *source);
int pmmshm_module_find_segment(const struct pmmshm *pmm, int shmid,
			       const void *address, uint64_t *id);
int pmmshm_module_get_info(const struct pmmshm_block *block,
			   struct pmmshm_block_info *info);
void *pmmshm_module_map(const struct pmmshm_block *block, int prot);
int pmmshm_module_home_fd(const struct pmmshm_block *block, int flags);
int pmmshm_module_link(const struct pmmshm_block *block, const char *name,
		       const char *path, mode_t mode);
int pmmshm_module_dmabuf_fd(const struct pmmshm_block *block);
int pmmshm_module_sync(const struct pmmshm_block *block, size_t offset,
		       size_t length, unsigned int flags);

/* shm_file.c */
int pmmshm_file_create(struct pmmshm_block *block,
		       const struct pmmshm_request *r);
int pmmshm_file_import(struct pmmshm_block *block, const struct pmmshm *pmm,
		       int fd, int flags, const char *source);
int pmmshm_file_get_info(const struct pmmshm_block *block,
			 struct pmmshm_block_info *info);
int pmmshm_file_reopen(const struct pmmshm_block *block, int flags);
int pmmshm_file_link(const struct pmmshm_block *block, const char *name,
		     const char *path, mode_t mode);

/* type.c */
int pmmshm_type_name(char *to, const char *type);

/* request.c */
int pmmshm_request_init(struct pmmshm_request *r, size_t size,
			const struct pmmshm_alloc_opts *opts);
int pmmshm_request_publish(struct pmmshm_request *r, key_t key, mode_t mode,
			   const struct pmmshm_alloc_opts *opts);

/* block.c */
struct pmmshm_block *pmmshm_block_create(const struct pmmshm *pmm);
int pmmshm_block_set_size(struct pmmshm_block *block, uint64_t size);
int pmmshm_block_map_itself(struct pmmshm_block *block);
int pmmshm_block_read_info(const struct pmmshm_block *block,
			   struct pmm_block_info *req);

/* error.c */
int pmmshm_fail(int err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* explain.c */
struct pmmshm_text pmmshm_bytes(uint64_t n);
int pmmshm_explain_open(const struct pmmshm_transport *sys, const char *path,
			int err);
int pmmshm_explain_alloc(const struct pmmshm *pmm, const struct pmm_alloc *req,
			 int err);
int pmmshm_explain_resize(const struct pmm_resize *req, int err);
int pmmshm_explain_migrate(const struct pmm_migrate *req, int err);
int pmmshm_explain_quota(const struct pmm_quota *req, int err);
int pmmshm_explain_online(const struct pmm_online *req, int err);
int pmmshm_explain_offline(const struct pmm_offline *req, int err);
int pmmshm_explain_shmget(const struct pmmshm_transport *sys, key_t key,
			  size_t size, int err);
int pmmshm_explain_adopt(int shmid, int err);
int pmmshm_explain_attach(int shmid, const struct shmid_ds *ds, int flags,
			  int err);
int pmmshm_explain_access(const struct pmmshm_block *block, const char *what,
			  int err);
int pmmshm_explain_name_file(const char *name, int err);
int pmmshm_explain_name_alias(const struct pmmshm_block *block,
			      const char *name, int err);
int pmmshm_explain_name_link(const char *name, int err);
int pmmshm_explain_name_open(const struct pmmshm_transport *sys,
			     const char *name, const char *path, int flags,
			     int err);

/* map.c */
void *pmmshm_map_anywhere(const struct pmmshm_transport *sys,
			  const struct pmmshm_mapping *m);
void *pmmshm_map_align(const struct pmmshm_transport *sys,
		       const struct pmmshm_mapping *m, void *p);
void *pmmshm_map(const struct pmmshm_transport *sys,
		 const struct pmmshm_mapping *m);

/* name.c */
int pmmshm_name_path(struct pmmshm_path *path, const char *name);
struct pmmshm_path pmmshm_fd_path(int fd);
int pmmshm_name_link(const struct pmmshm_transport *sys, int fd,
		     const char *path);

/* segment.c */
int pmmshm_segment_open(struct pmmshm_block *block,
			const struct pmmshm_request *r);
int pmmshm_segment_set_mode(struct pmmshm_block *block, mode_t mode);
int pmmshm_segment_create(struct pmmshm_block *block,
			  const struct pmmshm_request *r);

/* transport.c */
int pmmshm_ioctl(const struct pmmshm_transport *sys, int fd,
		 unsigned long request, void *arg);

#endif /* PMMSHM_INTERNAL_H */
