// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process's pages in the memory of a PCI device, where the host finds what the
 * process writes, and in RAM that was set aside at boot; and what becomes of them
 * when the device is taken away, or the module is unloaded.
 *
 * guest: QEMU_ARGS="$(<tests/guest/device.qemu)" APPEND='memmap=64M$0x30000000' NO_X=1
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "device.h"
#include "migrate.h"

#define SIZE		(256 * KIB)
#define FAR_START	0x30000000UL
#define FAR_SIZE	(32 * MIB)
#define FAR_ARGS	"pool_mb=16 regions=far:32M@0x30000000:migrate"

/* Does the host see the same in the device? */
static bool host_sees(const char *p)
{
	uint64_t start = device_start();
	bool same = true;
	size_t i;

	EXPECT_EQ(device_holds(p, SIZE), SIZE);
	for (i = 0; same && i < SIZE; i += PAGE)
		same = host_has(p + i, PAGE, pfn_of(p + i) * PAGE - start);
	return same;
}

static size_t far_holds(const char *p)
{
	size_t i, held = 0;

	for (i = 0; i < SIZE; i += PAGE)
		if (pfn_of(p + i) * PAGE - FAR_START < FAR_SIZE)
			held += PAGE;
	return held;
}

static void test_device(char *p, const char *type)
{
	fill(p, SIZE, 1);
	EXPECT_EQ(device_holds(p, SIZE), 0);
	migrate(p, SIZE, type);
	EXPECT(host_sees(p));
	EXPECT(filled(p, SIZE, 1));
	fill(p, SIZE, 2);
	EXPECT(host_sees(p));
	EXPECT_ERRNO(try_device_alloc(PAGE), EOPNOTSUPP);

	/* From one such type to another. */
	migrate(p, SIZE, "far");
	EXPECT_EQ(far_holds(p), SIZE);
	EXPECT(filled(p, SIZE, 2));
	migrate(p, SIZE, type);
	EXPECT(host_sees(p));

	migrate(p, SIZE, "");
	EXPECT_EQ(device_holds(p, SIZE), 0);
	EXPECT(filled(p, SIZE, 2));
}

/* What is there keeps the module, but not the device. */
static void test_unbind(char *p, const char *type)
{
	char *q = anon(SIZE);
	struct writers w;
	struct pool pool;

	writers_start(&w, q, SIZE);
	fill(p, SIZE, 3);
	migrate(p, SIZE, type);
	migrate(q, SIZE, type);
	EXPECT(host_sees(p));
	EXPECT_ERRNO(try_test_module_remove("pmm_pci"), EAGAIN);
	writers_wait(&w);
	device_unbind();
	EXPECT(!pool_read_type(&pool, type));
	EXPECT_EQ(device_holds(p, SIZE), 0);
	EXPECT_EQ(device_holds(q, SIZE), 0);
	EXPECT(filled(p, SIZE, 3));
	writers_stop(&w);
	EXPECT_OK(munmap(q, SIZE));

	device_bind();
	migrate(p, SIZE, type);
	EXPECT(host_sees(p));
	device_unbind();
	EXPECT(filled(p, SIZE, 3));
}

/* Unloading the module moves everything back. */
static void test_reserved(char *p)
{
	char *q = anon(SIZE);
	struct writers w;

	writers_start(&w, q, SIZE);
	fill(p, SIZE, 4);
	migrate(p, SIZE, "far");
	migrate(q, SIZE, "far");
	EXPECT_EQ(far_holds(p), SIZE);
	EXPECT_EQ(far_holds(q), SIZE);
	EXPECT(filled(p, SIZE, 4));
	writers_wait(&w);
	module_remove();
	EXPECT_EQ(far_holds(p), 0);
	EXPECT_EQ(far_holds(q), 0);
	EXPECT(filled(p, SIZE, 4));
	writers_stop(&w);
	EXPECT_OK(munmap(q, SIZE));
}

int main(void)
{
	char *p = aligned_alloc(PAGE, SIZE);
	char args[256], type[32];

	EXPECT(p);
	module_parameters(args, sizeof(args));
	module_remove();
	module_insert(FAR_ARGS);
	device_load("migrate=1");
	device_bind();
	device_type(type);
	test_device(p, type);
	test_unbind(p, type);
	device_unload();
	test_reserved(p);
	module_insert(args);
	free(p);
	return 0;
}
