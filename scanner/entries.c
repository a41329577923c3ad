/* SPDX-License-Identifier: Apache-2.0 */
/* Entries: every source pushes its finds (entries_*.c and the small ones here), mc_entries_merge makes one sorted list
 * of them, one pass lists the bytes nobody covers. */
#include "scanner/entries_build.h"

#include <elf.h>
#include <string.h>

#include "scanner/image_build.h"

void mc_finder_warn(struct mc_entry_finder *finder, uint64_t address, const char *text)
{
    if (finder->warning->kind == MC_ERROR_NONE)
        mc_fail(finder->warning, MC_ERROR_FORMAT, mc_image_file_offset(finder->image, address), "%s (address 0x%llx)",
                text, (unsigned long long)address);
}

bool mc_finder_in_code(struct mc_entry_finder *finder, uint64_t address, uint64_t *ret_end)
{
    const struct mc_image *image = finder->image;
    if (address >= finder->code_start && address < finder->code_end) {
        *ret_end = finder->code_end;
        return true;
    }
    size_t low = 0, high = image->code_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (address < image->code[middle].start) {
            high = middle;
        } else if (address >= image->code[middle].end) {
            low = middle + 1;
        } else {
            finder->code_start = image->code[middle].start;
            finder->code_index = middle;
            *ret_end = finder->code_end = image->code[middle].end;
            return true;
        }
    }
    return false;
}

void mc_finder_add(struct mc_entry_finder *finder, uint64_t address, uint64_t size, uint32_t source, const char *name)
{
    uint64_t end;
    if (!mc_finder_in_code(finder, address, &end))
        return;
    if (size && size < end - address)
        end = address + size;
    mc_push(&finder->found, ((struct mc_entry){address, end, source, size != 0, name}));
}

/* Functions, and global labels without a type (assembly). Local untyped labels mark places inside functions; those that
 * matter are called or relocated. */
static void add_symbols(struct mc_entry_finder *finder)
{
    const struct mc_image *image = finder->image;
    for (size_t i = 0; i < image->symbol_count; i++) {
        const struct mc_symbol *symbol = &image->symbols[i];
        bool function = symbol->type == STT_FUNC || symbol->type == STT_GNU_IFUNC;
        if (!symbol->defined || (!function && (symbol->type != STT_NOTYPE || symbol->binding == STB_LOCAL)))
            continue;
        uint32_t source = symbol->dynamic ? MC_ENTRY_DYNAMIC_SYMBOL : MC_ENTRY_SYMBOL;
        if (symbol->type == STT_GNU_IFUNC)
            source |= MC_ENTRY_IFUNC;
        mc_finder_add(finder, symbol->address, function ? symbol->size : 0, source,
                      symbol->name[0] ? symbol->name : NULL);
    }
}

static void add_addresses(struct mc_entry_finder *finder)
{
    const struct mc_image *image = finder->image;
    if (image->entry)
        mc_finder_add(finder, image->entry, 0, MC_ENTRY_START, NULL);
    for (size_t i = 0; i < image->initialiser_count; i++)
        mc_finder_add(finder, image->initialisers[i], 0, MC_ENTRY_INITIALISER, NULL);
    for (size_t i = 0; i < image->finaliser_count; i++)
        mc_finder_add(finder, image->finalisers[i], 0, MC_ENTRY_FINALISER, NULL);
    for (size_t i = 0; image->module && i < image->module->alternative_count; i++) {
        const struct mc_alternative *one = &image->module->alternatives[i];
        mc_finder_add(finder, one->start, one->end - one->start, MC_ENTRY_ALTERNATIVE, NULL);
    }
}

/* ---- what nobody covers ---- */

typedef MC_VECTOR(struct mc_text_range) range_vector;

static void add_uncovered(const struct mc_image *image, uint64_t start, uint64_t end, range_vector *ranges)
{
    const uint8_t *bytes = mc_image_bytes(image, start, end - start);
    if (!bytes)
        return;
    size_t size = end - start, position = 0, step;
    while (position < size && (step = mc_padding_length(image->mode, bytes + position, size - position)))
        position += step;
    while (size > position && (bytes[size - 1] == 0 || bytes[size - 1] == 0xcc || bytes[size - 1] == 0x90))
        size--;
    if (position < size)
        mc_push(ranges, ((struct mc_text_range){start + position, start + size}));
}

static void find_uncovered(struct mc_entry_finder *finder, struct mc_entries *entries)
{
    const struct mc_image *image = finder->image;
    range_vector ranges = {0};
    size_t index = 0;
    for (size_t i = 0; i < image->code_count; i++) {
        uint64_t position = image->code[i].start, end = image->code[i].end;
        for (; index < entries->count && entries->items[index].address < end; index++) {
            const struct mc_entry *entry = &entries->items[index];
            if (!entry->bounded || entry->end <= position)
                continue;
            if (entry->address > position)
                add_uncovered(image, position, entry->address, &ranges);
            position = entry->end;
        }
        if (position < end)
            add_uncovered(image, position, end, &ranges);
    }
    entries->uncovered = MC_NEW_ARRAY(finder->arena, ranges.count + 1, struct mc_text_range);
    entries->uncovered_count = ranges.count;
    if (ranges.count)
        memcpy(entries->uncovered, ranges.items, ranges.count * sizeof *ranges.items);
    mc_vector_free(&ranges);
}

/* ---- landing pads ---- */

static void keep_pads(struct mc_entry_finder *finder, struct mc_entries *entries)
{
    size_t count = finder->pads.count;
    struct mc_sort_key *keys = mc_realloc(NULL, count, sizeof *keys);
    for (size_t i = 0; i < count; i++)
        keys[i] = (struct mc_sort_key){finder->pads.items[i].pad, 0, (uint32_t)i};
    mc_sort_keys(keys, count);
    entries->landing_pads = MC_NEW_ARRAY(finder->arena, count + 1, struct mc_landing_pad);
    entries->landing_pad_count = count;
    for (size_t i = 0; i < count; i++)
        entries->landing_pads[i] = finder->pads.items[keys[i].index];
    free(keys);
}

struct mc_entries *mc_entries_find(const struct mc_image *image, struct mc_arena *arena, struct mc_error *ret_warning)
{
    struct mc_error warning = {0};
    struct mc_entry_finder finder = {.image = image, .arena = arena, .warning = &warning};
    struct mc_entries *entries = MC_NEW(arena, struct mc_entries);
    mc_entries_from_unwind(&finder);
    mc_entries_from_plt(&finder);
    mc_entries_from_go(&finder);
    add_symbols(&finder);
    add_addresses(&finder);
    mc_entries_merge(&finder, entries);
    find_uncovered(&finder, entries);
    keep_pads(&finder, entries);
    mc_vector_free(&finder.found);
    mc_vector_free(&finder.pads);
    mc_vector_free(&finder.stubs);
    if (ret_warning)
        *ret_warning = warning;
    return entries;
}

/* ---- questions ---- */

size_t mc_entries_above(const struct mc_entries *entries, uint64_t address)
{
    size_t low = 0, high = entries->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entries->items[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct mc_entry *mc_entry_at(const struct mc_entries *entries, uint64_t address)
{
    size_t index = mc_entries_above(entries, address);
    return index && entries->items[index - 1].address == address ? &entries->items[index - 1] : NULL;
}

const struct mc_entry *mc_entry_holding(const struct mc_entries *entries, uint64_t address)
{
    for (size_t index = mc_entries_above(entries, address); index; index--) {
        const struct mc_entry *entry = &entries->items[index - 1];
        if (address < entry->end)
            return entry;
        if (address - entry->address >= entries->longest)
            return NULL;
    }
    return NULL;
}
