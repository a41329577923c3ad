/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU as a second source: each feature switched on and off moves just its catalogued bit, and each CPU model's CPUID
 * is just what models.def says. `x-force-features=on` keeps QEMU from clearing what its emulation lacks. */
#include "isa/baseline.h"
#include "tests/catalogue/support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOR_EACH_FEATURE(feature) for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)

/* Features that QEMU's user emulation does not show alone. */
static const struct {
    enum mc_feature feature;
    const char *emulator, *with; /* emulator NULL: cannot be shown at all, for the reason in `with` */
} special[] = {
    {MC_F_PDCM, "qemu-x86_64", "pmu=on"},
    {MC_F_XSAVEOPT, "qemu-x86_64", "+xsave"},
    {MC_F_XSAVEC, "qemu-x86_64", "+xsave"},
    {MC_F_XGETBV1, "qemu-x86_64", "+xsave"},
    {MC_F_XSAVES, "qemu-x86_64", "+xsave"},
    {MC_F_XFD, "qemu-x86_64", "+xsave"},
    {MC_F_FRED, "qemu-x86_64", "+lkgs,+wrmsrns"},
    {MC_F_LM, "qemu-i386", "level=0xd"}, /* without long mode there is no 64-bit program to ask */
    {MC_F_SGX, NULL, "QEMU shows SGX only with KVM"},
    {MC_F_SGX_LC, NULL, "QEMU shows SGX only with KVM"},
    {MC_F_SGX1, NULL, "QEMU shows SGX only with KVM"},
    {MC_F_SGX2, NULL, "QEMU shows SGX only with KVM"},
};

/* Registers that move along with a feature, as they should, where they hold no features. */
static const struct {
    enum mc_feature feature; /* MC_FEATURE_COUNT: with any */
    uint32_t leaf, subleaf;
    enum mc_register reg;
    const char *why;
} dependent[] = {
    {MC_FEATURE_COUNT, 0, 0, MC_EAX, "highest leaf"},
    {MC_FEATURE_COUNT, 0x80000000, 0, MC_EAX, "highest extended leaf"},
    {MC_FEATURE_COUNT, 0xC0000000, 0, MC_EAX, "highest Centaur leaf"},
    {MC_FEATURE_COUNT, 0xC0000001, 0, MC_EAX, "signature, once the Centaur leaves are there"},
    {MC_FEATURE_COUNT, 7, 0, MC_EAX, "highest subleaf"},
    {MC_F_XSAVE, 0xD, 0, MC_EAX, "XCR0 bits"},
    {MC_F_XSAVE, 0xD, 0, MC_EBX, "size of the state"},
    {MC_F_XSAVE, 0xD, 0, MC_ECX, "size of the state"},
    {MC_F_XSAVE, 0xD, 1, MC_EBX, "size of the state"},
    {MC_F_LA57, 0x80000008, 0, MC_EAX, "width of virtual addresses"},
    {MC_F_LM, 0x80000008, 0, MC_EAX, "width of virtual addresses"},
    {MC_F_SVM, 0x8000000A, 0, MC_EAX, "SVM revision"},
    {MC_F_SVM, 0x8000000A, 0, MC_EBX, "number of ASIDs"},
};

static bool depends(enum mc_feature feature, uint32_t leaf, uint32_t subleaf, enum mc_register reg)
{
    /* QEMU 7.2 leaves stale registers in leaf 0x12 where it has no SGX; AMD's cache leaf comes with a higher maximum. */
    if (leaf == 0x12 || leaf == 0x8000001D)
        return true;
    for (size_t i = 0; i < sizeof dependent / sizeof *dependent; i++)
        if ((dependent[i].feature == feature || dependent[i].feature == MC_FEATURE_COUNT) &&
            dependent[i].leaf == leaf && dependent[i].subleaf == subleaf && dependent[i].reg == reg)
            return true;
    return false;
}

/* The bits of one register that differ between the two dumps and should not. */
static uint32_t wrong_bits(enum mc_feature feature, uint32_t leaf, uint32_t subleaf, enum mc_register reg,
                           uint32_t moved)
{
    uint32_t wrong = 0;
    for (unsigned bit = 0; bit < 32; bit++) {
        int there = mc_feature_at(leaf, subleaf, reg, bit);
        bool follows = there == (int)feature || (feature == MC_F_XSAVE && there == MC_F_OSXSAVE);
        if (moved >> bit & 1 && !follows)
            wrong |= 1u << bit;
    }
    return wrong && depends(feature, leaf, subleaf, reg) ? 0 : wrong;
}

/* Everything that moved beside the feature's own bit. Leaves of both dumps count; one that is missing reads as 0. */
static unsigned count_strays(enum mc_feature feature, const struct dump *on, const struct dump *off)
{
    unsigned strays = 0;
    const struct dump *dumps[] = {on, off};
    for (int which = 0; which < 2; which++) {
        for (size_t i = 0; i < dumps[which]->count; i++) {
            uint32_t leaf = dumps[which]->leaves[i].leaf, subleaf = dumps[which]->leaves[i].subleaf;
            for (int reg = MC_EAX; reg <= MC_EDX; reg++) {
                uint32_t moved = dump_register(on, leaf, subleaf, (enum mc_register)reg) ^
                                 dump_register(off, leaf, subleaf, (enum mc_register)reg);
                uint32_t wrong = wrong_bits(feature, leaf, subleaf, (enum mc_register)reg, moved);
                if (wrong)
                    note("%s moves leaf %#x.%u register %d bits %#x too", mc_features[feature].name, leaf, subleaf, reg,
                         wrong);
                strays += wrong != 0;
            }
        }
    }
    return strays;
}

static void check_feature(enum mc_feature feature, const char *emulator, const char *program, const char *with)
{
    const struct mc_feature_info *row = &mc_features[feature];
    static struct dump on, off;
    char cpu[160];
    snprintf(cpu, sizeof cpu, "qemu64,x-force-features=on,%s%s+%s", with, *with ? "," : "", row->qemu_name);
    cr_expect(dump_under_qemu(emulator, program, cpu, &on), "QEMU refuses %s", cpu);
    snprintf(cpu, sizeof cpu, "qemu64,x-force-features=on,%s%s-%s", with, *with ? "," : "", row->qemu_name);
    cr_expect(dump_under_qemu(emulator, program, cpu, &off), "QEMU refuses %s", cpu);
    uint32_t bit = 1u << row->bit;
    cr_expect(dump_register(&on, row->leaf, row->subleaf, row->reg) & bit, "+%s does not set its bit", row->qemu_name);
    cr_expect_not(dump_register(&off, row->leaf, row->subleaf, row->reg) & bit, "-%s leaves its bit set",
                  row->qemu_name);
    cr_expect_eq(count_strays(feature, &on, &off), 0);
}

Test(qemu, each_feature_moves_its_own_bit)
{
    if (!have_program("qemu-x86_64") || !have_program("qemu-i386"))
        cr_skip_test("qemu-x86_64 and qemu-i386 (qemu-user) are not installed");
    /* The list of flags between blanks. */
    char *flags = run_for_output("qemu-x86_64 -cpu help | sed '1,/^Recognized CPUID flags/d' | tr -s ' \\n' '  ' | sed 's/.*/ & /'");
    unsigned confirmed = 0, unknown = 0, later = 0;
    char names[8192] = "", flag[80];
    cr_assert_not_null(flags);
    FOR_EACH_FEATURE(feature)
    {
        const char *emulator = "qemu-x86_64", *with = "";
        for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
            if (special[i].feature == (enum mc_feature)feature) {
                emulator = special[i].emulator;
                with = special[i].with;
            }
        }
        if (!*mc_features[feature].qemu_name || !emulator) {
            unknown++;
            snprintf(names + strlen(names), sizeof names - strlen(names), " %s", mc_features[feature].name);
            continue;
        }
        snprintf(flag, sizeof flag, " %s ", mc_features[feature].qemu_name);
        if (!strstr(flags, flag)) { /* a later QEMU's; catalogue.names knows this one's */
            later++;
            continue;
        }
        check_feature((enum mc_feature)feature, emulator, strcmp(emulator, "qemu-i386") ? DUMP_CPUID64 : DUMP_CPUID32,
                      with);
        confirmed++;
    }
    note("%u places confirmed by QEMU, %u named by later QEMU only; %u features it cannot show:%s", confirmed, later, unknown,
         names);
    cr_expect_geq(confirmed, 190);
    free(flags);
}

/* The check can fail: two dumps that differ in a wrong bit are noticed. */
Test(qemu, a_planted_stray_bit_is_noticed)
{
    static struct dump on = {.leaves = {{1, 0, {0, 0, 0x200, 0}}, {7, 0, {0, 0x20, 0, 0}}}, .count = 2};
    static struct dump off = {.leaves = {{1, 0, {0, 0, 0, 0}}, {7, 0, {0, 0, 0, 0}}}, .count = 2};
    cr_expect_gt(count_strays(MC_F_SSSE3, &on, &off), 0, "AVX2 moved with SSSE3");
    on.leaves[1].regs[MC_EBX] = 0;
    cr_expect_eq(count_strays(MC_F_SSSE3, &on, &off), 0);
}

/* Without what QEMU shows of the VM's shape (no row has it), and without its stale leaf 0x12. */
static struct mc_feature_set comparable(struct mc_feature_set set)
{
    mc_set_remove(&set, MC_F_HYPERVISOR);
    mc_set_remove(&set, MC_F_HT);
    mc_set_remove(&set, MC_F_CMP_LEGACY);
    mc_set_remove(&set, MC_F_VME); /* the emulation leaves it out, KVM does not: the rows are for KVM */
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
        if (mc_features[feature].leaf == 0x12)
            mc_set_remove(&set, (enum mc_feature)feature);
    return set;
}

static void check_model(const struct mc_baseline *model, const char *name)
{
    bool long_mode = mc_set_has(&model->features, MC_F_LM);
    static struct dump dump;
    char cpu[96];
    snprintf(cpu, sizeof cpu, "%s,x-force-features=on", name);
    if (!dump_under_qemu(long_mode ? "qemu-x86_64" : "qemu-i386", long_mode ? DUMP_CPUID64 : DUMP_CPUID32, cpu,
                         &dump)) {
        cr_expect_fail("QEMU refuses the model %s", name);
        return;
    }
    struct mc_feature_set shown = comparable(dump_features(&dump)), listed = comparable(model->features);
    struct mc_feature_set missing = mc_set_minus(shown, &listed), extra = mc_set_minus(listed, &shown);
    cr_expect(mc_set_empty(&missing), "%s (%s): QEMU has, models.def lacks: %s", model->name, name, set_text(&missing));
    cr_expect(mc_set_empty(&extra), "%s (%s): models.def has, QEMU lacks: %s", model->name, name, set_text(&extra));
}

/* `names` holds the words that QEMU lists as models, each between newlines; the ones found are overwritten. */
static void check_and_cross_out(const struct mc_baseline *model, const char *name, char *names)
{
    char line[80];
    snprintf(line, sizeof line, "\n%s\n", name);
    char *found = strstr(names, line);
    cr_expect_not_null(found, "QEMU has no model '%s'", name);
    if (found)
        memset(found + 1, '#', strlen(name));
    check_model(model, name);
}

/* "QEMU 7.2.22, ..." or "qemu-x86_64 version 7.2.22 (...)": 7.2 */
static double read_version(const char *text)
{
    double version = 0;
    cr_assert(sscanf(text, "QEMU %lf", &version) == 1 || sscanf(text, "qemu-x86_64 version %lf", &version) == 1,
              "no version in '%s'", text);
    return version;
}

Test(qemu, models_are_as_listed)
{
    if (!have_program("qemu-x86_64") || !have_program("qemu-i386"))
        cr_skip_test("qemu-x86_64 and qemu-i386 (qemu-user) are not installed");
    /* A line of the list began with "x86 " until QEMU 8.0; the CPUID flags follow behind an empty line. */
    char *names = run_for_output("echo; qemu-x86_64 -cpu help | sed -n -e '/^$/q' -e 's/^\\(x86\\| \\) \\([^ ]*\\) .*/\\2/p' | "
                                 "grep -vx -e max -e base");
    char *version = run_for_output("qemu-x86_64 --version");
    cr_assert(names && version);
    unsigned checked = 0, later = 0;
    double installed = read_version(version);
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        struct mc_baseline_row row = mc_baseline_row_at(i);
        if (strncmp(row.source, "QEMU ", 5))
            continue;
        if (read_version(row.source) > installed) {
            later++;
            continue;
        }
        char words[512];
        snprintf(words, sizeof words, "%s %s", mc_baseline_at(i)->name, row.aliases);
        for (char *word = strtok(words, " "); word; word = strtok(NULL, " "), checked++)
            check_and_cross_out(mc_baseline_at(i), word, names);
    }
    for (char *word = strtok(names, "#\n"); word; word = strtok(NULL, "#\n"))
        cr_expect_fail("models.def lacks QEMU's model '%s'", word);
    note("%u names of QEMU's models checked; %u models are of a later QEMU than this one", checked, later);
    cr_expect_geq(checked, 120);
    free(version);
    free(names);
}
