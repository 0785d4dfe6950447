// SPDX-License-Identifier: GPL-2.0-only
/*
 * All combinations of a block's names and holders, in all orders in which they can
 * come and go, mixed: generated, not chosen.  After each step a byte that is written
 * by one way is read by all others, from the same page, and in the end the pool is
 * whole.
 *
 *	test_combinations			what takes half a minute
 *	test_combinations all K			all orders of all sets of K
 *	test_combinations random SECONDS SEED	orders of sets of any size
 *
 * The orders of all sets of two are always tried; of larger ones, random samples,
 * whose seed is printed.  What comes after the block fd has gone is made of a block
 * fd that is found through one of the others.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alias.h"
#include "guest.h"
#include "../kmod/pmm_test_import.h"

#define PATH		"/dev/shm/pmm-combination"
#define BATCH		64
#define SECONDS		15

enum thing {
	BLOCK, SEGMENT, MARKED, MEMFD, HOME, LINK, ALIAS, DMABUF, MAPPING,
	PROCESS, DRIVER, PIPE, THINGS,
};

/* One block and what there is of it. */
static struct {
	size_t size, at;	/* the byte that is looked at */
	uint64_t pfn;
	bool home;		/* it has one, so nothing can be adopted */
	bool there[THINGS];
	int fd[THINGS];		/* of those that are one */
	int shmid;
	char *attached, *mapping;
	int pipe[2];
	int byte;		/* what was written last */
} w;

static bool has_driver;
static int pagemap, helper;

/* ---- the byte, by each way: what it was; it becomes @byte ---- */

static int by_memory(char *p, int byte)
{
	int old = *(volatile unsigned char *)(p + w.at);
	uint64_t word;

	p += w.at;
	*(volatile unsigned char *)p = byte;
	EXPECT_EQ(pread(pagemap, &word, sizeof(word),
			(uintptr_t)p / PAGE * sizeof(word)), sizeof(word));
	EXPECT(word >> 63);
	EXPECT_EQ(word & ((1ULL << 55) - 1), w.pfn + w.at / PAGE);
	return old;
}

static int by_new_mapping(int fd, int byte)
{
	char *p = map_shared(fd, w.size);
	int old = by_memory(p, byte);

	EXPECT_OK(munmap(p, w.size));
	return old;
}

static int by_file(int fd, int byte)
{
	unsigned char c = byte, old;

	EXPECT_EQ(pread(fd, &old, 1, w.at), 1);
	EXPECT_EQ(pwrite(fd, &c, 1, w.at), 1);
	return old;
}

static int by_name(int byte)
{
	int fd = EXPECT_OK(open(PATH, O_RDWR | O_CLOEXEC));
	int old = by_file(fd, byte);

	close(fd);
	return old;
}

static int by_driver(int driver, int byte)
{
	struct pmm_test_import_fill f = {
		.offset = w.at, .length = 1, .byte = byte,
	};

	EXPECT_OK(ioctl(driver, PMM_TEST_IMPORT_FILL, &f));
	return f.old;
}

/* ---- another process, which has one mapping and nothing else ---- */

struct request {
	enum { ATTACH, MAP, EXCHANGE, UNMAP } what;
	int shmid, byte;
	size_t size, at;
};

static void helper_request(const struct request *r, char **p, int fd)
{
	int old = 0;

	switch (r->what) {
	case ATTACH:
		*p = EXPECT_OK(shmat(r->shmid, NULL, 0));
		break;
	case MAP:
		*p = map_shared(fd, r->size);
		close(fd);
		break;
	case EXCHANGE:
		EXPECT(*p);
		old = (unsigned char)(*p)[r->at];
		(*p)[r->at] = r->byte;
		break;
	case UNMAP:
		/* A segment is detached so, too. */
		EXPECT_OK(munmap(*p, r->size));
	}
	EXPECT_EQ(write(helper, &old, sizeof(old)), sizeof(old));
}

union control {
	char space[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

static void helper_main(void *arg)
{
	int *sockets = arg, fd;
	char *p = NULL;

	close(sockets[0]);
	helper = sockets[1];
	for (;;) {
		union control c;
		struct request r;
		struct iovec v = { &r, sizeof(r) };
		struct msghdr m = {
			.msg_iov = &v, .msg_iovlen = 1,
			.msg_control = &c, .msg_controllen = sizeof(c),
		};

		if (EXPECT_OK(recvmsg(helper, &m, MSG_CMSG_CLOEXEC)) == 0)
			return;
		fd = -1;
		if (m.msg_controllen)
			memcpy(&fd, CMSG_DATA(&c.header), sizeof(fd));
		helper_request(&r, &p, fd);
	}
}

static int helper_ask(struct request r, int fd)
{
	struct iovec v = { &r, sizeof(r) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	union control c = { 0 };
	int old;

	r.size = w.size;
	r.at = w.at;
	if (fd >= 0) {
		m.msg_control = &c;
		m.msg_controllen = sizeof(c);
		c.header.cmsg_len = CMSG_LEN(sizeof(fd));
		c.header.cmsg_level = SOL_SOCKET;
		c.header.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&c.header), &fd, sizeof(fd));
	}
	EXPECT_EQ(sendmsg(helper, &m, 0), sizeof(r));
	EXPECT_EQ(read(helper, &old, sizeof(old)), sizeof(old));
	return old;
}

/* ---- making them, of a block fd; false if it cannot be ---- */

static bool adopt_segment(int block, enum thing thing)
{
	int shmid;
	char *p = segment_sysv(w.size, 0600, &shmid);

	if (w.home || thing == MARKED)
		EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	if (!w.home) {
		EXPECT_OK(try_block_adopt(block, p, 0));
		w.attached = p;
		w.shmid = shmid;
		return true;
	}
	/* A home does not move. */
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EBUSY);
	EXPECT_OK(shmdt(p));
	return false;
}

static bool adopt_memfd(int block)
{
	void *p = segment_memfd(w.size, MFD_ALLOW_SEALING, &w.fd[MEMFD]);
	bool adopted = !w.home;

	if (adopted)
		EXPECT_OK(try_block_adopt(block, p, PMM_ADOPT_SEAL));
	else
		EXPECT_ERRNO(try_block_adopt(block, p, PMM_ADOPT_SEAL), EBUSY);
	EXPECT_OK(munmap(p, w.size));
	if (!adopted)
		close(w.fd[MEMFD]);
	return adopted;
}

/*
 * Open, though its name is gone again: with that the kernel forgets one of two
 * entries for the file, and tells that as if it were the end of the file.
 */
static int open_alias(int block)
{
	int file = alias_file("/dev/shm", w.size, 0600), fd;
	char path[32];

	EXPECT_OK(try_block_alias(block, file));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	fd = EXPECT_OK(open(path, O_RDWR | O_CLOEXEC));
	link_tmpfile(file, PATH "-2");
	close(file);
	EXPECT_OK(unlink(PATH "-2"));
	return fd;
}

static int attach_driver(int block)
{
	int driver = EXPECT_OK(open("/dev/pmm_test_import", O_RDWR | O_CLOEXEC));
	struct pmm_test_import_attach a = {
		.fd = EXPECT_OK(try_block_dmabuf(block)), .mask_bits = 64,
	};

	EXPECT_OK(ioctl(driver, PMM_TEST_IMPORT_ATTACH, &a));
	EXPECT_EQ(a.contiguous, w.size);
	close(a.fd);
	return driver;
}

static void start_process(int block)
{
	int fd;

	if (w.there[SEGMENT] || w.there[MARKED]) {
		helper_ask((struct request){ .what = ATTACH, .shmid = w.shmid },
			   -1);
		return;
	}
	fd = EXPECT_OK(try_block_home_fd(block, 0));
	helper_ask((struct request){ .what = MAP }, fd);
	close(fd);
}

/* The page itself goes in, and is held. */
static void fill_pipe(int block)
{
	int fd = EXPECT_OK(try_block_home_fd(block, PMM_HOME_RDONLY));
	loff_t at = w.at;

	EXPECT_OK(pipe2(w.pipe, O_CLOEXEC));
	EXPECT_EQ(splice(fd, &at, w.pipe[1], NULL, 1, 0), 1);
	close(fd);
}

static bool create(enum thing thing, int block)
{
	switch (thing) {
	case SEGMENT:
	case MARKED:
		return adopt_segment(block, thing);
	case MEMFD:
		return adopt_memfd(block);
	case HOME:
		w.fd[HOME] = EXPECT_OK(try_block_home_fd(block, 0));
		break;
	case LINK:
		alias_create(block, w.size, 0600, PATH);
		break;
	case ALIAS:
		w.fd[ALIAS] = open_alias(block);
		break;
	case DMABUF:
		w.fd[DMABUF] = EXPECT_OK(try_block_dmabuf(block));
		break;
	case MAPPING:
		w.mapping = block_map(block, w.size);
		break;
	case PROCESS:
		start_process(block);
		break;
	case DRIVER:
		if (!has_driver)
			return false;
		w.fd[DRIVER] = attach_driver(block);
		break;
	case PIPE:
		fill_pipe(block);
		break;
	default:
		return false;
	}
	return true;
}

/* ---- ending them ---- */

static void end_pipe(void)
{
	unsigned char c;

	EXPECT_EQ(read(w.pipe[0], &c, 1), 1);
	EXPECT_EQ(c, w.byte);
	close(w.pipe[0]);
	close(w.pipe[1]);
}

static void end(enum thing thing)
{
	w.there[thing] = false;
	switch (thing) {
	case SEGMENT:
	case MARKED:
		if (thing == SEGMENT)
			EXPECT_OK(shmctl(w.shmid, IPC_RMID, NULL));
		EXPECT_OK(shmdt(w.attached));
		break;
	case LINK:
		EXPECT_OK(unlink(PATH));
		break;
	case MAPPING:
		EXPECT_OK(munmap(w.mapping, w.size));
		break;
	case PROCESS:
		helper_ask((struct request){ .what = UNMAP }, -1);
		break;
	case PIPE:
		end_pipe();
		break;
	default:
		EXPECT_OK(close(w.fd[thing]));
	}
}

/* ---- looking at them ---- */

/* Without a home, some would make one by being looked at. */
static bool can_look(enum thing thing)
{
	if (!w.there[thing] || thing == PIPE)
		return false;
	return w.home || (thing != BLOCK && thing != DMABUF);
}

static int exchange(enum thing thing, int byte)
{
	switch (thing) {
	case BLOCK:
	case DMABUF:
		return by_new_mapping(w.fd[thing], byte);
	case SEGMENT:
	case MARKED:
		return by_memory(w.attached, byte);
	case MAPPING:
		return by_memory(w.mapping, byte);
	case LINK:
		return by_name(byte);
	case PROCESS:
		return helper_ask((struct request){ .what = EXCHANGE, .byte = byte },
				  -1);
	case DRIVER:
		return by_driver(w.fd[DRIVER], byte);
	default:
		return by_file(w.fd[thing], byte);
	}
}

/* Written by one, each time another; read by all, which write the same. */
static void look(void)
{
	static unsigned int turn;
	unsigned int writer = turn++ % THINGS, i;
	int byte = turn % 255 + 1;
	bool written = false;

	for (i = 0; i < THINGS; i++) {
		enum thing thing = (writer + i) % THINGS;

		if (!can_look(thing))
			continue;
		EXPECT_EQ(exchange(thing, byte), written ? byte : w.byte);
		written = true;
		w.byte = byte;
	}
}

/* A block fd, found through the first that is there; -1 if none leads to it. */
static int find(void)
{
	enum thing thing;
	int fd, found;

	for (thing = BLOCK; thing < THINGS; thing++) {
		if (!w.there[thing])
			continue;
		switch (thing) {
		case SEGMENT:
		case MARKED:
			return EXPECT_OK(try_find_address(w.attached));
		case MAPPING:
			return EXPECT_OK(try_find_address(w.mapping));
		case LINK:
			fd = EXPECT_OK(open(PATH, O_RDWR | O_CLOEXEC));
			found = EXPECT_OK(try_find_fd(fd));
			close(fd);
			return found;
		case PROCESS:
		case DRIVER:
		case PIPE:
			break;
		default:
			return EXPECT_OK(try_find_fd(w.fd[thing]));
		}
	}
	return -1;
}

/* ---- an order: each thing's first time makes it, its second ends it ---- */

struct order {
	unsigned char steps[2 * THINGS];
	unsigned int n;
	size_t size;
};

static const char *const names[THINGS] = {
	"block", "segment", "marked", "memfd", "home", "link", "alias",
	"dmabuf", "mapping", "process", "driver", "pipe",
};

static void print(const struct order *o)
{
	unsigned int i;

	printf("%zu:", o->size);
	for (i = 0; i < o->n; i++)
		printf(" %s", names[o->steps[i]]);
	printf("\n");
}

static void begin(size_t size)
{
	struct pmm_block_info info;

	memset(&w, 0, sizeof(w));
	w.size = size;
	w.fd[BLOCK] = block_alloc(size);
	block_info(w.fd[BLOCK], &info);
	w.pfn = info.phys / PAGE;
	w.at = info.id & 1 ? size - 1 : 0;
	w.there[BLOCK] = true;
}

static void make(enum thing thing)
{
	int block = find();

	if (block < 0)
		return;
	w.there[thing] = create(thing, block);
	if (thing != DMABUF && thing != DRIVER)
		w.home = true;
	close(block);
}

/* Those since the pool was last seen whole, for whoever sees the test fail. */
static struct {
	unsigned int n;
	struct order batch[BATCH];
} *orders;

static void run(const struct order *o)
{
	bool made[THINGS] = { [BLOCK] = true };
	unsigned int i;

	orders->batch[orders->n++ % BATCH] = *o;
	begin(o->size);
	for (i = 0; i < o->n; i++) {
		enum thing thing = o->steps[i];

		if (w.there[thing])
			end(thing);
		else if (!made[thing])
			make(thing);
		made[thing] = true;
		look();
	}
	if (orders->n % BATCH == 0)
		wait_pool_whole(20);
}

/* ---- all of them ---- */

static void enumerate(struct order *o, unsigned int *left, unsigned int todo)
{
	enum thing thing;

	if (!todo) {
		run(o);
		return;
	}
	for (thing = BLOCK; thing < THINGS; thing++) {
		if (!left[thing])
			continue;
		left[thing]--;
		o->steps[o->n++] = thing;
		enumerate(o, left, todo - 1);
		o->n--;
		left[thing]++;
	}
}

/* All orders of the block and @k other things, of all sets of them. */
static void all_sets(unsigned int k, size_t size)
{
	unsigned int left[THINGS], set, i;

	for (set = 1; set < 1U << THINGS; set += 2) {
		struct order o = { .size = size };

		if ((unsigned int)__builtin_popcount(set) != k + 1)
			continue;
		for (i = 0; i < THINGS; i++)
			left[i] = set >> i & 1 ? 2 : 0;
		/* It is there already. */
		left[BLOCK] = 1;
		enumerate(&o, left, 2 * k + 1);
	}
}

static void random_order(unsigned int *seed)
{
	struct order o = { .size = PAGE };
	unsigned int left[THINGS], todo = 1, i;

	if (rand_r(seed) % 16 == 0)
		o.size = HUGE_PAGE + PAGE;
	for (i = 0; i < THINGS; i++) {
		left[i] = rand_r(seed) % 2 ? 2 : 0;
		todo += i == BLOCK ? 0 : left[i];
	}
	left[BLOCK] = 1;
	while (todo) {
		i = rand_r(seed) % THINGS;
		if (!left[i])
			continue;
		left[i]--;
		todo--;
		o.steps[o.n++] = i;
	}
	run(&o);
}

static void random_orders(double seconds, unsigned int seed)
{
	double until = now() + seconds;

	printf("random orders with seed %u\n", seed);
	while (now() < until)
		random_order(&seed);
}

/* ---- */

static void prepare(void)
{
	static int sockets[2];

	EXPECT_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets));
	child_start(0, helper_main, sockets);
	close(sockets[1]);
	helper = sockets[0];
	pagemap = EXPECT_OK(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
}

static void child_runs(void *arg)
{
	char **argv = arg;

	prepare();
	if (!argv[1]) {
		all_sets(1, PAGE);
		all_sets(1, HUGE_PAGE + PAGE);
		all_sets(2, PAGE);
		random_orders(SECONDS, now() * 1e6);
	} else if (!strcmp(argv[1], "all") && argv[2]) {
		all_sets(atoi(argv[2]), PAGE);
	} else if (!strcmp(argv[1], "random") && argv[2] && argv[3]) {
		random_orders(atof(argv[2]), strtoul(argv[3], NULL, 0));
	}
	wait_pool_whole(20);
	printf("%u orders\n", orders->n);
}

int main(int argc, char **argv)
{
	unsigned int i;
	int status;

	(void)argc;
	orders = EXPECT_OK(mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	has_driver = !access("/sys/kernel/debug/dma_buf", F_OK);
	if (has_driver)
		test_module_insert("pmm_test_import", "");
	EXPECT_OK(waitpid(child_start(0, child_runs, argv), &status, 0));
	if (status) {
		printf("The orders since the pool was whole, the last one last:\n");
		for (i = (orders->n - 1) / BATCH * BATCH; i < orders->n; i++)
			print(&orders->batch[i % BATCH]);
	}
	if (has_driver)
		test_module_remove("pmm_test_import");
	EXPECT_EQ(status, 0);
	return 0;
}
