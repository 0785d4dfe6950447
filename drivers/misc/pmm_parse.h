/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading module parameters that say more than one thing: pools= and regions=.
 *
 * There is one pass over the text and no copy of it.  Whatever is refused is
 * refused at the character that makes it wrong.
 *
 * Like the allocators this is compiled into the tests, too.
 */
#ifndef PMM_PARSE_H
#define PMM_PARSE_H

#include "pmm_alloc_shim.h"

/**
 * struct pmm_parser - where a parser is
 * @text: all of the text
 * @at: what comes next
 * @error: why it was refused, or NULL
 * @position: of the character that was refused, from 1; else 0
 */
struct pmm_parser {
	const char *text;
	const char *at;
	const char *error;
	unsigned int position;
};

void pmm_parse_begin(struct pmm_parser *p, const char *text);
int pmm_parse_refuse(struct pmm_parser *p, const char *at, const char *error);
bool pmm_parse_skip(struct pmm_parser *p, const char *word);
int pmm_parse_name(struct pmm_parser *p, char *name, size_t size);
int pmm_parse_size(struct pmm_parser *p, unsigned long long *size);
int pmm_parse_address(struct pmm_parser *p, unsigned long long *address);
int pmm_parse_end(struct pmm_parser *p, const char *error);
bool pmm_type_name_valid(const char *name);

#endif /* PMM_PARSE_H */
