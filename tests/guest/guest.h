/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guest tests share: blocks, segments that become their homes, a look
 * at pages from outside, and expectations.
 *
 * A test is a program that runs as root in a guest.  Whatever fails prints where
 * and why and ends it, so functions here return only what is good, except those
 * named try_*, which return -1 with errno for the test to look at.
 */
#ifndef PMM_TEST_GUEST_H
#define PMM_TEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <linux/pmm.h>

#define KIB		(1UL << 10)
#define MIB		(1UL << 20)
#define PAGE		4096UL
#define HUGE_PAGE	(2 * MIB)
#define NOBODY		65534

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- expectations: at the first that does not hold, the test fails ---- */

/* True. */
#define EXPECT(cond)							\
	do {								\
		if (!(cond))						\
			guest_fail(__FILE__, __LINE__, #cond);		\
	} while (0)

/* Equal, as numbers; both are shown when they differ. */
#define EXPECT_EQ(a, b)							\
	do {								\
		long long a_ = (long long)(a), b_ = (long long)(b);	\
		if (a_ != b_)						\
			guest_fail_eq(__FILE__, __LINE__, #a, #b, a_, b_); \
	} while (0)

/* A call that does not return -1.  The value is that of the call. */
#define EXPECT_OK(call)							\
	({								\
		errno = 0;						\
		__typeof__(call) r_ = (call);				\
		if (r_ == (__typeof__(call))-1)				\
			guest_fail(__FILE__, __LINE__, #call);		\
		r_;							\
	})

/* A call that returns -1 with this errno. */
#define EXPECT_ERRNO(call, err)						\
	do {								\
		errno = 0;						\
		__typeof__(call) r_ = (call);				\
		if (r_ != (__typeof__(call))-1 || errno != (err))	\
			guest_fail_errno(__FILE__, __LINE__, #call, #err, \
					 r_ != (__typeof__(call))-1);	\
	} while (0)

void guest_fail(const char *file, int line, const char *what)
	__attribute__((noreturn));
void guest_fail_eq(const char *file, int line, const char *a, const char *b,
		   long long va, long long vb) __attribute__((noreturn));
void guest_fail_errno(const char *file, int line, const char *what,
		      const char *err, bool succeeded)
	__attribute__((noreturn));

/* This cannot be tested here, and why: ends the test with status 77. */
void guest_skip(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* ---- /dev/pmm ---- */

/* One fd of /dev/pmm for the whole program; children inherit it. */
int pmm_fd(void);

/* A block fd.  The alignment is the natural one. */
int block_alloc(size_t size);
/* ... with all of the answer in @a, whose in fields the caller has set. */
int try_block_alloc(struct pmm_alloc *a);
void block_info(int block, struct pmm_block_info *info);
uint64_t block_id(int block);
/* First page frame number. */
uint64_t block_pfn(int block);
/* The state bits, PMM_BLOCK_*. */
uint64_t block_state(int block);
/* Map the whole block, shared. */
void *block_map(int block, size_t size);

int try_block_adopt(int block, void *address, uint32_t flags);
int try_block_home_fd(int block, uint32_t flags);
int try_block_dmabuf(int block);
/* New block fds. */
int try_find_address(const void *address);
int try_find_fd(int fd);

/* ---- memory that can become a home: mapped, shared, never touched ---- */

void *segment_sysv(size_t size, int mode, int *shmid);
/*
 * Whoever is killed between shmget() and the mark that ends a segment with its
 * last attachment leaves one that is empty.  Remove these; how many there were.
 */
int segments_remove_empty(void);
void *segment_memfd(size_t size, unsigned int memfd_flags, int *fd);
/* A file without a name in @dir, which is on tmpfs. */
void *segment_tmpfile(const char *dir, size_t size, int *fd);
/* Map the whole of an open file, shared, readable and writable. */
void *map_shared(int fd, size_t size);
/* Give the unnamed file @fd a name. */
void link_tmpfile(int fd, const char *path);

/* A block whose home is such a segment, in one step.  The block fd. */
int block_sysv(size_t size, int mode, int *shmid, void **address);
int block_memfd(size_t size, int *fd, void **address);
int block_tmpfile(const char *dir, size_t size, int *fd, void **address);

/* A block by the kind of its home, mapped; nothing but the mapping holds it. */
void *mapped_private(size_t size);
void *mapped_sysv(size_t size);
void *mapped_memfd(size_t size);

/* ---- contents ---- */

/* A pattern that differs in every word and for every seed, and its check. */
void fill(void *p, size_t size, uint64_t seed);
bool filled(const void *p, size_t size, uint64_t seed);
bool zeroed(const void *p, size_t size);
/* The i-th word of it. */
uint64_t pattern(uint64_t seed, size_t i);

/* ---- pages ---- */

/* What is mapped at an address, 0 if nothing is. */
uint64_t pfn_of(const void *address);
uint64_t pfn_of_pid(int pid, const void *address);
/* Touch every page, and see that they are the block's, in order. */
bool maps_block(const void *address, size_t size, uint64_t first_pfn);
/* Words of /proc/kpageflags (KPF_*) and /proc/kpagecount. */
uint64_t kpageflags(uint64_t pfn);
uint64_t kpagecount(uint64_t pfn);

/* ---- the pool, as /sys/kernel/debug/pmm shows it ---- */

struct pool {
	uint64_t total;
	uint64_t free;
	uint64_t largest_free;
	uint64_t quarantined;
	uint64_t retired;
	uint64_t blocks;
	uint64_t dirty;
};

/*
 * Of the default type, which is the first; of another, false if there is none.
 * When everything that is free is zeroed: only then the largest range is known.
 */
void pool_read(struct pool *pool);
bool pool_read_type(struct pool *pool, const char *type);
/* Is nothing alive or in quarantine, and everything not retired free? */
bool pool_whole(void);
/* Wait until it is, or fail the test after that many seconds. */
void wait_pool_whole(double seconds);
/* Wait until so many bytes are free, likewise. */
void wait_pool_free(uint64_t bytes, double seconds);
/* The line of a block in "blocks"; false if it has none. */
bool block_line(uint64_t id, char *line, size_t size);
/* Stop using /dev/pmm, remove the module; insert it again ($PMM_KO). */
void module_remove(void);
void module_insert(const char *args);
int try_module_remove(void);
int try_module_insert(const char *args);
/* The parameters it was loaded with, to insert it as it was. */
void module_parameters(char *args, size_t size);
/* The same for a driver of tests/kmod. */
void test_module_insert(const char *name, const char *args);
void test_module_remove(const char *name);
int try_test_module_insert(const char *name, const char *args);
int try_test_module_remove(const char *name);

/* ---- the rest of the machine ---- */

/* Open fds of this process. */
int fds_open(void);

double now(void);
void sleep_ms(unsigned int ms);
/* KiB from a line of /proc/meminfo, such as "Shmem". */
long meminfo(const char *name);
/* KiB of free pages, those included that a CPU keeps for its next request. */
long zones_free(void);
/* Write a string to a file of /proc or /sys. */
void write_file(const char *path, const char *text);
int try_write_file(const char *path, const char *text);
/* The first line of a file, without its end. */
void read_line(const char *path, char *line, size_t size);
/* The kernel log from now on, and whether a line of it has a text. */
int kmsg_open(void);
bool kmsg_has(int fd, const char *text);
/* Compressed swap in memory, of so many MiB; false if the kernel has none. */
bool swap_start(unsigned int mib);
void swap_stop(void);
/* Run on that CPU only. */
void run_on_cpu(int cpu);
int cpus(void);
/* A fresh tmpfs at a new directory, whose path is put in @dir (64 bytes). */
void tmpfs_mount(char *dir);
void tmpfs_unmount(const char *dir);

/* Run @fn in a child, as that user without any rights of root (0: as root). */
int child_start(unsigned int uid, void (*fn)(void *), void *arg);
/* Wait for a child, and fail if it did. */
void child_wait(int pid);
/* End it, whatever it does, and see it off. */
void child_kill(int pid);
/* Start and wait. */
void run_as(unsigned int uid, void (*fn)(void *), void *arg);

#endif /* PMM_TEST_GUEST_H */
