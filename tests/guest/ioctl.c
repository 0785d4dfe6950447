// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctl(2), natively or through the entry of 32-bit programs; see ioctl.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ioctl.h"

#define NR_IOCTL_32	54
#define NR_GETPID_32	20

bool ioctl_as_32bit;

/* Any program may use the entry of 32-bit ones; the kernel then is compat. */
static long syscall_32(long nr, unsigned long a, unsigned long b,
		       unsigned long c)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static bool has_32bit(void)
{
	int status, pid = fork();

	if (!pid)
		_exit(syscall_32(NR_GETPID_32, 0, 0, 0) != getpid());
	EXPECT(pid > 0);
	/* Without such an entry the child dies of a signal. */
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	return status == 0;
}

int do_ioctl(int fd, unsigned int cmd, void *arg)
{
	long ret;

	if (!ioctl_as_32bit)
		return ioctl(fd, cmd, arg);
	ret = syscall_32(NR_IOCTL_32, fd, cmd, (unsigned long)arg);
	if (ret >= 0 || ret < -4095)
		return ret;
	errno = -ret;
	return -1;
}

void ioctl_both(void (*test)(void))
{
	test();
	if (!has_32bit()) {
		printf("this kernel runs no 32-bit programs\n");
		return;
	}
	ioctl_as_32bit = true;
	test();
}

void *low_alloc(size_t size)
{
	return EXPECT_OK(mmap(NULL, size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
}
