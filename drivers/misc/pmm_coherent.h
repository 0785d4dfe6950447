/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device memory that pages of processes are moved into.
 */
#ifndef PMM_COHERENT_H
#define PMM_COHERENT_H

#include <linux/err.h>
#include <linux/types.h>

struct module;
struct page;
struct pmm_coherent;
struct pmm_type;
struct xarray;

/**
 * struct pmm_coherent_desc - memory that pages are to be moved into
 * @name: of the type, see struct pmm_type_desc
 * @caps: %PMM_TYPE_RAM or %PMM_TYPE_DEVICE
 * @start: physical address, a multiple of memremap_compat_align(); the caller has
 *	claimed the range, and nothing has struct pages for it
 * @size: bytes, likewise
 * @nid: the node that it is close to, or NUMA_NO_NODE
 * @owner: module that is kept while pages are there, or NULL
 * @bad: has an entry for the number of each page that is not to be used, or NULL
 */
struct pmm_coherent_desc {
	const char *name;
	u64 caps;
	u64 start;
	u64 size;
	int nid;
	struct module *owner;
	struct xarray *bad;
};

#ifdef CONFIG_DEVICE_MIGRATION
struct pmm_type *pmm_coherent_add(const struct pmm_coherent_desc *desc);
void pmm_coherent_remove(struct pmm_type *type);
int pmm_coherent_unregister(struct pmm_type *type);
void pmm_coherent_destroy(struct pmm_coherent *c);
unsigned long pmm_coherent_nr_free(const struct pmm_type *type);
unsigned long pmm_coherent_nr_retired(const struct pmm_type *type);
#else
static inline struct pmm_type *
pmm_coherent_add(const struct pmm_coherent_desc *desc)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline int pmm_coherent_unregister(struct pmm_type *type)
{
	return -EBUSY;
}

static inline void pmm_coherent_remove(struct pmm_type *type) {}
static inline void pmm_coherent_destroy(struct pmm_coherent *c) {}

static inline unsigned long pmm_coherent_nr_free(const struct pmm_type *type)
{
	return 0;
}

static inline unsigned long
pmm_coherent_nr_retired(const struct pmm_type *type)
{
	return 0;
}
#endif

void *pmm_coherent_pgmap_owner(void);
bool pmm_coherent_page(const struct page *page);
bool pmm_coherent_has(const struct pmm_type *type, const struct page *page);
unsigned long pmm_coherent_take(struct pmm_type *type, struct page **pages,
				unsigned long nr, unsigned int *reason);
void pmm_coherent_untake(struct pmm_type *type, struct page *page);
struct page *pmm_coherent_system_page(void);
void pmm_coherent_copy(const unsigned long *src, const unsigned long *dst,
		       unsigned long nr);

#endif /* PMM_COHERENT_H */
