// SPDX-License-Identifier: GPL-2.0-only
/*
 * The part of shm_story about System V segments.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "story.h"

#define SEGMENTS	6
#define ATTACHES	12
#define SEEN_MAX	100000
#define PLACES		32768
#define HASH_MAX	(4UL << 20)

/* The ids of the last segments, some of which are gone. */
static int segments[SEGMENTS] = { -1, -1, -1, -1, -1, -1 };

static struct {
	unsigned char *p;
	size_t size;
	bool readonly;
} attaches[ATTACHES];

/* In the order in which the ids were first seen. */
static int seen[SEEN_MAX];
static int seen_count;
/* Those before this one may have been attached by children. */
static int seen_by_children;

static int name_of(int id)
{
	int i;

	for (i = 0; i < seen_count; i++)
		if (seen[i] == id)
			return i;
	seen[seen_count] = id;
	return seen_count++;
}

static void say_contents(unsigned char *p, size_t size)
{
	unsigned char value;

	/* There may be no huge pages for one that is of these. */
	if (!story_touch(p, false, &value))
		story_say("segment has no memory");
	else
		story_say("segment has %08x", story_hash(p, size < HASH_MAX ? size : HASH_MAX));
}

/* ---- creating and finding ---- */

static const size_t sizes[] = {
	0, 1, 4095, 4096, 5000, 65536, 1 << 20, (2 << 20) + 4096,
	(size_t)1 << 36, (size_t)-1,
};

static int random_flags(void)
{
	static const int modes[] = {
		0, 0600, 0600, 0660, 0666, 0644, 0400, 0777, 01777,
	};
	int flags = STORY_PICK(modes);

	if (!story_once_in(4))
		flags |= IPC_CREAT;
	if (story_once_in(3))
		flags |= IPC_EXCL;
	if (story_once_in(8))
		flags |= SHM_NORESERVE;
	if (story_once_in(24))
		flags |= SHM_HUGETLB;
	return flags;
}

static int get(void)
{
	key_t key = story_once_in(3) ? IPC_PRIVATE : (key_t)(0x504d0 + story_roll(4));
	size_t size = STORY_PICK(sizes);
	int flags = random_flags(), id, err;

	errno = 77;
	id = shmget(key, size, flags);
	err = errno;
	story_say("shmget %#x %zu %#o: %s %d", key, size, flags,
		  strerrorname_np(err) ?: "", id < 0 ? -1 : name_of(id));
	return id;
}

static void create(void)
{
	int id = get();

	if (id >= 0)
		segments[story_roll(SEGMENTS)] = id;
}

static void attach_and_write(int id)
{
	unsigned char value = 77;
	void *p = shmat(id, NULL, 0);

	story_result("shmat", p == (void *)-1 ? -1 : 0);
	if (p != (void *)-1)
		story_say("written: %d", story_touch(p, true, &value));
}

static void get_as_child(void)
{
	int id = get();

	if (id < 0)
		return;
	attach_and_write(id);
	/* Whatever only this child knows of. */
	story_result("IPC_RMID", shmctl(id, IPC_RMID, NULL));
}

static void attach_as_child(void)
{
	attach_and_write(STORY_PICK(segments));
}

/* ---- attaching ---- */

static void attach(void)
{
	static const int kinds[] = {
		0, 0, 0, SHM_RDONLY, SHM_EXEC, SHM_RND, SHM_REMAP,
	};
	int id = STORY_PICK(segments), flags = STORY_PICK(kinds);
	unsigned int i = story_roll(ATTACHES);
	struct shmid_ds ds;
	void *p;

	if (attaches[i].p)
		return;
	p = shmat(id, NULL, flags);
	story_result("shmat", p == (void *)-1 ? -1 : 0);
	if (p == (void *)-1)
		return;
	attaches[i].p = p;
	attaches[i].size = shmctl(id, IPC_STAT, &ds) ? 1 : ds.shm_segsz;
	attaches[i].readonly = flags & SHM_RDONLY;
}

static void detach(void)
{
	unsigned int i = story_roll(ATTACHES);

	/* Where nothing is, too. */
	story_result("shmdt", shmdt(attaches[i].p));
	attaches[i].p = NULL;
}

static void use(void)
{
	unsigned int i = story_roll(ATTACHES), n;
	size_t where = story_roll(1 << 30);
	unsigned char *p = attaches[i].p, value = story_roll(256);

	if (!p)
		return;
	where %= attaches[i].size;
	n = attaches[i].size - where < 20000 ? attaches[i].size - where : 20000;
	if (!story_touch(p + where, !attaches[i].readonly, &value)) {
		story_say("cannot be touched");
		return;
	}
	if (!attaches[i].readonly)
		memset(p + where, value, n);
	say_contents(p, attaches[i].size);
}

static void punch(void)
{
	unsigned int i = story_roll(ATTACHES);

	if (attaches[i].p)
		story_result("MADV_REMOVE",
			     madvise(attaches[i].p, 4096, MADV_REMOVE));
}

/* ---- what is known of them ---- */

static const char *who(pid_t pid)
{
	return !pid ? "nobody" : pid == getpid() ? "me" : "somebody";
}

/*
 * Times have seconds.  Who cannot tell his own detaching from a child's in the same
 * second does not hear of it here.
 */
static int has_dtime(int name, const struct shmid_ds *ds)
{
	if (name < seen_by_children && ds->shm_lpid == getpid())
		return -1;
	return ds->shm_dtime != 0;
}

static void say_ds(int name, const struct shmid_ds *ds)
{
	story_say("key %#x mode %#o uid %u gid %u cuid %u cgid %u size %zu nattch %lu by %s last %s atime %d dtime %d ctime %d",
		  ds->shm_perm.__key, ds->shm_perm.mode, ds->shm_perm.uid,
		  ds->shm_perm.gid, ds->shm_perm.cuid, ds->shm_perm.cgid,
		  ds->shm_segsz, ds->shm_nattch, who(ds->shm_cpid),
		  who(ds->shm_lpid), ds->shm_atime != 0,
		  has_dtime(name, ds), ds->shm_ctime != 0);
}

static void status(void)
{
	struct shmid_ds ds;
	int id = STORY_PICK(segments);
	int ret = shmctl(id, IPC_STAT, &ds);

	story_result("IPC_STAT", ret);
	if (!ret)
		say_ds(name_of(id), &ds);
}

/* By their places in the kernel's table, which are a part of the id. */
static void status_of_all(void)
{
	static const int commands[] = { SHM_STAT, SHM_STAT_ANY };
	int command = STORY_PICK(commands), i;
	struct shm_info info;
	struct shmid_ds ds;

	story_result("SHM_INFO", shmctl(0, SHM_INFO, (void *)&info) < 0 ? -1 : 0);
	story_say("%d ids, %lu pages", info.used_ids, info.shm_tot);
	for (i = 0; i < seen_count; i++) {
		if (shmctl(seen[i] % PLACES, command, &ds) != seen[i])
			continue;
		story_say("there is %d", i);
		say_ds(i, &ds);
	}
}

static void change(void)
{
	static const int owners[] = { 0, 0, 1, STORY_NOBODY };
	int id = STORY_PICK(segments);
	struct shmid_ds ds;

	if (shmctl(id, IPC_STAT, &ds))
		return;
	ds.shm_perm.mode = story_roll(01000);
	ds.shm_perm.uid = STORY_PICK(owners);
	story_result("IPC_SET", shmctl(id, IPC_SET, &ds));
}

static void lock(void)
{
	int id = STORY_PICK(segments);

	story_result("SHM_LOCK", shmctl(id, story_roll(2) ? SHM_LOCK : SHM_UNLOCK, NULL));
}

static void remove_one(void)
{
	story_result("IPC_RMID", shmctl(STORY_PICK(segments), IPC_RMID, NULL));
}

static void nonsense(void)
{
	struct shmid_ds ds;

	story_result("shmctl", shmctl(-1, IPC_STAT, &ds));
	story_result("shmctl", shmctl(STORY_PICK(segments), 4711, &ds));
	story_result("shmat", (long)shmat(-1, NULL, 0));
	story_result("shmdt", shmdt((void *)4097));
}

static void by_nobody(void)
{
	seen_by_children = seen_count;
	story_child(STORY_NOBODY, story_roll(2) ? get_as_child : attach_as_child);
}

static void by_child(void)
{
	seen_by_children = seen_count;
	story_child(0, attach_as_child);
}

void segment_step(void)
{
	static void (*const steps[])(void) = {
		create, create, create, attach, attach, attach, detach, detach,
		use, use, use, punch, status, status, status, status_of_all,
		change, lock, remove_one, nonsense, by_nobody, by_child,
	};

	STORY_PICK(steps)();
}

void segment_end(void)
{
	int i;

	status_of_all();
	for (i = 0; i < ATTACHES; i++) {
		if (!attaches[i].p)
			continue;
		say_contents(attaches[i].p, attaches[i].size);
		story_result("shmdt", shmdt(attaches[i].p));
	}
	for (i = 0; i < seen_count; i++)
		story_result("IPC_RMID", shmctl(seen[i], IPC_RMID, NULL));
}
