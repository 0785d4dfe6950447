// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations that pin pages, and what is read from them after their block has
 * gone: nobody else may have had them meanwhile.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/inject.h"
#include "disk.h"
#include "operation.h"
#include "tally.h"

#define PINS		4
/* A pipe has 16 buffers. */
#define PIPE_PAGES	16
#define RING_PAGES	64

/**
 * struct pin - pages that something has, of a block that is no more
 * @pipe: its two ends, or -1
 * @ring: an io_uring with a registered buffer, or -1
 * @sq: its submission queue
 * @sqes: the entries of that
 * @sq_off: where things are in @sq
 * @p: where the pages were mapped
 * @n: how many
 * @seeds: what they hold
 */
struct pin {
	int pipe[2];
	int ring;
	char *sq;
	struct io_uring_sqe *sqes;
	struct io_sqring_offsets sq_off;
	char *p;
	size_t n;
	uint64_t seeds[RING_PAGES];
};

/* This process's; a child does not use what it inherits. */
static struct pin pins[PINS] = {
	[0 ... PINS - 1] = { .pipe = { -1, -1 }, .ring = -1 },
};

static bool pin_used(const struct pin *pin)
{
	return pin->pipe[0] >= 0 || pin->ring >= 0;
}

static void pin_let_go(struct pin *pin)
{
	if (pin->pipe[0] >= 0) {
		close(pin->pipe[0]);
		close(pin->pipe[1]);
	}
	if (pin->sq)
		munmap(pin->sq, PAGE);
	if (pin->sqes)
		munmap(pin->sqes, PAGE);
	if (pin->ring >= 0)
		close(pin->ring);
	memset(pin, 0, sizeof(*pin));
	pin->pipe[0] = -1;
	pin->pipe[1] = -1;
	pin->ring = -1;
}

/* The sample goes; its pages stay with the pin, and hold what they did. */
static void pin_keep(struct pin *pin, struct sample **slot, size_t first)
{
	struct sample *s = *slot;

	memcpy(pin->seeds, s->seeds + first, pin->n * sizeof(*pin->seeds));
	pin->p = s->p + first * PAGE;
	sample_destroy(s);
	*slot = NULL;
}

/* ---- pipes ---- */

static bool pipe_pin(struct pin *pin, struct sample **slot)
{
	struct sample *s = *slot;
	size_t first = below(s->pages);
	struct iovec v;
	ssize_t bytes;

	if (pipe2(pin->pipe, O_CLOEXEC | O_NONBLOCK)) {
		pin->pipe[0] = -1;
		return false;
	}
	v.iov_base = s->p + first * PAGE;
	v.iov_len = (s->pages - first < PIPE_PAGES ? s->pages - first :
		     PIPE_PAGES) * PAGE;
	bytes = vmsplice(pin->pipe[1], &v, 1, SPLICE_F_NONBLOCK);
	if (bytes <= 0) {
		pin_let_go(pin);
		return false;
	}
	pin->n = bytes / PAGE;
	pin_keep(pin, slot, first);
	return true;
}

static void pipe_check(struct pin *pin)
{
	char buf[PAGE];
	size_t i;

	for (i = 0; i < pin->n; i++) {
		if (read(pin->pipe[0], buf, PAGE) != PAGE)
			tally_wrong("a pipe has lost its pages");
		sample_check_bytes(buf, pin->seeds[i], "a page in a pipe");
	}
	tally_checked(pin->n);
}

/* ---- io_uring ---- */

static bool ring_open(struct pin *pin)
{
	struct io_uring_params params = {};

	pin->ring = syscall(SYS_io_uring_setup, 4, &params);
	if (pin->ring < 0)
		return false;
	pin->sq_off = params.sq_off;
	pin->sq = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, pin->ring,
		       IORING_OFF_SQ_RING);
	pin->sqes = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 pin->ring, IORING_OFF_SQES);
	if (pin->sq == MAP_FAILED)
		pin->sq = NULL;
	if (pin->sqes == MAP_FAILED)
		pin->sqes = NULL;
	return pin->sq && pin->sqes;
}

static bool ring_pin(struct pin *pin, struct sample **slot)
{
	struct sample *s = *slot;
	struct iovec v;

	pin->n = s->pages < RING_PAGES ? s->pages : RING_PAGES;
	v.iov_base = s->p;
	v.iov_len = pin->n * PAGE;
	if (!ring_open(pin) || syscall(SYS_io_uring_register, pin->ring,
				       IORING_REGISTER_BUFFERS, &v, 1)) {
		pin_let_go(pin);
		return false;
	}
	pin_keep(pin, slot, 0);
	return true;
}

/* Have the ring write its buffer to a file. */
static bool ring_write(struct pin *pin, int fd)
{
	unsigned int *tail = (void *)(pin->sq + pin->sq_off.tail);
	unsigned int *mask = (void *)(pin->sq + pin->sq_off.ring_mask);
	unsigned int *array = (void *)(pin->sq + pin->sq_off.array);
	unsigned int i = *tail & *mask;

	memset(&pin->sqes[i], 0, sizeof(pin->sqes[i]));
	pin->sqes[i].opcode = IORING_OP_WRITE_FIXED;
	pin->sqes[i].fd = fd;
	pin->sqes[i].addr = (uintptr_t)pin->p;
	pin->sqes[i].len = pin->n * PAGE;
	array[i] = i;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, pin->ring, 1, 1,
		       IORING_ENTER_GETEVENTS, NULL, 0) == 1;
}

static void ring_check(struct pin *pin)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	char buf[PAGE];
	size_t i;

	if (fd < 0)
		return;
	if (ring_write(pin, fd)) {
		for (i = 0; i < pin->n &&
		     pread(fd, buf, PAGE, i * PAGE) == PAGE; i++)
			sample_check_bytes(buf, pin->seeds[i],
					   "a page of a ring");
		tally_checked(i);
	}
	close(fd);
}

/* ---- */

/* Make the next pin, and see to the one that was there. */
static bool pin_next(struct sample **slot,
		     bool (*make)(struct pin *pin, struct sample **slot))
{
	static unsigned int next;
	struct pin *pin = &pins[next++ % PINS];

	if (pin_used(pin)) {
		inject_wanted(false);
		if (pin->pipe[0] >= 0)
			pipe_check(pin);
		else
			ring_check(pin);
		pin_let_go(pin);
		return false;
	}
	return make(pin, slot);
}

static bool op_pipe(struct sample **slot)
{
	return !below(4) && pin_next(slot, pipe_pin);
}

static bool op_ring(struct sample **slot)
{
	return !below(4) && pin_next(slot, ring_pin);
}

static bool op_destroy(struct sample **slot)
{
	if (below(4))
		return false;
	sample_destroy(*slot);
	*slot = NULL;
	return true;
}

/* Out to the disk from one page, back into another. */
static bool op_disk(struct sample **slot)
{
	struct sample *s = *slot;
	size_t from = below(s->pages), to = below(s->pages);
	off_t at = disk_place();

	if (at < 0 || pwrite(disk, s->p + from * PAGE, PAGE, at) != PAGE)
		return false;
	/* A read that fails may have written to the page, or not. */
	inject_wanted(false);
	if (pread(disk, s->p + to * PAGE, PAGE, at) != PAGE)
		tally_wrong("cannot read from the disk: errno %d", errno);
	s->seeds[to] = s->seeds[from];
	return true;
}

const struct operation pin_operations[] = {
	{ "pipe", op_pipe, false },
	{ "ring", op_ring, true },
	{ "destroy", op_destroy, false },
	{ "disk", op_disk, true },
	{ NULL, NULL, false },
};
