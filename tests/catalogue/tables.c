/* SPDX-License-Identifier: Apache-2.0 */
/* The feature table against itself: names, places, order, OS state; and the lookups over it. */
#include "tests/catalogue/support.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const ids[MC_FEATURE_COUNT] = {
#define MC_FEATURE(id, ...) #id,
#include "isa/features.def"
#undef MC_FEATURE
};

#define FOR_EACH_FEATURE(feature) for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)

Test(tables, enumerator_is_the_name_in_capitals)
{
    FOR_EACH_FEATURE(feature)
    {
        char expected[64];
        size_t length = strlen(mc_features[feature].name);
        for (size_t i = 0; i <= length; i++) {
            char letter = mc_features[feature].name[i];
            expected[i] = letter == '.' || letter == '-' ? '_' : (char)toupper((unsigned char)letter);
        }
        cr_expect_str_eq(ids[feature], expected);
    }
}

/* Each spelling of a list must lead back to this row: so no spelling stands in two rows. */
static void expect_found(const char *list, int feature)
{
    for (const char *word = list; *word;) {
        size_t length = strcspn(word, " ");
        int found = mc_feature_find(word, length);
        cr_expect_eq(found, feature, "'%.*s' of %s leads to %s", (int)length, word, mc_features[feature].name,
                     found < 0 ? "nothing" : mc_features[found].name);
        word += length;
        word += strspn(word, " ");
    }
}

Test(tables, every_spelling_is_unique)
{
    FOR_EACH_FEATURE(feature)
    {
        const struct mc_feature_info *row = &mc_features[feature];
        expect_found(row->name, feature);
        expect_found(row->aliases, feature);
        expect_found(row->kernel_flag, feature);
        expect_found(row->qemu_name, feature);
    }
}

static void fold(char *text)
{
    for (; *text; text++)
        *text = *text == '-' || *text == '.' ? '_' : (char)tolower((unsigned char)*text);
}

/* An alias that the lookup would find anyway is noise. */
Test(tables, no_alias_is_redundant)
{
    FOR_EACH_FEATURE(feature)
    {
        const struct mc_feature_info *row = &mc_features[feature];
        char others[3][64], aliases[128];
        snprintf(others[0], sizeof others[0], "%s", row->name);
        snprintf(others[1], sizeof others[1], "%s", row->kernel_flag);
        snprintf(others[2], sizeof others[2], "%s", row->qemu_name);
        snprintf(aliases, sizeof aliases, "%s", row->aliases);
        fold(aliases);
        for (int i = 0; i < 3; i++)
            fold(others[i]);
        for (char *word = strtok(aliases, " "); word; word = strtok(NULL, " "))
            for (int i = 0; i < 3; i++)
                cr_expect_str_neq(word, others[i], "alias '%s' of %s", word, row->name);
    }
}

/* -1, 0, 1: the order of two places. */
static int compare_places(const struct mc_feature_info *a, const struct mc_feature_info *b)
{
    if (a->leaf != b->leaf)
        return a->leaf < b->leaf ? -1 : 1;
    if (a->subleaf != b->subleaf)
        return a->subleaf < b->subleaf ? -1 : 1;
    if (a->reg != b->reg)
        return a->reg < b->reg ? -1 : 1;
    return (a->bit > b->bit) - (a->bit < b->bit);
}

Test(tables, rows_stand_in_order_of_place)
{
    for (int feature = 1; feature < MC_FEATURE_COUNT; feature++)
        cr_expect_lt(compare_places(&mc_features[feature - 1], &mc_features[feature]), 0, "%s comes before %s",
                     mc_features[feature - 1].name, mc_features[feature].name);
    /* planted: equal and swapped places must not pass */
    cr_expect_eq(compare_places(&mc_features[0], &mc_features[0]), 0);
    cr_expect_gt(compare_places(&mc_features[1], &mc_features[0]), 0);
}

Test(tables, every_place_leads_to_its_feature)
{
    FOR_EACH_FEATURE(feature)
    {
        const struct mc_feature_info *row = &mc_features[feature];
        cr_expect_eq(mc_feature_at(row->leaf, row->subleaf, row->reg, row->bit), feature, "%s", row->name);
    }
}

Test(tables, places_by_name)
{
    static const struct {
        uint32_t leaf, subleaf;
        enum mc_register reg;
        unsigned bit;
        const char *name; /* NULL: no feature there */
    } rows[] = {
        {1, 0, MC_ECX, 9, "ssse3"},
        {1, 7, MC_ECX, 19, "sse4.1"}, /* leaf 1 has no subleaves */
        {7, 0, MC_EBX, 5, "avx2"},
        {7, 1, MC_EBX, 5, NULL},
        {7, 3, MC_EBX, 5, NULL},
        {7, 1, MC_EAX, 4, "avxvnni"},
        {0xD, 1, MC_EAX, 1, "xsavec"},
        {0xD, 0, MC_EAX, 1, NULL},
        {0x80000001, 0, MC_ECX, 5, "lzcnt"},
        {0x80000001, 0, MC_EDX, 0, "fpu"}, /* AMD's repetition of leaf 1 */
        {0x80000001, 0, MC_EDX, 23, "mmx"},
        {0x80000001, 0, MC_EDX, 24, "fxsr"},
        {0x80000001, 0, MC_EDX, 11, "syscall"}, /* 1.EDX[11] is SEP: not a repetition */
        {0x80000001, 0, MC_EDX, 20, "nx"},
        {0x80000001, 0, MC_EDX, 25, "fxsr-opt"}, /* not SSE */
        {0x80000001, 0, MC_EDX, 26, "pdpe1gb"},  /* not SSE2 */
        {0x1E, 1, MC_EAX, 0, "amx-int8"},
        {0x1E, 1, MC_EAX, 1, "amx-bf16"},
        {0x1E, 1, MC_EAX, 2, "amx-complex"},
        {0x1E, 1, MC_EAX, 3, "amx-fp16"},
        {0x1E, 1, MC_EAX, 4, "amx-fp8"},
        {1, 0, MC_EBX, 9, NULL},
        {1, 0, MC_ECX, 16, NULL},
        {1, 0, MC_ECX, 32, NULL},
        {0xFFFFFFFF, 0, MC_EDX, 31, NULL},
        {0, 0, MC_EAX, 0, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int found = mc_feature_at(rows[i].leaf, rows[i].subleaf, rows[i].reg, rows[i].bit);
        const char *name = found < 0 ? "none" : mc_features[found].name;
        cr_expect_str_eq(name, rows[i].name ? rows[i].name : "none", "leaf %#x.%u reg %d bit %u", rows[i].leaf,
                         rows[i].subleaf, rows[i].reg, rows[i].bit);
    }
}

Test(tables, lookup_by_name)
{
    static const struct {
        const char *name;
        int expected;
    } rows[] = {
        {"sse4.1", MC_F_SSE4_1},
        {"sse4_1", MC_F_SSE4_1},
        {"SSE4-1", MC_F_SSE4_1},
        {"sse41", MC_F_SSE4_1},
        {"pni", MC_F_SSE3},
        {"abm", MC_F_LZCNT},
        {"bmi1", MC_F_BMI},
        {"rdrand", MC_F_RDRND},
        {"sha_ni", MC_F_SHA},
        {"3dnowprefetch", MC_F_PRFCHW},
        {"3dnowext", MC_F_3DNOWA},
        {"apx_f", MC_F_APXF},
        {"avx_vnni", MC_F_AVXVNNI},
        {"amx_tile", MC_F_AMX_TILE},
        {"lahf-lm", MC_F_LAHF_LM},
        {"sysenter", MC_F_SEP},
        {"", -1},
        {"sse", MC_F_SSE},
        {"sse4.", -1},
        {"sse4.11", -1},
        {" sse", -1},
        {"avx512", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(mc_feature_find(rows[i].name, strlen(rows[i].name)), rows[i].expected, "'%s'", rows[i].name);
    cr_expect_eq(mc_feature_find("sse4.1x", 6), MC_F_SSE4_1, "only `length` bytes count");
    char endless[4096];
    memset(endless, 'a', sizeof endless);
    cr_expect_eq(mc_feature_find(endless, sizeof endless), -1);
}

static bool starts_with(const char *text, const char *start)
{
    return !strncmp(text, start, strlen(start));
}

/* The OS state that the manuals demand, by the name of the feature. */
static enum mc_os_state expected_state(const char *name)
{
    static const struct {
        const char *names;
        enum mc_os_state state;
    } exact[] = {
        {" f16c fma fma4 xop vaes vpclmulqdq sha512 sm3 sm4 ", MC_OS_AVX},
        {" mpx ", MC_OS_MPX},
        {" pku ospke ", MC_OS_PKU},
        {" apxf ", MC_OS_APX},
        {" lwp ", MC_OS_LWP},
        {" xsave osxsave xsaveopt xsavec xgetbv1 fsgsbase shstk ibt uintr kl aeskle widekl mcommit usermsr ",
         MC_OS_CR4},
    };
    char padded[64];
    snprintf(padded, sizeof padded, " %s ", name);
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (strstr(exact[i].names, padded))
            return exact[i].state;
    if (starts_with(name, "avx512") || starts_with(name, "avx10"))
        return MC_OS_AVX512;
    if (starts_with(name, "avx"))
        return strcmp(name, "avic") ? MC_OS_AVX : MC_OS_NONE;
    return starts_with(name, "amx-") ? MC_OS_AMX : MC_OS_NONE;
}

Test(tables, os_state)
{
    FOR_EACH_FEATURE(feature)
    {
        const struct mc_feature_info *row = &mc_features[feature];
        cr_expect_eq(row->os, expected_state(row->name), "%s: state %d, expected %d", row->name, row->os,
                     expected_state(row->name));
        cr_expect(row->level == MC_LEVEL_USER || row->os == MC_OS_NONE, "%s: the column is about user code", row->name);
    }
    cr_expect_eq(mc_os_state_xcr0(MC_OS_NONE), 0);
    cr_expect_eq(mc_os_state_xcr0(MC_OS_CR4), 0);
    cr_expect_eq(mc_os_state_xcr0(MC_OS_AVX), 0x6);
    cr_expect_eq(mc_os_state_xcr0(MC_OS_AVX512), 0xE6);
    cr_expect_eq(mc_os_state_xcr0(MC_OS_AMX), 0x60000);
    cr_expect_eq(mc_os_state_xcr0(MC_OS_MPX), 0x18);
    cr_expect_eq(mc_os_state_xcr0(MC_OS_PKU), 0x200);
    cr_expect_eq(mc_os_state_xcr0(MC_OS_APX), 0x80000);
    cr_expect_eq(mc_os_state_xcr0(MC_OS_LWP), UINT64_C(1) << 62);
}

Test(tables, dynamic_features)
{
    struct mc_feature_set dynamic = {0};
    FOR_EACH_FEATURE(feature)
    if (mc_features[feature].dynamic)
        mc_set_add(&dynamic, (enum mc_feature)feature);
    struct mc_feature_set expected =
        set_of("osxsave ospke aeskle hypervisor ht cmp-legacy x2apic tsc-deadline tsc-adjust arat");
    cr_expect(mc_set_equal(&dynamic, &expected), "dynamic: %s", set_text(&dynamic));
}

Test(tables, every_row_has_a_source)
{
    FOR_EACH_FEATURE(feature)
    {
        const char *source = mc_features[feature].source;
        cr_expect(starts_with(source, "Intel ") || starts_with(source, "AMD APM") || starts_with(source, "VIA "),
                  "%s: '%s' names no manual", mc_features[feature].name, source);
    }
}

Test(tables, sets)
{
    struct mc_feature_set set = {0}, other = {0};
    cr_expect(mc_set_empty(&set) && mc_set_next(&set, 0) == -1);
    const int members[] = {0, 63, 64, 127, 200, MC_FEATURE_COUNT - 1};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        mc_set_add(&set, (enum mc_feature)members[i]);
    size_t seen = 0;
    for (int feature = mc_set_next(&set, 0); feature >= 0; feature = mc_set_next(&set, feature + 1))
        cr_expect_eq(feature, members[seen++]);
    cr_expect_eq(seen, sizeof members / sizeof *members);
    cr_expect_eq(mc_set_next(&set, MC_SET_WORDS * 64), -1);
    mc_set_add(&other, (enum mc_feature)64);
    cr_expect(mc_set_within(&other, &set) && !mc_set_within(&set, &other));
    struct mc_feature_set rest = mc_set_minus(set, &other);
    cr_expect(!mc_set_has(&rest, (enum mc_feature)64) && mc_set_has(&rest, (enum mc_feature)63));
    rest = mc_set_or(rest, &other);
    cr_expect(mc_set_equal(&rest, &set));
    rest = mc_set_and(rest, &other);
    cr_expect(mc_set_equal(&rest, &other));
    mc_set_remove(&rest, (enum mc_feature)64);
    cr_expect(mc_set_empty(&rest));
}
