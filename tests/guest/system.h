/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rest of the machine.
 */
#ifndef PMM_TEST_SYSTEM_H
#define PMM_TEST_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

/* Open fds of this process. */
int fds_open(void);

/* KiB from a line of /proc/meminfo, such as "Shmem". */
long meminfo(const char *name);
/* KiB of free pages, those included that a CPU keeps for its next request. */
long zones_free(void);
/* Wait until so many are free, caches being dropped, or fail after those seconds. */
void wait_memory_free(long kib, double seconds);
/* Write a string to a file of /proc or /sys. */
void write_file(const char *path, const char *text);
int try_write_file(const char *path, const char *text);
/* The first line of a file, without its end. */
void read_line(const char *path, char *line, size_t size);
/* The kernel log from now on, and whether a line of it has a text. */
int kmsg_open(void);
bool kmsg_has(int fd, const char *text);
/* Compressed swap in memory, of so many MiB; false if the kernel has none. */
bool swap_start(unsigned int mib);
void swap_stop(void);
/* Run on that CPU only. */
void run_on_cpu(int cpu);
int cpus(void);
/* A memory control group at that path; false if this kernel has none. */
bool cgroup_create(const char *path);
void cgroup_remove(const char *path);
/* Move this process there. */
void cgroup_enter(const char *path);
/* A number that one of its files has, and to give it one. */
long cgroup_value(const char *path, const char *file);
void cgroup_set(const char *path, const char *file, long value);
/* A fresh tmpfs at a new directory, whose path is put in @dir (64 bytes). */
void tmpfs_mount(char *dir);
void tmpfs_unmount(const char *dir);

#endif /* PMM_TEST_SYSTEM_H */
