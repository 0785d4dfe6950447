# SPDX-License-Identifier: GPL-2.0-only
#
# The parsers of the module parameters pools= and regions=, in user space.

parse_objs := build/obj/drivers/misc/pmm_parse.o
pools_objs := build/obj/tests/unit/test_pools.o build/obj/drivers/misc/pmm_pools.o
regions_objs := build/obj/tests/unit/test_regions.o build/obj/drivers/misc/pmm_regions.o

UNIT_TESTS += build/unit/test_pools build/unit/test_regions

$(parse_objs) $(pools_objs) $(regions_objs): | $(alloc_kernel)
$(parse_objs) $(pools_objs) $(regions_objs): cflags += $(alloc_cflags)
build/unit/test_pools: $(pools_objs) $(parse_objs)
build/unit/test_regions: $(regions_objs) $(parse_objs)
build/unit/test_pools build/unit/test_regions: private libs += $(alloc_libs)
