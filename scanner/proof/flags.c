/* SPDX-License-Identifier: Apache-2.0 */
/* Condition codes (Intel SDM vol. 1, appendix B) over symbolic flags: which facts follow when a condition holds. */
#include "scanner/proof/state.h"

struct sides {
    mc_facts when_true, when_false;
};

static struct sides test_value(struct mc_values *values, mc_value value, enum mc_relation relation, uint64_t constant,
                               unsigned width)
{
    return (struct sides){mc_value_test(values, value, relation, constant, width),
                          mc_value_test(values, value, mc_relation_negate(relation), constant, width)};
}

static struct sides swap(struct sides sides)
{
    return (struct sides){sides.when_false, sides.when_true};
}

static const struct sides never = {MC_FACTS_ALL, MC_FACTS_NONE};
static const struct sides unknown = {MC_FACTS_NONE, MC_FACTS_NONE};

/* a REL b for one of the orders, where one of the two is constant. `strict`: a < b, else a <= b. */
static struct sides compare_order(struct mc_values *values, const struct mc_flags *flags, bool is_signed, bool strict)
{
    uint64_t constant, mask = flags->width >= 64 ? UINT64_MAX : (UINT64_C(1) << flags->width) - 1;
    uint64_t highest = is_signed ? mask >> 1 : mask;
    enum mc_relation less = is_signed ? MC_LESS : MC_BELOW, not_less = is_signed ? MC_NOT_LESS : MC_NOT_BELOW;
    if (mc_value_is_constant(values, flags->b, &constant)) {
        if (strict)
            return test_value(values, flags->a, less, constant, flags->width);
        if ((constant & mask) == highest)
            return swap(never);
        return test_value(values, flags->a, less, (constant + 1) & mask, flags->width);
    }
    if (mc_value_is_constant(values, flags->a, &constant)) {
        if (!strict)
            return test_value(values, flags->b, not_less, constant, flags->width);
        if ((constant & mask) == highest)
            return never;
        return test_value(values, flags->b, not_less, (constant + 1) & mask, flags->width);
    }
    return unknown;
}

static struct sides compare_equal(struct mc_values *values, const struct mc_flags *flags)
{
    uint64_t constant;
    if (mc_value_is_constant(values, flags->b, &constant))
        return test_value(values, flags->a, MC_EQ, constant, flags->width);
    if (mc_value_is_constant(values, flags->a, &constant))
        return test_value(values, flags->b, MC_EQ, constant, flags->width);
    mc_facts provenance = mc_facts_or(mc_values_facts(values), mc_value_provenance(values, flags->a),
                                      mc_value_provenance(values, flags->b));
    if (provenance == MC_FACTS_NONE)
        return unknown;
    return test_value(values, mc_value_top(values, provenance), MC_EQ, 0, flags->width);
}

static struct sides test_compare(struct mc_values *values, const struct mc_flags *flags, unsigned pair)
{
    uint64_t constant;
    switch (pair) {
    case 1: /* b */
        return compare_order(values, flags, false, true);
    case 2: /* e */
        return compare_equal(values, flags);
    case 3: /* be */
        return compare_order(values, flags, false, false);
    case 4: /* s */
        if (mc_value_is_constant(values, flags->b, &constant) && !constant)
            return test_value(values, flags->a, MC_LESS, 0, flags->width);
        return unknown;
    case 6: /* l */
        return compare_order(values, flags, true, true);
    case 7: /* le */
        return compare_order(values, flags, true, false);
    default:
        return unknown;
    }
}

static struct sides test_logic(struct mc_values *values, const struct mc_flags *flags, unsigned pair)
{
    switch (pair) {
    case 0: /* o */
    case 1: /* b */
        return never;
    case 2:
    case 3:
        return test_value(values, flags->a, MC_EQ, 0, flags->width);
    case 4:
    case 6:
        return test_value(values, flags->a, MC_LESS, 0, flags->width);
    case 7:
        return test_value(values, flags->a, MC_LESS, 1, flags->width);
    default:
        return unknown;
    }
}

static struct sides test_parts(struct mc_values *values, const struct mc_flags *flags, unsigned pair)
{
    struct sides carry = unknown, zero;
    if (flags->carry != MC_TOP)
        carry = test_value(values, flags->carry, MC_BIT_SET, 0, 64);
    zero = flags->kind == MC_FLAGS_BITS ? test_value(values, flags->a, MC_BIT_SET, 0, 64)
                                        : test_value(values, flags->a, MC_EQ, 0, flags->width);
    struct mc_facts_table *t = mc_values_facts(values);
    switch (pair) {
    case 1:
        return carry;
    case 2:
        return zero;
    case 3:
        return (struct sides){mc_facts_and(t, carry.when_true, zero.when_true),
                              mc_facts_or(t, carry.when_false, zero.when_false)};
    case 4:
        return flags->kind == MC_FLAGS_RESULT ? test_value(values, flags->a, MC_LESS, 0, flags->width) : unknown;
    default:
        return unknown;
    }
}

void mc_flags_test(struct mc_values *values, const struct mc_flags *flags, unsigned cc, mc_facts *ret_true, mc_facts *ret_false)
{
    struct sides sides = unknown;
    unsigned pair = cc >> 1 & 7;
    if (flags->kind == MC_FLAGS_COMPARE)
        sides = test_compare(values, flags, pair);
    else if (flags->kind == MC_FLAGS_LOGIC)
        sides = test_logic(values, flags, pair);
    else if (flags->kind != MC_FLAGS_UNKNOWN)
        sides = test_parts(values, flags, pair);
    if (cc & 1)
        sides = swap(sides);
    *ret_true = mc_facts_at_site(mc_values_facts(values), sides.when_true, flags->site);
    *ret_false = mc_facts_at_site(mc_values_facts(values), sides.when_false, flags->site);
}
