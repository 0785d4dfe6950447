// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmctl check: is everything in order on this machine?  Each finding comes with the
 * command that mends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "pmmctl.h"
#include "stats.h"

#define SHMEM_ENABLED	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"
#define RELOAD		"rmmod pmm && modprobe pmm, after installing module and library of one release"
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

/* ---- the module ---- */

/* Is there one for this kernel? */
static bool is_installed(const char *release)
{
	char *path = formatted("/lib/modules/%s/modules.dep", release);
	FILE *file = fopen(path, "re");
	bool is = false;
	char *line = NULL;
	size_t size = 0;

	free(path);
	while (file && !is && getline(&line, &size, file) > 0) {
		line[strcspn(line, ":")] = 0;
		is = strstr(line, "/pmm.ko");
	}
	free(line);
	if (file)
		fclose(file);
	return is;
}

static char *remedy_not_loaded(void)
{
	struct utsname name;

	uname(&name);
	if (is_installed(name.release))
		return copy("modprobe pmm");
	return formatted("apt install pmm-dkms linux-headers-%s && modprobe pmm",
			 name.release);
}

static void check_module(struct pmmshm *pmm, int err)
{
	char *remedy = NULL;

	if (pmm) {
		found("module", "ok", "loaded, and this user may use it", NULL);
		return;
	}
	if (err == ENOENT)
		remedy = remedy_not_loaded();
	else if (err == EPROTO)
		remedy = copy(RELOAD);
	/* The library says what it is; for EACCES, so does check_user(). */
	found("module", "fails", pmmshm_error(), remedy);
	free(remedy);
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
		found("version", "note", finding, RELOAD);
	else
		found("version", "ok", finding, NULL);
	free(finding);
}

/* ---- who may use it ---- */

static bool has_group(gid_t group)
{
	int nr = getgroups(0, NULL), i;
	gid_t *groups;
	bool has = getegid() == group;

	if (nr <= 0)
		return has;
	groups = new((size_t)nr * sizeof(*groups));
	nr = getgroups(nr, groups);
	for (i = 0; i < nr && !has; i++)
		has = groups[i] == group;
	free(groups);
	return has;
}

/* In /etc/group, since this login or before */
static bool is_member(const char *user, const struct group *group)
{
	char **member;

	for (member = group->gr_mem; *member; member++)
		if (!strcmp(*member, user))
			return true;
	return false;
}

/* Root may do all, and the node's mode is another finding; @may: use PMM anyway. */
static void check_user(bool may)
{
	const struct group *group;
	char *user, *finding, *remedy;
	struct stat st;

	if (!geteuid() || stat(DEVICE, &st) || !st.st_gid)
		return;
	group = getgrgid(st.st_gid);
	if (!group)
		return;
	user = user_name(geteuid());
	if (has_group(st.st_gid)) {
		finding = formatted("%s is in group %s", user, group->gr_name);
		found("user", "ok", finding, NULL);
	} else {
		finding = formatted("%s is not in group %s%s", user,
				    group->gr_name, is_member(user, group) ?
				    " in this session" : "");
		remedy = is_member(user, group) ?
			 formatted("log in again, or newgrp %s", group->gr_name) :
			 formatted("usermod -aG %s %s, and log in again",
				   group->gr_name, user);
		found("user", may ? "note" : "fails", finding, remedy);
		free(remedy);
	}
	free(finding);
	free(user);
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

/* ---- is it enough? ---- */

/* Failures that there are fewer of in a larger pool; "" is none so far */
static bool is_for_size(const char *why)
{
	static const char *const reasons[] = {
		"", "exhausted", "fragmented", "alignment", "reserve",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		if (!strcmp(why, reasons[i]))
			return true;
	return false;
}

/* What helps against a type's most frequent failure; NULL if nothing here does */
static char *remedy_of(const struct pmmshm_type_info *info, const char *why)
{
	if (!strcmp(why, "quota"))
		return formatted("pmmctl quota --type %s --user USER SIZE",
				 info->name);
	if (!strcmp(why, "quarantine"))
		return formatted("pmmctl blocks --type %s, then pmmctl holders BLOCK",
				 info->name);
	if (info->caps & PMM_TYPE_RAM && is_for_size(why))
		return formatted("pmmctl pools %s %" PRIu64 "M", info->name,
				 info->total >> 19);
	return NULL;
}

/* Failures count, and so does what is going to fail soon. */
static void check_pool(const struct pmmshm_type_info *info,
		       const struct type_stats *stats)
{
	bool failures = stats && stats->failed, tight = info->free < info->total / 8;
	char *check = formatted("type %s", info->name), *finding, *remedy = NULL;
	char *failed_text = failures ?
		formatted("; %" PRIu64 " allocations failed, most of them for: %s",
			  stats->failed, stats->why) : copy("");

	finding = formatted("%s free of %s%s%s", bytes(info->free).s,
			    bytes(info->total).s, info->retired ?
			    ", some retired after memory errors" : "",
			    failed_text);
	if (failures || tight)
		remedy = remedy_of(info, failures ? stats->why : "");
	found(check, failures || tight || info->retired ? "note" : "ok",
	      finding, remedy);
	free(failed_text);
	free(remedy);
	free(finding);
	free(check);
}

static void check_pools(struct pmmshm *pmm)
{
	struct pmmshm_type_info info;
	struct stats stats;
	unsigned int i;

	stats_read(&stats);
	for (i = 0; !pmmshm_type_get(pmm, i, &info); i++)
		check_pool(&info, stats_find(&stats, info.name));
	if (!i)
		found("types", "note", "there are none", "rmmod pmm && modprobe pmm pool_mb=128");
	stats_free(&stats);
}

/* Only root could see it. */
static void check_debugfs(void)
{
	if (geteuid())
		return;
	if (access(DEBUGFS_BLOCKS, R_OK))
		found("debugfs", "note",
		      "not mounted: blocks without names, and where blocks are, cannot be seen",
		      "mount -t debugfs debugfs /sys/kernel/debug");
	else
		found("debugfs", "ok", "mounted", NULL);
}

static int run(char **arguments)
{
	struct pmmshm *pmm = pmmshm_open(NULL);
	int err = errno;

	(void)arguments;
	table = table_new(columns, ARRAY_SIZE(columns));
	check_module(pmm, err);
	check_secure_boot(access("/sys/module/pmm", F_OK) == 0);
	check_user(pmm);
	check_node();
	check_shmem_enabled();
	if (pmm) {
		check_version(pmm);
		check_debugfs();
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
	"Is the module loaded, does its version match, does Secure Boot let it be, may this user\n"
	"use it, are pools large enough, can programs get huge pages?  What is not has the\n"
	"command that mends it; the exit status is 1 if PMM cannot be used.  Root also learns\n"
	"which allocations failed so far.\n"
	"\n",
	.run = run,
};
