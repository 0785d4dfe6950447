/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * /dev/pmm: physically contiguous, reference-counted blocks of memory.
 *
 * Opening /dev/pmm gives a *control* fd.  ALLOC and FIND on it return a *block*
 * fd; everything else is done on that.  A block lives as long as anything
 * holds it: a block fd, a mapping, a System V segment, a file, a driver.
 *
 * Every ioctl takes a pointer to a structure that starts with
 *
 *	__u32 size;	sizeof() the structure as the caller knows it
 *	__u32 flags;	zero unless a flag is named below
 *
 * so that both sides may grow.  Fields that the kernel does not know must be
 * zero; fields that the caller does not know are not written.  Structures are
 * the same for 32-bit and 64-bit programs.  Strings are NUL-terminated.
 *
 * Errors, for every call:
 *
 *	ENOTTY		no such ioctl
 *	EFAULT		the structure cannot be read or written
 *	EINVAL		size below the first version of the structure, an unknown
 *			flag, a non-zero reserved field, or a wrong value
 *	E2BIG		a field that this kernel does not know is not zero, or size
 *			is more than a page
 *	EBADF		no such fd
 *	EINTR		the caller was killed, or (ADOPT) has a signal pending
 *	EOPNOTSUPP	known, but not possible for this object
 *	EPERM, EACCES	not allowed for this caller or this fd
 *	EBUSY		already has a home, or is in use
 *	ENOENT		no such type or block
 *	ENOMEM		the pool cannot satisfy the request (see pmm_alloc.reason)
 *	EDQUOT		over the caller's quota (see pmm_alloc.quota)
 *	EOVERFLOW	a size or an offset that does not fit
 *	ENODEV		the block's memory was a driver's, which has taken it back;
 *			(ONLINE) there is no such node
 *	EIO		(ONLINE) the kernel does not take the memory
 */
#ifndef _UAPI_LINUX_PMM_H
#define _UAPI_LINUX_PMM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PMM_IOC			0xBB
#define PMM_ABI			1
#define PMM_NAME_LEN		32

/* On the control fd */
#define PMM_IOC_VERSION		_IO(PMM_IOC, 0x00)
#define PMM_IOC_TYPE		_IO(PMM_IOC, 0x01)
#define PMM_IOC_ALLOC		_IO(PMM_IOC, 0x02)
#define PMM_IOC_FIND		_IO(PMM_IOC, 0x03)
#define PMM_IOC_QUOTA		_IO(PMM_IOC, 0x04)
#define PMM_IOC_RESIZE		_IO(PMM_IOC, 0x05)
#define PMM_IOC_MIGRATE		_IO(PMM_IOC, 0x07)

#define PMM_IOC_ONLINE		_IO(PMM_IOC, 0x10)
#define PMM_IOC_OFFLINE		_IO(PMM_IOC, 0x11)
#define PMM_IOC_NODE		_IO(PMM_IOC, 0x12)

/* On a block fd */
#define PMM_IOC_BLOCK_INFO	_IO(PMM_IOC, 0x20)
#define PMM_IOC_BLOCK_ADOPT	_IO(PMM_IOC, 0x21)
#define PMM_IOC_BLOCK_HOME_FD	_IO(PMM_IOC, 0x22)
#define PMM_IOC_BLOCK_ALIAS	_IO(PMM_IOC, 0x23)
#define PMM_IOC_BLOCK_DMABUF	_IO(PMM_IOC, 0x24)
#define PMM_IOC_BLOCK_SYNC	_IO(PMM_IOC, 0x25)

/* pmm_version.caps: what this module can do */
#define PMM_CAP_ADOPT_SYSV	(1ULL << 0)	/* ADOPT takes SysV segments */
#define PMM_CAP_ADOPT_FILE	(1ULL << 1)	/* ADOPT takes tmpfs files and memfds */
#define PMM_CAP_HUGE		(1ULL << 2)	/* homes are made of 2 MiB folios */
#define PMM_CAP_ALIAS		(1ULL << 3)	/* ALIAS makes further names */
#define PMM_CAP_DMABUF		(1ULL << 4)	/* DMABUF makes dma-bufs */
#define PMM_CAP_MIGRATE		(1ULL << 5)	/* MIGRATE moves pages of processes */

/**
 * struct pmm_version - PMM_IOC_VERSION: what is behind /dev/pmm
 * @size: in: size of this structure
 * @flags: in: zero
 * @abi: out: PMM_ABI of the module
 * @page_size: out: granularity of sizes and alignments, in bytes
 * @caps: out: PMM_CAP_* bits
 * @release: out: version of the module
 */
struct pmm_version {
	__u32 size;
	__u32 flags;
	__u32 abi;
	__u32 page_size;
	__aligned_u64 caps;
	char release[PMM_NAME_LEN];
};

/* pmm_type.caps: what a type's memory is */
#define PMM_TYPE_RAM		(1ULL << 0)	/* system RAM, contiguous in each block */
#define PMM_TYPE_DEVICE		(1ULL << 1)	/* memory that is on a device */
#define PMM_TYPE_MAPPABLE	(1ULL << 2)	/* programs may map its blocks */
#define PMM_TYPE_SYNC		(1ULL << 3)	/* needs cache maintenance */
#define PMM_TYPE_MIGRATE	(1ULL << 4)	/* has no blocks, see PMM_IOC_MIGRATE */

/**
 * struct pmm_type_info - PMM_IOC_TYPE: one type of memory
 * @size: in: size of this structure
 * @flags: in: zero
 * @index: in: 0 for the first type; ENOENT past the last one.  The order is that
 *	in which they came; when one goes, those behind it move up.
 * @reserved: in: zero
 * @caps: out: PMM_TYPE_* bits
 * @min_align: out: smallest alignment of a block, in bytes
 * @max_align: out: largest alignment of a block, in bytes
 * @total: out: size of the pool, in bytes
 * @free: out: bytes not in any block and not in quarantine
 * @largest_free: out: the longest free range, in bytes
 * @quarantined: out: bytes of freed blocks that somebody still pins
 * @retired: out: bytes taken out of use after memory errors
 * @blocks: out: number of live blocks
 * @name: out: the type's name
 * @allocator: out: name of its allocator
 * @limit: out: all its memory is below this physical address; ~0 if it may be
 *	anywhere
 * @dirty: out: bytes of @free that are still to be zeroed; until then
 *	@largest_free may be less than what an allocation can get
 */
struct pmm_type_info {
	__u32 size;
	__u32 flags;
	__u32 index;
	__u32 reserved;
	__aligned_u64 caps;
	__aligned_u64 min_align;
	__aligned_u64 max_align;
	__aligned_u64 total;
	__aligned_u64 free;
	__aligned_u64 largest_free;
	__aligned_u64 quarantined;
	__aligned_u64 retired;
	__aligned_u64 blocks;
	char name[PMM_NAME_LEN];
	char allocator[PMM_NAME_LEN];
	__aligned_u64 limit;
	__aligned_u64 dirty;
};

/* pmm_alloc.reason: why an allocation failed */
#define PMM_REASON_NONE		0
#define PMM_REASON_EXHAUSTED	1	/* fewer free bytes than asked for */
#define PMM_REASON_FRAGMENTED	2	/* enough free bytes, no range as long */
#define PMM_REASON_ALIGNMENT	3	/* ranges as long, none at that alignment */
#define PMM_REASON_QUOTA	4	/* the caller's quota */
#define PMM_REASON_TYPE		5	/* no type of that name, or with those bits */
#define PMM_REASON_KERNEL	6	/* no kernel memory for bookkeeping */
#define PMM_REASON_QUARANTINE	7	/* would fit, were quarantined blocks not pinned */
#define PMM_REASON_MASK		8	/* a driver's device cannot use that memory */
#define PMM_REASON_RESERVE	9	/* all users together would use up the reserve */

/**
 * struct pmm_alloc - PMM_IOC_ALLOC: allocate a block
 * @size: in: size of this structure
 * @flags: in: zero
 * @length: in: size of the block in bytes; rounded up to whole pages
 * @align: in: alignment of its physical address in bytes, a power of two, or 0
 *	for the natural one (2 MiB for blocks of 2 MiB and more, else a page);
 *	rounded up to the type's smallest
 * @type: in: name of the type, or empty: see @caps
 * @reason: out: PMM_REASON_* when the call fails, else PMM_REASON_NONE
 * @reserved: in: zero
 * @id: out: the block's number, unique until the module is unloaded
 * @actual: out: size of the block in bytes
 * @total: out: size of the type's pool, in bytes
 * @free: out: free bytes in the pool, at the time of a failure
 * @largest_free: out: longest free range in bytes, at the time of a failure
 * @quota: out: what the caller may have in all of this type, in bytes; ~0 if
 *	unlimited, as it is with CAP_SYS_RESOURCE.  In a user namespace, that
 *	of its owner if less of it is left.
 * @quota_used: out: how much of it is used, in bytes, this block included
 * @caps: in: PMM_TYPE_* bits that the type must have, or 0.  With an empty @type,
 *	0 means the default type, which is the first one; otherwise the types
 *	that have all these bits are tried in the order of PMM_IOC_TYPE, and the
 *	first with room is taken.
 * @chosen: out: name of the block's type; when the call fails, of the type that
 *	@reason and the figures are about: of those tried, the closest to
 *	having room
 *
 * Returns a block fd, close-on-exec.  The memory reads as zeroes.  The out
 * fields are written when the call fails with ENOMEM, EDQUOT or ENOENT, too.
 * EOPNOTSUPP for a type with PMM_TYPE_MIGRATE, which has no blocks.
 */
struct pmm_alloc {
	__u32 size;
	__u32 flags;
	__aligned_u64 length;
	__aligned_u64 align;
	char type[PMM_NAME_LEN];
	__u32 reason;
	__u32 reserved;
	__aligned_u64 id;
	__aligned_u64 actual;
	__aligned_u64 total;
	__aligned_u64 free;
	__aligned_u64 largest_free;
	__aligned_u64 quota;
	__aligned_u64 quota_used;
	__aligned_u64 caps;
	char chosen[PMM_NAME_LEN];
};

/* pmm_quota.flags: exactly one */
#define PMM_QUOTA_GET		(1U << 0)	/* only look */
#define PMM_QUOTA_SET		(1U << 1)	/* set the user's limit */
#define PMM_QUOTA_RESET		(1U << 2)	/* back to the default limit */

/* pmm_quota.uid: whoever calls */
#define PMM_QUOTA_SELF		(~0U)

/**
 * struct pmm_quota - PMM_IOC_QUOTA: what a user may have of a type
 * @size: in: size of this structure
 * @flags: in: PMM_QUOTA_GET, PMM_QUOTA_SET or PMM_QUOTA_RESET
 * @uid: in: the user, in the caller's user namespace, or PMM_QUOTA_SELF
 * @reserved: in: zero
 * @type: in: name of the type, or empty for the default
 * @bytes: in: for PMM_QUOTA_SET the limit in bytes, rounded down to whole pages,
 *	or ~0 for none; else zero.  out: the limit as it is now
 * @used: out: what is charged to the user, in bytes
 * @all_limit: out: what all users without CAP_SYS_RESOURCE may have together
 * @all_used: out: what they have
 *
 * Everybody may look at his own; EPERM for anything else without
 * CAP_SYS_RESOURCE in the initial user namespace.  A limit below what is used
 * takes nothing away.  EINVAL when the namespace has no such user.
 */
struct pmm_quota {
	__u32 size;
	__u32 flags;
	__u32 uid;
	__u32 reserved;
	char type[PMM_NAME_LEN];
	__aligned_u64 bytes;
	__aligned_u64 used;
	__aligned_u64 all_limit;
	__aligned_u64 all_used;
};

/* pmm_resize.reason: why a pool does not have the size that was asked for */
#define PMM_RESIZE_NONE		0	/* it has */
#define PMM_RESIZE_IN_USE	1	/* no free 2 MiB are left to give back */
#define PMM_RESIZE_NO_MEMORY	2	/* the kernel cannot free as much */
#define PMM_RESIZE_RESERVE	3	/* it would leave the machine too little */

/**
 * struct pmm_resize - PMM_IOC_RESIZE: grow or shrink a pool of system RAM
 * @size: in: size of this structure
 * @flags: in: zero
 * @type: in: name of the type, or empty for the default
 * @total: in: size that the pool is to have, in bytes; rounded up to what the
 *	kernel moves as a whole, 2 MiB
 * @actual: out: size that it has now, in bytes
 * @reason: out: PMM_RESIZE_*, why that is not @total, or PMM_RESIZE_NONE
 * @reserved: in: zero
 *
 * Blocks are not touched: shrinking gives back what is free, the smallest pieces
 * first, and goes as far as that goes; growing goes as far as the kernel can move
 * its own things out of the way.  EBUSY (shrinking) and ENOMEM (growing) when
 * that was not all the way; @actual and @reason are written then, too.  EPERM
 * without CAP_SYS_ADMIN, ENOENT when there is no such type, EOPNOTSUPP for one
 * of a driver.  EINTR when killed, with the pool of some size in between.
 */
struct pmm_resize {
	__u32 size;
	__u32 flags;
	char type[PMM_NAME_LEN];
	__aligned_u64 total;
	__aligned_u64 actual;
	__u32 reason;
	__u32 reserved;
};

/* pmm_migrate.flags */
#define PMM_MIGRATE_MEM		(1U << 0)	/* another process's memory */

/* pmm_migrate.reason: why not all of the range is where it was to go */
#define PMM_MIGRATE_NONE	0	/* it is, or a signal came */
#define PMM_MIGRATE_UNMAPPED	1	/* there is no memory at some address */
#define PMM_MIGRATE_UNFIT	2	/* not ordinary memory: a file's or a device's */
#define PMM_MIGRATE_SHARED	3	/* other processes have the same pages */
#define PMM_MIGRATE_LARGE	4	/* part of a huge page that cannot be split */
#define PMM_MIGRATE_BUSY	5	/* pinned, or in use just then */
#define PMM_MIGRATE_NO_ROOM	6	/* the type has no free memory */
#define PMM_MIGRATE_QUOTA	7	/* the caller's quota */
#define PMM_MIGRATE_RESERVE	8	/* all users together would use up the reserve */
#define PMM_MIGRATE_NO_MEMORY	9	/* the kernel has no free memory */

/**
 * struct pmm_migrate - PMM_IOC_MIGRATE: move a process's pages
 * @size: in: size of this structure
 * @flags: in: PMM_MIGRATE_MEM
 * @address: in: where the memory begins
 * @length: in: how much it is, in bytes.  All pages are moved that have any of it.
 * @type: in: name of a type with PMM_TYPE_MIGRATE, where to move it; or empty, to
 *	move it back to system RAM
 * @mem_fd: in: with PMM_MIGRATE_MEM, /proc/PID/mem of the process, which can be
 *	opened by whoever may ptrace it; else zero
 * @reason: out: PMM_MIGRATE_*; if the call ended early, why; else the first that was
 *	met
 * @reserved: in: zero
 * @moved: out: bytes that were moved; like all the following, of whole pages
 * @there: out: bytes that were there already.  When moving back, those without
 *	memory, or in swap, count here, too.
 * @unmapped: out: bytes where nothing is mapped
 * @unfit: out: bytes of mappings of files, shared memory, huge pages of hugetlbfs and
 *	devices
 * @shared: out: bytes that other processes have, too, since a fork or by KSM
 * @large: out: bytes in huge pages that are mapped in pieces; madvise(MADV_COLD) of
 *	each page splits them
 * @busy: out: bytes that were pinned, locked, or not to be had, several times over
 * @left: out: bytes at the end, or in between, when there was no room or a signal
 *	came
 *
 * The addresses stay the same, and so do the contents: whoever touches a page that
 * is on its way waits for it.  Only private anonymous memory can be moved: what
 * malloc() gives, stacks.  What was never touched becomes zeroed memory there.  The
 * out fields are written, and add up to the whole range, also when the call fails
 * with one of
 *
 *	EINTR		a signal came; call again for what is left
 *	EFAULT		PMM_MIGRATE_UNMAPPED
 *	EOPNOTSUPP	PMM_MIGRATE_UNFIT
 *	EBUSY		PMM_MIGRATE_SHARED, _LARGE or _BUSY
 *	ENOMEM		PMM_MIGRATE_NO_ROOM, _RESERVE or _NO_MEMORY
 *	EDQUOT		PMM_MIGRATE_QUOTA
 *
 * which is whenever not all of it is there.  ENOENT when there is no such type,
 * ENODEV when its memory is for blocks, EBADF when @mem_fd is not /proc/PID/mem,
 * ESRCH when that process has gone.
 *
 * Pages in a type are charged to the user who moved them there, until they are
 * freed, which is when they are unmapped, moved back, or their process ends, and
 * go on to be charged to the memory control group they were in.  They are neither
 * swapped nor reclaimed.
 */
struct pmm_migrate {
	__u32 size;
	__u32 flags;
	__aligned_u64 address;
	__aligned_u64 length;
	char type[PMM_NAME_LEN];
	__s32 mem_fd;
	__u32 reason;
	__aligned_u64 reserved;
	__aligned_u64 moved;
	__aligned_u64 there;
	__aligned_u64 unmapped;
	__aligned_u64 unfit;
	__aligned_u64 shared;
	__aligned_u64 large;
	__aligned_u64 busy;
	__aligned_u64 left;
};

/* pmm_online.node: one without processors and without memory */
#define PMM_NODE_ANY		(-1)

/* pmm_online.reason: why memory did not become a node's */
#define PMM_ONLINE_NONE		0	/* it did */
#define PMM_ONLINE_BLOCKS	1	/* the type has blocks, or pages of processes */
#define PMM_ONLINE_ALREADY	2	/* it is a node's already */
#define PMM_ONLINE_SIZE		3	/* it has no @block_size aligned bytes there */
#define PMM_ONLINE_NODE		4	/* there is no such node, or none to choose */
#define PMM_ONLINE_KERNEL	5	/* the kernel does not take it; see its log */
#define PMM_ONLINE_ERRORS	6	/* some of it had memory errors */

/**
 * struct pmm_online - PMM_IOC_ONLINE: hand a type's memory to the kernel
 * @size: in: size of this structure
 * @flags: in: zero
 * @type: in: name of a type: a region of RAM or of a device
 * @node: in: number of the node it is to belong to, or PMM_NODE_ANY.  out: of the
 *	one that it does
 * @reason: out: PMM_ONLINE_* when the call fails with EBUSY, EINVAL, ENODEV or EIO
 * @offset: in: first byte of the part to be handed over.  out: of what was
 * @length: in: its size in bytes, or 0 for all behind @offset.  out: of what was
 * @block_size: out: size of the kernel's memory blocks, in bytes.  Only whole
 *	ones, aligned, can be handed over; what is left over stays unused
 * @first: out: for callers with CAP_SYS_RAWIO the number of the first memory
 *	block, that of /sys/devices/system/memory/memoryN, else 0
 *
 * The type leaves the list of types until PMM_IOC_OFFLINE.  Its memory becomes that
 * of a NUMA node, which any program can use; but nobody does before each of the
 * @length / @block_size memory blocks from @first on got "online_movable" written
 * to its state.  Anything else but "offline" is refused by the module: it would
 * let the kernel put there what can never be moved elsewhere again.
 *
 * EPERM without CAP_SYS_ADMIN; ENOENT when there is no such type; EOPNOTSUPP
 * when the type is not a region, or the kernel has no memory hotplug; EBUSY for
 * PMM_ONLINE_BLOCKS and PMM_ONLINE_ALREADY, in which case the out fields tell
 * where it is; EINVAL for PMM_ONLINE_SIZE; ENODEV for PMM_ONLINE_NODE; EIO for
 * PMM_ONLINE_KERNEL and PMM_ONLINE_ERRORS; EINTR when killed.  Whenever it fails, all is as before.
 */
struct pmm_online {
	__u32 size;
	__u32 flags;
	char type[PMM_NAME_LEN];
	__s32 node;
	__u32 reason;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 block_size;
	__aligned_u64 first;
};

/* How many pages PMM_IOC_OFFLINE names. */
#define PMM_OFFLINE_PAGES	4

/**
 * struct pmm_offline - PMM_IOC_OFFLINE: take a type's memory back from the kernel
 * @size: in: size of this structure
 * @flags: in: zero
 * @type: in: its name
 * @timeout_ms: in: for how long to try, in milliseconds; 0 for 30 seconds
 * @reserved: in: zero
 * @used: out: when it fails with EBUSY: bytes of it that are in use
 * @pinned: out: those of them that somebody holds besides what is known of: a
 *	device, or a program by way of O_DIRECT, io_uring, vmsplice
 * @unmovable: out: those that the kernel cannot move for other reasons
 * @pages: out: for callers with CAP_SYS_RAWIO the physical addresses of the first
 *	pages that are @pinned or @unmovable, else 0
 *
 * What is in it is moved elsewhere.  Then it is a type again, with a pool that is
 * zeroed.  EPERM without CAP_SYS_ADMIN; ENOENT when no type of that name is a
 * node's; EBUSY when some of it could not be moved in time, be it that there is no
 * room elsewhere; ENOMEM; EINTR when killed.  Whenever it fails, all of it is as before.
 */
struct pmm_offline {
	__u32 size;
	__u32 flags;
	char type[PMM_NAME_LEN];
	__u32 timeout_ms;
	__u32 reserved;
	__aligned_u64 used;
	__aligned_u64 pinned;
	__aligned_u64 unmovable;
	__aligned_u64 pages[PMM_OFFLINE_PAGES];
};

/**
 * struct pmm_node_info - PMM_IOC_NODE: a type whose memory is a node's
 * @size: in: size of this structure
 * @flags: in: zero
 * @index: in: 0 for the first; ENOENT past the last one
 * @node: out: number of the node
 * @type: out: name of the type
 * @offset: out: first byte of it that is the node's
 * @length: out: how many are
 * @online: out: those of them that programs can use
 * @block_size: out: size of the kernel's memory blocks, in bytes
 * @first: out: as in struct pmm_online
 */
struct pmm_node_info {
	__u32 size;
	__u32 flags;
	__u32 index;
	__s32 node;
	char type[PMM_NAME_LEN];
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 online;
	__aligned_u64 block_size;
	__aligned_u64 first;
};

/* pmm_find.flags: exactly one */
#define PMM_FIND_ADDRESS	(1U << 0)	/* by an address in the caller's memory */
#define PMM_FIND_FD		(1U << 1)	/* by an open file */

/**
 * struct pmm_find - PMM_IOC_FIND: get a block from one of its names
 * @size: in: size of this structure
 * @flags: in: PMM_FIND_ADDRESS or PMM_FIND_FD
 * @address: in: an address inside a mapping, for PMM_FIND_ADDRESS; else zero
 * @fd: in: a home's file or a block fd, for PMM_FIND_FD; else zero
 * @reserved: in: zero
 * @offset: out: position of the address in the block, in bytes
 * @id: out: the block's number
 *
 * Returns a block fd with the rights of that mapping or fd and no more: a
 * mapping that is private, or cannot be made writable, and an fd that is not
 * open for writing give a read-only block fd, which refuses ADOPT and writable
 * mappings.  EACCES when the fd is not open for reading; ENOENT when the memory
 * there is not a block's.
 */
struct pmm_find {
	__u32 size;
	__u32 flags;
	__aligned_u64 address;
	__s32 fd;
	__u32 reserved;
	__aligned_u64 offset;
	__aligned_u64 id;
};

/* pmm_block_info.state */
#define PMM_BLOCK_READONLY	(1ULL << 0)	/* this fd grants reading only */
#define PMM_BLOCK_HOME		(1ULL << 1)	/* the block has a home */
#define PMM_BLOCK_HOME_PRIVATE	(1ULL << 2)	/* ... made by the module */
#define PMM_BLOCK_HOME_SYSV	(1ULL << 3)	/* ... adopted: a SysV segment */
#define PMM_BLOCK_HOME_FILE	(1ULL << 4)	/* ... adopted: a tmpfs file or memfd */
#define PMM_BLOCK_SEALED	(1ULL << 5)	/* its size can no longer change */
#define PMM_BLOCK_INCOMPLETE	(1ULL << 6)	/* pages were punched out of the home */
#define PMM_BLOCK_POISONED	(1ULL << 7)	/* a page had a memory error */
#define PMM_BLOCK_GONE		(1ULL << 8)	/* the driver took its memory back */

/**
 * struct pmm_block_info - PMM_IOC_BLOCK_INFO: what a block is
 * @size: in: size of this structure
 * @flags: in: zero
 * @id: out: the block's number
 * @length: out: its size in bytes
 * @align: out: alignment of its physical address, as asked for or the natural
 *	one, in bytes
 * @phys: out: its physical address for callers with CAP_SYS_RAWIO, else 0
 * @state: out: PMM_BLOCK_* bits
 * @home_ino: out: inode number of the home; for a SysV segment, its shmid
 * @huge: out: bytes of the home that are 2 MiB folios
 * @holders: out: holders other than the home: open block fds, aliases, drivers
 * @uid: out: user who allocated it, in the caller's user namespace
 * @reserved: in: zero
 * @type: out: name of its type
 * @aliases: out: number of files that ALIAS made names of it
 */
struct pmm_block_info {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__aligned_u64 length;
	__aligned_u64 align;
	__aligned_u64 phys;
	__aligned_u64 state;
	__aligned_u64 home_ino;
	__aligned_u64 huge;
	__aligned_u64 holders;
	__u32 uid;
	__u32 reserved;
	char type[PMM_NAME_LEN];
	__aligned_u64 aliases;
};

/* pmm_block_adopt.flags */
#define PMM_ADOPT_SEAL		(1U << 0)	/* fix the file's size (SysV: always) */

/**
 * struct pmm_block_adopt - PMM_IOC_BLOCK_ADOPT: make a segment the block's home
 * @size: in: size of this structure
 * @flags: in: PMM_ADOPT_SEAL
 * @address: in: start of a shared, writable mapping of the whole of a System V
 *	segment, tmpfs file or memfd of the block's size, never touched so far
 *
 * From then on the segment's memory is the block.  EBUSY when the block has a
 * home already, or the segment holds pages (make a new one and try again);
 * EINVAL when the sizes differ, the mapping is not shared or does not start at
 * offset 0, or the file is not on tmpfs (hugetlb is not); EACCES when it is
 * not writable; EPERM when it is not the caller's, is sealed against writing, or
 * is sealed against growing but not shrinking; EOPNOTSUPP for anonymous shared
 * memory and for files of a file system stacked on tmpfs.  A file that is not
 * to be sealed needs a page of its own for a moment: EFBIG, ENOSPC, ENOMEM.
 */
struct pmm_block_adopt {
	__u32 size;
	__u32 flags;
	__aligned_u64 address;
};

/* pmm_block_home_fd.flags */
#define PMM_HOME_RDONLY		(1U << 0)	/* for reading only */

/**
 * struct pmm_block_home_fd - PMM_IOC_BLOCK_HOME_FD: open the block's home
 * @size: in: size of this structure
 * @flags: in: PMM_HOME_RDONLY
 *
 * Returns an ordinary tmpfs fd, close-on-exec, with the block's size: it can
 * be mapped, read, written, sent over a socket.  The block gets a private home
 * if it has none.  EOPNOTSUPP when the home is a file of a mounted file system:
 * open that by its own name.  EBUSY while the block is being adopted.  EACCES on
 * a read-only block fd, for writing, or if the caller could open the file again
 * for writing through /proc.
 *
 * mmap() of a block fd makes a private home in the same way, and fails in the
 * same way; EINVAL when it reaches past the end of the block.  EOPNOTSUPP, too,
 * for a type without PMM_TYPE_MAPPABLE.
 */
struct pmm_block_home_fd {
	__u32 size;
	__u32 flags;
};

/**
 * struct pmm_block_alias - PMM_IOC_BLOCK_ALIAS: make a file a name of the block
 * @size: in: size of this structure
 * @flags: in: zero
 * @fd: in: an empty tmpfs file of the block's size, open for writing, without a
 *	name so far: opened with O_TMPFILE, sized, and linked afterwards
 * @reserved: in: zero
 *
 * Whoever opens the file from then on gets the block's memory.  The file's size
 * is sealed, and it cannot be executed.  The block gets a private home if it has
 * none.  What the file was opened as before the call remains an ordinary file,
 * @fd included.  EBUSY when it holds pages, is mapped, or is a home or an alias
 * already; EINVAL when it is not a tmpfs file, or of another size (up to a page
 * less is fine); EPERM when it is not the caller's; EACCES when it or the block fd
 * is not open for writing; EOPNOTSUPP for memfds that can be sealed and files of
 * a file system stacked on tmpfs, and when the block's home is a file of a mounted
 * file system, which an alias would keep from being unmounted.
 */
struct pmm_block_alias {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 reserved;
};

/**
 * struct pmm_block_dmabuf - PMM_IOC_BLOCK_DMABUF: make a dma-buf of the block
 * @size: in: size of this structure
 * @flags: in: zero
 *
 * Returns a dma-buf fd, close-on-exec, which holds the block as a block fd does.
 * Drivers that import it get the block in one piece; a device that cannot reach
 * all of it is refused (ERANGE).  EACCES on a read-only block fd; EOPNOTSUPP on
 * kernels without dma-bufs.
 */
struct pmm_block_dmabuf {
	__u32 size;
	__u32 flags;
};

/* pmm_block_sync.flags: one of BEGIN and END, and at least one of READ and WRITE */
#define PMM_SYNC_READ		(1U << 0)	/* the CPU is going to read, or has */
#define PMM_SYNC_WRITE		(1U << 1)	/* the CPU is going to write, or has */
#define PMM_SYNC_BEGIN		(1U << 2)	/* before the CPU's access */
#define PMM_SYNC_END		(1U << 3)	/* after it */

/**
 * struct pmm_block_sync - PMM_IOC_BLOCK_SYNC: CPU and devices take turns
 * @size: in: size of this structure
 * @flags: in: PMM_SYNC_*
 * @offset: in: where in the block, in bytes
 * @length: in: how much, in bytes
 *
 * To be called around accesses by the CPU to what a device reads or writes, as
 * with DMA_BUF_IOCTL_SYNC.  Where devices see what the CPU sees, as on x86, there
 * is nothing to do, and a program that calls it will work elsewhere.  EINVAL if
 * the range is not inside the block; EACCES for writing on a read-only block fd;
 * EOPNOTSUPP for memory with PMM_TYPE_SYNC, whose driver has to do this.
 */
struct pmm_block_sync {
	__u32 size;
	__u32 flags;
	__aligned_u64 offset;
	__aligned_u64 length;
};

#endif /* _UAPI_LINUX_PMM_H */
