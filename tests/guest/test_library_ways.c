// SPDX-License-Identifier: GPL-2.0-only
/*
 * libpmmshm: all ways to a block, what each of them grants, and all orders in
 * which they can go.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library.h"

#define SIZE	(2 * MIB + 3 * PAGE)
#define NAME	"/pmm-way"

static struct pmmshm_block *new_block(size_t size, unsigned int flags)
{
	struct pmmshm_alloc_opts opts = {
		.size = sizeof(opts), .flags = flags,
	};

	return EXPECT_GOT(pmmshm_block_alloc(pmm, size, &opts));
}

/* ---- imports ---- */

static uint64_t id_of(struct pmmshm_block *b, uint64_t *state)
{
	struct pmmshm_block_info info;

	EXPECT_EQ(pmmshm_block_get_info(b, &info), 0);
	*state = info.state;
	return info.id;
}

/* @b leads to the block @of, and may change it. */
static void expect_writing(struct pmmshm_block *b, struct pmmshm_block *of)
{
	size_t size = pmmshm_block_size(of);
	uint64_t state, pfn = block_pfn(pmmshm_block_fd(of));

	EXPECT_EQ(id_of(b, &state), block_id(pmmshm_block_fd(of)));
	EXPECT(!(state & PMMSHM_STATE_READONLY));
	EXPECT_EQ(pmmshm_block_size(b), size);
	EXPECT_EQ((uintptr_t)pmmshm_block_data(b) % HUGE_PAGE, 0);
	EXPECT(maps_block(pmmshm_block_data(b), size, pfn));
	fill(pmmshm_block_data(b), size, 1);
	EXPECT(filled(pmmshm_block_data(of), size, 1));
	fill(pmmshm_block_data(of), size, 2);
	EXPECT(filled(pmmshm_block_data(b), size, 2));
	pmmshm_block_free(b);
}

/* @b leads there and may not, nor can more be made of it. */
static void expect_reading(struct pmmshm_block *b, struct pmmshm_block *of)
{
	size_t size = pmmshm_block_size(of);
	void *data = pmmshm_block_data(b);
	uint64_t state;

	EXPECT_EQ(id_of(b, &state), block_id(pmmshm_block_fd(of)));
	EXPECT(state & PMMSHM_STATE_READONLY);
	EXPECT_EQ((uintptr_t)data % HUGE_PAGE, 0);
	fill(pmmshm_block_data(of), size, 3);
	EXPECT(filled(data, size, 3));
	EXPECT_ERRNO(mprotect(data, size, PROT_READ | PROT_WRITE), EACCES);
	EXPECT_FAILS(pmmshm_block_map(b, PROT_READ | PROT_WRITE), EACCES,
		     "imported for reading only");
	EXPECT_FAILS(pmmshm_block_home_fd(b, O_RDWR) >= 0, EACCES,
		     "imported for reading only");
	EXPECT_FAILS(pmmshm_block_dmabuf_fd(b) >= 0, EACCES,
		     "imported for reading only");
	EXPECT_FAILS(!pmmshm_block_link(b, "/pmm-more", 0600, 0), EACCES,
		     "imported for reading only");
	EXPECT_FAILS(!pmmshm_block_sync(b, 0, size, PMMSHM_SYNC_BEGIN |
					PMMSHM_SYNC_WRITE), EACCES,
		     "imported for reading only");
	EXPECT_EQ(pmmshm_block_sync(b, 0, size, PMMSHM_SYNC_BEGIN |
				    PMMSHM_SYNC_READ), 0);
	EXPECT_FAILS(pmmshm_block_import_fd(pmm, pmmshm_block_fd(b), O_RDWR),
		     EACCES, "is open for reading only");
	pmmshm_block_free(b);
}

/* @fd, which may be written to, both ways; it stays the caller's. */
static void import_fd(int fd, struct pmmshm_block *of)
{
	int before = fds_open();

	EXPECT(fd >= 0);
	expect_writing(EXPECT_GOT(pmmshm_block_import_fd(pmm, fd, O_RDWR)), of);
	expect_reading(EXPECT_GOT(pmmshm_block_import_fd(pmm, fd, O_RDONLY)),
		       of);
	EXPECT_OK(fcntl(fd, F_GETFD));
	EXPECT_EQ(fds_open(), before);
}

static void import_readable_fd(int fd, struct pmmshm_block *of)
{
	EXPECT(fd >= 0);
	EXPECT_FAILS(pmmshm_block_import_fd(pmm, fd, O_RDWR), EACCES,
		     "is open for reading only; ask for O_RDONLY");
	expect_reading(EXPECT_GOT(pmmshm_block_import_fd(pmm, fd, O_RDONLY)),
		       of);
	EXPECT_OK(close(fd));
}

static void import_fds(struct pmmshm_block *b)
{
	int fd;

	import_fd(pmmshm_block_fd(b), b);
	fd = pmmshm_block_home_fd(b, O_RDWR);
	import_fd(fd, b);
	EXPECT_OK(close(fd));
	fd = shm_open(NAME, O_RDWR, 0);
	import_fd(fd, b);
	EXPECT_OK(close(fd));
	fd = pmmshm_block_dmabuf_fd(b);
	import_fd(fd, b);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EXPECT_OK(close(fd));

	import_readable_fd(pmmshm_block_home_fd(b, O_RDONLY), b);
	import_readable_fd(shm_open(NAME, O_RDONLY, 0), b);
	fd = EXPECT_OK(open("/dev/shm" NAME, O_WRONLY | O_CLOEXEC));
	EXPECT_FAILS(pmmshm_block_import_fd(pmm, fd, O_RDWR), EACCES,
		     "is not open for reading");
	EXPECT_OK(close(fd));
	EXPECT_FAILS(pmmshm_block_import_fd(pmm, fd, O_RDWR), EBADF, "fd ");
	EXPECT_FAILS(pmmshm_block_import_fd(pmm, pmm_fd(), O_RDWR), ENOENT,
		     "there is no pmm block behind fd ");
}

/* A mapping, which stays; @write: it grants that. */
static void import_address(char *p, bool write, struct pmmshm_block *of)
{
	size_t size = pmmshm_block_size(of), at[] = { 0, 12345, size - 1 }, i;
	struct pmmshm_block *b;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		b = EXPECT_GOT(pmmshm_block_import_address(pmm, p + at[i]));
		EXPECT(pmmshm_block_data(b) != p);
		if (write)
			expect_writing(b, of);
		else
			expect_reading(b, of);
	}
	EXPECT_EQ(*p, *(char *)pmmshm_block_data(of));
}

/* ... of @fd, which is closed before. */
static void import_mapping(int fd, int prot, int flags, bool write,
			   struct pmmshm_block *of)
{
	size_t size = pmmshm_block_size(of);
	void *p;

	EXPECT(fd >= 0);
	p = EXPECT_OK(mmap(NULL, size, prot, flags, fd, 0));
	EXPECT_OK(close(fd));
	import_address(p, write, of);
	EXPECT_OK(munmap(p, size));
}

static void import_addresses(struct pmmshm_block *b)
{
	int rw = PROT_READ | PROT_WRITE, shmid = pmmshm_block_shmid(b);
	void *p;

	import_address(pmmshm_block_data(b), true, b);
	import_mapping(shm_open(NAME, O_RDWR, 0), rw, MAP_SHARED, true, b);
	/* It could be made writable. */
	import_mapping(shm_open(NAME, O_RDWR, 0), PROT_READ, MAP_SHARED, true, b);
	import_mapping(shm_open(NAME, O_RDONLY, 0), PROT_READ, MAP_SHARED, false,
		       b);
	import_mapping(shm_open(NAME, O_RDWR, 0), rw, MAP_PRIVATE, false, b);
	import_mapping(pmmshm_block_dmabuf_fd(b), rw, MAP_SHARED, true, b);
	import_mapping(pmmshm_block_home_fd(b, O_RDONLY), PROT_READ, MAP_SHARED,
		       false, b);
	if (shmid >= 0) {
		p = EXPECT_OK(shmat(shmid, NULL, SHM_RDONLY));
		import_address(p, false, b);
		EXPECT_OK(shmdt(p));
	}
	p = EXPECT_OK(mmap(NULL, PAGE, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	EXPECT_FAILS(pmmshm_block_import_address(pmm, p), ENOENT,
		     "there is no pmm block behind address 0x");
	EXPECT_OK(munmap(p, PAGE));
	EXPECT_FAILS(pmmshm_block_import_address(pmm, p), ENOENT, "address 0x");
}

static void child_imports(void *arg)
{
	struct pmmshm_block *b = arg;

	EXPECT_FAILS(pmmshm_block_import_name(pmm, NAME, O_RDWR), EACCES,
		     "cannot open '" NAME "' for reading and writing: permission denied: it belongs to user 0 and has mode 0644");
	expect_reading(EXPECT_GOT(pmmshm_block_import_name(pmm, NAME, O_RDONLY)),
		       b);
	EXPECT_OK(fchmod(EXPECT_OK(shm_open("/pmm-own", O_CREAT | O_RDWR, 0)),
			 0));
	EXPECT_FAILS(pmmshm_block_import_name(pmm, "/pmm-own", O_RDONLY), EACCES,
		     "has mode 0000; its owner can change that");
	EXPECT_OK(shm_unlink("/pmm-own"));
}

static void imports(unsigned int flags)
{
	struct pmmshm_block *b = new_block(SIZE, flags);
	int before = fds_open();

	EXPECT_EQ(pmmshm_block_link(b, NAME, 0644, 0), 0);
	expect_writing(EXPECT_GOT(pmmshm_block_import_name(pmm, NAME, O_RDWR)),
		       b);
	expect_reading(EXPECT_GOT(pmmshm_block_import_name(pmm, NAME, O_RDONLY)),
		       b);
	run_as(NOBODY, child_imports, b);
	import_fds(b);
	import_addresses(b);
	EXPECT_EQ(fds_open(), before);
	EXPECT_OK(shm_unlink(NAME));
	EXPECT_FAILS(pmmshm_block_import_name(pmm, NAME, O_RDWR), ENOENT,
		     "there is no shared memory with the name");
	pmmshm_block_free(b);
	wait_pool_whole(10);
}

/* ---- all orders in which they can go ---- */

enum way { HANDLE, TITLE, MAPPING, IMPORTED, HOME, DMABUF, ATTACHED, WAYS };

struct ways {
	bool there[WAYS];
	size_t size;
	struct pmmshm_block *handle, *imported;
	int home, dmabuf;
	char *mapping, *attached;
};

static void ways_open(struct ways *w, size_t size, unsigned int flags)
{
	int fd, shmid;

	memset(w->there, true, sizeof(w->there));
	w->size = size;
	w->handle = new_block(size, flags);
	EXPECT_EQ(pmmshm_block_link(w->handle, NAME, 0600, 0), 0);
	fd = EXPECT_OK(shm_open(NAME, O_RDWR, 0));
	w->mapping = map_shared(fd, size);
	EXPECT_OK(close(fd));
	w->imported = EXPECT_GOT(pmmshm_block_import_address(pmm, w->mapping));
	w->home = pmmshm_block_home_fd(w->handle, O_RDWR);
	w->dmabuf = pmmshm_block_dmabuf_fd(w->handle);
	EXPECT(w->home >= 0 && w->dmabuf >= 0);
	shmid = pmmshm_block_shmid(w->handle);
	w->there[ATTACHED] = shmid >= 0;
	if (shmid >= 0)
		w->attached = EXPECT_OK(shmat(shmid, NULL, 0));
}

static void ways_close(struct ways *w, enum way way)
{
	w->there[way] = false;
	switch (way) {
	case HANDLE:
		pmmshm_block_free(w->handle);
		break;
	case TITLE:
		EXPECT_OK(shm_unlink(NAME));
		break;
	case MAPPING:
		EXPECT_OK(munmap(w->mapping, w->size));
		break;
	case IMPORTED:
		pmmshm_block_free(w->imported);
		break;
	case HOME:
		EXPECT_OK(close(w->home));
		break;
	case DMABUF:
		EXPECT_OK(close(w->dmabuf));
		break;
	default:
		EXPECT_OK(shmdt(w->attached));
	}
}

/* The last word of the block by that way, exchanged for another */
static uint64_t exchange(struct ways *w, enum way way, uint64_t value)
{
	size_t at = w->size - sizeof(value);
	struct pmmshm_block *b = NULL;
	char *p = NULL;
	uint64_t old;

	if (way == HOME) {
		EXPECT_EQ(pread(w->home, &old, sizeof(old), at), sizeof(old));
		EXPECT_EQ(pwrite(w->home, &value, sizeof(value), at),
			  sizeof(value));
		return old;
	}
	if (way == HANDLE)
		p = pmmshm_block_data(w->handle);
	else if (way == IMPORTED)
		p = pmmshm_block_data(w->imported);
	else if (way == TITLE)
		b = EXPECT_GOT(pmmshm_block_import_name(pmm, NAME, O_RDWR));
	else if (way == DMABUF)
		b = EXPECT_GOT(pmmshm_block_import_fd(pmm, w->dmabuf, O_RDWR));
	else
		p = way == MAPPING ? w->mapping : w->attached;
	if (b)
		p = pmmshm_block_data(b);
	memcpy(&old, p + at, sizeof(old));
	memcpy(p + at, &value, sizeof(value));
	pmmshm_block_free(b);
	return old;
}

/* What is written by one is read by the next. */
static uint64_t ways_check(struct ways *w, uint64_t last)
{
	enum way way;

	for (way = 0; way < WAYS; way++) {
		if (!w->there[way])
			continue;
		EXPECT_EQ(exchange(w, way, last + 1), last);
		last++;
	}
	return last;
}

/* @k of the n! orders */
static void close_in_order(size_t size, unsigned int flags, unsigned int k)
{
	unsigned int left[WAYS], n = 0, i;
	uint64_t last = 0;
	struct ways w;

	ways_open(&w, size, flags);
	for (i = 0; i < WAYS; i++)
		if (w.there[i])
			left[n++] = i;
	for (; n; k /= n, n--) {
		last = ways_check(&w, last);
		i = k % n;
		ways_close(&w, left[i]);
		memmove(left + i, left + i + 1, (n - i - 1) * sizeof(*left));
	}
}

static void orders(size_t size, unsigned int flags, unsigned int total,
		   unsigned int step)
{
	unsigned int k;

	for (k = 0; k < total; k += step) {
		close_in_order(size, flags, k);
		if (k % 8 == 0)
			wait_pool_whole(10);
	}
	wait_pool_whole(10);
}

int main(void)
{
	library_open();
	/* Open already, when fds are counted. */
	pmm_fd();
	imports(0);
	imports(PMMSHM_NO_SEGMENT);
	/* Six ways have 720 orders, and a segment is the seventh. */
	orders(PAGE, PMMSHM_NO_SEGMENT, 720, 1);
	orders(PAGE, 0, 5040, 11);
	orders(SIZE, PMMSHM_NO_SEGMENT, 720, 23);
	orders(SIZE, 0, 5040, 101);
	library_close();
	return 0;
}
