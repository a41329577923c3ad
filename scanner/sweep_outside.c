/* SPDX-License-Identifier: Apache-2.0 */
/* Executable bytes that no known function covers: start-up code, stubs, assembly without unwind data, and tables.
 *
 * A straight line over them tells whether there is anything to look for, which is seldom. Then control flow is followed from the
 * entries among them and from every direct branch of a known function that leads there. Candidates that nothing reaches are data
 * nearly always (OpenSSL's constants, GHC's info tables); those that stand in a longer run of ordinary code are a gap. */
#include "scanner/sweep_private.h"

#include <stdlib.h>
#include <string.h>

#define NEAR_JUMP 1024 /* bytes */
#define FEW 4 /* instructions, where some jump leads */
#define RUN 32        /* instructions that must look like code */
#define ROUNDS 8      /* pointers to functions in code that only pointers name, that deep */
#define LEAST_TRIAL 6 /* instructions of a function that only pointers name */

/* First index of an entry at or above the address. */
static size_t first_entry(const struct mc_entries *entries, uint64_t address)
{
    size_t low = 0, high = entries->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entries->items[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void read_range(struct mc_sweep *sweep, const struct mc_text_range *range)
{
    const struct mc_entries *entries = sweep->entries;
    uint64_t start = range->start;
    for (size_t i = first_entry(entries, range->start + 1); start < range->end; i++) {
        uint64_t end = i < entries->count && entries->items[i].address < range->end ? entries->items[i].address : range->end;
        const uint8_t *bytes = mc_image_bytes(sweep->image, start, end - start);
        if (bytes)
            mc_sweep_read_line(sweep, start, end, bytes);
        start = end;
    }
}

/* Bytes that instructions of programs start with nearly always, of random bytes a third. */
static bool is_common(const uint8_t *bytes)
{
    static const uint8_t common[] = {0x01, 0x03, 0x0f, 0x29, 0x2b, 0x31, 0x33, 0x39, 0x3b, 0x62, 0x66, 0x80, 0x81, 0x83, 0x84, 0x85,
                                     0x88, 0x89, 0x8a, 0x8b, 0x8d, 0x90, 0xc1, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xe8, 0xe9, 0xeb, 0xf2,
                                     0xf3, 0xf6, 0xf7, 0xff};
    uint8_t first = bytes[0];
    return (first >= 0x40 && first <= 0x5f) || (first >= 0x70 && first <= 0x7f) || (first >= 0xb8 && first <= 0xbf) ||
           memchr(common, first, sizeof common);
}

/* Right behind a jump to places that are not known, with nothing that is reached between them: most likely one of those. */
static bool follows_unknown_jump(const struct mc_sweep *sweep, uint64_t address)
{
    const struct mc_reach *reach = &sweep->reach;
    uint64_t at = reach->unresolved_at;
    if (!reach->unresolved || address <= at || address - at > NEAR_JUMP)
        return false;
    for (at++; at < address && reach->state[at - reach->start] == MC_BYTE_INSIDE;)
        at++;
    while (at < address && reach->state[at - reach->start] == MC_BYTE_UNSEEN)
        at++;
    return at == address;
}

/* True when the candidate stands in a run of what looks like code. Random data passes with a chance of one in a million. */
static bool is_plausible(const struct mc_sweep *sweep, uint64_t address, uint64_t end)
{
    const uint8_t *bytes = mc_image_bytes(sweep->image, address, end - address);
    size_t position = 0, size = end - address;
    unsigned count = 0, common = 0;
    for (; bytes && count < RUN && position < size; count++) {
        struct mc_class class;
        unsigned length = mc_decode_class(sweep->image->mode, bytes + position, size - position, &class);
        if (!length || !mc_is_ordinary(bytes + position, length))
            return false;
        common += is_common(bytes + position);
        position += length;
    }
    return count >= (follows_unknown_jump(sweep, address) ? FEW : RUN / 2) && common * 8 >= count * 7;
}

static void report_unreached(struct mc_sweep *sweep, const struct mc_text_range *range)
{
    for (size_t i = 0; i < sweep->candidates.count; i++) {
        uint64_t address = sweep->candidates.items[i].address;
        if (address < range->start || address >= range->end || !is_plausible(sweep, address, range->end))
            continue;
        mc_sweep_add_gap(sweep, address, "uncovered-use", "may be an instruction outside the baseline, in code that nothing is seen to reach");
        return; /* one per range says it all */
    }
}

static int compare_addresses(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Words in data of files without relocations that may name code of the zone. */
static void note_words(struct mc_sweep *sweep)
{
    const struct mc_image *image = sweep->image;
    const struct mc_reach *reach = &sweep->reach;
    size_t width = image->mode == MC_MODE_64 ? 8 : 4;
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct mc_segment *segment = &image->segments[i];
        for (size_t at = 0; !segment->executable && at + width <= segment->file_size; at += width) {
            uint64_t word = 0;
            memcpy(&word, segment->bytes + at, width);
            if (word >= reach->start && word < reach->end && reach->state[word - reach->start] == MC_BYTE_UNSEEN)
                mc_push(&sweep->pointers, word);
        }
    }
}

/* Which of the eight bytes are the start of an instruction: a bit for each. */
static unsigned starts_among(const uint8_t state[8])
{
    uint64_t word;
    memcpy(&word, state, sizeof word);
    word ^= MC_BYTE_START * UINT64_C(0x0101010101010101); /* states are small: no carry */
    word = ~(word | word >> 1) & UINT64_C(0x0101010101010101);
    return (unsigned)(word * UINT64_C(0x0102040810204080) >> 56);
}
_Static_assert(MC_BYTE_START < 4 && MC_BYTE_INSIDE < 4 && MC_BYTE_FOREIGN < 4, "states fit two bits");

/* Addresses that reached code of the zone takes. `noted` holds a bit for each byte: whose instruction was looked at before. */
static void note_operands(struct mc_sweep *sweep, uint8_t *noted)
{
    const struct mc_reach *reach = &sweep->reach;
    uint64_t size = reach->end - reach->start;
    for (uint64_t first = 0; first < size; first += 8) {
        uint8_t state[8] = {0};
        memcpy(state, reach->state + first, size - first < 8 ? size - first : 8);
        unsigned fresh = starts_among(state) & ~(unsigned)noted[first >> 3];
        noted[first >> 3] |= (uint8_t)fresh;
        for (; fresh; fresh &= fresh - 1) {
            struct mc_class class;
            uint64_t offset = first + (unsigned)__builtin_ctz(fresh);
            if (mc_decode_class(sweep->image->mode, reach->bytes + offset, size - offset, &class))
                mc_sweep_note_operands(sweep, reach->start + offset, reach->bytes + offset, size - offset, &class);
        }
    }
}
_Static_assert(MC_BYTE_UNSEEN == 0, "bytes behind the end");

/* Returns how many are left. */
static size_t sort_unique(uint64_t *items, size_t count)
{
    size_t kept = 0;
    if (count)
        qsort(items, count, sizeof *items, compare_addresses);
    for (size_t i = 0; i < count; i++)
        if (!kept || items[kept - 1] != items[i])
            items[kept++] = items[i];
    return kept;
}

/* Tries every noted pointer once, in order of address. True when one led to code. */
static bool try_pointers(struct mc_sweep *sweep)
{
    bool any = false;
    sweep->pointers.count = sort_unique(sweep->pointers.items, sweep->pointers.count);
    for (size_t i = 0; i < sweep->pointers.count; i++)
        any |= mc_reach_try(&sweep->reach, sweep->pointers.items[i], LEAST_TRIAL);
    sweep->pointers.count = 0;
    return any;
}

/* Addresses that code takes, and those in data, may be functions or tables: tried one by one, and again for what the code found
 * that way takes. What reached code names is tried each round, what else names it in the first only. */
static void follow_pointers(struct mc_sweep *sweep)
{
    uint64_t bytes = (sweep->reach.end - sweep->reach.start) / 8 + 1;
    uint8_t *noted = mc_realloc(NULL, bytes, 1);
    MC_VECTOR(uint64_t) named = {0};
    memset(noted, 0, bytes);
    if (sweep->image->kind == MC_KIND_EXECUTABLE)
        note_words(sweep);
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t others = sweep->pointers.count;
        note_operands(sweep, noted);
        for (size_t i = others; i < sweep->pointers.count; i++)
            mc_push(&named, sweep->pointers.items[i]);
        named.count = sort_unique(named.items, named.count);
        sweep->pointers.count = others;
        for (size_t i = 0; i < named.count; i++)
            mc_push(&sweep->pointers, named.items[i]);
        if (!try_pointers(sweep))
            break;
    }
    mc_vector_free(&named);
    free(noted);
}

static void walk_code_range(struct mc_sweep *sweep, const struct mc_code_range *code, size_t first, size_t count)
{
    const struct mc_entries *entries = sweep->entries;
    struct mc_reach *reach = &sweep->reach;
    uint64_t size = code->end - code->start;
    const uint8_t *bytes = mc_image_bytes(sweep->image, code->start, size);
    if (!bytes)
        return;
    uint8_t *state = mc_sweep_clear_state(sweep, size);
    memset(state, MC_BYTE_FOREIGN, size);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_text_range *range = &entries->uncovered[i];
        memset(state + (range->start - code->start), MC_BYTE_UNSEEN, range->end - range->start);
    }
    mc_reach_begin(reach, code->start, code->end, bytes, state);
    reach->unbounded = true;
    for (size_t i = first_entry(entries, code->start); i < entries->count && entries->items[i].address < code->end; i++)
        mc_reach_follow(reach, entries->items[i].address);
    mc_sweep_follow_branches(sweep, code->start, code->end);
    follow_pointers(sweep);
    reach->undecoded.count = 0; /* not bytes of a known function */
    mc_sweep_keep_results(sweep, false);
}

/* The uncovered ranges that lie in the code range: from *first on, their count in the result. Both lists are sorted. */
static size_t ranges_of(const struct mc_entries *entries, const struct mc_code_range *code, size_t *first)
{
    while (*first < entries->uncovered_count && entries->uncovered[*first].start < code->start)
        ++*first;
    size_t count = 0;
    while (*first + count < entries->uncovered_count && entries->uncovered[*first + count].end <= code->end)
        count++;
    return count;
}

void mc_sweep_outside(struct mc_sweep *sweep)
{
    const struct mc_image *image = sweep->image;
    const struct mc_entries *entries = sweep->entries;
    size_t first = 0;
    for (size_t i = 0; i < image->code_count; i++) {
        size_t count = ranges_of(entries, &image->code[i], &first);
        sweep->candidates.count = 0;
        for (size_t k = first; k < first + count; k++)
            read_range(sweep, &entries->uncovered[k]);
        if (!sweep->candidates.count)
            continue;
        walk_code_range(sweep, &image->code[i], first, count);
        if (!mc_sweep_keep_unreached(sweep))
            continue;
        for (size_t k = first; k < first + count; k++)
            report_unreached(sweep, &entries->uncovered[k]);
    }
}
