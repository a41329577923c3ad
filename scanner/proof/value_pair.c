/* SPDX-License-Identifier: Apache-2.0 */
/* PAIR: two halves of 32 bits that are known apart. Structures of two words come back in one register, or are copied eight
 * bytes at a time; what one half implies must not be lost because the other one is something else. */
#include "scanner/proof/value_internal.h"

/* Bits of the value that may be 1. */
static uint64_t possible_bits(const struct mc_values *values, mc_value value)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    uint64_t possible = 0;
    switch (data->kind) {
    case MC_VALUE_MASKED:
        return data->known;
    case MC_VALUE_BITS:
        return ~data->known | data->constant;
    case MC_VALUE_CASES:
        if (data->other != MC_FACTS_ALL || data->width < 64)
            return UINT64_MAX;
        for (uint32_t i = 0; i < data->count; i++) {
            struct mc_symbol_key key = mc_symbol_get(values, data->cases[i].base);
            bool narrow = data->cases[i].base && key.width <= 32 && !data->cases[i].offset;
            possible |= !data->cases[i].base ? (uint64_t)data->cases[i].offset : narrow ? mc_width_mask(key.width) : UINT64_MAX;
        }
        return possible;
    default:
        return UINT64_MAX;
    }
}

/* Bit by bit it would say no less. */
static bool is_flat(const struct mc_values *values, mc_value value)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    if (data->kind == MC_VALUE_BITS || data->kind == MC_VALUE_TOP)
        return true;
    for (uint32_t i = 0; data->kind == MC_VALUE_CASES && i < data->count; i++)
        if (data->cases[i].base)
            return false;
    return data->kind == MC_VALUE_CASES && data->count <= 2;
}

bool mc_value_is_pair(const struct mc_values *values, mc_value value)
{
    return mc_value_data_of(values, value)->kind == MC_VALUE_PAIR;
}

mc_value mc_value_half(struct mc_values *values, mc_value value, bool high)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    if (data->kind == MC_VALUE_PAIR)
        return (mc_value)(high ? data->constant : data->known);
    return mc_value_extract(values, value, high ? 32 : 0, 32);
}

bool mc_value_pair(struct mc_values *values, mc_value low, mc_value high, mc_value *ret)
{
    struct mc_value_data data;
    if (is_flat(values, low) && is_flat(values, high))
        return false;
    mc_value_begin(&data, MC_VALUE_PAIR);
    data.known = low;
    data.constant = high;
    *ret = mc_value_intern(values, &data);
    return true;
}

bool mc_value_pair_of_sum(struct mc_values *values, mc_value a, mc_value b, mc_value *ret)
{
    uint64_t in_a = possible_bits(values, a), in_b = possible_bits(values, b);
    if ((in_b & UINT32_MAX) == 0 && in_b) {
        mc_value swap = a;
        a = b;
        b = swap;
        uint64_t bits = in_a;
        in_a = in_b;
        in_b = bits;
    }
    if (!in_a || (in_a & UINT32_MAX) || in_b >> 32)
        return false;
    mc_value high = mc_value_operate(values, MC_OP_SHR, a, mc_value_constant(values, 32), 64);
    return mc_value_pair(values, b, high, ret);
}

bool mc_value_pair_to_bits(struct mc_values *values, const struct mc_value_data *pair, struct mc_value_data *ret)
{
    struct mc_value_data halves[2];
    struct mc_wide_bits wide;
    bool known = false;
    mc_value_begin(ret, MC_VALUE_BITS);
    for (unsigned i = 0; i < 2; i++) {
        if (mc_value_to_bits(values, (mc_value)(i ? pair->constant : pair->known), &halves[i]))
            known = true;
        else
            mc_value_begin(&halves[i], MC_VALUE_BITS);
        mc_bits_expand(&halves[i], &wide);
        for (unsigned bit = 0; bit < 32; bit++)
            mc_bits_put(ret, bit + 32 * i, wide.if_one[bit], wide.if_zero[bit]);
    }
    return known;
}

bool mc_value_pair_operate(struct mc_values *values, enum mc_operation operation, mc_value a, mc_value b, unsigned width,
                           mc_value *ret)
{
    uint64_t constant;
    if (!mc_value_is_pair(values, a)) {
        mc_value swap = a;
        if (!mc_value_is_pair(values, b) || operation > MC_OP_XOR)
            return false;
        a = b;
        b = swap;
    }
    if (width <= 32) {
        *ret = mc_value_operate(values, operation, mc_value_half(values, a, false), mc_value_half(values, b, false), width);
        return true;
    }
    bool number = mc_value_is_constant(values, b, &constant);
    if (operation <= MC_OP_XOR && (mc_value_is_pair(values, b) || (number && constant > UINT32_MAX))) {
        mc_value low = mc_value_operate(values, operation, mc_value_half(values, a, false), mc_value_half(values, b, false), 32);
        mc_value high = mc_value_operate(values, operation, mc_value_half(values, a, true), mc_value_half(values, b, true), 32);
        if (!mc_value_pair(values, low, high, ret))
            *ret = mc_value_insert(values, low, high, 32, 32);
        return true;
    }
    if (!number)
        return false;
    if (operation == MC_OP_AND && constant <= UINT32_MAX)
        *ret = mc_value_operate(values, operation, mc_value_half(values, a, false), b, 32);
    else if (operation == MC_OP_SHR && (constant & 63) >= 32)
        *ret = mc_value_operate(values, operation, mc_value_half(values, a, true), mc_value_constant(values, (constant & 63) - 32), 32);
    else
        return false;
    return true;
}

mc_value mc_value_pair_join(struct mc_values *values, mc_value a, mc_facts fa, mc_value b, mc_facts fb)
{
    mc_value low = mc_value_join(values, mc_value_half(values, a, false), fa, mc_value_half(values, b, false), fb);
    mc_value high = mc_value_join(values, mc_value_half(values, a, true), fa, mc_value_half(values, b, true), fb), pair;
    if (mc_value_pair(values, low, high, &pair))
        return pair;
    return mc_value_insert(values, low, high, 32, 32);
}
