/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/proof/judge.h"

static const struct mc_event *point_in(const struct mc_evaluation *evaluation, uint64_t use, size_t *ret_left)
{
    size_t low = 0, high = evaluation->event_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct mc_event *event = &evaluation->events[middle];
        if (event->kind < MC_EVENT_POINT || (event->kind == MC_EVENT_POINT && event->target < use))
            low = middle + 1;
        else
            high = middle;
    }
    *ret_left = 0;
    while (low + *ret_left < evaluation->event_count && evaluation->events[low + *ret_left].kind == MC_EVENT_POINT &&
           evaluation->events[low + *ret_left].target == use)
        ++*ret_left;
    return *ret_left ? &evaluation->events[low] : NULL;
}

static void add(struct mc_arrivals *arrivals, size_t *capacity, uint64_t node, mc_facts facts)
{
    if (arrivals->count == *capacity) {
        *capacity = *capacity * 2 + 4;
        arrivals->items = mc_realloc(arrivals->items, *capacity, sizeof *arrivals->items);
    }
    arrivals->items[arrivals->count++] = (struct mc_arrival){node, facts};
}

static mc_facts at_entry(struct mc_prover *prover, uint64_t node)
{
    struct mc_atom atom = {.kind = MC_ATOM_ENTRY, .c = node};
    return mc_facts_one(prover->facts, atom, 0);
}

void mc_arrivals_of(struct mc_prover *prover, const struct mc_use *use, struct mc_arrivals *ret)
{
    struct mc_text_range body = mc_function_extent(prover, use->address);
    struct mc_nodes nodes = mc_nodes_of(prover, body);
    size_t capacity = 0;
    bool learns = mc_body_learns(prover, body.start);
    struct mc_arrivals found = {.body = body.start, .complete = true};
    bool many = !learns && nodes.count > MC_MAX_NODES;
    if (many)
        add(&found, &capacity, body.start, MC_FACTS_NONE);
    for (size_t i = 0; !many && i < nodes.count; i++) {
        if (!learns) {
            if (mc_flow_reaches(prover, nodes.items[i], use->address))
                add(&found, &capacity, nodes.items[i], at_entry(prover, nodes.items[i]));
            continue;
        }
        struct mc_evaluation *evaluation = mc_evaluate(prover, nodes.items[i]);
        if (!evaluation)
            continue;
        found.complete &= evaluation->complete;
        evaluation->needed = true;
        size_t left;
        for (const struct mc_event *event = point_in(evaluation, use->address, &left); left; left--, event++)
            add(&found, &capacity, nodes.items[i], event->facts);
    }
    if (!found.count &&
        !found.complete) { /* an unknown jump of this body may lead here, with what holds at its entry */
        found.guessed = true;
        add(&found, &capacity, body.start, at_entry(prover, body.start));
    }
    *ret = found;
    ret->items = MC_NEW_ARRAY(&prover->arena, found.count, struct mc_arrival);
    if (found.count)
        memcpy(ret->items, found.items, found.count * sizeof *found.items);
    free(found.items);
}
