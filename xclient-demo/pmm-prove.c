// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmm-prove: do two processes and a PMM block share the same physical pages?
 *
 *	pmm-prove CLIENT-PID SERVER-PID SHMID BYTES
 *
 * From outside of both, it asks the kernel for the page frames behind the first
 * BYTES of the segment in each process, and the module for the block's physical
 * address.  The verdict goes to the standard output as JSON; the exit status is
 * 0 only if all of it holds.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <unistd.h>

#include <pmmshm.h>

#include "message.h"
#include "pagemap.h"

#define EXIT_USAGE 2

/**
 * struct proof - what is to be shown, and what was found
 * @client: process that writes the pixels
 * @server: process that shows them
 * @shmid: the segment
 * @bytes: how much of it to look at
 * @pages: the same in pages
 * @info: of the block
 * @client_map: the client's mapping
 * @server_map: the server's mapping
 * @client_pfns: page frames behind the client's mapping
 * @server_pfns: page frames behind the server's mapping
 */
struct proof {
	pid_t client;
	pid_t server;
	int shmid;
	size_t bytes;
	size_t pages;
	struct pmmshm_block_info info;
	struct segment_mapping client_map;
	struct segment_mapping server_map;
	uint64_t *client_pfns;
	uint64_t *server_pfns;
};

static int parse_number(const char *text, long least, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	if (end == text || *end || errno || *value < least)
		return complain("%s: not a number of at least %ld", text, least);
	return 0;
}

static int parse(struct proof *proof, int argc, char **argv)
{
	const size_t page_size = sysconf(_SC_PAGESIZE);
	long client, server, shmid, bytes;

	if (argc != 5)
		return complain("usage: pmm-prove CLIENT-PID SERVER-PID SHMID BYTES");
	if (parse_number(argv[1], 1, &client) || parse_number(argv[2], 1, &server) ||
	    parse_number(argv[3], 0, &shmid) || parse_number(argv[4], 1, &bytes))
		return -1;
	*proof = (struct proof){
		.client = client, .server = server, .shmid = shmid, .bytes = bytes,
		.pages = (bytes + page_size - 1) / page_size,
	};
	return 0;
}

/* The block behind the segment, as the module knows it. */
static int read_block(struct proof *proof)
{
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_block *block = NULL;
	int error;

	if (pmm)
		block = pmmshm_block_import_shmid(pmm, proof->shmid, SHM_RDONLY);
	error = block ? pmmshm_block_get_info(block, &proof->info) : -1;
	if (error)
		complain("segment %d: %s", proof->shmid, pmmshm_error());
	pmmshm_block_free(block);
	pmmshm_close(pmm);
	if (error)
		return -1;
	if (!proof->info.phys)
		return complain("the module shows this user no physical addresses; run as root");
	if (proof->info.length < proof->bytes)
		return complain("block %" PRIu64 " has %" PRIu64 " bytes only", proof->info.id,
				proof->info.length);
	return 0;
}

static int read_pages(struct proof *proof)
{
	proof->client_pfns = calloc(proof->pages, sizeof(*proof->client_pfns));
	proof->server_pfns = calloc(proof->pages, sizeof(*proof->server_pfns));
	if (!proof->client_pfns || !proof->server_pfns)
		return complain("no memory for %zu page numbers", proof->pages);
	if (segment_mapping_find(&proof->client_map, proof->client, proof->shmid) ||
	    segment_mapping_find(&proof->server_map, proof->server, proof->shmid) ||
	    segment_mapping_pfns(&proof->client_map, proof->client_pfns, proof->pages) ||
	    segment_mapping_pfns(&proof->server_map, proof->server_pfns, proof->pages))
		return -1;
	return 0;
}

static size_t count_equal(const uint64_t *a, const uint64_t *b, size_t pages)
{
	size_t i, equal = 0;

	for (i = 0; i < pages; i++)
		equal += a[i] != PFN_ABSENT && a[i] == b[i];
	return equal;
}

static size_t count_in_block(const struct proof *proof, const uint64_t *pfns)
{
	uint64_t first = proof->info.phys / sysconf(_SC_PAGESIZE);
	size_t i, equal = 0;

	for (i = 0; i < proof->pages; i++)
		equal += pfns[i] == first + i;
	return equal;
}

static size_t count_present(const uint64_t *pfns, size_t pages)
{
	size_t i, present = 0;

	for (i = 0; i < pages; i++)
		present += pfns[i] != PFN_ABSENT;
	return present;
}

static bool are_consecutive(const uint64_t *pfns, size_t pages)
{
	size_t i;

	for (i = 1; i < pages; i++)
		if (pfns[i] != pfns[0] + i)
			return false;
	return pfns[0] != PFN_ABSENT;
}

static void write_mapping(const char *name, const struct segment_mapping *map,
			  const uint64_t *pfns, size_t pages)
{
	printf("  \"%s_pid\": %d,\n", name, map->pid);
	printf("  \"%s_address\": \"0x%" PRIx64 "\",\n", name, map->start);
	printf("  \"%s_pages_present\": %zu,\n", name, count_present(pfns, pages));
	printf("  \"%s_pmd_mapped_bytes\": %" PRIu64 ",\n", name, map->pmd_mapped);
}

static const char *truth(bool value)
{
	return value ? "true" : "false";
}

/* Return: whether all that is to be shown holds. */
static bool write_proof(const struct proof *proof)
{
	const size_t pages = proof->pages;
	bool client = count_in_block(proof, proof->client_pfns) == pages;
	bool server = count_in_block(proof, proof->server_pfns) == pages &&
		      count_equal(proof->client_pfns, proof->server_pfns, pages) == pages;
	bool contiguous = are_consecutive(proof->server_pfns, pages) &&
			  are_consecutive(proof->client_pfns, pages);

	printf("{\n  \"shmid\": %d,\n", proof->shmid);
	printf("  \"block\": %" PRIu64 ",\n", proof->info.id);
	printf("  \"block_physical\": \"0x%" PRIx64 "\",\n", proof->info.phys);
	printf("  \"block_bytes\": %" PRIu64 ",\n", proof->info.length);
	printf("  \"block_huge_bytes\": %" PRIu64 ",\n", proof->info.huge);
	write_mapping("client", &proof->client_map, proof->client_pfns, pages);
	write_mapping("server", &proof->server_map, proof->server_pfns, pages);
	printf("  \"bytes\": %zu,\n  \"pages_compared\": %zu,\n", proof->bytes, pages);
	printf("  \"client_pfn_match\": %s,\n", truth(client));
	printf("  \"server_pfn_match\": %s,\n", truth(server));
	printf("  \"contiguous\": %s\n}\n", truth(contiguous));
	return client && server && contiguous;
}

int main(int argc, char **argv)
{
	struct proof proof = { 0 };
	bool proved = false;

	if (parse(&proof, argc, argv))
		return EXIT_USAGE;
	if (!read_block(&proof) && !read_pages(&proof))
		proved = write_proof(&proof);
	free(proof.client_pfns);
	free(proof.server_pfns);
	return proved ? EXIT_SUCCESS : EXIT_FAILURE;
}
