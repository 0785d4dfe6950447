// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/inject.h"
#include "operation.h"
#include "tally.h"
#include "worker.h"

#define SAMPLES	4

static const struct operation *const tables[] = {
	mapping_operations, page_operations, pin_operations,
};

static volatile sig_atomic_t leave;

/* The i-th operation of all, or NULL. */
static const struct operation *operation(unsigned int i)
{
	size_t t, n;

	for (t = 0; t < ARRAY_SIZE(tables); t++) {
		for (n = 0; tables[t][n].name; n++)
			;
		if (i < n)
			return &tables[t][i];
		i -= n;
	}
	return NULL;
}

static unsigned int operations(void)
{
	unsigned int n = 0;

	while (operation(n))
		n++;
	return n;
}

/* Making a sample is the kind after the last operation. */
static void fill_slot(struct sample **slot)
{
	tally_doing("create");
	*slot = sample_create();
	tally_count(operations(), !!*slot);
	inject_wanted(false);
	/* The pool may be full, with others' blocks or in quarantine. */
	if (*slot)
		sample_write(*slot, 0, (*slot)->pages);
	else
		usleep(10000);
}

static void run_one(struct sample **slot)
{
	unsigned int i = below(operations());
	const struct operation *op = operation(i);
	struct sample *s;
	size_t n, first;

	tally_doing(op->name);
	tally_count(i, op->run(slot));
	inject_wanted(false);
	s = *slot;
	if (!s)
		return;
	/* What it was done to, or something else. */
	first = some_pages(s, &n);
	sample_check(s, first, n);
}

static void on_term(int sig)
{
	(void)sig;
	leave = 1;
}

/* What it accessed, or an address of the kernel's choice if that killed it. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	tally_wrong("signal %d (%s), code %d, at %p", sig, strsignal(sig),
		    info->si_code, info->si_addr);
}

static void work(unsigned int seed, bool inject)
{
	struct sample *samples[SAMPLES] = {};
	unsigned int i;

	srandom(seed);
	while (!leave && !tally_is_wrong()) {
		struct sample **slot = &samples[below(SAMPLES)];

		inject_wanted(inject);
		if (*slot)
			run_one(slot);
		else
			fill_slot(slot);
	}
	for (i = 0; i < SAMPLES; i++) {
		if (samples[i]) {
			sample_check(samples[i], 0, samples[i]->pages);
			sample_destroy(samples[i]);
		}
	}
}

int worker_start(unsigned int seed, bool inject)
{
	struct sigaction sa = { .sa_handler = on_term, .sa_flags = SA_RESTART };
	struct sigaction fault = { .sa_sigaction = on_fault,
				   .sa_flags = SA_SIGINFO | SA_RESETHAND };
	sigset_t term;
	int pid;

	fflush(NULL);
	pmm_fd();
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	/* The round may end before the worker knows what that means. */
	sigprocmask(SIG_BLOCK, &term, NULL);
	pid = EXPECT_OK(fork());
	if (pid) {
		sigprocmask(SIG_UNBLOCK, &term, NULL);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGBUS, &fault, NULL);
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	work(seed, inject);
	_exit(0);
}

bool worker_report(void)
{
	unsigned int i, n = operations();
	bool all = true;

	for (i = 0; i <= n; i++) {
		const struct operation *op = operation(i);

		printf("%s%s %lu/%lu", i ? ", " : "soak: done/refused: ",
		       op ? op->name : "create", tally_done(i),
		       tally_refused(i));
		if (!tally_done(i) && !(op && op->optional))
			all = false;
	}
	printf("\nsoak: %lu pages checked\n", tally_pages());
	return all;
}

/* ---- is it noticed? ---- */

static void change_contents(struct sample *s)
{
	s->p[below(s->pages) * PAGE + below(PAGE)] ^= 1;
}

/* The right contents in the wrong page. */
static void change_place(struct sample *s)
{
	void *p = EXPECT_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	sample_page(s->seeds[0], p);
	EXPECT_OK(mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, s->p));
}

static void prove_one(void (*change)(struct sample *s), const char *what)
{
	int pid, status;

	fflush(NULL);
	pid = EXPECT_OK(fork());
	if (!pid) {
		struct sample *s = sample_create();

		EXPECT(s);
		sample_write(s, 0, s->pages);
		sample_check(s, 0, s->pages);
		change(s);
		sample_check(s, 0, s->pages);
		_exit(0);
	}
	EXPECT_OK(waitpid(pid, &status, 0));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1) {
		printf("soak: %s is not noticed\n", what);
		exit(1);
	}
}

void worker_prove(void)
{
	printf("soak: two mistakes, to see that they are noticed:\n");
	prove_one(change_contents, "a wrong byte");
	prove_one(change_place, "a wrong page");
}
