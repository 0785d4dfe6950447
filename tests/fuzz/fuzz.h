/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers share: an entry point for libFuzzer, and a way to fail.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libFuzzer keeps the input that led to an abort. */
#define fuzz_assert(cond, ...) do {			\
	if (!(cond)) {					\
		fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #cond); \
		fprintf(stderr, __VA_ARGS__);		\
		fputc('\n', stderr);			\
		abort();				\
	}						\
} while (0)

#endif /* FUZZ_H */
