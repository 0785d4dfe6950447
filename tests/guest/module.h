/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module, and the drivers of tests/kmod.
 */
#ifndef PMM_TEST_MODULE_H
#define PMM_TEST_MODULE_H

#include <stddef.h>

/* Stop using /dev/pmm, remove the module; insert it again ($PMM_KO). */
void module_remove(void);
void module_insert(const char *args);
int try_module_remove(void);
int try_module_insert(const char *args);
/* The parameters it was loaded with, to insert it as it was. */
void module_parameters(char *args, size_t size);
/* The same for another module of PMM, such as pmm_pci. */
int try_part_insert(const char *name, const char *args);
/* The same for a driver of tests/kmod. */
void test_module_insert(const char *name, const char *args);
void test_module_remove(const char *name);
int try_test_module_insert(const char *name, const char *args);
int try_test_module_remove(const char *name);

#endif /* PMM_TEST_MODULE_H */
