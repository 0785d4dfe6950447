// SPDX-License-Identifier: MIT
// Give a block a POSIX name, and find it by that again.
// prints: /example: hello
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <pmmshm.h>

int main(void)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .flags = PMMSHM_NO_SEGMENT };
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_block *block = pmmshm_block_alloc(pmm, 4096, &opts), *found;

	if (!block || pmmshm_block_link(block, "/example", 0600, 0))
		return fprintf(stderr, "%s\n", pmmshm_error()), 1;
	memcpy(pmmshm_block_data(block), "hello", 6);
	found = pmmshm_block_import_name(pmm, "/example", O_RDONLY);
	shm_unlink("/example");
	printf("/example: %s\n", (char *)pmmshm_block_data(found));
	pmmshm_block_free(found);
	pmmshm_block_free(block);
	pmmshm_close(pmm);
	return 0;
}
