// SPDX-License-Identifier: GPL-2.0-only
/*
 * RAM on a PCI device; see device.h.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "guest.h"

#define DEVICES		"/sys/bus/pci/devices"
#define VENDOR		"0x1af4"
#define IVSHMEM		"0x1110"

/* Line @n of an attribute; false if the device has just gone. */
static bool attribute(const char *device, const char *name, int n, char line[128])
{
	char path[512];
	bool got = true;
	FILE *f;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", device, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	do {
		got = got && fgets(line, 128, f);
	} while (n--);
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return got;
}

/* Where a BAR begins and ends. */
static bool bar_read(const char *device, int bar, uint64_t *start, uint64_t *end)
{
	char line[128] = "";

	return attribute(device, "resource", bar, line) &&
	       sscanf(line, "%lx %lx", start, end) == 2;
}

static bool is_wanted(const char *device, size_t size)
{
	char vendor[128] = "", id[128] = "";
	uint64_t start, end;

	return attribute(device, "vendor", 0, vendor) &&
	       attribute(device, "device", 0, id) &&
	       !strcmp(vendor, VENDOR) && !strcmp(id, IVSHMEM) &&
	       bar_read(device, DEVICE_BAR, &start, &end) &&
	       end - start + 1 == size;
}

bool device_find(char name[32], size_t size)
{
	DIR *dir = opendir(DEVICES);
	struct dirent *entry;
	bool found = false;

	EXPECT(dir);
	while (!found && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !is_wanted(entry->d_name, size))
			continue;
		snprintf(name, 32, "%.31s", entry->d_name);
		found = true;
	}
	closedir(dir);
	return found;
}

static void device_name(char name[32])
{
	EXPECT(device_find(name, DEVICE_SIZE));
}

void device_path(char *path, size_t size, const char *file)
{
	char name[32];

	device_name(name);
	EXPECT(snprintf(path, size, DEVICES "/%s/%s", name, file) < (int)size);
}

void device_type(char type[32])
{
	char name[32];

	device_name(name);
	EXPECT(snprintf(type, 32, "pci-%.20s-bar%d", name, DEVICE_BAR) < 32);
}

void device_load(const char *args)
{
	char path[128];

	EXPECT_OK(try_part_insert("pmm_pci", args));
	device_path(path, sizeof(path), "driver_override");
	write_file(path, "pmm_pci");
}

void device_unload(void)
{
	char path[128], name[32];

	if (device_find(name, DEVICE_SIZE)) {
		device_path(path, sizeof(path), "driver_override");
		write_file(path, "\n");
	}
	test_module_remove("pmm_pci");
}

int try_device_bind(const char *name)
{
	return try_write_file(PCI_DRIVER "/bind", name);
}

void device_bind(void)
{
	char name[32];

	device_name(name);
	EXPECT_OK(try_device_bind(name));
}

void device_unbind(void)
{
	char name[32];

	device_name(name);
	write_file(PCI_DRIVER "/unbind", name);
}

int try_device_alloc(size_t size)
{
	struct pmm_alloc a = { .size = sizeof(a), .length = size };

	device_type(a.type);
	return try_block_alloc(&a);
}

int device_alloc(size_t size)
{
	return EXPECT_OK(try_device_alloc(size));
}

uint64_t device_start(void)
{
	uint64_t start, end;
	char name[32];

	device_name(name);
	EXPECT(bar_read(name, DEVICE_BAR, &start, &end));
	return start;
}

size_t device_holds(const void *p, size_t size)
{
	uint64_t start = device_start();
	const char *page = p;
	size_t i, held = 0;

	for (i = 0; i < size; i += PAGE)
		if (pfn_of(page + i) * PAGE - start < DEVICE_SIZE)
			held += PAGE;
	return held;
}

uint64_t device_offset(int block)
{
	return block_pfn(block) * PAGE - device_start();
}

void host_read(void *to, size_t size, uint64_t offset)
{
	const char *out = getenv("OUT");
	char path[256];
	size_t done, piece;
	void *buf;
	int fd;

	EXPECT(out);
	snprintf(path, sizeof(path), "%s/bar", out);
	/* Past the guest's own cache of files. */
	fd = EXPECT_OK(open(path, O_RDONLY | O_DIRECT | O_CLOEXEC));
	EXPECT(!posix_memalign(&buf, PAGE, MIB));
	for (done = 0; done < size; done += piece) {
		piece = size - done < MIB ? size - done : MIB;
		EXPECT_EQ(pread(fd, buf, piece, offset + done), piece);
		memcpy((char *)to + done, buf, piece);
	}
	free(buf);
	close(fd);
}

bool host_has(const void *what, size_t size, uint64_t offset)
{
	char *buf = malloc(size);
	bool same;

	EXPECT(buf);
	host_read(buf, size, offset);
	same = !memcmp(buf, what, size);
	free(buf);
	return same;
}
