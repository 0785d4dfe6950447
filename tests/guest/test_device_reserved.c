// SPDX-License-Identifier: GPL-2.0-only
/*
 * RAM that was set aside at boot, as a type: regions=.  All of it is one block, at the
 * address that was asked for, and what is not such memory is refused with the reason.
 *
 * guest: QEMU_ARGS="$(<tests/guest/device.qemu)" APPEND='memmap=64M$0x30000000' NO_X=1
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "device.h"
#include "dmabuf.h"
#include "guest.h"

#define START	0x30000000UL
#define SIZE	(64 * MIB)
#define GOOD	"pool_mb=32 regions=camera:64M@0x30000000"

static void expect_refused(const char *regions, int err, const char *says)
{
	int log = kmsg_open();
	char args[128];

	printf("%s: %s\n", regions, says);
	snprintf(args, sizeof(args), "pool_mb=32 regions=%s", regions);
	EXPECT_ERRNO(try_module_insert(args), err);
	EXPECT(kmsg_has(log, says));
	EXPECT(access("/sys/module/pmm", F_OK));
	close(log);
}

static void test_refused(void)
{
	static const struct {
		const char *regions;
		int err;
		const char *says;
	} refused[] = {
		{ "camera", EINVAL,
		  "regions=camera: character 7: a name is followed by ':'" },
		{ "a:32M@0x30000000,b:32M@0x31000000", EINVAL,
		  "character 18: the region overlaps one before it" },
		/* Before, behind and elsewhere. */
		{ "a:64M@0x2fe00000", EINVAL,
		  "'a': the kernel uses it, or some of it: boot with memmap=" },
		{ "a:64M@0x30200000", EINVAL,
		  "'a': the kernel uses it, or some of it: boot with memmap=" },
		{ "a:64M@0x10000000", EINVAL,
		  "'a': the kernel uses it, or some of it: boot with memmap=" },
		/* The BIOS, and nothing at all. */
		{ "a:2M@0", EINVAL,
		  "'a': the kernel uses it, or some of it" },
		{ "a:64K@0xf0000", EINVAL,
		  "'a': the firmware does not say that all of it is RAM" },
		{ "a:2M@0x100000000000", EINVAL,
		  "'a': the firmware does not say that all of it is RAM" },
		{ "a:1M@0x30000000", EINVAL,
		  "'a': start and size must be multiples of 2 MiB" },
		{ "a:2M@0x30001000", EINVAL,
		  "'a': start and size must be multiples of 2 MiB" },
		{ "general:2M@0x30000000", EEXIST,
		  "'general': there is a type of that name" },
		/* Where one is wrong, there is none. */
		{ "camera:64M@0x30000000,a:2M@0x34000000", EINVAL,
		  "'a': the kernel uses it, or some of it" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refused); i++)
		expect_refused(refused[i].regions, refused[i].err,
			       refused[i].says);
}

/* What is a device's is not RAM, and what a driver has is the driver's. */
static void test_taken(void)
{
	char regions[64];

	snprintf(regions, sizeof(regions), "a:32M@%#lx", device_start());
	expect_refused(regions, EINVAL,
		       "'a': the firmware does not say that all of it is RAM");

	test_module_insert("pmm_test_claim", "start=0x33fff000 size=0x1000");
	expect_refused("a:64M@0x30000000", EBUSY,
		       "'a': a driver, or another type, has some of it");
	test_module_remove("pmm_test_claim");
}

static bool camera_is_free(void)
{
	struct pool pool;

	EXPECT(pool_read_type(&pool, "camera"));
	EXPECT_EQ(pool.total, SIZE);
	return pool.free == SIZE && !pool.blocks;
}

/* All of it in one piece, zeroed, under any name, and for any device: it is RAM. */
static void test_type(unsigned long seed)
{
	struct pmm_alloc a = {
		.size = sizeof(a), .length = SIZE, .type = "camera",
		.caps = PMM_TYPE_RAM | PMM_TYPE_MAPPABLE,
	};
	struct pmm_test_import_attach attach;
	int block, shmid, buf, driver;
	char *p;

	EXPECT(camera_is_free());
	block = EXPECT_OK(try_block_alloc(&a));
	EXPECT_EQ(block_pfn(block) * PAGE, START);
	p = segment_sysv(SIZE, 0600, &shmid);
	EXPECT_OK(try_block_adopt(block, p, 0));
	EXPECT(zeroed(p, SIZE));
	fill(p, SIZE, seed);
	EXPECT(filled(p, SIZE, seed));
	EXPECT_EQ(pfn_of(p + SIZE - PAGE), (START + SIZE) / PAGE - 1);
	if (!access("/sys/kernel/debug/dma_buf", F_OK)) {
		test_module_insert("pmm_test_import", "");
		buf = dmabuf(block);
		driver = driver_open();
		EXPECT_OK(try_attach(driver, buf, 64, &attach));
		EXPECT_EQ(attach.entries, 1);
		close(driver);
		close(buf);
		test_module_remove("pmm_test_import");
	}
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(p));
	close(block);
	EXPECT(WITHIN(10, camera_is_free()));
}

int main(void)
{
	char args[300];
	unsigned int i;

	module_parameters(args, sizeof(args));
	module_remove();
	test_refused();
	test_taken();
	/* The second time over what the first left in it. */
	for (i = 0; i < 2; i++) {
		module_insert(GOOD);
		test_type(i);
		module_remove();
	}
	module_insert(args);
	return 0;
}
