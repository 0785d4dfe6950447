// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that knows nothing but POSIX, and is compiled without any header of
 * PMM: test_library_names lets it use a block's names.
 *
 *	posix_shm NAME check BYTE	mapped and read, every byte is BYTE
 *	posix_shm NAME fill BYTE	make it so, half mapped and half written
 *	posix_shm NAME create		make a new object of that name
 *	posix_shm NAME unlink		remove the name
 *
 * Exit status: 0, 200 if a byte differs, 201 if used wrongly, or the errno of
 * what failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK	65536

static int all_bytes_are(const unsigned char *p, size_t size, int byte)
{
	return p[0] == byte && !memcmp(p, p + 1, size - 1);
}

static int check(int fd, size_t size, int byte)
{
	static unsigned char buf[CHUNK];
	unsigned char *p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	size_t done = 0;
	ssize_t n;

	if (p == MAP_FAILED)
		return errno;
	if (!all_bytes_are(p, size, byte))
		return 200;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (!all_bytes_are(buf, n, byte))
			return 200;
		done += n;
	}
	if (n < 0 || munmap(p, size))
		return errno;
	return done == size ? 0 : 200;
}

static int fill(int fd, size_t size, int byte)
{
	static unsigned char buf[CHUNK];
	unsigned char *p;
	size_t half = size / 2;
	ssize_t n;

	/* What it has already; any other size would be refused. */
	if (ftruncate(fd, size))
		return errno;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return errno;
	memset(p, byte, half);
	memset(buf, byte, sizeof(buf));
	for (; half < size; half += n) {
		n = size - half < CHUNK ? size - half : CHUNK;
		n = pwrite(fd, buf, n, half);
		if (n <= 0)
			return errno;
	}
	if (msync(p, size, MS_SYNC) || munmap(p, size))
		return errno;
	return 0;
}

static int use(const char *name, const char *what, int byte)
{
	int reads = !strcmp(what, "check"), fd, status;
	struct stat st;

	fd = shm_open(name, reads ? O_RDONLY : O_RDWR, 0);
	if (fd < 0 || fstat(fd, &st))
		return errno;
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return 200;
	status = reads ? check(fd, st.st_size, byte)
		       : fill(fd, st.st_size, byte);
	return close(fd) ? errno : status;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 201;
	if (!strcmp(argv[2], "unlink"))
		return shm_unlink(argv[1]) ? errno : 0;
	if (!strcmp(argv[2], "create"))
		return shm_open(argv[1], O_RDWR | O_CREAT | O_EXCL, 0600) < 0
			? errno : 0;
	if (argc < 4)
		return 201;
	return use(argv[1], argv[2], (int)strtol(argv[3], NULL, 0));
}
