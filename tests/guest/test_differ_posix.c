// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block's POSIX name, call by call beside an ordinary object of shm_open(): what
 * differs is listed here and in Documentation/names.rst, and nothing else does.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "differ.h"
#include "library.h"
#include "vm.h"

#define SIZE	(4 * PAGE)

static char buf[2 * SIZE];
/* Where nothing is. */
static char *volatile nowhere = (char *)8;

#define CALL(name, expr)						\
	static long name(struct object *o) { return RESULT(expr); }

/* ---- opening ---- */

/* What open() gives, closed again: 0 or the errno. */
static long opens(const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags | O_CLOEXEC, mode);

	return fd < 0 ? -1 : close(fd);
}

static long shm_opens(struct object *o, int flags)
{
	int fd = shm_open(o->name, flags, 0600);

	return fd < 0 ? -1 : close(fd);
}

CALL(open_rdonly, shm_opens(o, O_RDONLY))
CALL(open_rdwr, shm_opens(o, O_RDWR))
CALL(open_creat, shm_opens(o, O_RDWR | O_CREAT))
CALL(open_excl, shm_opens(o, O_RDWR | O_CREAT | O_EXCL))
CALL(open_direct, opens(o->path, O_RDWR | O_DIRECT, 0))
CALL(open_path, opens(o->path, O_PATH, 0))
CALL(open_directory, opens(o->path, O_RDONLY | O_DIRECTORY, 0))
CALL(open_tmpfile, opens(o->path, O_RDWR | O_TMPFILE, 0600))
CALL(open_nofollow, opens(o->path, O_RDWR | O_NOFOLLOW, 0))
CALL(open_sync, opens(o->path, O_RDWR | O_SYNC, 0))
CALL(open_noatime, opens(o->path, O_RDONLY | O_NOATIME, 0))
CALL(open_trunc, shm_opens(o, O_RDWR | O_TRUNC))
CALL(get_flags, fcntl(o->fd, F_GETFL))

/* ---- what it is ---- */

static struct stat stat_of(struct object *o)
{
	struct stat st;

	EXPECT_OK(fstat(o->fd, &st));
	return st;
}

CALL(st_mode, stat_of(o).st_mode)
CALL(st_nlink, stat_of(o).st_nlink)
CALL(st_uid, stat_of(o).st_uid)
CALL(st_gid, stat_of(o).st_gid)
CALL(st_size, stat_of(o).st_size)
CALL(st_dev, stat_of(o).st_dev)
CALL(st_rdev, stat_of(o).st_rdev)
CALL(st_blksize, stat_of(o).st_blksize)
CALL(st_blocks, stat_of(o).st_blocks)

static long by_path(struct object *o)
{
	struct stat st, by_fd = stat_of(o);

	EXPECT_OK(lstat(o->path, &st));
	return st.st_ino == by_fd.st_ino && st.st_mode == by_fd.st_mode &&
	       st.st_size == by_fd.st_size;
}

static long fs_type(struct object *o)
{
	struct statfs fs;

	return fstatfs(o->fd, &fs) ? -errno : fs.f_type;
}

/* Which of its times are changed by that. */
static long times(struct object *o, long (*by)(struct object *o))
{
	static const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	struct stat st;

	EXPECT_OK(futimens(o->fd, old));
	EXPECT(by(o) >= 0);
	st = stat_of(o);
	return (st.st_atime != 1) | (st.st_mtime != 1) << 1;
}

/* ---- its size ---- */

CALL(truncate_same, ftruncate(o->fd, SIZE))
CALL(truncate_readonly, ftruncate(o->readonly, SIZE))
CALL(truncate_negative, ftruncate(o->fd, -1))
CALL(truncate_less, ftruncate(o->fd, SIZE - 1))
CALL(truncate_nothing, ftruncate(o->fd, 0))
CALL(truncate_more, ftruncate(o->fd, SIZE + 1))
CALL(truncate_path, truncate(o->path, SIZE / 2))
CALL(allocate, fallocate(o->fd, 0, 0, SIZE))
CALL(allocate_posix, -posix_fallocate(o->fd, PAGE, PAGE))
CALL(allocate_negative, fallocate(o->fd, 0, -1, 1))
CALL(allocate_readonly, fallocate(o->readonly, 0, 0, 1))
CALL(allocate_more, fallocate(o->fd, 0, SIZE, PAGE))
CALL(allocate_keep, fallocate(o->fd, FALLOC_FL_KEEP_SIZE, SIZE, PAGE))
CALL(allocate_zero, fallocate(o->fd, FALLOC_FL_ZERO_RANGE, 0, PAGE))
CALL(allocate_collapse, fallocate(o->fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE))
CALL(allocate_insert, fallocate(o->fd, FALLOC_FL_INSERT_RANGE, 0, PAGE))
CALL(punch_without_keep, fallocate(o->fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE))

static long punch(struct object *o)
{
	int flags = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	if (fallocate(o->fd, flags, 100, 100))
		return -errno;
	EXPECT_EQ(pread(o->fd, buf, 300, 0), 300);
	return buf[99] + buf[100] + buf[199] + buf[200];
}

/* As it was at first, whatever was done to it. */
static long restore(struct object *o)
{
	memset(buf, 'x', sizeof(buf));
	ftruncate(o->fd, SIZE);
	return RESULT(pwrite(o->fd, buf, SIZE, 0));
}

/* ---- reading and writing ---- */

CALL(reads, pread(o->fd, buf, SIZE, 0))
CALL(read_end, pread(o->fd, buf, 10, SIZE))
CALL(read_across, pread(o->fd, buf, 10, SIZE - 3))
CALL(read_negative, pread(o->fd, buf, 1, -1))
CALL(read_nothing, pread(o->fd, buf, 0, 0))
CALL(read_fault, pread(o->fd, nowhere, 10, 0))
CALL(writes, pwrite(o->fd, buf, SIZE, 0))
CALL(write_nothing, pwrite(o->fd, buf, 0, SIZE))
CALL(write_readonly, pwrite(o->readonly, buf, 1, 0))
CALL(write_negative, pwrite(o->fd, buf, 1, -1))
CALL(write_fault, pwrite(o->fd, nowhere, 10, 0))
CALL(write_end, pwrite(o->fd, buf, 1, SIZE))
CALL(write_far, pwrite(o->fd, buf, 1, 1L << 62))
CALL(write_limit, pwrite(o->fd, buf, 10, 0x7ffffffffffffffc))
CALL(write_across, pwrite(o->fd, buf, 10, SIZE - 3))
CALL(seek_end, lseek(o->fd, 0, SEEK_END))
CALL(seek_past, lseek(o->fd, 10, SEEK_END))
CALL(seek_back, lseek(o->fd, -1, SEEK_SET))
CALL(seek_data, lseek(o->fd, 5, SEEK_DATA))
CALL(seek_hole, lseek(o->fd, 5, SEEK_HOLE))
CALL(seek_data_past, lseek(o->fd, SIZE, SEEK_DATA))
CALL(rewinds, lseek(o->fd, 0, SEEK_SET))

static long vectors(struct object *o)
{
	struct iovec v[3] = { { buf, 5 }, { buf + 9, 0 }, { buf + 20, PAGE } };

	return RESULT(preadv(o->fd, v, 3, PAGE - 2)) * 100000 +
	       RESULT(pwritev(o->fd, v, 3, PAGE - 2));
}

static long nowait(struct object *o)
{
	struct iovec v = { buf, 100 };

	return RESULT(preadv2(o->fd, &v, 1, 0, RWF_NOWAIT));
}

static long appends(struct object *o)
{
	int fd = EXPECT_OK(open(o->path, O_WRONLY | O_APPEND | O_CLOEXEC));
	long n = RESULT(write(fd, "a", 1));

	close(fd);
	return n;
}

static long write_only(struct object *o)
{
	int fd = EXPECT_OK(open(o->path, O_WRONLY | O_CLOEXEC));
	long n = RESULT(read(fd, buf, 1));
	long map = RESULT(mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, fd, 0));

	close(fd);
	return n * 1000 + map;
}

/* Moves bytes without a buffer, to a file or from it; o->fd's offset moves, too. */
static long moves(struct object *o, bool in)
{
	int file = EXPECT_OK(memfd_create("other", MFD_CLOEXEC));
	long n;

	EXPECT_OK(ftruncate(file, SIZE));
	EXPECT_OK(lseek(o->fd, 10, SEEK_SET));
	n = in ? RESULT(sendfile(o->fd, file, NULL, PAGE))
	       : RESULT(sendfile(file, o->fd, NULL, PAGE));
	close(file);
	return n * 1000000 + lseek(o->fd, 0, SEEK_CUR);
}

CALL(send_from, moves(o, false))
CALL(send_to, moves(o, true))

static long copies(struct object *o)
{
	loff_t from = 0, to = 2 * PAGE;

	return RESULT(copy_file_range(o->fd, &from, o->fd, &to, PAGE, 0));
}

static long copies_out(struct object *o)
{
	int file = EXPECT_OK(memfd_create("other", MFD_CLOEXEC));
	loff_t from = SIZE - 10;
	long n = RESULT(copy_file_range(o->fd, &from, file, NULL, 100, 0));

	close(file);
	return n;
}

static long splices(struct object *o)
{
	loff_t from = SIZE - 7, to = 3;
	long out, in;
	int pipes[2];

	EXPECT_OK(pipe2(pipes, O_CLOEXEC));
	out = RESULT(splice(o->fd, &from, pipes[1], NULL, 100, 0));
	in = RESULT(splice(pipes[0], NULL, o->fd, &to, 100, 0));
	close(pipes[0]);
	close(pipes[1]);
	return out * 1000 + in;
}

static long splices_out(struct object *o)
{
	loff_t from = 0;
	int pipes[2];
	long n;

	EXPECT_OK(pipe2(pipes, O_CLOEXEC));
	n = RESULT(splice(o->fd, &from, pipes[1], NULL, 100, 0));
	close(pipes[0]);
	close(pipes[1]);
	return n;
}

CALL(syncs, fsync(o->fd))
CALL(syncs_data, fdatasync(o->fd))
CALL(advises, -posix_fadvise(o->fd, 0, SIZE, POSIX_FADV_WILLNEED))
CALL(advises_away, -posix_fadvise(o->fd, 0, SIZE, POSIX_FADV_DONTNEED))
CALL(reads_ahead, readahead(o->fd, 0, SIZE))

static long times_read(struct object *o) { return times(o, reads); }
static long times_write(struct object *o) { return times(o, writes); }
static long times_truncate(struct object *o) { return times(o, truncate_same); }
static long times_send(struct object *o) { return times(o, send_from); }
static long times_splice(struct object *o) { return times(o, splices_out); }
static long times_fallocate(struct object *o) { return times(o, allocate); }

/* ---- mapping ---- */

/* What mmap() gives, unmapped again. */
static long maps(int fd, size_t size, int prot, int flags, off_t at)
{
	void *p = mmap(NULL, size, prot, flags, fd, at);

	return p == MAP_FAILED ? -1 : munmap(p, size);
}

CALL(map_rw, maps(o->fd, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0))
CALL(map_validate, maps(o->fd, SIZE, PROT_READ, MAP_SHARED_VALIDATE, 0))
CALL(map_sync, maps(o->fd, SIZE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, 0))
CALL(map_readonly, maps(o->readonly, SIZE, PROT_READ, MAP_SHARED, 0))
CALL(map_readonly_rw, maps(o->readonly, SIZE, PROT_WRITE, MAP_SHARED, 0))
CALL(map_readonly_private, maps(o->readonly, SIZE, PROT_WRITE, MAP_PRIVATE, 0))
CALL(map_exec, maps(o->fd, SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, 0))
CALL(map_nothing, maps(o->fd, 0, PROT_READ, MAP_SHARED, 0))
CALL(map_unaligned, maps(o->fd, PAGE, PROT_READ, MAP_SHARED, 10))
CALL(map_past, maps(o->fd, PAGE, PROT_READ, MAP_SHARED, 10 * SIZE))
CALL(map_hugetlb, maps(o->fd, SIZE, PROT_READ, MAP_SHARED | MAP_HUGETLB, 0))
CALL(map_populate, maps(o->fd, SIZE, PROT_READ, MAP_SHARED | MAP_POPULATE, 0))

/* The signal for a touch just inside and just past the end. */
static long touches(struct object *o)
{
	char *p = EXPECT_OK(mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE,
				 MAP_SHARED, o->fd, 0));
	long signals = access_signal(p + SIZE - 1, true) * 100 +
		       access_signal(p + SIZE, false);

	EXPECT_OK(munmap(p, 2 * SIZE));
	return signals;
}

static long private_copy(struct object *o)
{
	char *p = EXPECT_OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
				 o->fd, 0));
	char c;

	*p = 'p';
	EXPECT_EQ(pread(o->fd, &c, 1, 0), 1);
	EXPECT_OK(munmap(p, SIZE));
	return c;
}

static long written_is_mapped(struct object *o)
{
	char c;

	o->p[PAGE] = 'm';
	EXPECT_EQ(pread(o->readonly, &c, 1, PAGE), 1);
	EXPECT_EQ(pwrite(o->fd, "w", 1, PAGE), 1);
	return c * 1000 + o->p[PAGE];
}

CALL(protects, mprotect(o->p, SIZE, PROT_READ | PROT_WRITE))
CALL(syncs_map, msync(o->p, SIZE, MS_SYNC))
CALL(locks, mlock(o->p, SIZE))
CALL(unlocks, munlock(o->p, SIZE))
CALL(wants, madvise(o->p, SIZE, MADV_WILLNEED))
CALL(pages_out, madvise(o->p, SIZE, MADV_PAGEOUT))
CALL(unmaps_pages, madvise(o->p, SIZE, MADV_DONTNEED))
CALL(frees, madvise(o->p, SIZE, MADV_FREE))
CALL(no_fork, madvise(o->p, SIZE, MADV_DONTFORK))
CALL(populates, madvise(o->p, SIZE, MADV_POPULATE_WRITE))

/* ---- the rest that an fd can do ---- */

CALL(locks_file, flock(o->fd, LOCK_EX | LOCK_NB))
CALL(unlocks_file, flock(o->fd, LOCK_UN))
CALL(readable, ioctl(o->fd, FIONREAD, buf))
CALL(unknown_ioctl, ioctl(o->fd, 0x5999, buf))
CALL(inode_flags, ioctl(o->fd, FS_IOC_GETFLAGS, buf))
CALL(figetbsz, ioctl(o->fd, FIGETBSZ, buf))
CALL(fibmap, ioctl(o->fd, FIBMAP, buf))
CALL(get_seals, fcntl(o->fd, F_GET_SEALS))
CALL(add_seals, fcntl(o->fd, F_ADD_SEALS, F_SEAL_WRITE))
CALL(lease, fcntl(o->readonly, F_SETLEASE, F_RDLCK))
CALL(no_lease, fcntl(o->readonly, F_SETLEASE, F_UNLCK))
CALL(pipe_size, fcntl(o->fd, F_GETPIPE_SZ))
CALL(list_xattr, flistxattr(o->fd, buf, sizeof(buf)))
CALL(set_xattr, fsetxattr(o->fd, "trusted.pmm", "1", 1, 0))
CALL(get_xattr, fgetxattr(o->fd, "trusted.pmm", buf, sizeof(buf)))
CALL(user_xattr, fsetxattr(o->fd, "user.pmm", "1", 1, 0))

static long polls(struct object *o)
{
	struct pollfd p = { o->fd, POLLIN | POLLOUT | POLLPRI, 0 };

	return RESULT(poll(&p, 1, 0)) * 1000 + p.revents;
}

static long locks_range(struct object *o)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = 10 };
	long r = RESULT(fcntl(o->fd, F_OFD_SETLK, &lock));

	lock.l_type = F_RDLCK;
	return r * 1000 + RESULT(fcntl(o->readonly, F_OFD_SETLK, &lock));
}

static long runs(struct object *o)
{
	char *args[] = { (char *)o->path, NULL };

	EXPECT_OK(fchmod(o->fd, 0755));
	return RESULT(execv(o->path, args));
}

/* ---- its name and its owner ---- */

static const char *other_path(struct object *o)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s-2", o->path);
	return path;
}

CALL(chmods, fchmod(o->fd, 04640))
CALL(chowns, fchown(o->fd, NOBODY, 100))
CALL(chowns_back, fchown(o->fd, 0, 0))
CALL(may_read, access(o->path, R_OK | W_OK))
CALL(may_run, access(o->path, X_OK))
CALL(links, link(o->path, other_path(o)))
CALL(links_again, link(o->path, other_path(o)))
CALL(renames_same, rename(o->path, other_path(o)))
CALL(unlinks_other, unlink(other_path(o)))
CALL(renames, rename(o->path, other_path(o)))
CALL(renames_missing, rename(o->path, other_path(o)))
CALL(renames_back, renameat2(AT_FDCWD, other_path(o), AT_FDCWD, o->path,
			     RENAME_NOREPLACE))
CALL(renames_onto, renameat2(AT_FDCWD, o->path, AT_FDCWD, "/dev/shm",
			     RENAME_NOREPLACE))
CALL(removes_directory, rmdir(o->path))
CALL(shm_unlinks, shm_unlink(o->name))

/* Something else is put in its place, and it goes on without a name. */
static long replaced(struct object *o)
{
	int fd = EXPECT_OK(open(other_path(o), O_CREAT | O_RDWR | O_CLOEXEC, 0600));

	close(fd);
	return RESULT(rename(other_path(o), o->path));
}

static long links_unnamed(struct object *o)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->fd);
	return RESULT(linkat(AT_FDCWD, path, AT_FDCWD, other_path(o),
			     AT_SYMLINK_FOLLOW));
}

static long reopens(struct object *o)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->fd);
	return RESULT(opens(path, O_RDWR, 0));
}

static long link_text(struct object *o)
{
	char path[32], text[128];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->fd);
	n = EXPECT_OK(readlink(path, text, sizeof(text) - 1));
	text[n] = 0;
	return (strncmp(text, o->path, strlen(o->path)) ? 0 : 100L) + n -
	       (long)strlen(o->path);
}

/* As somebody else, with what the mode allows; each bit is an answer. */
static void other_user(void *arg)
{
	struct object *o = arg;
	long got = (!shm_opens(o, O_RDONLY)) | (!shm_opens(o, O_RDWR)) << 1 |
		   (!chmod(o->path, 0666)) << 2 | (!shm_unlink(o->name)) << 3 |
		   (!rename(o->path, other_path(o))) << 4 |
		   (!utimensat(AT_FDCWD, o->path, NULL, 0)) << 5 |
		   (!truncate(o->path, SIZE)) << 6;

	_exit(got);
}

static long others(struct object *o, mode_t mode)
{
	int status, pid;

	EXPECT_OK(fchmod(o->fd, mode));
	pid = child_start(NOBODY, other_user, o);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFEXITED(status));
	return WEXITSTATUS(status);
}

CALL(others_nothing, others(o, 0600))
CALL(others_read, others(o, 0644))
CALL(others_write, others(o, 0666))

#define C(name)		{ #name, name, SAME }
/* Documented in names.rst. */
#define DIFFERS(name, is) { #name, name, is }

static const struct call calls[] = {
	C(restore),
	C(open_rdonly), C(open_rdwr), C(open_creat), C(open_excl), C(open_direct),
	C(open_path), C(open_directory), C(open_tmpfile), C(open_nofollow),
	C(open_sync), C(open_noatime), C(get_flags),
	C(st_mode), C(st_nlink), C(st_uid), C(st_gid), C(st_size), C(st_dev),
	C(st_rdev), C(st_blksize), DIFFERS(st_blocks, 0), C(by_path), C(fs_type),
	C(reads), C(read_end), C(read_across), C(read_negative), C(read_nothing),
	C(read_fault), C(writes), C(write_nothing), C(write_readonly),
	C(write_negative), C(write_fault), C(vectors), C(nowait), C(write_only),
	C(seek_end), C(seek_past), C(seek_back), C(seek_data), C(seek_hole),
	C(seek_data_past), C(rewinds), C(send_from), C(send_to), C(copies),
	C(copies_out), C(splices), C(syncs), C(syncs_data), C(advises),
	C(advises_away), C(reads_ahead),
	C(times_read), C(times_write), C(times_truncate), C(times_send), C(times_splice),
	C(times_fallocate),
	C(map_rw), C(map_validate), C(map_sync), C(map_readonly),
	C(map_readonly_rw), C(map_readonly_private), C(map_exec), C(map_nothing),
	C(map_unaligned), C(map_past), C(map_hugetlb), C(map_populate),
	C(touches), C(private_copy), C(written_is_mapped), C(protects),
	C(syncs_map), C(locks), C(unlocks), C(wants), C(pages_out),
	C(unmaps_pages), C(frees), C(no_fork), C(populates), C(reads),
	C(locks_file), C(unlocks_file), C(readable), C(unknown_ioctl),
	C(inode_flags), C(figetbsz), C(fibmap), C(add_seals),
	DIFFERS(get_seals, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW),
	C(lease), C(no_lease), C(pipe_size), C(list_xattr), C(set_xattr),
	C(get_xattr), C(user_xattr), C(polls), C(locks_range),
	C(chmods), C(st_mode), C(writes), C(st_mode), C(chowns), C(st_mode),
	C(st_uid), C(st_gid), C(chowns_back), C(may_read), C(may_run),
	C(links), C(st_nlink), C(links_again), C(renames_same), C(unlinks_other),
	C(renames), C(renames_missing), C(renames_back), C(renames_onto),
	C(removes_directory), C(reopens), C(link_text),
	C(others_nothing), C(others_read), C(others_write), C(st_mode),
	DIFFERS(runs, -EACCES),
	/* Its size, which is sealed. */
	C(truncate_same), C(truncate_readonly), C(truncate_negative), C(allocate),
	C(allocate_posix), C(allocate_negative), C(allocate_readonly),
	C(allocate_zero), C(allocate_collapse), C(allocate_insert),
	C(punch_without_keep), C(punch), C(restore), C(write_limit),
	DIFFERS(write_far, -EPERM), C(restore),
	DIFFERS(write_across, 3), C(restore), DIFFERS(write_end, -EPERM),
	C(restore), DIFFERS(appends, -EPERM), C(restore),
	DIFFERS(truncate_less, -EPERM), C(restore),
	DIFFERS(truncate_more, -EPERM), C(restore),
	DIFFERS(truncate_nothing, -EPERM), C(restore),
	DIFFERS(truncate_path, -EPERM), C(restore),
	DIFFERS(open_trunc, -EPERM), C(restore),
	DIFFERS(allocate_more, -EPERM), C(restore),
	DIFFERS(allocate_keep, -EPERM), C(st_size), C(reads),
	/* Without a name. */
	C(replaced), C(st_nlink), C(shm_unlinks), C(shm_unlinks), C(open_rdonly),
	C(reopens), C(link_text), C(links_unnamed), C(reads), C(writes),
	C(map_rw), C(st_size), C(written_is_mapped),
};

static struct object object(const char *path)
{
	struct object o = { .path = path, .name = strrchr(path, '/') };

	o.fd = EXPECT_OK(shm_open(o.name, O_RDWR, 0));
	o.readonly = EXPECT_OK(shm_open(o.name, O_RDONLY, 0));
	EXPECT_OK(ftruncate(o.fd, SIZE));
	o.p = map_shared(o.fd, SIZE);
	return o;
}

static void object_end(struct object *o)
{
	EXPECT_OK(munmap(o->p, SIZE));
	close(o->readonly);
	close(o->fd);
}

static void compare(unsigned int flags)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .flags = flags };
	struct pmmshm_block *b = EXPECT_GOT(pmmshm_block_alloc(pmm, SIZE, &opts));
	struct object ordinary, block;

	EXPECT_OK(shm_open("/differ-as", O_CREAT | O_EXCL | O_RDWR, 0640));
	ordinary = object("/dev/shm/differ-as");
	EXPECT_EQ(pmmshm_block_link(b, "/differ-is", 0640, 0), 0);
	block = object("/dev/shm/differ-is");
	differ(calls, ARRAY_SIZE(calls), &ordinary, &block);
	object_end(&ordinary);
	object_end(&block);
	pmmshm_block_free(b);
	wait_pool_whole(10);
}

int main(void)
{
	library_open();
	compare(0);
	compare(PMMSHM_NO_SEGMENT);
	library_close();
	return 0;
}
