// SPDX-License-Identifier: GPL-2.0-only
/*
 * camera_control: does a camera take buffers of PMM, and refuse scattered ones?
 *
 *	camera_control vgem|heap DEVICE OTHER-DEVICE
 *
 * Makes a dma-buf of the size of a frame of DEVICE, of memory that it has broken up
 * before, by vgem (a driver of dumb buffers) or of /dev/dma_heap/system.  Then
 * DEVICE, and OTHER-DEVICE, which needs no contiguous memory, are each offered that
 * one and one of PMM.  How many pieces these are in for a device is asked from the
 * driver tests/kmod/pmm_test_import.c.  What is found goes to the standard output
 * as JSON.  The exit status is 0 only if both devices take PMM's, and the scattered
 * one is really scattered, refused by DEVICE and taken by OTHER-DEVICE.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <drm.h>
#include <drm_mode.h>
#include <linux/dma-heap.h>
#include <linux/videodev2.h>

#include "dmabuf.h"
#include "guest.h"

#define CARDS		16
/* What the mask of vivid's own device is. */
#define MASK_BITS	32
/* So many times the pieces of the buffer are had before; every other one is freed. */
#define SPARE		4

/**
 * struct exporter - who makes ordinary dma-bufs
 * @name: on the command line
 * @grain: its memory comes in pieces of so many bytes, of which none is in one piece
 *	with the next if those around it are in use
 * @open: get ready; an fd
 * @alloc: a dma-buf, with its memory
 */
struct exporter {
	const char *name;
	size_t grain;
	int (*open)(void);
	int (*alloc)(int fd, size_t size);
};

/* ---- vgem ---- */

static bool is_vgem(int card)
{
	char name[8] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !ioctl(card, DRM_IOCTL_VERSION, &version) && !strcmp(name, "vgem");
}

static int vgem_open(void)
{
	char path[32];
	int i, card;

	for (i = 0; i < CARDS; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		card = open(path, O_RDWR | O_CLOEXEC);
		if (card >= 0 && is_vgem(card))
			return card;
		if (card >= 0)
			close(card);
	}
	guest_skip("there is no vgem device");
}

/* It allocates its pages when it is mapped, and keeps them. */
static void vgem_populate(int card, const struct drm_mode_create_dumb *dumb)
{
	struct drm_mode_map_dumb map = { .handle = dumb->handle };
	char *p;

	EXPECT_OK(ioctl(card, DRM_IOCTL_MODE_MAP_DUMB, &map));
	p = EXPECT_OK(mmap(NULL, dumb->size, PROT_READ | PROT_WRITE, MAP_SHARED, card,
			   map.offset));
	p[0] = 1;
	EXPECT_OK(munmap(p, dumb->size));
}

static int vgem_alloc(int card, size_t size)
{
	struct drm_mode_create_dumb dumb = { .width = PAGE, .height = size / PAGE, .bpp = 8 };
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };
	struct drm_gem_close end = { };

	EXPECT_OK(ioctl(card, DRM_IOCTL_MODE_CREATE_DUMB, &dumb));
	EXPECT_EQ(dumb.size, size);
	vgem_populate(card, &dumb);
	prime.handle = dumb.handle;
	EXPECT_OK(ioctl(card, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	/* The dma-buf keeps it. */
	end.handle = dumb.handle;
	EXPECT_OK(ioctl(card, DRM_IOCTL_GEM_CLOSE, &end));
	return prime.fd;
}

/* ---- the system heap ---- */

static int heap_open(void)
{
	int fd = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		guest_skip("this kernel has no system heap");
	return fd;
}

static int heap_alloc(int heap, size_t size)
{
	struct dma_heap_allocation_data data = {
		.len = size, .fd_flags = O_RDWR | O_CLOEXEC,
	};

	EXPECT_OK(ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data));
	return data.fd;
}

static const struct exporter exporters[] = {
	{ "vgem", PAGE, vgem_open, vgem_alloc },
	{ "heap", 64 * KIB, heap_open, heap_alloc },
};

static const struct exporter *find_exporter(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(exporters); i++)
		if (!strcmp(exporters[i].name, name))
			return &exporters[i];
	guest_skip("there is no exporter called %s", name);
}

/*
 * Holes of one grain each are what the allocator of pages gives away first, to those
 * who want the same kind of pages.
 */
static int scattered_alloc(const struct exporter *exporter, size_t size)
{
	size_t count = SPARE * (size / exporter->grain + 1), i;
	int *fds = calloc(count, sizeof(*fds)), exporter_fd = exporter->open(), fd;

	EXPECT(fds);
	for (i = 0; i < count; i++)
		fds[i] = exporter->alloc(exporter_fd, exporter->grain);
	for (i = 0; i < count; i += 2)
		close(fds[i]);
	fd = exporter->alloc(exporter_fd, size);
	for (i = 1; i < count; i += 2)
		close(fds[i]);
	close(exporter_fd);
	free(fds);
	return fd;
}

/* ---- what a device says ---- */

static struct v4l2_format get_format(const char *device)
{
	struct v4l2_format format = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };
	int fd = EXPECT_OK(open(device, O_RDWR | O_CLOEXEC));

	EXPECT_OK(ioctl(fd, VIDIOC_G_FMT, &format));
	close(fd);
	return format;
}

/* Return: 0, or why the device refuses it for a picture of this format. */
static int offer(const char *device, struct v4l2_format format, int buf)
{
	struct v4l2_requestbuffers request = {
		.count = 1, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_DMABUF,
	};
	struct v4l2_buffer buffer = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_DMABUF,
		.m.fd = buf,
	};
	int fd = EXPECT_OK(open(device, O_RDWR | O_CLOEXEC)), err;

	EXPECT_OK(ioctl(fd, VIDIOC_S_FMT, &format));
	EXPECT_OK(ioctl(fd, VIDIOC_REQBUFS, &request));
	err = ioctl(fd, VIDIOC_QBUF, &buffer) ? errno : 0;
	close(fd);
	return err;
}

static struct pmm_test_import_attach attach(int fd)
{
	struct pmm_test_import_attach a;
	int driver = driver_open();

	EXPECT_OK(try_attach(driver, fd, MASK_BITS, &a));
	close(driver);
	return a;
}

/* ---- the verdict ---- */

static int pmm_alloc(size_t size, uint64_t *phys)
{
	struct pmm_block_info info;
	int block = block_alloc(size), fd;

	block_info(block, &info);
	*phys = info.phys;
	fd = dmabuf(block);
	close(block);
	return fd;
}

static void write_buffer(const char *name, const struct pmm_test_import_attach *a, int refused,
			 int other_refused)
{
	printf("  \"%s_segments\": %llu,\n", name, a->entries);
	printf("  \"%s_contiguous_bytes\": %llu,\n", name, a->contiguous);
	printf("  \"%s_accepted\": %s,\n", name, refused ? "false" : "true");
	printf("  \"%s_refused\": \"%s\",\n", name, refused ? strerror(refused) : "");
	printf("  \"%s_accepted_by_other\": %s,\n", name, other_refused ? "false" : "true");
}

static bool judge(const struct exporter *exporter, const char *device, const char *other)
{
	struct v4l2_format format = get_format(device);
	size_t size = (format.fmt.pix.sizeimage + PAGE - 1) / PAGE * PAGE;
	int scattered = scattered_alloc(exporter, size), pmm, refused[2], other_refused[2];
	struct pmm_test_import_attach s = attach(scattered), p;
	uint64_t phys;

	pmm = pmm_alloc(size, &phys);
	p = attach(pmm);
	refused[0] = offer(device, format, scattered);
	refused[1] = offer(device, format, pmm);
	other_refused[0] = offer(other, format, scattered);
	other_refused[1] = offer(other, format, pmm);

	printf("{\n  \"exporter\": \"%s\",\n  \"bytes\": %zu,\n", exporter->name, size);
	write_buffer("scattered", &s, refused[0], other_refused[0]);
	write_buffer("pmm", &p, refused[1], other_refused[1]);
	printf("  \"pmm_dma_address\": \"0x%llx\",\n", p.address);
	printf("  \"pmm_block_physical\": \"0x%llx\"\n}\n", (unsigned long long)phys);
	close(scattered);
	close(pmm);
	return s.contiguous < size && refused[0] && !other_refused[0] &&
	       p.entries == 1 && p.contiguous == size && p.address == phys &&
	       !refused[1] && !other_refused[1];
}

int main(int argc, char **argv)
{
	struct rlimit files;
	cpu_set_t first;

	if (argc != 4) {
		fprintf(stderr, "usage: camera_control vgem|heap DEVICE OTHER-DEVICE\n");
		return 2;
	}
	/* Each processor has lists of free pages of its own. */
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	EXPECT_OK(sched_setaffinity(0, sizeof(first), &first));
	EXPECT_OK(getrlimit(RLIMIT_NOFILE, &files));
	files.rlim_cur = files.rlim_max;
	EXPECT_OK(setrlimit(RLIMIT_NOFILE, &files));
	return judge(find_exporter(argv[1]), argv[2], argv[3]) ? EXIT_SUCCESS : EXIT_FAILURE;
}
