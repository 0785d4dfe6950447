/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RAM on a PCI device: QEMU's ivshmem-plain, whose BAR is a file of the host's,
 * $OUT/bar, which the guest can look at, too.
 */
#ifndef PMM_TEST_DEVICE_H
#define PMM_TEST_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_BAR	2
#define DEVICE_SIZE	(32 * MIB)
#define PCI_DRIVER	"/sys/bus/pci/drivers/pmm_pci"

/* Its name, such as 0000:01:00.0: the ivshmem whose BAR has so many bytes. */
bool device_find(char name[32], size_t size);
/* ... or its place below /sys/bus/pci/devices, with @file behind it. */
void device_path(char *path, size_t size, const char *file);
/* Its type, as it is called when nobody gives it another name. */
void device_type(char type[32]);

/* Load pmm_pci, and say that the device is to be its own; the reverse. */
void device_load(const char *args);
void device_unload(void);
int try_device_bind(const char *name);
void device_bind(void);
void device_unbind(void);

/* A block of the device's type. */
int try_device_alloc(size_t size);
int device_alloc(size_t size);
/* How much of this memory of a process, in bytes, is in the BAR. */
size_t device_holds(const void *p, size_t size);
/* The physical address of the BAR, and where a block is in it. */
uint64_t device_start(void);
uint64_t device_offset(int block);
/* What the host has there. */
void host_read(void *to, size_t size, uint64_t offset);
bool host_has(const void *what, size_t size, uint64_t offset);

#endif /* PMM_TEST_DEVICE_H */
