/* SPDX-License-Identifier: Apache-2.0 */
/* The decision table of the probe, row by row, and what follows from single features. */
#include "isa/baseline.h"
#include "probe/verdict.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    bool reported;
    enum mc_answer usable;
    enum mc_outcome outcome;
    unsigned ran, ok;
    enum mc_probe_verdict expected;
    bool executable;
} decisions[] = {
    {true, MC_ANSWER_YES, MC_OUTCOME_OK, 3, 3, MC_PROBE_OK, true},
    {false, MC_ANSWER_NO, MC_OUTCOME_UD, 3, 0, MC_PROBE_ABSENT, false},
    {false, MC_ANSWER_NO, MC_OUTCOME_OK, 3, 3, MC_PROBE_MASKED, true},
    {false, MC_ANSWER_NO, MC_OUTCOME_UD, 3, 1, MC_PROBE_MASKED, false}, /* part of it runs */
    {false, MC_ANSWER_NO, MC_OUTCOME_ALIAS, 1, 0, MC_PROBE_ALIASED, false},
    {false, MC_ANSWER_NO, MC_OUTCOME_WRONG, 1, 0, MC_PROBE_ALIASED, false},
    {true, MC_ANSWER_YES, MC_OUTCOME_UD, 3, 0, MC_PROBE_BROKEN, false},
    {true, MC_ANSWER_YES, MC_OUTCOME_UD, 3, 2, MC_PROBE_BROKEN, false}, /* one instruction refused is enough */
    {true, MC_ANSWER_UNKNOWN, MC_OUTCOME_UD, 3, 0, MC_PROBE_BROKEN, false},
    {true, MC_ANSWER_NO, MC_OUTCOME_UD, 3, 0, MC_PROBE_OS_OFF, false},
    {true, MC_ANSWER_NO, MC_OUTCOME_OS_OFF, 3, 0, MC_PROBE_OS_OFF, false},
    {true, MC_ANSWER_YES, MC_OUTCOME_OS_OFF, 3, 0, MC_PROBE_OS_OFF, false},
    {false, MC_ANSWER_NO, MC_OUTCOME_OS_OFF, 3, 0, MC_PROBE_ABSENT, false},
    {true, MC_ANSWER_YES, MC_OUTCOME_WRONG, 3, 2, MC_PROBE_WRONG, false},
    {true, MC_ANSWER_YES, MC_OUTCOME_ALIAS, 1, 0, MC_PROBE_WRONG, false},
    {false, MC_ANSWER_NO, MC_OUTCOME_WRONG, 5, 4, MC_PROBE_MASKED, false},  /* an emulator's bug in one of five */
    {false, MC_ANSWER_NO, MC_OUTCOME_WRONG, 2, 1, MC_PROBE_ALIASED, false}, /* UMONITOR as a NOP says nothing */
    {true, MC_ANSWER_YES, MC_OUTCOME_FAULT, 1, 0, MC_PROBE_BROKEN, false},
    {false, MC_ANSWER_NO, MC_OUTCOME_FAULT, 1, 0, MC_PROBE_ABSENT, false},
    {true, MC_ANSWER_YES, MC_OUTCOME_UNTESTABLE, 0, 0, MC_PROBE_UNTESTABLE, true},
    {false, MC_ANSWER_NO, MC_OUTCOME_UNTESTABLE, 0, 0, MC_PROBE_UNTESTABLE, false},
    {true, MC_ANSWER_UNKNOWN, MC_OUTCOME_NOT_RUN, 0, 0, MC_PROBE_UNTESTED, true},
    {false, MC_ANSWER_NO, MC_OUTCOME_NOT_RUN, 0, 0, MC_PROBE_UNTESTED, false},
};

Test(verdict, decision_table)
{
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
        struct mc_feature_trial trial = {
            .outcome = decisions[i].outcome, .ran = decisions[i].ran, .ok = decisions[i].ok};
        enum mc_probe_verdict got = mc_probe_decide(decisions[i].reported, decisions[i].usable, &trial);
        cr_expect(got == decisions[i].expected, "row %zu: reported %d, usable %d, %s %u/%u: expected %s, got %s", i,
                  decisions[i].reported, decisions[i].usable, mc_outcome_name(trial.outcome), trial.ok, trial.ran,
                  mc_probe_verdict_name(decisions[i].expected), mc_probe_verdict_name(got));
        bool executable = mc_probe_executable(decisions[i].reported, &trial);
        cr_expect(executable == decisions[i].executable, "row %zu: executable: expected %d, got %d", i,
                  decisions[i].executable, executable);
    }
}

Test(verdict, names_are_those_of_the_json)
{
    static const char *const expected[] = {"ok",    "absent", "masked",     "aliased", "broken",
                                           "wrong", "os-off", "untestable", "untested"};
    cr_assert(sizeof expected / sizeof *expected == MC_PROBE_VERDICT_COUNT);
    for (int i = 0; i < MC_PROBE_VERDICT_COUNT; i++)
        cr_expect_str_eq(mc_probe_verdict_name((enum mc_probe_verdict)i), expected[i]);
}

#define AVX_ON 0x7u
static const struct {
    const char *feature, *reported; /* besides the feature itself; "-" for not even that */
    enum mc_answer known;
    uint64_t xcr0;
    enum mc_answer fsgsbase, expected;
} usables[] = {
    {"sse4.1", "", MC_ANSWER_NO, 0, MC_ANSWER_UNKNOWN, MC_ANSWER_YES},
    {"sse4.1", "-", MC_ANSWER_YES, AVX_ON, MC_ANSWER_UNKNOWN, MC_ANSWER_NO},
    {"avx", "osxsave", MC_ANSWER_YES, AVX_ON, MC_ANSWER_UNKNOWN, MC_ANSWER_YES},
    {"avx", "osxsave", MC_ANSWER_YES, 0x3, MC_ANSWER_UNKNOWN, MC_ANSWER_NO},
    {"avx", "", MC_ANSWER_YES, AVX_ON, MC_ANSWER_UNKNOWN, MC_ANSWER_NO}, /* OSXSAVE clear: nobody may trust XCR0 */
    {"avx", "osxsave", MC_ANSWER_NO, 0, MC_ANSWER_UNKNOWN, MC_ANSWER_NO},
    {"avx", "osxsave", MC_ANSWER_UNKNOWN, 0, MC_ANSWER_UNKNOWN, MC_ANSWER_UNKNOWN}, /* recorded dump */
    {"f16c", "osxsave", MC_ANSWER_YES, 0x3, MC_ANSWER_UNKNOWN, MC_ANSWER_NO},
    {"avx512f", "osxsave", MC_ANSWER_YES, AVX_ON, MC_ANSWER_UNKNOWN, MC_ANSWER_NO},
    {"avx512f", "osxsave", MC_ANSWER_YES, 0xE7, MC_ANSWER_UNKNOWN, MC_ANSWER_YES},
    {"amx-tile", "osxsave", MC_ANSWER_YES, 0xE7, MC_ANSWER_UNKNOWN, MC_ANSWER_NO},
    {"amx-tile", "osxsave", MC_ANSWER_YES, 0x600E7, MC_ANSWER_UNKNOWN, MC_ANSWER_YES},
    {"pku", "osxsave", MC_ANSWER_YES, 0x207, MC_ANSWER_UNKNOWN, MC_ANSWER_NO},
    {"pku", "osxsave ospke", MC_ANSWER_YES, 0x207, MC_ANSWER_UNKNOWN, MC_ANSWER_YES},
    {"xsave", "", MC_ANSWER_NO, 0, MC_ANSWER_UNKNOWN, MC_ANSWER_NO},
    {"xsave", "osxsave", MC_ANSWER_YES, 3, MC_ANSWER_UNKNOWN, MC_ANSWER_YES},
    {"fsgsbase", "", MC_ANSWER_NO, 0, MC_ANSWER_YES, MC_ANSWER_YES},
    {"fsgsbase", "", MC_ANSWER_NO, 0, MC_ANSWER_NO, MC_ANSWER_NO},
    {"shstk", "", MC_ANSWER_YES, AVX_ON, MC_ANSWER_YES, MC_ANSWER_UNKNOWN},
};

static struct mc_feature_set parse_set(const char *names)
{
    struct mc_feature_set set = {0};
    while (*names) {
        size_t length = strcspn(names, " ");
        int feature = mc_feature_find(names, length);
        cr_assert(feature >= 0, "unknown feature in a test row: %s", names);
        mc_set_add(&set, (enum mc_feature)feature);
        names += length + (names[length] == ' ');
    }
    return set;
}

Test(verdict, usable)
{
    for (size_t i = 0; i < sizeof usables / sizeof *usables; i++) {
        bool itself = strcmp(usables[i].reported, "-") != 0;
        enum mc_feature feature = (enum mc_feature)mc_feature_find(usables[i].feature, strlen(usables[i].feature));
        struct mc_feature_set reported = parse_set(itself ? usables[i].reported : "");
        if (itself)
            mc_set_add(&reported, feature);
        struct mc_os_view os = {usables[i].known, usables[i].xcr0, usables[i].fsgsbase};
        enum mc_answer got = mc_feature_usable(feature, &reported, &os);
        cr_expect(got == usables[i].expected, "row %zu: %s with \"%s\" and XCR0 %#lx: expected %d, got %d", i,
                  usables[i].feature, usables[i].reported, (unsigned long)usables[i].xcr0, usables[i].expected, got);
    }
}

static const struct {
    const char *present, *removed, *feature,
        *needs; /* baseline, minus features => this pair is named; feature "" for none */
    bool architectural;
} broken[] = {
    {"x86-64-v4", "", "", "", false},
    {"x86-64-v3", "", "", "", false},
    {"x86-64-v1", "", "", "", false},
    {"intel-merom", "", "", "", false},
    {"amd-rev-e", "", "", "", false},
    {"amd-greyhound", "", "", "", false}, /* POPCNT and SSE4A without SSSE3: that is how it is */
    {"amd-bulldozer", "", "", "", false},
    {"intel-sapphirerapids", "", "", "", false},
    {"x86-64-v3", "avx", "avx2", "avx", true}, /* QEMU: -cpu Haswell,-avx */
    {"x86-64-v2", "ssse3", "sse4.1", "ssse3", true},
    {"x86-64-v4", "avx512f", "avx512bw", "avx512f", true},
    {"x86-64-v3", "xsave", "avx", "xsave", true},
    {"x86-64-v3", "lzcnt", "*", "lzcnt", false}, /* no manual demands it, every CPU with BMI2 has it */
    {"x86-64-v2", "cx16", "*", "cx16", false},
    /* CPUs that were sold: lesser Penryns with XSAVE, a K8 with LAHF but not yet SSE3, and any without long mode */
    {"pentium-penryn", "", "", "", false},
    {"core2-45nm-e0", "", "", "", false},
    {"k8-rev-d", "", "", "", false},
    {"x86-64-v1", "lm sse sse2 clflush", "", "", false},
};

Test(verdict, broken_dependencies)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        const struct mc_baseline *baseline = mc_baseline_find(broken[i].present);
        cr_assert(baseline != NULL, "no baseline %s", broken[i].present);
        struct mc_feature_set removed = parse_set(broken[i].removed);
        struct mc_feature_set reported = mc_set_minus(baseline->features, &removed);
        struct mc_dependency found[64];
        size_t count = mc_find_broken_dependencies(&reported, found, 32);
        count += mc_find_broken_implications(&reported, found + count, 32);
        bool seen = false;
        for (size_t k = 0; k < count; k++)
            seen |=
                (broken[i].feature[0] == '*' || strcmp(mc_features[found[k].feature].name, broken[i].feature) == 0) &&
                strcmp(mc_features[found[k].needs].name, broken[i].needs) == 0 &&
                found[k].architectural == broken[i].architectural;
        if (broken[i].feature[0])
            cr_expect(seen, "%s without %s: expected %s to be named as broken for %s, got %zu others",
                      broken[i].present, broken[i].removed, broken[i].feature, broken[i].needs, count);
        else
            cr_expect(count == 0, "%s: expected nothing broken, got %s without %s (of %zu)", broken[i].present,
                      mc_features[found[0].feature].name, mc_features[found[0].needs].name, count);
    }
}

Test(verdict, no_known_cpu_breaks_a_dependency)
{
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        const struct mc_baseline *baseline = mc_baseline_at(i);
        struct mc_dependency found[4];
        size_t count = mc_find_broken_dependencies(&baseline->features, found, 4);
        cr_expect(count == 0, "%s: %s without %s", baseline->name, mc_features[found[0].feature].name,
                  mc_features[found[0].needs].name);
    }
}

static const struct {
    const char *reported, *extra, *baseline, *above; /* above: the only features outside; "" for none */
} aboves[] = {
    {"intel-merom", "", "intel-merom", ""},
    {"intel-penryn", "", "intel-merom", "sse4.1"},
    {"intel-merom", "hypervisor x2apic tsc-deadline arat", "intel-merom", ""}, /* any hypervisor's doing */
    {"intel-merom", "pcid", "intel-merom", ""},                                /* no EVC baseline speaks of it */
    {"intel-merom", "smep", "intel-merom", "smep"},                            /* EVC's Ivy Bridge does */
    {"x86-64-v1", "sse3", "x86-64-v1", "sse3"},
    {"x86-64-v1", "smep nx lm", "x86-64-v1", ""},
    {"x86-64-v1", "osxsave ospke", "x86-64-v1", ""}, /* dynamic */
    {"x86-64-v1", "sse3", "x86-64-v1,+sse3", ""},
    {"x86-64-v2", "", "x86-64-v2,-sse4.2", "sse4.2"},
};

Test(verdict, above_baseline)
{
    for (size_t i = 0; i < sizeof aboves / sizeof *aboves; i++) {
        struct mc_baseline baseline;
        cr_assert(mc_baseline_parse(aboves[i].baseline, &baseline, NULL));
        struct mc_feature_set extra = parse_set(aboves[i].extra), expected = parse_set(aboves[i].above);
        struct mc_feature_set reported = mc_set_or(mc_baseline_find(aboves[i].reported)->features, &extra);
        struct mc_feature_set above = mc_above_baseline(&reported, &baseline);
        int first = mc_set_next(&above, 0);
        cr_expect(mc_set_equal(&above, &expected), "%s +%s against %s: expected \"%s\", got %s ...", aboves[i].reported,
                  aboves[i].extra, aboves[i].baseline, aboves[i].above,
                  first < 0 ? "nothing" : mc_features[first].name);
    }
}

/* One trial of `feature` with this fault; the others did not run. */
static const struct {
    const char *feature, *reported;
    struct mc_trial_result result;
    enum mc_outcome outcome;
    bool disturbed;
} weighings[] = {
    {"xop", "xop", {.outcome = MC_OUTCOME_FAULT, .signal = SIGSEGV, .fault_offset = 40}, MC_OUTCOME_FAULT, false},
    {"xop", "xop", {.outcome = MC_OUTCOME_FAULT, .signal = SIGALRM}, MC_OUTCOME_UNTESTABLE, true},
    {"xop", "xop", {.outcome = MC_OUTCOME_FAULT, .signal = SIGKILL}, MC_OUTCOME_UNTESTABLE, true},
    {"tsc", "tsc", {.outcome = MC_OUTCOME_FAULT, .signal = SIGSEGV}, MC_OUTCOME_UNTESTABLE, false}, /* PR_SET_TSC */
    {"tsc", "tsc", {.outcome = MC_OUTCOME_FAULT, .signal = SIGSEGV, .fault_offset = 9}, MC_OUTCOME_FAULT, false},
    {"xop", "xop", {.outcome = MC_OUTCOME_WRONG, .signal = SIGSEGV, .fault_offset = 2}, MC_OUTCOME_FAULT, false},
    {"xop", "xop", {.outcome = MC_OUTCOME_WRONG}, MC_OUTCOME_WRONG, false},
    {"xop", "xop", {.outcome = MC_OUTCOME_UD, .signal = SIGILL}, MC_OUTCOME_UD, false},
    {"mmxext", "sse", {.outcome = MC_OUTCOME_OK}, MC_OUTCOME_UNTESTABLE, false},
    {"mmxext", "sse mmxext", {.outcome = MC_OUTCOME_OK}, MC_OUTCOME_OK, false},
    {"mmxext", "mmx", {.outcome = MC_OUTCOME_OK}, MC_OUTCOME_OK, false},
    {"smep", "smep", {.outcome = MC_OUTCOME_NOT_RUN}, MC_OUTCOME_UNTESTABLE, false},
};

Test(verdict, what_a_trial_is_worth)
{
    for (size_t i = 0; i < sizeof weighings / sizeof *weighings; i++) {
        enum mc_feature feature = (enum mc_feature)mc_feature_find(weighings[i].feature, strlen(weighings[i].feature));
        struct mc_feature_set reported = parse_set(weighings[i].reported);
        struct mc_trials trials = {.count = mc_trial_count()};
        trials.results = calloc(trials.count, sizeof *trials.results);
        for (size_t k = 0; k < trials.count; k++)
            if (mc_trial_feature(k) == feature) {
                trials.results[k] = weighings[i].result;
                break;
            }
        struct mc_feature_trial got = mc_probe_weigh(&trials, feature, &reported);
        cr_expect(got.outcome == weighings[i].outcome, "row %zu: %s: expected %s, got %s (%s)", i, weighings[i].feature,
                  mc_outcome_name(weighings[i].outcome), mc_outcome_name(got.outcome), got.why);
        cr_expect(mc_trials_disturbed(&trials) == weighings[i].disturbed, "row %zu: disturbed", i);
        free(trials.results);
    }
}
