/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the edu driver share.
 */
#ifndef PMM_TEST_KMOD_EDU_H
#define PMM_TEST_KMOD_EDU_H

#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/dma-direction.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct pci_dev;
struct pmm_block;

/* Where its own buffer is, to itself */
#define EDU_BUFFER		0x40000
/* For edu_run(): from the device to memory */
#define EDU_DMA_CMD_TO_RAM	BIT(1)

/**
 * struct edu - the device
 * @pdev: the PCI device
 * @regs: its registers
 * @done: it says that it has finished
 * @block: the block, or NULL
 * @addr: its address for the device
 * @dir: what it is mapped for
 */
struct edu {
	struct pci_dev *pdev;
	void __iomem *regs;
	struct completion done;
	struct pmm_block *block;
	dma_addr_t addr;
	enum dma_data_direction dir;
};

extern struct edu *edu_found;
extern struct mutex edu_lock;

int edu_run(struct edu *edu, u64 src, u64 dst, u32 length, u32 cmd);

int edu_mirror_init(void);
void edu_mirror_exit(void);
void edu_mirrors_detach(void);

#endif /* PMM_TEST_KMOD_EDU_H */
