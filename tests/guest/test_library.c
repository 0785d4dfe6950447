// SPDX-License-Identifier: GPL-2.0-only
/*
 * libpmmshm: blocks of all sizes, with a segment, without, under a key.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "library.h"

#define OPTS(...)	(&(struct pmmshm_alloc_opts){			\
				.size = sizeof(struct pmmshm_alloc_opts), \
				__VA_ARGS__ })

static void check_block(struct pmmshm_block *b, size_t size)
{
	struct pmmshm_block_info info;
	void *data = pmmshm_block_data(b);

	EXPECT_EQ(pmmshm_block_get_info(b, &info), 0);
	EXPECT_EQ(info.length, size);
	EXPECT_EQ(pmmshm_block_size(b), size);
	EXPECT_EQ(info.uid, getuid());
	EXPECT_EQ(info.shmid, pmmshm_block_shmid(b));
	EXPECT(!strcmp(info.type, "general"));
	EXPECT(zeroed(data, size));
	EXPECT(maps_block(data, size, info.phys / PAGE));
	fill(data, size, info.id);
	EXPECT(filled(data, size, info.id));
	if (size >= HUGE_PAGE)
		EXPECT_EQ((uintptr_t)data % HUGE_PAGE, 0);
}

static void with_segment(size_t size)
{
	struct pmmshm_block *b = EXPECT_GOT(pmmshm_block_alloc(pmm, size, NULL));
	struct pmmshm_block_info info;
	int shmid = pmmshm_block_shmid(b);
	struct shmid_ds ds;

	check_block(b, size);
	EXPECT_EQ(pmmshm_block_get_info(b, &info), 0);
	EXPECT_EQ(info.state, PMMSHM_STATE_HOME | PMMSHM_STATE_SYSV |
		  PMMSHM_STATE_SEALED);
	EXPECT_EQ(info.huge, size & ~(HUGE_PAGE - 1));
	EXPECT_OK(shmctl(shmid, IPC_STAT, &ds));
	EXPECT_EQ(ds.shm_perm.mode, 0600 | SHM_DEST);
	EXPECT_EQ(ds.shm_nattch, 1);
	EXPECT_EQ(ds.shm_segsz, size);
	pmmshm_block_free(b);
	EXPECT(!segment_exists(shmid));
}

static void without_segment(size_t size)
{
	struct pmmshm_block *b;

	b = EXPECT_GOT(pmmshm_block_alloc(pmm, size,
					  OPTS(.flags = PMMSHM_NO_SEGMENT)));
	EXPECT_EQ(pmmshm_block_shmid(b), -1);
	check_block(b, size);
	pmmshm_block_free(b);
}

static void sizes(void)
{
	static const size_t all[] = {
		4 * KIB, 8 * KIB, 64 * KIB, MIB, 2 * MIB, 3 * MIB, 4 * MIB,
		16 * MIB, 64 * MIB,
	};
	struct pmmshm_type_info type;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		wait_pool_whole(10);
		EXPECT_EQ(pmmshm_type_get(pmm, 0, &type), 0);
		if (all[i] > type.largest_free) {
			printf("no room for %zu bytes\n", all[i]);
			continue;
		}
		with_segment(all[i]);
		wait_pool_whole(10);
		without_segment(all[i]);
	}
}

static void odd_sizes_are_rounded_up(void)
{
	struct pmmshm_block *b = EXPECT_GOT(pmmshm_block_alloc(pmm, 1, NULL));

	EXPECT_EQ(pmmshm_block_size(b), PAGE);
	pmmshm_block_free(b);
	b = EXPECT_GOT(pmmshm_block_alloc(pmm, HUGE_PAGE + 1,
					  OPTS(.align = 4 * MIB)));
	EXPECT_EQ(pmmshm_block_size(b), HUGE_PAGE + PAGE);
	EXPECT_EQ(block_pfn(pmmshm_block_fd(b)) % (4 * MIB / PAGE), 0);
	check_block(b, HUGE_PAGE + PAGE);
	pmmshm_block_free(b);
}

/* The same memory by all ways that a handle offers. */
static void further_mappings(unsigned int flags)
{
	struct pmmshm_block *b;
	char *data, *again, *file;
	int fd;

	b = EXPECT_GOT(pmmshm_block_alloc(pmm, 4 * MIB, OPTS(.flags = flags)));
	data = pmmshm_block_data(b);
	again = EXPECT_GOT(pmmshm_block_map(b, PROT_READ));
	EXPECT_EQ((uintptr_t)again % HUGE_PAGE, 0);
	fd = pmmshm_block_home_fd(b, O_RDWR);
	EXPECT(fd >= 0);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(pmmshm_block_fd(b), F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(lseek(fd, 0, SEEK_END), 4 * MIB);
	file = map_shared(fd, 4 * MIB);
	EXPECT_EQ(pwrite(fd, "x", 1, 4 * MIB - 1), 1);
	EXPECT_EQ(data[4 * MIB - 1], 'x');
	EXPECT_EQ(again[4 * MIB - 1], 'x');
	data[0] = 'y';
	EXPECT_EQ(file[0], 'y');
	close(fd);

	/* Mappings hold the block by themselves. */
	pmmshm_block_free(b);
	EXPECT_EQ(again[4 * MIB - 1], 'x');
	EXPECT_EQ(file[0], 'y');
	EXPECT_OK(munmap(again, 4 * MIB));
	EXPECT_OK(munmap(file, 4 * MIB));
	wait_pool_whole(10);
}

static void child_writes(void *arg)
{
	struct pmmshm_block *b = arg;

	fill(pmmshm_block_data(b), pmmshm_block_size(b), 77);
	pmmshm_block_free(b);
}

static void fork_shares(void)
{
	struct pmmshm_block *b = EXPECT_GOT(pmmshm_block_alloc(pmm, 4 * MIB,
							       NULL));

	run_as(0, child_writes, b);
	EXPECT(filled(pmmshm_block_data(b), 4 * MIB, 77));
	EXPECT_EQ(segment_mode(pmmshm_block_shmid(b)), 0600 | SHM_DEST);
	pmmshm_block_free(b);
}

static void kept_segment(void)
{
	struct pmmshm_block *b;
	int shmid;

	b = EXPECT_GOT(pmmshm_block_alloc(pmm, 4 * MIB,
					  OPTS(.mode = 0640, .flags = PMMSHM_KEEP_SEGMENT)));
	shmid = pmmshm_block_shmid(b);
	fill(pmmshm_block_data(b), 4 * MIB, 5);
	pmmshm_block_free(b);
	EXPECT_EQ(segment_mode(shmid), 0640);
	EXPECT(!pool_whole());

	b = EXPECT_GOT(pmmshm_block_import_shmid(pmm, shmid, 0));
	EXPECT(filled(pmmshm_block_data(b), 4 * MIB, 5));
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	pmmshm_block_free(b);
	wait_pool_whole(10);
}

/* A program that has never heard of PMM */
static void child_uses_key(void *arg)
{
	key_t key = *(key_t *)arg;
	int shmid = EXPECT_OK(shmget(key, 0, 0));
	void *p = EXPECT_OK(shmat(shmid, NULL, SHM_RDONLY));

	EXPECT(filled(p, 4 * MIB, 6));
	EXPECT_ERRNO(shmat(shmid, NULL, 0), EACCES);
}

static void published_by_key(void)
{
	key_t key = EXPECT_OK(ftok("/proc/self/exe", 'L'));
	struct pmmshm_block *b;
	char text[64];
	int shmid;

	b = EXPECT_GOT(pmmshm_block_publish(pmm, 4 * MIB, key, 0644, NULL));
	shmid = pmmshm_block_shmid(b);
	EXPECT_EQ(segment_mode(shmid), 0644);
	EXPECT_EQ(shmget(key, 0, 0), shmid);
	fill(pmmshm_block_data(b), 4 * MIB, 6);
	run_as(NOBODY, child_uses_key, &key);

	snprintf(text, sizeof(text), "key 0x%08x is taken by segment %d;", key,
		 shmid);
	EXPECT_FAILS(pmmshm_block_publish(pmm, PAGE, key, 0600, NULL), EEXIST,
		     text);

	pmmshm_block_free(b);
	run_as(NOBODY, child_uses_key, &key);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_ERRNO(shmget(key, 0, 0), ENOENT);
	wait_pool_whole(10);
}

/* All of it again as a user who may do nothing but use an open /dev/pmm */
static void child_allocates(void *arg)
{
	struct pmmshm_block *b;

	(void)arg;
	b = EXPECT_GOT(pmmshm_block_alloc(pmm, 4 * MIB, OPTS(.mode = 0666)));
	EXPECT_EQ(segment_mode(pmmshm_block_shmid(b)), 0666 | SHM_DEST);
	EXPECT_EQ(segment_owner(pmmshm_block_shmid(b)), getuid());
	fill(pmmshm_block_data(b), 4 * MIB, 1);
	pmmshm_block_free(b);
	b = EXPECT_GOT(pmmshm_block_publish(pmm, 4 * MIB, 0x504d4d, 0640, NULL));
	EXPECT_EQ(segment_mode(pmmshm_block_shmid(b)), 0640);
	EXPECT_OK(shmctl(pmmshm_block_shmid(b), IPC_RMID, NULL));
	pmmshm_block_free(b);
}

static void others_allocate(void *arg)
{
	(void)arg;
	run_as(NOBODY, child_allocates, NULL);
	wait_pool_whole(10);
}

/* Where the kernel does not choose good addresses by itself */
static void without_good_addresses(void *arg)
{
	(void)arg;
	sizes();
	further_mappings(0);
	further_mappings(PMMSHM_NO_SEGMENT);
}

int main(void)
{
	library_open();
	sizes();
	odd_sizes_are_rounded_up();
	further_mappings(0);
	further_mappings(PMMSHM_NO_SEGMENT);
	with_setting("/sys/kernel/mm/transparent_hugepage/shmem_enabled",
		     "never", without_good_addresses, NULL);
	fork_shares();
	kept_segment();
	published_by_key();
	others_allocate(NULL);
	/* Segments that nobody has attached are removed at once then. */
	with_setting("/proc/sys/kernel/shm_rmid_forced", "1", others_allocate,
		     NULL);
	library_close();
	return 0;
}
