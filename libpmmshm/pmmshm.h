/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libpmmshm: physically contiguous shared memory for user space.
 *
 * A *block* is contiguous, zeroed memory.  By default each block is born with a
 * System V segment of its own, so that any program that knows shmat(2), an X
 * server among them, can attach it by id.
 *
 *	struct pmmshm *pmm = pmmshm_open(NULL);
 *	struct pmmshm_block *b = pmmshm_block_alloc(pmm, 8 << 20, NULL);
 *	memset(pmmshm_block_data(b), 0x5a, pmmshm_block_size(b));
 *	printf("shmid %d\n", pmmshm_block_shmid(b));
 *	pmmshm_block_free(b);
 *	pmmshm_close(pmm);
 *
 * Where the pmm module is not loaded, blocks are ordinary shared memory: in pieces,
 * and each with one kind of name only.  pmmshm_backend() tells which it is, and
 * pmmshm_block_caps() what that means for a block.
 *
 * Rules for all functions:
 *
 * - Failure is NULL or -1 with errno set, and outputs are left untouched.
 *   pmmshm_error() then says, in words, what failed, why, and what helps.
 * - Functions that free or close accept NULL and keep errno.  To the others
 *   NULL is EINVAL, except where it is given a meaning below.
 * - The text of pmmshm_error() is per thread; there is no other global state.
 * - Any number of threads may use one struct pmmshm, and one block, at once; as
 *   with free(3), nobody may use an object while or after it is freed.
 * - Sizes, offsets and alignments are in bytes.
 * - Every fd is close-on-exec.
 */
#ifndef PMMSHM_H
#define PMMSHM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pmmshm;
struct pmmshm_block;

/* pmmshm_alloc_opts.flags */
#define PMMSHM_NO_SEGMENT	(1U << 0)	/* no SysV segment; memory of the block fd */
#define PMMSHM_KEEP_SEGMENT	(1U << 1)	/* segment outlives its users, see below */

/**
 * struct pmmshm_alloc_opts - how to allocate a block
 * @size: sizeof(struct pmmshm_alloc_opts)
 * @flags: PMMSHM_* bits above
 * @align: alignment of the physical address; 0 for the natural one
 * @type: name of a type of memory; NULL or "" for the default
 * @mode: permission bits of the segment; 0 means 0600
 * @caps: PMM_TYPE_* bits of <linux/pmm.h> that the memory must have.  Without
 *	@type the types that have them all are tried in the order of
 *	pmmshm_type_get(), and the first with room is taken; 0 leaves it at
 *	the default type, which is the first.
 *
 * Fields that are left zero mean the default.  %PMMSHM_NO_SEGMENT goes with
 * neither %PMMSHM_KEEP_SEGMENT nor a mode.
 *
 * Without %PMMSHM_KEEP_SEGMENT the segment is marked for removal as soon as it
 * is attached, so the kernel cleans up after a crash; on Linux others can still
 * attach it by id for as long as anyone has it attached.
 */
struct pmmshm_alloc_opts {
	size_t size;
	unsigned int flags;
	size_t align;
	const char *type;
	mode_t mode;
	uint64_t caps;
};

/* pmmshm_block_info.state */
#define PMMSHM_STATE_READONLY	(1ULL << 0)	/* may only be read through this handle */
#define PMMSHM_STATE_HOME	(1ULL << 1)	/* has a home */
#define PMMSHM_STATE_SYSV	(1ULL << 2)	/* the home is a SysV segment */
#define PMMSHM_STATE_FILE	(1ULL << 3)	/* the home is a tmpfs file or memfd */
#define PMMSHM_STATE_SEALED	(1ULL << 4)	/* its size is fixed */
#define PMMSHM_STATE_INCOMPLETE	(1ULL << 5)	/* pages were punched out of it */
#define PMMSHM_STATE_POISONED	(1ULL << 6)	/* a page had a memory error */
#define PMMSHM_STATE_GONE	(1ULL << 7)	/* a driver took its memory back */

/**
 * struct pmmshm_block_info - what a block is
 * @id: number of the block on this machine
 * @length: its size
 * @align: alignment of its physical address
 * @phys: its physical address with CAP_SYS_RAWIO, else 0
 * @state: PMMSHM_STATE_* bits
 * @huge: bytes of it in 2 MiB pages; without the module always 0
 * @holders: open handles and drivers that hold it; without the module, how often a
 *	segment is attached
 * @uid: user who allocated it
 * @shmid: its segment, or -1
 * @type: name of its type of memory
 * @aliases: files that are its POSIX names, or were and are still in use; without
 *	the module, its names
 */
struct pmmshm_block_info {
	uint64_t id;
	uint64_t length;
	uint64_t align;
	uint64_t phys;
	uint64_t state;
	uint64_t huge;
	uint64_t holders;
	uid_t uid;
	int shmid;
	char type[32];
	uint64_t aliases;
};

/**
 * struct pmmshm_type_info - a type of memory and its pool
 * @name: the name
 * @allocator: the allocator that manages the pool
 * @caps: PMM_TYPE_* bits of <linux/pmm.h>
 * @min_align: smallest alignment of a block
 * @max_align: largest alignment of a block
 * @total: size of the pool
 * @free: free bytes
 * @largest_free: longest free range
 * @quarantined: freed, but still pinned by someone
 * @retired: out of use after memory errors
 * @blocks: number of live blocks
 * @limit: all its memory is below this physical address; ~0 if it may be anywhere
 */
struct pmmshm_type_info {
	char name[32];
	char allocator[32];
	uint64_t caps;
	uint64_t min_align;
	uint64_t max_align;
	uint64_t total;
	uint64_t free;
	uint64_t largest_free;
	uint64_t quarantined;
	uint64_t retired;
	uint64_t blocks;
	uint64_t limit;
};

/**
 * struct pmmshm_module_info - the module that a handle is connected to
 * @release: its version
 * @abi: the version of its ABI
 * @page_size: granularity of sizes and alignments
 * @caps: PMM_CAP_* bits of <linux/pmm.h>
 */
struct pmmshm_module_info {
	char release[32];
	unsigned int abi;
	size_t page_size;
	uint64_t caps;
};

/* Any node without processors and without memory */
#define PMMSHM_NODE_ANY	(-1)

/**
 * struct pmmshm_node_info - a type whose memory is ordinary RAM, of a NUMA node
 * @type: name of the type
 * @node: number of the node
 * @offset: first byte of it that is the node's
 * @length: how many are
 * @online: those of them that programs can use
 * @block_size: size of the kernel's memory blocks
 * @first: with CAP_SYS_RAWIO number of the first of them, as in
 *	/sys/devices/system/memory, else 0
 */
struct pmmshm_node_info {
	char type[32];
	int node;
	uint64_t offset;
	uint64_t length;
	uint64_t online;
	uint64_t block_size;
	uint64_t first;
};

/* Whoever calls, in place of a user */
#define PMMSHM_QUOTA_SELF	((uid_t)-1)

/**
 * struct pmmshm_quota_info - what a user may have of a type
 * @limit: bytes that he may have, ~0 without a limit
 * @used: bytes that he has
 * @all_limit: what all users without CAP_SYS_RESOURCE may have together
 * @all_used: what they have
 */
struct pmmshm_quota_info {
	uint64_t limit;
	uint64_t used;
	uint64_t all_limit;
	uint64_t all_used;
};

/* pmmshm_segment_info.flags */
#define PMMSHM_SEGMENT_REMOVED	(1U << 0)	/* ends with its last attachment */

/**
 * struct pmmshm_segment_info - a System V segment that is a block
 * @id: number of the block on this machine
 * @length: its size
 * @attached: how often it is attached
 * @shmid: the segment's id in this IPC namespace
 * @key: its key, or IPC_PRIVATE
 * @mode: its permission bits
 * @uid: its owner
 * @gid: its group
 * @flags: PMMSHM_SEGMENT_* bits
 */
struct pmmshm_segment_info {
	uint64_t id;
	uint64_t length;
	uint64_t attached;
	int shmid;
	key_t key;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	unsigned int flags;
};

/**
 * pmmshm_open() - connect to the module, or do without
 * @path: device node; NULL for $PMMSHM_DEVICE, or /dev/pmm if that is unset
 *
 * $PMMSHM_BACKEND chooses where blocks come from:
 *
 *	pmm	the module
 *	shm	ordinary shared memory, whatever @path is
 *	auto	the module; ordinary shared memory if there is no /dev/pmm and neither
 *		@path nor $PMMSHM_DEVICE names another device.  This is the default.
 *
 * Return: a handle, or NULL: ENOENT (module not loaded), EACCES (not in the
 * node's group), EPROTO (module and library do not speak the same ABI), EINVAL
 * ($PMMSHM_BACKEND is none of the above).
 */
struct pmmshm *pmmshm_open(const char *path);

/**
 * pmmshm_backend() - where blocks come from
 * @pmm: handle
 *
 * Return: "pmm" or "shm"; NULL for NULL.
 */
const char *pmmshm_backend(const struct pmmshm *pmm);

/**
 * pmmshm_close() - drop the connection
 * @pmm: handle, or NULL
 *
 * Blocks allocated through it stay valid until they are freed themselves.
 */
void pmmshm_close(struct pmmshm *pmm);

/**
 * pmmshm_error() - why the last call of this thread failed
 *
 * Return: one line of text, valid until this thread's next failing call; the
 * empty string if nothing failed yet.
 */
const char *pmmshm_error(void);

/** pmmshm_version() - version of the library, as "MAJOR.MINOR.PATCH" */
const char *pmmshm_version(void);

/**
 * pmmshm_module_get() - describe the module
 * @pmm: handle
 * @info: filled in
 *
 * Return: 0 or -1.
 */
int pmmshm_module_get(struct pmmshm *pmm, struct pmmshm_module_info *info);

/**
 * pmmshm_type_get() - describe a type of memory
 * @pmm: handle
 * @index: 0 for the first
 * @info: filled in
 *
 * Return: 0, or -1 with ENOENT past the last type.
 */
int pmmshm_type_get(struct pmmshm *pmm, unsigned int index,
		    struct pmmshm_type_info *info);

/**
 * pmmshm_type_resize() - grow or shrink a pool of system RAM
 * @pmm: handle
 * @type: name of the type; NULL or "" for the default
 * @total: size that its pool is to have; rounded up to 2 MiB
 *
 * Blocks are not touched.  Shrinking gives free memory back to the kernel and
 * stops at what is in use, growing stops where the kernel cannot free more; on
 * failure pmmshm_error() says how far it came, and so does pmmshm_type_get().
 *
 * Return: 0, or -1: EBUSY (shrunk, but not as far), ENOMEM (grown, but not as
 * far), EPERM (without CAP_SYS_ADMIN), ENOENT (no such type), EOPNOTSUPP (a
 * driver's).
 */
int pmmshm_type_resize(struct pmmshm *pmm, const char *type, uint64_t total);

/**
 * struct pmmshm_migration - what became of memory that was to be moved
 * @moved: bytes that were; like all of these, of whole pages
 * @there: bytes that were there already
 * @unmapped: bytes where there is no memory
 * @unfit: bytes of files, shared memory and devices
 * @shared: bytes that another process has, too
 * @large: bytes in huge pages that could not be split
 * @busy: bytes that were pinned or in use
 * @left: bytes for which there was no room
 */
struct pmmshm_migration {
	uint64_t moved;
	uint64_t there;
	uint64_t unmapped;
	uint64_t unfit;
	uint64_t shared;
	uint64_t large;
	uint64_t busy;
	uint64_t left;
};

/**
 * pmmshm_migrate() - move memory of this process into device memory, or back
 * @pmm: handle
 * @addr: where it begins
 * @len: how much it is, in bytes; all pages are moved that have any of it
 * @type: name of a type with PMM_TYPE_MIGRATE; NULL or "" for system RAM
 * @figures: filled in unless NULL, also on failure
 *
 * Addresses and contents stay the same, and all threads can go on to use it.  It is
 * what malloc() gives, or private anonymous memory of mmap().
 *
 * Return: 0 if all of it is there; or -1 if some is not: EFAULT (nothing is mapped),
 * EOPNOTSUPP (files, shared memory), EBUSY (shared after a fork, pinned, in use),
 * ENOMEM (no room), EDQUOT (the user's quota); or ENOENT (no such type), ENODEV (a
 * type for blocks), EINVAL, EOVERFLOW, ENOTTY (an older module); EOPNOTSUPP without
 * the module.
 */
int pmmshm_migrate(struct pmmshm *pmm, void *addr, size_t len,
		   const char *type, struct pmmshm_migration *figures);

/**
 * pmmshm_migrate_process() - the same with memory of another process
 * @pmm: handle
 * @pid: the process
 * @addr: where the memory begins, there
 * @len: how much it is, in bytes
 * @type: name of a type with PMM_TYPE_MIGRATE; NULL or "" for system RAM
 * @figures: filled in unless NULL, also on failure
 *
 * The caller's user pays for it.  Huge pages that are mapped in pieces stay.
 *
 * Return: as pmmshm_migrate(); or -1 with EACCES or EPERM (the caller may not ptrace
 * it) or ESRCH (there is none).
 */
int pmmshm_migrate_process(struct pmmshm *pmm, pid_t pid, uint64_t addr,
			   uint64_t len, const char *type,
			   struct pmmshm_migration *figures);

/**
 * pmmshm_node_get() - list the types whose memory is ordinary RAM
 * @pmm: handle
 * @index: 0 for the first
 * @info: filled in
 *
 * Return: 0, or -1 with ENOENT past the last one.
 */
int pmmshm_node_get(struct pmmshm *pmm, unsigned int index,
		    struct pmmshm_node_info *info);

/**
 * pmmshm_node_online() - hand the memory of a type to the kernel, as ordinary RAM
 * @pmm: handle
 * @type: name of the type: a region of RAM or of a device
 * @node: number of the NUMA node that it is to belong to, or %PMMSHM_NODE_ANY
 * @offset: first byte of the part of it that is meant
 * @length: size of that, or 0 for all that follows
 *
 * There it is of no use yet: "online_movable" has to be written to the state of
 * each of the kernel's memory blocks, see PMM_IOC_ONLINE in <linux/pmm.h>.
 * pmmctl(1) does all of it.
 *
 * Return: 0, or -1: EPERM (without CAP_SYS_ADMIN), ENOENT (no such type), EOPNOTSUPP
 * (not a region), EBUSY (it has blocks, or is a node's already), EINVAL (it has no
 * whole memory block), ENODEV (no such node, or none to choose), EIO (the kernel does
 * not take it).
 */
int pmmshm_node_online(struct pmmshm *pmm, const char *type, int node,
		       uint64_t offset, uint64_t length);

/**
 * pmmshm_node_offline() - take the memory of a type back from the kernel
 * @pmm: handle
 * @type: name of the type
 * @timeout_ms: for how long to try, in milliseconds; 0 for half a minute
 *
 * What is in it is moved elsewhere; if not all can be, nothing changes and
 * pmmshm_error() says what could not.
 *
 * Return: 0, or -1: EPERM (without CAP_SYS_ADMIN), ENOENT (no such type is a node's),
 * EBUSY (some of it cannot be moved), ENOMEM.
 */
int pmmshm_node_offline(struct pmmshm *pmm, const char *type,
			unsigned int timeout_ms);

/**
 * pmmshm_quota_get() - what a user may have of a type
 * @pmm: handle
 * @type: name of the type; NULL or "" for the default
 * @uid: the user, or %PMMSHM_QUOTA_SELF
 * @info: filled in
 *
 * Return: 0, or -1: ENOENT (no such type), EPERM (another user, without
 * CAP_SYS_RESOURCE), EINVAL (no such user in this user namespace).
 */
int pmmshm_quota_get(struct pmmshm *pmm, const char *type, uid_t uid,
		     struct pmmshm_quota_info *info);

/**
 * pmmshm_quota_set() - limit what a user may have of a type
 * @pmm: handle
 * @type: name of the type; NULL or "" for the default
 * @uid: the user, or %PMMSHM_QUOTA_SELF
 * @limit: bytes, rounded down to whole pages, or ~0 for no limit
 *
 * Nothing that the user has is taken away.
 *
 * Return: 0, or -1 as pmmshm_quota_get(); EPERM without CAP_SYS_RESOURCE.
 */
int pmmshm_quota_set(struct pmmshm *pmm, const char *type, uid_t uid,
		     uint64_t limit);

/**
 * pmmshm_quota_reset() - let the default limit hold for a user again
 * @pmm: handle
 * @type: name of the type; NULL or "" for the default
 * @uid: the user, or %PMMSHM_QUOTA_SELF
 *
 * Return: as pmmshm_quota_set().
 */
int pmmshm_quota_reset(struct pmmshm *pmm, const char *type, uid_t uid);

/**
 * pmmshm_segment_next() - list the System V segments that are blocks
 * @pmm: handle
 * @place: where to go on; 0 at first
 * @info: filled in
 *
 * Those of this IPC namespace that the caller may read, in no order; for root, all
 * of them.  Each segment is attached for reading while it is looked at.
 *
 *	unsigned int place = 0;
 *	struct pmmshm_segment_info info;
 *
 *	while (!pmmshm_segment_next(pmm, &place, &info))
 *		printf("%d\n", info.shmid);
 *
 * Return: 0, or -1: ENOENT (no further one), EMFILE, or what else the module or
 * shmctl(2) sets.
 */
int pmmshm_segment_next(struct pmmshm *pmm, unsigned int *place,
			struct pmmshm_segment_info *info);

/**
 * pmmshm_block_alloc() - allocate a block and map it
 * @pmm: handle
 * @size: bytes; rounded up to whole pages
 * @opts: how; NULL for a private segment of mode 0600 in the default type
 *
 * The memory is zeroed, mapped for reading and writing, and has a SysV id unless
 * %PMMSHM_NO_SEGMENT is given.  If it is 2 MiB or more, the mapping starts at a
 * 2 MiB boundary, which lets the kernel use large pages (elsewhere only if there
 * is no address space for that).
 *
 * Return: a block, or NULL: EINVAL (size 0, bad alignment, option or flag),
 * ENOENT (no such type), ENOMEM (the pool; pmmshm_error() says what was free),
 * EDQUOT, EOVERFLOW (no such size), EMFILE, EBUSY (others keep writing to each
 * new segment before it is a block), EOPNOTSUPP (without the module: an alignment
 * beyond a page), or what shmget(2) and shmat(2) set.
 */
struct pmmshm_block *pmmshm_block_alloc(struct pmmshm *pmm, size_t size,
					const struct pmmshm_alloc_opts *opts);

/**
 * pmmshm_block_publish() - allocate a block under a System V key
 * @pmm: handle
 * @size: bytes; rounded up to whole pages
 * @key: as from ftok(3), or IPC_PRIVATE
 * @mode: permission bits, as for shmget(2)
 * @opts: as for pmmshm_block_alloc(); NULL, or @mode zero there
 *
 * A key belongs to a segment from its creation on and a block cannot change
 * its home, so the key is chosen here and not later.  The segment is created
 * 0600, becomes the block, and only then gets @mode.  It lives until shmctl
 * IPC_RMID, like any keyed segment: pmmshm_block_free() does not remove it.
 *
 * Return: a block, or NULL: EEXIST (the key is taken), and the errors of
 * pmmshm_block_alloc().
 */
struct pmmshm_block *pmmshm_block_publish(struct pmmshm *pmm, size_t size,
					  key_t key, mode_t mode,
					  const struct pmmshm_alloc_opts *opts);

/**
 * pmmshm_block_import_shmid() - get the block behind a SysV segment
 * @pmm: handle
 * @shmid: id of the segment
 * @flags: 0, or SHM_RDONLY to ask for reading only
 *
 * Attaches the segment with the caller's own rights and finds the block there.
 *
 * Without the module every segment can be imported.
 *
 * Return: a block, mapped, or NULL: ENOENT (an ordinary segment), EINVAL or
 * EIDRM (no such segment), EACCES (its mode), or what shmat(2) sets.
 */
struct pmmshm_block *pmmshm_block_import_shmid(struct pmmshm *pmm, int shmid,
					       int flags);

/**
 * pmmshm_block_import_name() - get the block behind a POSIX name
 * @pmm: handle
 * @name: as for shm_open(3): a slash, and up to 255 characters without one
 * @flags: O_RDONLY or O_RDWR
 *
 * Opens the name with the caller's own rights and finds the block there.  Without
 * the module every object of shm_open(3) can be imported that has a size.
 *
 * Return: a block, mapped, or NULL: ENOENT (no such name, or an ordinary object),
 * EACCES (its mode), EINVAL, ENAMETOOLONG (not a name), or what open(2) and
 * mmap(2) set.
 */
struct pmmshm_block *pmmshm_block_import_name(struct pmmshm *pmm,
					      const char *name, int flags);

/**
 * pmmshm_block_import_fd() - get the block behind an open file
 * @pmm: handle
 * @fd: a block fd, a file of its home or of one of its names, or its dma-buf;
 *	stays the caller's
 * @flags: O_RDONLY or O_RDWR
 *
 * The block can be written through the result only if @flags ask for it and @fd
 * is open for it.
 *
 * Return: a block, mapped, or NULL: ENOENT (not a block's), EBADF (not open),
 * EACCES (not open for reading, or not for writing), EOPNOTSUPP (the home is a file
 * of a mounted file system, and @fd is not that file, or is open for writing though
 * @flags are O_RDONLY), or what mmap(2) sets.
 */
struct pmmshm_block *pmmshm_block_import_fd(struct pmmshm *pmm, int fd,
					    int flags);

/**
 * pmmshm_block_import_address() - get the block that is mapped at an address
 * @pmm: handle
 * @address: anywhere in a mapping of the block; that stays the caller's
 *
 * The result grants what the mapping does: writing if it is shared and, should it
 * be without PROT_WRITE, mprotect(2) could add that; else only reading.
 *
 * Return: a block, mapped once more, or NULL: ENOENT (not a block's), EOPNOTSUPP
 * (the home is a file of a mounted file system: import that; or there is no module
 * to ask), or what mmap(2) sets.
 */
struct pmmshm_block *pmmshm_block_import_address(struct pmmshm *pmm,
						 const void *address);

/**
 * pmmshm_block_free() - let go of a block
 * @block: block, or NULL
 *
 * Unmaps it and drops this handle.  The memory returns to its pool when the
 * last holder of any kind (process, X server, driver, name) is gone.
 */
void pmmshm_block_free(struct pmmshm_block *block);

/** pmmshm_block_data() - where the block is mapped in this process */
void *pmmshm_block_data(const struct pmmshm_block *block);

/** pmmshm_block_size() - size of the block in bytes, whole pages */
size_t pmmshm_block_size(const struct pmmshm_block *block);

/**
 * pmmshm_block_shmid() - the block's System V id
 * @block: block
 *
 * Return: the id, or -1 if the block has none or was imported by something else.
 * Then pmmshm_block_get_info() tells the id that it has in its own IPC namespace.
 */
int pmmshm_block_shmid(const struct pmmshm_block *block);

/**
 * pmmshm_block_fd() - the block fd, owned by the block: dup(2) it to keep it
 * @block: block
 *
 * Return: the fd, or -1 if the block has none (no %PMMSHM_CAP_FD).
 */
int pmmshm_block_fd(const struct pmmshm_block *block);

/* pmmshm_block_caps() */
#define PMMSHM_CAP_CONTIGUOUS	(1ULL << 0)	/* one piece of physical memory */
#define PMMSHM_CAP_DEVICE	(1ULL << 1)	/* devices reach it: it can be a dma-buf */
#define PMMSHM_CAP_RESIDENT	(1ULL << 2)	/* is never swapped out */
#define PMMSHM_CAP_SYSV		(1ULL << 3)	/* has a System V id */
#define PMMSHM_CAP_NAME		(1ULL << 4)	/* can be given POSIX names */
#define PMMSHM_CAP_FD		(1ULL << 5)	/* can be had as an fd */
/* Reachable in every way at once */
#define PMMSHM_CAPS_ALL_NAMES	(PMMSHM_CAP_SYSV | PMMSHM_CAP_NAME | PMMSHM_CAP_FD)

/**
 * pmmshm_block_caps() - what is guaranteed of a block
 * @block: block
 *
 * That depends on the backend, on how the block was allocated, and on the rights
 * with which it was imported.  What is missing here is refused by the function that
 * it is about (EOPNOTSUPP, EACCES).
 *
 * Without the module, a block with a segment has %PMMSHM_CAP_SYSV only; one that is
 * allocated with %PMMSHM_NO_SEGMENT has %PMMSHM_CAP_FD, and %PMMSHM_CAP_NAME where
 * /dev/shm is a tmpfs.
 *
 * Return: %PMMSHM_CAP_* bits.
 */
uint64_t pmmshm_block_caps(const struct pmmshm_block *block);

/**
 * pmmshm_block_get_info() - describe a block
 * @block: block
 * @info: filled in
 *
 * Return: 0 or -1.
 */
int pmmshm_block_get_info(const struct pmmshm_block *block,
			  struct pmmshm_block_info *info);

/**
 * pmmshm_block_map() - map the block once more
 * @block: block
 * @prot: PROT_READ, or PROT_READ | PROT_WRITE
 *
 * Return: address of a further shared mapping, 2 MiB-aligned for blocks of
 * that size, or NULL.  End it with munmap(2) and pmmshm_block_size().
 */
void *pmmshm_block_map(const struct pmmshm_block *block, int prot);

/**
 * pmmshm_block_home_fd() - open the block's home as an ordinary file
 * @block: block
 * @flags: O_RDONLY or O_RDWR
 *
 * Return: a new fd that can be mapped, read, written and passed on, or -1: EACCES
 * (imported for reading only), EOPNOTSUPP (no %PMMSHM_CAP_FD, or the home is a file
 * of a mounted file system).
 */
int pmmshm_block_home_fd(const struct pmmshm_block *block, int flags);

/**
 * pmmshm_block_link() - give the block a POSIX name
 * @block: block
 * @name: as for shm_open(3): a slash, and up to 255 characters without one
 * @mode: permission bits, from which the umask is taken
 * @flags: 0
 *
 * Any number of names is possible, whether or not the block has a segment.  A name
 * appears at once with its size and mode, and never replaces another.  It keeps
 * the block until it is removed with shm_unlink(3), and whoever uses it is done.
 *
 * Return: 0 or -1: EEXIST (the name is taken), EINVAL (not a name, a bad mode or
 * flag), ENAMETOOLONG, EACCES (imported for reading only, or no right to make
 * files in /dev/shm), EOPNOTSUPP (/dev/shm is not a tmpfs, or the block's home is
 * a file of a mounted file system), ENOENT (no /dev/shm, or no /proc), ENOSPC, or
 * what open(2), ftruncate(2) and link(2) set.
 */
int pmmshm_block_link(const struct pmmshm_block *block, const char *name,
		      mode_t mode, unsigned int flags);

/**
 * pmmshm_block_dmabuf_fd() - make a dma-buf of the block
 * @block: block
 *
 * A dma-buf is how drivers that know those take the block, in one piece.  It holds
 * the block by itself.
 *
 * Return: a new fd, or -1: EOPNOTSUPP (kernel without dma-bufs, or no module), EACCES (imported
 * for reading only).
 */
int pmmshm_block_dmabuf_fd(const struct pmmshm_block *block);

/* pmmshm_block_sync() flags */
#define PMMSHM_SYNC_READ	(1U << 0)	/* the CPU is going to read, or has */
#define PMMSHM_SYNC_WRITE	(1U << 1)	/* the CPU is going to write, or has */
#define PMMSHM_SYNC_BEGIN	(1U << 2)	/* before that */
#define PMMSHM_SYNC_END		(1U << 3)	/* after it */

/**
 * pmmshm_block_sync() - let CPU and devices take turns
 * @block: block
 * @offset: start of what the CPU reads or writes
 * @length: its length
 * @flags: %PMMSHM_SYNC_BEGIN or %PMMSHM_SYNC_END, with %PMMSHM_SYNC_READ,
 *	%PMMSHM_SYNC_WRITE or both
 *
 * To be called around the CPU's accesses to what a device reads or writes.  Where
 * devices see what the CPU sees, as on x86, it has nothing to do.
 *
 * Return: 0 or -1: EINVAL (a range outside the block, or bad flags), EACCES
 * (imported for reading only), EOPNOTSUPP (device memory that only its driver can
 * keep in step).
 */
int pmmshm_block_sync(const struct pmmshm_block *block, size_t offset,
		      size_t length, unsigned int flags);

#ifdef __cplusplus
}
#endif

#endif /* PMMSHM_H */
