// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The calls that the preload stands in for, as the next library has them: the C
 * library, or another preload.
 */
#include <dlfcn.h>
#include <stdatomic.h>

#include "preload.h"

static struct pmmshm_transport transport;
static struct preload_next others;
static atomic_bool found;

/* A library that has no such call is none that a program was linked with. */
static void find(void *call, const char *name)
{
	*(void **)call = dlsym(RTLD_NEXT, name);
}

/* Doing it twice at once does no harm: the answers are the same. */
static void find_all(void)
{
	transport = pmmshm_transport_linux;
	find(&transport.shmget, "shmget");
	find(&transport.shmat, "shmat");
	find(&transport.shmdt, "shmdt");
	find(&transport.shmctl, "shmctl");
	find(&transport.ftruncate, "ftruncate");
	find(&others.fallocate, "fallocate");
	find(&others.posix_fallocate, "posix_fallocate");
	atomic_store_explicit(&found, true, memory_order_release);
}

/*
 * Usually called by the preload's constructor first, since dlsym() is nothing for
 * a signal handler; but other libraries' constructors may run before.
 */
const struct pmmshm_transport *next_calls(void)
{
	if (!atomic_load_explicit(&found, memory_order_acquire))
		find_all();
	return &transport;
}

const struct preload_next *next_preload(void)
{
	next_calls();
	return &others;
}
