// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Blocks of the backend "shm" that are files.
 *
 * Such a block is a file on /dev/shm that has no name until it is linked; where no
 * such file can be made it is a memfd, which can be passed on but never named.
 * Its memory is taken when it is made: a tmpfs that is full is an error here and
 * not a SIGBUS later.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <linux/magic.h>

#include "internal.h"

/* Of a file: what is filled at once where signals come all the time. */
#define PIECE		((size_t)4 << 20)

#define MEMFD_SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW)

/* Giving a file its mode, and its first name: two threads might mix that. */
static pthread_mutex_t name_lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_on_tmpfs(const struct pmmshm_transport *sys, int fd)
{
	struct statfs fs;

	return !sys->fstatfs(fd, &fs) && fs.f_type == TMPFS_MAGIC;
}

/* ------------------------------------------------------------------ making one */

/* An fd, or -1 if there is no /dev/shm, or it is no place for memory. */
static int open_unnamed(const struct pmmshm_transport *sys, mode_t mode)
{
	int fd = sys->open(PMMSHM_DIR, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);

	if (fd < 0 || is_on_tmpfs(sys, fd))
		return fd;
	sys->close(fd);
	errno = EOPNOTSUPP;
	return -1;
}

/* Return: 0, or -1 with all but EINTR. */
static int fill_pieces(const struct pmmshm_transport *sys, int fd, size_t size)
{
	size_t done = 0, piece;

	while (done < size) {
		piece = size - done < PIECE ? size - done : PIECE;
		if (!sys->fallocate(fd, 0, done, piece))
			done += piece;
		else if (errno != EINTR)
			return -1;
	}
	return 0;
}

/*
 * A signal ends the call, and Linux 6.1 undoes all that it has done.  Where they come
 * faster than a large block is filled, only pieces get on.  What can never fit is
 * refused at once if it is asked for as a whole.
 */
static int fill(const struct pmmshm_transport *sys, int fd, size_t size)
{
	if (sys->ftruncate(fd, size))
		return -1;
	if (!sys->fallocate(fd, 0, 0, size))
		return 0;
	return errno == EINTR ? fill_pieces(sys, fd, size) : -1;
}

static int explain_fill(const struct pmmshm_block *block, int err)
{
	struct pmmshm_text size = pmmshm_bytes(block->size);

	switch (err) {
	case ENOSPC:
		return pmmshm_fail(ENOMEM, "cannot allocate %s: the tmpfs on /dev/shm has less room; remove some files or mount it with a larger size",
				   size.s);
	case EFBIG:
		return pmmshm_fail(err, "cannot allocate %s: it is larger than files may be; raise the limit (ulimit -f)",
				   size.s);
	}
	return pmmshm_fail(err, "cannot allocate %s: %m", size.s);
}

int pmmshm_file_create(struct pmmshm_block *block,
		       const struct pmmshm_request *r)
{
	const struct pmmshm_transport *sys = block->sys;
	bool nameable = true;

	block->fd = open_unnamed(sys, 0600);
	if (block->fd < 0 && errno != EMFILE && errno != ENFILE) {
		nameable = false;
		block->fd = sys->memfd_create("pmmshm", MFD_CLOEXEC |
					      MFD_ALLOW_SEALING);
	}
	if (block->fd < 0)
		return pmmshm_fail(errno, "cannot allocate %s: %m; each block is an open file",
				   pmmshm_bytes(r->size).s);
	if (fill(sys, block->fd, block->size))
		return explain_fill(block, errno);
	block->caps = PMMSHM_CAP_FD;
	if (nameable)
		block->caps |= PMMSHM_CAP_NAME;
	else if (sys->fcntl(block->fd, F_ADD_SEALS, MEMFD_SEALS))
		return pmmshm_fail(errno, "cannot fix the size of the block: %m");
	return 0;
}

/* ------------------------------------------------------------------ importing */

/* With @flags, which its own mode may not allow; the fd itself can be copied. */
static int open_again(const struct pmmshm_transport *sys, int fd, int flags)
{
	int again = sys->open(pmmshm_fd_path(fd).s, flags | O_CLOEXEC, 0);

	if (again >= 0 || flags != O_RDWR)
		return again;
	return sys->fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* Sets @block's fd, with the rights that @flags ask for. */
static int import_open(struct pmmshm_block *block, int fd, int flags,
		       const char *source)
{
	const struct pmmshm_transport *sys = block->sys;
	int access = sys->fcntl(fd, F_GETFL, 0);

	if (access < 0)
		return pmmshm_fail(errno, "cannot get the block behind %s: %m",
				   source);
	access &= O_ACCMODE;
	if (access == O_WRONLY)
		return pmmshm_fail(EACCES, "cannot get the block behind %s: that is not open for reading",
				   source);
	if (flags == O_RDWR && access == O_RDONLY)
		return pmmshm_fail(EACCES, "cannot write to the block behind %s: that is open for reading only; ask for O_RDONLY",
				   source);
	block->readonly = flags == O_RDONLY;
	if (access == flags)
		block->fd = sys->fcntl(fd, F_DUPFD_CLOEXEC, 0);
	else
		block->fd = open_again(sys, fd, flags);
	if (block->fd < 0)
		return pmmshm_fail(errno, "cannot get the block behind %s: %m",
				   source);
	return 0;
}

/* Named files of /dev/shm can be given further names. */
static uint64_t import_caps(const struct pmmshm_block *block,
			    const struct stat *st)
{
	struct stat dir;

	if (block->readonly || !st->st_nlink ||
	    block->sys->stat(PMMSHM_DIR, &dir) || dir.st_dev != st->st_dev)
		return PMMSHM_CAP_FD;
	return PMMSHM_CAP_FD | PMMSHM_CAP_NAME;
}

int pmmshm_file_import(struct pmmshm_block *block, const struct pmmshm *pmm,
		       int fd, int flags, const char *source)
{
	struct stat st;
	uint64_t size;

	if (pmm->sys->fstat(fd, &st))
		return pmmshm_fail(errno, "cannot get the block behind %s: %m",
				   source);
	if (!S_ISREG(st.st_mode) || !is_on_tmpfs(pmm->sys, fd))
		return pmmshm_fail(ENOENT, "there is no shared memory behind %s",
				   source);
	if (!st.st_size)
		return pmmshm_fail(ENOENT, "there is no memory behind %s yet: its size is 0",
				   source);
	if (import_open(block, fd, flags, source))
		return -1;
	block->caps = import_caps(block, &st);
	size = st.st_size;
	size += -size & (pmm->page_size - 1);
	return pmmshm_block_set_size(block, size);
}

/* ------------------------------------------------------------- files in hand */

int pmmshm_file_get_info(const struct pmmshm_block *block,
			 struct pmmshm_block_info *info)
{
	struct stat st;
	int seals;

	if (block->sys->fstat(block->fd, &st))
		return pmmshm_fail(errno, "cannot describe the block: %m");
	seals = block->sys->fcntl(block->fd, F_GET_SEALS, 0);
	memset(info, 0, sizeof(*info));
	/* Numbers of inodes differ on one tmpfs only. */
	info->id = st.st_ino ^ (uint64_t)st.st_dev << 40;
	info->state = PMMSHM_STATE_FILE;
	if (seals >= 0 && !(~seals & (F_SEAL_SHRINK | F_SEAL_GROW)))
		info->state |= PMMSHM_STATE_SEALED;
	info->holders = 1;
	info->uid = st.st_uid;
	info->aliases = st.st_nlink;
	return 0;
}

int pmmshm_file_reopen(const struct pmmshm_block *block, int flags)
{
	int fd = -1;

	if (flags == O_RDWR && block->readonly)
		errno = EACCES;
	else
		fd = open_again(block->sys, block->fd, flags);
	if (fd >= 0)
		return fd;
	return pmmshm_explain_access(block, flags == O_RDWR
					? "open the block for writing"
					: "open the block", errno);
}

/* What a file would have as its mode that is made with @mode now, or -1. */
static int mode_after_umask(const struct pmmshm_transport *sys, mode_t mode)
{
	int fd = open_unnamed(sys, mode), ret = -1, err;
	struct stat st;

	if (fd < 0)
		return -1;
	if (!sys->fstat(fd, &st))
		ret = st.st_mode & PMMSHM_PERMS;
	err = errno;
	sys->close(fd);
	errno = err;
	return ret;
}

/* All names of a file have its mode, so the first one decides. */
static int set_mode(const struct pmmshm_block *block, const char *name,
		    mode_t mode)
{
	const struct pmmshm_transport *sys = block->sys;
	struct stat st;
	mode_t has;

	if (sys->fstat(block->fd, &st))
		return pmmshm_explain_name_file(name, errno);
	has = st.st_mode & PMMSHM_PERMS;
	if (has == mode)
		return 0;
	if (st.st_nlink)
		return pmmshm_fail(EOPNOTSUPP, "cannot name the block '%s' with mode %04o: it has a name of mode %04o, and all its names have the same; %s",
				   name, (unsigned int)mode, (unsigned int)has, PMMSHM_NO_MODULE);
	if (sys->fchmod(block->fd, mode))
		return pmmshm_explain_name_file(name, errno);
	return 0;
}

static int link_locked(const struct pmmshm_block *block, const char *name,
		       const char *path, mode_t mode)
{
	if (set_mode(block, name, mode))
		return -1;
	if (!pmmshm_name_link(block->sys, block->fd, path))
		return 0;
	if (errno == ENOENT)
		return pmmshm_fail(ENOENT, "cannot name the block '%s': /proc is not mounted, or its last name was removed",
				   name);
	return pmmshm_explain_name_link(name, errno);
}

int pmmshm_file_link(const struct pmmshm_block *block, const char *name,
		     const char *path, mode_t mode)
{
	int wanted, ret, err;

	if (!(block->caps & PMMSHM_CAP_NAME))
		return pmmshm_fail(EOPNOTSUPP, "cannot name the block '%s': it is no file of /dev/shm, or has no name there now",
				   name);
	wanted = mode_after_umask(block->sys, mode);
	if (wanted < 0)
		return pmmshm_explain_name_file(name, errno);
	/* Keeps mode and first name together. */
	pthread_mutex_lock(&name_lock);
	ret = link_locked(block, name, path, wanted);
	err = errno;
	pthread_mutex_unlock(&name_lock);
	errno = err;
	return ret;
}
