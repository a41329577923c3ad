/* SPDX-License-Identifier: Apache-2.0 */
/* One evaluation: where it starts from, what is kept of it. Memoised by entry. */
#include "scanner/proof/body.h"

#include <string.h>

static int compare_events(const void *a, const void *b)
{
    const struct mc_event *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

static void start_state(struct mc_prover *prover, uint64_t entry, struct mc_state *state)
{
    memset(state, 0, sizeof *state);
    state->reached = state->fresh = true;
    struct mc_atom atom = {.kind = MC_ATOM_ENTRY, .c = entry};
    state->facts = mc_facts_one(prover->facts, atom, 0);
    unsigned count = prover->pointer_size == 8 ? 16 : 8;
    for (unsigned i = 0; i < count; i++) {
        struct mc_symbol_key key = {.kind = MC_SYM_ARGUMENT, .width = prover->pointer_size * 8, .a = entry, .b = i};
        if (i == MC_RSP)
            key = (struct mc_symbol_key){.kind = MC_SYM_STACK, .width = prover->pointer_size * 8, .a = entry};
        state->registers[i] = mc_value_symbol(prover->values, mc_symbol_id(prover->values, key), 0);
    }
}

void mc_forget_evaluation(struct mc_prover *prover, uint64_t entry)
{
    struct mc_evaluation *found;
    HASH_FIND(hh, prover->evaluations, &entry, sizeof entry, found);
    if (!found)
        return;
    HASH_DELETE(hh, prover->evaluations, found);
    prover->evaluated++;
    prover->evaluation_bytes -= found->event_count * sizeof *found->events + found->argument_count * sizeof(mc_value);
    free(found->events);
    free(found->arguments);
    found->event_count = found->argument_count = 0;
}

void mc_evaluations_free(struct mc_prover *prover)
{
    for (struct mc_evaluation *e = prover->evaluations; e; e = e->hh.next) {
        free(e->events);
        free(e->arguments);
    }
    HASH_CLEAR(hh, prover->evaluations);
}

struct mc_evaluation *mc_evaluate(struct mc_prover *prover, uint64_t entry)
{
    struct mc_evaluation *found;
    HASH_FIND(hh, prover->evaluations, &entry, sizeof entry, found);
    if (found)
        return found;
    if (!mc_image_is_code(prover->image, entry))
        return NULL;
    struct mc_run run = {.prover = prover, .entry = entry, .recording = true, .complete = true};
    struct body body = {.run = &run, .range = mc_function_extent(prover, entry)};
    body.use_count = prover->uses->count;
    struct mc_state state;
    size_t lost;
    mc_values_take_lost(prover->values, &lost);
    start_state(prover, entry, &state);
    if (mc_exhausted(prover))
        mc_note_gap(&run, entry, "budget");
    else
        mc_run_body(&body, entry, &state);
    mc_state_clear(&body.out);
    const int64_t *addresses = mc_values_take_lost(prover->values, &lost);
    for (size_t i = 0; i < lost; i++)
        mc_record(&run, (struct mc_event){.kind = MC_EVENT_LOST, .target = (uint64_t)addresses[i]});
    found = MC_NEW(&prover->arena, struct mc_evaluation);
    found->entry = entry;
    found->event_count = run.events.count;
    found->events = mc_realloc(run.events.items, run.events.count, sizeof *run.events.items);
    if (found->event_count)
        qsort(found->events, found->event_count, sizeof *found->events, compare_events);
    found->argument_count = run.arguments.count;
    found->arguments = mc_realloc(run.arguments.items, run.arguments.count, sizeof(mc_value));
    prover->evaluation_bytes += found->event_count * sizeof *found->events + found->argument_count * sizeof(mc_value);
    found->complete = run.complete;
    found->gap = run.gap;
    found->gap_kind = run.gap_kind;
    mc_vector_free(&run.escaped_stack);
    HASH_ADD(hh, prover->evaluations, entry, sizeof entry, found);
    prover->evaluated++;
    return found;
}
