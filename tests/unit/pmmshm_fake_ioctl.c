// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stand-in's module: what /dev/pmm and block fds answer.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pmmshm_fake_internal.h"

static int ioc_version(int fd, struct pmm_version *arg)
{
	if (!fake_fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags, 0);
	arg->abi = fake_world.abi;
	arg->page_size = PAGE;
	arg->caps = PMM_CAP_ADOPT_SYSV | PMM_CAP_ALIAS;
	/* As long as can be, and not what the library expects to see. */
	memset(arg->release, 'r', sizeof(arg->release));
	arg->release[sizeof(arg->release) - 1] = '\0';
	return 0;
}

static int ioc_type(int fd, struct pmm_type_info *arg)
{
	static const char * const names[] = { "general", "vram" };

	if (!fake_fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags | arg->reserved, 0);
	if (arg->index >= 2) {
		errno = ENOENT;
		return -1;
	}
	snprintf(arg->name, sizeof(arg->name), "%s", names[arg->index]);
	snprintf(arg->allocator, sizeof(arg->allocator), "bestfit");
	arg->caps = PMM_TYPE_RAM;
	arg->min_align = PAGE;
	arg->max_align = 1 << 30;
	arg->total = fake_world.pool;
	arg->free = fake_world.pool - fake_used.pool;
	arg->largest_free = arg->free - 1;
	arg->quarantined = 2;
	arg->retired = 3;
	arg->blocks = 4;
	arg->limit = 5;
	return 0;
}

/* What is asked for has to be that of the answer. */
static int ioc_migrate(int fd, struct pmm_migrate *arg)
{
	unsigned int n = fake_world.migrations++;
	struct pmm_migrate *answer = &fake_world.migrate[n];

	if (!fake_fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_lt(n, 3);
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags, answer->flags);
	ck_assert_uint_eq(arg->address, answer->address);
	ck_assert_uint_eq(arg->length, answer->length);
	ck_assert_str_eq(arg->type, answer->type);
	if (arg->flags & PMM_MIGRATE_MEM)
		ck_assert_ptr_nonnull(fake_fd_get(arg->mem_fd, FD_MEM));
	else
		ck_assert_int_eq(arg->mem_fd, 0);
	answer->size = arg->size;
	answer->mem_fd = arg->mem_fd;
	*arg = *answer;
	errno = fake_world.migrate_errno[n];
	return errno ? -1 : 0;
}

static int ioc_resize(int fd, struct pmm_resize *arg)
{
	if (!fake_fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags | arg->reserved, 0);
	ck_assert_str_eq(arg->type, fake_world.resize.type);
	ck_assert_uint_eq(arg->total, fake_world.resize.total);
	arg->actual = fake_world.resize.actual;
	arg->reason = fake_world.resize.reason;
	errno = fake_world.resize_errno;
	return errno ? -1 : 0;
}

/* The in fields are as expected; then the out fields, and the errno, are the world's. */
static int ioc_quota(int fd, struct pmm_quota *arg)
{
	const struct pmm_quota *want = &fake_world.quota;

	if (!fake_fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags, want->flags);
	ck_assert_uint_eq(arg->uid, want->uid);
	ck_assert_uint_eq(arg->reserved, 0);
	ck_assert_str_eq(arg->type, want->type);
	if (arg->flags == PMM_QUOTA_SET)
		ck_assert_uint_eq(arg->bytes, want->bytes);
	else
		ck_assert_uint_eq(arg->bytes, 0);
	arg->bytes = want->bytes;
	arg->used = want->used;
	arg->all_limit = want->all_limit;
	arg->all_used = want->all_used;
	errno = fake_world.node_errno;
	return errno ? -1 : 0;
}

static int ioc_online(int fd, struct pmm_online *arg)
{
	const struct pmm_online *want = &fake_world.online;

	if (!fake_fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags, 0);
	ck_assert_str_eq(arg->type, want->type);
	ck_assert_uint_eq(arg->offset, want->offset);
	ck_assert_uint_eq(arg->length, want->length);
	ck_assert_uint_eq(arg->reason | arg->block_size | arg->first, 0);
	if (want->reason == PMM_ONLINE_ALREADY)
		arg->node = want->node;
	ck_assert_int_eq(arg->node, want->node);
	arg->reason = want->reason;
	arg->block_size = want->block_size;
	errno = fake_world.node_errno;
	return errno ? -1 : 0;
}

static int ioc_offline(int fd, struct pmm_offline *arg)
{
	const struct pmm_offline *want = &fake_world.offline;

	if (!fake_fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags | arg->reserved, 0);
	ck_assert_str_eq(arg->type, want->type);
	ck_assert_uint_eq(arg->timeout_ms, want->timeout_ms);
	arg->used = want->used;
	arg->pinned = want->pinned;
	arg->unmovable = want->unmovable;
	memcpy(arg->pages, want->pages, sizeof(arg->pages));
	errno = fake_world.node_errno;
	return errno ? -1 : 0;
}

static int ioc_node(int fd, struct pmm_node_info *arg)
{
	if (!fake_fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags, 0);
	if (arg->index || !fake_world.node.type[0]) {
		errno = ENOENT;
		return -1;
	}
	*arg = fake_world.node;
	return 0;
}

static int alloc_failed(struct pmm_alloc *arg, const struct pmm_alloc *why,
			int err)
{
	arg->reason = why->reason;
	arg->total = why->total;
	arg->free = why->free;
	arg->largest_free = why->largest_free;
	arg->quota = why->quota;
	arg->quota_used = why->quota_used;
	memcpy(arg->chosen, why->chosen, sizeof(arg->chosen));
	errno = err;
	return -1;
}

static int ioc_alloc(int fd, struct pmm_alloc *arg)
{
	size_t size = (arg->length + PAGE - 1) & -PAGE;
	struct pmm_alloc why = {
		.reason = PMM_REASON_EXHAUSTED, .total = fake_world.pool,
		.free = fake_world.pool - fake_used.pool,
	};
	int i;

	if (!fake_fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags | arg->reserved, 0);
	fake_world.caps = arg->caps;
	if (arg->type[0] && strcmp(arg->type, "general"))
		return alloc_failed(arg, &why, ENOENT);
	if (fake_world.why.reason)
		return alloc_failed(arg, &fake_world.why, fake_world.why_errno);
	if (size < arg->length || size > why.free)
		return alloc_failed(arg, &why, ENOMEM);
	i = fake_block_new(size);
	arg->id = i;
	arg->actual = size;
	return fake_fd_new(FD_BLOCK, i, true);
}

static int find_address(const void *address, __u64 *id)
{
	struct fake_attach *a = fake_attach_get(address);

	if (a && fake_segments[a->segment].block >= 0) {
		*id = fake_segments[a->segment].block;
		return fake_fd_new(FD_BLOCK, fake_segments[a->segment].block,
				   a->writable);
	}
	errno = ENOENT;
	return -1;
}

static int find_fd(int fd)
{
	struct fake_fd *f = fake_fd_get(fd, FD_FREE);
	int block;

	if (!f)
		return -1;
	block = f->kind == FD_FILE ? fake_files[f->file].block : f->block;
	if (block >= 0)
		return fake_fd_new(FD_BLOCK, block, f->writable);
	errno = ENOENT;
	return -1;
}

static int ioc_find(int fd, struct pmm_find *arg)
{
	if (!fake_fd_get(fd, FD_CONTROL))
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->reserved, 0);
	if (arg->flags == PMM_FIND_FD) {
		ck_assert_uint_eq(arg->address, 0);
		return find_fd(arg->fd);
	}
	ck_assert_uint_eq(arg->flags, PMM_FIND_ADDRESS);
	ck_assert_int_eq(arg->fd, 0);
	return find_address((void *)(uintptr_t)arg->address, &arg->id);
}

static int ioc_info(int fd, struct pmm_block_info *arg)
{
	struct fake_fd *f = fake_fd_get(fd, FD_BLOCK);
	struct fake_block *b;

	if (!f)
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags | arg->reserved, 0);
	b = &fake_blocks[f->block];
	arg->id = f->block;
	arg->length = b->size;
	arg->align = 1;
	arg->phys = 2;
	arg->huge = 3;
	arg->holders = 4;
	arg->uid = 5;
	arg->aliases = b->files;
	snprintf(arg->type, sizeof(arg->type), "general");
	if (!f->writable)
		arg->state |= PMM_BLOCK_READONLY;
	if (fake_world.home_file) {
		arg->state |= PMM_BLOCK_HOME | PMM_BLOCK_HOME_FILE;
	} else if (b->segment >= 0) {
		arg->state |= PMM_BLOCK_HOME | PMM_BLOCK_HOME_SYSV |
			      PMM_BLOCK_SEALED;
		arg->home_ino = SHMID_BASE + b->segment;
	}
	return 0;
}

/* The segment's memory becomes the block's. */
static void adopt(struct fake_attach *a, int block)
{
	struct fake_segment *s = &fake_segments[a->segment];

	close(s->memfd);
	s->memfd = fake_blocks[block].memfd;
	s->block = block;
	fake_blocks[block].segment = a->segment;
	fake_blocks[block].holders++;
	ck_assert_ptr_eq(mmap(a->address, s->size, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, s->memfd, 0), a->address);
}

static int ioc_adopt(int fd, struct pmm_block_adopt *arg)
{
	struct fake_fd *f = fake_fd_get(fd, FD_BLOCK);
	struct fake_attach *a;

	if (!f)
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags, PMM_ADOPT_SEAL);
	a = fake_attach_get((void *)(uintptr_t)arg->address);
	ck_assert_ptr_nonnull(a);
	ck_assert_uint_eq(fake_segments[a->segment].size, fake_blocks[f->block].size);
	/* Nobody else gets in before it is a block. */
	ck_assert_uint_eq(fake_segments[a->segment].mode, 0600);
	if (fake_world.busy) {
		fake_world.busy--;
		fake_segments[a->segment].filled = true;
	}
	if (fake_segments[a->segment].filled || fake_blocks[f->block].segment >= 0) {
		errno = EBUSY;
		return -1;
	}
	adopt(a, f->block);
	return 0;
}

static int ioc_home_fd(int fd, struct pmm_block_home_fd *arg)
{
	struct fake_fd *f = fake_fd_get(fd, FD_BLOCK);
	bool write = !(arg->flags & PMM_HOME_RDONLY);

	if (!f)
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags & ~PMM_HOME_RDONLY, 0);
	if (write && !f->writable) {
		errno = EACCES;
		return -1;
	}
	return fake_fd_new(FD_HOME, f->block, write);
}

static int ioc_alias(int fd, struct pmm_block_alias *arg)
{
	struct fake_fd *f = fake_fd_get(fd, FD_BLOCK);

	if (!f)
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags | arg->reserved, 0);
	return fake_alias(f, arg->fd);
}

static int ioc_dmabuf(int fd, struct pmm_block_dmabuf *arg)
{
	struct fake_fd *f = fake_fd_get(fd, FD_BLOCK);

	if (!f)
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert_uint_eq(arg->flags, 0);
	if (f->writable)
		return fake_fd_new(FD_DMABUF, f->block, true);
	errno = EACCES;
	return -1;
}

static int ioc_sync(int fd, struct pmm_block_sync *arg)
{
	struct fake_fd *f = fake_fd_get(fd, FD_BLOCK);
	uint32_t side = arg->flags & (PMM_SYNC_BEGIN | PMM_SYNC_END);

	if (!f)
		return -1;
	ck_assert_uint_eq(arg->size, sizeof(*arg));
	ck_assert(side == PMM_SYNC_BEGIN || side == PMM_SYNC_END);
	ck_assert_uint_ne(arg->flags & ~side, 0);
	ck_assert_uint_le(arg->flags & ~side, PMM_SYNC_READ | PMM_SYNC_WRITE);
	ck_assert_uint_le(arg->offset, fake_blocks[f->block].size);
	ck_assert_uint_le(arg->length,
			  fake_blocks[f->block].size - arg->offset);
	if (f->writable || !(arg->flags & PMM_SYNC_WRITE))
		return 0;
	errno = EACCES;
	return -1;
}

int fake_ioctl(int fd, unsigned long request, void *arg)
{
	int ret = -1;

	switch (request) {
	case PMM_IOC_VERSION:
		ret = fake_enter(FAKE_VERSION) ? -1 : ioc_version(fd, arg);
		break;
	case PMM_IOC_TYPE:
		ret = fake_enter(FAKE_TYPE) ? -1 : ioc_type(fd, arg);
		break;
	case PMM_IOC_ALLOC:
		ret = fake_enter(FAKE_ALLOC) ? -1 : ioc_alloc(fd, arg);
		break;
	case PMM_IOC_FIND:
		ret = fake_enter(FAKE_FIND) ? -1 : ioc_find(fd, arg);
		break;
	case PMM_IOC_RESIZE:
		ret = fake_enter(FAKE_RESIZE) ? -1 : ioc_resize(fd, arg);
		break;
	case PMM_IOC_MIGRATE:
		ret = fake_enter(FAKE_MIGRATE) ? -1 : ioc_migrate(fd, arg);
		break;
	case PMM_IOC_QUOTA:
		ret = fake_enter(FAKE_QUOTA) ? -1 : ioc_quota(fd, arg);
		break;
	case PMM_IOC_ONLINE:
		ret = fake_enter(FAKE_ONLINE) ? -1 : ioc_online(fd, arg);
		break;
	case PMM_IOC_OFFLINE:
		ret = fake_enter(FAKE_OFFLINE) ? -1 : ioc_offline(fd, arg);
		break;
	case PMM_IOC_NODE:
		ret = fake_enter(FAKE_NODE) ? -1 : ioc_node(fd, arg);
		break;
	case PMM_IOC_BLOCK_INFO:
		ret = fake_enter(FAKE_INFO) ? -1 : ioc_info(fd, arg);
		break;
	case PMM_IOC_BLOCK_ADOPT:
		ret = fake_enter(FAKE_ADOPT) ? -1 : ioc_adopt(fd, arg);
		break;
	case PMM_IOC_BLOCK_HOME_FD:
		ret = fake_enter(FAKE_HOME_FD) ? -1 : ioc_home_fd(fd, arg);
		break;
	case PMM_IOC_BLOCK_ALIAS:
		ret = fake_enter(FAKE_ALIAS) ? -1 : ioc_alias(fd, arg);
		break;
	case PMM_IOC_BLOCK_DMABUF:
		ret = fake_enter(FAKE_DMABUF) ? -1 : ioc_dmabuf(fd, arg);
		break;
	case PMM_IOC_BLOCK_SYNC:
		ret = fake_enter(FAKE_SYNC) ? -1 : ioc_sync(fd, arg);
		break;
	default:
		ck_abort_msg("unknown ioctl %#lx", request);
	}
	fake_leave();
	return ret;
}
