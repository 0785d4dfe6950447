// SPDX-License-Identifier: GPL-2.0-only
/*
 * What pmmctl wants to know of the module, and no other program: so it is not in
 * the library.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pmmctl.h"

/* The library has opened it before, and has said why if it could not. */
static int device(void)
{
	static int fd = -1;
	const char *path = getenv("PMMSHM_DEVICE");

	if (fd < 0)
		fd = open(path ? path : DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("cannot open %s: %s", path ? path : DEVICE, strerror(errno));
	return fd;
}

uint64_t device_dirty(const char *type)
{
	struct pmm_type_info info = { .size = sizeof(info) };

	for (; !ioctl(device(), PMM_IOC_TYPE, &info); info.index++) {
		if (!strcmp(info.name, type))
			return info.dirty;
		/* The out fields are not to be given in. */
		info = (struct pmm_type_info){
			.size = sizeof(info), .index = info.index,
		};
	}
	if (errno != ENOENT)
		die("cannot describe type %s: %s", type, strerror(errno));
	return 0;
}

bool device_find_fd(int fd, uint64_t *id)
{
	struct pmm_find find = {
		.size = sizeof(find), .flags = PMM_FIND_FD, .fd = fd,
	};
	int block = ioctl(device(), PMM_IOC_FIND, &find);

	if (block < 0)
		return false;
	close(block);
	*id = find.id;
	return true;
}
