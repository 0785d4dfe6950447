// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl check: is everything in order on this machine?  Each finding comes with the
 * command that mends it.
 */
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pmmctl.h"

#define DEVICE		"/dev/pmm"
#define SHMEM_ENABLED	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"
#define SECURE_BOOT	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static const struct column columns[] = {
	{ "check", "CHECK", CELL_TEXT },
	{ "state", "STATE", CELL_TEXT },
	{ "finding", "FINDING", CELL_TEXT },
	{ "remedy", "REMEDY", CELL_TEXT },
};

static struct table *table;
static bool failed;

static void found(const char *check, const char *state, const char *finding,
		  const char *remedy)
{
	table_row(table, (const struct cell[]){
		TEXT(check), TEXT(state), TEXT(finding), TEXT(remedy),
	});
	if (!strcmp(state, "fails"))
		failed = true;
}

/* The beginning of a file; what was read, 0 if it cannot be. */
static size_t file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	memset(buf, 0, size);
	if (fd < 0)
		return 0;
	n = read(fd, buf, size - 1);
	close(fd);
	return n > 0 ? (size_t)n : 0;
}

/* The variable's attributes come first. */
static void check_secure_boot(bool loaded)
{
	char value[8];
	bool on = file_read(SECURE_BOOT, value, sizeof(value)) > 4 && value[4];

	if (!on)
		found("Secure Boot", "ok", "off, modules need no signature", NULL);
	else if (loaded)
		found("Secure Boot", "ok", "on, and the module has a signature", NULL);
	else
		found("Secure Boot", "note",
		      "on: the kernel takes modules with a known signature only",
		      "mokutil --import /var/lib/dkms/mok.pub, then boot again");
}

static void check_version(struct pmmshm *pmm)
{
	struct pmmshm_module_info info;
	char *finding;

	if (pmmshm_module_get(pmm, &info)) {
		found("version", "fails", pmmshm_error(), NULL);
		return;
	}
	finding = formatted("module %s, library %s", info.release,
			    pmmshm_version());
	if (strcmp(info.release, pmmshm_version()))
		found("version", "note", finding, "rmmod pmm && modprobe pmm, after installing both of one release");
	else
		found("version", "ok", finding, NULL);
	free(finding);
}

static void check_node(void)
{
	const struct group *group;
	struct stat st;
	char *finding;

	if (stat(DEVICE, &st))
		return;
	group = getgrgid(st.st_gid);
	finding = formatted("group %s, mode %04o",
			    group ? group->gr_name : "without a name",
			    (unsigned int)(st.st_mode & 07777));
	if (!st.st_gid || (st.st_mode & 0060) != 0060)
		found(DEVICE, "note", finding,
		      "chgrp video " DEVICE " && chmod 0660 " DEVICE);
	else if (st.st_mode & 0006)
		found(DEVICE, "note", finding, "chmod 0660 " DEVICE);
	else
		found(DEVICE, "ok", finding, NULL);
	free(finding);
}

/* The word in brackets is the one that is chosen. */
static void check_shmem_enabled(void)
{
	char words[128];

	if (!file_read(SHMEM_ENABLED, words, sizeof(words)))
		found("huge pages", "note", "this kernel has none for shared memory",
		      NULL);
	else if (strstr(words, "[never]") || strstr(words, "[deny]"))
		found("huge pages", "note",
		      "shared memory is not aligned for them, in programs that know nothing of PMM",
		      "echo advise >" SHMEM_ENABLED);
	else
		found("huge pages", "ok", "shared memory can be aligned for them",
		      NULL);
}

static void check_pool(const struct pmmshm_type_info *info)
{
	char *check = formatted("type %s", info->name);
	char *finding = formatted("%s free of %s%s", bytes(info->free).s,
				  bytes(info->total).s,
				  info->retired ? ", some retired after memory errors" :
						  "");
	char *remedy = NULL;

	if (info->free < info->total / 8 && info->caps & PMM_TYPE_RAM)
		remedy = formatted("pmmctl pools %s %lluM", info->name,
				   (unsigned long long)info->total >> 19);
	found(check, remedy || info->retired ? "note" : "ok", finding, remedy);
	free(remedy);
	free(finding);
	free(check);
}

static void check_pools(struct pmmshm *pmm)
{
	struct pmmshm_type_info info;
	unsigned int i;

	for (i = 0; !pmmshm_type_get(pmm, i, &info); i++)
		check_pool(&info);
	if (!i)
		found("types", "note", "there are none", "rmmod pmm && modprobe pmm pool_mb=128");
}

static int run(char **arguments)
{
	struct pmmshm *pmm = pmmshm_open(NULL);

	(void)arguments;
	table = table_new(columns, ARRAY_SIZE(columns));
	/* The library says what helps. */
	if (pmm)
		found("module", "ok", "loaded, and this user may use it", NULL);
	else
		found("module", "fails", pmmshm_error(), NULL);
	check_secure_boot(access("/sys/module/pmm", F_OK) == 0);
	check_node();
	check_shmem_enabled();
	if (pmm) {
		check_version(pmm);
		check_pools(pmm);
	}
	table_print(table, NULL);
	table_free(table);
	pmmshm_close(pmm);
	return failed ? EXIT_FAILED : EXIT_SUCCESS;
}

const struct command command_check = {
	.name = "check",
	.arguments = "",
	.summary = "look whether everything is in order on this machine",
	.help =
	"Is the module loaded, does its version match, may this user use it, are pools large\n"
	"enough, can programs get huge pages?  What is not has the command that mends it; the\n"
	"exit status is 1 if PMM cannot be used.\n"
	"\n",
	.run = run,
};
