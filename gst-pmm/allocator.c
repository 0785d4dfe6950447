// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the memory is goes by the type of its allocator, as everywhere in GStreamer:
 *
 *	GstPmmFdAllocator	memory with an fd
 *	GstPmmDmabufAllocator	the fd is a dma-buf
 *	GstPmmPhysAllocator	and the physical address can be told
 *
 * A block of one page, allocated and freed again, shows which one it has to be.  All of
 * them are backed by the same functions.
 */
#include "allocator.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>

#include <gst/allocators/allocators.h>

/**
 * struct source - where an allocator's blocks come from
 * @pmm: the library's handle
 * @backend: its name
 * @type: type of memory; NULL for the default
 * @owner: element that says what went wrong
 */
struct source {
	struct pmmshm *pmm;
	const char *backend;
	char *type;
	GWeakRef owner;
};

/* Of an allocator its source, of a memory its block */
static G_DEFINE_QUARK(gst_pmm_source, source)
static G_DEFINE_QUARK(gst_pmm_block, block)

static struct source *source_of(GstAllocator *allocator)
{
	return g_object_get_qdata(G_OBJECT(allocator), source_quark());
}

static void source_free(void *data)
{
	struct source *source = data;

	pmmshm_close(source->pmm);
	g_weak_ref_clear(&source->owner);
	g_free(source->type);
	g_free(source);
}

/* Whoever asked for the memory only learns that there is none. */
static void source_complain(struct source *source)
{
	int err = errno;
	GstElement *owner = g_weak_ref_get(&source->owner);

	if (!owner)
		return;
	if (err == ENOMEM || err == EDQUOT)
		GST_ELEMENT_ERROR(owner, RESOURCE, NO_SPACE_LEFT, ("%s", pmmshm_error()), (NULL));
	else
		GST_ELEMENT_ERROR(owner, RESOURCE, FAILED, ("%s", pmmshm_error()), (NULL));
	gst_object_unref(owner);
}

/* ------------------------------------------------------------------------ memory */

static void block_free(void *data)
{
	pmmshm_block_free(data);
}

/* GStreamer has alignments as masks. */
static struct pmmshm_block *source_get(struct source *source, gsize size, gsize align)
{
	const struct pmmshm_alloc_opts opts = {
		.size = sizeof(opts),
		.flags = PMMSHM_NO_SEGMENT,
		.align = align ? align + 1 : 0,
		.type = source->type,
	};

	return pmmshm_block_alloc(source->pmm, size, &opts);
}

static GstMemory *wrap(GstAllocator *allocator, struct pmmshm_block *block)
{
	GstMemory *memory;
	int fd;

	if (GST_IS_DMABUF_ALLOCATOR(allocator))
		fd = pmmshm_block_dmabuf_fd(block);
	else
		fd = pmmshm_block_home_fd(block, O_RDWR);
	if (fd < 0)
		return NULL;
	memory = gst_fd_allocator_alloc(allocator, fd, pmmshm_block_size(block),
					GST_FD_MEMORY_FLAG_NONE);
	gst_mini_object_set_qdata(GST_MINI_OBJECT(memory), block_quark(), block, block_free);
	return memory;
}

static GstMemory *source_alloc(GstAllocator *allocator, gsize size, GstAllocationParams *params)
{
	struct source *source = source_of(allocator);
	struct pmmshm_block *block;
	GstMemory *memory = NULL;
	gsize total;

	/* The library says why there is nothing as large as that. */
	if (!g_size_checked_add(&total, size, params->prefix) ||
	    !g_size_checked_add(&total, total, params->padding))
		total = G_MAXSIZE;
	block = source_get(source, total, params->align);
	if (block)
		memory = wrap(allocator, block);
	if (!memory) {
		source_complain(source);
		pmmshm_block_free(block);
		return NULL;
	}
	gst_memory_resize(memory, params->prefix, size);
	return memory;
}

/**
 * gst_pmm_memory_block() - the block that a memory is, or is a part of
 * @memory: memory of any kind
 *
 * Return: the block, which stays for as long as the memory; NULL if it is in none.
 */
struct pmmshm_block *gst_pmm_memory_block(GstMemory *memory)
{
	while (memory->parent)
		memory = memory->parent;
	return gst_mini_object_get_qdata(GST_MINI_OBJECT(memory), block_quark());
}

/* The block is mapped already, at a place where it can be in large pages. */
static gpointer block_map(GstMemory *memory, gsize size, GstMapFlags flags)
{
	(void)size;
	(void)flags;
	return pmmshm_block_data(gst_pmm_memory_block(memory));
}

static void block_unmap(GstMemory *memory)
{
	(void)memory;
}

/* Of the memory's beginning: its offset comes on top, as with its fd. */
static guintptr block_phys(GstPhysMemoryAllocator *allocator, GstMemory *memory)
{
	struct pmmshm_block_info info;

	(void)allocator;
	if (pmmshm_block_get_info(gst_pmm_memory_block(memory), &info) ||
	    info.phys > UINTPTR_MAX)
		return 0;
	return info.phys;
}

/* --------------------------------------------------------------------- the types */

static struct {
	GType fd;
	GType dmabuf;
	GType phys;
} types;

static void class_init(gpointer class, gpointer data)
{
	(void)data;
	GST_ALLOCATOR_CLASS(class)->alloc = source_alloc;
}

/* Anybody can have it allocate; GStreamer's own ones for fds only wrap theirs. */
static void instance_init(GTypeInstance *instance, gpointer class)
{
	GstAllocator *allocator = GST_ALLOCATOR(instance);

	(void)class;
	allocator->mem_map = block_map;
	allocator->mem_unmap = block_unmap;
	GST_OBJECT_FLAG_UNSET(allocator, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

static void phys_init(gpointer interface, gpointer data)
{
	(void)data;
	((GstPhysMemoryAllocatorInterface *)interface)->get_phys_addr = block_phys;
}

/* With nothing of its own, so it is as large as its parent. */
static GType register_type(const char *name, GType parent)
{
	GTypeQuery query;

	g_type_query(parent, &query);
	return g_type_register_static_simple(parent, name, query.class_size, class_init,
					     query.instance_size, instance_init, 0);
}

static void register_types(void)
{
	static const GInterfaceInfo phys = { .interface_init = phys_init };
	static gsize registered;

	if (!g_once_init_enter(&registered))
		return;
	types.fd = register_type("GstPmmFdAllocator", GST_TYPE_FD_ALLOCATOR);
	types.dmabuf = register_type("GstPmmDmabufAllocator", GST_TYPE_DMABUF_ALLOCATOR);
	types.phys = register_type("GstPmmPhysAllocator", types.dmabuf);
	g_type_add_interface_static(types.phys, GST_TYPE_PHYS_MEMORY_ALLOCATOR, &phys);
	g_once_init_leave(&registered, true);
}

/* ------------------------------------------------------------------- an allocator */

/* What blocks of this source are; G_TYPE_INVALID if there are none. */
static GType source_probe(struct source *source)
{
	struct pmmshm_block *block = source_get(source, 1, 0);
	struct pmmshm_block_info info;
	bool ok = block && !pmmshm_block_get_info(block, &info);
	GType type = types.fd;

	if (ok && pmmshm_block_caps(block) & PMMSHM_CAP_DEVICE)
		type = info.phys ? types.phys : types.dmabuf;
	pmmshm_block_free(block);
	return ok ? type : G_TYPE_INVALID;
}

/**
 * gst_pmm_allocator_new() - make an allocator
 * @owner: element that posts what goes wrong, now and when memory is allocated
 * @type: type of memory; NULL or "" for the default
 *
 * Return: an allocator, or NULL after @owner has posted why.
 */
GstAllocator *gst_pmm_allocator_new(GstElement *owner, const char *type)
{
	struct source *source = g_new0(struct source, 1);
	GType gtype = G_TYPE_INVALID;
	GstAllocator *allocator;

	register_types();
	g_weak_ref_init(&source->owner, owner);
	source->type = g_strdup(type);
	source->pmm = pmmshm_open(NULL);
	source->backend = pmmshm_backend(source->pmm);
	if (source->pmm)
		gtype = source_probe(source);
	if (gtype == G_TYPE_INVALID) {
		source_complain(source);
		source_free(source);
		return NULL;
	}
	allocator = gst_object_ref_sink(g_object_new(gtype, NULL));
	g_object_set_qdata_full(G_OBJECT(allocator), source_quark(), source, source_free);
	return allocator;
}

/**
 * gst_pmm_allocator_backend() - where blocks come from
 * @allocator: allocator of gst_pmm_allocator_new()
 *
 * Return: as pmmshm_backend().
 */
const char *gst_pmm_allocator_backend(GstAllocator *allocator)
{
	return source_of(allocator)->backend;
}
