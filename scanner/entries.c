/* SPDX-License-Identifier: Apache-2.0 */
/* Entries: every source pushes its finds (entries_*.c and the small ones here), then one sort, one merge of equal
 * addresses, one pass that gives unbounded entries an end, one that lists the bytes nobody covers. */
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

static void add_relocs(struct mc_entry_finder *finder)
{
    const struct mc_image *image = finder->image;
    uint64_t last = 0;
    for (size_t i = 0; i < image->reloc_count; i++) {
        const struct mc_reloc *reloc = &image->relocs[i];
        bool pointer = reloc->kind == MC_RELOC_ADDRESS || reloc->kind == MC_RELOC_SLOT;
        if ((!pointer && reloc->kind != MC_RELOC_IRELATIVE) || (reloc->target == last && pointer))
            continue;
        mc_finder_add(finder, reloc->target, 0, pointer ? MC_ENTRY_RELOCATION : MC_ENTRY_IFUNC, NULL);
        last = reloc->target;
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
}

/* ---- merging ---- */

/* Extents: an FDE's before a symbol's; of two alike the longer (aliases, folded functions). */
static void merge_entry(struct mc_entry *into, const struct mc_entry *from)
{
    bool better = from->bounded && !into->bounded;
    if (from->bounded && into->bounded) {
        bool unwind_into = into->sources & MC_ENTRY_UNWIND, unwind_from = from->sources & MC_ENTRY_UNWIND;
        better = unwind_from != unwind_into ? unwind_from : from->end > into->end;
    }
    if (better) {
        into->end = from->end;
        into->bounded = true;
    }
    into->sources |= from->sources;
    if (!into->name)
        into->name = from->name;
}

/* A linker's FDE over a whole PLT is no function: the stubs inside are. */
static bool covers_stubs(const struct mc_entry_finder *finder, const struct mc_entry *entry)
{
    for (size_t i = 0; i < finder->stubs.count; i++)
        if (entry->address >= finder->stubs.items[i].start && entry->address < finder->stubs.items[i].end)
            return true;
    return false;
}

static void sort_and_merge(struct mc_entry_finder *finder, struct mc_entries *entries)
{
    size_t count = finder->found.count;
    struct mc_sort_key *keys = mc_realloc(NULL, count, sizeof *keys);
    for (size_t i = 0; i < count; i++)
        keys[i] = (struct mc_sort_key){finder->found.items[i].address, 0, (uint32_t)i};
    mc_sort_keys(keys, count);
    size_t unique = 0;
    for (size_t i = 0; i < count; i++)
        unique += !i || keys[i].key != keys[i - 1].key;
    entries->items = MC_NEW_ARRAY(finder->arena, unique + 1, struct mc_entry);
    for (size_t i = 0; i < count; i++) {
        const struct mc_entry *entry = &finder->found.items[keys[i].index];
        if (entry->sources == MC_ENTRY_UNWIND && finder->stubs.count && covers_stubs(finder, entry))
            continue;
        struct mc_entry *last = entries->count ? &entries->items[entries->count - 1] : NULL;
        if (last && last->address == entry->address)
            merge_entry(last, entry);
        else
            entries->items[entries->count++] = *entry;
    }
    free(keys);
}

/* Unbounded entries end where the next entry starts, at the end of the bounded function they lie in, or at the end of
 * the code range (set when they were added), whichever comes first. */
static void set_ends(struct mc_entries *entries)
{
    uint64_t holder_end = 0;
    for (size_t i = 0; i < entries->count; i++) {
        struct mc_entry *entry = &entries->items[i];
        if (entry->bounded) {
            holder_end = entry->end > holder_end ? entry->end : holder_end;
        } else {
            if (i + 1 < entries->count && entries->items[i + 1].address < entry->end)
                entry->end = entries->items[i + 1].address;
            if (entry->address < holder_end && holder_end < entry->end)
                entry->end = holder_end;
        }
        if (entry->end - entry->address > entries->longest)
            entries->longest = entry->end - entry->address;
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

/* ---- pointers in data of executables at fixed addresses ---- */

static void mark_pointers(const struct mc_image *image, struct mc_entries *entries)
{
    unsigned word = image->mode == MC_MODE_64 ? 8 : 4;
    if (image->kind != MC_KIND_EXECUTABLE || !entries->count)
        return;
    uint64_t low = entries->items[0].address, high = entries->items[entries->count - 1].address;
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct mc_segment *segment = &image->segments[i];
        if (segment->executable)
            continue;
        for (uint64_t at = -segment->address & (word - 1); at + word <= segment->file_size; at += word) {
            uint64_t value = 0;
            memcpy(&value, segment->bytes + at, word);
            if (value < low || value > high)
                continue;
            size_t index = mc_entries_above(entries, value);
            if (index && entries->items[index - 1].address == value)
                entries->items[index - 1].sources |= MC_ENTRY_POINTER;
        }
    }
}

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
    add_relocs(&finder);
    add_addresses(&finder);
    sort_and_merge(&finder, entries);
    set_ends(entries);
    find_uncovered(&finder, entries);
    mark_pointers(image, entries);
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
