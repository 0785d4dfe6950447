// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmrun: run a program whose shared memory is physically contiguous.
 *
 *	pmmrun [--min SIZE] [--type T] [--verbose] [--memfd] PROGRAM...
 *
 * Everything happens in a library that is loaded into the program before the C
 * library, libpmmshm/preload.  This only finds it, tells it the options by way
 * of the environment, and becomes the program.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pmm.h>

#include "size.h"

#define PRELOAD		"libpmmrun.so"

/* As env(1) and others that run programs. */
#define EXIT_OURS	125	/* pmmrun itself failed */
#define EXIT_CANNOT	126	/* the program is there, but cannot be run */
#define EXIT_NO_PROGRAM	127	/* there is no such program */

static const struct option options[] = {
	{ "min", required_argument, NULL, 'm' },
	{ "type", required_argument, NULL, 't' },
	{ "log", required_argument, NULL, 'l' },
	{ "memfd", no_argument, NULL, 'f' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static const char help[] =
	"Usage: pmmrun [OPTION...] PROGRAM [ARGUMENT...]\n"
	"Run a program whose shared memory is made of physically contiguous PMM blocks.\n"
	"\n"
	"      --min SIZE   leave smaller objects alone (1; K, M and G may follow)\n"
	"      --type T     take memory of this type (the default type)\n"
	"      --memfd      files of memfd_create(), too\n"
	"  -v, --verbose    tell what became of each object, or why not\n"
	"      --log FILE   append that to a file (standard error)\n"
	"  -h, --help       show this\n"
	"      --version    show the version\n"
	"\n"
	"What cannot be had, without the module or with its pool exhausted, stays ordinary\n"
	"memory.  Programs that are statically linked, setuid, or of another architecture\n"
	"run as they do without pmmrun.\n"
	"\n"
	"Exit status: the program's; 125 if pmmrun fails, 126 if the program cannot be\n"
	"run, 127 if there is none.\n";

__attribute__((noreturn, format(printf, 2, 3)))
static void die(int status, const char *format, ...)
{
	va_list args;

	fputs("pmmrun: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

static void set(const char *name, const char *value)
{
	if (value ? setenv(name, value, 1) : unsetenv(name))
		die(EXIT_OURS, "cannot set %s: %s", name, strerror(errno));
}

/* ---------------------------------------------------------------- options */

static void set_min(const char *text)
{
	char value[32];
	uint64_t size;

	if (!size_from_text(text, &size))
		die(EXIT_OURS, "--min %s: not a size; give bytes, or a number with K, M, G or T",
		    text);
	snprintf(value, sizeof(value), "%" PRIu64, size);
	set("PMMRUN_MIN", value);
}

static void set_type(const char *text)
{
	if (!*text || strlen(text) >= PMM_NAME_LEN)
		die(EXIT_OURS, "--type '%s': no type of memory has such a name; /sys/kernel/debug/pmm/types lists them",
		    text);
	set("PMMRUN_TYPE", text);
}

/* The program may change its directory. */
static void set_log(const char *path)
{
	char dir[PATH_MAX] = "", full[PATH_MAX];
	FILE *file = fopen(path, "ae");
	int n;

	if (!file)
		die(EXIT_OURS, "--log %s: %s; name a file that can be written", path,
		    strerror(errno));
	fclose(file);
	if (*path != '/' && !getcwd(dir, sizeof(dir)))
		die(EXIT_OURS, "--log %s: the current directory has no name: %s; give the whole path",
		    path, strerror(errno));
	n = snprintf(full, sizeof(full), "%s%s%s", dir, *path == '/' ? "" : "/", path);
	if (n < 0 || (size_t)n >= sizeof(full))
		die(EXIT_OURS, "--log %s: the whole path is too long; choose a shorter one",
		    path);
	set("PMMRUN_LOG", full);
	set("PMMRUN_VERBOSE", "1");
}

/* What an outer pmmrun has set means nothing to this one. */
static void forget_options(void)
{
	static const char * const names[] = {
		"PMMRUN_MIN", "PMMRUN_TYPE", "PMMRUN_LOG", "PMMRUN_MEMFD",
		"PMMRUN_VERBOSE",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		set(names[i], NULL);
}

static void set_option(int option)
{
	switch (option) {
	case 'm':
		return set_min(optarg);
	case 't':
		return set_type(optarg);
	case 'l':
		return set_log(optarg);
	case 'f':
		return set("PMMRUN_MEMFD", "1");
	case 'v':
		return set("PMMRUN_VERBOSE", "1");
	case 'h':
		fputs(help, stdout);
		break;
	case 'V':
		puts("pmmrun " VERSION);
		break;
	default:
		die(EXIT_OURS, "see pmmrun --help");
	}
	exit(fflush(stdout) || ferror(stdout) ? EXIT_OURS : EXIT_SUCCESS);
}

static void parse(int argc, char **argv)
{
	int option;

	forget_options();
	/* The program's own options are none of ours. */
	while ((option = getopt_long(argc, argv, "+vh", options, NULL)) != -1)
		set_option(option);
	if (optind == argc)
		die(EXIT_OURS, "no program given; see pmmrun --help");
}

/* ---------------------------------------------------------------- preload */

/* Beside this program, as it was built or installed: ../lib.  False if not there. */
static bool find_beside(char *path)
{
	char self[PATH_MAX], name[PATH_MAX + sizeof("/../lib/" PRELOAD)];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return false;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return false;
	*slash = '\0';
	snprintf(name, sizeof(name), "%s/../lib/" PRELOAD, self);
	return realpath(name, path);
}

static void find_preload(char *path)
{
	if (!find_beside(path) && !realpath(LIBDIR "/" PRELOAD, path))
		die(EXIT_OURS, "there is no " PRELOAD " in ../lib beside pmmrun, nor in " LIBDIR "; install both (make install)");
	/* Spaces and colons separate what is in LD_PRELOAD. */
	if (strpbrk(path, " :"))
		die(EXIT_OURS, "%s: the dynamic linker takes no preload with a space or a colon in its path; install it elsewhere",
		    path);
}

static bool is_listed(const char *list, const char *path)
{
	size_t length = strlen(path);

	for (list += strspn(list, " :"); *list; list += strspn(list, " :")) {
		size_t n = strcspn(list, " :");

		if (n == length && !strncmp(list, path, n))
			return true;
		list += n;
	}
	return false;
}

/* Those that are there already stay, and come first. */
static void set_preload(void)
{
	const char *old = getenv("LD_PRELOAD");
	char path[PATH_MAX], *both;

	find_preload(path);
	if (!old || !*old)
		return set("LD_PRELOAD", path);
	if (is_listed(old, path))
		return;
	if (asprintf(&both, "%s:%s", old, path) < 0)
		die(EXIT_OURS, "out of memory");
	set("LD_PRELOAD", both);
	free(both);
}

int main(int argc, char **argv)
{
	int err;

	parse(argc, argv);
	set_preload();
	execvp(argv[optind], argv + optind);
	err = errno;
	die(err == ENOENT ? EXIT_NO_PROGRAM : EXIT_CANNOT, "cannot run %s: %s",
	    argv[optind], strerror(err));
}
