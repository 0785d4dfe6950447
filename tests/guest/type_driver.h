/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver tests/kmod/pmm_test_type.c, which has memory of its own.
 */
#ifndef PMM_TEST_TYPE_DRIVER_H
#define PMM_TEST_TYPE_DRIVER_H

#define DRIVER		"pmm_test_type"
#define PARAM(name)	"/sys/module/" DRIVER "/parameters/" name

/* Is the driver's memory as it left it?  "intact", "touched" or "held" */
void expect_memory(const char *state);

#endif /* PMM_TEST_TYPE_DRIVER_H */
