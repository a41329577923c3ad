/* SPDX-License-Identifier: Apache-2.0 */
/* What of CPUID differs between two readings of one CPU: every bit of every register, those included that nobody has named, without
 * those that differ by themselves (MC_PASSING of isa/words.def). Pure. */
#ifndef MC_READINESS_REGISTERS_H
#define MC_READINESS_REGISTERS_H

#include "base/vector.h"
#include "isa/word.h"
#include "probe/snapshot.h"

enum mc_difference_kind {
    MC_DIFFERENCE_BIT,      /* a feature, or a bit of a register of feature bits: before and after are 0 or 1 */
    MC_DIFFERENCE_STATE,    /* a state component: the same */
    MC_DIFFERENCE_LIMIT,    /* a quantity */
    MC_DIFFERENCE_REGISTER, /* anything else: the whole register */
};

struct mc_difference {
    enum mc_difference_kind kind;
    char what[MC_BIT_NAME_SIZE]; /* "avx2", "7.edx[14]", "xcr0.opmask", "xsave-size", "40000001.eax" */
    uint32_t leaf, subleaf;
    enum mc_register reg;
    uint32_t before, after;
};
typedef MC_VECTOR(struct mc_difference) mc_differences;

/* In the order of the first reading's leaves, then what only the second has. A leaf that one of them has not counts as zeros. The
 * caller frees the vector, which is empty before. */
void mc_registers_compare(const struct mc_snapshot *before, const struct mc_snapshot *after, mc_differences *ret);

#endif
