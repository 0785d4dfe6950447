// SPDX-License-Identifier: MIT
// Take contiguous memory or nothing: what a program does that feeds a device.
// prints: (one piece of 8388608 bytes|cannot allocate 8 MiB .*)
#include <stdio.h>
#include <linux/pmm.h>
#include <pmmshm.h>

int main(void)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .caps = PMM_TYPE_RAM };
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_block *block = pmmshm_block_alloc(pmm, 8 << 20, &opts);

	if (block)
		printf("one piece of %zu bytes\n", pmmshm_block_size(block));
	else
		printf("%s\n", pmmshm_error());
	pmmshm_block_free(block);
	pmmshm_close(pmm);
	return 0;
}
