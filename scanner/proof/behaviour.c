/* SPDX-License-Identifier: Apache-2.0 */
/* Detection by behaviour: a CPU without LZCNT runs its bytes as BSR, which answers (width - 1) minus the count. A
 * program that counts the zeros of a number it knows, and chooses its code by the answer, asks the hardware and not
 * CPUID. */
#include "scanner/proof/alias.h"

#define MAX_NUMBERS 4

static uint64_t lzcnt_of(uint64_t number, unsigned width)
{
    return number ? (unsigned)__builtin_clzll(number) - (64 - width) : width;
}

static mc_facts tried(struct mc_prover *prover, uint64_t site)
{
    struct mc_atom atom = {.kind = MC_ATOM_HANDLER, .a = MC_TRIED_RESULT, .c = site};
    prover->tried = true;
    return mc_facts_one(prover->facts, atom, site);
}

/* The symbol that the value is, apart from bits above its width; 0 when it is none. */
static uint32_t symbol_in(struct mc_prover *prover, mc_value value)
{
    struct mc_value_data data;
    mc_value_get(prover->values, value, &data);
    bool plain = data.kind == MC_VALUE_CASES && data.count == 1 && data.other == MC_FACTS_ALL && !data.cases[0].offset;
    bool low =
        data.kind == MC_VALUE_MASKED && !data.constant && !(data.known & (data.known + 1)) && data.known >= UINT16_MAX;
    return plain || low ? data.cases[0].base : 0;
}

mc_value mc_alias_count(struct mc_machine *m, mc_value source, unsigned width)
{
    uint64_t number;
    struct mc_values *v = m->values;
    mc_value low = mc_value_zero_extend(v, source, width);
    uint32_t symbol = symbol_in(m->prover, source);
    if (mc_value_is_constant(v, low, &number)) {
        uint64_t zeros = lzcnt_of(number, width);
        struct mc_case cases[2] = {{.offset = (int64_t)zeros, .facts = tried(m->prover, m->address)},
                                   {.offset = (int64_t)(width - 1 - zeros)}};
        return mc_value_cases(v, cases, number ? 2 : 1, number ? MC_FACTS_ALL : MC_FACTS_NONE, 64);
    }
    if (!symbol || mc_symbol_get(v, symbol).kind != MC_SYM_ARGUMENT)
        return mc_value_top(v, mc_value_provenance(v, source));
    struct mc_symbol_key key = {.kind = MC_SYM_LZCNT, .width = width, .a = m->address, .b = source};
    return mc_value_symbol(v, mc_symbol_id(v, key), 0);
}

mc_value mc_alias_zero_flag(struct mc_machine *m, mc_value source, unsigned width)
{
    uint64_t number;
    if (!mc_value_is_constant(m->values, mc_value_zero_extend(m->values, source, width), &number))
        return MC_TOP;
    bool highest = m->insn->opcode == 0xBD;
    bool now = number >> (highest ? width - 1 : 0) & 1, before = number == 0; /* LZCNT, TZCNT; BSR, BSF */
    mc_facts fact = tried(m->prover, m->address);
    if (now == before)
        return mc_value_constant(m->values, now);
    return mc_value_boolean(m->values, now ? fact : MC_FACTS_NONE, now ? MC_FACTS_NONE : fact);
}

/* The numbers that callers pass as this argument; 0 of them when some are not known, or too many. */
static size_t numbers_passed(struct mc_prover *prover, const struct mc_symbol_key *argument,
                             uint64_t ret_numbers[MAX_NUMBERS])
{
    struct mc_incoming_list list = mc_incoming_of(prover, argument->a);
    unsigned slot =
        argument->b < 16 ? (unsigned)argument->b : 16 + (unsigned)((argument->b - 16) / prover->pointer_size) - 1;
    size_t count = 0;
    if (mc_is_root(prover, argument->a, true, NULL) || slot >= MC_CALL_ARGUMENTS)
        return 0;
    for (size_t i = 0; i < list.count; i++) {
        const struct mc_evaluation *evaluation = mc_evaluate(prover, list.items[i].holder);
        bool found = false;
        for (size_t k = 0; evaluation && k < evaluation->event_count; k++) {
            const struct mc_event *event = &evaluation->events[k];
            if (event->kind != MC_EVENT_CALL || event->target != argument->a || event->site != list.items[i].from)
                continue;
            if (count == MAX_NUMBERS ||
                !mc_value_is_constant(prover->values, evaluation->arguments[event->arguments + slot],
                                      &ret_numbers[count]))
                return 0;
            count++;
            found = true;
        }
        if (!found)
            return 0;
    }
    return count;
}

mc_facts mc_alias_tried(struct mc_prover *prover, uint32_t symbol, enum mc_relation relation, uint64_t constant)
{
    struct mc_symbol_key key = mc_symbol_get(prover->values, symbol);
    struct mc_symbol_key argument = mc_symbol_get(prover->values, symbol_in(prover, (mc_value)key.b));
    uint64_t numbers[MAX_NUMBERS], mask = key.width == 64 ? UINT64_MAX : (UINT64_C(1) << key.width) - 1;
    size_t count = numbers_passed(prover, &argument, numbers);
    for (size_t i = 0; i < count; i++) {
        uint64_t zeros = lzcnt_of(numbers[i] & mask, key.width);
        mc_value with = mc_value_constant(prover->values, zeros);
        mc_value without = mc_value_constant(prover->values, key.width - 1 - zeros);
        bool new_cpu = mc_value_test(prover->values, with, relation, constant, 32) != MC_FACTS_ALL;
        bool old_cpu =
            (numbers[i] & mask) && mc_value_test(prover->values, without, relation, constant, 32) != MC_FACTS_ALL;
        if (new_cpu && !old_cpu)
            return tried(prover, key.a);
    }
    return MC_FACTS_NONE;
}

/* As PCRE2's code generator does: LZCNT and TZCNT of 0 leave ZF clear, BSR and BSF set it. */
static bool flags_of_known_number(struct mc_prover *prover, const struct mc_use *use)
{
    if (!mc_alias_flags_read(prover->image, use->address))
        return false;
    struct mc_nodes nodes = mc_nodes_of(prover, mc_function_extent(prover, use->address));
    for (size_t n = 0; n < nodes.count; n++) {
        const struct mc_evaluation *evaluation = mc_evaluate(prover, nodes.items[n]);
        for (size_t i = 0; evaluation && i < evaluation->event_count; i++) {
            const struct mc_event *event = &evaluation->events[i];
            uint64_t number;
            if (event->kind == MC_EVENT_POINT && event->target == use->address &&
                mc_value_is_constant(prover->values, event->value, &number))
                return true;
        }
    }
    return false;
}

bool mc_alias_decides(struct mc_prover *prover, const struct mc_use *use)
{
    if (mc_need_at(use->need)->absent != MC_ABSENT_ALIAS)
        return false;
    if (flags_of_known_number(prover, use))
        return true;
    if (!prover->tried)
        return false;
    struct mc_atom atom = {.kind = MC_ATOM_HANDLER, .a = MC_TRIED_RESULT, .c = use->address};
    uint32_t wanted = mc_atom_id(prover->facts, atom);
    for (const struct mc_evaluation *e = prover->evaluations; e; e = e->hh.next)
        for (size_t i = 0; i < e->event_count; i++) {
            const struct mc_event *event = &e->events[i];
            bool call = event->kind == MC_EVENT_CALL && !mc_import_name(prover, event->target) &&
                        mc_has_use(prover, mc_function_extent(prover, event->target));
            if (!call && event->kind != MC_EVENT_POINT)
                continue;
            mc_facts facts = mc_resolve(prover, event->facts, true);
            if (facts != MC_FACTS_ALL && mc_facts_has(prover->facts, facts, wanted))
                return true;
        }
    return false;
}
