/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/evidence.h"

#include "scanner/source_line.h"

#include <string.h>

#define USES_PER_FUNCTION 3
#define MOST_CODE (64 * 1024) /* bytes of a function that are hashed */

const struct mc_finding *mc_next_finding(struct mc_finding_choice *choice)
{
    while (choice->next < choice->result->finding_count) {
        const struct mc_finding *finding = &choice->result->findings[choice->next++];
        if (finding->set_aside)
            continue;
        if (choice->all)
            return finding;
        if (finding->verdict < MC_VERDICT_MISGUARDED && finding->severity == MC_NOTE)
            continue;
        if (finding->function_address != choice->function)
            choice->in_function = 0;
        choice->function = finding->function_address;
        if (choice->in_function++ < USES_PER_FUNCTION)
            return finding;
        choice->left_out++;
    }
    return NULL;
}

struct mc_code mc_code_at(const struct mc_image *image, uint64_t address)
{
    struct mc_code code = {0};
    uint64_t size = mc_image_available(image, address);
    size = size < MC_LONGEST_INSTRUCTION ? size : MC_LONGEST_INSTRUCTION;
    const uint8_t *bytes = size ? mc_image_bytes(image, address, size) : NULL;
    if (bytes) {
        memcpy(code.bytes, bytes, size);
        code.size = (uint8_t)size;
    }
    return code;
}

uint64_t mc_hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* The instruction's bytes but for what depends on where things lie: displacements, direct branches, immediates as wide as an
 * address. */
static uint64_t hash_instruction(uint64_t hash, const struct mc_code *code, const struct mc_insn *insn)
{
    uint8_t kept[MC_LONGEST_INSTRUCTION + 1];
    memcpy(kept, code->bytes, insn->length);
    memset(kept + insn->displacement_offset, 0, insn->displacement_size);
    if (insn->immediate_size >= 4)
        memset(kept + insn->immediate_offset, 0, insn->immediate_size);
    return mc_hash_bytes(hash, kept, insn->length);
}

static uint64_t hash_code(const struct mc_image *image, const struct mc_entries *entries, uint64_t start)
{
    const struct mc_entry *entry = mc_entry_at(entries, start);
    uint64_t end = entry ? entry->end : start, hash = MC_HASH_START;
    if (end - start > MOST_CODE)
        end = start + MOST_CODE;
    while (start < end) {
        struct mc_insn insn;
        struct mc_code code = mc_code_at(image, start);
        unsigned length = code.size ? mc_decode(image->mode, code.bytes, code.size, &insn) : 0;
        if (length)
            hash = hash_instruction(hash, &code, &insn);
        start += length ? length : 1;
    }
    return hash;
}

static void hash_functions(const struct mc_image *image, const struct mc_entries *entries, struct mc_file_result *result)
{
    const struct mc_finding *last = NULL;
    for (size_t i = 0; i < result->finding_count; i++) {
        struct mc_finding *finding = &result->findings[i];
        if (finding->function)
            continue;
        bool same = last && last->function_address == finding->function_address;
        finding->function_code = same ? last->function_code : hash_code(image, entries, finding->function_address);
        last = finding;
    }
}

static bool is_initialiser(const struct mc_image *image, uint64_t address)
{
    for (size_t i = 0; i < image->initialiser_count; i++)
        if (image->initialisers[i] == address)
            return true;
    return false;
}

static void add_sources(const struct mc_image *image, bool all, struct mc_file_result *result)
{
    struct mc_finding_choice choice = {.result = result, .all = all};
    struct mc_source_lines *lines = NULL;
    bool opened = false;
    for (const struct mc_finding *finding; (finding = mc_next_finding(&choice));) {
        if (!opened)
            lines = mc_source_lines_open(image);
        opened = true;
        if (!lines)
            return;
        result->findings[choice.next - 1].source = mc_source_line(lines, finding->use.address, &result->arena);
    }
    mc_source_lines_close(lines);
}

void mc_evidence_add(const struct mc_image *image, const struct mc_entries *entries, bool all_sources,
                     struct mc_file_result *result)
{
    for (size_t i = 0; i < result->finding_count; i++) {
        struct mc_finding *finding = &result->findings[i];
        finding->code = mc_code_at(image, finding->use.address);
        if (finding->guard.known)
            finding->guard.code = mc_code_at(image, finding->guard.address);
        finding->at_start = finding->path_length && is_initialiser(image, finding->path[0].address);
    }
    hash_functions(image, entries, result);
    add_sources(image, all_sources, result);
}
