// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading module parameters: names, sizes, addresses; see pmm_parse.h.
 */
#include "pmm_parse.h"

/* As struct pmm_type_info has them. */
#define PMM_TYPE_NAME_LEN	32

/* Start at the beginning of @text. */
void pmm_parse_begin(struct pmm_parser *p, const char *text)
{
	p->text = text;
	p->at = text;
	p->error = NULL;
	p->position = 0;
}

/* Say what is wrong, and where.  Always -EINVAL. */
int pmm_parse_refuse(struct pmm_parser *p, const char *at, const char *error)
{
	p->error = error;
	p->position = at - p->text + 1;
	return -EINVAL;
}

static bool pmm_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool pmm_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool pmm_is_name(char c)
{
	return pmm_is_letter(c) || pmm_is_digit(c) || c == '-' || c == '_' ||
	       c == '.';
}

/**
 * pmm_type_name_valid() - may a driver's type have this name?
 * @name: what it is to be called
 *
 * As a pool's, but that it may have colons, as in names of PCI devices.
 *
 * Return: true if it may.
 */
bool pmm_type_name_valid(const char *name)
{
	size_t len = 0;

	if (!pmm_is_letter(*name))
		return false;
	while (pmm_is_name(name[len]) || name[len] == ':')
		len++;
	return !name[len] && len < PMM_TYPE_NAME_LEN;
}

/**
 * pmm_parse_name() - read a name of a pool, a region or an allocator
 * @p: where
 * @name: what it is put in
 * @size: of that, in bytes
 *
 * Return: 0 or -EINVAL.
 */
int pmm_parse_name(struct pmm_parser *p, char *name, size_t size)
{
	size_t len = 0;

	if (!pmm_is_letter(*p->at))
		return pmm_parse_refuse(p, p->at, "a name begins with a letter");
	while (pmm_is_name(*p->at)) {
		if (len == size - 1)
			return pmm_parse_refuse(p, p->at,
						"the name is too long");
		name[len++] = *p->at++;
	}
	name[len] = '\0';
	return 0;
}

static unsigned int pmm_size_shift(char unit)
{
	switch (unit) {
	case 'K':
	case 'k':
		return 10;
	case 'M':
	case 'm':
		return 20;
	case 'G':
	case 'g':
		return 30;
	default:
		return 0;
	}
}

/* A number, with a unit or without. */
static int pmm_parse_number(struct pmm_parser *p, unsigned long long *number)
{
	const char *start = p->at;
	unsigned long long n = 0;
	unsigned int shift;

	if (!pmm_is_digit(*p->at))
		return pmm_parse_refuse(p, p->at, "a size begins with a digit");
	for (; pmm_is_digit(*p->at); p->at++) {
		if (n > (ULLONG_MAX - 9) / 10)
			return pmm_parse_refuse(p, start,
						"the size is too large");
		n = n * 10 + (*p->at - '0');
	}
	shift = pmm_size_shift(*p->at);
	if (shift)
		p->at++;
	if (n > ULLONG_MAX >> shift)
		return pmm_parse_refuse(p, start, "the size is too large");
	*number = n << shift;
	return 0;
}

/**
 * pmm_parse_size() - read a number of bytes, or of KiB, MiB or GiB
 * @p: where
 * @size: set to the number of bytes, not zero
 *
 * Return: 0 or -EINVAL.
 */
int pmm_parse_size(struct pmm_parser *p, unsigned long long *size)
{
	const char *start = p->at;
	int err = pmm_parse_number(p, size);

	if (!err && !*size)
		err = pmm_parse_refuse(p, start, "the size is zero");
	return err;
}

/* The value of a hexadecimal digit, 16 if it is none. */
static unsigned int pmm_hex_value(char c)
{
	if (pmm_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/**
 * pmm_parse_address() - read a physical address
 * @p: where
 * @address: set to it
 *
 * Hexadecimal after "0x", and else like a size, but that it may be zero.
 *
 * Return: 0 or -EINVAL.
 */
int pmm_parse_address(struct pmm_parser *p, unsigned long long *address)
{
	const char *start = p->at;
	unsigned long long n = 0;

	if (!pmm_parse_skip(p, "0x"))
		return pmm_parse_number(p, address);
	if (pmm_hex_value(*p->at) == 16)
		return pmm_parse_refuse(p, p->at,
					"after 0x come hexadecimal digits");
	for (; pmm_hex_value(*p->at) < 16; p->at++) {
		if (n > ULLONG_MAX >> 4)
			return pmm_parse_refuse(p, start,
						"the address is too large");
		n = n << 4 | pmm_hex_value(*p->at);
	}
	*address = n;
	return 0;
}

/* Step over @word if the text goes on with it. */
bool pmm_parse_skip(struct pmm_parser *p, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(p->at, word, len))
		return false;
	p->at += len;
	return true;
}

/* Nothing but a newline may come any more, or it is refused as @error. */
int pmm_parse_end(struct pmm_parser *p, const char *error)
{
	pmm_parse_skip(p, "\n");
	return *p->at ? pmm_parse_refuse(p, p->at, error) : 0;
}
