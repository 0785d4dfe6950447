// SPDX-License-Identifier: MIT
// What types of memory there are, and which segments are blocks.
// prints: [a-z]+: [0-9]+ of [0-9]+ MiB free
#include <stdio.h>
#include <pmmshm.h>

int main(void)
{
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_segment_info segment;
	struct pmmshm_type_info type;
	unsigned int i;

	if (!pmm)
		return fprintf(stderr, "%s\n", pmmshm_error()), 1;
	for (i = 0; !pmmshm_type_get(pmm, i, &type); i++)
		printf("%s: %llu of %llu MiB free\n", type.name,
		       (unsigned long long)type.free >> 20, (unsigned long long)type.total >> 20);
	for (i = 0; !pmmshm_segment_next(pmm, &i, &segment);)
		printf("segment %d: %llu KiB of user %u\n", segment.shmid,
		       (unsigned long long)segment.length >> 10, (unsigned int)segment.uid);
	pmmshm_close(pmm);
	return 0;
}
