/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/proof/value_internal.h"

static size_t used_size(const struct mc_value_data *data)
{
    size_t item = data->kind == MC_VALUE_BITS ? sizeof(struct mc_bit) : sizeof(struct mc_case);
    return offsetof(struct mc_value_data, cases) + data->count * item;
}

mc_value mc_value_intern(struct mc_values *values, const struct mc_value_data *data)
{
    size_t size = used_size(data);
    uint32_t hash = mc_hash_words(data, size), id;
    for (size_t at = hash; (id = mc_index_candidate(&values->values_by_key, hash, &at)) != MC_INDEX_NONE;)
        if (used_size(values->items.items[id]) == size && !memcmp(values->items.items[id], data, size))
            return id;
    struct mc_value_data *copy = mc_arena_alloc(values->arena, size);
    memcpy(copy, data, size);
    id = (uint32_t)values->items.count;
    mc_push(&values->items, copy);
    mc_index_add(&values->values_by_key, hash, id);
    return id;
}

struct mc_values *mc_values_new(struct mc_arena *arena, struct mc_facts_table *facts)
{
    struct mc_values *values = mc_realloc(NULL, 1, sizeof *values);
    memset(values, 0, sizeof *values);
    values->arena = arena;
    values->facts = facts;
    struct mc_symbol_key none = {0};
    mc_push(&values->symbols, none);
    mc_symbol_id(values, (struct mc_symbol_key){.kind = MC_SYM_MODULE, .width = 64}); /* id 1: MC_BASE_MODULE */
    struct mc_value_data top;
    mc_value_begin(&top, MC_VALUE_TOP);
    mc_value_intern(values, &top); /* id 0: MC_TOP */
    return values;
}

void mc_values_free(struct mc_values *values)
{
    if (!values)
        return;
    mc_index_free(&values->symbols_by_key);
    mc_index_free(&values->values_by_key);
    mc_vector_free(&values->symbols);
    mc_vector_free(&values->items);
    mc_vector_free(&values->lost);
    free(values);
}

struct mc_facts_table *mc_values_facts(const struct mc_values *values)
{
    return values->facts;
}

uint32_t mc_symbol_id(struct mc_values *values, struct mc_symbol_key key)
{
    uint32_t hash = mc_hash_words(&key, sizeof key), id;
    for (size_t at = hash; (id = mc_index_candidate(&values->symbols_by_key, hash, &at)) != MC_INDEX_NONE;)
        if (!memcmp(&values->symbols.items[id], &key, sizeof key))
            return id;
    id = (uint32_t)values->symbols.count;
    mc_push(&values->symbols, key);
    mc_index_add(&values->symbols_by_key, hash, id);
    return id;
}

void mc_values_set_filter(struct mc_values *values, mc_symbol_filter *filter, void *context)
{
    values->filter = filter;
    values->filter_context = context;
}

void mc_values_set_option(struct mc_values *values, mc_symbol_option *option)
{
    values->option = option;
}

/* An answer may matter. */
static mc_facts matching_test(struct mc_values *values, uint32_t symbol, enum mc_relation relation, uint64_t constant)
{
    if (values->symbols.items[symbol].kind == MC_SYM_LOAD)
        mc_facts_note_behind_pointer(values->facts, symbol);
    return mc_facts_one(values->facts, mc_atom_test(symbol, relation, constant), 0);
}

mc_facts mc_symbol_test(struct mc_values *values, uint32_t symbol, enum mc_relation relation, uint64_t constant)
{
    if (values->filter && !values->filter(values->filter_context, symbol))
        return MC_FACTS_NONE;
    return matching_test(values, symbol, relation, constant);
}

struct mc_symbol_key mc_symbol_get(const struct mc_values *values, uint32_t symbol)
{
    return values->symbols.items[symbol];
}

void mc_value_get(const struct mc_values *values, mc_value value, struct mc_value_data *ret)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    memcpy(ret, data, used_size(data));
}

mc_value mc_value_top(struct mc_values *values, mc_facts provenance)
{
    if (provenance == MC_FACTS_NONE)
        return MC_TOP;
    struct mc_value_data data;
    struct mc_atom tested = {.kind = MC_ATOM_TESTED}; /* answers that exclude one another: it was asked */
    mc_value_begin(&data, MC_VALUE_TOP);
    data.other = provenance == MC_FACTS_ALL ? mc_facts_one(values->facts, tested, 0) : provenance;
    return mc_value_intern(values, &data);
}

void mc_value_lose(struct mc_values *values, const struct mc_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (cases[i].base != MC_BASE_MODULE)
            continue;
        bool known = false;
        for (size_t k = values->lost.count; k > 0 && !known; k--)
            known = values->lost.items[k - 1] == cases[i].offset;
        if (!known)
            mc_push(&values->lost, cases[i].offset);
    }
}

const int64_t *mc_values_take_lost(struct mc_values *values, size_t *ret_count)
{
    *ret_count = values->lost.count;
    values->lost.count = 0;
    return values->lost.items;
}

size_t mc_values_lost_mark(const struct mc_values *values)
{
    return values->lost.count;
}

void mc_values_lost_reset(struct mc_values *values, size_t mark)
{
    if (values->lost.count > mark)
        values->lost.count = mark;
}

static int compare_cases(const struct mc_case *a, const struct mc_case *b)
{
    if (a->base != b->base)
        return a->base < b->base ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* Sorts (few cases), merges equal ones, drops the impossible. False when too many are left. */
static bool normalise_cases(struct mc_values *values, struct mc_value_data *data, const struct mc_case *cases, size_t count)
{
    data->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (cases[i].facts == MC_FACTS_ALL)
            continue;
        uint32_t at = 0;
        while (at < data->count && compare_cases(&data->cases[at], &cases[i]) < 0)
            at++;
        if (at < data->count && !compare_cases(&data->cases[at], &cases[i])) {
            data->cases[at].facts = mc_facts_either(values->facts, data->cases[at].facts, cases[i].facts);
            continue;
        }
        if (data->count == MC_MAX_CASES)
            return false;
        memmove(&data->cases[at + 1], &data->cases[at], (data->count - at) * sizeof data->cases[0]);
        data->cases[at] = cases[i];
        data->count++;
    }
    return true;
}

mc_value mc_value_cases(struct mc_values *values, const struct mc_case *cases, size_t count, mc_facts other, unsigned width)
{
    struct mc_value_data data;
    if (count == 1 && cases->facts == MC_FACTS_NONE && other == MC_FACTS_ALL && width == 64)
        return mc_value_symbol(values, cases->base, cases->offset);
    mc_value_begin(&data, MC_VALUE_CASES);
    data.width = width;
    data.other = other;
    if (!normalise_cases(values, &data, cases, count)) {
        mc_value_lose(values, cases, count);
        mc_facts provenance = other == MC_FACTS_ALL ? MC_FACTS_NONE : other;
        for (size_t i = 0; i < count; i++)
            if (cases[i].facts != MC_FACTS_ALL)
                provenance = mc_facts_or(values->facts, provenance, cases[i].facts);
        return mc_value_top(values, provenance);
    }
    if (!data.count && other != MC_FACTS_ALL)
        return mc_value_top(values, other);
    return mc_value_intern(values, &data);
}

mc_value mc_value_symbol(struct mc_values *values, uint32_t symbol, int64_t offset)
{
    uint64_t hash = ((uint64_t)offset * 8 + symbol) * UINT64_C(0x9E3779B97F4A7C15);
    struct mc_recent_value *recent = &values->recent[hash >> 32 & (MC_RECENT_VALUES - 1)];
    if (recent->value != MC_TOP && recent->base == symbol && recent->offset == offset)
        return recent->value;
    struct mc_value_data data;
    mc_value_begin(&data, MC_VALUE_CASES);
    data.width = 64;
    data.other = MC_FACTS_ALL;
    data.count = 1;
    data.cases[0] = (struct mc_case){.base = symbol, .offset = offset};
    *recent = (struct mc_recent_value){offset, symbol, mc_value_intern(values, &data)};
    return recent->value;
}

mc_value mc_value_constant(struct mc_values *values, uint64_t constant)
{
    return mc_value_symbol(values, 0, (int64_t)constant);
}

mc_value mc_value_boolean(struct mc_values *values, mc_facts if_one, mc_facts if_zero)
{
    struct mc_case cases[2] = {{.offset = 0, .facts = if_zero}, {.offset = 1, .facts = if_one}};
    return mc_value_cases(values, cases, 2, MC_FACTS_ALL, 64);
}

void mc_bits_put(struct mc_value_data *bits, unsigned index, mc_facts if_one, mc_facts if_zero)
{
    uint64_t mask = UINT64_C(1) << index;
    if (if_one == MC_FACTS_ALL || if_zero == MC_FACTS_ALL) {
        bits->known |= mask;
        if (if_zero == MC_FACTS_ALL)
            bits->constant |= mask;
        /* the facts of the only possible value stay with the bit */
        if ((if_zero == MC_FACTS_ALL ? if_one : if_zero) <= MC_FACTS_ALL)
            return;
    } else if (if_one == MC_FACTS_NONE && if_zero == MC_FACTS_NONE) {
        return;
    }
    bits->bits[bits->count++] = (struct mc_bit){index, if_one, if_zero}; /* callers go upwards */
}

mc_facts mc_bits_when(const struct mc_value_data *bits, unsigned index, bool set)
{
    for (uint32_t i = 0; i < bits->count; i++)
        if (bits->bits[i].index == index)
            return set ? bits->bits[i].if_one : bits->bits[i].if_zero;
    if (bits->known >> index & 1)
        return (bits->constant >> index & 1) == set ? MC_FACTS_NONE : MC_FACTS_ALL;
    return MC_FACTS_NONE;
}

void mc_bits_expand(const struct mc_value_data *bits, struct mc_wide_bits *ret)
{
    for (unsigned i = 0; i < 64; i++) {
        bool known = bits->known >> i & 1, set = bits->constant >> i & 1;
        ret->if_one[i] = known && !set ? MC_FACTS_ALL : MC_FACTS_NONE;
        ret->if_zero[i] = known && set ? MC_FACTS_ALL : MC_FACTS_NONE;
    }
    for (uint32_t i = 0; i < bits->count; i++) {
        ret->if_one[bits->bits[i].index] = bits->bits[i].if_one;
        ret->if_zero[bits->bits[i].index] = bits->bits[i].if_zero;
    }
}

#define MAX_ENUMERATED_BITS 3

/* A number of few open bits is one of a few numbers: as good a table index as any. */
static mc_value enumerate_bits(struct mc_values *values, const struct mc_value_data *bits)
{
    uint64_t open = ~bits->known;
    unsigned width = (unsigned)__builtin_popcountll(open);
    struct mc_case cases[1 << MAX_ENUMERATED_BITS];
    struct mc_wide_bits wide;
    mc_bits_expand(bits, &wide);
    mc_facts always = MC_FACTS_NONE; /* facts that stay with constant bits */
    for (uint32_t i = 0; i < bits->count; i++)
        if (bits->known >> bits->bits[i].index & 1)
            always = mc_facts_or(values->facts, always,
                                 bits->constant >> bits->bits[i].index & 1 ? bits->bits[i].if_one : bits->bits[i].if_zero);
    for (unsigned n = 0; n < 1u << width; n++) {
        uint64_t left = open, number = bits->constant & bits->known;
        cases[n].base = 0;
        cases[n].facts = always;
        for (unsigned k = 0; k < width; k++, left &= left - 1) {
            unsigned bit = (unsigned)__builtin_ctzll(left);
            bool set = n >> k & 1;
            number |= (uint64_t)set << bit;
            cases[n].facts = mc_facts_or(values->facts, cases[n].facts, set ? wide.if_one[bit] : wide.if_zero[bit]);
        }
        cases[n].offset = (int64_t)number;
    }
    return mc_value_cases(values, cases, (size_t)1 << width, MC_FACTS_ALL, 64);
}

mc_value mc_value_from_bits(struct mc_values *values, const struct mc_value_data *bits)
{
    if (bits->known == UINT64_MAX && !bits->count)
        return mc_value_constant(values, bits->constant);
    if (!bits->known && !bits->count)
        return MC_TOP;
    if (__builtin_popcountll(~bits->known) <= MAX_ENUMERATED_BITS)
        return enumerate_bits(values, bits);
    struct mc_value_data copy;
    memcpy(&copy, bits, offsetof(struct mc_value_data, bits) + bits->count * sizeof *bits->bits);
    copy.kind = MC_VALUE_BITS;
    copy.width = 0;
    copy.other = 0;
    copy.constant &= copy.known;
    return mc_value_intern(values, &copy);
}

bool mc_value_single(const struct mc_values *values, mc_value value, uint32_t *ret_base, int64_t *ret_offset)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    if (data->kind != MC_VALUE_CASES || data->count != 1 || data->other != MC_FACTS_ALL)
        return false;
    *ret_base = data->cases[0].base;
    *ret_offset = data->cases[0].offset;
    return true;
}

bool mc_value_is_constant(const struct mc_values *values, mc_value value, uint64_t *ret_constant)
{
    uint32_t base;
    int64_t offset;
    if (!mc_value_single(values, value, &base, &offset) || base)
        return false;
    *ret_constant = (uint64_t)offset;
    return true;
}

mc_facts mc_value_provenance(struct mc_values *values, mc_value value)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    mc_facts result = MC_FACTS_NONE;
    if (data->kind == MC_VALUE_TOP)
        return data->other;
    if (data->kind == MC_VALUE_MASKED)
        return mc_facts_only_base(values->facts, data->cases[0].facts);
    if (data->kind == MC_VALUE_PAIR)
        return mc_facts_or(values->facts, mc_value_provenance(values, (mc_value)data->known),
                           mc_value_provenance(values, (mc_value)data->constant));
    if (data->kind == MC_VALUE_BITS) {
        for (uint32_t i = 0; i < data->count; i++) {
            mc_facts side = data->bits[i].if_one != MC_FACTS_ALL ? data->bits[i].if_one : data->bits[i].if_zero;
            if (side != MC_FACTS_ALL)
                result = mc_facts_or(values->facts, result, mc_facts_only_base(values->facts, side));
        }
        return result;
    }
    if (data->other != MC_FACTS_ALL)
        result = mc_facts_only_base(values->facts, data->other);
    for (uint32_t i = 0; i < data->count; i++)
        result = mc_facts_or(values->facts, result, mc_facts_only_base(values->facts, data->cases[i].facts));
    return result;
}

static bool is_data_symbol(const struct mc_symbol_key *key)
{
    switch (key->kind) {
    case MC_SYM_ARGUMENT:
    case MC_SYM_CELL:
    case MC_SYM_TLS:
    case MC_SYM_LOAD:
    case MC_SYM_RETURN:
    case MC_SYM_MAX_LEAF:
    case MC_SYM_KERNEL:
    case MC_SYM_OUTPUT:
        return true;
    default:
        return false;
    }
}

mc_value mc_value_masked(struct mc_values *values, const struct mc_case *symbol, uint64_t mask, int64_t shift)
{
    if (!mask)
        return mc_value_constant(values, 0);
    if (!shift && mask == mc_width_mask(mc_symbol_get(values, symbol->base).width)) /* all of it */
        return mc_value_cases(values, symbol, 1, MC_FACTS_ALL, 64);
    struct mc_value_data data;
    mc_value_begin(&data, MC_VALUE_MASKED);
    data.count = 1;
    data.known = mask;
    data.constant = (uint64_t)shift;
    data.cases[0] = *symbol;
    return mc_value_intern(values, &data);
}

bool mc_value_as_masked(struct mc_values *values, mc_value value, struct mc_value_data *ret)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    if (data->kind != MC_VALUE_MASKED) {
        if (data->kind != MC_VALUE_CASES || data->count != 1 || data->cases[0].offset || data->other != MC_FACTS_ALL)
            return false;
        struct mc_symbol_key key = mc_symbol_get(values, data->cases[0].base);
        if (!is_data_symbol(&key) || data->width < key.width)
            return false;
        mc_value_begin(ret, MC_VALUE_MASKED);
        ret->count = 1;
        ret->known = mc_width_mask(key.width);
        ret->cases[0] = data->cases[0];
        return true;
    }
    memcpy(ret, data, used_size(data));
    return true;
}

/* Of a symbol that the filter lets pass. */
static void masked_to_bits(struct mc_values *values, const struct mc_value_data *masked, struct mc_value_data *ret)
{
    const struct mc_case *symbol = &masked->cases[0];
    for (unsigned bit = 0; bit < 64; bit++) {
        if (!(masked->known >> bit & 1)) {
            mc_bits_put(ret, bit, MC_FACTS_ALL, MC_FACTS_NONE);
            continue;
        }
        uint64_t from = bit + masked->constant;
        mc_facts one = matching_test(values, symbol->base, MC_BIT_SET, from);
        mc_facts zero = matching_test(values, symbol->base, MC_BIT_CLEAR, from);
        mc_bits_put(ret, bit, mc_facts_or(values->facts, one, symbol->facts), mc_facts_or(values->facts, zero, symbol->facts));
    }
}

static void cases_to_bits(struct mc_values *values, const struct mc_value_data *data, struct mc_value_data *ret)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        mc_facts one = data->other, zero = data->other;
        for (uint32_t i = 0; i < data->count; i++) {
            mc_facts *side = (uint64_t)data->cases[i].offset >> bit & 1 ? &one : &zero;
            *side = mc_facts_and(values->facts, *side, data->cases[i].facts);
        }
        if (bit < data->width)
            mc_bits_put(ret, bit, one, zero);
    }
}

/* Bit `index` of a value that is one of several things: what any of them being 1 (or 0) implies. */
static mc_facts any_case_bit(struct mc_values *values, const struct mc_value_data *data, unsigned index, bool set)
{
    mc_facts sets[MC_MAX_CASES + 1];
    size_t count = 0;
    for (uint32_t i = 0; i < data->count; i++) {
        const struct mc_case *one = &data->cases[i];
        if (!one->base) {
            if (((uint64_t)one->offset >> index & 1) == set)
                sets[count++] = one->facts;
            continue;
        }
        struct mc_symbol_key key = mc_symbol_get(values, one->base);
        if (!is_data_symbol(&key) || one->offset)
            sets[count++] = one->facts;
        else if (index < key.width)
            sets[count++] = mc_facts_or(values->facts, one->facts,
                                        mc_symbol_test(values, one->base, set ? MC_BIT_SET : MC_BIT_CLEAR, index));
        else if (!set)
            sets[count++] = one->facts;
    }
    if (data->other != MC_FACTS_ALL)
        sets[count++] = data->other;
    return mc_facts_any(values->facts, sets, count, 0);
}

bool mc_value_some_bits(struct mc_values *values, mc_value value, uint64_t mask, struct mc_value_data *ret)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    int bits = __builtin_popcountll(mask);
    if (data->kind != MC_VALUE_CASES ||
        ((bits > 32 || (data->count > 6 && bits > 8)) && mc_value_provenance(values, value) == MC_FACTS_NONE))
        return false;
    mc_value_begin(ret, MC_VALUE_BITS);
    for (unsigned bit = 0; bit < 64; bit++) {
        if (mask >> bit & 1)
            mc_bits_put(ret, bit, any_case_bit(values, data, bit, true), any_case_bit(values, data, bit, false));
        else
            mc_bits_put(ret, bit, MC_FACTS_ALL, MC_FACTS_NONE);
    }
    return true;
}

/* Numbers, and one symbol among them that may matter: each bit is as in one of those. */
static bool mixed_to_bits(struct mc_values *values, mc_value value, struct mc_value_data *ret)
{
    struct mc_value_data numbers, symbol, bits;
    struct mc_wide_bits p, q;
    struct mc_case named = {0};
    mc_value_get(values, value, &numbers);
    uint32_t count = numbers.kind == MC_VALUE_CASES && numbers.other == MC_FACTS_ALL ? numbers.count : 0;
    bool tells = false;
    numbers.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct mc_case one = numbers.cases[i];
        tells |= one.facts != MC_FACTS_NONE;
        if (!one.base)
            numbers.cases[numbers.count++] = one;
        else if (named.base || one.base == MC_BASE_MODULE || one.offset)
            return false;
        else
            named = one;
    }
    if (!tells || !named.base || !numbers.count || (values->filter && !values->filter(values->filter_context, named.base)) ||
        !mc_value_as_masked(values, mc_value_symbol(values, named.base, 0), &symbol))
        return false;
    mc_value_begin(&bits, MC_VALUE_BITS);
    masked_to_bits(values, &symbol, &bits);
    mc_bits_expand(&bits, &q);
    mc_value_begin(&bits, MC_VALUE_BITS);
    cases_to_bits(values, &numbers, &bits);
    mc_bits_expand(&bits, &p);
    mc_bits_unknown(ret);
    struct mc_facts_table *t = values->facts;
    for (unsigned bit = 0; bit < 64; bit++)
        mc_bits_put(ret, bit, mc_facts_meet(t, p.if_one[bit], mc_facts_or(t, q.if_one[bit], named.facts)),
                    mc_facts_meet(t, p.if_zero[bit], mc_facts_or(t, q.if_zero[bit], named.facts)));
    return true;
}

bool mc_value_to_bits(struct mc_values *values, mc_value value, struct mc_value_data *ret)
{
    const struct mc_value_data *data = mc_value_data_of(values, value);
    mc_value_begin(ret, MC_VALUE_BITS);
    if (data->kind == MC_VALUE_TOP)
        return false;
    if (data->kind == MC_VALUE_BITS) {
        memcpy(ret, data, used_size(data));
        return true;
    }
    if (data->kind == MC_VALUE_PAIR)
        return mc_value_pair_to_bits(values, data, ret);
    bool plain = data->kind == MC_VALUE_CASES;
    for (uint32_t i = 0; plain && i < data->count; i++)
        plain = data->cases[i].base == 0;
    if (plain) {
        cases_to_bits(values, data, ret);
        return true;
    }
    struct mc_value_data masked;
    if (!mc_value_as_masked(values, value, &masked))
        return mixed_to_bits(values, value, ret);
    if (values->filter && !values->filter(values->filter_context, masked.cases[0].base))
        return false; /* nothing of interest in any bit */
    masked_to_bits(values, &masked, ret);
    return true;
}
