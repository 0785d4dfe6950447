// SPDX-License-Identifier: MIT
// Share a block with a program that knows only shmat(2).
// prints: the other program reads: hello
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>
#include <pmmshm.h>

int main(void)
{
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_block *block = pmmshm_block_alloc(pmm, 4096, NULL);

	if (!block)
		return fprintf(stderr, "%s\n", pmmshm_error()), 1;
	memcpy(pmmshm_block_data(block), "hello", 6);
	if (!fork()) {
		printf("the other program reads: %s\n",
		       (char *)shmat(pmmshm_block_shmid(block), NULL, SHM_RDONLY));
		return 0;
	}
	wait(NULL);
	pmmshm_block_free(block);
	pmmshm_close(pmm);
	return 0;
}
