/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/evidence.h"

#include "scanner/debug_files.h"
#include "scanner/debug_info.h"

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

static void add_dependency(struct mc_file_result *result, const char *path, const struct mc_identity *identity)
{
    struct mc_rests_on *all = MC_NEW_ARRAY(&result->arena, result->dependency_count + 1, struct mc_rests_on);
    if (result->dependency_count)
        memcpy(all, result->dependencies, result->dependency_count * sizeof *all);
    all[result->dependency_count++] = (struct mc_rests_on){path, *identity};
    result->dependencies = all;
}

static struct mc_debug_info *open_debug_info(const struct mc_image *image, const char *folder, struct mc_file_result *result)
{
    struct mc_identity identity;
    const char *places[MC_DEBUG_PLACES];
    size_t count = folder ? mc_debug_places(image, folder, &result->arena, places) : 0;
    struct mc_debug_info *info = mc_debug_info_within(image) ? mc_debug_info_open(image, NULL, &identity) : NULL;
    for (size_t i = 0; i < count && !info; i++) {
        info = mc_debug_info_open(image, places[i], &identity);
        add_dependency(result, places[i], &identity);
    }
    return info;
}

static void set_origin(struct mc_finding *finding, const struct mc_origin *origin, struct mc_arena *arena)
{
    finding->unit = origin->unit;
    finding->producer = origin->producer;
    finding->options = origin->options;
    if (!origin->path)
        return;
    const char *slash = strrchr(origin->path, '/');
    finding->source_path = origin->path;
    finding->source = mc_arena_printf(arena, "%s:%u", slash ? slash + 1 : origin->path, origin->line);
}

static void add_origins(const struct mc_image *image, const struct mc_evidence_options *options, struct mc_file_result *result)
{
    struct mc_finding_choice choice = {.result = result, .all = options->all_sources};
    struct mc_debug_info *info = NULL;
    bool opened = false;
    while (mc_next_finding(&choice)) {
        struct mc_finding *finding = &result->findings[choice.next - 1];
        if (!opened)
            info = open_debug_info(image, options->debug_folder, result);
        opened = true;
        if (!info)
            return;
        struct mc_origin origin = mc_debug_origin(info, finding->use.address, &result->arena);
        set_origin(finding, &origin, &result->arena);
    }
    mc_debug_info_close(info);
}

/* Only objects have groups; their sections have addresses of their own. */
static const char *comdat_of(const struct mc_image *image, uint64_t address, struct mc_arena *arena)
{
    for (size_t i = 1; i < image->section_count; i++) {
        const struct mc_section *section = &image->sections[i];
        if (section->comdat && address >= section->address && address - section->address < section->size)
            return mc_arena_strdup(arena, section->comdat);
    }
    return NULL;
}

void mc_evidence_add(const struct mc_image *image, const struct mc_entries *entries, const struct mc_evidence_options *options,
                     struct mc_file_result *result)
{
    for (size_t i = 0; i < result->finding_count; i++) {
        struct mc_finding *finding = &result->findings[i];
        finding->code = mc_code_at(image, finding->use.address);
        if (finding->guard.known)
            finding->guard.code = mc_code_at(image, finding->guard.address);
        finding->comdat = comdat_of(image, finding->use.address, &result->arena);
        finding->at_start = finding->path_length && is_initialiser(image, finding->path[0].address);
    }
    hash_functions(image, entries, result);
    add_origins(image, options, result);
}
