// SPDX-License-Identifier: MIT
// Move memory that malloc() gave into a device's memory, and back: its address stays.
// run: move vram
// prints: (to vram and back: 16388 KiB and 16388 KiB, it ends with xy|cannot move .*)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pmmshm.h>

#define SIZE	(16 << 20)

int main(int argc, char **argv)
{
	const char *type = argc > 1 ? argv[1] : "vram";
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_migration there, back;
	char *table = malloc(SIZE);
	int err;

	memset(table, 'x', SIZE);
	err = pmmshm_migrate(pmm, table, SIZE, type, &there);
	if (!err) {
		table[SIZE - 1]++;			/* in the device's memory */
		err = pmmshm_migrate(pmm, table, SIZE, NULL, &back);
	}
	if (!err)
		printf("to %s and back: %zu KiB and %zu KiB, it ends with %.2s\n", type,
		       (size_t)there.moved >> 10, (size_t)back.moved >> 10, table + SIZE - 2);
	else
		printf("%s\n", pmmshm_error());
	free(table);
	pmmshm_close(pmm);
	return 0;
}
