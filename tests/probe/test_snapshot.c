/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots of invented CPUs: what is asked, what is believed. */
#include "probe/snapshot.h"

#include <criterion/criterion.h>
#include <string.h>

struct fake_leaf {
    uint32_t leaf, subleaf, regs[4];
};
struct fake {
    const struct fake_leaf *leaves;
    size_t count;
    bool echo; /* beyond the maximum: the data of the highest basic leaf, as Intel CPUs do */
};

#define INTEL 0x756E6547, 0x6C65746E, 0x49656E69 /* EBX ECX EDX */
#define AMD 0x68747541, 0x444D4163, 0x69746E65
#define CENTAUR 0x746E6543, 0x736C7561, 0x48727561

static bool answer(void *ctx, uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
    const struct fake *fake = ctx;
    memset(regs, 0, 4 * sizeof *regs);
    uint32_t base = leaf & 0xFFFF0000u;
    uint32_t maximum = 0, last = fake->leaves[0].regs[0];
    for (size_t i = 0; i < fake->count; i++)
        if (fake->leaves[i].leaf == base)
            maximum = fake->leaves[i].regs[0];
    if (fake->echo && (leaf > maximum || maximum < base))
        leaf = last, subleaf = 0;
    for (size_t i = 0; i < fake->count; i++)
        if (fake->leaves[i].leaf == leaf && fake->leaves[i].subleaf == subleaf)
            memcpy(regs, fake->leaves[i].regs, sizeof fake->leaves[i].regs);
    return true;
}

static struct mc_snapshot snapshot;
static void take(const struct fake_leaf *leaves, size_t count, bool echo)
{
    struct fake fake = {leaves, count, echo};
    struct mc_cpuid_source source = {.leaf = answer, .ctx = &fake};
    cr_assert(mc_snapshot_read(&source, &snapshot));
}

Test(snapshot, intel_echo_is_not_a_feature)
{
    /* The highest basic leaf looks like features, and every invalid leaf repeats it: 0x80000001 must stay empty. */
    static const struct fake_leaf leaves[] = {{0, 0, {2, INTEL}},
                                              {1, 0, {0x00000673, 0, 0, 0x0387F9FF}},
                                              {2, 0, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}}};
    take(leaves, 3, true);
    struct mc_feature_set features = mc_snapshot_features(&snapshot);
    for (int f = mc_set_next(&features, 0); f >= 0; f = mc_set_next(&features, f + 1))
        cr_expect(mc_features[f].leaf == 1, "%s comes from an invalid leaf", mc_features[f].name);
    cr_expect(mc_set_has(&features, MC_F_SSE));
    cr_expect(!mc_snapshot_find(&snapshot, 0x40000000, 0), "an echo was taken for a hypervisor");
    cr_expect(!mc_snapshot_find(&snapshot, 0xC0000000, 0), "an Intel CPU was asked for Centaur's leaves");
}

Test(snapshot, leaf_7_only_up_to_the_maximum)
{
    static const struct fake_leaf low[] = {
        {0, 0, {1, INTEL}}, {1, 0, {0x6F6, 0, 0x201, 0x07808111}}, {7, 0, {0, 0x20, 0, 0}}};
    static const struct fake_leaf high[] = {
        {0, 0, {7, INTEL}}, {1, 0, {0x6F6, 0, 0x201, 0x07808111}}, {7, 0, {0, 0x20, 0, 0}}};
    take(low, 3, false);
    mc_snapshot_add(&snapshot, 7, 0, low[2].regs); /* as a dump might record it all the same */
    cr_expect(!mc_snapshot_reports(&snapshot, MC_F_AVX2));
    take(high, 3, false);
    cr_expect(mc_snapshot_reports(&snapshot, MC_F_AVX2));
}

Test(snapshot, subleaf_1_of_leaf_7_only_when_announced)
{
    struct fake_leaf leaves[] = {{0, 0, {7, INTEL}}, {7, 0, {0, 0, 0, 0}}, {7, 1, {0x10, 0, 0, 0}}};
    take(leaves, 3, false);
    cr_expect(!mc_snapshot_reports(&snapshot, MC_F_AVXVNNI));
    leaves[1].regs[MC_EAX] = 1;
    take(leaves, 3, false);
    cr_expect(mc_snapshot_reports(&snapshot, MC_F_AVXVNNI));
}

Test(snapshot, extended_leaves_only_up_to_their_maximum)
{
    struct fake_leaf leaves[] = {{0, 0, {1, AMD}},
                                 {0x80000000, 0, {0x80000004, AMD}},
                                 {0x80000001, 0, {0, 0, 0x20, 0}},
                                 {0x80000008, 0, {0, 1, 0, 0}}};
    take(leaves, 4, false);
    cr_expect(mc_snapshot_reports(&snapshot, MC_F_LZCNT));
    cr_expect(!mc_snapshot_reports(&snapshot, MC_F_CLZERO));
    leaves[1].regs[MC_EAX] = 0x80000008;
    take(leaves, 4, false);
    cr_expect(mc_snapshot_reports(&snapshot, MC_F_CLZERO));
}

Test(snapshot, centaur_leaves_only_of_centaur)
{
    struct fake_leaf leaves[] = {
        {0, 0, {1, CENTAUR}}, {0xC0000000, 0, {0xC0000001, 0, 0, 0}}, {0xC0000001, 0, {0, 0, 0, 4}}};
    take(leaves, 3, false);
    cr_expect(mc_snapshot_reports(&snapshot, MC_F_XSTORE));
    memcpy(leaves[0].regs, (uint32_t[4]){1, INTEL}, sizeof leaves[0].regs);
    take(leaves, 3, false);
    cr_expect(!mc_snapshot_reports(&snapshot, MC_F_XSTORE));
}

/* IDT's WinChip 2 answers 0xC0000001 as 0x80000001: those are no features of Centaur's leaf. */
Test(snapshot, centaur_leaves_that_echo_the_extended_ones)
{
    static const struct fake_leaf leaves[] = {{0, 0, {1, CENTAUR}},
                                              {0x80000000, 0, {0x80000005, 0, 0, 0}},
                                              {0x80000001, 0, {0x585, 0, 0, 0x808001B5}},
                                              {0xC0000000, 0, {0xC0000005, 0, 0, 0}},
                                              {0xC0000001, 0, {0x585, 0, 0, 0x808001B5}}};
    take(leaves, 5, false);
    cr_expect(!mc_snapshot_reports(&snapshot, MC_F_XSTORE));
    cr_expect(mc_snapshot_reports(&snapshot, MC_F_3DNOW));
}

Test(snapshot, amd_copies_of_leaf_1)
{
    struct fake_leaf leaves[] = {{0, 0, {1, AMD}},
                                 {1, 0, {0x20FB1, 0, 1, 0x178BFBFF}},
                                 {0x80000000, 0, {0x80000001, AMD}},
                                 {0x80000001, 0, {0, 0, 3, 0xE3D3FBFF}}};
    take(leaves, 4, false);
    cr_expect_eq(mc_snapshot_alias_mismatch(&snapshot), 0u, "a real K8 has equal copies");
    leaves[3].regs[MC_EDX] &= ~(1u << 23);
    take(leaves, 4, false);
    cr_expect_eq(mc_snapshot_alias_mismatch(&snapshot), 1u << 23, "MMX hidden in one copy only");
    memcpy(leaves[0].regs, (uint32_t[4]){1, INTEL}, sizeof leaves[0].regs);
    take(leaves, 4, false);
    cr_expect_eq(mc_snapshot_alias_mismatch(&snapshot), 0u, "Intel reserves those bits");
}

Test(snapshot, syscall_for_comparisons)
{
    /* A dump by a 32-bit program on Intel: long mode, but no SYSCALL bit. */
    struct fake_leaf leaves[] = {
        {0, 0, {1, INTEL}}, {0x80000000, 0, {0x80000001, 0, 0, 0}}, {0x80000001, 0, {0, 0, 1, 0x20100000}}};
    take(leaves, 3, false);
    struct mc_feature_set comparable = mc_snapshot_comparable(&snapshot);
    cr_expect(!mc_snapshot_reports(&snapshot, MC_F_SYSCALL));
    cr_expect(mc_set_has(&comparable, MC_F_SYSCALL));
}

Test(snapshot, a_source_without_end_is_bounded)
{
    /* Every leaf claims more subleaves, every range the highest maximum. */
    static struct fake_leaf leaves[] = {{0, 0, {0xFFFF, INTEL}},
                                        {0x80000000, 0, {0x8000FFFF, 0, 0, 0}},
                                        {7, 0, {0xFFFFFFFF, 0, 0, 0}},
                                        {0x14, 0, {0xFFFFFFFF, 0, 0, 0}}};
    take(leaves, 4, false);
    cr_expect_leq(snapshot.count, (size_t)MC_SNAPSHOT_LEAVES);
    cr_expect(snapshot.truncated);
}

Test(snapshot, no_answer_is_no_snapshot)
{
    struct mc_snapshot empty = {0};
    struct mc_cpuid_source source = mc_cpuid_recorded(&empty);
    cr_expect(!mc_snapshot_read(&source, &snapshot));
}

Test(snapshot, a_recorded_snapshot_reads_back_the_same)
{
    struct mc_cpuid_source instruction = mc_cpuid_instruction();
    struct mc_snapshot first;
    cr_assert(mc_snapshot_read(&instruction, &first));
    struct mc_cpuid_source recorded = mc_cpuid_recorded(&first);
    cr_assert(mc_snapshot_read(&recorded, &snapshot));
    struct mc_feature_set a = mc_snapshot_features(&first), b = mc_snapshot_features(&snapshot);
    cr_expect(mc_set_equal(&a, &b));
    cr_expect_eq(first.count, snapshot.count);
}
