// SPDX-License-Identifier: GPL-2.0-only
/*
 * What pmm_pci does not take, and why: the kernel log says it of each.  And
 * nothing is taken that was not named.
 *
 * guest: QEMU_ARGS="$(<tests/guest/device.qemu)" APPEND='memmap=64M$0x30000000' NO_X=1
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "dmabuf.h"
#include "guest.h"

#define PARAMETER(name)	"/sys/module/pmm_pci/parameters/" name
/* q35's SMBus controller, which has I/O ports in BAR 4. */
#define SMBUS		"0000:00:1f.3"

static char device[32];

static void set(const char *bar, const char *name, const char *caching)
{
	write_file(PARAMETER("bar"), bar);
	/* Nothing at all would not be written. */
	write_file(PARAMETER("name"), *name ? name : "\n");
	write_file(PARAMETER("caching"), caching);
}

static void expect_refused(const char *name, int err, const char *says)
{
	int log = kmsg_open();

	printf("%s\n", says);
	EXPECT_ERRNO(try_device_bind(name), err);
	EXPECT(kmsg_has(log, says));
	close(log);
}

static void override(const char *name, const char *driver)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override", name);
	write_file(path, driver);
}

static void test_bars(void)
{
	static const struct {
		const char *bar;
		const char *says;
	} bars[] = {
		{ "0", "BAR 0: it is not prefetchable: these are registers" },
		{ "1", "BAR 1: the device does not have it" },
		{ "6", "BAR 6: the device has no BAR that is memory" },
		{ "-2", "BAR -2: the device has no BAR that is memory" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bars); i++) {
		set(bars[i].bar, "", "cached");
		expect_refused(device, EINVAL, bars[i].says);
	}
}

static void test_parameters(void)
{
	set("2", "", "write-combined");
	expect_refused(device, EOPNOTSUPP, "caching=write-combined: the kernel's own mapping");
	set("2", "", "purple");
	expect_refused(device, EINVAL, "caching= is cached");
	set("2", "9", "cached");
	expect_refused(device, EINVAL, "BAR 2 as type 9: that is no name for a type");
	set("2", "general", "cached");
	expect_refused(device, EEXIST, "BAR 2 as type general: there is a type of that name");
}

static void test_other_devices(void)
{
	char small[32];

	set("-1", "", "cached");
	EXPECT(device_find(small, MIB));
	override(small, "pmm_pci");
	expect_refused(small, EINVAL, "BAR 2: it is too small: 2 MiB");
	override(small, "\n");

	set("4", "", "cached");
	if (!access("/sys/bus/pci/devices/" SMBUS "/driver", F_OK))
		return;
	override(SMBUS, "pmm_pci");
	expect_refused(SMBUS, EINVAL, "BAR 4: it is I/O ports, not memory");
	override(SMBUS, "\n");
}

/* Nobody is asked for a device's memory, and another device does not get at it. */
static void test_taken(void)
{
	struct pmm_test_import_attach a;
	int block, buf, driver;

	set("-1", "vram", "cached");
	EXPECT_OK(try_device_bind(device));
	if (!access("/sys/kernel/debug/dma_buf", F_OK)) {
		struct pmm_alloc want = {
			.size = sizeof(want), .length = PAGE, .type = "vram",
		};

		test_module_insert("pmm_test_import", "");
		driver = driver_open();
		block = EXPECT_OK(try_block_alloc(&want));
		buf = dmabuf(block);
		EXPECT_ERRNO(try_attach(driver, buf, 64, &a), EOPNOTSUPP);
		close(buf);
		close(block);
		close(driver);
		test_module_remove("pmm_test_import");
	}
	device_unbind();
}

int main(void)
{
	EXPECT(device_find(device, DEVICE_SIZE));
	device_load("");
	/* It has asked for no kind of device. */
	EXPECT(access(PCI_DRIVER "/0000:00:00.0", F_OK));
	test_bars();
	test_parameters();
	test_other_devices();
	test_taken();
	device_unload();
	return 0;
}
