// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stand-in's System V segments, and what others do with them.
 */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pmmshm_fake_internal.h"

/* ------------------------------------------------------------------ segments */

static struct fake_segment *segment_get(int shmid)
{
	int i = shmid - SHMID_BASE;

	if (i < 0 || i >= SEGMENTS || !fake_segments[i].used) {
		errno = EINVAL;
		return NULL;
	}
	return &fake_segments[i];
}

static void segment_check_end(struct fake_segment *s)
{
	if (!s->marked || s->attaches)
		return;
	if (s->block >= 0)
		fake_block_put(s->block);
	else
		close(s->memfd);
	s->used = false;
	fake_used.segments--;
}

static bool segment_allows(const struct fake_segment *s, mode_t want)
{
	mode_t have = s->mode;

	if (fake_world.uid == 0)
		return true;
	if (fake_world.uid == s->uid)
		have >>= 6;
	if ((have & want) == want)
		return true;
	errno = EACCES;
	return false;
}

static int segment_new(key_t key, size_t size, uid_t uid, mode_t mode)
{
	int i;

	for (i = 0; i < SEGMENTS && fake_segments[i].used; i++)
		;
	if (i == SEGMENTS || fake_used.segments >= fake_world.shmmni) {
		errno = ENOSPC;
		return -1;
	}
	fake_segments[i] = (struct fake_segment){
		.used = true,
		.key = key,
		.size = size,
		.uid = uid,
		.mode = mode & 0777,
		.memfd = fake_memfd(size),
		.block = -1,
	};
	if (fake_world.touched) {
		fake_world.touched--;
		fake_segments[i].filled = true;
	}
	fake_used.segments++;
	return SHMID_BASE + i;
}

static int segment_by_key(key_t key)
{
	int i;

	for (i = 0; key != IPC_PRIVATE && i < SEGMENTS; i++)
		if (fake_segments[i].used && !fake_segments[i].marked &&
		    fake_segments[i].key == key)
			return SHMID_BASE + i;
	errno = ENOENT;
	return -1;
}

static int do_shmget(key_t key, size_t size, int flags)
{
	int shmid = segment_by_key(key);

	if (!(flags & IPC_CREAT))
		return shmid;
	ck_assert_int_eq(flags,
			 0600 | IPC_CREAT | IPC_EXCL | SHM_NORESERVE);
	if (shmid >= 0) {
		errno = EEXIST;
		return -1;
	}
	return segment_new(key, size, fake_world.uid, flags);
}

int fake_shmget(key_t key, size_t size, int flags)
{
	int shmid = -1;

	if (!fake_enter(FAKE_SHMGET))
		shmid = do_shmget(key, size, flags);
	fake_leave();
	return shmid;
}

static void *do_shmat(int shmid, const void *addr, int flags)
{
	struct fake_segment *s = segment_get(shmid);
	struct fake_attach *a = fake_attaches;
	int prot = PROT_READ;
	void *p;

	if (!s || !segment_allows(s, flags & SHM_RDONLY ? 04 : 06))
		return MAP_FAILED;
	while (a->address)
		ck_assert(++a < fake_attaches + ATTACHES);
	if (!(flags & SHM_RDONLY))
		prot |= PROT_WRITE;
	if (s->block < 0)
		prot = PROT_NONE;
	fake_race(addr);
	p = fake_map_file((void *)addr, s->size, prot, addr ? MAP_SHARED |
		     MAP_FIXED_NOREPLACE : MAP_SHARED, s->memfd);
	if (p == MAP_FAILED) {
		s->marked |= fake_world.rmid_forced;
		segment_check_end(s);
		/* What the kernel says when something is there. */
		errno = errno == EEXIST ? EINVAL : errno;
		return p;
	}
	*a = (struct fake_attach){
		p, shmid - SHMID_BASE, !(flags & SHM_RDONLY)
	};
	if (fake_world.mlockall) {
		s->filled = true;
		s->locked = true;
	}
	s->attaches++;
	s->was_attached = true;
	fake_used.attaches++;
	fake_used.mapped += s->size;
	return p;
}

void *fake_shmat(int shmid, const void *addr, int flags)
{
	void *p = MAP_FAILED;

	ck_assert_int_eq(flags & ~SHM_RDONLY, 0);
	if (!fake_enter(FAKE_SHMAT))
		p = do_shmat(shmid, addr, flags);
	fake_leave();
	return p;
}

struct fake_attach *fake_attach_get(const void *addr)
{
	const char *address = addr;
	struct fake_attach *a;

	for (a = fake_attaches; a < fake_attaches + ATTACHES; a++)
		if (a->address && address >= a->address &&
		    address < a->address + fake_segments[a->segment].size)
			return a;
	return NULL;
}

int fake_shmdt(const void *addr)
{
	struct fake_segment *s;
	struct fake_attach *a;
	int ret = -1;

	if (!fake_enter(FAKE_SHMDT)) {
		a = fake_attach_get(addr);
		ck_assert_ptr_nonnull(a);
		ck_assert_ptr_eq(a->address, addr);
		s = &fake_segments[a->segment];
		munmap(a->address, s->size);
		a->address = NULL;
		fake_used.attaches--;
		fake_used.mapped -= s->size;
		s->attaches--;
		s->marked |= fake_world.rmid_forced && !s->attaches;
		segment_check_end(s);
		errno = EXDEV;
		ret = 0;
	}
	fake_leave();
	return ret;
}

static int do_stat(struct fake_segment *s, struct shmid_ds *ds)
{
	if (!segment_allows(s, 04))
		return -1;
	memset(ds, 0, sizeof(*ds));
	ds->shm_perm.__key = s->key;
	ds->shm_perm.uid = s->uid;
	ds->shm_perm.gid = s->uid + 1;
	ds->shm_perm.mode = s->mode | (s->marked ? SHM_DEST : 0);
	ds->shm_segsz = s->size + fake_world.lie;
	ds->shm_nattch = s->attaches;
	ds->shm_atime = s->was_attached;
	return 0;
}

static int do_info(int command, struct shmid_ds *ds)
{
	if (command == IPC_INFO) {
		struct shminfo *info = (struct shminfo *)ds;

		memset(info, 0, sizeof(*info));
		info->shmmni = fake_world.shmmni;
		info->shmall = 5000;
	} else {
		struct shm_info *info = (struct shm_info *)ds;

		memset(info, 0, sizeof(*info));
		info->used_ids = fake_used.segments;
		info->shm_tot = 4999;
	}
	return SEGMENTS - 1;
}

/* By its place in the table; its id. */
static int do_shm_stat(int place, struct shmid_ds *ds)
{
	struct fake_segment *s = segment_get(SHMID_BASE + place);

	if (!s || do_stat(s, ds))
		return -1;
	return SHMID_BASE + place;
}

static int do_shmctl(int shmid, int command, struct shmid_ds *ds)
{
	struct fake_segment *s;

	if (command == SHM_STAT)
		return do_shm_stat(shmid, ds);
	s = segment_get(shmid);
	if (!s)
		return -1;
	if (command == IPC_STAT)
		return do_stat(s, ds);
	if (fake_world.uid && fake_world.uid != s->uid) {
		errno = EPERM;
		return -1;
	}
	if (command == IPC_SET) {
		/* The owner is set as well as the mode. */
		ck_assert_uint_eq(ds->shm_perm.uid, s->uid);
		s->mode = ds->shm_perm.mode & 0777;
		return 0;
	}
	ck_assert_int_eq(command, IPC_RMID);
	s->marked = true;
	segment_check_end(s);
	return 0;
}

int fake_shmctl(int shmid, int command, struct shmid_ds *ds)
{
	static const enum fake_op ops[] = {
		[IPC_RMID] = FAKE_IPC_RMID,
		[IPC_SET] = FAKE_IPC_SET,
		[IPC_STAT] = FAKE_IPC_STAT,
		[SHM_STAT] = FAKE_SHM_STAT,
	};
	bool info = command == IPC_INFO || command == SHM_INFO;
	int ret = -1;

	if (!fake_enter(info ? FAKE_IPC_INFO : ops[command]))
		ret = info ? do_info(command, ds)
			   : do_shmctl(shmid, command, ds);
	fake_leave();
	return ret;
}

/* ----------------------------------------------------- locking and emptying */

int fake_madvise(void *addr, size_t length, int advice)
{
	struct fake_attach *a;
	int ret = -1;

	if (advice == MADV_COLD) {
		ck_assert_uint_eq(length, 4096);
		fake_world.cold++;
		return 0;
	}
	if (!fake_enter(FAKE_MADVISE)) {
		ck_assert_int_eq(advice, MADV_REMOVE);
		a = fake_attach_get(addr);
		ck_assert_ptr_nonnull(a);
		ck_assert_uint_eq(length, fake_segments[a->segment].size);
		errno = EINVAL;
		if (!fake_segments[a->segment].locked) {
			fake_segments[a->segment].filled = false;
			ret = 0;
		}
	}
	fake_leave();
	return ret;
}

static int set_locked(enum fake_op op, const void *addr, bool locked)
{
	struct fake_attach *a;
	int ret = -1;

	if (!fake_enter(op)) {
		a = fake_attach_get(addr);
		ck_assert_ptr_nonnull(a);
		fake_segments[a->segment].locked = locked;
		ret = 0;
	}
	fake_leave();
	return ret;
}

int fake_mlock(const void *addr, size_t length)
{
	(void)length;
	return set_locked(FAKE_MLOCK, addr, true);
}

int fake_munlock(const void *addr, size_t length)
{
	(void)length;
	return set_locked(FAKE_MUNLOCK, addr, false);
}

/* -------------------------------------------------------------------- others */

int fake_segment(key_t key, size_t size, uid_t uid, mode_t mode)
{
	int shmid;

	pthread_mutex_lock(&fake_lock);
	shmid = segment_new(key, size, uid, mode);
	pthread_mutex_unlock(&fake_lock);
	ck_assert_int_ge(shmid, 0);
	return shmid;
}

void fake_ipcrm(int shmid)
{
	struct fake_segment *s;

	pthread_mutex_lock(&fake_lock);
	s = segment_get(shmid);
	ck_assert_ptr_nonnull(s);
	s->marked = true;
	segment_check_end(s);
	pthread_mutex_unlock(&fake_lock);
}

mode_t fake_mode(int shmid)
{
	struct fake_segment *s;
	mode_t mode;

	pthread_mutex_lock(&fake_lock);
	s = segment_get(shmid);
	ck_assert_ptr_nonnull(s);
	mode = s->mode | (s->marked ? SHM_DEST : 0);
	pthread_mutex_unlock(&fake_lock);
	return mode;
}

bool fake_exists(int shmid)
{
	bool exists;

	pthread_mutex_lock(&fake_lock);
	exists = segment_get(shmid);
	pthread_mutex_unlock(&fake_lock);
	return exists;
}

bool fake_locked(int shmid)
{
	bool locked;

	pthread_mutex_lock(&fake_lock);
	locked = fake_segments[shmid - SHMID_BASE].locked;
	pthread_mutex_unlock(&fake_lock);
	return locked;
}
