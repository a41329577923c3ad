/* SPDX-License-Identifier: Apache-2.0 */
/* What a function leaves behind a pointer to its caller's stack: a structure that it fills or returns. After the call those
 * bytes are symbols (MC_SYM_OUTPUT), in words of 8 and a smaller last one, and a question about one of them goes to the stores of the callee. Only for
 * functions that are known to leave something of the CPU there (relevance_pass.c). */
#include "scanner/proof/relevance.h"

#define LARGEST 256 /* bytes of a structure */
#define WORD 8

struct output {
    uint64_t callee;
    unsigned slot;     /* of a call event's arguments */
    int64_t low, high; /* bytes [low, high) from where the argument points; low is that of a word */
    unsigned change;   /* the number of the change that made it what it is */
};

struct mc_outputs {
    unsigned changes;
    MC_VECTOR(struct output) items;
};

void mc_outputs_free(struct mc_prover *prover)
{
    if (prover->outputs)
        mc_vector_free(&prover->outputs->items);
}

static struct output *find_output(struct mc_prover *prover, uint64_t callee, unsigned slot)
{
    for (size_t i = 0; prover->outputs && i < prover->outputs->items.count; i++)
        if (prover->outputs->items.items[i].callee == callee && prover->outputs->items.items[i].slot == slot)
            return &prover->outputs->items.items[i];
    return NULL;
}

bool mc_mark_output(struct mc_prover *prover, uint64_t callee, unsigned slot, int64_t low, int64_t high)
{
    if (low < 0 || high > LARGEST || slot >= MC_CALL_ARGUMENTS)
        return false;
    if (!prover->outputs)
        prover->outputs = MC_NEW(&prover->arena, struct mc_outputs);
    struct output fresh = {callee, slot, low / WORD * WORD, high, 0};
    struct output *known = find_output(prover, callee, slot);
    if (known && known->low <= fresh.low && known->high >= fresh.high)
        return false;
    fresh.change = ++prover->outputs->changes;
    if (known) {
        known->change = fresh.change;
        known->low = fresh.low < known->low ? fresh.low : known->low;
        known->high = fresh.high > known->high ? fresh.high : known->high;
    } else {
        mc_push(&prover->outputs->items, fresh);
    }
    return true;
}

unsigned mc_outputs_known(const struct mc_prover *prover)
{
    return prover->outputs ? prover->outputs->changes : 0;
}

bool mc_outputs_changed(struct mc_prover *prover, const struct mc_evaluation *evaluation)
{
    if (evaluation->outputs_known == mc_outputs_known(prover))
        return false;
    for (size_t i = 0; i < prover->outputs->items.count; i++) {
        const struct output *output = &prover->outputs->items.items[i];
        for (size_t k = 0; output->change > evaluation->outputs_known && k < evaluation->event_count; k++)
            if (evaluation->events[k].kind == MC_EVENT_CALL && mc_final_target(prover, evaluation->events[k].target) == output->callee)
                return true;
    }
    return false;
}

bool mc_output_range(struct mc_prover *prover, uint64_t callee, unsigned slot, int64_t *ret_low, int64_t *ret_high)
{
    const struct output *known = find_output(prover, callee, slot);
    if (!known)
        return false;
    *ret_low = known->low;
    *ret_high = known->high;
    return true;
}

/* A register, or a word on the stack, as the callee finds it. */
static mc_value argument_at(struct mc_machine *m, unsigned slot)
{
    uint32_t base;
    int64_t offset, size = m->prover->pointer_size;
    bool found;
    if (slot < 16)
        return m->state->registers[slot];
    if (!mc_value_single(m->values, m->state->registers[MC_RSP], &base, &offset))
        return MC_TOP;
    mc_value value = mc_state_load(m->values, m->state, base, offset + (slot - 16) * size, (unsigned)size, &found);
    return found ? value : MC_TOP;
}

/* As in the key of an MC_SYM_ARGUMENT. */
static int64_t argument_number(const struct mc_prover *prover, unsigned slot)
{
    return slot < 16 ? (int64_t)slot : 16 + (int64_t)prover->pointer_size * (1 + (int64_t)slot - 16);
}

/* The callee puts the pointer itself somewhere, as far as it was looked at. */
static bool keeps_pointer(const struct mc_prover *prover, uint64_t callee, unsigned slot)
{
    const struct mc_evaluation *evaluation;
    HASH_FIND(hh, prover->evaluations, &callee, sizeof callee, evaluation);
    if (!evaluation)
        return true;
    for (size_t i = 0; i < evaluation->event_count; i++) {
        const struct mc_event *event = &evaluation->events[i];
        uint32_t base;
        int64_t offset;
        if ((event->kind != MC_EVENT_STORE && event->kind != MC_EVENT_STORE_ANY) ||
            !mc_value_single(prover->values, event->value, &base, &offset))
            continue;
        struct mc_symbol_key key = mc_symbol_get(prover->values, base);
        if (key.kind == MC_SYM_ARGUMENT && key.b == argument_number(prover, slot))
            return true;
    }
    return false;
}

static bool is_on_stack(const struct mc_machine *m, mc_value value, uint32_t *ret_base, int64_t *ret_offset)
{
    if (!mc_value_single(m->values, value, ret_base, ret_offset))
        return false;
    uint32_t kind = mc_symbol_get(m->values, *ret_base).kind;
    return kind == MC_SYM_STACK || kind == MC_SYM_ALIGNED;
}

void mc_outputs_before(struct mc_machine *m, uint64_t final, struct mc_left_behind *ret)
{
    int slots = mc_property_at(&m->prover->relevance->pointers, final);
    ret->count = ret->let_go_count = 0;
    for (unsigned slot = 0; slot < MC_CALL_ARGUMENTS && slots; slot++) {
        uint32_t base;
        int64_t offset;
        if (slot == MC_RSP || !is_on_stack(m, argument_at(m, slot), &base, &offset))
            continue;
        if (!(slots >> slot & 1) || !find_output(m->prover, final, slot)) {
            if (ret->let_go_count < MC_LEFT_BEHIND && !keeps_pointer(m->prover, final, slot))
                ret->let_go[ret->let_go_count++] = (struct mc_stack_place){base, offset, true};
        } else if (ret->count < MC_LEFT_BEHIND) {
            ret->items[ret->count++] = (struct mc_left_behind_item){slot, base, offset};
        }
    }
}

/* What is there now is as the call left it, whatever is called later. */
static void take_back(struct mc_run *run, size_t escaped, const struct mc_left_behind_item *item)
{
    for (size_t i = escaped; i < run->escaped_stack.count;) {
        struct mc_stack_place *place = &run->escaped_stack.items[i];
        if (place->base == item->base && place->offset == item->offset)
            *place = run->escaped_stack.items[--run->escaped_stack.count];
        else
            i++;
    }
}

/* A local variable may be as small as that, with another one behind it. */
static int64_t piece_size(int64_t left)
{
    int64_t size = WORD;
    while (size > left)
        size /= 2;
    return size;
}

void mc_outputs_after(struct mc_machine *m, uint64_t final, size_t escaped, const struct mc_left_behind *left)
{
    for (unsigned i = 0; i < left->count; i++) {
        const struct mc_left_behind_item *item = &left->items[i];
        int64_t low, high;
        if (!mc_output_range(m->prover, final, item->slot, &low, &high))
            continue;
        if (!keeps_pointer(m->prover, final, item->slot))
            take_back(m->run, escaped, item);
        for (int64_t at = low, size; at < high; at += size) {
            size = piece_size(high - at);
            struct mc_symbol_key key = {.kind = MC_SYM_OUTPUT, .width = (uint8_t)(size * 8), .a = final, .b = (int64_t)item->slot << 32 | at};
            mc_value word = mc_value_symbol(m->values, mc_symbol_id(m->values, key), 0);
            mc_state_store(m->values, m->state, item->base, item->offset + at, (unsigned)size, word);
        }
    }
    for (unsigned i = 0; left->count && i < left->let_go_count; i++)
        for (size_t k = escaped; k < m->run->escaped_stack.count; k++)
            m->run->escaped_stack.items[k].let_go |= m->run->escaped_stack.items[k].base == left->let_go[i].base &&
                                                     m->run->escaped_stack.items[k].offset == left->let_go[i].offset;
}

void mc_output_writers(struct mc_prover *prover, const struct mc_symbol_key *key, struct mc_cell_values *ret)
{
    mc_stores_through(prover, key, argument_number(prover, (unsigned)(key->b >> 32)), key->b & INT32_MAX, ret);
}
