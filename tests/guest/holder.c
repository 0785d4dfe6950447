// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody who has a block in every way, for pmmctl to find: holder /NAME
 *
 * It has a segment, a name, a block fd, a dma-buf and a file, in a parent and its
 * child; and a further block in quarantine.  Prints "SHMID CHILD" and waits for the
 * end of its standard input.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pmmshm.h"

#define HELD		(4UL << 20)
#define PINNED		(2UL << 20)

static void fail(const char *what)
{
	fprintf(stderr, "holder: %s: %s\n", what, pmmshm_error());
	exit(1);
}

/* A page of it is in a pipe when it ends. */
static void leave_in_quarantine(struct pmmshm *pmm)
{
	struct pmmshm_block *block = pmmshm_block_alloc(pmm, PINNED, NULL);
	struct iovec page = { .iov_len = 4096 };
	int ends[2];

	if (!block || pipe2(ends, O_CLOEXEC))
		fail("the block to be pinned");
	page.iov_base = pmmshm_block_data(block);
	if (vmsplice(ends[1], &page, 1, 0) != 4096)
		fail("vmsplice");
	pmmshm_block_free(block);
}

int main(int argc, char **argv)
{
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_block *block = pmmshm_block_alloc(pmm, HELD, NULL);
	pid_t child;
	char end;

	if (argc != 2 || !block)
		fail("the block");
	if (pmmshm_block_link(block, argv[1], 0644, 0) ||
	    pmmshm_block_dmabuf_fd(block) < 0 ||
	    pmmshm_block_home_fd(block, O_RDWR) < 0)
		fail("its names");
	leave_in_quarantine(pmm);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	printf("%d %d\n", pmmshm_block_shmid(block), (int)child);
	fflush(stdout);
	return read(STDIN_FILENO, &end, 1) ? 1 : 0;
}
