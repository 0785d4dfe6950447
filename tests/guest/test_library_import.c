// SPDX-License-Identifier: GPL-2.0-only
/*
 * libpmmshm: blocks that others made, with the rights that their mode gives.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "library.h"

#define SIZE	(4 * MIB)

struct segment {
	int shmid;
	uint64_t id;
};

static void child_reads_and_writes(void *arg)
{
	struct segment *s = arg;
	struct pmmshm_block_info info;
	struct pmmshm_block *b;

	b = EXPECT_GOT(pmmshm_block_import_shmid(pmm, s->shmid, 0));
	EXPECT_EQ(pmmshm_block_size(b), SIZE);
	EXPECT_EQ(pmmshm_block_shmid(b), s->shmid);
	EXPECT_EQ((uintptr_t)pmmshm_block_data(b) % HUGE_PAGE, 0);
	EXPECT_EQ(pmmshm_block_get_info(b, &info), 0);
	EXPECT_EQ(info.id, s->id);
	EXPECT_EQ(info.uid, 0);
	EXPECT(!(info.state & PMMSHM_STATE_READONLY));
	EXPECT(filled(pmmshm_block_data(b), SIZE, 1));
	fill(pmmshm_block_data(b), SIZE, 2);
	pmmshm_block_free(b);
}

static void child_is_refused(void *arg)
{
	struct segment *s = arg;

	EXPECT_FAILS(pmmshm_block_import_shmid(pmm, s->shmid, 0), EACCES,
		     "permission denied");
	EXPECT_FAILS(pmmshm_block_import_shmid(pmm, s->shmid, SHM_RDONLY),
		     EACCES, "its owner has to let this user read it");
}

static void crashed(int signal)
{
	_exit(signal);
}

/* Writing there is a crash. */
static void expect_segv(char *p)
{
	int pid = EXPECT_OK(fork()), status;

	if (!pid) {
		signal(SIGSEGV, crashed);
		*p = 1;
		_exit(0);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFEXITED(status));
	EXPECT_EQ(WEXITSTATUS(status), SIGSEGV);
}

static void check_readonly(struct pmmshm_block *b)
{
	struct pmmshm_block_info info;
	void *p;

	EXPECT_EQ(pmmshm_block_get_info(b, &info), 0);
	EXPECT(info.state & PMMSHM_STATE_READONLY);
	EXPECT(filled(pmmshm_block_data(b), SIZE, 1));
	expect_segv(pmmshm_block_data(b));
	EXPECT_ERRNO(mprotect(pmmshm_block_data(b), SIZE,
			      PROT_READ | PROT_WRITE), EACCES);
	EXPECT_FAILS(pmmshm_block_map(b, PROT_READ | PROT_WRITE), EACCES,
		     "cannot map the block for writing: it was imported for reading only");
	EXPECT_EQ(pmmshm_block_home_fd(b, O_RDWR), -1);
	library_check_error(__FILE__, __LINE__, "home_fd", EACCES,
			    "imported for reading only");
	p = EXPECT_GOT(pmmshm_block_map(b, PROT_READ));
	EXPECT(filled(p, SIZE, 1));
	expect_segv(p);
	EXPECT_ERRNO(mprotect(p, SIZE, PROT_READ | PROT_WRITE), EACCES);
	EXPECT_OK(munmap(p, SIZE));
}

static void child_only_reads(void *arg)
{
	struct segment *s = arg;
	struct pmmshm_block *b;
	char text[200];

	if (getuid()) {
		snprintf(text, sizeof(text),
			 "cannot attach segment %d for reading and writing: permission denied: it belongs to user 0 and has mode 0644; ask for SHM_RDONLY",
			 s->shmid);
		EXPECT_FAILS(pmmshm_block_import_shmid(pmm, s->shmid, 0),
			     EACCES, text);
	}
	b = EXPECT_GOT(pmmshm_block_import_shmid(pmm, s->shmid, SHM_RDONLY));
	check_readonly(b);
	pmmshm_block_free(b);
}

static void import_as(unsigned int uid, mode_t mode, void (*fn)(void *),
		      uint64_t after)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .mode = mode };
	struct pmmshm_block *b = EXPECT_GOT(pmmshm_block_alloc(pmm, SIZE,
							       &opts));
	struct segment s = {
		.shmid = pmmshm_block_shmid(b),
		.id = block_id(pmmshm_block_fd(b)),
	};

	fill(pmmshm_block_data(b), SIZE, 1);
	run_as(uid, fn, &s);
	EXPECT(filled(pmmshm_block_data(b), SIZE, after));
	pmmshm_block_free(b);
	wait_pool_whole(10);
}

/* The importer has it to the end, whoever made it. */
static void outlives_its_maker(void)
{
	struct pmmshm_block *a = EXPECT_GOT(pmmshm_block_alloc(pmm, SIZE, NULL));
	struct pmmshm_block *b;
	int shmid = pmmshm_block_shmid(a);

	b = EXPECT_GOT(pmmshm_block_import_shmid(pmm, shmid, 0));
	fill(pmmshm_block_data(a), SIZE, 3);
	pmmshm_block_free(a);
	EXPECT(filled(pmmshm_block_data(b), SIZE, 3));
	pmmshm_block_free(b);
	EXPECT(!segment_exists(shmid));
	wait_pool_whole(10);
}

static void ordinary_segments(void)
{
	static const size_t sizes[] = { 1, PAGE, 5 * MIB };
	struct shmid_ds ds;
	size_t i;
	int shmid;

	for (i = 0; i < 3; i++) {
		shmid = EXPECT_OK(shmget(IPC_PRIVATE, sizes[i], 0600));
		EXPECT_FAILS(pmmshm_block_import_shmid(pmm, shmid, 0), ENOENT,
			     "there is no pmm block behind segment");
		EXPECT_OK(shmctl(shmid, IPC_STAT, &ds));
		EXPECT_EQ(ds.shm_nattch, 0);
		EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
		EXPECT_FAILS(pmmshm_block_import_shmid(pmm, shmid, 0), EINVAL,
			     "there is no segment");
	}
}

int main(void)
{
	library_open();
	import_as(0, 0600, child_reads_and_writes, 2);
	import_as(0, 0600, child_only_reads, 1);
	import_as(NOBODY, 0666, child_reads_and_writes, 2);
	import_as(NOBODY, 0644, child_only_reads, 1);
	import_as(NOBODY, 0600, child_is_refused, 1);
	import_as(NOBODY, 0622, child_is_refused, 1);
	outlives_its_maker();
	ordinary_segments();
	library_close();
	return 0;
}
