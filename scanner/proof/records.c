/* SPDX-License-Identifier: Apache-2.0 */
/* Records that say of themselves whether they may be used: { name, function, usable }. The function's address is handed out whether
 * or not; whoever takes it is taken to look at the flag beside it (design.md 5.4, d). glibc's __libc_ifunc_impl_list fills such. */
#include "scanner/proof/machine.h"

#include <stdlib.h>

#define REACH 24      /* bytes between the address and its flag */
#define CODE_REACH 64 /* bytes between the instructions that store them: other records may lie in the same place */

struct window { /* the stores of an evaluation that stand near one of them; they are sorted by site */
    const struct mc_event *first, *end;
};

static uint64_t distance_of(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

static struct window window_of(const struct mc_evaluation *evaluation, const struct mc_event *store)
{
    struct window window = {store, store + 1};
    const struct mc_event *begin = evaluation->events, *end = begin + evaluation->event_count;
    while (window.first > begin && window.first[-1].kind == MC_EVENT_STORE && store->site - window.first[-1].site <= CODE_REACH)
        window.first--;
    while (window.end < end && window.end->kind == MC_EVENT_STORE && window.end->site - store->site <= CODE_REACH)
        window.end++;
    return window;
}

static bool stores_code(struct mc_prover *prover, const struct mc_event *event, uint64_t *ret_address)
{
    uint32_t base;
    int64_t offset;
    return event->kind == MC_EVENT_STORE && event->size == prover->pointer_size &&
           mc_value_single(prover->values, event->value, &base, &offset) && mc_module_address(prover, base, offset, ret_address) &&
           mc_image_is_code(prover->image, *ret_address);
}

static bool is_flag(struct mc_prover *prover, const struct mc_event *event)
{
    return event->kind == MC_EVENT_STORE && event->size <= 4 && mc_value_tells(prover, event->value);
}

/* Some record of this evaluation has a flag that tells, so far behind the address of its function. */
static bool is_flag_place(struct mc_prover *prover, const struct mc_evaluation *evaluation, int64_t distance)
{
    for (size_t i = 0; i < evaluation->event_count; i++) {
        const struct mc_event *flag = &evaluation->events[i];
        if (!is_flag(prover, flag))
            continue;
        struct window window = window_of(evaluation, flag);
        uint64_t unused;
        for (const struct mc_event *event = window.first; event < window.end; event++)
            if (event->base == flag->base && event->offset + distance == flag->offset && stores_code(prover, event, &unused))
                return true;
    }
    return false;
}

/* What follows from the nearest flag beside the stored address; NONE when there is none. */
static mc_facts facts_of_flag(struct mc_prover *prover, const struct mc_evaluation *evaluation, const struct mc_event *stored)
{
    int64_t nearest = REACH + 1;
    mc_facts found = MC_FACTS_NONE;
    struct window window = window_of(evaluation, stored);
    for (const struct mc_event *event = window.first; event < window.end; event++) {
        int64_t distance = event->offset - stored->offset;
        uint64_t number;
        if (event->base != stored->base || event->size > 4 || !distance || llabs(distance) > nearest)
            continue;
        bool never = mc_value_is_constant(prover->values, event->value, &number) && !number;
        if (!is_flag(prover, event) && !(never && is_flag_place(prover, evaluation, distance)))
            continue;
        mc_facts facts = mc_value_test(prover->values, event->value, MC_NE, 0, event->size * 8u);
        found = llabs(distance) == nearest ? mc_facts_either(prover->facts, found, facts) : facts;
        nearest = llabs(distance);
    }
    return found;
}

mc_facts mc_facts_of_record(struct mc_prover *prover, const struct mc_evaluation *evaluation, uint64_t target, uint64_t site)
{
    mc_facts all = MC_FACTS_ALL;
    bool any = false;
    uint64_t address;
    for (size_t i = 0; i < evaluation->event_count && all != MC_FACTS_NONE; i++)
        if (stores_code(prover, &evaluation->events[i], &address) && address == target &&
            distance_of(evaluation->events[i].site, site) <= CODE_REACH) {
            all = mc_facts_either(prover->facts, all, facts_of_flag(prover, evaluation, &evaluation->events[i]));
            any = true;
        }
    return any ? mc_facts_inferred(prover->facts, all) : MC_FACTS_NONE;
}
