/* SPDX-License-Identifier: Apache-2.0 */
/* The abstract machine at one program point: facts, registers, flags and the memory cells that the function itself wrote. */
#ifndef MC_SCANNER_PROOF_STATE_H
#define MC_SCANNER_PROOF_STATE_H

#include "scanner/proof/value.h"

enum mc_flags_kind {
    MC_FLAGS_UNKNOWN,
    MC_FLAGS_COMPARE, /* of a - b */
    MC_FLAGS_LOGIC,   /* of result a; CF = OF = 0 */
    MC_FLAGS_RESULT,  /* ZF and SF of result a; CF is bit 0 of carry (TOP: unknown) */
    MC_FLAGS_BITS,    /* ZF is bit 0 of a, CF is bit 0 of carry; the rest unknown */
};

struct mc_flags {
    uint32_t kind, width;
    mc_value a, b, carry;
    uint32_t place; /* number + 1 of the register that still holds a; 0: none */
    uint64_t site; /* address of the instruction that set them */
};

struct mc_memory_cell {
    uint32_t base;
    uint32_t size; /* bytes, 1..16 */
    int64_t offset;
    mc_value value; /* low size * 8 bits; cells of 16 bytes never exist: two of 8 */
    uint32_t saved; /* 1: a register of the caller, pushed; no local variable reaches over it */
};

/* What comparisons told of registers: a bit each (0..15). `half`: of the lower 32 bits, which says it of all 64. compared.c */
struct mc_known {
    uint32_t nonzero, nonzero_half;   /* not 0 */
    uint32_t not_ones, not_ones_half; /* not all ones */
    uint32_t zero;      /* 0; the register keeps its symbol, which says more while the ways are apart */
    uint32_t zero_byte; /* the lowest byte is */
    uint32_t zero_half; /* the lower half is, whatever else is told of what the register holds */
};

#define MC_REGISTERS 32
#define MC_MAX_CELLS 512

struct mc_state {
    bool reached;
    bool fresh; /* stack bytes that no cell covers were never written: what meets them at a join is the only value there is */
    mc_facts facts;
    mc_value registers[MC_REGISTERS];
    uint32_t compared; /* bit n: what register n holds was compared, or offered to a conditional move, on every way here */
    struct mc_known known;
    struct mc_flags flags;
    struct mc_memory_cell *cells; /* heap; sorted by base, then offset; never overlapping */
    uint32_t cell_count, cell_capacity;
};

void mc_state_copy(struct mc_state *to, const struct mc_state *from); /* `to` zeroed, or a state to be reused */
void mc_state_clear(struct mc_state *state);                          /* frees; leaves an unreached state */

struct mc_prover;
struct mc_join {
    bool widen;              /* numbers that differ become TOP */
    struct mc_prover *prover;
    uint64_t address;        /* of the code that goes on with the joined state: an address is not lost in a register that it
                                does not read */
};
/* Joins `from` under `more` facts into *into. True when *into changed. `how` may be NULL. */
bool mc_state_join(struct mc_values *values, struct mc_state *into, const struct mc_state *from, mc_facts more,
                   const struct mc_join *how);

/* *into becomes *from under `more` facts. True when that changed it. */
bool mc_state_replace(struct mc_values *values, struct mc_state *into, const struct mc_state *from, mc_facts more);

/* size in bytes (1, 2, 4, 8). MC_TOP when nothing is known; *ret_found says whether the bytes were tracked at all. */
mc_value mc_state_load(struct mc_values *values, const struct mc_state *state, uint32_t base, int64_t offset, unsigned size,
                       bool *ret_found);
void mc_state_store(struct mc_values *values, struct mc_state *state, uint32_t base, int64_t offset, unsigned size,
                    mc_value value);
void mc_state_forget(struct mc_state *state, uint32_t base, int64_t offset, uint64_t size); /* cells that overlap */
/* Bytes of the variable at the place, to which a pointer was handed out: it ends where the caller's registers are saved, and after
 * `most` at the latest. */
uint64_t mc_state_variable_size(const struct mc_state *state, uint32_t base, int64_t offset, uint64_t most);
void mc_state_note_saved(struct mc_state *state, uint32_t base, int64_t offset); /* the cell there holds a register of the caller */
void mc_state_forget_base(struct mc_state *state, uint32_t base);

/* Facts when condition code cc (0..15, as in Jcc opcodes) is true, and when it is false. */
void mc_flags_test(struct mc_values *values, const struct mc_flags *flags, unsigned cc, mc_facts *ret_true, mc_facts *ret_false);

#endif
