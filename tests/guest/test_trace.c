// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trace events tell the whole story of a block, in order: what is in
 * Documentation/tracing.rst.
 *
 * expect-log: Memory failure
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define TRACE "/sys/kernel/tracing/"
#define SIZE (3 * PAGE)
#define SOON 10.0

static void trace_start(void)
{
	if (access(TRACE "trace", F_OK))
		EXPECT_OK(mount("tracefs", TRACE, "tracefs", 0, NULL));
	write_file(TRACE "trace", "");
	/* One order for all CPUs. */
	write_file(TRACE "trace_clock", "counter");
	write_file(TRACE "events/pmm/enable", "1");
	write_file(TRACE "tracing_on", "1");
}

static void trace_stop(void)
{
	write_file(TRACE "events/pmm/enable", "0");
	write_file(TRACE "trace_clock", "local");
}

/* What comes after "NAME=", up to a space. */
static bool field(const char *line, const char *name, char *value, size_t size)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), " %s=", name);
	at = strstr(line, key);
	if (!at)
		return false;
	at += strlen(key);
	snprintf(value, size, "%.*s", (int)strcspn(at, "\n "), at);
	return true;
}

static uint64_t number(const char *line, const char *name)
{
	char value[64];

	EXPECT(field(line, name, value, sizeof(value)));
	return strtoull(value, NULL, 0);
}

static bool is_event(const char *line, const char *event)
{
	char text[64];

	snprintf(text, sizeof(text), " %s: ", event);
	return strstr(line, text);
}

/* The @n-th event of that name, of that block unless @id is 0. */
static void event_line(const char *event, uint64_t id, unsigned int n,
		       char *line, size_t size)
{
	FILE *f = fopen(TRACE "trace", "r");

	EXPECT(f);
	while (fgets(line, size, f))
		if (is_event(line, event) &&
		    (!id || number(line, "id") == id) && !n--)
			break;
	EXPECT(!feof(f));
	fclose(f);
}

/*
 * A block's events in order, without what all names begin with and with the
 * holders where they change: "alloc:1 get:2 put:1 put:0 quarantine free".
 */
static void story(uint64_t id, char *text, size_t size)
{
	FILE *f = fopen(TRACE "trace", "r");
	char line[512], *name;
	size_t used = 0;

	EXPECT(f);
	text[0] = '\0';
	while (fgets(line, sizeof(line), f)) {
		name = strstr(line, " pmm_block_");
		if (!name || number(line, "id") != id)
			continue;
		name += strlen(" pmm_block_");
		used += snprintf(text + used, size - used, "%s%.*s:%u",
				 used ? " " : "", (int)strcspn(name, ":"),
				 name, (unsigned int)number(line, "holders"));
		EXPECT(used < size);
	}
	fclose(f);
}

static void expect_story(uint64_t id, const char *expected)
{
	char text[512];

	story(id, text, sizeof(text));
	if (strcmp(text, expected)) {
		printf("block %" PRIu64 ": %s\nexpected: %s\n", id, text,
		       expected);
		EXPECT(!strcmp(text, expected));
	}
}

/* A block with a private home, found once more. */
static void private_home(void)
{
	int block = block_alloc(SIZE), again;
	uint64_t id = block_id(block), pfn = block_pfn(block);
	char line[512], value[64];
	void *p = block_map(block, SIZE);
	unsigned int i;

	static const char * const events[] = {
		"pmm_block_alloc", "pmm_block_home", "pmm_block_get",
		"pmm_block_quarantine", "pmm_block_free",
	};

	again = EXPECT_OK(try_find_address(p));
	close(again);
	close(block);
	EXPECT_OK(munmap(p, SIZE));
	wait_pool_whole(SOON);
	expect_story(id, "alloc:1 home:1 get:2 put:1 put:0 home_end:0 quarantine:0 free:0");

	for (i = 0; i < sizeof(events) / sizeof(*events); i++) {
		event_line(events[i], id, 0, line, sizeof(line));
		EXPECT_EQ(number(line, "size"), SIZE);
		EXPECT_EQ(number(line, "pfn"), pfn);
		EXPECT(field(line, "type", value, sizeof(value)));
		EXPECT(!strcmp(value, "general"));
	}
	event_line("pmm_block_home", id, 0, line, sizeof(line));
	EXPECT(strstr(line, " home=private:"));
	EXPECT_EQ(number(line, "errno"), 0);
}

/* A System V segment as home, after a try that fails; two users, then none. */
static void adopted_home(void)
{
	int block = block_alloc(SIZE), shmid;
	uint64_t id = block_id(block);
	char line[512], home[64];
	char *p;

	p = segment_sysv(SIZE, 0600, &shmid);
	*p = 1;
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EBUSY);
	EXPECT_OK(shmdt(p));
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	event_line("pmm_block_adopt", id, 0, line, sizeof(line));
	EXPECT_EQ((int)number(line, "errno"), -EBUSY);

	p = segment_sysv(SIZE, 0600, &shmid);
	EXPECT_OK(try_block_adopt(block, p, 0));
	snprintf(home, sizeof(home), " home=sysv:%d ", shmid);
	event_line("pmm_block_adopt", id, 1, line, sizeof(line));
	EXPECT(strstr(line, home));
	EXPECT_EQ(number(line, "errno"), 0);
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EBUSY);

	close(block);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(p));
	wait_pool_whole(SOON);
	expect_story(id, "alloc:1 adopt:1 adopt:1 adopt:1 put:0 home_end:0 quarantine:0 free:0");
}

/* Found by its segment when nobody has an fd any more. */
static void revived(void)
{
	uint64_t id;
	int shmid;
	void *p;
	int block = block_sysv(SIZE, 0600, &shmid, &p);

	id = block_id(block);
	close(block);
	sleep_ms(200);
	close(EXPECT_OK(try_find_address(p)));
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(p));
	wait_pool_whole(SOON);
	expect_story(id, "alloc:1 adopt:1 put:0 get:1 put:0 home_end:0 quarantine:0 free:0");
}

static void failures(void)
{
	struct pmm_alloc a = { .length = 1UL << 40, .align = MIB };
	char line[512];

	EXPECT_ERRNO(try_block_alloc(&a), ENOMEM);
	event_line("pmm_alloc_fail", 0, 0, line, sizeof(line));
	EXPECT(strstr(line, "type=general size=1099511627776 align=1048576"));
	EXPECT(strstr(line, " reason=exhausted errno=-12"));

	memset(&a, 0, sizeof(a));
	a.length = PAGE;
	strcpy(a.type, "no such\ntype");
	EXPECT_ERRNO(try_block_alloc(&a), ENOENT);
	event_line("pmm_alloc_fail", 0, 1, line, sizeof(line));
	EXPECT(strstr(line, "type=? size=4096 align=0 reason=type errno=-2"));
}

static void hurt(void *page)
{
	(void)!madvise(page, PAGE, MADV_HWPOISON);
}

/* Last of all: what goes bad stays so. */
static void retired(void)
{
	int block = block_alloc(SIZE), status, pid;
	uint64_t id = block_id(block), pfn = block_pfn(block);
	char *p = block_map(block, SIZE), line[512];

	fill(p, SIZE, 1);
	pid = child_start(0, hurt, p + PAGE);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	if (!(block_state(block) & PMM_BLOCK_POISONED))
		guest_skip("this kernel has no MADV_HWPOISON");
	close(block);
	EXPECT_OK(munmap(p, SIZE));
	wait_pool_whole(SOON);
	expect_story(id, "alloc:1 home:1 put:0 home_end:0 quarantine:0 free:0");
	event_line("pmm_page_retire", 0, 0, line, sizeof(line));
	EXPECT(strstr(line, "type=general"));
	EXPECT_EQ(number(line, "pfn"), pfn + 1);
}

int main(void)
{
	trace_start();
	private_home();
	adopted_home();
	revived();
	failures();
	retired();
	trace_stop();
	return 0;
}
