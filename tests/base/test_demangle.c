/* SPDX-License-Identifier: Apache-2.0 */
/* Names: the two manglings of Rust, C++, what is neither, and symbols that are made to hurt. */
#include "base/demangle.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *symbol, *name; /* NULL: not mangled */
} rows[] = {
    {"_ZN2ns5blendIiEEvPi", "void ns::blend<int>(int*)"},
    {"_ZN3FooplEi", "Foo::operator+(int)"},
    {"_ZZ4mainE1b", "main::b"},
    {"_Z4workv.part.0", "work() [clone .part.0]"},
    {"_ZTV6Engine", "vtable for Engine"},
    /* Rust, legacy: the hash is no part of the name */
    {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
    {"_ZN42_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE", "<&T as core::fmt::Debug>::fmt"},
    /* Rust, RFC 2603 */
    {"_RNvCs1234_7mycrate3foo", "mycrate::foo"},
    {"_RNvNtCs1234_7mycrate3bar3baz", "mycrate::bar::baz"},
    {"main", NULL},
    {"", NULL},
    {"_", NULL},
    {"_Z", NULL},
    {"_R", NULL},
    {"_Zabc", NULL},
    {"_ZN", NULL},
    {"_RNvCs", NULL},
    {"Zork", NULL},
    {"_ZN2ns5blendIiEEvPi\x01\xff", NULL},
};

Test(demangle, rows)
{
    struct mc_arena arena = {0};
    cr_assert_null(mc_demangle(NULL, &arena));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = mc_demangle(rows[i].symbol, &arena);
        cr_expect(rows[i].name ? got && strcmp(got, rows[i].name) == 0 : !got, "%s: expected %s, got %s", rows[i].symbol,
                  rows[i].name ? rows[i].name : "none", got ? got : "none");
        cr_expect_str_eq(mc_symbol_text(rows[i].symbol, &arena), rows[i].name ? rows[i].name : rows[i].symbol);
    }
    mc_arena_free(&arena);
}

/* f<A<...>>(), where each level has the one before twice: "int" 2^levels times. */
static const char *name_of_levels(unsigned levels, struct mc_arena *arena)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char symbol[1024] = "_Z1fI1AIiiEE", level[16] = "S0_", last[16] = "";
    for (unsigned i = 1; i < levels; i++) {
        snprintf(last, sizeof last, "%s", level);
        symbol[strlen(symbol) - 1] = 0; /* f's own E */
        snprintf(symbol + strlen(symbol), sizeof symbol - strlen(symbol), "S_I%s%sEE", last, last);
        snprintf(level, sizeof level, "S%c_", digits[i]);
    }
    strcat(symbol, "vv");
    return mc_demangle(symbol, arena);
}

Test(demangle, a_name_of_gigabytes_is_none, .timeout = 60)
{
    struct mc_arena arena = {0};
    const char *name = name_of_levels(8, &arena);
    cr_assert(name && strlen(name) > 3 << 7, "%s", name ? name : "none");
    cr_expect_null(name_of_levels(34, &arena));
    mc_arena_free(&arena);
}

Test(demangle, deep_nesting_ends, .timeout = 60)
{
    enum { DEPTH = 200000 };
    char *symbol = mc_realloc(NULL, DEPTH + 16, 1);
    struct mc_arena arena = {0};
    memset(symbol, 'P', DEPTH + 16);
    memcpy(symbol, "_Z1f", 4);
    strcpy(symbol + DEPTH, "i");
    const char *name = mc_demangle(symbol, &arena);
    cr_expect(!name || strlen(name) <= MC_LONGEST_DEMANGLED);
    memset(symbol, 'R', DEPTH);
    memcpy(symbol, "_RINvC1a1f", 10);
    name = mc_demangle(symbol, &arena);
    cr_expect(!name || strlen(name) <= MC_LONGEST_DEMANGLED);
    mc_arena_free(&arena);
    free(symbol);
}

Test(demangle, words_that_mean_a_symbol)
{
    static const struct {
        const char *symbol, *word;
        bool same;
    } words[] = {
        {"main", "main", true},
        {"main", "main()", false},
        {"_ZN2ns5blendIiEEvPi", "_ZN2ns5blendIiEEvPi", true},
        {"_ZN2ns5blendIiEEvPi", "void ns::blend<int>(int*)", true},
        {"_ZN2ns5blendIiEEvPi", "ns::blend<int>", true},
        {"_ZN2ns5blendIiEEvPi", "ns::blend", true},
        {"_ZN2ns5blendIiEEvPi", "ns::blen", false},
        {"_ZN2ns5blendIiEEvPi", "blend", false},
        {"_ZN3FooplEi", "Foo::operator+", true},
        {"_ZN3FooplEi", "Foo::operator+(int)", true},
        {"_ZN3FoogtEi", "Foo::operator>", true},
        {"_RNvNtCs1234_7mycrate3bar3baz", "mycrate::bar::baz", true},
        {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad", true},
        {"_ZN2ns5blendIiEEvPi", "", false},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        cr_expect_eq(mc_symbol_is(words[i].symbol, words[i].word), words[i].same, "%s, %s", words[i].symbol, words[i].word);
}

Test(demangle, names_stay_when_that_is_wanted)
{
    struct mc_arena arena = {0};
    mc_demangle_disable();
    cr_expect_null(mc_demangle("_ZN3FooplEi", &arena));
    cr_expect_not(mc_symbol_is("_ZN3FooplEi", "Foo::operator+"));
    cr_expect(mc_symbol_is("_ZN3FooplEi", "_ZN3FooplEi"));
    mc_arena_free(&arena);
}
