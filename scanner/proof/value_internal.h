/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by value.c, value_operate.c and value_test.c only. */
#ifndef MC_SCANNER_PROOF_VALUE_INTERNAL_H
#define MC_SCANNER_PROOF_VALUE_INTERNAL_H

#include "base/index.h"
#include "scanner/proof/value.h"

#include <stddef.h>
#include <string.h>

#define MC_RECENT_VALUES 2048 /* a power of two */

struct mc_values {
    struct mc_arena *arena;
    struct mc_facts_table *facts;
    struct mc_index symbols_by_key, values_by_key;
    MC_VECTOR(struct mc_symbol_key) symbols;
    MC_VECTOR(const struct mc_value_data *) items;
    MC_VECTOR(int64_t) lost;
    struct mc_recent_value { /* numbers, and symbols with an offset, of which nothing follows */
        int64_t offset;
        uint32_t base;
        mc_value value; /* MC_TOP: none yet */
    } recent[MC_RECENT_VALUES];
    mc_symbol_filter *filter;
    mc_symbol_option *option;
    void *filter_context;
};

static inline const struct mc_value_data *mc_value_data_of(const struct mc_values *values, mc_value value)
{
    return values->items.items[value];
}

/* A value without items so far; what lies behind the items is never read. */
static inline void mc_value_begin(struct mc_value_data *data, enum mc_value_kind kind)
{
    memset(data, 0, offsetof(struct mc_value_data, cases));
    data->kind = kind;
}

static inline uint64_t mc_width_mask(unsigned width)
{
    return width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

/* The question whether the symbol is as said; NONE when no answer could matter. */
mc_facts mc_symbol_test(struct mc_values *values, uint32_t symbol, enum mc_relation relation, uint64_t constant);
/* Remembers the module addresses in the value as lost. */
void mc_value_lose(struct mc_values *values, const struct mc_case *cases, size_t count);

mc_value mc_value_intern(struct mc_values *values, const struct mc_value_data *data);
/* The value as BITS (in *ret); false when it is TOP or has a base whose bits mean nothing. */
bool mc_value_to_bits(struct mc_values *values, mc_value value, struct mc_value_data *ret);
/* The bits of the mask (few) of a value that is one of several symbols and numbers; all others 0. */
bool mc_value_some_bits(struct mc_values *values, mc_value value, uint64_t mask, struct mc_value_data *ret);
/* The value as MASKED, when it is that or one data symbol; false otherwise. */
bool mc_value_as_masked(struct mc_values *values, mc_value value, struct mc_value_data *ret);
mc_value mc_value_masked(struct mc_values *values, const struct mc_case *symbol, uint64_t mask, int64_t shift);

/* value_operate.c, for the join too: remembers the addresses in the value as lost; numbers only; nothing in it that CPUID said
 * or that other code may have put somewhere; bits of which nothing is known. */
void mc_value_lose_all(struct mc_values *values, mc_value value);
bool mc_value_plain_cases(const struct mc_value_data *data, unsigned width);
bool mc_value_is_dull(const struct mc_values *values, mc_value value);
void mc_bits_unknown(struct mc_value_data *ret);

/* value_pair.c. Each of the functions that return bool leaves *ret alone when the answer is false. */
bool mc_value_is_pair(const struct mc_values *values, mc_value value);
mc_value mc_value_half(struct mc_values *values, mc_value value, bool high); /* of any value */
/* False where a value of BITS says as much. */
bool mc_value_pair(struct mc_values *values, mc_value low, mc_value high, mc_value *ret);
/* a + b, where one of the two has only upper, the other only lower bits. */
bool mc_value_pair_of_sum(struct mc_values *values, mc_value a, mc_value b, mc_value *ret);
bool mc_value_pair_to_bits(struct mc_values *values, const struct mc_value_data *pair, struct mc_value_data *ret);
bool mc_value_pair_operate(struct mc_values *values, enum mc_operation operation, mc_value a, mc_value b, unsigned width,
                           mc_value *ret);
mc_value mc_value_pair_join(struct mc_values *values, mc_value a, mc_facts fa, mc_value b, mc_facts fb);

/* Facts when bit `index` of a BITS value is `set`. */
mc_facts mc_bits_when(const struct mc_value_data *bits, unsigned index, bool set);
struct mc_wide_bits { /* the same for all bits at once */
    mc_facts if_one[64], if_zero[64];
};
void mc_bits_expand(const struct mc_value_data *bits, struct mc_wide_bits *ret);
void mc_bits_put(struct mc_value_data *bits, unsigned index, mc_facts if_one, mc_facts if_zero);

#endif
