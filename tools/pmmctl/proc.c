// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of /proc and debugfs, understood.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"

bool mapping_parse(const char *line, struct mapping *mapping)
{
	char access[5];
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %15s %" SCNu64 " %n",
		   &mapping->start, &mapping->end, access, mapping->dev,
		   &mapping->ino, &path) < 5 || !path)
		return false;
	mapping->write = access[1] == 'w';
	mapping->shared = access[3] == 's';
	snprintf(mapping->path, sizeof(mapping->path), "%s", line + path);
	mapping->path[strcspn(mapping->path, "\n")] = 0;
	return true;
}

bool fdinfo_parse(FILE *file, uint64_t *id, bool *write)
{
	bool is_block = false;
	char *line = NULL;
	size_t size = 0;

	*write = false;
	while (getline(&line, &size, file) > 0) {
		if (sscanf(line, "pmm-block: %" SCNu64, id) == 1)
			is_block = true;
		else if (!strcmp(line, "pmm-access:\tread-write\n"))
			*write = true;
	}
	free(line);
	return is_block;
}

/* size flags mode count exporter inode name: the line that a dma-buf begins with */
static bool bufinfo_begins(const char *line, uint64_t *ino)
{
	return sscanf(line, "%*u %*x %*x %*u %*s %" SCNu64, ino) == 1;
}

char **bufinfo_parse(FILE *file, uint64_t ino)
{
	char *line = NULL, **devices = NULL;
	bool ours = false, attached = false;
	size_t size = 0, nr = 0;
	uint64_t other;

	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = 0;
		if (bufinfo_begins(line, &other)) {
			ours = other == ino;
			attached = false;
		} else if (!strcmp(line, "\tAttached Devices:")) {
			attached = true;
		} else if (*line != '\t') {
			attached = false;
		} else if (ours && attached) {
			devices = list_add(devices, nr++, line + 1);
		}
	}
	free(line);
	return devices;
}
