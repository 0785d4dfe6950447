// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names are anybody's, and may be no text at all.
 */
#include "utf8.h"

/**
 * pmmshm_utf8_length() - find the end of a character
 * @text: where it begins, in a string
 *
 * As of RFC 3629: nothing longer than needed, no surrogates.
 *
 * Return: its length in bytes, or 0 if this is no character of UTF-8.
 */
size_t pmmshm_utf8_length(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n, i;

	if (*s < 0x80)
		return 1;
	if (*s >= 0xc2 && *s <= 0xdf)
		n = 2;
	else if (*s >= 0xe0 && *s <= 0xef)
		n = 3;
	else if (*s >= 0xf0 && *s <= 0xf4)
		n = 4;
	else
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than needed, a surrogate, or too high */
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/**
 * pmmshm_utf8_control() - is this a character that terminals take for an order?
 * @text: where one begins, in a string
 *
 * C0, DEL and C1, as of ISO/IEC 6429.
 *
 * Return: its number, or -1 if it is none of them.
 */
int pmmshm_utf8_control(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	if (*s < 0x20 || *s == 0x7f)
		return *s;
	/* Their second byte is their number. */
	return *s == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0 ? s[1] : -1;
}

/**
 * pmmshm_utf8_printable() - leave nothing for the terminal in a text
 * @text: each byte of a control character, and each that is no UTF-8, becomes '?'
 */
void pmmshm_utf8_printable(char *text)
{
	size_t n;

	while (*text) {
		n = pmmshm_utf8_length(text);
		if (n && pmmshm_utf8_control(text) < 0) {
			text += n;
			continue;
		}
		for (n = n ? n : 1; n--;)
			*text++ = '?';
	}
}
