/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on abstract values. Exact on constants and small sets of cases; bit by bit where bits stay apart (logic, shifts,
 * additions without carries); else TOP that remembers where it came from. */
#include "scanner/proof/value_internal.h"

void mc_value_lose_all(struct mc_values *values, mc_value value)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    if (data->kind == MC_VALUE_CASES)
        mc_value_lose(values, data->cases, data->count);
    if (data->kind == MC_VALUE_PAIR) {
        mc_value_lose_all(values, (mc_value)data->known);
        mc_value_lose_all(values, (mc_value)data->constant);
    }
}

static mc_value lost(struct mc_values *values, mc_value a, mc_value b)
{
    mc_value_lose_all(values, a);
    mc_value_lose_all(values, b);
    return mc_value_top(values,
                        mc_facts_or(values->facts, mc_value_provenance(values, a), mc_value_provenance(values, b)));
}

static uint64_t rotate_left(uint64_t x, unsigned count, unsigned width)
{
    count %= width;
    x &= mc_width_mask(width);
    return count ? (x << count | x >> (width - count)) & mc_width_mask(width) : x;
}

static uint64_t compute(enum mc_operation operation, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t mask = mc_width_mask(width);
    unsigned count = (unsigned)b & (width == 64 ? 63 : 31);
    switch (operation) {
    case MC_OP_AND:
        return a & b & mask;
    case MC_OP_OR:
        return (a | b) & mask;
    case MC_OP_XOR:
        return (a ^ b) & mask;
    case MC_OP_ADD:
        return (a + b) & mask;
    case MC_OP_SUB:
        return (a - b) & mask;
    case MC_OP_MUL:
        return (a * b) & mask;
    case MC_OP_SHL:
        return (a << count) & mask;
    case MC_OP_SHR:
        return (a & mask) >> count;
    case MC_OP_SAR: {
        uint64_t sign = UINT64_C(1) << (width - 1);
        uint64_t extended = ((a & mask) ^ sign) - sign;
        return (uint64_t)((int64_t)extended >> count) & mask;
    }
    case MC_OP_ROL:
        return rotate_left(a, count, width);
    case MC_OP_ROR:
        return rotate_left(a, width - count % width, width);
    }
    return 0;
}

bool mc_value_plain_cases(const struct mc_value_data *data, unsigned width)
{
    if (data->kind != MC_VALUE_CASES || data->width < width)
        return false;
    for (uint32_t i = 0; i < data->count; i++)
        if (data->cases[i].base)
            return false;
    return true;
}

static mc_value operate_cases(struct mc_values *values, enum mc_operation operation, const struct mc_value_data *a,
                              const struct mc_value_data *b, unsigned width)
{
    struct mc_case results[MC_MAX_CASES * MC_MAX_CASES];
    size_t count = 0;
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t k = 0; k < b->count; k++) {
            uint64_t result = compute(operation, (uint64_t)a->cases[i].offset, (uint64_t)b->cases[k].offset, width);
            results[count++] = (struct mc_case){.offset = (int64_t)result,
                                                .facts = mc_facts_or(values->facts, a->cases[i].facts, b->cases[k].facts)};
        }
    mc_facts other = mc_facts_and(values->facts, a->other, b->other);
    return mc_value_cases(values, results, count, other, 64);
}

/* The symbol is one and the same number all through the function. */
static bool is_fixed_base(const struct mc_values *values, uint32_t base)
{
    uint32_t kind = mc_symbol_get(values, base).kind;
    return kind == MC_SYM_MODULE || kind == MC_SYM_STACK || kind == MC_SYM_ALIGNED || kind == MC_SYM_ARGUMENT;
}

/* base + constant keeps the base; base - base of the same symbol is a number. */
static bool operate_offset(struct mc_values *values, enum mc_operation operation, mc_value a, mc_value b, unsigned width,
                           mc_value *ret)
{
    const struct mc_value_data *x = mc_value_data_of(values, a), *y = mc_value_data_of(values, b);
    if (x->kind != MC_VALUE_CASES || y->kind != MC_VALUE_CASES || x->width < 64 || y->width < 64)
        return false;
    bool single = x->count == 1 && x->other == MC_FACTS_ALL;
    if (operation == MC_OP_ADD && single && (!x->cases[0].base || y->count != 1)) {
        const struct mc_value_data *swap = x;
        x = y;
        y = swap;
    }
    if (y->count != 1 || y->other != MC_FACTS_ALL)
        return false;
    struct mc_case cases[MC_MAX_CASES];
    if (operation == MC_OP_SUB && y->cases[0].base) { /* the distance of two places in one thing */
        if (x->count != 1 || x->other != MC_FACTS_ALL || x->cases[0].base != y->cases[0].base || !is_fixed_base(values, y->cases[0].base))
            return false;
        uint64_t distance = (uint64_t)x->cases[0].offset - (uint64_t)y->cases[0].offset;
        *ret = mc_value_constant(values, distance & mc_width_mask(width));
        return true;
    }
    if (y->cases[0].base) { /* several plain offsets from one base: a row of a relative table */
        if (operation != MC_OP_ADD || !mc_value_plain_cases(x, width))
            return false;
        for (uint32_t i = 0; i < x->count; i++) {
            int64_t add = width == 32 ? (int32_t)x->cases[i].offset : x->cases[i].offset;
            cases[i] = x->cases[i];
            cases[i].base = y->cases[0].base;
            cases[i].offset = (int64_t)((uint64_t)y->cases[0].offset + (uint64_t)add);
        }
        *ret = mc_value_cases(values, cases, x->count, x->other, 64);
        return true;
    }
    uint64_t add = (uint64_t)y->cases[0].offset;
    if (width == 32)
        add = (uint64_t)(int64_t)(int32_t)add;
    for (uint32_t i = 0; i < x->count; i++) {
        cases[i] = x->cases[i];
        uint64_t offset = (uint64_t)cases[i].offset;
        cases[i].offset = (int64_t)(operation == MC_OP_ADD ? offset + add : offset - add);
        cases[i].facts = mc_facts_or(values->facts, cases[i].facts, y->cases[0].facts);
    }
    *ret = mc_value_cases(values, cases, x->count, x->other, 64);
    return true;
}

/* What follows from a bit that one of two others made what it is. */
static mc_facts one_of(struct mc_facts_table *t, mc_facts a, mc_facts b)
{
    mc_facts sets[2] = {a, b};
    return mc_facts_any(t, sets, 2, 0);
}

static void combine_bit(struct mc_facts_table *t, enum mc_operation operation, const mc_facts a[2], const mc_facts b[2],
                        mc_facts ret[2])
{
    switch (operation) {
    case MC_OP_AND:
        ret[1] = mc_facts_or(t, a[1], b[1]);
        ret[0] = one_of(t, a[0], b[0]);
        break;
    case MC_OP_OR:
    case MC_OP_ADD: /* only called when the bits are disjoint */
        ret[1] = one_of(t, a[1], b[1]);
        ret[0] = mc_facts_or(t, a[0], b[0]);
        break;
    default: /* XOR */
        ret[1] = one_of(t, mc_facts_or(t, a[1], b[0]), mc_facts_or(t, a[0], b[1]));
        ret[0] = one_of(t, mc_facts_or(t, a[0], b[0]), mc_facts_or(t, a[1], b[1]));
        break;
    }
}

void mc_bits_unknown(struct mc_value_data *ret)
{
    mc_value_begin(ret, MC_VALUE_BITS);
}

/* Bits of an operand of a bitwise operation; a value without known bits counts as all unknown. */
static bool operand_bits(struct mc_values *values, mc_value value, struct mc_value_data *ret)
{
    bool known = mc_value_to_bits(values, value, ret);
    if (!known)
        mc_bits_unknown(ret);
    return known;
}

static mc_value operate_bits(struct mc_values *values, enum mc_operation operation, mc_value a, mc_value b, unsigned width)
{
    struct mc_value_data x, y, result;
    bool known_a = operand_bits(values, a, &x), known_b = operand_bits(values, b, &y);
    if (!known_a && operation == MC_OP_XOR) /* NOT, most likely */
        known_a = mc_value_some_bits(values, a, mc_width_mask(width), &x);
    if (!known_a && !known_b)
        return lost(values, a, b);
    if (operation == MC_OP_ADD)
        for (unsigned bit = 0; bit < width; bit++) /* a carry is possible unless one side is constant 0 */
            if (!((x.known & ~x.constant) >> bit & 1) && !((y.known & ~y.constant) >> bit & 1))
                return lost(values, a, b);
    mc_bits_unknown(&result);
    struct mc_wide_bits wx, wy;
    mc_bits_expand(&x, &wx);
    mc_bits_expand(&y, &wy);
    for (unsigned bit = 0; bit < 64; bit++) {
        if (bit >= width) {
            mc_bits_put(&result, bit, MC_FACTS_ALL, MC_FACTS_NONE);
            continue;
        }
        mc_facts p[2] = {wx.if_zero[bit], wx.if_one[bit]};
        mc_facts q[2] = {wy.if_zero[bit], wy.if_one[bit]}, r[2];
        combine_bit(values->facts, operation, p, q, r);
        mc_bits_put(&result, bit, r[1], r[0]);
    }
    return mc_value_from_bits(values, &result);
}

/* Moves bits: result bit i comes from source bit `from(i)`, -1: zero, or the sign. */
static int shifted_from(enum mc_operation operation, int bit, int count, int width)
{
    switch (operation) {
    case MC_OP_SHL:
        return bit - count;
    case MC_OP_SHR:
        return bit + count < width ? bit + count : -1;
    case MC_OP_SAR:
        return bit + count < width ? bit + count : width - 1;
    case MC_OP_ROL:
        return (bit - count % width + width) % width;
    default:
        return (bit + count) % width;
    }
}

static mc_value operate_shift(struct mc_values *values, enum mc_operation operation, mc_value a, mc_value b, unsigned width)
{
    uint64_t count;
    struct mc_value_data source, result;
    if (!mc_value_is_constant(values, b, &count) ||
        (!mc_value_to_bits(values, a, &source) && !mc_value_some_bits(values, a, mc_width_mask(width), &source)))
        return lost(values, a, b);
    count &= width == 64 ? 63 : 31;
    mc_bits_unknown(&result);
    struct mc_wide_bits wide;
    mc_bits_expand(&source, &wide);
    for (unsigned bit = 0; bit < 64; bit++) {
        int from = bit < width ? shifted_from(operation, (int)bit, (int)count, (int)width) : -1;
        if (from < 0 || from >= (int)width)
            mc_bits_put(&result, bit, MC_FACTS_ALL, MC_FACTS_NONE);
        else
            mc_bits_put(&result, bit, wide.if_one[from], wide.if_zero[from]);
    }
    return mc_value_from_bits(values, &result);
}

/* AND with a constant and shifts by one keep bits of one symbol what they are. */
static bool operate_masked(struct mc_values *values, enum mc_operation operation, mc_value a, mc_value b, unsigned width,
                           mc_value *ret)
{
    struct mc_value_data masked;
    uint64_t constant;
    if (operation == MC_OP_AND && mc_value_is_constant(values, a, &constant)) {
        mc_value swap = a;
        a = b;
        b = swap;
    }
    if (!mc_value_is_constant(values, b, &constant))
        return false;
    if (!mc_value_as_masked(values, a, &masked)) {
        uint64_t wanted = constant & mc_width_mask(width);
        if (operation != MC_OP_AND || __builtin_popcountll(wanted) > 16 || !mc_value_some_bits(values, a, wanted, &masked))
            return false;
        *ret = mc_value_from_bits(values, &masked);
        return true;
    }
    uint64_t mask = masked.known & mc_width_mask(width);
    int64_t shift = (int64_t)masked.constant;
    unsigned count = (unsigned)constant & (width == 64 ? 63 : 31);
    if (operation == MC_OP_AND) {
        mask &= constant;
    } else if (operation == MC_OP_SHL) {
        mask = mask << count & mc_width_mask(width);
        shift -= count;
    } else if (operation == MC_OP_SHR || (operation == MC_OP_SAR && !(mask >> (width - 1) & 1))) {
        mask >>= count;
        shift += count;
    } else {
        return false;
    }
    *ret = mc_value_masked(values, &masked.cases[0], mask, shift);
    return true;
}

/* Nothing of what CPUID said is in it, and nothing that other code may have put somewhere. */
bool mc_value_is_dull(const struct mc_values *values, mc_value value)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    if (data->kind == MC_VALUE_TOP)
        return true;
    if (data->kind == MC_VALUE_BITS || data->kind == MC_VALUE_PAIR)
        return false;
    for (uint32_t i = 0; i < data->count; i++) {
        uint32_t kind = mc_symbol_get(values, data->cases[i].base).kind;
        if (kind == MC_SYM_NONE || kind == MC_SYM_CELL || kind == MC_SYM_RETURN || kind == MC_SYM_TLS || kind == MC_SYM_ARGUMENT ||
            kind == MC_SYM_OUTPUT || kind == MC_SYM_KERNEL)
            return false;
        if (kind == MC_SYM_LOAD && values->filter && values->filter(values->filter_context, data->cases[i].base))
            return false;
    }
    return true;
}

mc_value mc_value_operate(struct mc_values *values, enum mc_operation operation, mc_value a, mc_value b, unsigned width)
{
    const struct mc_value_data *x = mc_value_data_of(values, a), *y = mc_value_data_of(values, b);
    if (x->kind == MC_VALUE_TOP && y->kind == MC_VALUE_TOP)
        return lost(values, a, b);
    bool bitwise = operation <= MC_OP_ADD; /* too many numbers: what each bit says is kept */
    bool numbers = mc_value_plain_cases(x, width) && mc_value_plain_cases(y, width);
    if (numbers && (!bitwise || x->count * y->count <= MC_MAX_CASES))
        return operate_cases(values, operation, x, y, width);
    mc_value result;
    if (mc_value_pair_operate(values, operation, a, b, width, &result) || operate_masked(values, operation, a, b, width, &result))
        return result;
    bool sum = operation == MC_OP_OR || operation == MC_OP_ADD;
    if (sum && width == 64 && mc_value_pair_of_sum(values, a, b, &result))
        return result;
    if (operation == MC_OP_ADD || operation == MC_OP_SUB) {
        if (width >= 32 && operate_offset(values, operation, a, b, width, &result))
            return result;
        bool bits = x->kind == MC_VALUE_BITS || y->kind == MC_VALUE_BITS || x->kind == MC_VALUE_PAIR ||
                    y->kind == MC_VALUE_PAIR || numbers || (x->kind == MC_VALUE_MASKED && y->kind == MC_VALUE_MASKED);
        return operation == MC_OP_ADD && bits ? operate_bits(values, operation, a, b, width) : lost(values, a, b);
    }
    if (operation == MC_OP_MUL)
        return lost(values, a, b);
    if (operation >= MC_OP_SHL)
        return operate_shift(values, operation, a, b, width);
    uint64_t constant;
    bool dull_a = mc_value_is_dull(values, a) || mc_value_is_constant(values, a, &constant);
    bool dull_b = mc_value_is_dull(values, b) || mc_value_is_constant(values, b, &constant);
    if (dull_a && dull_b)
        return lost(values, a, b);
    return operate_bits(values, operation, a, b, width);
}

/* The low 32 bits of one case: a number is cut, an argument or result becomes the narrow view of the same thing, an address
 * stays (in 32-bit code that is all of it; in 64-bit code nobody cuts addresses). */
static struct mc_case narrow_case(struct mc_values *values, struct mc_case one, unsigned from)
{
    if (!one.base) {
        one.offset = (int64_t)((uint64_t)one.offset & mc_width_mask(from));
        return one;
    }
    struct mc_symbol_key key = mc_symbol_get(values, one.base);
    if ((key.kind == MC_SYM_ARGUMENT || key.kind == MC_SYM_RETURN) && key.width > from) {
        key.width = from;
        one.base = mc_symbol_id(values, key);
    }
    return one;
}

mc_value mc_value_zero_extend(struct mc_values *values, mc_value value, unsigned from)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    if (data->kind == MC_VALUE_TOP || from >= 64) /* of TOP the upper bits are 0, but nothing asks for them alone */
        return value;
    bool symbols = false;
    for (uint32_t i = 0; data->kind == MC_VALUE_CASES && i < data->count; i++)
        symbols |= data->cases[i].base != 0;
    if (data->kind == MC_VALUE_CASES && data->width >= from && (!symbols || from == 32)) {
        struct mc_case cases[MC_MAX_CASES];
        for (uint32_t i = 0; i < data->count; i++)
            cases[i] = narrow_case(values, data->cases[i], from);
        return mc_value_cases(values, cases, data->count, data->other, 64);
    }
    if (symbols && data->count == 1 && !data->cases[0].offset) {
        struct mc_symbol_key key = mc_symbol_get(values, data->cases[0].base);
        if (key.width <= from)
            return value;
    }
    return mc_value_extract(values, value, 0, from);
}

mc_value mc_value_sign_extend(struct mc_values *values, mc_value value, unsigned from, unsigned to)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    if (mc_value_plain_cases(data, from)) {
        struct mc_case cases[MC_MAX_CASES];
        uint64_t sign = UINT64_C(1) << (from - 1);
        for (uint32_t i = 0; i < data->count; i++) {
            uint64_t low = (uint64_t)data->cases[i].offset & mc_width_mask(from);
            cases[i] = data->cases[i];
            cases[i].offset = (int64_t)(((low ^ sign) - sign) & mc_width_mask(to));
        }
        return mc_value_cases(values, cases, data->count, data->other, 64);
    }
    struct mc_value_data source, result;
    if (mc_value_as_masked(values, value, &source)) /* the sign of a whole symbol is left to its own width */
        return value;
    if (!mc_value_to_bits(values, value, &source))
        return lost(values, value, MC_TOP);
    struct mc_wide_bits wide;
    mc_bits_expand(&source, &wide);
    mc_bits_unknown(&result);
    for (unsigned bit = 0; bit < 64; bit++) {
        unsigned at = bit < from ? bit : from - 1;
        if (bit >= to)
            mc_bits_put(&result, bit, MC_FACTS_ALL, MC_FACTS_NONE);
        else
            mc_bits_put(&result, bit, wide.if_one[at], wide.if_zero[at]);
    }
    return mc_value_from_bits(values, &result);
}

mc_value mc_value_extract(struct mc_values *values, mc_value value, unsigned low, unsigned width)
{
    struct mc_value_data source, result;
    if (low == 0 && width >= 64)
        return value;
    if (mc_value_is_pair(values, value) && (low >= 32 || low + width <= 32))
        return mc_value_extract(values, mc_value_half(values, value, low >= 32), low & 31, width < 32 ? width : 64);
    if (mc_value_as_masked(values, value, &source))
        return mc_value_masked(values, &source.cases[0], source.known >> low & mc_width_mask(width), (int64_t)source.constant + low);
    if (width <= 8 && low + width <= 64 && mc_value_some_bits(values, value, mc_width_mask(width) << low, &source))
        value = mc_value_from_bits(values, &source);
    if (!mc_value_to_bits(values, value, &source))
        return lost(values, value, MC_TOP);
    struct mc_wide_bits wide;
    mc_bits_expand(&source, &wide);
    mc_bits_unknown(&result);
    for (unsigned bit = 0; bit < 64; bit++) {
        if (bit >= width || low + bit >= 64)
            mc_bits_put(&result, bit, MC_FACTS_ALL, MC_FACTS_NONE);
        else
            mc_bits_put(&result, bit, wide.if_one[low + bit], wide.if_zero[low + bit]);
    }
    return mc_value_from_bits(values, &result);
}

/* Bits of one symbol, each at its own place still: `and al, 1` of what was shifted as a whole. */
static bool insert_masked(struct mc_values *values, mc_value old, mc_value part, unsigned low, unsigned width, mc_value *ret)
{
    struct mc_value_data o, p;
    uint64_t range = mc_width_mask(width) << low, number;
    if (!mc_value_as_masked(values, old, &o))
        return false;
    if (mc_value_is_constant(values, part, &number) && !(number & mc_width_mask(width))) {
        *ret = mc_value_masked(values, &o.cases[0], o.known & ~range, (int64_t)o.constant);
        return true;
    }
    if (!mc_value_as_masked(values, part, &p) || o.cases[0].base != p.cases[0].base || o.constant != p.constant - low)
        return false;
    struct mc_case symbol = o.cases[0];
    symbol.facts = mc_facts_or(values->facts, symbol.facts, p.cases[0].facts);
    *ret = mc_value_masked(values, &symbol, (o.known & ~range) | (p.known << low & range), (int64_t)o.constant);
    return true;
}

mc_value mc_value_insert(struct mc_values *values, mc_value old, mc_value part, unsigned low, unsigned width)
{
    const struct mc_value_data *o = mc_value_data_of(values, old), *p = mc_value_data_of(values, part);
    if (mc_value_plain_cases(o, 64) && mc_value_plain_cases(p, width) && o->count * p->count <= MC_MAX_CASES) {
        struct mc_case cases[MC_MAX_CASES];
        size_t count = 0;
        uint64_t mask = mc_width_mask(width) << low;
        for (uint32_t i = 0; i < o->count; i++)
            for (uint32_t k = 0; k < p->count; k++) {
                uint64_t merged = ((uint64_t)o->cases[i].offset & ~mask) | ((uint64_t)p->cases[k].offset << low & mask);
                cases[count++] = (struct mc_case){.offset = (int64_t)merged,
                                                  .facts = mc_facts_or(values->facts, o->cases[i].facts, p->cases[k].facts)};
            }
        return mc_value_cases(values, cases, count, mc_facts_and(values->facts, o->other, p->other), 64);
    }
    if (low == 0 && p->kind == MC_VALUE_CASES && o->kind == MC_VALUE_TOP && mc_value_plain_cases(p, width)) {
        struct mc_value_data narrow; /* only the low bits are meant */
        mc_value low_part = mc_value_zero_extend(values, part, width);
        mc_value_get(values, low_part, &narrow);
        return mc_value_cases(values, narrow.cases, narrow.count, narrow.other, width);
    }
    mc_value halves[2], pair;
    if (width == 32 && (low == 32 || (low == 0 && o->kind != MC_VALUE_TOP))) {
        halves[low == 32] = mc_value_zero_extend(values, part, 32);
        halves[low == 0] = mc_value_half(values, old, low == 0);
        if (mc_value_pair(values, halves[0], halves[1], &pair))
            return pair;
        o = mc_value_data_of(values, old);
        p = mc_value_data_of(values, part);
    }
    struct mc_value_data base, added, result;
    mc_value masked;
    if (insert_masked(values, old, part, low, width, &masked))
        return masked;
    bool symbol_part = p->kind == MC_VALUE_CASES && p->count == 1 && p->cases[0].base;
    if (low == 0 && symbol_part && p->other == MC_FACTS_ALL && o->kind != MC_VALUE_BITS) /* what was there above is given up */
        return mc_value_cases(values, p->cases, 1, MC_FACTS_ALL, width);
    if (mc_value_is_dull(values, old) && mc_value_is_dull(values, part))
        return lost(values, old, part);
    bool any = operand_bits(values, old, &base);
    any |= operand_bits(values, part, &added);
    if (!any)
        return lost(values, old, part);
    mc_bits_unknown(&result);
    struct mc_wide_bits outer, inner;
    mc_bits_expand(&base, &outer);
    mc_bits_expand(&added, &inner);
    for (unsigned bit = 0; bit < 64; bit++) {
        bool inside = bit >= low && bit < low + width;
        const struct mc_wide_bits *from = inside ? &inner : &outer;
        unsigned at = inside ? bit - low : bit;
        mc_bits_put(&result, bit, from->if_one[at], from->if_zero[at]);
    }
    return mc_value_from_bits(values, &result);
}

mc_value mc_value_with_facts(struct mc_values *values, mc_value value, mc_facts facts)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    if (facts == MC_FACTS_NONE || data->kind == MC_VALUE_TOP)
        return value;
    struct mc_value_data copy;
    mc_value_get(values, value, &copy);
    if (copy.kind == MC_VALUE_MASKED) {
        copy.cases[0].facts = mc_facts_or(values->facts, copy.cases[0].facts, facts);
        return mc_value_masked(values, &copy.cases[0], copy.known, (int64_t)copy.constant);
    }
    mc_value pair;
    if (copy.kind == MC_VALUE_PAIR) {
        mc_value low = mc_value_with_facts(values, (mc_value)copy.known, facts);
        mc_value high = mc_value_with_facts(values, (mc_value)copy.constant, facts);
        return mc_value_pair(values, low, high, &pair) ? pair : value;
    }
    if (copy.kind == MC_VALUE_CASES) {
        for (uint32_t i = 0; i < copy.count; i++)
            copy.cases[i].facts = mc_facts_or(values->facts, copy.cases[i].facts, facts);
        mc_facts other = mc_facts_or(values->facts, copy.other, facts);
        return mc_value_cases(values, copy.cases, copy.count, other, copy.width);
    }
    struct mc_value_data result;
    struct mc_wide_bits wide;
    mc_bits_unknown(&result);
    mc_bits_expand(&copy, &wide);
    for (unsigned bit = 0; bit < 64; bit++)
        mc_bits_put(&result, bit, mc_facts_or(values->facts, wide.if_one[bit], facts),
                    mc_facts_or(values->facts, wide.if_zero[bit], facts));
    return mc_value_from_bits(values, &result);
}

mc_value mc_value_bit_index(struct mc_values *values, mc_value value, bool highest, unsigned width, int64_t when_zero)
{
    struct mc_value_data bits;
    if (!mc_value_to_bits(values, value, &bits))
        return lost(values, value, MC_TOP);
    struct mc_case cases[65];
    size_t count = 0;
    mc_facts passed = MC_FACTS_NONE; /* all bits looked at before were 0 */
    for (unsigned i = 0; i < width && passed != MC_FACTS_ALL; i++) {
        unsigned bit = highest ? width - 1 - i : i;
        mc_facts here = mc_facts_or(values->facts, passed, mc_bits_when(&bits, bit, true));
        if (here != MC_FACTS_ALL)
            cases[count++] = (struct mc_case){.offset = bit, .facts = here};
        passed = mc_facts_or(values->facts, passed, mc_bits_when(&bits, bit, false));
    }
    if (passed != MC_FACTS_ALL)
        cases[count++] = (struct mc_case){.offset = when_zero, .facts = passed};
    if (count > MC_MAX_CASES)
        return lost(values, value, MC_TOP);
    return mc_value_cases(values, cases, count, MC_FACTS_ALL, 64);
}
