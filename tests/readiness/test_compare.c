/* SPDX-License-Identifier: Apache-2.0 */
/* The table of comparable words against the features, and comparisons of made CPUs: one row, one difference. */
#include "readiness/compare.h"

#include <criterion/criterion.h>
#include <string.h>

Test(words, every_feature_stands_in_a_word_and_counts_unless_dynamic)
{
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        const struct mc_feature_info *info = &mc_features[feature];
        size_t word = mc_word_of_feature((enum mc_feature)feature);
        cr_expect_eq(mc_words[word].leaf, info->leaf, "%s has no word", info->name);
        cr_expect_eq(mc_words[word].subleaf, info->subleaf, "%s has no word", info->name);
        cr_expect_eq(mc_words[word].reg, info->reg, "%s has no word", info->name);
        cr_expect_eq(mc_word_compared(word) >> info->bit & 1, !info->dynamic, "%s", info->name);
        cr_expect_eq(mc_word_feature(word, info->bit), feature);
    }
}

Test(words, names_of_bits)
{
    char name[MC_BIT_NAME_SIZE];
    for (size_t word = 0; word < MC_WORD_COUNT; word++) {
        if (mc_words[word].leaf == 7 && mc_words[word].subleaf == 0 && mc_words[word].reg == MC_EDX) {
            mc_bit_name(word, 17, name);
            cr_expect_str_eq(name, "7.edx[17]");
            mc_bit_name(word, 14, name);
            cr_expect_str_eq(name, "serialize");
        }
        if (mc_words[word].leaf == 7 && mc_words[word].subleaf == 1 && mc_words[word].reg == MC_EAX) {
            mc_bit_name(word, 30, name);
            cr_expect_str_eq(name, "7.1.eax[30]");
        }
    }
}

/* A CPU of vendor "GenuineIntel" with the leaves up to 0xD, to which a row adds its own. */
struct change {
    uint32_t leaf, subleaf;
    enum mc_register reg;
    uint32_t from, to; /* bits set on the source, on the target */
    const char *missing; /* the one name expected, NULL none */
    enum mc_used_by used_by;
};

static const struct change changes[] = {
    {1, 0, MC_ECX, 1u << 19, 0, "sse4.1", MC_USED_BY_PROGRAM},
    {1, 0, MC_ECX, 0, 1u << 19, NULL, 0},
    {1, 0, MC_ECX, 1u << 27, 0, NULL, 0}, /* OSXSAVE: the operating system's */
    {1, 0, MC_ECX, 1u << 31, 0, NULL, 0}, /* hypervisor */
    {1, 0, MC_ECX, 1u << 28, 0, "avx", MC_USED_BY_BOTH},
    {1, 0, MC_EBX, 0xFF000000, 0, NULL, 0}, /* APIC id */
    {1, 0, MC_EDX, 1u << 10, 0, "1.edx[10]", MC_USED_BY_BOTH},
    {7, 0, MC_EBX, 1u << 7, 0, "smep", MC_USED_BY_KERNEL},
    {7, 0, MC_ECX, 1u << 4, 0, NULL, 0}, /* OSPKE */
    {7, 0, MC_EDX, 1u << 17, 0, "7.edx[17]", MC_USED_BY_BOTH},
    {7, 1, MC_EAX, 1u << 4, 0, "avxvnni", MC_USED_BY_BOTH},
    {7, 2, MC_EDX, 1u << 9, 0, "7.2.edx[9]", MC_USED_BY_KERNEL},
    {0xD, 1, MC_EAX, 1u << 1, 0, "xsavec", MC_USED_BY_BOTH},
    {0xD, 0, MC_EAX, 1u << 5, 0, "xcr0.opmask", MC_USED_BY_BOTH},
    {0xD, 0, MC_EAX, 1u << 20, 0, "xcr0[20]", MC_USED_BY_BOTH},
    {0xD, 1, MC_ECX, 1u << 11, 0, "xss.cet-u", MC_USED_BY_KERNEL},
    {0xD, 0, MC_ECX, 2696, 832, "xsave-size", MC_USED_BY_BOTH},
    {0xD, 0, MC_ECX, 832, 2696, NULL, 0},
    {0xD, 2, MC_EBX, 576, 832, "xcr0.avx", MC_USED_BY_BOTH}, /* the component lies elsewhere */
    {0x80000008, 0, MC_EAX, 46, 39, "physical-address-width", MC_USED_BY_KERNEL},
    {0x80000008, 0, MC_EAX, 57 << 8, 48 << 8, "linear-address-width", MC_USED_BY_BOTH},
    {0x80000001, 0, MC_ECX, 1u << 20, 0, "80000001.ecx[20]", MC_USED_BY_BOTH},
    {0x80000021, 0, MC_EAX, 1u << 7, 0, "80000021.eax[7]", MC_USED_BY_BOTH},
    {0x8000001F, 0, MC_EAX, 1u << 1, 0, "sev", MC_USED_BY_KERNEL},
    {4, 0, MC_EAX, 0xFC000000, 0, NULL, 0}, /* caches */
    {0xB, 0, MC_EBX, 8, 2, NULL, 0},        /* topology */
};

static void set_bits(struct mc_snapshot *snapshot, uint32_t leaf, uint32_t subleaf, enum mc_register reg, uint32_t bits)
{
    const struct mc_leaf *found = mc_snapshot_find(snapshot, leaf, subleaf);
    uint32_t regs[4] = {0};
    if (found)
        memcpy(regs, found->regs, sizeof regs);
    regs[reg] |= bits;
    mc_snapshot_add(snapshot, leaf, subleaf, regs);
}

static void make_cpu(struct mc_snapshot *snapshot, const char *vendor)
{
    uint32_t regs[4] = {0x24, 0, 0, 0};
    memcpy(&regs[MC_EBX], vendor, 4);
    memcpy(&regs[MC_EDX], vendor + 4, 4);
    memcpy(&regs[MC_ECX], vendor + 8, 4);
    mc_snapshot_add(snapshot, 0, 0, regs);
    for (size_t word = 0; word < MC_WORD_COUNT; word++)
        set_bits(snapshot, mc_words[word].leaf, mc_words[word].subleaf, MC_EAX, 0);
    set_bits(snapshot, 7, 0, MC_EAX, 2);
    set_bits(snapshot, 0xD, 0, MC_EAX, 7);
    set_bits(snapshot, 0x80000000, 0, MC_EAX, 0x80000028);
}

static void profile_cpu(const struct change *change, bool source, const char *vendor, struct mc_profile *ret)
{
    static struct mc_dump_cpu cpu;
    memset(&cpu, 0, sizeof cpu);
    make_cpu(&cpu.snapshot, vendor);
    if (change)
        set_bits(&cpu.snapshot, change->leaf, change->subleaf, change->reg, source ? change->from : change->to);
    const struct mc_dump dump = {MC_DUMP_CPUID_R, &cpu, 1};
    mc_profile_of_dump(&dump, source ? "source" : "target", ret);
}

Test(compare, one_difference_each)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        static struct mc_profile from, to;
        struct mc_arena arena = {0};
        struct mc_comparison result;
        profile_cpu(&changes[i], true, "GenuineIntel", &from);
        profile_cpu(&changes[i], false, "GenuineIntel", &to);
        mc_compare(&from, &to, false, &arena, &result);
        cr_expect_eq(result.missing_count, changes[i].missing ? 1 : 0, "row %zu: %zu missing", i, result.missing_count);
        cr_expect_eq(result.verdict, changes[i].missing ? MC_COMPARE_UNSAFE : MC_COMPARE_OK, "row %zu", i);
        if (result.missing_count && changes[i].missing) {
            cr_expect_str_eq(result.missing[0].feature, changes[i].missing);
            cr_expect_eq(result.missing[0].used_by, changes[i].used_by, "row %zu", i);
        }
        mc_arena_free(&arena);
    }
}

Test(compare, vendors)
{
    static struct mc_profile from, to;
    struct mc_arena arena = {0};
    struct mc_comparison result;
    profile_cpu(NULL, true, "GenuineIntel", &from);
    profile_cpu(NULL, false, "AuthenticAMD", &to);
    mc_compare(&from, &to, false, &arena, &result);
    cr_expect_eq(result.verdict, MC_COMPARE_UNSAFE);
    cr_expect_str_eq(result.reason, "vendor");
    mc_compare(&from, &to, true, &arena, &result);
    cr_expect_eq(result.verdict, MC_COMPARE_OK);
    cr_expect(result.vendor_differs);
    mc_arena_free(&arena);
}

/* A machine of unequal CPUs: as a source any CPU's features count, as a target only what all have. */
Test(compare, unequal_cpus)
{
    static struct mc_dump_cpu cpus[2];
    static struct mc_profile profile;
    struct mc_arena arena = {0};
    struct mc_comparison result;
    make_cpu(&cpus[0].snapshot, "GenuineIntel");
    make_cpu(&cpus[1].snapshot, "GenuineIntel");
    set_bits(&cpus[0].snapshot, 1, 0, MC_ECX, 1u << 9);
    const struct mc_dump dump = {MC_DUMP_CPUID_R, cpus, 2};
    mc_profile_of_dump(&dump, "hybrid", &profile);
    mc_compare(&profile, &profile, false, &arena, &result);
    cr_expect_eq(result.missing_count, 1);
    cr_expect_str_eq(result.missing[0].feature, "ssse3");
    mc_arena_free(&arena);
}

/* What a baseline's source does not speak of is not compared; what the row or +f,-f names is. */
Test(compare, named_baselines_leave_open)
{
    static struct mc_profile from, to;
    static const struct change smep = {7, 0, MC_EBX, 1u << 7, 0, NULL, 0};
    static const struct {
        const char *baseline;
        bool missing;
    } rows[] = {{"x86-64-v2", false}, {"x86-64-v2,-smep", true}, {"intel-merom", true}, {"core2", false}, {"Conroe", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mc_arena arena = {0};
        struct mc_baseline baseline;
        struct mc_comparison result;
        profile_cpu(&smep, true, "GenuineIntel", &from);
        cr_assert(mc_baseline_parse(rows[i].baseline, &baseline, NULL));
        mc_profile_of_baseline(&baseline, &to);
        mc_compare(&from, &to, false, &arena, &result);
        cr_expect_eq(result.missing_count, rows[i].missing ? 1 : 0, "%s", rows[i].baseline);
        cr_expect_gt(result.not_compared_count, 0);
        mc_arena_free(&arena);
    }
}
