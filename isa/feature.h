/* SPDX-License-Identifier: Apache-2.0 */
/* Features: CPU extensions that CPUID enumerates. The rows stand in isa/features.def; everything here is derived.
 *
 * Columns of MC_FEATURE(id, name, aliases, kernel, qemu, leaf, subleaf, reg, bit, os, level, dynamic, source):
 *   id       enumerator MC_F_<id>: the name in upper case, '.' and '-' as '_'
 *   name     GCC's name where it has one ("sse4.1"), else the vendor manual's mnemonic in lower case
 *   aliases  other spellings accepted on input, separated by spaces, "" when none
 *   kernel   flag in /proc/cpuinfo, "" when the kernel shows none
 *   qemu     property of QEMU's -cpu, "" when QEMU 10.0 does not know it
 *   leaf, subleaf, reg (EAX EBX ECX EDX), bit: where CPUID reports it
 *   os       MC_OS_*: XCR0 (or CR4) state that must be on before user code may run it
 *   level    USER (adds user-mode instructions or changes their results), KERNEL (only a kernel uses it, or it only
 *            speaks of speed: code that goes without asking neither faults nor computes anything else)
 *   dynamic  1 when the bit mirrors OS state (OSXSAVE, OSPKE), the shape of the VM (HYPERVISOR, HT, CMP_LEGACY) or what
 *            a hypervisor supplies by itself on any host (X2APIC, TSC_DEADLINE): left out of comparisons
 *   source   vendor manual and section */
#ifndef MC_ISA_FEATURE_H
#define MC_ISA_FEATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mc_register { MC_EAX, MC_EBX, MC_ECX, MC_EDX };

enum mc_os_state { /* which XCR0 bits (Intel SDM vol. 1, 13.1) the feature needs, by name */
    MC_OS_NONE,
    MC_OS_AVX,    /* XCR0[2:1] */
    MC_OS_AVX512, /* XCR0[7:5], [2:1] */
    MC_OS_AMX,    /* XCR0[18:17], and permission by arch_prctl */
    MC_OS_MPX,    /* XCR0[4:3] */
    MC_OS_PKU,    /* XCR0[9]; CR4.PKE shown as OSPKE */
    MC_OS_APX,    /* XCR0[19] */
    MC_OS_LWP,    /* XCR0[62] */
    MC_OS_CR4,    /* a CR4 bit (or EFER, or an MSR) decides: FSGSBASE, XSAVE, CET, UINTR, MCOMMIT, USER_MSR */
};

enum mc_level { MC_LEVEL_USER, MC_LEVEL_KERNEL };

enum mc_feature {
#define MC_FEATURE(id, ...) MC_F_##id,
#include "isa/features.def"
#undef MC_FEATURE
    MC_FEATURE_COUNT
};

struct mc_feature_info {
    const char *name, *aliases, *kernel_flag, *qemu_name;
    uint32_t leaf, subleaf;
    enum mc_register reg;
    uint8_t bit;
    enum mc_os_state os;
    enum mc_level level;
    bool dynamic;
    const char *source;
};

extern const struct mc_feature_info mc_features[MC_FEATURE_COUNT];

/* A feature by name or alias, case-insensitive, '.', '-' and '_' taken for the same; the kernel's and QEMU's names count
 * as aliases. -1 when unknown. */
int mc_feature_find(const char *name, size_t length);
/* The feature at a place of CPUID; -1 when the catalogue names none there. Places where a vendor repeats a bit (AMD's
 * 0x80000001.EDX repeats 1.EDX, 0x1E.1.EAX repeats the AMX bits of leaf 7) give that same feature. The subleaf counts
 * only for leaves that have subleaves (7, 0xD, 0x14, 0x19, 0x1E, 0x24, 0x8000001D ...). */
int mc_feature_at(uint32_t leaf, uint32_t subleaf, enum mc_register reg, unsigned bit);
/* XCR0 bits that the state demands; 0 for NONE and CR4. */
uint64_t mc_os_state_xcr0(enum mc_os_state state);

/* A set of features. Plain value, compare with mc_set_equal. */
#define MC_SET_WORDS 6 /* 384 features: every bit that QEMU or Linux names comes to about 330 */
struct mc_feature_set {
    uint64_t words[MC_SET_WORDS];
};
_Static_assert(MC_FEATURE_COUNT <= MC_SET_WORDS * 64, "widen mc_feature_set");

static inline void mc_set_add(struct mc_feature_set *set, enum mc_feature feature)
{
    set->words[feature / 64] |= UINT64_C(1) << (feature % 64);
}
static inline void mc_set_remove(struct mc_feature_set *set, enum mc_feature feature)
{
    set->words[feature / 64] &= ~(UINT64_C(1) << (feature % 64));
}
static inline bool mc_set_has(const struct mc_feature_set *set, enum mc_feature feature)
{
    return set->words[feature / 64] >> (feature % 64) & 1;
}
static inline bool mc_set_empty(const struct mc_feature_set *set)
{
    uint64_t any = 0;
    for (int i = 0; i < MC_SET_WORDS; i++)
        any |= set->words[i];
    return !any;
}
static inline bool mc_set_equal(const struct mc_feature_set *a, const struct mc_feature_set *b)
{
    uint64_t difference = 0;
    for (int i = 0; i < MC_SET_WORDS; i++)
        difference |= a->words[i] ^ b->words[i];
    return !difference;
}
/* a is a subset of b */
static inline bool mc_set_within(const struct mc_feature_set *a, const struct mc_feature_set *b)
{
    uint64_t outside = 0;
    for (int i = 0; i < MC_SET_WORDS; i++)
        outside |= a->words[i] & ~b->words[i];
    return !outside;
}
static inline struct mc_feature_set mc_set_or(struct mc_feature_set a, const struct mc_feature_set *b)
{
    for (int i = 0; i < MC_SET_WORDS; i++)
        a.words[i] |= b->words[i];
    return a;
}
static inline struct mc_feature_set mc_set_and(struct mc_feature_set a, const struct mc_feature_set *b)
{
    for (int i = 0; i < MC_SET_WORDS; i++)
        a.words[i] &= b->words[i];
    return a;
}
static inline struct mc_feature_set mc_set_minus(struct mc_feature_set a, const struct mc_feature_set *b)
{
    for (int i = 0; i < MC_SET_WORDS; i++)
        a.words[i] &= ~b->words[i];
    return a;
}
/* The first feature >= from in the set, or -1: `for (int f = mc_set_next(s, 0); f >= 0; f = mc_set_next(s, f + 1))` */
static inline int mc_set_next(const struct mc_feature_set *set, int from)
{
    if (from >= MC_SET_WORDS * 64)
        return -1;
    uint64_t rest = set->words[from / 64] >> (from % 64);
    if (rest)
        return from + __builtin_ctzll(rest);
    for (int i = from / 64 + 1; i < MC_SET_WORDS; i++)
        if (set->words[i])
            return i * 64 + __builtin_ctzll(set->words[i]);
    return -1;
}

#endif
