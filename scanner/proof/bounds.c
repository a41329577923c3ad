/* SPDX-License-Identifier: Apache-2.0 */
/* What a number cannot be, for reasons that lie elsewhere: one that a function returns, and one that was found to be no more than a
 * limit, where the limit itself tells something of the CPU:
 *
 *     limit = avx2 ? 63 : 31;                  and elsewhere        if (n <= limit) search(n);
 *
 * In what is called so, `n >= 32` says that the limit is not 31. Go's strings.Index does it. */
#include "scanner/proof/machine.h"

/* The whole value of a symbol of this kind. */
static bool is_symbol(const struct mc_prover *prover, mc_value value, enum mc_symbol_kind kind, unsigned width, uint32_t *ret)
{
    int64_t offset;
    if (!mc_value_single(prover->values, value, ret, &offset) || offset || !*ret)
        return false;
    struct mc_symbol_key key = mc_symbol_get(prover->values, *ret);
    return key.kind == (uint32_t)kind && key.width == width;
}

/* Where `a CONDITION b` holds, a is less, or no more than b. Of Jcc's eight pairs: b, be, l, le (Intel SDM vol. 1, table B-1). */
static bool is_less(unsigned condition)
{
    return condition == 0x2 || condition == 0x6 || condition == 0xC || condition == 0xE;
}

void mc_bound_facts(struct mc_machine *m, unsigned condition, mc_facts *ret_true, mc_facts *ret_false)
{
    const struct mc_flags *flags = &m->state->flags;
    uint32_t number, limit;
    if (flags->kind != MC_FLAGS_COMPARE || (!is_less(condition) && !is_less(condition ^ 1)))
        return;
    bool number_first = is_symbol(m->prover, flags->a, MC_SYM_ARGUMENT, flags->width, &number);
    if (!number_first && !is_symbol(m->prover, flags->b, MC_SYM_ARGUMENT, flags->width, &number))
        return;
    if (!is_symbol(m->prover, number_first ? flags->b : flags->a, MC_SYM_CELL, flags->width, &limit) ||
        !mc_symbol_may_matter(m->prover, limit))
        return;
    struct mc_atom bound = {.kind = MC_ATOM_BOUND, .a = number, .b = condition >= 0xC, .c = limit};
    mc_facts *within = is_less(condition) == number_first ? ret_true : ret_false;
    *within = mc_facts_or(m->prover->facts, *within, mc_facts_one(m->prover->facts, bound, flags->site));
}

/* The limits of this value, from *at on. */
static const struct mc_fact *next_limit(const struct mc_prover *prover, mc_value value, mc_facts facts, uint32_t *at,
                                        struct mc_atom *ret)
{
    struct mc_fact_set set = mc_facts_get(prover->facts, facts);
    uint32_t base;
    int64_t offset;
    for (; *at < set.count; ++*at) {
        *ret = mc_atom_get(prover->facts, set.items[*at].atom);
        if (ret->kind == MC_ATOM_BOUND && mc_value_single(prover->values, value, &base, &offset) && base == ret->a && !offset)
            return &set.items[(*at)++];
    }
    return NULL;
}

bool mc_is_bound(const struct mc_prover *prover, mc_value value, mc_facts facts)
{
    struct mc_atom bound;
    uint32_t at = 0;
    return next_limit(prover, value, facts, &at, &bound);
}

mc_facts mc_facts_of_bounds(struct mc_prover *prover, mc_value value, enum mc_relation relation, uint64_t constant, mc_facts facts)
{
    struct mc_atom bound;
    const struct mc_fact *fact;
    mc_facts result = MC_FACTS_NONE;
    if (relation != MC_NOT_BELOW && relation != MC_NOT_LESS && relation != MC_EQ)
        return result;
    for (uint32_t at = 0; (fact = next_limit(prover, value, facts, &at, &bound));) {
        bool is_signed = bound.b, same = relation == MC_EQ || is_signed == (relation == MC_NOT_LESS);
        mc_value limit = mc_value_symbol(prover->values, (uint32_t)bound.c, 0);
        unsigned width = mc_symbol_get(prover->values, (uint32_t)bound.c).width;
        mc_facts tested = mc_value_test(prover->values, limit, is_signed ? MC_NOT_LESS : MC_NOT_BELOW, constant, width);
        tested = mc_facts_at_site(prover->facts, tested, fact->site);
        /* compared both ways, by programs to which a length has no sign */
        result = mc_facts_or(prover->facts, result, same ? tested : mc_facts_inferred(prover->facts, tested));
    }
    return result;
}

#define MAX_DEPTH 3 /* functions that return what another one returned */

static bool never_returns_such(struct mc_prover *prover, const struct mc_symbol_key *key, const struct mc_limit *limit, unsigned depth);

static bool is_excluded(struct mc_prover *prover, mc_value value, const struct mc_limit *limit, unsigned depth)
{
    struct mc_value_data data;
    if (mc_value_test(prover->values, value, limit->relation, limit->constant, limit->width) == MC_FACTS_ALL)
        return true;
    mc_value_get(prover->values, value, &data);
    bool excluded = data.kind == MC_VALUE_CASES && data.other == MC_FACTS_ALL && depth < MAX_DEPTH;
    for (uint32_t i = 0; excluded && i < data.count; i++) {
        if (!data.cases[i].base) {
            mc_value one = mc_value_constant(prover->values, (uint64_t)data.cases[i].offset);
            excluded = mc_value_test(prover->values, one, limit->relation, limit->constant, limit->width) == MC_FACTS_ALL;
            continue;
        }
        struct mc_symbol_key key = mc_symbol_get(prover->values, data.cases[i].base);
        excluded = key.kind == MC_SYM_RETURN && !data.cases[i].offset && !mc_return_is_relevant(prover, key.a) &&
                   never_returns_such(prover, &key, limit, depth + 1);
    }
    return excluded;
}

static bool never_returns_such(struct mc_prover *prover, const struct mc_symbol_key *key, const struct mc_limit *limit, unsigned depth)
{
    bool returns = false;
    const struct mc_evaluation *evaluation = mc_import_name(prover, key->a) ? NULL : mc_evaluate(prover, key->a);
    if (!evaluation || !evaluation->complete)
        return false;
    for (size_t i = 0; i < evaluation->event_count; i++) {
        const struct mc_event *event = &evaluation->events[i];
        if (event->kind == MC_EVENT_REFERENCE && event->escape == MC_ESCAPE_JUMP)
            return false;
        if (event->kind != MC_EVENT_RETURN)
            continue;
        returns = true;
        if (!is_excluded(prover, key->b ? event->second : event->value, limit, depth))
            return false;
    }
    return returns;
}

bool mc_is_never(struct mc_prover *prover, mc_value value, const struct mc_limit *limit)
{
    return is_excluded(prover, value, limit, 0);
}
