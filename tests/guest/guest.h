/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all guest tests share.
 *
 * A test is a program that runs as root in a guest.  Whatever fails prints where
 * and why and ends it, so functions here return only what is good, except those
 * named try_*, which return -1 with errno for the test to look at.
 */
#ifndef PMM_TEST_GUEST_H
#define PMM_TEST_GUEST_H

#include "block.h"
#include "child.h"
#include "expect.h"
#include "module.h"
#include "pages.h"
#include "pool.h"
#include "segment.h"
#include "system.h"

#endif /* PMM_TEST_GUEST_H */
