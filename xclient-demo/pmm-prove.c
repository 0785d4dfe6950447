// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmm-prove: do two processes and a PMM block share the same physical pages?
 *
 *	pmm-prove CLIENT-PID SERVER-PID SHMID|0xADDRESS BYTES
 *
 * From outside of both, it asks the kernel for the page frames behind the first
 * BYTES of a segment, or of what the client has mapped at ADDRESS, in each process,
 * and the module for the block's physical address.  The verdict goes to the
 * standard output as JSON; the exit status is 0 only if all of it holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pmmshm.h>

#include "message.h"
#include "pagemap.h"

#define EXIT_USAGE 2

/**
 * struct proof - what is to be shown, and what was found
 * @client: process that writes the pixels
 * @server: process that shows them
 * @address: where the client has mapped the block; 0 to find @shmid there
 * @shmid: the segment; -1 if it is none
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
	uint64_t address;
	int shmid;
	size_t bytes;
	size_t pages;
	struct pmmshm_block_info info;
	struct mapping client_map;
	struct mapping server_map;
	uint64_t *client_pfns;
	uint64_t *server_pfns;
};

static int parse_number(const char *text, int base, long least, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, base);
	if (end == text || *end || errno || *value < least)
		return complain("%s: not a number of at least %ld", text, least);
	return 0;
}

static int parse(struct proof *proof, int argc, char **argv)
{
	const size_t page_size = sysconf(_SC_PAGESIZE);
	long client, server, where, bytes;
	bool is_address;

	if (argc != 5)
		return complain("usage: pmm-prove CLIENT-PID SERVER-PID SHMID|0xADDRESS BYTES");
	is_address = !strncmp(argv[3], "0x", 2);
	if (parse_number(argv[1], 10, 1, &client) || parse_number(argv[2], 10, 1, &server) ||
	    parse_number(argv[3], is_address ? 16 : 10, is_address, &where) ||
	    parse_number(argv[4], 10, 1, &bytes))
		return -1;
	*proof = (struct proof){
		.client = client, .server = server, .shmid = is_address ? -1 : where,
		.address = is_address ? where : 0, .bytes = bytes,
		.pages = (bytes + page_size - 1) / page_size,
	};
	return 0;
}

static int find_mappings(struct proof *proof)
{
	int error;

	if (proof->address)
		error = mapping_find_address(&proof->client_map, proof->client, proof->address);
	else
		error = mapping_find_segment(&proof->client_map, proof->client, proof->shmid);
	return error ? error : mapping_find_same(&proof->server_map, proof->server,
						 &proof->client_map);
}

/* The block behind the client's mapping, as the module knows it. */
static int import_block(struct proof *proof, int fd)
{
	struct pmmshm *pmm = pmmshm_open(NULL);
	struct pmmshm_block *block = NULL;
	int error;

	if (pmm)
		block = pmmshm_block_import_fd(pmm, fd, O_RDONLY);
	error = block ? pmmshm_block_get_info(block, &proof->info) : -1;
	if (!error && !(pmmshm_block_caps(block) & PMMSHM_CAP_CONTIGUOUS))
		error = complain("there is nothing to prove: without the pmm module all memory is ordinary; modprobe pmm");
	else if (error)
		complain("what process %d has at 0x%" PRIx64 ": %s", proof->client,
			 proof->client_map.start, pmmshm_error());
	pmmshm_block_free(block);
	pmmshm_close(pmm);
	return error;
}

static int read_block(struct proof *proof)
{
	int fd = mapping_open(&proof->client_map);
	int error;

	if (fd < 0)
		return -1;
	error = import_block(proof, fd);
	close(fd);
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
	if (mapping_pfns(&proof->client_map, proof->client_pfns, proof->pages) ||
	    mapping_pfns(&proof->server_map, proof->server_pfns, proof->pages))
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

static void write_mapping(const char *name, const struct mapping *map,
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

	printf("{\n  \"shmid\": %d,\n", proof->info.shmid);
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
	if (!find_mappings(&proof) && !read_block(&proof) && !read_pages(&proof))
		proved = write_proof(&proof);
	free(proof.client_pfns);
	free(proof.server_pfns);
	return proved ? EXIT_SUCCESS : EXIT_FAILURE;
}
