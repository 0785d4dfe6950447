// SPDX-License-Identifier: MIT
// Allocate a block, use it, and say what it is.
// prints: 8388608 bytes, segment [0-9]+, (in one piece|in pieces)
#include <stdio.h>
#include <string.h>
#include <pmmshm.h>

int main(void)
{
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_block *block = pmmshm_block_alloc(pmm, 8 << 20, NULL);

	if (!block)
		return fprintf(stderr, "%s\n", pmmshm_error()), 1;
	memset(pmmshm_block_data(block), 0x5a, pmmshm_block_size(block));
	printf("%zu bytes, segment %d, %s\n", pmmshm_block_size(block), pmmshm_block_shmid(block),
	       pmmshm_block_caps(block) & PMMSHM_CAP_CONTIGUOUS ? "in one piece" : "in pieces");
	pmmshm_block_free(block);
	pmmshm_close(pmm);
	return 0;
}
