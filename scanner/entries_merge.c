/* SPDX-License-Identifier: Apache-2.0 */
/* From what the sources found to one sorted list. Sorting millions of addresses would cost more than finding them; a
 * bitmap with one bit per byte of code, and the count of bits before each word of it, gives every address its rank
 * directly: mark all, count, then put each find where it belongs. Memory: 3/16 of the code's size, while it lasts. */
#include "scanner/entries_build.h"

struct ranks {
    uint64_t *bits;   /* one per byte of the code ranges, one range behind the other */
    uint32_t *before; /* bits set before each word */
    uint64_t *bases;  /* by code range: position of its first bit */
    size_t words;
};

static void open_ranks(const struct mc_image *image, struct ranks *ret)
{
    uint64_t position = 0;
    ret->bases = mc_realloc(NULL, image->code_count + 1, sizeof *ret->bases);
    for (size_t i = 0; i < image->code_count; i++) {
        ret->bases[i] = position;
        position += image->code[i].end - image->code[i].start;
    }
    ret->words = position / 64 + 1;
    ret->bits = calloc(ret->words, sizeof *ret->bits);
    if (!ret->bits)
        mc_out_of_memory();
    ret->before = mc_realloc(NULL, ret->words, sizeof *ret->before);
}

static void close_ranks(struct ranks *ranks)
{
    free(ranks->bits);
    free(ranks->before);
    free(ranks->bases);
}

/* The address must be in the code range that the finder looked at last. */
static uint64_t position_of(const struct ranks *ranks, const struct mc_entry_finder *finder, uint64_t address)
{
    return ranks->bases[finder->code_index] + (address - finder->code_start);
}

/* Bits set in a word. The compiler's own needs the POPCNT that this program must not use unasked, or a call. */
static uint32_t count_bits(uint64_t word)
{
    word -= (word >> 1) & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + ((word >> 2) & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)((word * UINT64_C(0x0101010101010101)) >> 56);
}

static void mark(struct ranks *ranks, uint64_t position)
{
    ranks->bits[position / 64] |= UINT64_C(1) << (position & 63);
}

static size_t rank_of(const struct ranks *ranks, uint64_t position)
{
    uint64_t below = (UINT64_C(1) << (position & 63)) - 1;
    return ranks->before[position / 64] + count_bits(ranks->bits[position / 64] & below);
}

static size_t count_ranks(struct ranks *ranks)
{
    uint32_t count = 0;
    for (size_t i = 0; i < ranks->words; i++) {
        ranks->before[i] = count;
        count += ranks->bits[i] ? count_bits(ranks->bits[i]) : 0;
    }
    return count;
}

/* ---- putting finds together ---- */

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

static void drop_stub_covers(struct mc_entry_finder *finder)
{
    size_t kept = 0;
    for (size_t i = 0; i < finder->found.count; i++)
        if (finder->found.items[i].sources != MC_ENTRY_UNWIND || !covers_stubs(finder, &finder->found.items[i]))
            finder->found.items[kept++] = finder->found.items[i];
    finder->found.count = kept;
}

/* Relocated pointers are many and mostly name what is known: they are looked at twice instead of being copied. Returns
 * the source that a relocation is, 0 when it names no code; sets the finder on the code range of its target. */
static uint32_t source_of(struct mc_entry_finder *finder, const struct mc_reloc *reloc)
{
    uint64_t end;
    bool pointer = reloc->kind == MC_RELOC_ADDRESS || reloc->kind == MC_RELOC_SLOT;
    if ((!pointer && reloc->kind != MC_RELOC_IRELATIVE) || !mc_finder_in_code(finder, reloc->target, &end))
        return 0;
    return pointer ? MC_ENTRY_RELOCATION : MC_ENTRY_IFUNC;
}

static void mark_all(struct mc_entry_finder *finder, struct ranks *ranks)
{
    const struct mc_image *image = finder->image;
    uint64_t end;
    for (size_t i = 0; i < finder->found.count; i++)
        if (mc_finder_in_code(finder, finder->found.items[i].address, &end))
            mark(ranks, position_of(ranks, finder, finder->found.items[i].address));
    for (size_t i = 0; i < image->reloc_count; i++)
        if (source_of(finder, &image->relocs[i]))
            mark(ranks, position_of(ranks, finder, image->relocs[i].target));
}

static void place_all(struct mc_entry_finder *finder, const struct ranks *ranks, struct mc_entry *items)
{
    const struct mc_image *image = finder->image;
    uint64_t end;
    for (size_t i = 0; i < finder->found.count; i++) {
        const struct mc_entry *found = &finder->found.items[i];
        mc_finder_in_code(finder, found->address, &end);
        struct mc_entry *entry = &items[rank_of(ranks, position_of(ranks, finder, found->address))];
        if (entry->sources)
            merge_entry(entry, found);
        else
            *entry = *found;
    }
    for (size_t i = 0; i < image->reloc_count; i++) {
        uint32_t source = source_of(finder, &image->relocs[i]);
        if (!source)
            continue;
        uint64_t address = image->relocs[i].target;
        struct mc_entry *entry = &items[rank_of(ranks, position_of(ranks, finder, address))];
        if (!entry->sources)
            *entry = (struct mc_entry){.address = address, .end = finder->code_end};
        entry->sources |= source;
    }
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

void mc_entries_merge(struct mc_entry_finder *finder, struct mc_entries *entries)
{
    struct ranks ranks;
    if (finder->stubs.count)
        drop_stub_covers(finder);
    open_ranks(finder->image, &ranks);
    mark_all(finder, &ranks);
    entries->count = count_ranks(&ranks);
    entries->items = MC_NEW_ARRAY(finder->arena, entries->count + 1, struct mc_entry);
    place_all(finder, &ranks, entries->items);
    close_ranks(&ranks);
    set_ends(entries);
}
