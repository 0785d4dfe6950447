# SPDX-License-Identifier: GPL-2.0-only
#
# The parser of the module parameter pools=, in user space.

pools_objs := build/obj/tests/unit/test_pools.o build/obj/drivers/misc/pmm_pools.o

UNIT_TESTS += build/unit/test_pools

$(pools_objs): | $(alloc_kernel)
$(pools_objs): cflags += $(alloc_cflags)
build/unit/test_pools: $(pools_objs)
build/unit/test_pools: private libs += $(alloc_libs)
