/* SPDX-License-Identifier: Apache-2.0 */
/* A CPU as comparisons see it: every bit of the catalogue's feature words with whether it is known, state components,
 * quantities, vendor. Made from recorded or read snapshots, or from a named baseline, which leaves most of this open.
 *
 *     mc_profile_of_dump       several CPUs: as a target only what all of them have, as a source what any of them has
 *     mc_profile_of_probe      the same
 *     mc_profile_of_baseline   known are the features that the row's source speaks of
 *
 * Plain values without pointers into their source. */
#ifndef MC_READINESS_PROFILE_H
#define MC_READINESS_PROFILE_H

#include "base/arena.h"
#include "isa/baseline.h"
#include "isa/word.h"
#include "probe/dump.h"
#include "probe/probe.h"

/* What the CPUs of a machine have, and which of it is known. */
struct mc_capabilities {
    uint32_t bits[MC_WORD_COUNT];
    uint32_t known[MC_WORD_COUNT]; /* ones where `bits` says something */
    uint64_t components;           /* XCR0 and IA32_XSS bits that the CPU supports (0xD.0 EDX:EAX, 0xD.1 EDX:ECX) */
    bool components_known;
    uint16_t offsets[64]; /* of user components in the standard XSAVE format, in bytes; 0 unknown */
    uint32_t limits[MC_LIMIT_COUNT];
    bool limit_known[MC_LIMIT_COUNT];
};

struct mc_profile {
    const char *name;                /* owned by the caller's arena */
    bool recorded;                   /* a machine; else a named baseline */
    char vendor[13];                 /* CPUID's signature, "" when left open */
    struct mc_machine machine;       /* of the first CPU; zeroed for a named one */
    struct mc_capabilities all, any; /* of every CPU; of at least one. The same for a named one */
    struct mc_feature_set features;  /* named and comparable, of every CPU */
    struct mc_feature_set defined;   /* features of which this says something */
    size_t cpu_count;                /* 0 for a named one */
    bool mixed;                      /* its CPUs differ in what is compared */
};

void mc_profile_of_dump(const struct mc_dump *dump, const char *name, struct mc_profile *ret);
/* The machine that was probed, with what its registers say of masking. */
void mc_profile_of_probe(const struct mc_probe *probe, const char *name, struct mc_profile *ret);
void mc_profile_of_baseline(const struct mc_baseline *baseline, struct mc_profile *ret);

/* Words for the vendor: "Intel", or the signature itself when no row knows it; "any" when open. */
const char *mc_profile_vendor(const struct mc_profile *profile);
enum mc_cpu_vendor mc_profile_vendor_id(const struct mc_profile *profile); /* ANY when open or unknown */

/* The highest of a family that the features satisfy by what programs use: the last in its order; NULL none. */
const struct mc_baseline *mc_highest_baseline(const struct mc_feature_set *features, enum mc_family family);
/* The EVC family of a vendor. False where it has none. */
bool mc_evc_family(enum mc_cpu_vendor vendor, enum mc_family *ret);

#endif
