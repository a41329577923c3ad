/* SPDX-License-Identifier: Apache-2.0 */
/* What a comparison of an abstract value with a constant implies. */
#include "scanner/proof/value_internal.h"

static int64_t sign_of(uint64_t x, unsigned width)
{
    uint64_t sign = UINT64_C(1) << (width - 1);
    return (int64_t)(((x & mc_width_mask(width)) ^ sign) - sign);
}

static bool holds(uint64_t x, enum mc_relation relation, uint64_t constant, unsigned width)
{
    uint64_t mask = mc_width_mask(width);
    x &= mask;
    switch (relation) {
    case MC_EQ:
        return x == (constant & mask);
    case MC_NE:
        return x != (constant & mask);
    case MC_BELOW:
        return x < (constant & mask);
    case MC_NOT_BELOW:
        return x >= (constant & mask);
    case MC_LESS:
        return sign_of(x, width) < sign_of(constant, width);
    case MC_NOT_LESS:
        return sign_of(x, width) >= sign_of(constant, width);
    case MC_WITHIN:
        return ((x - (uint32_t)constant) & mask) < constant >> 32;
    case MC_NOT_WITHIN:
        return ((x - (uint32_t)constant) & mask) >= constant >> 32;
    case MC_BIT_SET:
        return x >> (constant & 63) & 1;
    case MC_BIT_CLEAR:
        return !(x >> (constant & 63) & 1);
    }
    return true;
}

/* A narrower symbol of the same kind is its lower bits. */
static bool can_be_narrow(const struct mc_values *values, uint32_t symbol)
{
    uint32_t kind = mc_symbol_get(values, symbol).kind;
    return kind == MC_SYM_ARGUMENT || kind == MC_SYM_RETURN;
}

#define MOST_OF_RANGE 8 /* models and levels; more are letters and digits */

/* x + offset is in the order of the constant: `x - low < count`, as compilers ask for one of several numbers in a row. */
static bool to_range(uint64_t offset, unsigned width, enum mc_relation *relation, uint64_t *constant)
{
    bool order = *relation == MC_BELOW || *relation == MC_NOT_BELOW, within = *relation == MC_WITHIN || *relation == MC_NOT_WITHIN;
    uint64_t mask = mc_width_mask(width), count = within ? *constant >> 32 : *constant & mask;
    uint64_t low = ((within ? (uint32_t)*constant : 0) - offset) & mask;
    if ((!order && !within) || !count || count > MOST_OF_RANGE || low > UINT32_MAX)
        return false;
    *relation = *relation == MC_BELOW || *relation == MC_WITHIN ? MC_WITHIN : MC_NOT_WITHIN;
    *constant = mc_range((uint32_t)low, (uint32_t)count);
    return true;
}

static mc_facts test_symbol(struct mc_values *values, const struct mc_case *one, enum mc_relation relation,
                            uint64_t constant, unsigned width)
{
    struct mc_symbol_key key = mc_symbol_get(values, one->base);
    switch (key.kind) {
    case MC_SYM_MODULE:
    case MC_SYM_STACK:
    case MC_SYM_ALIGNED:
    case MC_SYM_OBJECT:
        if (constant == 0 && relation == MC_EQ && key.kind != MC_SYM_OBJECT) /* neither a stack nor a module address is NULL */
            return MC_FACTS_ALL;
        return one->facts;
    case MC_SYM_ENVIRONMENT: /* there is such a variable: the user has a say from here on */
        return relation == MC_NE && !constant ? mc_facts_or(values->facts, one->facts, mc_facts_override(values->facts)) : one->facts;
    case MC_SYM_ARGUMENT:
    case MC_SYM_CELL:
    case MC_SYM_TLS:
    case MC_SYM_RETURN:
    case MC_SYM_MAX_LEAF:
    case MC_SYM_KERNEL:
    case MC_SYM_LOAD:
    case MC_SYM_OUTPUT:
        break;
    default:
        return one->facts;
    }
    bool equality = relation == MC_EQ || relation == MC_NE;
    if (one->offset && !equality && (width < key.width || !to_range((uint64_t)one->offset, width, &relation, &constant)))
        return one->facts; /* x + k less than c says nothing simple of x */
    uint64_t wanted = equality ? (constant - (uint64_t)one->offset) & mc_width_mask(width < key.width ? width : key.width)
                               : constant;
    uint32_t symbol = one->base;
    if (can_be_narrow(values, symbol) && width < key.width) { /* the rest of it may be anything */
        key.width = width;
        symbol = mc_symbol_id(values, key);
    }
    mc_facts test = mc_symbol_test(values, symbol, relation, wanted);
    return mc_facts_or(values->facts, test, one->facts);
}

static mc_facts test_cases(struct mc_values *values, const struct mc_value_data *data, enum mc_relation relation,
                           uint64_t constant, unsigned width)
{
    mc_facts sets[MC_MAX_CASES + 1];
    size_t count = 0;
    for (uint32_t i = 0; i < data->count; i++) {
        if (data->cases[i].base)
            sets[count++] = test_symbol(values, &data->cases[i], relation, constant, width);
        else if (holds((uint64_t)data->cases[i].offset, relation, constant, width))
            sets[count++] = data->cases[i].facts;
    }
    bool listed = false; /* EQ to a listed case is not "any other value" */
    if (relation == MC_EQ)
        for (uint32_t i = 0; i < data->count; i++)
            listed |= !data->cases[i].base && holds((uint64_t)data->cases[i].offset, MC_EQ, constant, width);
    if (!listed && data->other != MC_FACTS_ALL)
        sets[count++] = data->other;
    return mc_facts_any(values->facts, sets, count, 0);
}

static mc_facts test_bits_equal(struct mc_values *values, const struct mc_value_data *bits, uint64_t constant, unsigned width)
{
    mc_facts result = MC_FACTS_NONE;
    if ((bits->constant ^ constant) & bits->known & mc_width_mask(width))
        return MC_FACTS_ALL;
    for (uint32_t i = 0; i < bits->count && bits->bits[i].index < width; i++) {
        bool set = constant >> bits->bits[i].index & 1;
        result = mc_facts_or(values->facts, result, set ? bits->bits[i].if_one : bits->bits[i].if_zero);
    }
    return result;
}

/* At least one bit differs from the constant; `from` leaves the bits below out. */
static mc_facts test_bits_differ(struct mc_values *values, const struct mc_value_data *bits, uint64_t constant,
                                 unsigned from, unsigned width)
{
    uint64_t mask = mc_width_mask(width) & ~mc_width_mask(from);
    mc_facts sets[64];
    size_t count = 0;
    uint64_t informative = 0;
    for (uint32_t i = 0; i < bits->count; i++)
        informative |= UINT64_C(1) << bits->bits[i].index;
    if (mask & ~bits->known & ~informative)
        return MC_FACTS_NONE; /* a bit that says nothing may be the one */
    if ((bits->constant ^ constant) & bits->known & mask & ~informative)
        return MC_FACTS_NONE; /* always different */
    for (uint32_t i = 0; i < bits->count; i++) {
        if (!(mask >> bits->bits[i].index & 1))
            continue;
        bool set = constant >> bits->bits[i].index & 1;
        mc_facts facts = set ? bits->bits[i].if_zero : bits->bits[i].if_one;
        if (facts != MC_FACTS_ALL)
            sets[count++] = facts;
    }
    if (!count)
        return MC_FACTS_ALL;
    return mc_facts_any(values->facts, sets, count, 0);
}

/* Unsigned order against a power of two is a question about the bits from there up. */
static mc_facts test_bits_order(struct mc_values *values, const struct mc_value_data *bits, enum mc_relation relation,
                                uint64_t constant, unsigned width)
{
    if (!constant)
        return relation == MC_BELOW ? MC_FACTS_ALL : MC_FACTS_NONE;
    unsigned power = (unsigned)__builtin_ctzll(constant);
    if (constant != UINT64_C(1) << power || power >= width)
        return MC_FACTS_NONE;
    if (relation == MC_NOT_BELOW)
        return test_bits_differ(values, bits, 0, power, width);
    struct mc_value_data high = *bits;
    high.count = 0;
    for (uint32_t i = 0; i < bits->count; i++)
        if (bits->bits[i].index >= power)
            high.bits[high.count++] = bits->bits[i];
    high.known &= ~mc_width_mask(power);
    return test_bits_equal(values, &high, 0, width);
}

static mc_facts test_bits(struct mc_values *values, const struct mc_value_data *bits, enum mc_relation relation,
                          uint64_t constant, unsigned width)
{
    switch (relation) {
    case MC_EQ:
        return test_bits_equal(values, bits, constant, width);
    case MC_NE:
        return test_bits_differ(values, bits, constant, 0, width);
    case MC_BELOW:
    case MC_NOT_BELOW:
        return test_bits_order(values, bits, relation, constant & mc_width_mask(width), width);
    case MC_LESS:
    case MC_NOT_LESS:
        if (constant & mc_width_mask(width))
            return MC_FACTS_NONE;
        return mc_bits_when(bits, width - 1, relation == MC_LESS);
    case MC_BIT_SET:
    case MC_BIT_CLEAR:
        return mc_bits_when(bits, (unsigned)constant & 63, relation == MC_BIT_SET);
    default: /* test_each */
        break;
    }
    return MC_FACTS_NONE;
}

#define MAX_TESTED_BITS 16
#define MAX_EQUAL_BITS 32 /* of which each must be so: simpler than that some is not */

/* All the masked bits as in the constant (equal), or at least one not (differ). */
static mc_facts test_masked_bits(struct mc_values *values, const struct mc_value_data *masked, uint64_t mask, uint64_t constant, bool equal)
{
    struct mc_facts_table *t = values->facts;
    mc_facts sets[MAX_EQUAL_BITS], all = masked->cases[0].facts;
    size_t count = 0;
    if (__builtin_popcountll(mask) > (equal ? MAX_EQUAL_BITS : MAX_TESTED_BITS))
        return all;
    for (uint64_t left = mask; left; left &= left - 1) {
        unsigned bit = (unsigned)__builtin_ctzll(left);
        bool set = (constant >> bit & 1) == equal;
        sets[count] = mc_symbol_test(values, masked->cases[0].base, set ? MC_BIT_SET : MC_BIT_CLEAR, bit + masked->constant);
        all = mc_facts_or(t, all, sets[count++]);
    }
    return equal ? all : mc_facts_or(t, masked->cases[0].facts, mc_facts_any(t, sets, count, 0));
}

static mc_facts test_masked(struct mc_values *values, const struct mc_value_data *masked, enum mc_relation relation,
                            uint64_t constant, unsigned width)
{
    uint64_t mask = masked->known & mc_width_mask(width), wanted = constant & mc_width_mask(width);
    unsigned left = (unsigned)-(int64_t)masked->constant; /* all of the symbol, moved up: an index times the size of a row */
    uint32_t whole = mc_symbol_get(values, masked->cases[0].base).width, tested = width - left % 8;
    bool all = tested >= whole || tested > MAX_TESTED_BITS || can_be_narrow(values, masked->cases[0].base);
    if ((relation == MC_EQ || relation == MC_NE) && left < 8 && mask == (mc_width_mask(whole) << left & mc_width_mask(width)) &&
        !(wanted & ~mask) && all)
        return test_symbol(values, &masked->cases[0], relation, wanted >> left, tested < whole ? tested : whole);
    bool sign = mask >> (width - 1) & 1;
    switch (relation) {
    case MC_EQ:
    case MC_NE:
        if (wanted & ~mask)
            return relation == MC_EQ ? MC_FACTS_ALL : masked->cases[0].facts;
        return test_masked_bits(values, masked, mask, wanted, relation == MC_EQ);
    case MC_BIT_SET:
    case MC_BIT_CLEAR:
        mask &= UINT64_C(1) << (constant & 63);
        if (!mask)
            return relation == MC_BIT_SET ? MC_FACTS_ALL : masked->cases[0].facts;
        return test_masked_bits(values, masked, mask, mask, relation == MC_BIT_SET);
    case MC_LESS:
    case MC_NOT_LESS:
        if (!wanted && sign)
            return test_masked_bits(values, masked, UINT64_C(1) << (width - 1), UINT64_MAX, relation == MC_LESS);
        if (!wanted)
            return relation == MC_LESS ? MC_FACTS_ALL : masked->cases[0].facts;
        if (sign)
            return masked->cases[0].facts;
        __attribute__((fallthrough)); /* without a sign the orders are the same */
    default:
        if (!wanted || (wanted & (wanted - 1)))
            return masked->cases[0].facts;
        mask &= ~(wanted - 1); /* against a power of two: the bits from there up */
        if (!mask)
            return relation == MC_NOT_BELOW || relation == MC_NOT_LESS ? MC_FACTS_ALL : masked->cases[0].facts;
        return test_masked_bits(values, masked, mask, 0, relation == MC_BELOW || relation == MC_LESS);
    }
}

/* One number after the other: it is one of them, or none. */
static mc_facts test_each(struct mc_values *values, mc_value value, enum mc_relation relation, uint64_t range, unsigned width)
{
    mc_facts sets[MOST_OF_RANGE], all = MC_FACTS_NONE;
    size_t count = range >> 32;
    if (count > MOST_OF_RANGE)
        return MC_FACTS_NONE;
    for (size_t i = 0; i < count; i++) {
        sets[i] = mc_value_test(values, value, relation == MC_WITHIN ? MC_EQ : MC_NE, (uint32_t)range + i, width);
        all = mc_facts_or(values->facts, all, sets[i]);
    }
    return relation == MC_WITHIN ? mc_facts_any(values->facts, sets, count, 0) : all;
}

/* A value was tested of which only the provenance is known. */
static mc_facts tested(struct mc_values *values, mc_facts provenance)
{
    if (provenance == MC_FACTS_NONE || provenance == mc_facts_override(values->facts)) /* what the user chose is not CPUID's */
        return provenance;
    return mc_facts_one(values->facts, (struct mc_atom){.kind = MC_ATOM_TESTED}, 0);
}

mc_facts mc_value_test(struct mc_values *values, mc_value value, enum mc_relation relation, uint64_t constant, unsigned width)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    if (data->kind == MC_VALUE_TOP)
        return tested(values, data->other);
    if (data->kind == MC_VALUE_PAIR && width <= 32)
        return mc_value_test(values, (mc_value)data->known, relation, constant, width);
    bool range = relation == MC_WITHIN || relation == MC_NOT_WITHIN;
    mc_facts result;
    if (range && data->kind != MC_VALUE_CASES) {
        result = test_each(values, value, relation, constant, width);
    } else if (data->kind == MC_VALUE_MASKED) {
        result = test_masked(values, data, relation, constant, width);
    } else if (data->kind == MC_VALUE_CASES && (data->width >= width || relation >= MC_BIT_SET)) {
        result = test_cases(values, data, relation, constant, width);
    } else {
        struct mc_value_data bits;
        if (!mc_value_to_bits(values, value, &bits))
            return MC_FACTS_NONE;
        result = test_bits(values, &bits, relation, constant, width);
    }
    return result == MC_FACTS_NONE ? tested(values, mc_value_provenance(values, value)) : result;
}
