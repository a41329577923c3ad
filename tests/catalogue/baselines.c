/* SPDX-License-Identifier: Apache-2.0 */
/* Baselines and CPU models: the rows against themselves, what they come to, and the questions answered from them. */
#include "isa/baseline.h"
#include "tests/catalogue/support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct mc_feature_set features_of(const char *baseline)
{
    const struct mc_baseline *found = mc_baseline_find(baseline);
    cr_assert_not_null(found, "no baseline '%s'", baseline);
    return found->features;
}

/* The user-mode features of `a` that `b` lacks, as text. */
static const char *beyond(const char *a, const char *b)
{
    struct mc_feature_set set = features_of(a), other = features_of(b), user = {0};
    set = mc_set_minus(set, &other);
    for (int feature = mc_set_next(&set, 0); feature >= 0; feature = mc_set_next(&set, feature + 1))
        if (mc_features[feature].level == MC_LEVEL_USER && !mc_features[feature].dynamic)
            mc_set_add(&user, (enum mc_feature)feature);
    return set_text(&user);
}

/* Applies a row's list to a copy of the parent; complains about unknown names and about words without effect. */
static void check_list(const char *row, const char *list, struct mc_feature_set *set, bool add)
{
    for (const char *word = list; *word;) {
        size_t length = strcspn(word, " ");
        int feature = mc_feature_find(word, length);
        cr_expect_geq(feature, 0, "%s: unknown feature '%.*s'", row, (int)length, word);
        if (feature >= 0) {
            cr_expect_neq(mc_set_has(set, (enum mc_feature)feature), add, "%s: '%.*s' changes nothing", row,
                          (int)length, word);
            cr_expect(strlen(mc_features[feature].name) == length && !strncmp(mc_features[feature].name, word, length),
                      "%s: '%.*s' is spelt %s in the catalogue", row, (int)length, word, mc_features[feature].name);
            (add ? mc_set_add : mc_set_remove)(set, (enum mc_feature)feature);
        }
        word += length;
        word += strspn(word, " ");
    }
}

Test(baselines, rows_are_sound)
{
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        const struct mc_baseline *baseline = mc_baseline_at(i);
        struct mc_baseline_row row = mc_baseline_row_at(i);
        cr_expect_eq(row.parent == NULL, !*row.parent_name, "%s: parent '%s' does not stand above it", baseline->name,
                     row.parent_name);
        cr_expect_geq(strlen(row.source), 8, "%s has no source", baseline->name);
        struct mc_feature_set set = {0};
        if (row.parent)
            set = row.parent->features;
        check_list(baseline->name, row.adds, &set, true);
        check_list(baseline->name, row.drops, &set, false);
        cr_expect(mc_set_equal(&set, &baseline->features), "%s", baseline->name);
    }
}

Test(baselines, names_and_aliases_are_unique)
{
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        const struct mc_baseline *baseline = mc_baseline_at(i);
        cr_expect_eq(mc_baseline_find(baseline->name), baseline, "%s", baseline->name);
        char aliases[256];
        snprintf(aliases, sizeof aliases, "%s", mc_baseline_row_at(i).aliases);
        for (char *word = strtok(aliases, " "); word; word = strtok(NULL, " ")) {
            const struct mc_baseline *found = mc_baseline_find(word);
            cr_expect_eq(found, baseline, "'%s' of %s leads to %s", word, baseline->name,
                         found ? found->name : "nothing");
        }
    }
}

Test(baselines, families_are_together_and_in_order)
{
    static const char *const order[] = {
        "i686",
        "x86-64-v1",
        "x86-64-v2",
        "x86-64-v3",
        "x86-64-v4",
        "intel-merom",
        "intel-penryn",
        "intel-nehalem",
        "intel-westmere",
        "intel-sandybridge",
        "intel-ivybridge",
        "intel-haswell",
        "intel-broadwell",
        "intel-skylake",
        "intel-cascadelake",
        "intel-icelake",
        "intel-sapphirerapids",
        "amd-rev-e",
        "amd-rev-f",
        "amd-greyhound-no3dnow",
        "amd-greyhound",
        "amd-bulldozer",
        "amd-piledriver",
        "amd-steamroller",
        "amd-zen",
        "amd-zen2",
        "amd-zen3",
        "amd-zen4",
    };
    size_t count = sizeof order / sizeof *order;
    cr_assert_geq(mc_baseline_count(), count);
    for (size_t i = 0; i < count; i++) {
        cr_expect_str_eq(mc_baseline_at(i)->name, order[i]);
        cr_expect_eq(mc_baseline_at(i)->family, i < 5 ? MC_FAMILY_PSABI : i < 17 ? MC_FAMILY_INTEL : MC_FAMILY_AMD);
    }
    for (size_t i = count; i < mc_baseline_count(); i++)
        cr_expect_eq(mc_baseline_at(i)->family, MC_FAMILY_MODEL, "%s", mc_baseline_at(i)->name);
    cr_expect_null(mc_baseline_at(mc_baseline_count()));
}

/* What each level adds in user-mode instructions, written out a second time. */
Test(baselines, what_each_adds)
{
    static const struct {
        const char *name, *parent, *adds, *drops;
    } rows[] = {
        {"x86-64-v2", "x86-64-v1", "sse3 ssse3 cx16 sse4.1 sse4.2 popcnt lahf_lm", ""},
        {"x86-64-v3", "x86-64-v2", "fma movbe xsave avx f16c bmi avx2 bmi2 lzcnt", ""},
        {"x86-64-v4", "x86-64-v3", "avx512f avx512dq avx512cd avx512bw avx512vl", ""},
        {"intel-merom", "x86-64-v1", "sse3 ssse3 cx16 lahf_lm", ""},
        {"intel-penryn", "intel-merom", "sse4.1", ""},
        {"intel-nehalem", "intel-penryn", "sse4.2 popcnt rdtscp", ""},
        {"intel-westmere", "intel-nehalem", "pclmul aes", ""},
        {"intel-sandybridge", "intel-westmere", "xsave avx xsaveopt", ""},
        {"intel-ivybridge", "intel-sandybridge", "f16c rdrnd fsgsbase", ""},
        {"intel-haswell", "intel-ivybridge", "fma movbe bmi avx2 bmi2 lzcnt", ""},
        {"intel-broadwell", "intel-haswell", "rdseed adx prfchw", ""},
        {"intel-skylake", "intel-broadwell",
         "avx512f avx512dq clflushopt clwb avx512cd avx512bw avx512vl pku xsavec xgetbv1", ""},
        {"intel-cascadelake", "intel-skylake", "avx512vnni", ""},
        {"intel-icelake", "intel-cascadelake",
         "avx512ifma sha avx512vbmi avx512vbmi2 gfni vaes vpclmulqdq avx512bitalg avx512vpopcntdq rdpid", ""},
        {"intel-sapphirerapids", "intel-icelake",
         "waitpkg cldemote movdiri movdir64b serialize amx-bf16 avx512fp16 amx-tile amx-int8 avxvnni avx512bf16", ""},
        {"amd-rev-e", "x86-64-v1", "sse3 lahf_lm mmxext 3dnowa 3dnow", ""},
        {"amd-rev-f", "amd-rev-e", "cx16 rdtscp", ""},
        {"amd-greyhound-no3dnow", "amd-rev-f", "popcnt lzcnt sse4a misalignsse prfchw", "3dnowa 3dnow"},
        {"amd-greyhound", "amd-rev-f", "popcnt lzcnt sse4a misalignsse prfchw", ""},
        {"amd-bulldozer", "amd-greyhound-no3dnow", "pclmul ssse3 sse4.1 sse4.2 aes xsave avx xop fma4", ""},
        {"amd-piledriver", "amd-bulldozer", "fma f16c bmi tbm", ""},
        {"amd-steamroller", "amd-piledriver", "fsgsbase xsaveopt", ""},
        {"amd-zen", "amd-steamroller", "movbe rdrnd avx2 bmi2 rdseed adx clflushopt sha xsavec xgetbv1",
         "xop fma4 tbm"},
        {"amd-zen2", "amd-zen", "clwb rdpid", ""},
        {"amd-zen3", "amd-zen2", "pku vaes vpclmulqdq", ""},
        {"amd-zen4", "amd-zen3",
         "avx512f avx512dq avx512ifma avx512cd avx512bw avx512vl avx512vbmi avx512vbmi2 gfni avx512vnni avx512bitalg "
         "avx512vpopcntdq avx512bf16",
         ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect_str_eq(beyond(rows[i].name, rows[i].parent), rows[i].adds, "%s", rows[i].name);
        cr_expect_str_eq(beyond(rows[i].parent, rows[i].name), rows[i].drops, "%s", rows[i].name);
    }
}

/* x86-64-v1 is what every x86-64 CPU has: no model with long mode may lack any of it. */
Test(baselines, v1_is_in_every_64_bit_model)
{
    struct mc_feature_set v1 = features_of("x86-64-v1");
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        const struct mc_baseline *model = mc_baseline_at(i);
        struct mc_feature_set lacks = mc_set_minus(v1, &model->features);
        cr_expect(!mc_set_has(&model->features, MC_F_LM) || mc_set_empty(&lacks), "%s lacks %s", model->name,
                  set_text(&lacks));
    }
}

Test(baselines, no_row_has_what_belongs_to_the_vm)
{
    struct mc_feature_set shape = set_of("hypervisor ht cmp-legacy");
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        struct mc_feature_set both = mc_set_and(shape, &mc_baseline_at(i)->features);
        cr_expect(mc_set_empty(&both), "%s: %s", mc_baseline_at(i)->name, set_text(&both));
    }
}

Test(implications, as_software_relies_on_them)
{
    static const struct {
        const char *tested, *used;
        bool implied;
    } rows[] = {
        {"sse4.1", "ssse3", true},
        {"sse4.1", "sse3", true},
        {"sse4.2", "sse4.1", true},
        {"sse4.2", "popcnt", true},
        {"ssse3", "sse3", true},
        {"avx", "sse4.2", true},
        {"avx2", "avx", true},
        {"avx2", "popcnt", true},
        {"bmi2", "lzcnt", true},
        {"bmi2", "bmi", true},
        {"fma", "avx", true},
        {"avx512f", "avx2", true},
        {"avx512f", "fma", true},
        {"avx512bw", "avx512vl", true},
        {"aes", "pclmul", true},
        {"sse3", "sse2", true},
        {"avx2 bmi2", "fma", true},
        {"popcnt", "ssse3", false},     /* Barcelona */
        {"sse4a", "ssse3", false},      /* Barcelona */
        {"sse4a", "sse4.1", false},     /* Bobcat */
        {"ssse3", "sse4.1", false},     /* Merom, Bonnell, Bobcat */
        {"ssse3", "popcnt", false},     /* Merom */
        {"sse4.1", "sse4.2", false},    /* Penryn */
        {"sse4.1", "popcnt", false},    /* Penryn */
        {"sse4.2", "aes", false},       /* Nehalem */
        {"movbe", "sse4.1", false},     /* Bonnell */
        {"sse3", "ssse3", false},       /* K8 revision E */
        {"sse2", "sse3", false},        /* K8 before revision E */
        {"lzcnt", "bmi", false},        /* Barcelona; Pentium of the Haswell generation */
        {"rdrnd", "avx", false},        /* Silvermont */
        {"avx", "avx2", false},         /* Sandy Bridge */
        {"avx", "f16c", false},         /* Sandy Bridge */
        {"avx", "aes", false},          /* x86-64-v3 names no AES */
        {"avx2", "fma", false},         /* VIA Eden X4 */
        {"bmi", "bmi2", false},         /* Piledriver */
        {"fma", "avx2", false},         /* Piledriver */
        {"avx512f", "avx512vl", false}, /* Knights Landing */
        {"avx512f", "avx512bw", false}, /* Knights Landing */
        {"avx512bw", "avx512vnni", false},
        {"avx512er", "avx512vl", false},
        {"vaes", "avx512f", false}, /* Zen 3 */
        {"xop", "avx2", false},
        {"3dnow", "sse3", false},
        {"erms", "xsave", false}, /* kernel-only features imply nothing */
        {"hypervisor", "sse2", false},
        {"amx-fp8", "avx", false}, /* no model has it yet */
        {"", "fpu", false},        /* no test, no implication */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mc_feature_set tested = set_of(rows[i].tested), used = set_of(rows[i].used);
        bool implied = mc_feature_implied(&tested, (enum mc_feature)mc_set_next(&used, 0));
        cr_expect_eq(implied, rows[i].implied, "'%s' => %s: got %d", rows[i].tested, rows[i].used, implied);
    }
}

/* The fast answer (a transposed table) against the definition. */
Test(implications, fast_answer_equals_the_definition)
{
    for (int tested = 0; tested < MC_FEATURE_COUNT; tested++) {
        if (mc_features[tested].level == MC_LEVEL_KERNEL)
            continue;
        struct mc_feature_set set = {0};
        mc_set_add(&set, (enum mc_feature)tested);
        for (int used = 0; used < MC_FEATURE_COUNT; used++) {
            bool any = false, all = true;
            for (size_t i = 0; i < mc_baseline_count(); i++) {
                const struct mc_feature_set *model = &mc_baseline_at(i)->features;
                any |= mc_set_has(model, (enum mc_feature)tested);
                all &= !mc_set_has(model, (enum mc_feature)tested) || mc_set_has(model, (enum mc_feature)used);
            }
            cr_assert_eq(mc_feature_implied(&set, (enum mc_feature)used), any && all, "%s => %s",
                         mc_features[tested].name, mc_features[used].name);
        }
    }
}

Test(enough, lowest_of_each_family)
{
    static const struct {
        const char *needed, *psabi, *intel, *amd;
    } rows[] = {
        {"cmov", "i686", "intel-merom", "amd-rev-e"},
        {"sse2", "x86-64-v1", "intel-merom", "amd-rev-e"},
        {"ssse3", "x86-64-v2", "intel-merom", "amd-bulldozer"},
        {"sse4.1", "x86-64-v2", "intel-penryn", "amd-bulldozer"},
        {"popcnt", "x86-64-v2", "intel-nehalem", "amd-greyhound-no3dnow"},
        {"lzcnt", "x86-64-v3", "intel-haswell", "amd-greyhound-no3dnow"},
        {"avx", "x86-64-v3", "intel-sandybridge", "amd-bulldozer"},
        {"avx2", "x86-64-v3", "intel-haswell", "amd-zen"},
        {"aes", "none", "intel-westmere", "amd-bulldozer"},
        {"sha", "none", "intel-icelake", "amd-zen"},
        {"fma4", "none", "none", "amd-bulldozer"},
        {"fma4 avx2", "none", "none", "none"}, /* Zen dropped FMA4 */
        {"3dnow", "none", "none", "amd-rev-e"},
        {"3dnow popcnt", "none", "none", "amd-greyhound"},
        {"avx512f avx512vl", "x86-64-v4", "intel-skylake", "amd-zen4"},
        {"amx-int8", "none", "intel-sapphirerapids", "none"},
        {"apxf", "none", "none", "none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mc_feature_set needed = set_of(rows[i].needed);
        struct mc_enough enough = mc_baseline_enough(&needed);
        cr_expect_str_eq(enough.psabi ? enough.psabi->name : "none", rows[i].psabi, "psABI for %s", rows[i].needed);
        cr_expect_str_eq(enough.intel ? enough.intel->name : "none", rows[i].intel, "Intel for %s", rows[i].needed);
        cr_expect_str_eq(enough.amd ? enough.amd->name : "none", rows[i].amd, "AMD for %s", rows[i].needed);
    }
}

Test(parse, good_texts)
{
    static const struct {
        const char *text, *same_as, *has, *lacks;
    } rows[] = {
        {"intel-merom", "intel-merom", "ssse3", "sse4.1"},
        {"INTEL-Merom", "intel-merom", "ssse3", "sse4.1"},
        {"v2", "x86-64-v2", "sse4.2", "avx"},
        {"penryn", "Penryn", "sse4.1", "sse4.2"},
        {"Haswell-noTSX", "Haswell-v2", "avx2", "rtm"},
        {"x86-64-v2,+aes,-popcnt", NULL, "aes sse4.2", "popcnt"},
        {"x86-64-v2,-sse4_1,+sse41", "x86-64-v2", "sse4.1", "avx"}, /* from left to right */
        {"intel-merom,+sse4.1", NULL, "sse4.1 ssse3", "sse4.2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mc_baseline parsed;
        struct mc_error error = {0};
        cr_assert(mc_baseline_parse(rows[i].text, &parsed, &error), "'%s': %s", rows[i].text, error.text);
        cr_expect_str_eq(parsed.name, rows[i].text);
        struct mc_feature_set has = set_of(rows[i].has), lacks = set_of(rows[i].lacks);
        struct mc_feature_set wrong = mc_set_and(lacks, &parsed.features);
        cr_expect(mc_set_within(&has, &parsed.features), "'%s'", rows[i].text);
        cr_expect(mc_set_empty(&wrong), "'%s' has %s", rows[i].text, set_text(&wrong));
        if (rows[i].same_as) {
            struct mc_feature_set same = features_of(rows[i].same_as);
            cr_expect(mc_set_equal(&same, &parsed.features), "'%s'", rows[i].text);
        }
    }
}

Test(parse, bad_texts)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"intel-neahlem", "unknown baseline 'intel-neahlem'; did you mean 'intel-nehalem'?"},
        {"x86-64-v9", "unknown baseline 'x86-64-v9'; did you mean 'x86-64-v1'?"},
        {"", "unknown baseline ''"},
        {"frobnicate!!", "unknown baseline 'frobnicate!!'"},
        {"intel-merom,+sse4_7", "unknown feature 'sse4_7'; did you mean 'sse4.1'?"},
        {"intel-merom,sse4.1", "'sse4.1': expected +feature or -feature after the baseline"},
        {"intel-merom,", "'': expected +feature or -feature after the baseline"},
        {"intel-merom,+", "'+': expected +feature or -feature after the baseline"},
        {"intel-merom,,+aes", "'': expected +feature or -feature after the baseline"},
        {"+aes", "unknown baseline '+aes'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mc_baseline parsed = {.name = "untouched"};
        struct mc_error error = {0};
        cr_expect_not(mc_baseline_parse(rows[i].text, &parsed, &error), "'%s'", rows[i].text);
        cr_expect_eq(error.kind, MC_ERROR_USAGE);
        cr_expect_str_eq(error.text, rows[i].message);
        cr_expect_str_eq(parsed.name, "untouched");
        cr_expect_not(mc_baseline_parse(rows[i].text, &parsed, NULL));
    }
}

Test(parse, a_long_list_of_changes)
{
    char text[4096] = "x86-64-v1";
    while (strlen(text) < 900)
        strcat(text, ",+aes,-aes");
    struct mc_baseline parsed;
    struct mc_error error = {0};
    cr_expect(mc_baseline_parse(text, &parsed, &error), "%s", error.text);
    cr_expect_eq(strlen(parsed.name), sizeof parsed.name - 1, "the name is cut, not overrun");
    struct mc_feature_set v1 = features_of("x86-64-v1");
    cr_expect(mc_set_equal(&v1, &parsed.features));
}
