/* SPDX-License-Identifier: Apache-2.0 */
/* Baselines and CPU models: named feature sets, by inheritance (a row names its parent, what it adds and drops), from
 * isa/baselines.def and isa/models.def; and what follows from them: implications, the lowest baseline that is enough. */
#ifndef MC_ISA_BASELINE_H
#define MC_ISA_BASELINE_H

#include "base/error.h"
#include "isa/feature.h"

enum mc_family { MC_FAMILY_PSABI, MC_FAMILY_INTEL, MC_FAMILY_AMD, MC_FAMILY_MODEL /* CPU models of QEMU/libvirt, others */ };

/* Whose CPUs a row means. ANY: psABI levels, and models that take the vendor of the host. */
enum mc_cpu_vendor {
    MC_VENDOR_ANY,
    MC_VENDOR_INTEL,
    MC_VENDOR_AMD,
    MC_VENDOR_HYGON,
    MC_VENDOR_CENTAUR,
    MC_VENDOR_ZHAOXIN,
    MC_VENDOR_COUNT
};
struct mc_vendor_info {
    const char *name;      /* for people */
    const char *signature; /* of CPUID leaf 0, twelve bytes; "" for ANY */
    const char *libvirt;   /* in libvirt's <vendor>, "" where it knows none */
};
extern const struct mc_vendor_info mc_vendors[MC_VENDOR_COUNT];

/* Which features a row's source speaks of: isa/baselines.def. */
enum mc_scope { MC_SCOPE_FAMILY, MC_SCOPE_PROGRAM, MC_SCOPE_QEMU };

struct mc_baseline {
    char name[64];
    enum mc_family family;
    struct mc_feature_set features;
};

/* All named baselines and models, baselines first, each family from lowest to highest. */
size_t mc_baseline_count(void);
const struct mc_baseline *mc_baseline_at(size_t index);
/* The row as written, for listings and tests: parent is NULL for a row that starts from nothing. index < count. */
struct mc_baseline_row {
    const struct mc_baseline *parent;
    const char *aliases, *parent_name, *adds, *drops, *source; /* lists are separated by spaces */
    enum mc_cpu_vendor vendor;
    enum mc_scope scope;
};
struct mc_baseline_row mc_baseline_row_at(size_t index);
const struct mc_baseline *mc_baseline_find(const char *name); /* aliases and case ignored; NULL when unknown */
/* The features that the baseline speaks of, present or not: its row's scope, its own features, and those of +f and -f in its
 * name. All features for a name that is in no row: that is a recorded machine. */
struct mc_feature_set mc_baseline_defined(const struct mc_baseline *baseline);
enum mc_cpu_vendor mc_baseline_vendor(const struct mc_baseline *baseline); /* ANY for a name that is in no row */
/* The known name nearest to a misspelt one, for messages; NULL when nothing is near. */
const char *mc_baseline_nearest(const char *name);

/* NAME or NAME,+feature,-feature. Files are the caller's business (probe/dump.h). On an unknown name the error's text
 * suggests the nearest one. ret->name is the text as given, cut at the end when it is longer. */
bool mc_baseline_parse(const char *text, struct mc_baseline *ret, struct mc_error *ret_error);

/* "Implied on every known CPU" (design.md 5.1): every baseline and CPU model of the catalogue that has all of `tested`
 * has `used` too. The answer is computed from the tables; a `tested` that no model has implies nothing. Kernel-only
 * features in `tested` are ignored, since not every model lists them. Cheap: a few dozen machine words are read. */
bool mc_feature_implied(const struct mc_feature_set *tested, enum mc_feature used);

/* What an XCR0-independent reading of the vendor manuals makes necessary (VEX needs AVX ...) is not an implication. */

/* The lowest baseline of each family that holds all of `needed`; NULL where none of that family does. AMD baselines are
 * not monotone: "lowest" is the earliest in the family's order that holds it. */
struct mc_enough {
    const struct mc_baseline *psabi, *intel, *amd;
};
struct mc_enough mc_baseline_enough(const struct mc_feature_set *needed);

#endif
