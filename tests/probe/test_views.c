/* SPDX-License-Identifier: Apache-2.0 */
/* The whole probe on invented machines: dumps and fake CPUIDs, with matching, lying and missing kernel views. */
#include "probe/dump.h"
#include "probe/probe.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/maskcheck-views-XXXXXX";

static void make_folder(void)
{
    cr_assert(mkdtemp(folder) != NULL);
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert(system(command) == 0);
}

static const char *write_file(const char *name, const char *text)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, "w");
    cr_assert(stream != NULL);
    fputs(text, stream);
    fclose(stream);
    return path;
}

#define PENRYN MC_TEST_DATA "/instlat-penryn.txt"
#define PENRYN_FLAGS                                                                                                 \
    "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush dts acpi mmx fxsr sse sse2 ss " \
    "ht "                                                                                                            \
    "tm pbe nx lm aperfmperf pni dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cx16 xtpr pdcm sse4_1 lahf_lm dtherm"

static const struct {
    const char *flags;   /* NULL: no cpuinfo at all */
    const char *feature; /* of the one disagreement, NULL: none */
    const char *text;    /* part of it */
} kernel_rows[] = {
    {PENRYN_FLAGS, NULL, NULL},
    {PENRYN_FLAGS " avx512_unheard_of", NULL, NULL},
    {PENRYN_FLAGS " sse4_2", "sse4.2", "/proc/cpuinfo shows it, CPUID does not report it"},
    {NULL, NULL, NULL},
};

static size_t count_views(const struct mc_probe *probe, const struct mc_disagreement **ret_first)
{
    size_t count = 0;
    for (size_t i = 0; i < probe->disagreement_count; i++)
        if (probe->disagreements[i].kind == MC_DISAGREE_VIEWS && count++ == 0)
            *ret_first = &probe->disagreements[i];
    return count;
}

Test(views, kernel_matching_lying_missing, .init = make_folder, .fini = remove_folder)
{
    for (size_t i = 0; i < sizeof kernel_rows / sizeof *kernel_rows; i++) {
        char text[1024];
        snprintf(text, sizeof text, "processor\t: 0\nflags\t\t: %s\nbugs\t\t:\n\n",
                 kernel_rows[i].flags ? kernel_rows[i].flags : "");
        if (kernel_rows[i].flags)
            write_file("cpuinfo", text);
        else
            unlink(write_file("cpuinfo", ""));
        struct mc_probe_options options = {.cpuid_file = PENRYN, .proc_dir = folder};
        struct mc_probe probe;
        struct mc_error error = {0};
        const struct mc_disagreement *first = NULL;
        cr_assert(mc_probe_run(&options, &probe, &error), "%s", error.text);
        size_t count = count_views(&probe, &first);
        cr_expect(count == (kernel_rows[i].feature != NULL), "row %zu: %zu disagreements, the first of %s", i, count,
                  first ? mc_features[first->feature].name : "nothing");
        if (first && kernel_rows[i].feature) {
            cr_expect_str_eq(mc_features[first->feature].name, kernel_rows[i].feature);
            cr_expect(strstr(first->text, kernel_rows[i].text) != NULL, "%s", first->text);
            cr_expect_str_eq(first->between[0], "file");
            cr_expect_str_eq(first->between[1], "kernel");
        }
        enum mc_answer kernel = probe.cpus[0]->features[MC_F_SSE4_1].kernel;
        cr_expect(kernel == (kernel_rows[i].flags ? MC_ANSWER_YES : MC_ANSWER_UNKNOWN), "row %zu: kernel: got %d", i,
                  kernel);
        cr_expect((probe.kernel_note != NULL) == (kernel_rows[i].flags == NULL));
        cr_expect(!mc_probe_unsafe(&probe), "disagreeing views alone are not unsafe");
        mc_probe_free(&probe);
    }
}

/* A mask that only the kernel sees: CPUID in programs still says SSE4.1. */
Test(views, mask_that_only_the_kernel_sees, .init = make_folder, .fini = remove_folder)
{
    char text[1024];
    snprintf(text, sizeof text, "processor\t: 0\nflags\t\t: %s\n", PENRYN_FLAGS);
    char *hidden = strstr(text, " sse4_1");
    memset(hidden, ' ', strlen(" sse4_1"));
    write_file("cpuinfo", text);
    struct mc_probe_options options = {.cpuid_file = PENRYN, .proc_dir = folder};
    struct mc_probe probe;
    const struct mc_disagreement *first = NULL;
    cr_assert(mc_probe_run(&options, &probe, NULL));
    cr_assert_eq(count_views(&probe, &first), 1u);
    cr_expect_eq(first->feature, MC_F_SSE4_1);
    cr_expect(strstr(first->text, "a mask that only the kernel sees") != NULL, "%s", first->text);
    mc_probe_free(&probe);
}

Test(views, device_as_a_dump, .init = make_folder, .fini = remove_folder)
{
    char path[300];
    snprintf(path, sizeof path, "mkdir -p '%s/cpu/0' && sed 's/0008E3FD/0000E3FD/' '%s' >'%s/cpu/0/cpuid'", folder,
             PENRYN, folder);
    cr_assert(system(path) == 0);
    struct mc_probe_options options = {.cpuid_file = PENRYN, .dev_dir = folder};
    struct mc_probe probe;
    const struct mc_disagreement *first = NULL;
    cr_assert(mc_probe_run(&options, &probe, NULL));
    cr_assert_eq(count_views(&probe, &first), 1u);
    cr_expect_eq(first->feature, MC_F_SSE4_1);
    cr_expect_str_eq(first->between[1], "device");
    mc_probe_free(&probe);
}

/* What follows from a dump alone. `replace`: a sed command on the Penryn fixture. */
static const struct {
    const char *edit;
    bool unsafe;
    enum mc_disagreement_kind kind; /* of one that must be there when unsafe */
    const char *feature;
} edits[] = {
    {"", false, 0, ""},
    {"s/0008E3FD/000AE3FD/", false, 0, ""},                           /* a reserved bit */
    {"s/0008E3FD/0008E1FD/", true, MC_DISAGREE_DEPENDENCY, "sse4.1"}, /* SSE4.1 without SSSE3 */
    {"s/0008E3FD/1008E3FD/", true, MC_DISAGREE_DEPENDENCY, "avx"},    /* AVX without XSAVE */
    {"s/\\(.*0008E3FD.*\\)/\\1/;$p;$!b;r " PENRYN, false, 0, ""},     /* twice the same CPU */
};

Test(views, dependencies_in_a_dump, .init = make_folder, .fini = remove_folder)
{
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        char command[600], path[300];
        snprintf(path, sizeof path, "%s/dump", folder);
        snprintf(command, sizeof command, "sed '%s' '%s' >'%s'", edits[i].edit, PENRYN, path);
        cr_assert(system(command) == 0);
        struct mc_probe_options options = {.cpuid_file = path};
        struct mc_probe probe;
        struct mc_error error = {0};
        cr_assert(mc_probe_run(&options, &probe, &error), "row %zu: %s", i, error.text);
        bool seen = !edits[i].unsafe;
        for (size_t k = 0; k < probe.disagreement_count; k++)
            seen |= probe.disagreements[k].kind == edits[i].kind &&
                    strcmp(mc_features[probe.disagreements[k].feature].name, edits[i].feature) == 0;
        cr_expect(mc_probe_unsafe(&probe) == edits[i].unsafe, "row %zu: expected %s", i,
                  edits[i].unsafe ? "unsafe" : "safe");
        cr_expect(seen, "row %zu: nothing said of %s", i, edits[i].feature);
        cr_expect_eq(probe.summary[MC_PROBE_UNTESTED], (unsigned)MC_FEATURE_COUNT);
        mc_probe_free(&probe);
    }
}

Test(views, cpus_that_differ)
{
    struct mc_probe_options options = {.cpuid_file = MC_TEST_DATA "/probe-report.json"};
    struct mc_probe probe;
    bool seen = false;
    cr_assert(mc_probe_run(&options, &probe, NULL));
    for (size_t i = 0; i < probe.disagreement_count; i++)
        seen |= probe.disagreements[i].kind == MC_DISAGREE_CPUS && probe.disagreements[i].feature == MC_F_SSE3 &&
                strcmp(probe.disagreements[i].between[1], "cpu 1") == 0;
    cr_expect(seen, "CPU 1 lacks SSE3, and nobody said so");
    cr_expect(mc_probe_unsafe(&probe));
    cr_expect(!mc_set_has(&probe.reported, MC_F_SSE3) && mc_set_has(&probe.reported_by_any, MC_F_SSE3));
    mc_probe_free(&probe);
}

/* The mask rehearsed: this CPU runs SSSE3 or it does not, but with a CPUID that denies it, it cannot be `ok`. */
Test(views, fake_mask_on_this_cpu)
{
    static struct mc_snapshot snapshot;
    struct mc_cpuid_source instruction = mc_cpuid_instruction();
    cr_assert(mc_snapshot_read(&instruction, &snapshot));
    bool has = mc_snapshot_reports(&snapshot, MC_F_SSSE3);
    struct mc_leaf leaf = *mc_snapshot_find(&snapshot, 1, 0);
    leaf.regs[MC_ECX] &= ~(1u << mc_features[MC_F_SSSE3].bit);
    mc_snapshot_add(&snapshot, 1, 0, leaf.regs);
    struct mc_cpuid_source masked = mc_cpuid_recorded(&snapshot);
    struct mc_probe_options options = {.source = &masked};
    struct mc_probe probe;
    struct mc_error error = {0};
    cr_assert(mc_probe_run(&options, &probe, &error), "%s", error.text);
    cr_assert(probe.trial_error.kind == MC_ERROR_NONE, "%s", probe.trial_error.text);
    enum mc_probe_verdict expected = has ? MC_PROBE_MASKED : MC_PROBE_ABSENT, got = mc_probe_worst(&probe, MC_F_SSSE3);
    cr_expect(got == expected, "expected %s, got %s: %s", mc_probe_verdict_name(expected), mc_probe_verdict_name(got),
              probe.cpus[0]->features[MC_F_SSSE3].trial.why);
    cr_expect(mc_set_has(&probe.executable, MC_F_SSSE3) == has);
    mc_probe_free(&probe);
}

/* The CPUID of this CPU with one more bit. */
static void add_promise(struct mc_snapshot *snapshot, enum mc_feature feature)
{
    const struct mc_feature_info *info = &mc_features[feature];
    struct mc_leaf leaf = {info->leaf, info->subleaf, {0}};
    const struct mc_leaf *found = mc_snapshot_find(snapshot, info->leaf, info->subleaf);
    if (found)
        leaf = *found;
    leaf.regs[info->reg] |= 1u << info->bit;
    mc_snapshot_add(snapshot, info->leaf, info->subleaf, leaf.regs);
}

/* And the other way round: CPUID promises a feature that this CPU refuses. Which ones it refuses, an honest run tells.
 */
Test(views, fake_promise_on_this_cpu)
{
    static struct mc_snapshot snapshot;
    struct mc_cpuid_source instruction = mc_cpuid_instruction(), lying = mc_cpuid_recorded(&snapshot);
    struct mc_probe_options options = {0};
    struct mc_probe probe;
    struct mc_feature_set promised = {0};
    cr_assert(mc_snapshot_read(&instruction, &snapshot));
    cr_assert(mc_probe_run(&options, &probe, NULL));
    for (int i = 0; i < MC_FEATURE_COUNT; i++)
        if (probe.cpus[0]->features[i].verdict == MC_PROBE_ABSENT && mc_features[i].os == MC_OS_NONE) {
            add_promise(&snapshot, (enum mc_feature)i);
            if (mc_snapshot_reports(&snapshot, (enum mc_feature)i)) /* not beyond the CPU's highest leaf */
                mc_set_add(&promised, (enum mc_feature)i);
        }
    mc_probe_free(&probe);
    if (mc_set_empty(&promised))
        cr_skip_test("this CPU executes every feature that has a trial");
    options.source = &lying;
    cr_assert(mc_probe_run(&options, &probe, NULL));
    for (int f = mc_set_next(&promised, 0); f >= 0; f = mc_set_next(&promised, f + 1)) {
        enum mc_probe_verdict got = mc_probe_worst(&probe, (enum mc_feature)f);
        cr_expect(got == MC_PROBE_BROKEN, "%s: expected broken, got %s", mc_features[f].name,
                  mc_probe_verdict_name(got));
    }
    cr_expect(mc_probe_unsafe(&probe));
    mc_probe_free(&probe);
}

static const struct {
    const char *text;
    const char *expected; /* NULL: accepted */
} cpuinfos[] = {
    {"processor\t: 0\nflags\t\t: sse sse2\n", NULL},
    {"processor : 0", NULL},
    {"processor\t: 0\nflags\t\t:\n", NULL},
    {"", "no line \"processor : N\""},
    {"Processor\t: ARMv7\nFeatures: neon\n", "no line \"processor : N\""},
};

Test(views, cpuinfo_text)
{
    for (size_t i = 0; i < sizeof cpuinfos / sizeof *cpuinfos; i++) {
        struct mc_kernel_view view;
        struct mc_error error = {0};
        bool parsed = mc_kernel_view_parse(cpuinfos[i].text, strlen(cpuinfos[i].text), &view, &error);
        cr_expect(parsed == (cpuinfos[i].expected == NULL), "row %zu: %s", i, error.text);
        if (!parsed)
            cr_expect(strstr(error.text, cpuinfos[i].expected) != NULL, "row %zu: %s", i, error.text);
        else
            mc_kernel_view_free(&view);
    }
    struct mc_kernel_view view;
    cr_expect(!mc_kernel_view_parse("processor\0: 0\n", 14, &view, NULL), "a NUL byte");
}
