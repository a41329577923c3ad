/* SPDX-License-Identifier: Apache-2.0 */
/* How an instruction uses its memory operand. */
#ifndef MC_SCANNER_SWEEP_ACCESS_H
#define MC_SCANNER_SWEEP_ACCESS_H

#include "isa/decode.h"

#include <assert.h>

#define MC_ACCESS_READ 1
#define MC_ACCESS_WRITE 2   /* also reads, in a read-modify-write */
#define MC_ACCESS_ADDRESS 4 /* lea: only the address is computed */

/* MC_ACCESS_* bits; READ | WRITE when unknown; 0 when no data is touched (prefetch, nop). Only for instructions that have a
 * memory operand. */
unsigned mc_memory_access(const struct mc_insn *insn);

#define MC_WIDEST_ACCESS 64
/* Bytes of memory that it reads or writes, at most; of a general register's operand, exactly. */
unsigned mc_accessed_bytes(const struct mc_insn *insn);

#endif
