/* SPDX-License-Identifier: Apache-2.0 */
/* GCC, Clang and Linux as second sources: bit numbers in GCC's <cpuid.h>, flags in Linux' cpufeatures.h, and what the
 * compilers believe about the CPU models. */
#include "isa/baseline.h"
#include "tests/catalogue/support.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* GCC's header is in sections; a comment names the leaf or the register of the lines below it. */
static const struct {
    const char *marker;
    uint32_t leaf, subleaf;
} sections[] = {
    {"(%eax == 1)", 1, 0},
    {"(%eax == 0x80000001)", 0x80000001, 0},
    {"(%eax == 7)", 7, 0},
    {"(%eax == 0xd, %ecx == 1)", 0xD, 1},
    {"(%eax == 0x14, %ecx == 0)", 0x14, 0},
    {"(%eax == 0x19)", 0x19, 0},
};

struct place {
    uint32_t leaf, subleaf;
    int reg;
};

static void read_comment(const char *line, struct place *place)
{
    static const char *const registers[] = {"%eax */", "%ebx", "%ecx */", "%edx */"};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (strstr(line, sections[i].marker)) {
            *place = (struct place){sections[i].leaf, sections[i].subleaf, MC_EAX};
            return;
        }
    }
    for (int reg = MC_EAX; reg <= MC_EDX; reg++)
        if (strstr(line, registers[reg]) == line + 3)
            place->reg = reg;
}

/* Lines where GCC 12's header says something else than the manuals. */
static bool is_known_quirk(const char *name)
{
    return !strcmp(name, "LZCNT")      /* stands among leaf 1's bits; ABM below 0x80000001 is the right one */
           || !strcmp(name, "3DNOWP"); /* "3DNOWP" is the kernel's and the manual's 3dnowext */
}

static unsigned check_bit(const char *name, unsigned bit, struct place place)
{
    if (is_known_quirk(name))
        return 0;
    if (place.leaf == 1 && place.reg == MC_EAX) /* the header's first two stand under "%eax" of 7.1 */
        place = (struct place){7, 1, MC_EAX};
    if (place.leaf == 0x80000001 && place.reg == MC_EBX) /* CLZERO and WBNOINVD, "%ebx" without a leaf of their own */
        place.leaf = 0x80000008;
    int found = mc_feature_at(place.leaf, place.subleaf, (enum mc_register)place.reg, bit);
    int named = mc_feature_find(name, strlen(name));
    cr_expect_eq(found, named, "bit_%s: leaf %#x.%u register %d bit %u is %s, and the name is %s", name, place.leaf,
                 place.subleaf, place.reg, bit, found < 0 ? "no feature" : mc_features[found].name,
                 named < 0 ? "unknown" : mc_features[named].name);
    return 1;
}

Test(sources, gcc_cpuid_header)
{
    char *text = have_program("gcc-12") ? run_for_output("cat \"$(gcc-12 -print-file-name=include/cpuid.h)\"") : NULL;
    if (!text)
        cr_skip_test("gcc-12 and its <cpuid.h> are not installed");
    struct place place = {1, 0, MC_EAX};
    unsigned checked = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char name[64];
        unsigned bit;
        if (!strncmp(line, "/*", 2))
            read_comment(line, &place);
        else if (sscanf(line, "#define bit_%63s (1%*[u ]<< %u)", name, &bit) == 2 ||
                 sscanf(line, "#define bit_%63s ( 1<<%u)", name, &bit) == 2 ||
                 sscanf(line, "#define bit_%63s (1 << %u)", name, &bit) == 2)
            checked += check_bit(name, bit, place);
    }
    note("%u bits of <cpuid.h> checked", checked);
    cr_expect_geq(checked, 95, "only %u bits were read: the header was not understood", checked);
    free(text);
}

/* Clang's header: "/" "* Features in %ecx for leaf 1 *" "/" and hexadecimal masks. Its names that the lookup does not
 * know, and (feature "") lines that contradict the manual. */
static const struct {
    const char *name, *feature;
} clang_names[] = {
    {"PCLMULQDQ", "pclmul"},
    {"DTES64", "dtes64"},
    {"DSCPL", "ds-cpl"},
    {"CNXTID", "cid"},
    {"TSCDeadline", "tsc-deadline"},
    {"ENH_MOVSB", "erms"},
    {"PREFTCHWT1", "prefetchwt1"},
    {"AMXBF16", "amx-bf16"},
    {"AMXTILE", "amx-tile"},
    {"AMXINT8", "amx-int8"},
    {"AMXFP16", "amx-fp16"},
    {"AMXCOMPLEX", "amx-complex"},
    {"3DNOWP", "3dnowa"},
    {"PKU", ""},     /* 7.ECX[2] in the header; it is bit 3 (SDM vol. 2A, CPUID, table 3-8) */
    {"PTWRITE", ""}, /* 14.EAX[4] in the header; it is EBX (same table), as in GCC's */
};

static unsigned check_clang_bit(const char *name, uint32_t mask, struct place place)
{
    const char *ours = name;
    for (size_t i = 0; i < sizeof clang_names / sizeof *clang_names; i++)
        if (!strcmp(clang_names[i].name, name))
            ours = clang_names[i].feature;
    if (!*ours || place.leaf == 0x24) /* vector lengths of AVX10: no features of their own */
        return 0;
    int found = mc_feature_at(place.leaf, place.subleaf, (enum mc_register)place.reg, (unsigned)__builtin_ctz(mask));
    int named = mc_feature_find(ours, strlen(ours));
    cr_expect_eq(found, named, "bit_%s: leaf %#x.%u register %d mask %#x is %s, and the name is %s", name, place.leaf,
                 place.subleaf, place.reg, mask, found < 0 ? "no feature" : mc_features[found].name,
                 named < 0 ? "unknown" : mc_features[named].name);
    return 1;
}

Test(sources, clang_cpuid_header)
{
    char *text =
        have_program("clang-19") ? run_for_output("cat \"$(clang-19 -print-resource-dir)/include/cpuid.h\"") : NULL;
    if (!text)
        cr_skip_test("clang-19 and its <cpuid.h> are not installed");
    struct place place = {0, 0, MC_EAX};
    unsigned checked = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char name[64], letter;
        unsigned mask;
        long leaf, subleaf = 0; /* in decimal or hexadecimal */
        if (sscanf(line, "/* Features in %%e%cx for leaf %li sub-leaf %li", &letter, &leaf, &subleaf) >= 2)
            place = (struct place){(uint32_t)leaf, (uint32_t)subleaf, letter - 'a'};
        else if (sscanf(line, "#define bit_%63s 0x%x", name, &mask) == 2 && mask)
            checked += check_clang_bit(name, mask, place);
    }
    note("%u bits of Clang's <cpuid.h> checked", checked);
    cr_expect_geq(checked, 140, "only %u bits were read: the header was not understood", checked);
    free(text);
}

/* Linux: "#define X86_FEATURE_X (word*32 + bit) /" "* "flag" text *" "/"; words that mirror a register of CPUID. */
static const struct {
    unsigned word;
    uint32_t leaf, subleaf;
    enum mc_register reg;
} words[] = {
    {0, 1, 0, MC_EDX},           {1, 0x80000001, 0, MC_EDX}, {4, 1, 0, MC_ECX},           {5, 0xC0000001, 0, MC_EDX},
    {6, 0x80000001, 0, MC_ECX},  {9, 7, 0, MC_EBX},          {10, 0xD, 1, MC_EAX},        {12, 7, 1, MC_EAX},
    {13, 0x80000008, 0, MC_EBX}, {14, 6, 0, MC_EAX},         {15, 0x8000000A, 0, MC_EDX}, {16, 7, 0, MC_ECX},
    {17, 0x80000007, 0, MC_EBX}, {18, 7, 0, MC_EDX},         {19, 0x8000001F, 0, MC_EAX}, {20, 0x80000021, 0, MC_EAX},
};

static unsigned check_linux_flag(const char *name, unsigned word, unsigned bit, const char *flag)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i].word != word)
            continue;
        int feature = mc_feature_at(words[i].leaf, words[i].subleaf, words[i].reg, bit);
        if (word == 1 && feature >= 0 && mc_features[feature].leaf == 1)
            return 0;      /* Linux keeps its own flags where AMD repeats leaf 1 */
        if (feature < 0) { /* later kernels name more */
            note("Linux' %s (leaf %#x bit %u) is not in the catalogue", name, words[i].leaf, bit);
            return 0;
        }
        cr_expect_str_eq(mc_features[feature].kernel_flag, flag, "%s", name);
        return 1;
    }
    return 0;
}

Test(sources, linux_flags)
{
    /* Since Linux 6.11 only quoted flags are shown, which makes the header plain to read. */
    char *text = run_for_output("cat \"$(ls -d /usr/src/linux-headers-*-common/arch/x86/include/asm/cpufeatures.h"
                                " 2>/dev/null | tail -1)\" 2>/dev/null");
    if (!text)
        cr_skip_test("no linux-headers package is installed");
    if (strstr(text, "/* \"\" "))
        cr_skip_test("the installed linux-headers are older than 6.11");
    unsigned checked = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char name[64], flag[64] = "";
        unsigned word, bit;
        if (sscanf(line, "#define X86_FEATURE_%63s (%u*32+%u)", name, &word, &bit) != 3)
            continue;
        const char *comment = strstr(line, "/* \"");
        if (comment)
            sscanf(comment, "/* \"%63[^\"]\"", flag);
        checked += check_linux_flag(name, word, bit, flag);
    }
    note("%u flags of Linux checked", checked);
    cr_expect_geq(checked, 200);
    free(text);
}

/* The features that a compiler's predefined macros name: __SSE4_1__ and so on. */
static bool read_macros(const char *compiler, const char *march, struct mc_feature_set *ret)
{
    char *text = run_for_output("%s -march=%s -dM -E -x c /dev/null 2>/dev/null", compiler, march);
    if (!text)
        return false;
    *ret = (struct mc_feature_set){0};
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char name[64];
        if (sscanf(line, "#define __%63[A-Za-z0-9_] 1", name) != 1 || strlen(name) < 3)
            continue;
        size_t length = strlen(name) - 2; /* the closing "__" */
        int feature = mc_feature_find(name, length);
        if (!strcmp(name, "GCC_HAVE_SYNC_COMPARE_AND_SWAP_16"))
            feature = MC_F_CX16;
        else if (!strcmp(name, "LAHF_SAHF__"))
            feature = MC_F_LAHF_LM;
        else if (strcmp(name + length, "__") || !strncmp(name, "tune", 4))
            continue;
        if (feature >= 0)
            mc_set_add(ret, (enum mc_feature)feature);
    }
    free(text);
    return true;
}

/* Where a row rightly has more than both compilers name, or less, and why. */
static const struct {
    const char *row, *more, *less, *why;
} deviations[] = {
    {"znver3", "shstk", "", "Zen 3 has shadow stacks (AMD APM vol. 2, 18); Clang lists them from Zen 4 on"},
    {"nano", "cx16", "", "CMPXCHG16B is in VIA's Nano data sheet; GCC does not use it"},
    {"nano-3000", "cx16", "", "as for nano"},
    {"eden-x2", "cx16", "", "as for nano"},
    {"eden-x4", "cx16 sse4.2 popcnt avx avx2 xsave", "", "GCC's manual lists them; its table of CPUs does not"},
    {"intel-westmere", "aes", "", "the EVC mode has AES; Clang leaves it out since some parts have it fused off"},
    {"intel-sandybridge", "aes", "", "as above"},
    {"intel-ivybridge", "aes", "", "as above"},
    {"intel-haswell", "aes", "", "as above"},
    {"intel-broadwell", "aes", "", "as above"},
    {"amd-rev-e", "lahf_lm", "", "revision E answers 1 in 0x80000001.ECX; GCC knows no revisions"},
    {"znver5", "", "prefetchi", "AMD has a bit of its own for it: amd-prefetchi"},
};

static const struct {
    const char *row, *march;
} compiler_models[] = {
#define SAME(name) \
    {              \
        name, name \
    }
    SAME("nocona"),
    SAME("core2"),
    {"core2-45nm", "penryn"},
    SAME("corei7"),
    {"westmere-ep", "westmere"},
    SAME("corei7-avx"),
    SAME("core-avx-i"),
    SAME("core-avx2"),
    {"broadwell-h", "broadwell"},
    SAME("skylake"),
    SAME("skylake-avx512"),
    SAME("cascadelake"),
    {"cooperlake-sp", "cooperlake"},
    SAME("cannonlake"),
    SAME("icelake-client"),
    SAME("rocketlake"),
    SAME("tigerlake"),
    {"icelake-sp", "icelake-server"},
    {"emeraldrapids", "sapphirerapids"},
    SAME("emeraldrapids"),
    {"granite-rapids-sp", "graniterapids"},
    SAME("graniterapids-d"),
    SAME("knl"),
    SAME("knm"),
    SAME("bonnell"),
    SAME("silvermont"),
    SAME("goldmont"),
    SAME("goldmont-plus"),
    SAME("tremont"),
    SAME("alderlake"),
    SAME("gracemont"),
    {"grandridge", "sierraforest"},
    SAME("grandridge"),
    SAME("arrowlake"),
    SAME("lunarlake"),
    SAME("arrowlake-s"),
    SAME("pantherlake"),
    {"clearwater-forest-sp", "clearwaterforest"},
    SAME("k8"),
    SAME("k8-sse3"),
    SAME("amdfam10"),
    SAME("btver1"),
    SAME("btver2"),
    SAME("bdver1"),
    SAME("bdver2"),
    SAME("bdver3"),
    SAME("bdver4"),
    SAME("znver1"),
    SAME("znver2"),
    SAME("znver3"),
    SAME("znver4"),
    SAME("znver5"),
    SAME("nano"),
    SAME("nano-3000"),
    SAME("eden-x2"),
    SAME("eden-x4"),
    SAME("x86-64-v2"),
    SAME("x86-64-v3"),
    SAME("x86-64-v4"),
    {"intel-merom", "core2"},
    {"intel-penryn", "penryn"},
    {"intel-nehalem", "nehalem"},
    {"intel-westmere", "westmere"},
    {"intel-sandybridge", "sandybridge"},
    {"intel-ivybridge", "ivybridge"},
    {"intel-haswell", "haswell"},
    {"intel-broadwell", "broadwell"},
    {"intel-skylake", "skylake-avx512"},
    {"intel-cascadelake", "cascadelake"},
    {"intel-icelake", "icelake-server"},
    {"intel-sapphirerapids", "sapphirerapids"},
    {"amd-rev-e", "k8-sse3"},
    {"amd-greyhound", "amdfam10"},
    {"amd-bulldozer", "bdver1"},
    {"amd-piledriver", "bdver2"},
    {"amd-steamroller", "bdver3"},
    {"amd-zen", "znver1"},
    {"amd-zen2", "znver2"},
    {"amd-zen3", "znver3"},
    {"amd-zen4", "znver4"},
#undef SAME
};
#define MODEL_COUNT (sizeof compiler_models / sizeof *compiler_models)

static struct {
    const char *program;
    bool known[MODEL_COUNT]; /* the compiler knows this -march */
    struct mc_feature_set features[MODEL_COUNT], vocabulary;
} compilers[] = {{.program = "gcc-12"}, {.program = "clang-19"}};

/* Asks a compiler about all models. What it names for any of them is its vocabulary: of the rest it says nothing. */
static void ask(size_t compiler)
{
    for (size_t i = 0; i < MODEL_COUNT; i++) {
        struct mc_feature_set *features = &compilers[compiler].features[i];
        compilers[compiler].known[i] = read_macros(compilers[compiler].program, compiler_models[i].march, features);
        compilers[compiler].vocabulary = mc_set_or(compilers[compiler].vocabulary, features);
    }
}

static struct mc_feature_set user_features(struct mc_feature_set set)
{
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
        if (mc_features[feature].level == MC_LEVEL_KERNEL)
            mc_set_remove(&set, (enum mc_feature)feature);
    return set;
}

/* A row must have what both compilers name, and nothing that a compiler could name and none does. EVC baselines may
 * lack what VMware does not show to guests, so for them only the second half holds. */
static bool check_model(size_t model)
{
    const char *row = compiler_models[model].row, *march = compiler_models[model].march;
    const struct mc_baseline *baseline = mc_baseline_find(row);
    cr_assert_not_null(baseline, "no row '%s'", row);
    struct mc_feature_set any = {0}, all, vocabulary = {0};
    memset(&all, 0xFF, sizeof all);
    for (size_t i = 0; i < 2; i++) {
        if (!compilers[i].known[model])
            continue;
        any = mc_set_or(any, &compilers[i].features[model]);
        all = mc_set_and(all, &compilers[i].features[model]);
        vocabulary = mc_set_or(vocabulary, &compilers[i].vocabulary);
    }
    if (mc_set_empty(&any))
        return false;
    for (size_t i = 0; i < sizeof deviations / sizeof *deviations; i++) {
        struct mc_feature_set more = set_of(deviations[i].more), less = set_of(deviations[i].less);
        if (strcmp(deviations[i].row, row))
            continue;
        any = mc_set_or(any, &more);
        all = mc_set_minus(all, &less);
    }
    struct mc_feature_set missing = mc_set_minus(user_features(all), &baseline->features);
    struct mc_feature_set extra = mc_set_and(user_features(baseline->features), &vocabulary);
    extra = mc_set_minus(extra, &any);
    cr_expect(mc_set_empty(&extra), "%s has what no compiler names for %s: %s", row, march, set_text(&extra));
    if (baseline->family == MC_FAMILY_PSABI || baseline->family == MC_FAMILY_MODEL)
        cr_expect(mc_set_empty(&missing), "%s lacks what the compilers name for %s: %s", row, march,
                  set_text(&missing));
    return true;
}

Test(sources, compilers_models)
{
    if (!have_program("gcc-12") || !have_program("clang-19"))
        cr_skip_test("gcc-12 and clang-19 are not both installed");
    ask(0);
    ask(1);
    unsigned checked = 0;
    for (size_t i = 0; i < MODEL_COUNT; i++)
        checked += check_model(i);
    note("%u of %zu rows held against the compilers", checked, MODEL_COUNT);
    cr_expect_eq(checked, MODEL_COUNT, "a compiler no longer knows some -march");
}
