// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The POSIX names of blocks: objects of shm_open(3), which are files in /dev/shm.
 *
 * A file that becomes a name of a block remains an ordinary one for whoever has
 * opened it before.  So it is made without a name, gets its size and its mode,
 * becomes the block's, and is linked only then: it appears at once and complete,
 * and linkat() never replaces what is there.  A crash at any point leaves either
 * the finished name or nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* The file of the name @name, by the rules of shm_open(3) that are portable. */
int pmmshm_name_path(struct pmmshm_path *path, const char *name)
{
	const char *rest = name + 1;

	if (name[0] != '/')
		return pmmshm_fail(EINVAL, "'%s' is not a name for shared memory: it does not begin with a slash",
				   name);
	if (strchr(rest, '/'))
		return pmmshm_fail(EINVAL, "'%s' is not a name for shared memory: it has more slashes than the first",
				   name);
	if (!*rest || !strcmp(rest, ".") || !strcmp(rest, ".."))
		return pmmshm_fail(EINVAL, "'%s' is not a name for shared memory",
				   name);
	if (strlen(rest) > NAME_MAX)
		return pmmshm_fail(ENAMETOOLONG, "a name for shared memory has at most %d characters after the slash, not %zu",
				   NAME_MAX, strlen(rest));
	snprintf(path->s, sizeof(path->s), "%s%s", PMMSHM_DIR, name);
	return 0;
}

static int name_alias(const struct pmmshm_block *block, int fd)
{
	struct pmm_block_alias req = { .size = sizeof(req), .fd = fd };

	return pmmshm_ioctl(block->sys, block->fd, PMM_IOC_BLOCK_ALIAS, &req);
}

/* A thread may have fds of its own, which /proc/self does not show. */
struct pmmshm_path pmmshm_fd_path(int fd)
{
	struct pmmshm_path path;

	snprintf(path.s, sizeof(path.s), "/proc/thread-self/fd/%d", fd);
	return path;
}

int pmmshm_name_link(const struct pmmshm_transport *sys, int fd,
		     const char *path)
{
	return sys->linkat(AT_FDCWD, pmmshm_fd_path(fd).s, AT_FDCWD, path,
			   AT_SYMLINK_FOLLOW);
}

/* Turns @fd, a new file, into the name @name of the block. */
static int name_finish(const struct pmmshm_block *block, int fd,
		       const char *name, const char *path)
{
	const struct pmmshm_transport *sys = block->sys;

	if (sys->ftruncate(fd, block->size))
		return pmmshm_explain_name_file(name, errno);
	if (name_alias(block, fd))
		return pmmshm_explain_name_alias(block, name, errno);
	if (pmmshm_name_link(sys, fd, path))
		return pmmshm_explain_name_link(name, errno);
	return 0;
}

int pmmshm_module_link(const struct pmmshm_block *block, const char *name,
		       const char *path, mode_t mode)
{
	int fd, ret, err;

	/* The kernel applies the umask, as for shm_open(). */
	fd = block->sys->open(PMMSHM_DIR, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (fd < 0)
		return pmmshm_explain_name_file(name, errno);
	ret = name_finish(block, fd, name, path);
	err = errno;
	block->sys->close(fd);
	errno = err;
	return ret;
}

int pmmshm_block_link(const struct pmmshm_block *block, const char *name,
		      mode_t mode, unsigned int flags)
{
	struct pmmshm_path path;

	if (!block || !name)
		return pmmshm_fail(EINVAL, "pmmshm_block_link: NULL argument");
	if (flags)
		return pmmshm_fail(EINVAL, "pmmshm_block_link: unknown bits 0x%x in the flags",
				   flags);
	if (mode & ~PMMSHM_PERMS)
		return pmmshm_fail(EINVAL, "mode %#o has more than permission bits",
				   (unsigned int)mode);
	if (pmmshm_name_path(&path, name))
		return -1;
	return block->backend->link(block, name, path.s, mode);
}
