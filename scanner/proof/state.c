/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/proof/prover.h"

#include <string.h>

void mc_state_copy(struct mc_state *to, const struct mc_state *from)
{
    struct mc_memory_cell *cells = to->cells;
    uint32_t capacity = to->cell_capacity;
    if (capacity < from->cell_count) {
        capacity = from->cell_count + 8;
        cells = mc_realloc(cells, capacity, sizeof *cells);
    }
    *to = *from;
    to->cells = cells;
    to->cell_capacity = capacity;
    if (from->cell_count)
        memcpy(cells, from->cells, from->cell_count * sizeof *cells);
}

void mc_state_clear(struct mc_state *state)
{
    free(state->cells);
    memset(state, 0, sizeof *state);
}

/* Index of the first cell at or after the place. */
static uint32_t find_cell(const struct mc_state *state, uint32_t base, int64_t offset)
{
    uint32_t low = 0, high = state->cell_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const struct mc_memory_cell *cell = &state->cells[middle];
        if (cell->base < base || (cell->base == base && cell->offset < offset))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Index of the first cell that may overlap bytes from the place on: cells are at most 8 bytes. */
static uint32_t first_overlap(const struct mc_state *state, uint32_t base, int64_t offset)
{
    uint32_t i = find_cell(state, base, offset);
    if (i > 0 && state->cells[i - 1].base == base && state->cells[i - 1].offset + state->cells[i - 1].size > offset)
        i--;
    return i;
}

mc_value mc_state_load(struct mc_values *values, const struct mc_state *state, uint32_t base, int64_t offset, unsigned size,
                       bool *ret_found)
{
    uint32_t i = first_overlap(state, base, offset);
    mc_value result = MC_TOP;
    unsigned covered = 0;
    *ret_found = false;
    for (; i < state->cell_count; i++) {
        const struct mc_memory_cell *cell = &state->cells[i];
        if (cell->base != base || cell->offset >= offset + size)
            break;
        *ret_found = true;
        if (cell->offset == offset && cell->size == size)
            return cell->value;
        int64_t from = cell->offset > offset ? cell->offset : offset;
        int64_t cell_end = cell->offset + cell->size, end = offset + size;
        unsigned width = (unsigned)((cell_end < end ? cell_end : end) - from) * 8;
        mc_value part = mc_value_extract(values, cell->value, (unsigned)(from - cell->offset) * 8, width);
        result = covered == 0 && from == offset && width == size * 8
                     ? part
                     : mc_value_insert(values, covered ? result : mc_value_constant(values, 0), part,
                                       (unsigned)(from - offset) * 8, width);
        covered += width / 8;
    }
    return covered == size ? result : mc_value_top(values, mc_value_provenance(values, result));
}

void mc_state_forget(struct mc_state *state, uint32_t base, int64_t offset, uint64_t size)
{
    uint32_t start = first_overlap(state, base, offset), end = start;
    while (end < state->cell_count && state->cells[end].base == base &&
           (state->cells[end].offset <= offset || (uint64_t)state->cells[end].offset - (uint64_t)offset < size))
        end++;
    if (start == end) /* also: no cells at all */
        return;
    memmove(&state->cells[start], &state->cells[end], (state->cell_count - end) * sizeof *state->cells);
    state->cell_count -= end - start;
}

uint64_t mc_state_variable_size(const struct mc_state *state, uint32_t base, int64_t offset, uint64_t most)
{
    for (uint32_t i = first_overlap(state, base, offset); i < state->cell_count && state->cells[i].base == base; i++) {
        const struct mc_memory_cell *cell = &state->cells[i];
        if (cell->offset > offset && (cell->saved || (uint64_t)cell->offset - (uint64_t)offset >= most))
            return cell->saved && (uint64_t)cell->offset - (uint64_t)offset < most ? (uint64_t)cell->offset - (uint64_t)offset : most;
    }
    return most;
}

void mc_state_note_saved(struct mc_state *state, uint32_t base, int64_t offset)
{
    uint32_t i = first_overlap(state, base, offset);
    if (i < state->cell_count && state->cells[i].base == base && state->cells[i].offset == offset)
        state->cells[i].saved = 1;
}

void mc_state_forget_base(struct mc_state *state, uint32_t base)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < state->cell_count; i++)
        if (state->cells[i].base != base)
            state->cells[kept++] = state->cells[i];
    state->cell_count = kept;
}

void mc_state_store(struct mc_values *values, struct mc_state *state, uint32_t base, int64_t offset, unsigned size,
                    mc_value value)
{
    uint32_t i = first_overlap(state, base, offset);
    while (i < state->cell_count && state->cells[i].base == base && state->cells[i].offset < offset + size) {
        struct mc_memory_cell *cell = &state->cells[i];
        if (cell->offset <= offset && cell->offset + cell->size >= offset + size && cell->size > size) {
            cell->value = mc_value_insert(values, cell->value, value, (unsigned)(offset - cell->offset) * 8, size * 8);
            cell->saved = 0;
            return; /* a part of a wider cell */
        }
        memmove(cell, cell + 1, (state->cell_count - i - 1) * sizeof *cell);
        state->cell_count--;
    }
    if (state->cell_count >= MC_MAX_CELLS) {
        state->fresh = false;
        return;
    }
    if (state->cell_count == state->cell_capacity) {
        state->cell_capacity = state->cell_capacity * 2 + 8;
        state->cells = mc_realloc(state->cells, state->cell_capacity, sizeof *state->cells);
    }
    i = find_cell(state, base, offset);
    memmove(&state->cells[i + 1], &state->cells[i], (state->cell_count - i) * sizeof *state->cells);
    state->cells[i] = (struct mc_memory_cell){.base = base, .size = size, .offset = offset, .value = value};
    state->cell_count++;
}

/* A loop that makes ever new numbers, or walks a pointer: nothing to be learnt from the single values. */
static bool grows(const struct mc_values *values, mc_value old, mc_value joined)
{
    struct mc_value_data before, after;
    mc_value_get(values, old, &before);
    mc_value_get(values, joined, &after);
    if (before.kind != MC_VALUE_CASES || after.kind != MC_VALUE_CASES || after.count <= before.count)
        return false;
    for (uint32_t i = 0; i < after.count; i++)
        if (after.cases[i].base != MC_BASE_MODULE)
            return true;
    return false;
}

static mc_value join_value(struct mc_values *values, mc_value a, mc_facts fa, mc_value b, mc_facts fb, bool widen)
{
    if (a == b)
        return a;
    mc_value joined = mc_value_join(values, a, fa, b, fb);
    if (widen && joined != a && grows(values, a, joined))
        return mc_value_top(values, mc_value_provenance(values, joined));
    return joined;
}

static bool is_stack(const struct mc_values *values, uint32_t base)
{
    uint32_t kind = mc_symbol_get(values, base).kind;
    return kind == MC_SYM_STACK || kind == MC_SYM_ALIGNED;
}

/* Stack cells that only `from` wrote, where `into` has never-written bytes. */
static bool adopt_cells(struct mc_values *values, struct mc_state *into, const struct mc_state *from)
{
    bool changed = false;
    for (uint32_t k = 0; k < from->cell_count; k++) {
        const struct mc_memory_cell *cell = &from->cells[k];
        bool found;
        if (!is_stack(values, cell->base))
            continue;
        mc_state_load(values, into, cell->base, cell->offset, cell->size, &found);
        if (found)
            continue;
        mc_state_store(values, into, cell->base, cell->offset, cell->size, cell->value);
        if (cell->saved)
            mc_state_note_saved(into, cell->base, cell->offset);
        changed = true;
    }
    return changed;
}

/* The other side wrote fewer bytes there, so that nothing is known of them `all`: those stay. */
static bool narrow_cell(struct mc_values *values, struct mc_memory_cell *cell, const struct mc_memory_cell *other, mc_value all)
{
    struct mc_value_data data;
    mc_value_get(values, all, &data);
    if (data.kind != MC_VALUE_TOP || other->base != cell->base || other->offset != cell->offset || other->size >= cell->size)
        return false;
    cell->size = other->size;
    cell->value = mc_value_extract(values, cell->value, 0, cell->size * 8);
    return true;
}

/* Cells known on both sides stay; a cell that one side never wrote is unknown there. */
static bool join_cells(struct mc_values *values, struct mc_state *into, const struct mc_state *from, mc_facts only_into,
                       mc_facts only_from, bool widen)
{
    bool changed = false;
    uint32_t kept = 0, k = 0;
    for (uint32_t i = 0; i < into->cell_count; i++) {
        struct mc_memory_cell cell = into->cells[i];
        while (k < from->cell_count && (from->cells[k].base < cell.base ||
                                        (from->cells[k].base == cell.base && from->cells[k].offset < cell.offset)))
            k++;
        mc_value other;
        uint32_t saved = 0;
        if (k < from->cell_count && from->cells[k].base == cell.base && from->cells[k].offset == cell.offset &&
            from->cells[k].size == cell.size) {
            other = from->cells[k].value;
            saved = from->cells[k].saved;
        } else {
            bool found;
            other = mc_state_load(values, from, cell.base, cell.offset, cell.size, &found);
            if (!found && from->fresh && is_stack(values, cell.base)) {
                into->cells[kept++] = cell;
                continue;
            }
            if (!found) {
                changed = true;
                continue;
            }
            if (k < from->cell_count && narrow_cell(values, &cell, &from->cells[k], other)) {
                other = from->cells[k].value;
                changed = true;
            }
        }
        mc_value joined = join_value(values, cell.value, only_into, other, only_from, widen);
        changed |= joined != cell.value || cell.saved > saved;
        cell.value = joined;
        cell.saved &= saved;
        into->cells[kept++] = cell;
    }
    into->cell_count = kept;
    return changed;
}

/* What meets another value there. */
static mc_value register_of(struct mc_values *values, const struct mc_state *state, int number)
{
    mc_value value = state->registers[number];
    if (number < 16 && state->known.zero >> number & 1)
        return mc_value_constant(values, 0);
    if (number < 16 && state->known.zero_byte >> number & 1)
        return mc_value_insert(values, value, mc_value_constant(values, 0), 0, 8);
    return value;
}

/* True when less is known than before. */
static bool meet_known(struct mc_known *into, const struct mc_known *from)
{
    struct mc_known before = *into;
    into->nonzero &= from->nonzero;
    into->nonzero_half &= from->nonzero_half;
    into->not_ones &= from->not_ones;
    into->not_ones_half &= from->not_ones_half;
    into->zero &= from->zero;
    into->zero_byte &= from->zero_byte;
    into->zero_half &= from->zero_half;
    return memcmp(&before, into, sizeof before) != 0;
}

static bool holds_address(const struct mc_values *values, mc_value value)
{
    struct mc_value_data data;
    mc_value_get(values, value, &data);
    for (uint32_t i = 0; data.kind == MC_VALUE_CASES && i < data.count; i++)
        if (data.cases[i].base == MC_BASE_MODULE)
            return true;
    return data.kind == MC_VALUE_PAIR;
}

/* Registers whose addresses were compared, or chosen from, on every way on which they hold one. */
static uint32_t compared_on_both(const struct mc_values *values, const struct mc_state *into, const struct mc_state *from)
{
    uint32_t both = into->compared & from->compared, one = (into->compared ^ from->compared) & 0xffff;
    for (unsigned i = 0; one >> i; i++)
        if (one >> i & 1 && !holds_address(values, (into->compared >> i & 1 ? from : into)->registers[i]))
            both |= 1u << i;
    return both;
}

bool mc_state_join(struct mc_values *values, struct mc_state *into, const struct mc_state *from, mc_facts more,
                   const struct mc_join *how)
{
    bool widen = how && how->widen;
    struct mc_facts_table *t = mc_values_facts(values);
    mc_facts facts = mc_facts_or(t, from->facts, more);
    if (!from->reached || facts == MC_FACTS_ALL)
        return false;
    if (!into->reached) {
        mc_state_copy(into, from);
        into->facts = facts;
        return true;
    }
    mc_facts common = mc_facts_and(t, into->facts, facts);
    mc_facts only_into = mc_facts_minus(t, into->facts, common), only_from = mc_facts_minus(t, facts, common);
    if (mc_facts_have_override(t, into->facts)) /* it goes with each value */
        only_into = mc_facts_or(t, only_into, mc_facts_override(t));
    if (mc_facts_have_override(t, facts))
        only_from = mc_facts_or(t, only_from, mc_facts_override(t));
    mc_facts met = mc_facts_meet_states(t, into->facts, facts);
    bool changed = met != into->facts;
    into->facts = met;
    uint32_t compared = into->compared | from->compared; /* and so hardly handed on from there */
    uint32_t both = compared_on_both(values, into, from);
    for (int i = 0; i < MC_REGISTERS; i++) {
        size_t mark = mc_values_lost_mark(values);
        mc_value joined = into->registers[i];
        if (from->registers[i] != joined)
            joined = join_value(values, register_of(values, into, i), only_into, register_of(values, from, i), only_from, widen);
        changed |= joined != into->registers[i];
        into->registers[i] = joined;
        if (how && i < 16 && mc_values_lost_mark(values) > mark &&
            ((compared >> i & 1) || !(mc_registers_read_from(how->prover, how->address) >> i & 1)))
            mc_values_lost_reset(values, mark);
    }
    if (into->flags.kind != MC_FLAGS_UNKNOWN && memcmp(&into->flags, &from->flags, sizeof into->flags)) {
        memset(&into->flags, 0, sizeof into->flags);
        changed = true;
    }
    changed |= join_cells(values, into, from, only_into, only_from, widen);
    if (into->fresh)
        changed |= adopt_cells(values, into, from);
    changed |= both != into->compared;
    into->compared = both;
    changed |= meet_known(&into->known, &from->known);
    changed |= into->fresh && !from->fresh;
    into->fresh &= from->fresh;
    return changed;
}

bool mc_state_replace(struct mc_values *values, struct mc_state *into, const struct mc_state *from, mc_facts more)
{
    mc_facts facts = mc_facts_or(mc_values_facts(values), from->facts, more);
    if (!from->reached || facts == MC_FACTS_ALL)
        return false;
    bool same = into->reached && into->facts == facts && into->fresh == from->fresh && into->compared == from->compared &&
                !memcmp(&into->known, &from->known, sizeof into->known) && into->cell_count == from->cell_count &&
                !memcmp(into->registers, from->registers, sizeof into->registers) &&
                !memcmp(&into->flags, &from->flags, sizeof into->flags) &&
                (!from->cell_count || !memcmp(into->cells, from->cells, from->cell_count * sizeof *from->cells));
    if (same)
        return false;
    mc_state_copy(into, from);
    into->facts = facts;
    return true;
}
