/* SPDX-License-Identifier: Apache-2.0 */
/* Two ways meet: what a value may be, and imply, whichever of them it was. */
#include "scanner/proof/value_internal.h"

/* Facts of one exact case in a CASES value: of that case, or of "any other". */
static mc_facts case_facts(const struct mc_value_data *data, const struct mc_case *wanted)
{
    for (uint32_t i = 0; i < data->count; i++)
        if (data->cases[i].base == wanted->base && data->cases[i].offset == wanted->offset)
            return data->cases[i].facts;
    return data->other;
}

static mc_value join_cases(struct mc_values *values, const struct mc_value_data *a, mc_facts fa,
                           const struct mc_value_data *b, mc_facts fb)
{
    struct mc_case cases[2 * MC_MAX_CASES];
    size_t count = 0;
    struct mc_facts_table *t = values->facts;
    for (uint32_t i = 0; i < a->count + b->count; i++) {
        struct mc_case one = i < a->count ? a->cases[i] : b->cases[i - a->count];
        one.facts = mc_facts_meet(t, mc_facts_or(t, case_facts(a, &one), fa), mc_facts_or(t, case_facts(b, &one), fb));
        cases[count++] = one;
    }
    mc_facts other = mc_facts_and(t, mc_facts_or(t, a->other, fa), mc_facts_or(t, b->other, fb));
    unsigned width = a->width < b->width ? a->width : b->width;
    return mc_value_cases(values, cases, count, other, width);
}

/* Only numbers, and what was cut out of a word, are worth looking at bit by bit; `and al, 1` leaves the rest of the word there. */
static bool may_be_bits(const struct mc_values *values, mc_value value)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    return mc_value_plain_cases(data, 0) || (data->kind == MC_VALUE_MASKED && (__builtin_popcountll(data->known) <= 16 ||
                                                                               __builtin_popcountll(data->known & 0xff) <= 4));
}

/* A few bits of a word, and all of another one that may tell something: `have ? known : (found & 0x20) >> 3`. */
static bool bits_and_symbol(const struct mc_values *values, mc_value bits, mc_value symbol)
{
    const struct mc_value_data *data = mc_value_data_of(values, bits);
    uint32_t base;
    int64_t offset;
    if (data->kind != MC_VALUE_MASKED || __builtin_popcountll(data->known) > 16)
        return false;
    return mc_value_single(values, symbol, &base, &offset) && base > MC_BASE_MODULE && !offset && values->filter &&
           values->filter(values->filter_context, base);
}

/* Some bits of a word, and other bits of it: `if (!(flags & X)) flags &= ~Y`. */
static bool same_symbol(struct mc_values *values, mc_value a, mc_value b)
{
    struct mc_value_data x, y;
    return mc_value_as_masked(values, a, &x) && mc_value_as_masked(values, b, &y) && x.cases[0].base == y.cases[0].base &&
           x.constant == y.constant;
}

/* Numbers, and one symbol among them: its place, or -1. */
static int symbol_among_numbers(const struct mc_values *values, mc_value value)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    int found = -1;
    for (uint32_t i = 0; data->kind == MC_VALUE_CASES && i < data->count; i++) {
        if (!data->cases[i].base)
            continue;
        if (found >= 0 || data->cases[i].base == MC_BASE_MODULE || data->cases[i].offset)
            return -1;
        found = (int)i;
    }
    return found;
}

/* Most values are not such; this is asked at every join. */
static bool has_option(const struct mc_values *values, mc_value value)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    return data->kind == MC_VALUE_CASES && data->count > 1 && symbol_among_numbers(values, value) >= 0;
}

/* Of numbers and what an option put in their place: the numbers. */
static bool without_override(struct mc_values *values, mc_value value, mc_facts facts, mc_value *ret)
{
    int place = symbol_among_numbers(values, value);
    struct mc_value_data data;
    mc_value_get(values, value, &data);
    if (data.other != MC_FACTS_ALL ||
        !mc_facts_have_override(values->facts, mc_facts_or(values->facts, data.cases[place].facts, facts)))
        return false;
    data.cases[place] = data.cases[--data.count];
    *ret = mc_value_cases(values, data.cases, data.count, MC_FACTS_ALL, data.width);
    return true;
}

/* What CPUID said, unless an option replaced it (design.md 5.1: the verdict is that of the default). */
static bool join_override(struct mc_values *values, mc_value said, mc_value other, mc_facts facts_of_other, mc_value *ret)
{
    const struct mc_value_data *data = mc_value_data_of(values, other);
    bool foreign = data->kind == MC_VALUE_TOP || data->kind == MC_VALUE_MASKED ||
                   (data->kind == MC_VALUE_CASES && data->count == 1 && data->cases[0].base > MC_BASE_MODULE);
    if (!foreign || mc_value_provenance(values, other) != MC_FACTS_NONE || !mc_facts_have_override(values->facts, facts_of_other) ||
        mc_value_provenance(values, said) == MC_FACTS_NONE)
        return false;
    *ret = mc_value_with_facts(values, said, mc_facts_override(values->facts));
    return true;
}

/* The same, where a way without the option had met it before: `option ? option : max_leaf ? what CPUID said : 0`. */
__attribute__((noinline)) static bool join_override_and_numbers(struct mc_values *values, mc_value said, mc_facts facts,
                                                                mc_value other, mc_facts facts_of_other, mc_value *ret)
{
    mc_value numbers;
    uint32_t kind = mc_value_data_of(values, said)->kind;
    mc_facts provenance = mc_value_provenance(values, said);
    if ((kind != MC_VALUE_BITS && !mc_value_plain_cases(mc_value_data_of(values, said), 0)) || provenance == MC_FACTS_NONE ||
        provenance == mc_facts_override(values->facts) || !without_override(values, other, facts_of_other, &numbers))
        return false;
    mc_value replaced = mc_value_with_facts(values, said, mc_facts_override(values->facts));
    *ret = mc_value_join(values, replaced, facts, numbers, facts_of_other);
    return true;
}

static bool has_inferred(const struct mc_values *values, mc_facts facts)
{
    struct mc_fact_set set = mc_facts_get(values->facts, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(values->facts, set.items[i].atom);
        if (atom.kind == MC_ATOM_ANY && atom.b == MC_ANY_INFERRED)
            return true;
    }
    return false;
}

static mc_facts unless_replaced(struct mc_values *values, mc_facts facts)
{
    if (facts <= MC_FACTS_ALL || has_inferred(values, facts)) /* it met the option before, in a loop */
        return facts;
    return mc_facts_inferred(values->facts, mc_facts_or(values->facts, facts, mc_facts_override(values->facts)));
}

/* Every bit's implications hold by inference only, and unless something else was stored; MC_TOP when there is none. */
static mc_value value_unless_replaced(struct mc_values *values, mc_value said)
{
    struct mc_value_data data;
    uint32_t kind = mc_value_data_of(values, said)->kind;
    if ((kind != MC_VALUE_BITS && kind != MC_VALUE_CASES) || mc_value_provenance(values, said) == MC_FACTS_NONE ||
        !mc_value_to_bits(values, said, &data))
        return MC_TOP;
    for (uint32_t i = 0; i < data.count; i++) {
        data.bits[i].if_one = unless_replaced(values, data.bits[i].if_one);
        data.bits[i].if_zero = unless_replaced(values, data.bits[i].if_zero);
    }
    return mc_value_from_bits(values, &data);
}

/* Of numbers and an option: what it starts with is in its place in *ret. */
static bool without_option(struct mc_values *values, mc_value value, mc_value *ret)
{
    int place = symbol_among_numbers(values, value);
    uint64_t initial;
    if (place < 0 || !values->option ||
        !values->option(values->filter_context, mc_value_data_of(values, value)->cases[place].base, &initial))
        return false;
    struct mc_value_data data;
    mc_value_get(values, value, &data);
    data.cases[place].base = 0;
    data.cases[place].offset = (int64_t)initial;
    *ret = mc_value_cases(values, data.cases, data.count, data.other, data.width);
    return true;
}

/* `forced ? forced : what CPUID said`: by inference, what CPUID said or what the option starts with. */
static bool join_option(struct mc_values *values, mc_value said, mc_facts facts, mc_value other, mc_facts facts_of_other,
                        mc_value *ret)
{
    mc_value numbers, replaced = MC_TOP;
    uint32_t kind = mc_value_data_of(values, said)->kind;
    if ((kind == MC_VALUE_BITS || kind == MC_VALUE_CASES) && without_option(values, other, &numbers))
        replaced = value_unless_replaced(values, said);
    if (replaced == MC_TOP)
        return false;
    *ret = mc_value_join(values, replaced, facts, numbers, facts_of_other);
    return true;
}

/* The number that a symbol is known to be on the way it comes by: it is a copy of what was compared there. Only of symbols that
 * are one and the same all through the function: what is in memory, or returned, may have changed since. */
static mc_value as_number(struct mc_values *values, mc_value value, mc_facts facts)
{
    uint32_t base;
    int64_t offset;
    if (facts <= MC_FACTS_ALL || !mc_value_single(values, value, &base, &offset) || base <= MC_BASE_MODULE)
        return value;
    uint32_t kind = mc_symbol_get(values, base).kind;
    if (kind != MC_SYM_MAX_LEAF && kind != MC_SYM_ARGUMENT)
        return value;
    struct mc_fact_set set = mc_facts_get(values->facts, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(values->facts, set.items[i].atom);
        if (atom.kind != MC_ATOM_TEST || atom.a != base || atom.b != MC_EQ)
            continue;
        mc_facts more = mc_value_data_of(values, value)->cases[0].facts;
        return mc_value_with_facts(values, mc_value_constant(values, atom.c + (uint64_t)offset), more);
    }
    return value;
}

/* Of a word whose bits tell nothing: which of them were cut off. */
static bool outline(struct mc_values *values, mc_value value, struct mc_value_data *ret)
{
    struct mc_value_data masked;
    if (mc_value_data_of(values, value)->kind != MC_VALUE_MASKED || !mc_value_as_masked(values, value, &masked))
        return false;
    mc_bits_unknown(ret);
    for (unsigned bit = 0; bit < 64; bit++)
        if (!(masked.known >> bit & 1))
            mc_bits_put(ret, bit, MC_FACTS_ALL, MC_FACTS_NONE);
    return true;
}

mc_value mc_value_join(struct mc_values *values, mc_value a, mc_facts fa, mc_value b, mc_facts fb)
{
    if (a == b || fb == MC_FACTS_ALL)
        return a;
    if (fa == MC_FACTS_ALL)
        return b;
    uint32_t base_of_a = 0, base_of_b = 0;
    int64_t unused;
    mc_value_single(values, a, &base_of_a, &unused);
    mc_value_single(values, b, &base_of_b, &unused);
    if (base_of_a != base_of_b) {
        a = as_number(values, a, fa);
        b = as_number(values, b, fb);
    }
    mc_value overridable;
    if (join_override(values, a, b, fb, &overridable) || join_override(values, b, a, fa, &overridable))
        return overridable;
    if ((has_option(values, b) && join_override_and_numbers(values, a, fa, b, fb, &overridable)) ||
        (has_option(values, a) && join_override_and_numbers(values, b, fb, a, fa, &overridable)))
        return overridable;
    if (join_option(values, a, fa, b, fb, &overridable) || join_option(values, b, fb, a, fa, &overridable))
        return overridable;
    const struct mc_value_data *x = mc_value_data_of(values, a), *y = mc_value_data_of(values, b);
    bool many = false; /* numbers that a test chose, or what somebody keeps of them: each bit says what it said */
    if (x->kind == MC_VALUE_CASES && y->kind == MC_VALUE_CASES) {
        mc_value joined = join_cases(values, x, fa, y, fb);
        if (mc_value_data_of(values, joined)->kind != MC_VALUE_TOP)
            return joined;
        bool tells = mc_value_provenance(values, a) != MC_FACTS_NONE || mc_value_provenance(values, b) != MC_FACTS_NONE;
        many = tells && base_of_a != base_of_b;
    }
    if (mc_value_is_pair(values, a) || mc_value_is_pair(values, b))
        return mc_value_pair_join(values, a, fa, b, fb);
    struct mc_value_data p, q, result;
    struct mc_facts_table *t = values->facts;
    x = mc_value_data_of(values, a);
    y = mc_value_data_of(values, b);
    bool both = (x->kind == MC_VALUE_BITS && !mc_value_is_dull(values, b)) || (y->kind == MC_VALUE_BITS && !mc_value_is_dull(values, a)) ||
                may_be_bits(values, a) + may_be_bits(values, b) == 2 || same_symbol(values, a, b) || many ||
                bits_and_symbol(values, a, b) || bits_and_symbol(values, b, a);
    bool known_a = both && mc_value_to_bits(values, a, &p), known_b = both && mc_value_to_bits(values, b, &q);
    if (!(known_a && known_b) && !(known_a && outline(values, b, &q)) && !(known_b && outline(values, a, &p))) {
        mc_value_lose_all(values, a);
        mc_value_lose_all(values, b);
        mc_facts provenance = mc_facts_or(t, mc_value_provenance(values, a), mc_value_provenance(values, b));
        return mc_value_top(values, provenance);
    }
    mc_bits_unknown(&result);
    struct mc_wide_bits wp, wq;
    mc_bits_expand(&p, &wp);
    mc_bits_expand(&q, &wq);
    for (unsigned bit = 0; bit < 64; bit++) {
        mc_bits_put(&result, bit, mc_facts_meet(t, mc_facts_or(t, wp.if_one[bit], fa), mc_facts_or(t, wq.if_one[bit], fb)),
                    mc_facts_meet(t, mc_facts_or(t, wp.if_zero[bit], fa), mc_facts_or(t, wq.if_zero[bit], fb)));
    }
    return mc_value_from_bits(values, &result);
}
