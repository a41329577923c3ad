/* SPDX-License-Identifier: Apache-2.0 */
/* TZCNT (design.md 5.1): its bytes run as BSF on a CPU without BMI1, with the same answer for every source but 0, so
 * compilers write them for __builtin_ctz in code for any CPU. It is a use only where the program depends on the
 * difference. Intel SDM vol. 2, TZCNT and BSF: of zero, TZCNT gives the operand size and CF = 1, BSF leaves the
 * register and sets ZF; TZCNT sets ZF when bit 0 of the source is set. */
#ifndef MC_SCANNER_PROOF_ALIAS_H
#define MC_SCANNER_PROOF_ALIAS_H

#include "scanner/proof/machine.h"

enum mc_alias {
    MC_ALIAS_USE,      /* no TZCNT, or one whose flags are read: a use as it stands */
    MC_ALIAS_COMPARED, /* its result is compared with the operand size: a use unless its source cannot be 0 */
    MC_ALIAS_ZEROED,   /* its source may well be the constant 0: a use when value flow says so too */
    MC_ALIAS_HARMLESS,
};

/* From the instructions around the use alone; no value flow. Bounded. */
enum mc_alias mc_alias_of(const struct mc_image *image, const struct mc_entries *entries, const struct mc_use *use);
/* The uses without the harmless ones (the given list itself when there are none). */
const struct mc_uses *mc_alias_sift(const struct mc_image *image, const struct mc_entries *entries,
                                    const struct mc_uses *uses, struct mc_arena *arena);
/* Does what value flow knows of the source leave a use? POINT events carry the source as their value. */
bool mc_alias_matters(struct mc_prover *prover, const struct mc_use *use);

/* Detection by behaviour: LZCNT of a known number differs from BSR, and the result decides what runs.
 * What LZCNT makes of the source; a constant's count carries the fact that it was tried. */
mc_value mc_alias_count(struct mc_machine *m, mc_value source, unsigned width);
/* ZF after LZCNT or TZCNT, as a value of 0 or 1; TOP when the source is not a known number. */
mc_value mc_alias_zero_flag(struct mc_machine *m, mc_value source, unsigned width);
/* The fact of `symbol` (MC_SYM_LZCNT) RELATION constant: that it was tried, when LZCNT and BSR answer differently. */
mc_facts mc_alias_tried(struct mc_prover *prover, uint32_t symbol, enum mc_relation relation, uint64_t constant);
/* CF or ZF of the instruction is read behind it. */
bool mc_alias_flags_read(const struct mc_image *image, uint64_t address);
/* The result of this use decides whether another one, or this one again, is executed; or it looks at the flags for a
 * number that it knows, which nobody does for the count. */
bool mc_alias_decides(struct mc_prover *prover, const struct mc_use *use);

#endif
