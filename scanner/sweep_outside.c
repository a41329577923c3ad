/* SPDX-License-Identifier: Apache-2.0 */
/* Executable bytes that no known function covers: start-up code, stubs, assembly without unwind data, and tables.
 *
 * A straight line over them tells whether there is anything to look for, which is seldom. Then control flow is followed from the
 * entries among them and from every direct branch of a known function that leads there. Candidates that nothing reaches are data
 * nearly always (OpenSSL's constants, GHC's info tables); those that stand in a longer run of ordinary code are a gap. */
#include "scanner/sweep_private.h"

#include <string.h>

#define PLAUSIBLE_RUN 12 /* instructions before and after */

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
            mc_sweep_read_line(sweep, start, end, bytes, false, true);
        start = end;
    }
}

static bool is_ordinary(const struct mc_class *class, const uint8_t *bytes)
{
    /* add [rax],al is what zeros decode to; ins, outs, in, out and far pointers do not occur in programs. */
    bool rare = (bytes[0] == 0 && bytes[1] == 0) || (bytes[0] >= 0x6c && bytes[0] <= 0x6f) ||
                (bytes[0] >= 0xe4 && bytes[0] <= 0xe7) || (bytes[0] >= 0xec && bytes[0] <= 0xef);
    return class->length && !rare;
}

/* True when the candidate stands in a run of ordinary instructions that does not meet a known function's middle. */
static bool is_plausible(const struct mc_sweep *sweep, uint64_t address, uint64_t end)
{
    const uint8_t *bytes = mc_image_bytes(sweep->image, address, end - address);
    size_t position = 0;
    for (unsigned i = 0; i < PLAUSIBLE_RUN; i++) {
        struct mc_class class;
        if (end - address - position < 2)
            return false;
        mc_decode_class(sweep->image->mode, bytes + position, end - address - position, &class);
        if (!is_ordinary(&class, bytes + position))
            return false;
        position += class.length;
        if (class.flow == MC_FLOW_RET || class.flow == MC_FLOW_JMP)
            return true;
    }
    return true;
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

static void walk_code_range(struct mc_sweep *sweep, const struct mc_code_range *code)
{
    const struct mc_entries *entries = sweep->entries;
    struct mc_reach *reach = &sweep->reach;
    uint64_t size = code->end - code->start;
    const uint8_t *bytes = mc_image_bytes(sweep->image, code->start, size);
    if (!bytes)
        return;
    uint8_t *state = mc_sweep_clear_state(sweep, size);
    memset(state, MC_BYTE_FOREIGN, size);
    for (size_t i = 0; i < entries->uncovered_count; i++) {
        const struct mc_text_range *range = &entries->uncovered[i];
        if (range->start >= code->start && range->end <= code->end)
            memset(state + (range->start - code->start), MC_BYTE_UNSEEN, range->end - range->start);
    }
    mc_reach_begin(reach, code->start, code->end, bytes, state);
    for (size_t i = first_entry(entries, code->start); i < entries->count && entries->items[i].address < code->end; i++)
        mc_reach_follow(reach, entries->items[i].address);
    mc_sweep_follow_branches(sweep, code->start, code->end);
    reach->undecoded.count = 0; /* not bytes of a known function */
    mc_sweep_keep_results(sweep);
}

void mc_sweep_outside(struct mc_sweep *sweep)
{
    const struct mc_image *image = sweep->image;
    const struct mc_entries *entries = sweep->entries;
    for (size_t i = 0; i < image->code_count; i++) {
        const struct mc_code_range *code = &image->code[i];
        sweep->candidates.count = 0;
        for (size_t k = 0; k < entries->uncovered_count; k++)
            if (entries->uncovered[k].start >= code->start && entries->uncovered[k].end <= code->end)
                read_range(sweep, &entries->uncovered[k]);
        if (!sweep->candidates.count)
            continue;
        walk_code_range(sweep, code);
        if (!mc_sweep_keep_unreached(sweep))
            continue;
        for (size_t k = 0; k < entries->uncovered_count; k++)
            if (entries->uncovered[k].start >= code->start && entries->uncovered[k].end <= code->end)
                report_unreached(sweep, &entries->uncovered[k]);
    }
}
