/* SPDX-License-Identifier: Apache-2.0 */
/* Which general registers an instruction reads and writes, as sets of bits by number. */
#ifndef MC_SCANNER_PROOF_EFFECTS_H
#define MC_SCANNER_PROOF_EFFECTS_H

#include "scanner/proof/prover.h"

#define MC_BIT(number) (1u << (number))
#define MC_ALL_REGISTERS 0xFFFFu

struct mc_effect {
    uint32_t reads, writes;         /* writes: all of the register; what is not known errs towards reading */
    uint32_t low_reads, low_writes; /* no more of it than its lowest byte */
};

static inline uint32_t mc_register_bit(int number) /* 0 for what is none of the 16 */
{
    return number >= 0 && number < 16 ? MC_BIT(number) : 0;
}

struct mc_effect mc_effect_of(const struct mc_insn *insn);

/* Those that a callee may use as it likes (psABI 3.2.1): RAX RCX RDX RSI RDI R8..R11. */
#define MC_VOLATILE 0x0FC7u

#endif
