/* SPDX-License-Identifier: Apache-2.0 */
/* Everything CPUID says on one CPU, read once into a plain struct; features are then pure functions of it.
 *
 * What is read: every leaf from the base of a range up to the maximum that the range's first leaf gives, with all
 * subleaves that the leaf announces. The hypervisor's range (0x40000000) and Centaur's (0xC0000000) are read only where
 * they exist: an Intel CPU answers a leaf beyond the maximum with the data of its highest basic leaf (SDM vol. 2A,
 * CPUID), and those bits are no features. No library beyond string.h: also part of the static executable. */
#ifndef MC_PROBE_SNAPSHOT_H
#define MC_PROBE_SNAPSHOT_H

#include "isa/feature.h"
#include "probe/cpuid.h"

struct mc_leaf {
    uint32_t leaf, subleaf;
    uint32_t regs[4]; /* by enum mc_register */
};

#define MC_SNAPSHOT_LEAVES 512
struct mc_snapshot {
    size_t count;
    bool truncated; /* the source had more leaves than fit; the rest is left out */
    struct mc_leaf leaves[MC_SNAPSHOT_LEAVES];
};

/* Reads the whole source. False when it does not even answer leaf 0; *ret is then empty. */
bool mc_snapshot_read(const struct mc_cpuid_source *source, struct mc_snapshot *ret);
/* Adds a leaf, or replaces the one recorded for (leaf, subleaf). False when full. */
bool mc_snapshot_add(struct mc_snapshot *snapshot, uint32_t leaf, uint32_t subleaf, const uint32_t regs[4]);
/* The recorded leaf, or NULL. Says nothing of whether the CPU would call the leaf valid. */
const struct mc_leaf *mc_snapshot_find(const struct mc_snapshot *snapshot, uint32_t leaf, uint32_t subleaf);
/* A register, 0 where the leaf is not recorded or lies beyond the maximum of its range or of its subleaves. */
uint32_t mc_snapshot_register(const struct mc_snapshot *snapshot, uint32_t leaf, uint32_t subleaf,
                              enum mc_register reg);

/* All catalogued features whose bit is set in a valid leaf, dynamic ones included. */
struct mc_feature_set mc_snapshot_features(const struct mc_snapshot *snapshot);
bool mc_snapshot_reports(const struct mc_snapshot *snapshot, enum mc_feature feature);

/* The same for comparisons with other CPUs and with baselines: without the dynamic ones, and with SYSCALL wherever long
 * mode is reported: Intel shows that bit only to 64-bit code (SDM vol. 2A, CPUID, table 3-8), and many dumps were made
 * by 32-bit programs. */
struct mc_feature_set mc_snapshot_comparable(const struct mc_snapshot *snapshot);

/* The twelve bytes of leaf 0 as a vendor string. Bytes that are not printable ASCII become '?', as in all text from
 * CPUID. */
void mc_snapshot_vendor(const struct mc_snapshot *snapshot, char ret[static 13]);
/* AMD and its descendants: their 0x80000001.EDX repeats bits of 1.EDX (AMD APM vol. 3, E.4.2). */
bool mc_snapshot_is_amd(const struct mc_snapshot *snapshot);
#define MC_ALIAS_BITS 0x0183F3FFu /* bits 0-9, 12-17, 23, 24 */
/* Bits of 1.EDX whose copy in 0x80000001.EDX says otherwise; always 0 where the vendor has no such copy. */
uint32_t mc_snapshot_alias_mismatch(const struct mc_snapshot *snapshot);

#endif
