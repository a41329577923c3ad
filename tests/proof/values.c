/* SPDX-License-Identifier: Apache-2.0 */
/* The algebra of the guard proof: facts that meet, values that meet, what a test of a value implies. */
#include "scanner/proof/machine.h"

#include <criterion/criterion.h>

static struct mc_arena arena;
static struct mc_facts_table *facts;
static struct mc_values *values;

static void set_up(void)
{
    facts = mc_facts_table_new(&arena);
    values = mc_values_new(&arena, facts);
}

static void tear_down(void)
{
    mc_values_free(values);
    mc_facts_table_free(facts);
    mc_arena_free(&arena);
}

TestSuite(values, .init = set_up, .fini = tear_down);

static mc_facts bit_is(unsigned bit, bool set)
{
    return mc_facts_one(facts, mc_atom_bit(1, 0, 2, bit, set), 0x1000 + bit);
}

/* What CPUID leaf 1 leaves in ECX. */
static mc_value cpuid_ecx(void)
{
    struct mc_value_data bits = {.kind = MC_VALUE_BITS, .count = 32, .known = ~(uint64_t)UINT32_MAX};
    for (unsigned i = 0; i < 32; i++)
        bits.bits[i] = (struct mc_bit){i, bit_is(i, true), bit_is(i, false)};
    return mc_value_from_bits(values, &bits);
}

static mc_value number(uint64_t n)
{
    return mc_value_constant(values, n);
}

Test(values, union_and_intersection)
{
    mc_facts a = bit_is(9, true), b = bit_is(19, true), both = mc_facts_or(facts, a, b);
    cr_assert_eq(mc_facts_and(facts, both, a), a, "what holds either way");
    cr_assert_eq(mc_facts_and(facts, a, b), MC_FACTS_NONE);
    cr_assert_eq(mc_facts_and(facts, MC_FACTS_ALL, a), a, "an impossible way takes nothing away");
    cr_assert_eq(mc_facts_or(facts, MC_FACTS_ALL, a), MC_FACTS_ALL);
    cr_assert_eq(mc_facts_minus(facts, both, a), b);
}

Test(values, contradiction_is_never_reached)
{
    cr_assert_eq(mc_facts_or(facts, bit_is(19, true), bit_is(19, false)), MC_FACTS_ALL);
    cr_assert_neq(mc_facts_or(facts, bit_is(19, true), bit_is(20, false)), MC_FACTS_ALL);
}

static const struct {
    enum mc_relation relation;
    uint64_t mask, constant;
    int implied; /* bit of leaf 1 ECX that must follow; -1: nothing at all may follow */
} masked_tests[] = {
    {MC_NE, 1 << 19, 0, 19},          /* test ecx, 0x80000; jne */
    {MC_EQ, 1 << 19, 1 << 19, 19},    /* (v & M) == M */
    {MC_EQ, 3 << 19, 3 << 19, 19},    /* several bits, all demanded */
    {MC_NE, 3 << 19, 0, -1},          /* any of several bits implies none of them */
    {MC_EQ, 1 << 19, 0, -1},          /* the other polarity */
    {MC_BIT_SET, UINT32_MAX, 19, 19}, /* bt ecx, 19; jc */
};

Test(values, tests_of_masked_bits)
{
    uint32_t wanted = mc_atom_id(facts, mc_atom_bit(1, 0, 2, 19, true));
    for (size_t i = 0; i < sizeof masked_tests / sizeof *masked_tests; i++) {
        mc_value masked = mc_value_operate(values, MC_OP_AND, cpuid_ecx(), number(masked_tests[i].mask), 32);
        mc_facts got = mc_value_test(values, masked, masked_tests[i].relation, masked_tests[i].constant, 32);
        cr_expect_eq(mc_facts_has(facts, got, wanted), masked_tests[i].implied == 19, "row %zu: bit 19 %s follow", i,
                     masked_tests[i].implied == 19 ? "must" : "must not");
    }
}

Test(values, shifts_move_what_bits_imply)
{
    mc_value shifted = mc_value_operate(values, MC_OP_SHR, cpuid_ecx(), number(19), 32);
    mc_value low = mc_value_operate(values, MC_OP_AND, shifted, number(1), 32);
    cr_assert_eq(mc_value_test(values, low, MC_NE, 0, 32), bit_is(19, true));
    cr_assert_eq(mc_value_test(values, low, MC_EQ, 0, 32), bit_is(19, false));
    cr_assert_eq(mc_value_test(values, low, MC_EQ, 2, 32), MC_FACTS_ALL, "a bit is never 2");
}

Test(values, joins_remember_the_way)
{
    mc_value level = mc_value_join(values, number(0), bit_is(19, false), number(2), bit_is(19, true));
    cr_assert_eq(mc_value_test(values, level, MC_EQ, 2, 32), bit_is(19, true));
    cr_assert_eq(mc_value_test(values, level, MC_NOT_BELOW, 1, 32), bit_is(19, true));
    cr_assert_eq(mc_value_test(values, level, MC_EQ, 1, 32), MC_FACTS_ALL);
    mc_value either = mc_value_join(values, level, MC_FACTS_NONE, number(2), MC_FACTS_NONE);
    mc_facts spoilt = mc_value_test(values, either, MC_EQ, 2, 32);
    uint64_t site;
    cr_assert(!mc_facts_has(facts, spoilt, mc_atom_id(facts, mc_atom_bit(1, 0, 2, 19, true))), "2 without a test spoils it");
    cr_assert(mc_facts_tested(facts, spoilt, &site), "yet something of CPUID was looked at");
}

Test(values, symbols_stay_questions)
{
    struct mc_symbol_key key = {.kind = MC_SYM_CELL, .width = 32, .a = 0x4010};
    mc_value cell = mc_value_symbol(values, mc_symbol_id(values, key), 0);
    mc_value masked = mc_value_operate(values, MC_OP_AND, cell, number(4), 32);
    mc_facts got = mc_value_test(values, masked, MC_NE, 0, 32);
    struct mc_fact_set set = mc_facts_get(facts, got);
    cr_assert_eq(set.count, 1);
    struct mc_atom atom = mc_atom_get(facts, set.items[0].atom);
    cr_assert(atom.kind == MC_ATOM_TEST && atom.b == MC_BIT_SET && atom.c == 2, "bit 2 of the cell is asked for");
}

Test(values, each_bit_of_a_long_mask_is_asked_for)
{
    const uint64_t mask = 0x6BFEFF; /* 20 bits */
    struct mc_symbol_key key = {.kind = MC_SYM_CELL, .width = 64, .a = 0x4020};
    mc_value cell = mc_value_symbol(values, mc_symbol_id(values, key), 0);
    mc_value masked = mc_value_operate(values, MC_OP_AND, cell, number(mask), 32);
    cr_assert_eq(mc_facts_get(facts, mc_value_test(values, masked, MC_EQ, mask, 64)).count, 20);
    cr_assert_eq(mc_facts_get(facts, mc_value_test(values, masked, MC_NE, mask, 64)).count, 0, "any of them may be 0");
}

Test(values, bit_index_is_a_level)
{
    mc_value two = mc_value_operate(values, MC_OP_AND, cpuid_ecx(), number(1 << 9 | 1 << 19), 32);
    mc_value index = mc_value_bit_index(values, two, true, 32, -1);
    cr_assert(mc_facts_has(facts, mc_value_test(values, index, MC_EQ, 19, 64), mc_atom_id(facts, mc_atom_bit(1, 0, 2, 19, true))));
    cr_assert(!mc_facts_has(facts, mc_value_test(values, index, MC_EQ, 9, 64), mc_atom_id(facts, mc_atom_bit(1, 0, 2, 19, true))));
}

static mc_value symbol_of(enum mc_symbol_kind kind)
{
    struct mc_symbol_key key = {.kind = kind, .width = 32};
    return mc_value_symbol(values, mc_symbol_id(values, key), 0);
}

Test(values, halves_of_a_register_stay_apart)
{
    mc_value leaf = symbol_of(MC_SYM_MAX_LEAF), upper = mc_value_operate(values, MC_OP_SHL, cpuid_ecx(), number(32), 64);
    mc_value both = mc_value_operate(values, MC_OP_OR, leaf, upper, 64); /* two words of a structure, returned in RAX */
    cr_assert_eq(mc_value_zero_extend(values, both, 32), leaf, "the highest leaf is not lost beside its neighbour");
    mc_value high = mc_value_operate(values, MC_OP_SHR, both, number(32), 64);
    mc_value bit = mc_value_operate(values, MC_OP_AND, high, number(1 << 19), 32);
    cr_assert_eq(mc_value_test(values, bit, MC_NE, 0, 32), bit_is(19, true));
    cr_assert_eq(mc_value_extract(values, mc_value_insert(values, both, number(7), 32, 32), 32, 32), number(7));
}

Test(values, the_user_does_not_spoil_the_default)
{
    mc_value word = mc_value_operate(values, MC_OP_AND, cpuid_ecx(), number(1 << 19), 32), foreign = symbol_of(MC_SYM_OBJECT);
    uint32_t wanted = mc_atom_id(facts, mc_atom_bit(1, 0, 2, 19, true));
    mc_facts option = mc_value_test(values, symbol_of(MC_SYM_ENVIRONMENT), MC_NE, 0, 32);
    mc_value joined = mc_value_join(values, word, MC_FACTS_NONE, foreign, option);
    cr_assert(mc_facts_has(facts, mc_value_test(values, joined, MC_NE, 0, 32), wanted), "the verdict is that of the default");
    mc_value spoilt = mc_value_join(values, word, MC_FACTS_NONE, foreign, MC_FACTS_NONE);
    cr_assert(!mc_facts_has(facts, mc_value_test(values, spoilt, MC_NE, 0, 32), wanted), "anything else spoils it");
}

/* What holds of bits 9 and 19 of `facts` unless the user chose: the second of the two ways that it must consist of. */
static mc_facts unless_chosen(mc_facts set)
{
    size_t count;
    struct mc_fact_set items = mc_facts_get(facts, set);
    cr_assert_eq(items.count, 1);
    struct mc_atom any = mc_atom_get(facts, items.items[0].atom);
    cr_assert_eq(any.kind, MC_ATOM_ANY);
    const mc_facts *ways = mc_facts_any_sets(facts, any.a, &count);
    cr_assert_eq(count, 2);
    cr_assert_eq(ways[0], mc_facts_one(facts, (struct mc_atom){.kind = MC_ATOM_OVERRIDE}, 0));
    return ways[1];
}

Test(values, what_the_user_chose_meets_what_cpuid_chose)
{
    mc_facts chosen = mc_facts_one(facts, (struct mc_atom){.kind = MC_ATOM_OVERRIDE}, 0);
    mc_facts both = mc_facts_or(facts, bit_is(9, true), bit_is(19, true)), other;
    mc_facts met = mc_facts_meet_states(facts, chosen, both);
    cr_assert_eq(unless_chosen(met), both);
    cr_assert_eq(mc_facts_meet_states(facts, met, chosen), met, "he chose in another way, too");
    cr_assert_eq(unless_chosen(mc_facts_meet_states(facts, met, bit_is(9, true))), bit_is(9, true), "a third way has less");
    cr_assert_not(mc_facts_meet_default(facts, met, bit_is(19, false), &other), "a third way has something else");
    cr_assert_not(mc_facts_meet_default(facts, both, bit_is(9, true), &other), "he chose nowhere");
    cr_assert_not(mc_facts_meet_default(facts, chosen, chosen, &other), "nobody else did");
}

Test(values, a_way_that_the_user_chose_counts_for_nothing_beside_one_that_cpuid_did)
{
    mc_facts chosen = mc_facts_one(facts, (struct mc_atom){.kind = MC_ATOM_OVERRIDE}, 0), bit = bit_is(19, true);
    for (int inferring = 0; inferring < 2; inferring++) {
        struct mc_facts_ways ways = {MC_FACTS_ALL, MC_FACTS_ALL, inferring};
        mc_facts_add_way(facts, &ways, chosen, chosen);
        cr_assert_eq(mc_facts_of_ways(facts, &ways), chosen);
        mc_facts_add_way(facts, &ways, bit, bit);
        cr_assert_eq(mc_facts_of_ways(facts, &ways), inferring ? mc_facts_or(facts, bit, chosen) : MC_FACTS_NONE);
        mc_facts_add_way(facts, &ways, MC_FACTS_NONE, MC_FACTS_NONE);
        cr_assert_eq(mc_facts_of_ways(facts, &ways), MC_FACTS_NONE, "somebody asked nothing at all");
    }
}

Test(values, addresses_of_one_base_have_a_distance)
{
    mc_value there = mc_value_symbol(values, MC_BASE_MODULE, 0x4018), here = mc_value_symbol(values, MC_BASE_MODULE, 0x4010);
    cr_assert_eq(mc_value_operate(values, MC_OP_SUB, there, here, 64), number(8));
    mc_value row = mc_value_operate(values, MC_OP_ADD, here, mc_value_join(values, number(0), bit_is(9, true), number(8), bit_is(19, true)), 64);
    struct mc_value_data data;
    mc_value_get(values, row, &data);
    cr_assert(data.kind == MC_VALUE_CASES && data.count == 2 && data.cases[1].facts == bit_is(19, true), "rows keep their facts");
}

Test(values, cells_of_two_sizes_meet_in_the_smaller)
{
    uint32_t stack = mc_symbol_id(values, (struct mc_symbol_key){.kind = MC_SYM_STACK, .width = 64, .a = 0x1000});
    mc_value flag = mc_value_operate(values, MC_OP_AND, mc_value_operate(values, MC_OP_SHR, cpuid_ecx(), number(19), 32), number(1), 32);
    for (int wide_first = 0; wide_first < 2; wide_first++) {
        struct mc_state wide = {.reached = true}, narrow = {.reached = true};
        mc_state_store(values, &wide, stack, -8, 4, flag);
        mc_state_store(values, &narrow, stack, -8, 1, number(0));
        struct mc_state *into = wide_first ? &wide : &narrow;
        cr_assert(mc_state_join(values, into, wide_first ? &narrow : &wide, MC_FACTS_NONE, NULL));
        bool found;
        mc_value met = mc_state_load(values, into, stack, -8, 1, &found);
        cr_assert(found);
        mc_facts told = mc_value_test(values, met, MC_NE, 0, 8);
        cr_assert_eq(mc_facts_and(facts, told, bit_is(19, true)), bit_is(19, true));
        mc_state_clear(&wide);
        mc_state_clear(&narrow);
    }
}

Test(values, mangled_names_tell_of_parameters)
{
    static const struct {
        const char *name;
        int arity;
    } rows[] = {{"_ZN3hwy15GetChosenTargetEv", 2}, /* an object, perhaps, and where the result goes */
                {"_ZSt28__throw_bad_array_new_lengthv", 1},
                {"_ZSt20__throw_length_errorPKc", 2},
                {"_ZNKSt9type_infoeqERKS_", -1}, /* an operator */
                {"_ZN1a1bEPvmd", 5},
                {"_ZNK1a1bEiiiiiii", 6},
                {"_ZN1aC1EOS_", 3},
                {"_Z3addIiEvT_", -1},
                {"_Z5printPKcz", -1},
                {"_Z4take5thing", 3}, /* two words */
                {"_ZTV1a", -1},
                {"_Z", -1},
                {"_Z99a", -1},
                {"_ZN", -1},
                {"_ZN1a", -1},
                {"abort", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_assert_eq(mc_mangled_arity(rows[i].name), rows[i].arity, "%s: %d", rows[i].name, mc_mangled_arity(rows[i].name));
}
