// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "machine.h"
#include "sample.h"
#include "tally.h"

#define VM	"/proc/sys/vm/"
#define THP	"/sys/kernel/mm/transparent_hugepage/"
#define CGROUP	"/sys/fs/cgroup/"

/* Pages that memory errors may take away in all. */
#define POISON_MAX	8

/* ---- settings ---- */

/* What is set for the time of the soak, where the kernel has it. */
static struct setting {
	const char *path;
	const char *value;
	char before[128];
} settings[] = {
	{ THP "enabled", "always", "" },
	{ THP "shmem_enabled", "advise", "" },
	{ THP "khugepaged/scan_sleep_millisecs", "200", "" },
	{ THP "khugepaged/alloc_sleep_millisecs", "200", "" },
	{ "/sys/kernel/mm/ksm/run", "1", "" },
	{ "/proc/sys/kernel/numa_balancing", "1", "" },
};

#define NR_SETTINGS (sizeof(settings) / sizeof(*settings))

/* Of "always [madvise] never", what is chosen. */
static void chosen(char *line)
{
	char *begin = strchr(line, '['), *end = begin ? strchr(begin, ']') : NULL;

	if (end) {
		*end = '\0';
		memmove(line, begin + 1, end - begin);
	}
}

void machine_start(void)
{
	size_t i;

	for (i = 0; i < NR_SETTINGS; i++) {
		struct setting *s = &settings[i];

		if (access(s->path, W_OK))
			continue;
		read_line(s->path, s->before, sizeof(s->before));
		chosen(s->before);
		try_write_file(s->path, s->value);
	}
	try_write_file(CGROUP "cgroup.subtree_control", "+memory");
	if (!swap_start(256))
		printf("soak: no zram, so no swap\n");
}

void machine_stop(void)
{
	size_t i;

	if (meminfo("SwapTotal") > 0)
		swap_stop();
	for (i = 0; i < NR_SETTINGS; i++)
		if (settings[i].before[0])
			write_file(settings[i].path, settings[i].before);
}

/* ---- memory gets short ---- */

static void hog(void *arg)
{
	size_t size = (meminfo("MemAvailable") + meminfo("SwapFree") / 2) * KIB;
	double end = now() + 3;
	char *p;
	size_t i;

	(void)arg;
	/* Should it be too much, this one goes. */
	write_file("/proc/self/oom_score_adj", "1000");
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return;
	for (i = 0; i < size && now() < end; i += PAGE)
		p[i] = i;
}

static bool disturb_pressure(int worker)
{
	static int pid;

	(void)worker;
	if (pid > 0 && waitpid(pid, NULL, WNOHANG) == 0)
		return false;
	pid = child_start(0, hog, NULL);
	return true;
}

/* ---- a group of processes with a limit ---- */

static char group[64];

static void group_remove(void)
{
	char path[96], line[32];
	FILE *f;
	int i;

	if (!*group)
		return;
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		try_write_file(CGROUP "cgroup.procs", line);
	if (f)
		fclose(f);
	/* A process that is just being killed is still in it. */
	for (i = 0; i < 500 && rmdir(group) && errno == EBUSY; i++)
		sleep_ms(10);
	*group = '\0';
}

/* Into a group with little memory, which goes while its pages are still there. */
static bool disturb_group(int worker)
{
	static unsigned int n;
	char path[96], pid[16];

	if (*group) {
		group_remove();
		return true;
	}
	snprintf(group, sizeof(group), CGROUP "soak-%u", ++n);
	if (mkdir(group, 0700)) {
		*group = '\0';
		return false;
	}
	snprintf(path, sizeof(path), "%s/memory.max", group);
	if (try_write_file(path, "6M"))
		return false;
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	snprintf(pid, sizeof(pid), "%d", worker);
	return !try_write_file(path, pid);
}

/* ---- memory errors ---- */

static sigjmp_buf after_error;

static void on_sigbus(int sig)
{
	siglongjmp(after_error, sig);
}

/* A whole folio may be out of reach with its bad page; what can be read is right. */
static void check_page(const struct sample *s, size_t page)
{
	if (!sigsetjmp(after_error, 1))
		sample_check(s, page, 1);
}

/* A page of a block goes bad; the others stay as they are. */
static void poison(void *arg)
{
	struct sigaction sa = { .sa_handler = on_sigbus };
	struct sample *s = NULL;
	size_t bad, i;

	(void)arg;
	srandom(getpid());
	sigaction(SIGBUS, &sa, NULL);
	for (i = 0; !s && i < 100; i++)
		s = sample_create();
	if (!s)
		return;
	sample_write(s, 0, s->pages);
	bad = below(s->pages);
	if (madvise(s->p + bad * PAGE, PAGE, MADV_HWPOISON))
		return;
	for (i = 0; i < s->pages; i++)
		if (i != bad)
			check_page(s, i);
}

static bool disturb_poison(int worker)
{
	static unsigned int n;
	int pid;

	(void)worker;
	if (n >= POISON_MAX || below(4))
		return false;
	n++;
	pid = child_start(0, poison, NULL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return true;
}

/* ---- one write each ---- */

static bool disturb_compaction(int worker)
{
	(void)worker;
	return !try_write_file(VM "compact_memory", "1");
}

static bool disturb_caches(int worker)
{
	(void)worker;
	return !try_write_file(VM "drop_caches", "3");
}

static bool disturb_counters(int worker)
{
	(void)worker;
	return !try_write_file(VM "stat_refresh", "1");
}

static bool disturb_folios(int worker)
{
	static const char * const values[] = {
		"always", "advise", "never", "within_size",
	};

	(void)worker;
	return !try_write_file(THP "shmem_enabled", values[below(4)]);
}

static bool disturb_generations(int worker)
{
	(void)worker;
	return !try_write_file("/sys/kernel/mm/lru_gen/enabled",
			       below(2) ? "y" : "n");
}

static bool disturb_kill(int worker)
{
	return !kill(worker, SIGKILL);
}

static bool disturb_stop(int worker)
{
	bool stopped = !kill(worker, SIGSTOP);

	sleep_ms(below(200));
	return !kill(worker, SIGCONT) && stopped;
}

static const struct {
	const char *name;
	bool (*run)(int worker);
} disturbances[] = {
	{ "kill", disturb_kill },
	{ "kill", disturb_kill },
	{ "stop", disturb_stop },
	{ "pressure", disturb_pressure },
	{ "group", disturb_group },
	{ "group", disturb_group },
	{ "poison", disturb_poison },
	{ "compaction", disturb_compaction },
	{ "caches", disturb_caches },
	{ "counters", disturb_counters },
	{ "folios", disturb_folios },
	{ "generations", disturb_generations },
};

#define NR_DISTURBANCES (sizeof(disturbances) / sizeof(*disturbances))

static unsigned int done[NR_DISTURBANCES], refused[NR_DISTURBANCES];

void machine_disturb(const int *workers, unsigned int n)
{
	unsigned int i = below(NR_DISTURBANCES);

	if (disturbances[i].run(workers[below(n)]))
		done[i]++;
	else
		refused[i]++;
}

void machine_settle(void)
{
	group_remove();
}

void machine_report(void)
{
	size_t i;

	for (i = 0; i < NR_DISTURBANCES; i++)
		printf("%s%s %u/%u", i ? ", " : "soak: ", disturbances[i].name,
		       done[i], refused[i]);
	putchar('\n');
}
