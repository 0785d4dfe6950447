// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an allocation and a free cost, from a hundred live areas to a million:
 * the allocators of PMM and a plain linear best fit in this process, or, with
 * --kernel, the allocators of PMM and the kernel's own in the kernel, by way of
 * the module pmm_bench_alloc.ko.
 *
 *	bench_alloc [--kernel] [--areas N]... [--ops N] [--passes N]
 *		    [--budget-ms N] [--data FILE]
 *
 * The table goes to stdout, the same as columns for a plot to FILE.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../drivers/misc/pmm_alloc.h"
#include "args.h"
#include "steady.h"
#include "steady_linear.h"

#define KERNEL_FILE	"/sys/kernel/debug/pmm_bench_alloc"
#define MAX_PEERS	16
#define MAX_AREAS	16
#define NUMBER_MAX	ULONG_MAX

static struct steady_peer peers[MAX_PEERS];
static size_t nr_peers;
/* The names of the kernel's, as its file tells them. */
static char kernel_names[512];
static int kernel_fd = -1;

static unsigned long areas[MAX_AREAS] = { 100, 1000, 10000, 100000, 1000000 };
static size_t nr_areas = 5;
static struct steady_plan plan = {
	.ops = 40000, .passes = 3, .budget_ms = 3000,
};

static FILE *data;

static void find_here(void)
{
	while (nr_peers < MAX_PEERS - 1 &&
	       steady_pmm_peer(nr_peers, &peers[nr_peers]))
		nr_peers++;
	peers[nr_peers++] = steady_linear;
}

static void find_in_kernel(void)
{
	char *name, *rest = kernel_names;
	ssize_t len;

	kernel_fd = open(KERNEL_FILE, O_RDWR | O_CLOEXEC);
	if (kernel_fd < 0)
		err(1, "%s (is pmm_bench_alloc.ko loaded?)", KERNEL_FILE);
	len = pread(kernel_fd, kernel_names, sizeof(kernel_names) - 1, 0);
	if (len < 0)
		err(1, "%s", KERNEL_FILE);
	kernel_names[len] = 0;
	while ((name = strsep(&rest, "\n")) && nr_peers < MAX_PEERS)
		if (*name)
			peers[nr_peers++].name = name;
}

/* Have the kernel do it: the plan is written, the result is read. */
static int run_in_kernel(const struct steady_peer *peer,
			 struct steady_result *r)
{
	char text[256];
	ssize_t len;

	snprintf(text, sizeof(text), "%s %lu %lu %lu %lu", peer->name,
		 plan.areas, plan.ops, plan.passes, plan.budget_ms);
	if (pwrite(kernel_fd, text, strlen(text), 0) < 0)
		return -errno;
	len = pread(kernel_fd, text, sizeof(text) - 1, 0);
	if (len < 0)
		return -errno;
	text[len] = 0;
	if (sscanf(text, "%lu %lu %llu %llu %llu", &r->ops, &r->failed,
		   (unsigned long long *)&r->mean,
		   (unsigned long long *)&r->p999,
		   (unsigned long long *)&r->max) != 5)
		return -EPROTO;
	return 0;
}

static void print_head(void)
{
	printf("\n%-12s %9s %11s %11s %11s %8s %7s\n", "allocator",
	       "areas", "mean ns", "p99.9 ns", "max ns", "ops", "failed");
	if (data)
		fprintf(data, "allocator areas mean p999 max ops failed\n");
}

static void print_row(const struct steady_peer *peer,
		      const struct steady_result *r)
{
	char p999[32] = "-";

	if (r->p999)
		snprintf(p999, sizeof(p999), "%.0f", r->p999 / 1e3);
	printf("%-12s %9lu %11.1f %11s %11.0f %8lu %7lu\n", peer->name,
	       plan.areas, r->mean / 1e3, p999, r->max / 1e3, r->ops,
	       r->failed);
	fflush(stdout);
	if (data) {
		fprintf(data, "%s %lu %.1f %.1f %.1f %lu %lu\n", peer->name,
			plan.areas, r->mean / 1e3,
			r->p999 ? r->p999 / 1e3 : -1.0, r->max / 1e3, r->ops,
			r->failed);
		fflush(data);
	}
}

static void bench_peer(const struct steady_peer *peer)
{
	for (size_t i = 0; i < nr_areas; i++) {
		struct steady_result r = {};
		int error;

		plan.areas = areas[i];
		fprintf(stderr, "%s, %lu areas ...\n", peer->name, plan.areas);
		error = kernel_fd < 0 ? steady_run(peer, &plan, &r) :
					run_in_kernel(peer, &r);
		if (error)
			errx(1, "%s with %lu areas: %s", peer->name,
			     plan.areas, strerror(-error));
		print_row(peer, &r);
	}
}

static void usage(void)
{
	errx(2, "usage: %s [--kernel] [--areas N]... [--ops N] [--passes N] [--budget-ms N] [--data FILE]",
	     program_invocation_short_name);
}

static bool parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kernel", no_argument, NULL, 'k' },
		{ "areas", required_argument, NULL, 'a' },
		{ "ops", required_argument, NULL, 'o' },
		{ "passes", required_argument, NULL, 'p' },
		{ "budget-ms", required_argument, NULL, 'b' },
		{ "data", required_argument, NULL, 'd' },
		{ }
	};
	bool kernel = false, default_areas = true;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'k':
			kernel = true;
			break;
		case 'a':
			if (default_areas)
				nr_areas = 0;
			default_areas = false;
			if (nr_areas == MAX_AREAS)
				errx(2, "more than %d --areas", MAX_AREAS);
			areas[nr_areas++] = arg_number(optarg, NUMBER_MAX);
			break;
		case 'o':
			plan.ops = arg_number(optarg, NUMBER_MAX);
			break;
		case 'p':
			plan.passes = arg_number(optarg, NUMBER_MAX);
			break;
		case 'b':
			plan.budget_ms = arg_number(optarg, NUMBER_MAX);
			break;
		case 'd':
			data = arg_data(optarg);
			break;
		default:
			usage();
		}
	}
	if (optind != argc)
		usage();
	return kernel;
}

int main(int argc, char **argv)
{
	if (parse(argc, argv))
		find_in_kernel();
	else
		find_here();
	print_head();
	for (size_t i = 0; i < nr_peers; i++)
		bench_peer(&peers[i]);
	if (data && fclose(data))
		err(1, "writing the data");
	return 0;
}
