/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace events: a block from birth to death, in /sys/kernel/tracing/events/pmm.
 *
 * They are told to whoever may trace the kernel, and so, as the kernel's own events
 * about memory do, name page frame numbers.  See Documentation/tracing.rst.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pmm

#if !defined(PMM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define PMM_TRACE_H

#include <linux/tracepoint.h>

#include "pmm_core.h"

#define show_pmm_reason(reason)						\
	__print_symbolic(reason,					\
		{ PMM_REASON_NONE, "none" },				\
		{ PMM_REASON_EXHAUSTED, "exhausted" },			\
		{ PMM_REASON_FRAGMENTED, "fragmented" },		\
		{ PMM_REASON_ALIGNMENT, "alignment" },			\
		{ PMM_REASON_QUOTA, "quota" },				\
		{ PMM_REASON_TYPE, "type" },				\
		{ PMM_REASON_KERNEL, "kernel" },			\
		{ PMM_REASON_QUARANTINE, "quarantine" },		\
		{ PMM_REASON_MASK, "mask" },				\
		{ PMM_REASON_RESERVE, "reserve" })

#define show_pmm_home_kind(kind)					\
	__print_symbolic(kind,						\
		{ 0, "private" },					\
		{ 1, "sysv" },						\
		{ 2, "file" })

DECLARE_EVENT_CLASS(pmm_block,
	TP_PROTO(struct pmm_block *block, unsigned long pfn, unsigned long nr),

	TP_ARGS(block, pfn, nr),

	TP_STRUCT__entry(
		__field(u64, id)
		__array(char, type, PMM_NAME_LEN)
		__field(u64, size)
		__field(unsigned long, pfn)
		__field(unsigned int, holders)
	),

	TP_fast_assign(
		__entry->id = block->id;
		memcpy(__entry->type, block->type->name, PMM_NAME_LEN);
		__entry->size = (u64)nr << PAGE_SHIFT;
		__entry->pfn = pfn;
		__entry->holders = refcount_read(&block->users);
	),

	TP_printk("id=%llu type=%s size=%llu pfn=0x%lx holders=%u",
		  __entry->id, __entry->type, __entry->size, __entry->pfn,
		  __entry->holders)
);

/* A block is born, with one holder; its memory is zeroed next. */
DEFINE_EVENT(pmm_block, pmm_block_alloc,
	TP_PROTO(struct pmm_block *block, unsigned long pfn, unsigned long nr),
	TP_ARGS(block, pfn, nr)
);

/* One holder more: a block fd, a driver. */
DEFINE_EVENT(pmm_block, pmm_block_get,
	TP_PROTO(struct pmm_block *block, unsigned long pfn, unsigned long nr),
	TP_ARGS(block, pfn, nr)
);

/* One holder less. */
DEFINE_EVENT(pmm_block, pmm_block_put,
	TP_PROTO(struct pmm_block *block, unsigned long pfn, unsigned long nr),
	TP_ARGS(block, pfn, nr)
);

/* The last holder and the home are gone; its pages are waited for. */
DEFINE_EVENT(pmm_block, pmm_block_quarantine,
	TP_PROTO(struct pmm_block *block, unsigned long pfn, unsigned long nr),
	TP_ARGS(block, pfn, nr)
);

/* Its pages are the pool's again, and the block is no more. */
DEFINE_EVENT(pmm_block, pmm_block_free,
	TP_PROTO(struct pmm_block *block, unsigned long pfn, unsigned long nr),
	TP_ARGS(block, pfn, nr)
);

DECLARE_EVENT_CLASS(pmm_home,
	TP_PROTO(struct pmm_block *block, unsigned int kind, unsigned long ino,
		 int err),

	TP_ARGS(block, kind, ino, err),

	TP_STRUCT__entry(
		__field(u64, id)
		__array(char, type, PMM_NAME_LEN)
		__field(u64, size)
		__field(unsigned long, pfn)
		__field(unsigned int, holders)
		__field(unsigned int, kind)
		__field(unsigned long, ino)
		__field(int, err)
	),

	TP_fast_assign(
		__entry->id = block->id;
		memcpy(__entry->type, block->type->name, PMM_NAME_LEN);
		__entry->size = pmm_block_size(block);
		__entry->pfn = block->pfn;
		__entry->holders = refcount_read(&block->users);
		__entry->kind = kind;
		__entry->ino = ino;
		__entry->err = err;
	),

	TP_printk("id=%llu type=%s size=%llu pfn=0x%lx holders=%u home=%s:%lu errno=%d",
		  __entry->id, __entry->type, __entry->size, __entry->pfn,
		  __entry->holders, show_pmm_home_kind(__entry->kind),
		  __entry->ino, __entry->err)
);

/* A private home was made, or could not be. */
DEFINE_EVENT(pmm_home, pmm_block_home,
	TP_PROTO(struct pmm_block *block, unsigned int kind, unsigned long ino,
		 int err),
	TP_ARGS(block, kind, ino, err)
);

/* A segment or a file became the home, or did not. */
DEFINE_EVENT(pmm_home, pmm_block_adopt,
	TP_PROTO(struct pmm_block *block, unsigned int kind, unsigned long ino,
		 int err),
	TP_ARGS(block, kind, ino, err)
);

/* The home's inode is gone, and the block has noticed. */
DEFINE_EVENT(pmm_home, pmm_block_home_end,
	TP_PROTO(struct pmm_block *block, unsigned int kind, unsigned long ino,
		 int err),
	TP_ARGS(block, kind, ino, err)
);

/* A page with a memory error is out of use for good. */
TRACE_EVENT(pmm_page_retire,
	TP_PROTO(const struct pmm_type *type, unsigned long pfn),

	TP_ARGS(type, pfn),

	TP_STRUCT__entry(
		__array(char, type, PMM_NAME_LEN)
		__field(unsigned long, pfn)
	),

	TP_fast_assign(
		memcpy(__entry->type, type->name, PMM_NAME_LEN);
		__entry->pfn = pfn;
	),

	TP_printk("type=%s pfn=0x%lx", __entry->type, __entry->pfn)
);

/* There was no block to be had; type "?" is one that there is not. */
TRACE_EVENT(pmm_alloc_fail,
	TP_PROTO(const char *type, u64 size, u64 align, unsigned int reason,
		 int err),

	TP_ARGS(type, size, align, reason, err),

	TP_STRUCT__entry(
		__array(char, type, PMM_NAME_LEN)
		__field(u64, size)
		__field(u64, align)
		__field(unsigned int, reason)
		__field(int, err)
	),

	TP_fast_assign(
		strscpy(__entry->type, type, PMM_NAME_LEN);
		__entry->size = size;
		__entry->align = align;
		__entry->reason = reason;
		__entry->err = err;
	),

	TP_printk("type=%s size=%llu align=%llu reason=%s errno=%d",
		  __entry->type, __entry->size, __entry->align,
		  show_pmm_reason(__entry->reason), __entry->err)
);

#endif /* PMM_TRACE_H */

/* Found by -I, wherever the tree is. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE pmm_trace
#include <trace/define_trace.h>
