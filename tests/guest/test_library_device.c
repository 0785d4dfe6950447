// SPDX-License-Identifier: GPL-2.0-only
/*
 * libpmmshm: a program that has only a shmid from somebody gets the block and gives
 * it to a device, if it may write to it; and what it gave outlives whoever made it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "library.h"
#include "../kmod/pmm_test_import.h"

#define SIZE	(2 * MIB + PAGE)

struct guest {
	int shmid;
	int driver;	/* open: other users may not do that */
	int pipes[2];
};

static int device_write(int driver, size_t at, int byte)
{
	struct pmm_test_import_fill f = { .offset = at, .length = 1, .byte = byte };

	EXPECT_OK(ioctl(driver, PMM_TEST_IMPORT_FILL, &f));
	return f.old;
}

/* All that it knows is a number. */
static void child_gives_to_device(void *arg)
{
	struct guest *g = arg;
	struct pmm_test_import_attach a = { .mask_bits = 64 };
	struct pmmshm_block *b;
	char *p, byte;

	b = EXPECT_GOT(pmmshm_block_import_shmid(pmm, g->shmid, 0));
	a.fd = pmmshm_block_dmabuf_fd(b);
	EXPECT(a.fd >= 0);
	EXPECT_OK(ioctl(g->driver, PMM_TEST_IMPORT_ATTACH, &a));
	EXPECT_EQ(a.entries, 1);
	EXPECT_EQ(a.contiguous, SIZE);
	p = pmmshm_block_data(b);
	EXPECT_EQ(pmmshm_block_sync(b, SIZE - 1, 1, PMMSHM_SYNC_BEGIN |
				    PMMSHM_SYNC_WRITE), 0);
	EXPECT_EQ(p[SIZE - 1], 1);
	p[SIZE - 1] = 2;
	EXPECT_EQ(pmmshm_block_sync(b, SIZE - 1, 1, PMMSHM_SYNC_END |
				    PMMSHM_SYNC_WRITE), 0);
	EXPECT_EQ(device_write(g->driver, SIZE - 1, 3), 2);
	EXPECT_EQ(p[SIZE - 1], 3);
	EXPECT_EQ(write(g->pipes[1], "r", 1), 1);
	/* Now its maker has let it go. */
	EXPECT_EQ(read(g->pipes[0], &byte, 1), 1);
	EXPECT_EQ(p[0], 4);
	pmmshm_block_free(b);
	EXPECT_OK(close(a.fd));
	EXPECT_EQ(device_write(g->driver, 0, 5), 4);
}

static void child_may_not_give(void *arg)
{
	struct guest *g = arg;
	struct pmmshm_block *b;

	EXPECT_FAILS(pmmshm_block_import_shmid(pmm, g->shmid, 0), EACCES,
		     "ask for SHM_RDONLY");
	b = EXPECT_GOT(pmmshm_block_import_shmid(pmm, g->shmid, SHM_RDONLY));
	EXPECT_FAILS(pmmshm_block_dmabuf_fd(b) >= 0, EACCES,
		     "imported for reading only");
	pmmshm_block_free(b);
}

static struct pmmshm_block *new_block(mode_t mode)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .mode = mode };

	return EXPECT_GOT(pmmshm_block_alloc(pmm, SIZE, &opts));
}

static void gives_to_device(void)
{
	struct pmmshm_block *b = new_block(0666);
	struct guest g = { .shmid = pmmshm_block_shmid(b) };
	int to[2], from[2], pid;
	char *p = pmmshm_block_data(b), byte;
	uint64_t id = block_id(pmmshm_block_fd(b));
	char line[512];

	g.driver = EXPECT_OK(open("/dev/pmm_test_import", O_RDWR | O_CLOEXEC));
	EXPECT_OK(pipe2(to, O_CLOEXEC));
	EXPECT_OK(pipe2(from, O_CLOEXEC));
	g.pipes[0] = to[0];
	g.pipes[1] = from[1];
	p[SIZE - 1] = 1;
	pid = child_start(NOBODY, child_gives_to_device, &g);
	EXPECT_EQ(read(from[0], &byte, 1), 1);
	EXPECT_EQ(p[SIZE - 1], 3);
	p[0] = 4;
	pmmshm_block_free(b);
	EXPECT_EQ(write(to[1], "g", 1), 1);
	child_wait(pid);
	/* Only the device has it still. */
	EXPECT(block_line(id, line, sizeof(line)));
	EXPECT_EQ(device_write(g.driver, 0, 6), 5);
	close(g.driver);
	close(to[0]);
	close(to[1]);
	close(from[0]);
	close(from[1]);
	wait_pool_whole(10);
}

static void may_not_give(void)
{
	struct pmmshm_block *b = new_block(0644);
	struct guest g = { .shmid = pmmshm_block_shmid(b) };

	run_as(NOBODY, child_may_not_give, &g);
	pmmshm_block_free(b);
	wait_pool_whole(10);
}

int main(void)
{
	if (access("/sys/kernel/debug/dma_buf", F_OK))
		guest_skip("this kernel has no dma-bufs");
	test_module_insert("pmm_test_import", "");
	library_open();
	gives_to_device();
	may_not_give();
	library_close();
	test_module_remove("pmm_test_import");
	return 0;
}
