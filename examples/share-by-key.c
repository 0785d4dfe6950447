// SPDX-License-Identifier: MIT
// Allocate a block under a System V key, where others find it with shmget(2).
// prints: the key leads to segment ([0-9]+), which is \1
#include <stdio.h>
#include <sys/shm.h>
#include <unistd.h>
#include <pmmshm.h>

int main(void)
{
	key_t key = 0x50000000 + getpid();
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_block *block = pmmshm_block_publish(pmm, 4096, key, 0600, NULL);

	if (!block)
		return fprintf(stderr, "%s\n", pmmshm_error()), 1;
	printf("the key leads to segment %d, which is %d\n", shmget(key, 0, 0),
	       pmmshm_block_shmid(block));
	shmctl(pmmshm_block_shmid(block), IPC_RMID, NULL); /* it would stay */
	pmmshm_block_free(block);
	pmmshm_close(pmm);
	return 0;
}
