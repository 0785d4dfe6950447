// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Neither signals nor forks while something is half done.
 *
 * For a moment there are a block fd and a mapping that the program knows nothing
 * of.  A child that is forked just then would keep both, so fork() waits.  A signal
 * handler may call ftruncate() or fork(), or leave by longjmp(), and a thread may
 * be cancelled in any call of the C library, so these wait as well.
 *
 * The lock is recursive: fork() holds it while other libraries' handlers run.
 * These may wait for locks of their own, and who holds one may call what is guarded
 * here.  So ours has to run last, and be registered first: -z initfirst.
 */
#include <errno.h>
#include <pthread.h>

#include "preload.h"

/* Protects what a fork would copy half done, and history.c's table. */
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

/*
 * A handler that found the lock half taken would wait for its own thread.  Signals are
 * blocked meanwhile.
 */
static void guard_lock(void)
{
	/* The preload's lock: a recursive one always succeeds. */
	pthread_mutex_lock(&lock);
}

static void guard_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static void without_signals(void (*function)(void))
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	function();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void guard_fork_begins(void)
{
	without_signals(guard_lock);
}

static void guard_fork_ends(void)
{
	without_signals(guard_unlock);
}

/* In a child the lock belongs to a thread of the parent. */
static void guard_renew(void)
{
	static const pthread_mutex_t fresh = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

	lock = fresh;
}

void guard_enter(struct guard *g)
{
	sigset_t all;

	g->err = errno;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &g->signals);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &g->cancel);
	guard_lock();
}

/* Leaves errno as it was, or if the program's call has @failed, as it is. */
void guard_leave(const struct guard *g, bool failed)
{
	int err = failed ? errno : g->err;

	guard_unlock();
	pthread_setcancelstate(g->cancel, NULL);
	pthread_sigmask(SIG_SETMASK, &g->signals, NULL);
	errno = err;
}

__attribute__((constructor)) static void guard_init(void)
{
	pthread_atfork(guard_fork_begins, guard_fork_ends, guard_renew);
}
