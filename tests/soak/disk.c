// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "disk.h"

/* Every process id has a page of it. */
#define DISK_PAGES	32768

int disk = -1;
static int loop = -1;

void disk_start(void)
{
	char device[32];
	int control, backing, number;

	if (system("modprobe -q loop"))
		printf("soak: no module called loop\n");
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0) {
		printf("soak: no loop device, so no O_DIRECT\n");
		return;
	}
	number = EXPECT_OK(ioctl(control, LOOP_CTL_GET_FREE));
	close(control);
	snprintf(device, sizeof(device), "/dev/loop%d", number);
	backing = EXPECT_OK(memfd_create("disk", MFD_CLOEXEC));
	EXPECT_OK(ftruncate(backing, DISK_PAGES * PAGE));
	loop = EXPECT_OK(open(device, O_RDWR | O_CLOEXEC));
	EXPECT_OK(ioctl(loop, LOOP_SET_FD, backing));
	close(backing);
	disk = EXPECT_OK(open(device, O_RDWR | O_DIRECT | O_CLOEXEC));
}

void disk_stop(void)
{
	if (disk < 0)
		return;
	close(disk);
	EXPECT_OK(ioctl(loop, LOOP_CLR_FD));
	close(loop);
	disk = -1;
}

off_t disk_place(void)
{
	return disk < 0 ? -1 : (off_t)(getpid() % DISK_PAGES) * (off_t)PAGE;
}
