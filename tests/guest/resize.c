// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grow or shrink a pool from a shell: resize TYPE MIB
 */
#include <stdio.h>
#include <stdlib.h>

#include "pmmshm.h"

int main(int argc, char **argv)
{
	struct pmmshm *pmm;
	int ret;

	if (argc != 3) {
		fprintf(stderr, "usage: resize TYPE MIB\n");
		return 2;
	}
	pmm = pmmshm_open(NULL);
	ret = pmm ? pmmshm_type_resize(pmm, argv[1],
				       strtoull(argv[2], NULL, 0) << 20) : -1;
	if (ret)
		fprintf(stderr, "%s\n", pmmshm_error());
	pmmshm_close(pmm);
	return ret ? 1 : 0;
}
