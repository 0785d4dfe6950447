// SPDX-License-Identifier: MIT
// Hand a block to a driver as a dma-buf; or say why there is none.
// prints: (a dma-buf of 4096 bytes|cannot make a dma-buf of the block: .*)
#include <stdio.h>
#include <unistd.h>
#include <pmmshm.h>

int main(void)
{
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_block *block = pmmshm_block_alloc(pmm, 4096, NULL);
	int fd = block ? pmmshm_block_dmabuf_fd(block) : -1;

	if (fd >= 0) /* this is what V4L2_MEMORY_DMABUF or DRM_IOCTL_PRIME_FD_TO_HANDLE take */
		printf("a dma-buf of %ld bytes\n", (long)lseek(fd, 0, SEEK_END));
	else
		printf("%s\n", pmmshm_error());
	pmmshm_block_free(block);
	pmmshm_close(pmm);
	return 0;
}
