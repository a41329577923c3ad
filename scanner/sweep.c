/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the uses, in three steps of rising cost, each only for what the one before left open:
 *
 *   1. every known function is decoded in a straight line, and asked: any need outside the baseline, any byte that does not
 *      decode? Most files end here.
 *   2. functions with either are walked exactly (sweep_reach.c): a use is what control flow reaches.
 *   3. executable bytes outside all known functions: the same walk from the entries and branch targets among them. What looks
 *      like code with a use but is reached by nothing we see is a gap.
 *
 * Functions whose extents overlap (labels inside assembly) form one unit of walking, a zone. */
#include "scanner/sweep_private.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *needs_outside(const struct mc_feature_set *within)
{
    uint16_t count = mc_need_count();
    uint8_t *is_use = mc_realloc(NULL, count, 1);
    for (uint16_t i = 0; i < count; i++) {
        const struct mc_need *need = mc_need_at(i);
        is_use[i] = need->count > 0 && need->absent != MC_ABSENT_NOP && need->absent != MC_ABSENT_HYPERCALL;
        for (unsigned k = 0; k < need->count; k++)
            if (mc_set_within(&need->alternatives[k], within))
                is_use[i] = 0;
    }
    is_use[0] = 0;
    return is_use;
}

/* The zone that starts with entry `first`. */
struct mc_zone mc_zone_at(const struct mc_image *image, const struct mc_entries *entries, size_t first)
{
    const struct mc_entry *items = entries->items;
    struct mc_zone zone = {.start = items[first].address, .end = items[first].end, .first = first, .last = first + 1};
    zone.bounded = items[first].bounded;
    while (zone.last < entries->count && items[zone.last].address < zone.end) {
        if (items[zone.last].end > zone.end)
            zone.end = items[zone.last].end;
        zone.bounded |= items[zone.last].bounded;
        zone.last++;
    }
    uint64_t available = mc_image_is_code(image, zone.start) ? mc_image_available(image, zone.start) : 0;
    if (zone.end - zone.start > available)
        zone.end = zone.start + available;
    zone.bytes = mc_image_bytes(image, zone.start, zone.end - zone.start);
    zone.readable = available;
    if (!zone.bytes)
        zone.end = zone.start;
    return zone;
}

static void note_pointer(struct mc_sweep *sweep, uint64_t address)
{
    if (!mc_image_is_code(sweep->image, address))
        return;
    const struct mc_entry *holder = mc_entry_holding(sweep->entries, address);
    if (!holder || !holder->bounded)
        mc_push(&sweep->pointers, address);
}

/* An immediate is the last of an instruction, of four bytes in all but the longest (mov r64, imm64). */
static bool may_name_code(const struct mc_image *image, const uint8_t *bytes, unsigned length)
{
    int32_t last = mc_load32(bytes + length - sizeof last);
    uint64_t address = image->mode == MC_MODE_64 ? (uint64_t)(int64_t)last : (uint32_t)last;
    return length >= 10 || mc_image_is_code(image, address);
}

/* mov r, address in files linked to fixed addresses. */
static void note_absolute(struct mc_sweep *sweep, const uint8_t *bytes, size_t size)
{
    struct mc_insn insn;
    if (mc_decode(sweep->image->mode, bytes, size, &insn) && insn.immediate_size >= 4)
        note_pointer(sweep, sweep->image->mode == MC_MODE_64 ? (uint64_t)insn.immediate : (uint32_t)insn.immediate);
}

void mc_sweep_note_operands(struct mc_sweep *sweep, uint64_t address, const uint8_t *bytes, size_t size,
                            const struct mc_class *class)
{
    if (class->flags & MC_CLASS_RIP_RELATIVE)
        note_pointer(sweep, mc_class_target(sweep->image, address + class->length, class));
    if (class->length >= 5 && sweep->image->kind == MC_KIND_EXECUTABLE &&
             may_name_code(sweep->image, bytes, class->length))
        note_absolute(sweep, bytes, size);
}

MC_ALWAYS_INLINE bool read_line(enum mc_mode mode, struct mc_sweep *sweep, uint64_t start, uint64_t end, const uint8_t *bytes)
{
    bool whole = true;
    const uint8_t *at = bytes, *stop = at + (end - start), *readable_end = at + mc_image_available(sweep->image, start);
    while (at < stop) {
        struct mc_class class;
        unsigned length = mc_class_within(mode, at, (size_t)(stop - at), (size_t)(readable_end - at), &class);
        if (MC_UNLIKELY(!length)) {
            whole = false;
            at++;
            continue;
        }
        if (sweep->is_use[class.need])
            mc_push(&sweep->candidates, ((struct mc_use){start + (uint64_t)(at - bytes), class.need, (uint8_t)length}));
        sweep->asks_cpuid |= (class.flags & MC_CLASS_CPUID) != 0; /* a helper in assembly without unwind data, perhaps */
        at += length;
    }
    return whole;
}

bool mc_sweep_read_line(struct mc_sweep *sweep, uint64_t start, uint64_t end, const uint8_t *bytes)
{
    if (sweep->image->mode == MC_MODE_32)
        return read_line(MC_MODE_32, sweep, start, end, bytes);
    return read_line(MC_MODE_64, sweep, start, end, bytes);
}

static void follow_landing_pads(struct mc_sweep *sweep, uint64_t start, uint64_t end)
{
    const struct mc_landing_pad *pads = sweep->entries->landing_pads;
    size_t low = 0, high = sweep->entries->landing_pad_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pads[middle].pad < start)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < sweep->entries->landing_pad_count && pads[low].pad < end; low++)
        mc_reach_follow(&sweep->reach, pads[low].pad);
}

uint8_t *mc_sweep_clear_state(struct mc_sweep *sweep, size_t size)
{
    if (size > sweep->state_size) {
        free(sweep->state);
        sweep->state = mc_realloc(NULL, size, 1);
        sweep->state_size = size;
    }
    memset(sweep->state, MC_BYTE_UNSEEN, size);
    return sweep->state;
}

/* Drops the candidates that were reached, or that lie inside a reached instruction. True when some are left. */
bool mc_sweep_keep_unreached(struct mc_sweep *sweep)
{
    size_t kept = 0;
    for (size_t i = 0; i < sweep->candidates.count; i++) {
        struct mc_use use = sweep->candidates.items[i];
        if (sweep->reach.state[use.address - sweep->reach.start] == MC_BYTE_UNSEEN)
            sweep->candidates.items[kept++] = use;
    }
    sweep->candidates.count = kept;
    return kept > 0;
}

void mc_sweep_add_gap(struct mc_sweep *sweep, uint64_t address, const char *kind, const char *text)
{
    mc_push(&sweep->gaps, ((struct mc_gap){.address = address, .kind = kind, .text = text}));
}

void mc_sweep_keep_results(struct mc_sweep *sweep, bool bounded)
{
    for (size_t i = 0; !bounded && i < sweep->reach.rows.count; i++)
        mc_push(&sweep->rows, sweep->reach.rows.items[i]);
    for (size_t i = 0; i < sweep->reach.uses.count; i++)
        mc_push(&sweep->uses, sweep->reach.uses.items[i]);
    for (size_t i = 0; i < sweep->reach.undecoded.count; i++)
        mc_sweep_add_gap(sweep, sweep->reach.undecoded.items[i], "undecoded", "bytes of a known function are no instruction that is known");
}

/* Step 2. */
static void walk_zone(struct mc_sweep *sweep, const struct mc_zone *zone)
{
    struct mc_reach *reach = &sweep->reach;
    mc_reach_begin(reach, zone->start, zone->end, zone->bytes, mc_sweep_clear_state(sweep, zone->end - zone->start));
    reach->unbounded = !zone->bounded;
    for (size_t i = zone->first; i < zone->last; i++)
        mc_reach_follow(reach, sweep->entries->items[i].address);
    follow_landing_pads(sweep, zone->start, zone->end);
    sweep->candidates.count = 0;
    bool whole = mc_sweep_read_line(sweep, zone->start, zone->end, zone->bytes);
    /* What a straight line shows and the walk does not is data, or code behind a way in that was not seen yet. */
    if (mc_sweep_keep_unreached(sweep)) {
        mc_sweep_follow_branches(sweep, zone->start, zone->end);
        mc_reach_widen(reach);
    }
    if (mc_sweep_keep_unreached(sweep) && reach->unresolved) {
        /* A jump into computed places reaches the whole zone. That hides nothing where all of it decodes. */
        if (!whole)
            mc_sweep_add_gap(sweep, reach->unresolved_at, "indirect-jump", "the targets of this jump are not known");
        for (size_t i = 0; i < sweep->candidates.count; i++)
            mc_reach_follow(reach, sweep->candidates.items[i].address);
    }
    if (whole)
        reach->undecoded.count = 0; /* all of it decodes in a straight line: a table was read too far */
    mc_sweep_keep_results(sweep, zone->bounded);
}

static int compare_uses(const void *a, const void *b)
{
    const struct mc_use *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

static int compare_gaps(const void *a, const void *b)
{
    const struct mc_gap *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

static int compare_rows(const void *a, const void *b)
{
    const struct mc_reference *x = a, *y = b;
    return x->from != y->from ? (x->from < y->from ? -1 : 1) : x->to < y->to ? -1 : x->to > y->to;
}

static struct mc_uses *finish(struct mc_sweep *sweep)
{
    struct mc_uses *uses = MC_NEW(sweep->arena, struct mc_uses);
    uses->count = sweep->uses.count;
    uses->items = MC_NEW_ARRAY(sweep->arena, uses->count, struct mc_use);
    if (uses->count) {
        qsort(sweep->uses.items, uses->count, sizeof *uses->items, compare_uses);
        memcpy(uses->items, sweep->uses.items, uses->count * sizeof *uses->items);
    }
    uses->row_count = sweep->rows.count;
    uses->rows = MC_NEW_ARRAY(sweep->arena, uses->row_count, struct mc_reference);
    if (uses->row_count) {
        qsort(sweep->rows.items, uses->row_count, sizeof *uses->rows, compare_rows);
        memcpy(uses->rows, sweep->rows.items, uses->row_count * sizeof *uses->rows);
    }
    uses->gap_count = sweep->gaps.count;
    uses->gaps = MC_NEW_ARRAY(sweep->arena, uses->gap_count, struct mc_gap);
    if (uses->gap_count) {
        qsort(sweep->gaps.items, uses->gap_count, sizeof *uses->gaps, compare_gaps);
        memcpy(uses->gaps, sweep->gaps.items, uses->gap_count * sizeof *uses->gaps);
    }
    uses->asks_cpuid = sweep->asks_cpuid;
    mc_vector_free(&sweep->uses);
    mc_vector_free(&sweep->gaps);
    mc_vector_free(&sweep->rows);
    mc_vector_free(&sweep->candidates);
    mc_vector_free(&sweep->branches);
    mc_vector_free(&sweep->suspects);
    mc_vector_free(&sweep->pointers);
    mc_reach_free(&sweep->reach);
    free(sweep->state);
    free(sweep->is_use);
    return uses;
}

struct mc_uses *mc_sweep_uses(const struct mc_image *image, const struct mc_entries *entries,
                              const struct mc_feature_set *within, struct mc_arena *arena)
{
    struct mc_sweep sweep = {.image = image, .entries = entries, .arena = arena, .is_use = needs_outside(within)};
    sweep.reach.image = image;
    sweep.reach.is_use = sweep.is_use;
    mc_sweep_find_suspects(&sweep);
    for (size_t i = 0; i < sweep.suspects.count; i++) {
        struct mc_zone zone = mc_zone_at(image, entries, sweep.suspects.items[i]);
        walk_zone(&sweep, &zone);
    }
    mc_sweep_outside(&sweep);
    return finish(&sweep);
}
