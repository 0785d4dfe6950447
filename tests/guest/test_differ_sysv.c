// SPDX-License-Identifier: GPL-2.0-only
/*
 * A segment that is a block, call by call beside an ordinary one: by key, by id, as
 * its owner and as somebody else, from its creation to after its removal.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "differ.h"
#include "library.h"
#include "vm.h"

#define SIZE	(4 * PAGE)
#define MODE	0640

#define CALL(name, expr)						\
	static long name(struct object *o) { (void)o; return RESULT(expr); }

/* Where something else is, and where nothing can be. */
static char *taken;

/* ---- attaching ---- */

/* What shmat() gives, detached again: 0 if that is where it should be. */
static long attaches(struct object *o, const void *at, int flags)
{
	void *p = shmat(o->shmid, at, flags);

	if (p == (void *)-1)
		return -1;
	if (at && !(flags & SHM_RND))
		EXPECT(p == at);
	return shmdt(p);
}

CALL(attach, attaches(o, NULL, 0))
CALL(attach_readonly, attaches(o, NULL, SHM_RDONLY))
CALL(attach_exec, attaches(o, NULL, SHM_EXEC))
CALL(attach_unaligned, attaches(o, taken + 3 * SIZE + 10, 0))
CALL(attach_rounded, attaches(o, taken + 3 * SIZE + 10, SHM_RND))
CALL(attach_taken, attaches(o, taken, 0))
CALL(attach_nowhere_remap, attaches(o, NULL, SHM_REMAP))
CALL(attach_kernel, attaches(o, (void *)0xffff800000000000, 0))
CALL(attach_flags, attaches(o, NULL, 0x10000))
CALL(detach_nothing, shmdt(taken + PAGE))
CALL(detach_inside, shmdt(o->p + PAGE))

static long attach_remap(struct object *o)
{
	long r = attaches(o, taken, SHM_REMAP);

	EXPECT_OK(mmap(taken, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
		       MAP_FIXED, -1, 0));
	return r;
}

static long signals(struct object *o, int flags)
{
	char *p = EXPECT_OK(shmat(o->shmid, NULL, flags));
	long r = access_signal(p, false) * 10000 + access_signal(p, true) * 100 +
		 access_signal(p + SIZE - 1, true);

	EXPECT_OK(shmdt(p));
	return r;
}

CALL(touch, signals(o, 0))
CALL(touch_readonly, signals(o, SHM_RDONLY))

static long made_writable(struct object *o)
{
	void *p = EXPECT_OK(shmat(o->shmid, NULL, SHM_RDONLY));
	long r = RESULT(mprotect(p, SIZE, PROT_READ | PROT_WRITE));

	EXPECT_OK(shmdt(p));
	return r;
}

static long same_memory(struct object *o)
{
	char *p = EXPECT_OK(shmat(o->shmid, NULL, 0)), c;

	p[PAGE] = 's';
	c = o->p[PAGE];
	EXPECT_OK(shmdt(p));
	return c;
}

/* ---- what it is ---- */

static struct shmid_ds ds_of(struct object *o)
{
	struct shmid_ds ds;

	EXPECT_OK(shmctl(o->shmid, IPC_STAT, &ds));
	return ds;
}

CALL(ds_size, ds_of(o).shm_segsz)
CALL(ds_mode, ds_of(o).shm_perm.mode)
CALL(ds_uid, ds_of(o).shm_perm.uid)
CALL(ds_gid, ds_of(o).shm_perm.gid)
CALL(ds_cuid, ds_of(o).shm_perm.cuid)
CALL(ds_cgid, ds_of(o).shm_perm.cgid)
CALL(ds_attached, ds_of(o).shm_nattch)
CALL(ds_creator, ds_of(o).shm_cpid == getpid())
CALL(ds_last, ds_of(o).shm_lpid == getpid())
CALL(ds_attach_time, time(NULL) - ds_of(o).shm_atime < 100)
CALL(ds_detach_time, time(NULL) - ds_of(o).shm_dtime < 100)
CALL(ds_change_time, time(NULL) - ds_of(o).shm_ctime < 100)
CALL(ds_key, ds_of(o).shm_perm.__key == o->key)

/* ---- by key ---- */

CALL(get, shmget(o->key, 0, 0) == o->shmid)
CALL(get_size, shmget(o->key, SIZE, 0600) == o->shmid)
CALL(get_smaller, shmget(o->key, 1, 0) == o->shmid)
CALL(get_larger, shmget(o->key, SIZE + 1, 0))
CALL(get_create, shmget(o->key, SIZE, IPC_CREAT | 0600) == o->shmid)
CALL(get_exclusive, shmget(o->key, SIZE, IPC_CREAT | IPC_EXCL | 0600))

/* ---- changing it ---- */

static long sets(struct object *o, uid_t uid, gid_t gid, int mode)
{
	struct shmid_ds ds = ds_of(o);

	ds.shm_perm.uid = uid;
	ds.shm_perm.gid = gid;
	ds.shm_perm.mode = mode;
	/* These are not set. */
	ds.shm_segsz = 1;
	ds.shm_nattch = 77;
	return shmctl(o->shmid, IPC_SET, &ds);
}

CALL(set_mode, sets(o, 0, 0, 0777))
CALL(set_more_mode, sets(o, 0, 0, 07777))
CALL(set_owner, sets(o, NOBODY, 100, 0600))
CALL(set_nobody, sets(o, -1, 0, 0600))
CALL(set_back, sets(o, 0, 0, MODE))
CALL(lock, shmctl(o->shmid, SHM_LOCK, NULL))
CALL(unlock, shmctl(o->shmid, SHM_UNLOCK, NULL))
CALL(unknown_command, shmctl(o->shmid, 99, NULL))

/* ---- the memory ---- */

CALL(msyncs, msync(o->p, SIZE, MS_SYNC))
CALL(mlocks, mlock(o->p, SIZE))
CALL(munlocks, munlock(o->p, SIZE))
CALL(wants, madvise(o->p, SIZE, MADV_WILLNEED))
CALL(drops, madvise(o->p, SIZE, MADV_DONTNEED))
CALL(pages_out, madvise(o->p, SIZE, MADV_PAGEOUT))
CALL(mlocks_future, mlock2(o->p, SIZE, MLOCK_ONFAULT))

static long grows(struct object *o)
{
	void *p = mremap(o->p, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
	long r;

	if (p == MAP_FAILED)
		return -errno;
	/* What is past its end is not there. */
	r = access_signal((char *)p + SIZE, false);
	o->p = EXPECT_OK(mremap(p, 2 * SIZE, SIZE, MREMAP_MAYMOVE));
	return r;
}

/* In parts, each of which counts. */
static long splits(struct object *o)
{
	char *p = EXPECT_OK(shmat(o->shmid, NULL, 0));
	long n = ds_attached(o);

	EXPECT_OK(munmap(p + PAGE, PAGE));
	n = n * 10 + ds_attached(o);
	EXPECT_OK(shmdt(p));
	return n * 10 + ds_attached(o);
}

static void child_counts(void *arg)
{
	struct object *o = arg;
	long n = ds_attached(o);

	EXPECT_OK(shmdt(o->p));
	_exit(n * 10 + ds_attached(o));
}

static long exit_of(int pid)
{
	int status;

	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static long forks(struct object *o)
{
	return exit_of(child_start(0, child_counts, o)) * 10 + ds_attached(o);
}

/* ---- as somebody else: each bit is an answer ---- */

static void other_user(void *arg)
{
	struct object *o = arg;
	struct shmid_ds ds;
	long got = (!attaches(o, NULL, 0)) | (!attaches(o, NULL, SHM_RDONLY)) << 1 |
		   (!shmctl(o->shmid, IPC_STAT, &ds)) << 2 |
		   (shmget(o->key, 0, 0) == o->shmid) << 3 |
		   (shmget(o->key, 0, 0600) == o->shmid) << 4 |
		   (!shmctl(o->shmid, SHM_LOCK, NULL)) << 5;

	got |= (!shmctl(o->shmid, IPC_SET, &ds)) << 6;
	got |= (!shmctl(o->shmid, SHM_UNLOCK, NULL)) << 7;
	_exit(got);
}

static long others(struct object *o, int mode)
{
	EXPECT_OK(sets(o, 0, 0, mode));
	return exit_of(child_start(NOBODY, other_user, o));
}

CALL(others_nothing, others(o, 0600))
CALL(others_read, others(o, 0604))
CALL(others_write, others(o, 0606))
CALL(others_write_only, others(o, 0602))

static void other_removes(void *arg)
{
	_exit(shmctl(((struct object *)arg)->shmid, IPC_RMID, NULL) ? errno : 0);
}

static long others_remove(struct object *o)
{
	return exit_of(child_start(NOBODY, other_removes, o));
}

/* ---- its end ---- */

CALL(removes, shmctl(o->shmid, IPC_RMID, NULL))
CALL(get_removed, shmget(o->key, 0, 0))
CALL(detaches, shmdt(o->p))
CALL(stat_gone, shmctl(o->shmid, IPC_STAT, &(struct shmid_ds){ 0 }))

#define C(name)		{ #name, name, SAME }

static const struct call calls[] = {
	C(ds_size), C(ds_mode), C(ds_uid), C(ds_gid), C(ds_cuid), C(ds_cgid),
	C(ds_attached), C(ds_creator), C(ds_last), C(ds_attach_time),
	C(ds_change_time), C(ds_key), C(get), C(get_size), C(get_smaller),
	C(get_larger), C(get_create), C(get_exclusive), C(attach),
	C(ds_detach_time), C(attach_readonly), C(attach_exec), C(attach_unaligned),
	C(attach_rounded), C(attach_taken), C(attach_nowhere_remap),
	C(attach_kernel), C(attach_flags), C(attach_remap), C(detach_nothing),
	C(detach_inside), C(touch), C(touch_readonly), C(made_writable),
	C(same_memory), C(ds_attached), C(set_mode), C(ds_mode), C(set_more_mode),
	C(ds_mode), C(ds_size), C(ds_attached), C(set_owner), C(ds_uid), C(ds_gid),
	C(ds_cuid), C(ds_mode), C(attach), C(set_nobody), C(set_back), C(ds_uid),
	C(lock), C(ds_mode), C(attach), C(same_memory), C(unlock), C(ds_mode),
	C(unknown_command), C(msyncs), C(mlocks), C(munlocks), C(wants), C(drops),
	C(same_memory), C(pages_out), C(same_memory), C(mlocks_future),
	C(munlocks), C(grows), C(splits), C(forks), C(others_nothing),
	C(others_read), C(others_write), C(others_write_only), C(others_remove),
	C(set_back), C(ds_mode), C(removes), C(ds_mode), C(ds_attached), C(ds_key),
	C(get_removed), C(attach), C(attach_readonly), C(same_memory), C(forks),
	C(removes), C(detaches), C(stat_gone), C(attach), C(removes),
};

int main(void)
{
	struct object ordinary = { .key = 0x504d4d01 }, is = { .key = 0x504d4d02 };
	struct pmmshm_block *b;

	library_open();
	taken = EXPECT_OK(mmap(NULL, 8 * SIZE, PROT_READ, MAP_PRIVATE |
			       MAP_ANONYMOUS, -1, 0));
	EXPECT_OK(munmap(taken + 2 * SIZE, 6 * SIZE));
	ordinary.shmid = EXPECT_OK(shmget(ordinary.key, SIZE, IPC_CREAT | MODE));
	ordinary.p = EXPECT_OK(shmat(ordinary.shmid, NULL, 0));
	b = EXPECT_GOT(pmmshm_block_publish(pmm, SIZE, is.key, MODE, NULL));
	is.shmid = pmmshm_block_shmid(b);
	/* Attached by this program itself, and nobody holds the block besides. */
	is.p = EXPECT_OK(shmat(is.shmid, NULL, 0));
	pmmshm_block_free(b);
	differ(calls, ARRAY_SIZE(calls), &ordinary, &is);
	library_close();
	return 0;
}
