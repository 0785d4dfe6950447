// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that has only what is installed: compiled as C and as C++, for 64 and for
 * 32 bits, it calls each function of the library and looks at what it gets.  With
 * the argument "pmm" or "shm" it wants that backend.
 *
 * Tests are built with -DNDEBUG by some, so there is a macro of our own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include <linux/pmm.h>
#include <pmmshm.h>

#define CHECK(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: %s: %s: %s\n", __FILE__, __LINE__, \
			#cond, strerror(errno), pmmshm_error());	\
		exit(1);						\
	}								\
} while (0)

#define SIZE	((size_t)3 << 20)

static struct pmmshm *pmm;

/* The same for programs of all kinds: the structures of the kernel, and the flags. */
static void check_layout(void)
{
	CHECK(sizeof(struct pmm_alloc) == 160);
	CHECK(PMMSHM_NO_SEGMENT == 1 && PMMSHM_KEEP_SEGMENT == 2);
	CHECK(PMMSHM_STATE_READONLY == 1 && PMMSHM_STATE_GONE == 128);
	CHECK(PMMSHM_SEGMENT_REMOVED == 1);
	CHECK(PMMSHM_SYNC_READ == 1 && PMMSHM_SYNC_END == 8);
	CHECK(PMMSHM_CAP_CONTIGUOUS == 1 && PMMSHM_CAPS_ALL_NAMES == 0x38);
}

static void check_types(void)
{
	struct pmmshm_type_info type;

	CHECK(!pmmshm_type_get(pmm, 0, &type) && type.name[0]);
	CHECK(type.total && type.min_align >= 4096);
	CHECK(pmmshm_type_resize(pmm, "no such type", 0) && errno);
	CHECK(pmmshm_migrate(pmm, &type, 1, "no such type", NULL) && errno);
	CHECK(pmmshm_migrate_process(pmm, getpid(), (uintptr_t)&type, 1,
				     "no such type", NULL) && errno);
}

/* What only the module has. */
static void check_module(void)
{
	bool there = !strcmp(pmmshm_backend(pmm), "pmm");
	struct pmmshm_module_info module;
	struct pmmshm_quota_info quota;
	struct pmmshm_node_info node;

	CHECK(!pmmshm_module_get(pmm, &module) == there);
	CHECK(!pmmshm_quota_get(pmm, NULL, PMMSHM_QUOTA_SELF, &quota) == there);
	CHECK(pmmshm_quota_set(pmm, "no such type", 0, 0) && errno);
	CHECK(pmmshm_quota_reset(pmm, "no such type", 0) && errno);
	CHECK(pmmshm_node_get(pmm, ~0U, &node) && errno);
	CHECK(pmmshm_node_online(pmm, "no such type", PMMSHM_NODE_ANY, 0, 0) && errno);
	CHECK(pmmshm_node_offline(pmm, "no such type", 0) && errno);
}

static struct pmmshm_block *alloc(unsigned int flags)
{
	struct pmmshm_alloc_opts opts;
	struct pmmshm_block *block;

	memset(&opts, 0, sizeof(opts));
	opts.size = sizeof(opts);
	opts.flags = flags;
	block = pmmshm_block_alloc(pmm, SIZE, &opts);
	CHECK(block);
	CHECK(pmmshm_block_size(block) == SIZE);
	memset(pmmshm_block_data(block), 'x', SIZE);
	return block;
}

static void check_same(struct pmmshm_block *a, struct pmmshm_block *b)
{
	char *to = (char *)pmmshm_block_data(a);
	const char *from = (const char *)pmmshm_block_data(b);

	CHECK(a && b && to != from);
	to[SIZE - 1] = 'y';
	CHECK(from[SIZE - 1] == 'y');
	to[SIZE - 1] = 'x';
	CHECK(from[SIZE - 1] == 'x');
	pmmshm_block_free(b);
}

static void check_segment(void)
{
	struct pmmshm_block *block = alloc(0);
	struct pmmshm_segment_info segment;
	struct pmmshm_block_info info;
	unsigned int place = 0;
	int found = 0;

	CHECK(pmmshm_block_caps(block) & PMMSHM_CAP_SYSV);
	CHECK(!pmmshm_block_get_info(block, &info));
	CHECK(info.shmid == pmmshm_block_shmid(block) && info.shmid >= 0);
	CHECK(info.length == SIZE && info.uid == getuid());
	check_same(block, pmmshm_block_import_shmid(pmm, info.shmid, 0));
	while (!pmmshm_segment_next(pmm, &place, &segment))
		found |= segment.shmid == info.shmid &&
			 segment.length == SIZE && segment.mode == 0600;
	CHECK(found);
	CHECK(!pmmshm_block_sync(block, 0, SIZE, PMMSHM_SYNC_BEGIN | PMMSHM_SYNC_WRITE));
	pmmshm_block_free(block);
}

static void check_file(void)
{
	struct pmmshm_block *block = alloc(PMMSHM_NO_SEGMENT);
	char name[64];
	void *p;
	int fd;

	check_same(block, pmmshm_block_import_fd(pmm, pmmshm_block_fd(block), O_RDWR));
	snprintf(name, sizeof(name), "/pmmshm-installed-%d", (int)getpid());
	CHECK(!pmmshm_block_link(block, name, 0600, 0));
	check_same(block, pmmshm_block_import_name(pmm, name, O_RDWR));
	CHECK(!shm_unlink(name));
	p = pmmshm_block_map(block, PROT_READ);
	CHECK(p && !munmap(p, SIZE));
	fd = pmmshm_block_home_fd(block, O_RDONLY);
	CHECK(fd >= 0 && lseek(fd, 0, SEEK_END) == (off_t)SIZE);
	close(fd);
	/* With and without a module that can do this. */
	fd = pmmshm_block_dmabuf_fd(block);
	CHECK(!(pmmshm_block_caps(block) & PMMSHM_CAP_DEVICE) == (fd < 0));
	if (fd >= 0)
		close(fd);
	pmmshm_block_free(pmmshm_block_import_address(pmm, pmmshm_block_data(block)));
	pmmshm_block_free(block);
}

static void check_key(void)
{
	key_t key = 0x60000000 + getpid();
	struct pmmshm_block *block = pmmshm_block_publish(pmm, SIZE, key, 0640, NULL);

	CHECK(block);
	CHECK(shmget(key, 0, 0) == pmmshm_block_shmid(block));
	CHECK(!pmmshm_block_publish(pmm, SIZE, key, 0640, NULL) && errno == EEXIST);
	CHECK(!shmctl(pmmshm_block_shmid(block), IPC_RMID, NULL));
	pmmshm_block_free(block);
}

int main(int argc, char **argv)
{
	pmm = pmmshm_open(NULL);
	CHECK(pmm);
	CHECK(argc < 2 || !strcmp(pmmshm_backend(pmm), argv[1]));
	check_layout();
	check_types();
	check_module();
	check_segment();
	check_file();
	check_key();
	printf("libpmmshm %s, %s, %d bits\n", pmmshm_version(), pmmshm_backend(pmm),
	       (int)sizeof(void *) * 8);
	pmmshm_close(pmm);
	return 0;
}
