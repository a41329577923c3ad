/* SPDX-License-Identifier: Apache-2.0 */
/* May a VM that was started on one CPU move to another? What it sees there must be there, too: feature bits, state
 * components and their layout, sizes, address widths. Pure. */
#ifndef MC_READINESS_COMPARE_H
#define MC_READINESS_COMPARE_H

#include "readiness/profile.h"

enum mc_lack_kind {
    MC_LACK_BIT,       /* a feature bit */
    MC_LACK_COMPONENT, /* a state component of XCR0 or IA32_XSS */
    MC_LACK_LAYOUT,    /* the component lies elsewhere in the XSAVE area */
    MC_LACK_LIMIT,     /* a quantity is smaller */
    MC_LACK_WORD,      /* a register that the source's dump does not tell (only in not_compared) */
};

struct mc_lack {
    char feature[MC_BIT_NAME_SIZE]; /* "sse4.1", "7.edx[14]", "xcr0.opmask", "xss.cet-u", "xsave-size" */
    int id;                         /* the catalogue's feature, -1 when it is none */
    enum mc_lack_kind kind;
    enum mc_used_by used_by;
    uint32_t from, to; /* LIMIT, LAYOUT: the two values; `to` is 0 where it is unknown */
    const char *unit;  /* of from and to, NULL for others */
};

enum mc_compare_verdict { MC_COMPARE_OK, MC_COMPARE_UNSAFE };

struct mc_comparison {
    const struct mc_profile *from, *to;
    enum mc_compare_verdict verdict;
    bool vendor_differs;     /* by itself unsafe, unless cross_vendor was asked for */
    const char *reason;      /* "vendor", "missing"; NULL when ok */
    struct mc_lack *missing; /* in the order of the catalogue; in the arena */
    size_t missing_count;
    struct mc_lack *not_compared; /* the source has it, and what the target has is not known */
    size_t not_compared_count;
};

/* A source of several CPUs has what any of them has, a target what all have. Dynamic bits are left out. */
void mc_compare(const struct mc_profile *from, const struct mc_profile *to, bool cross_vendor, struct mc_arena *arena,
                struct mc_comparison *ret);

/* The same for a VM that runs, from what CPUID reports in it: without what hypervisors provide whatever the host's CPU is
 * (x2APIC, TSC deadline timer ...; probe/verdict.h). */
void mc_compare_guest(const struct mc_profile *from, const struct mc_profile *to, bool cross_vendor,
                      struct mc_arena *arena, struct mc_comparison *ret);

/* What all profiles have by name, and the baselines that it covers. */
struct mc_common {
    struct mc_feature_set features;
    enum mc_cpu_vendor vendor;            /* of all; ANY when they differ or leave it open */
    const struct mc_baseline **baselines; /* psABI and, for one vendor, its EVC line; in the arena */
    size_t baseline_count;
    const struct mc_baseline *psabi, *evc; /* the highest of each, NULL none */
};
void mc_common_of(const struct mc_profile *const *profiles, size_t count, struct mc_arena *arena,
                  struct mc_common *ret);
/* The same for a feature set that is at hand. */
void mc_common_fill(const struct mc_feature_set *features, enum mc_cpu_vendor vendor, struct mc_arena *arena,
                    struct mc_common *ret);
/* The vendor of all profiles: those that leave it open fit any. ANY when two differ; *ret_mixed says so. */
enum mc_cpu_vendor mc_common_vendor(const struct mc_profile *const *profiles, size_t count, bool *ret_mixed);

#endif
