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

void mc_note_asked_symbol(struct mc_prover *prover, uint32_t symbol)
{
    while (prover->asked.last.count <= symbol)
        mc_push(&prover->asked.last, 0);
    if (prover->asked.last.items[symbol] == prover->asked.number)
        return;
    prover->asked.last.items[symbol] = prover->asked.number;
    mc_push(&prover->asked.symbols, symbol);
}

void mc_note_asked_gate(struct mc_prover *prover, uint64_t entry)
{
    for (size_t i = 0; i < prover->asked.gates.count; i++)
        if (prover->asked.gates.items[i] == entry)
            return;
    mc_push(&prover->asked.gates, entry);
}

static bool answers_changed(struct mc_prover *prover, const struct mc_evaluation *evaluation)
{
    for (size_t i = 0; i < evaluation->symbol_count; i++)
        if (mc_symbol_may_matter(prover, evaluation->symbols[i]))
            return true;
    for (size_t i = 0; i < evaluation->gate_count; i++)
        if (mc_is_gate(prover, evaluation->gates[i]))
            return true;
    return mc_outputs_changed(prover, evaluation);
}

static size_t bytes_of(const struct mc_evaluation *evaluation)
{
    return evaluation->event_count * sizeof *evaluation->events + evaluation->argument_count * sizeof *evaluation->arguments +
           evaluation->symbol_count * sizeof *evaluation->symbols + evaluation->gate_count * sizeof *evaluation->gates;
}

static void free_lists(struct mc_evaluation *evaluation)
{
    free(evaluation->events);
    free(evaluation->arguments);
    free(evaluation->symbols);
    free(evaluation->gates);
}

static bool find_pieces(const struct mc_evaluation *evaluation, uint64_t pieces[4])
{
    size_t end = mc_first_of_kind(evaluation, MC_EVENT_STORE_ANY), first = mc_first_of_kind(evaluation, MC_EVENT_STORE);
    for (size_t i = first; i < end; i++) {
        const struct mc_event *event = &evaluation->events[i];
        uint64_t count = (((uint64_t)event->offset & 3) + event->size + 3) / 4;
        for (uint64_t k = 0, piece = (uint64_t)event->offset >> 2; k < count; k++, piece++)
            pieces[piece >> 6 & 3] |= UINT64_C(1) << (piece & 63);
    }
    return first < end;
}

/* As the youngest. */
static void keep_stores(struct mc_prover *prover, struct mc_evaluation *evaluation)
{
    struct mc_storing storing = {.evaluation = evaluation, .inside = UINT32_MAX};
    evaluation->storing = SIZE_MAX;
    if (!find_pieces(evaluation, storing.pieces))
        return;
    evaluation->storing = prover->storing.count;
    mc_push(&prover->storing, storing);
}

static void forget_stores(struct mc_prover *prover, struct mc_evaluation *evaluation)
{
    if (evaluation->storing == SIZE_MAX)
        return;
    prover->storing.items[evaluation->storing].evaluation = NULL;
    if (++prover->storing_forgotten < prover->storing.count / 2)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < prover->storing.count; i++) {
        if (!prover->storing.items[i].evaluation)
            continue;
        struct mc_evaluation *other = prover->storing.items[i].evaluation;
        other->storing = kept;
        prover->storing.items[kept++] = prover->storing.items[i];
    }
    prover->storing.count = kept;
    prover->storing_forgotten = 0;
}

void mc_renew_evaluation(struct mc_prover *prover, uint64_t entry)
{
    struct mc_evaluation *found;
    HASH_FIND(hh, prover->evaluations, &entry, sizeof entry, found);
    if (!found)
        return;
    HASH_DELETE(hh, prover->evaluations, found);
    forget_stores(prover, found);
    if (!mc_exhausted(prover) && !answers_changed(prover, found)) {
        found->needed = false;
        HASH_ADD(hh, prover->evaluations, entry, sizeof entry, found); /* the youngest now */
        keep_stores(prover, found);
        prover->steps += found->steps;
        return;
    }
    prover->evaluated++;
    prover->evaluation_bytes -= bytes_of(found);
    free_lists(found);
    found->event_count = found->argument_count = found->symbol_count = found->gate_count = 0;
}

void mc_evaluations_free(struct mc_prover *prover)
{
    for (struct mc_evaluation *e = prover->evaluations; e; e = e->hh.next)
        free_lists(e);
    HASH_CLEAR(hh, prover->evaluations);
    mc_vector_free(&prover->storing);
    mc_vector_free(&prover->asked.symbols);
    mc_vector_free(&prover->asked.gates);
    mc_vector_free(&prover->asked.last);
    free(prover->decoded);
}

static void keep_asked(struct mc_prover *prover, struct mc_evaluation *evaluation)
{
    evaluation->symbol_count = prover->asked.symbols.count;
    evaluation->symbols = mc_realloc(NULL, evaluation->symbol_count, sizeof *evaluation->symbols);
    if (evaluation->symbol_count)
        memcpy(evaluation->symbols, prover->asked.symbols.items, evaluation->symbol_count * sizeof *evaluation->symbols);
    evaluation->gate_count = prover->asked.gates.count;
    evaluation->gates = mc_realloc(NULL, evaluation->gate_count, sizeof *evaluation->gates);
    if (evaluation->gate_count)
        memcpy(evaluation->gates, prover->asked.gates.items, evaluation->gate_count * sizeof *evaluation->gates);
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
    unsigned outputs_known = mc_outputs_known(prover);
    uint64_t steps = prover->steps;
    prover->asked.number++;
    prover->asked.symbols.count = prover->asked.gates.count = 0;
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
    found->outputs_known = outputs_known;
    found->event_count = run.events.count;
    found->events = mc_realloc(run.events.items, run.events.count, sizeof *run.events.items);
    if (found->event_count)
        qsort(found->events, found->event_count, sizeof *found->events, compare_events);
    found->argument_count = run.arguments.count;
    found->arguments = mc_realloc(run.arguments.items, run.arguments.count, sizeof(mc_value));
    keep_stores(prover, found);
    keep_asked(prover, found);
    prover->evaluation_bytes += bytes_of(found);
    found->steps = prover->steps - steps;
    found->complete = run.complete;
    found->gap = run.gap;
    found->gap_kind = run.gap_kind;
    mc_vector_free(&run.escaped_stack);
    HASH_ADD(hh, prover->evaluations, entry, sizeof entry, found);
    prover->evaluated++;
    return found;
}
