// SPDX-License-Identifier: GPL-2.0-only
/*
 * libpmmshm: which System V ids are PMM's, for root and for others; and segments
 * that are given to another owner.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "library.h"

#define SIZE	(2 * MIB + PAGE)
#define KEY	0x504d4d4c
#define MAX	64

struct list {
	unsigned int n;
	struct pmmshm_segment_info info[MAX];
};

static void list(struct list *l)
{
	unsigned int place = 0;

	l->n = 0;
	while (!pmmshm_segment_next(pmm, &place, &l->info[l->n]))
		EXPECT(++l->n < MAX);
	library_check_error(__FILE__, __LINE__, "pmmshm_segment_next", ENOENT,
			    "no further segment");
}

/* What the list says of one segment; fails if it is not there just once. */
static const struct pmmshm_segment_info *listed(const struct list *l, int shmid)
{
	const struct pmmshm_segment_info *found = NULL;
	unsigned int i;

	for (i = 0; i < l->n; i++) {
		if (l->info[i].shmid != shmid)
			continue;
		EXPECT(!found);
		found = &l->info[i];
	}
	EXPECT(found);
	return found;
}

static struct pmmshm_block *new_block(unsigned int flags, mode_t mode)
{
	struct pmmshm_alloc_opts opts = {
		.size = sizeof(opts), .flags = flags, .mode = mode,
	};

	return EXPECT_GOT(pmmshm_block_alloc(pmm, SIZE, &opts));
}

/* Segments of every kind, and which of them are blocks. */
struct segments {
	struct pmmshm_block *private, *kept, *keyed;
	int never_attached, ordinary;
	void *p;
};

static void check_listed(const struct list *l, struct pmmshm_block *b,
			 key_t key, mode_t mode, unsigned int flags,
			 unsigned int attached)
{
	const struct pmmshm_segment_info *info;

	info = listed(l, pmmshm_block_shmid(b));
	EXPECT_EQ(info->id, block_id(pmmshm_block_fd(b)));
	EXPECT_EQ(info->length, SIZE);
	EXPECT_EQ(info->key, key);
	EXPECT_EQ(info->mode, mode);
	EXPECT_EQ(info->flags, flags);
	EXPECT_EQ(info->attached, attached);
	EXPECT_EQ(info->uid, 0);
	EXPECT_EQ(info->gid, 0);
}

/* The others leave no trace of having been looked at. */
static void check_ordinary(const struct segments *s)
{
	struct shmid_ds ds;

	EXPECT_OK(shmctl(s->never_attached, IPC_STAT, &ds));
	EXPECT_EQ(ds.shm_atime, 0);
	EXPECT_EQ(ds.shm_nattch, 0);
	EXPECT_OK(shmctl(s->ordinary, IPC_STAT, &ds));
	EXPECT_EQ(ds.shm_nattch, 1);
}

static void child_lists(void *arg)
{
	struct segments *s = arg;
	struct list l;

	list(&l);
	EXPECT_EQ(l.n, 1);
	/* Its parent has it attached, too. */
	check_listed(&l, s->keyed, KEY, 0644, 0, 2);
}

/* In another IPC namespace there are other segments. */
static void child_elsewhere(void *arg)
{
	struct segments *s = arg;
	struct list l;
	int shmid;

	EXPECT_OK(unshare(CLONE_NEWIPC));
	list(&l);
	EXPECT_EQ(l.n, 0);
	EXPECT_FAILS(pmmshm_block_import_shmid(pmm, pmmshm_block_shmid(s->keyed),
					       0), EINVAL, "there is no segment");
	shmid = pmmshm_block_shmid(new_block(0, 0600));
	list(&l);
	EXPECT_EQ(l.n, 1);
	EXPECT_EQ(listed(&l, shmid)->attached, 1);
}

static void create(struct segments *s)
{
	s->never_attached = EXPECT_OK(shmget(IPC_PRIVATE, SIZE, 0666));
	s->private = new_block(0, 0600);
	s->p = segment_sysv(SIZE, 0666, &s->ordinary);
	s->kept = new_block(PMMSHM_KEEP_SEGMENT, 0622);
	s->keyed = EXPECT_GOT(pmmshm_block_publish(pmm, SIZE, KEY, 0644, NULL));
}

static void destroy(struct segments *s)
{
	EXPECT_OK(shmctl(s->never_attached, IPC_RMID, NULL));
	EXPECT_OK(shmctl(s->ordinary, IPC_RMID, NULL));
	EXPECT_OK(shmdt(s->p));
	EXPECT_OK(shmctl(pmmshm_block_shmid(s->kept), IPC_RMID, NULL));
	EXPECT_OK(shmctl(pmmshm_block_shmid(s->keyed), IPC_RMID, NULL));
	pmmshm_block_free(s->private);
	pmmshm_block_free(s->kept);
	pmmshm_block_free(s->keyed);
}

static void lists(void *unused)
{
	struct segments s;
	struct list l;

	(void)unused;
	create(&s);
	list(&l);
	EXPECT_EQ(l.n, 3);
	check_listed(&l, s.private, IPC_PRIVATE, 0600, PMMSHM_SEGMENT_REMOVED,
		     1);
	check_listed(&l, s.kept, IPC_PRIVATE, 0622, 0, 1);
	check_listed(&l, s.keyed, KEY, 0644, 0, 1);
	check_ordinary(&s);
	run_as(NOBODY, child_lists, &s);
	run_as(0, child_elsewhere, &s);
	check_ordinary(&s);
	destroy(&s);
	list(&l);
	EXPECT_EQ(l.n, 0);
	wait_pool_whole(10);
}

/* ---- whose it is ---- */

/* The new owner does with it what an owner may, and his group what it may. */
static void child_owns(void *arg)
{
	int shmid = *(int *)arg;
	struct shmid_ds ds;
	struct list l;

	pmmshm_block_free(EXPECT_GOT(pmmshm_block_import_shmid(pmm, shmid, 0)));
	list(&l);
	EXPECT_EQ(listed(&l, shmid)->uid, NOBODY);
	EXPECT_EQ(listed(&l, shmid)->gid, 100);
	EXPECT_OK(shmctl(shmid, IPC_STAT, &ds));
	ds.shm_perm.mode = 0640;
	EXPECT_OK(shmctl(shmid, IPC_SET, &ds));
}

static void child_in_group(void *arg)
{
	int shmid = *(int *)arg;

	EXPECT_FAILS(pmmshm_block_import_shmid(pmm, shmid, 0), EACCES,
		     "it belongs to user 65534 and has mode 0640; ask for SHM_RDONLY");
	pmmshm_block_free(EXPECT_GOT(pmmshm_block_import_shmid(pmm, shmid,
							       SHM_RDONLY)));
	EXPECT_ERRNO(shmctl(shmid, IPC_RMID, NULL), EPERM);
}

static void child_removes(void *arg)
{
	EXPECT_OK(shmctl(*(int *)arg, IPC_RMID, NULL));
}

static void gives_away(void)
{
	key_t key = EXPECT_OK(ftok("/proc/self/exe", 'G'));
	struct pmmshm_block *b = EXPECT_GOT(pmmshm_block_publish(pmm, SIZE, key,
								 0600, NULL));
	int shmid = pmmshm_block_shmid(b);
	struct shmid_ds ds;

	EXPECT_OK(shmctl(shmid, IPC_STAT, &ds));
	EXPECT_EQ(ds.shm_perm.__key, key);
	ds.shm_perm.uid = NOBODY;
	ds.shm_perm.gid = 100;
	EXPECT_OK(shmctl(shmid, IPC_SET, &ds));
	run_as(NOBODY, child_owns, &shmid);
	run_as(100, child_in_group, &shmid);
	run_as(NOBODY, child_removes, &shmid);
	EXPECT_ERRNO(shmget(key, 0, 0), ENOENT);
	fill(pmmshm_block_data(b), SIZE, 1);
	pmmshm_block_free(b);
	EXPECT(!segment_exists(shmid));
	wait_pool_whole(10);
}

int main(void)
{
	library_open();
	pmm_fd();
	lists(NULL);
	with_setting("/proc/sys/kernel/shm_rmid_forced", "1", lists, NULL);
	gives_away();
	library_close();
	return 0;
}
