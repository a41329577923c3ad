/* SPDX-License-Identifier: Apache-2.0 */
/* What a function's returns tell its callers of the CPU, by value or by happening at all. */
#include "scanner/proof/machine.h"

/* The function returns, and always under a test. */
bool mc_returns_under_test(const struct mc_prover *prover, const struct mc_evaluation *evaluation)
{
    bool returns = false;
    for (size_t i = 0; i < evaluation->event_count; i++) {
        const struct mc_event *event = &evaluation->events[i];
        if (event->kind != MC_EVENT_RETURN)
            continue;
        if (!mc_facts_tell(prover, event->facts))
            return false;
        returns = true;
    }
    return returns;
}

/* RDX as the function, or a callee, found it: hardly a second result. */
static bool is_leftover(const struct mc_prover *prover, mc_value value)
{
    uint32_t base;
    int64_t offset;
    return mc_value_single(prover->values, value, &base, &offset) && mc_symbol_get(prover->values, base).b == MC_RDX;
}

/* Some answer to a test of the result implies a test: the returns that may give the answer all stand under one. */
bool mc_result_tells(struct mc_prover *prover, const struct mc_evaluation *evaluation)
{
    uint32_t ignored = mc_results_mostly_ignored(prover, evaluation->entry);
    bool second = !(ignored >> MC_RDX & 1) && mc_second_result(prover, evaluation->entry) == MC_RDX; /* Go's hands pointers on */
    if (ignored >> MC_RAX & 1)
        return false;
    for (size_t i = 0; i < evaluation->event_count; i++) {
        const struct mc_event *one = &evaluation->events[i];
        uint64_t number, other;
        if (one->kind != MC_EVENT_RETURN)
            continue;
        if (mc_value_tells(prover, one->value) || (second && !is_leftover(prover, one->second) && mc_value_tells(prover, one->second)))
            return true;
        if (!mc_value_is_constant(prover->values, one->value, &number))
            continue;
        bool equal_tells = true, other_tells = true, any_under = false;
        for (size_t k = 0; k < evaluation->event_count; k++) {
            const struct mc_event *event = &evaluation->events[k];
            if (event->kind != MC_EVENT_RETURN)
                continue;
            bool constant = mc_value_is_constant(prover->values, event->value, &other), under = mc_facts_tell(prover, event->facts);
            any_under |= under;
            equal_tells &= under || (constant && other != number);
            other_tells &= under || (constant && other == number);
        }
        if (any_under && (equal_tells || other_tells))
            return true;
    }
    return false;
}
