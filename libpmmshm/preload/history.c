// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What adopting a segment left in its shmid_ds.
 *
 * To be adopted, a segment is attached for a moment.  The kernel notes who did that,
 * and when, and a new segment is to have noted nothing: shm_lpid, shm_atime and
 * shm_dtime are 0 after shmget().  So what shmctl() tells the program is put
 * right until somebody really attaches the segment.
 *
 * Others, who ask the kernel without this library, see the truth.  The process that
 * created the segment and its children know of it; after many further segments, or
 * after execve(), the oldest are forgotten, and their creator sees the truth, too.
 */
#include <unistd.h>

#include "preload.h"

#define REMEMBERED	128

/**
 * struct event - a segment that was adopted
 * @shmid: the segment
 * @lpid: shm_lpid after that
 * @atime: shm_atime after that
 * @dtime: shm_dtime after that
 * @attached: this program has attached it since
 * @detached: this program may have detached it since
 */
struct event {
	int shmid;
	pid_t lpid;
	time_t atime;
	time_t dtime;
	bool attached;
	bool detached;
};

/* Under the guard; @last is the newest. */
static struct event events[REMEMBERED];
static unsigned int last;
static unsigned int count;

static struct event *find(int shmid)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (events[i].shmid == shmid)
			return &events[i];
	return NULL;
}

static struct event *find_or_add(int shmid)
{
	struct event *e = find(shmid);

	if (e)
		return e;
	if (count < REMEMBERED)
		return &events[last = count++];
	last = (last + 1) % REMEMBERED;
	return &events[last];
}

/*
 * The segment is new, was just attached and detached, and the program is to find
 * nothing of that.
 */
void history_begin(int shmid)
{
	struct shmid_ds ds;

	if (next_calls()->shmctl(shmid, IPC_STAT, &ds))
		return;
	/* The caller is between guard_enter() and _leave(). */
	*find_or_add(shmid) = (struct event){
		.shmid = shmid,
		.lpid = ds.shm_lpid,
		.atime = ds.shm_atime,
		.dtime = ds.shm_dtime,
	};
}

/* The program has attached a segment. */
void history_attached(int shmid)
{
	struct event *e;
	struct guard g;

	/* Against the table's other readers and writers. */
	guard_enter(&g);
	e = find(shmid);
	if (e)
		e->attached = true;
	guard_leave(&g, false);
}

/* The program has detached a segment, one of those it had attached. */
void history_detached(void)
{
	unsigned int i;
	struct guard g;

	/* Against the table's other readers and writers. */
	guard_enter(&g);
	for (i = 0; i < count; i++)
		events[i].detached |= events[i].attached;
	guard_leave(&g, false);
}

/* The kernel has told @ds of a segment: show it as if it had not been adopted. */
void history_hide(int shmid, struct shmid_ds *ds)
{
	const struct event *e;
	struct guard g;

	/* Against the table's other readers and writers. */
	guard_enter(&g);
	e = find(shmid);
	if (e && ds->shm_lpid == e->lpid) {
		if (!e->detached && ds->shm_dtime == e->dtime)
			ds->shm_dtime = 0;
		if (!e->attached && !ds->shm_nattch && !ds->shm_dtime &&
		    ds->shm_atime == e->atime) {
			ds->shm_atime = 0;
			ds->shm_lpid = 0;
		}
	}
	guard_leave(&g, false);
}
