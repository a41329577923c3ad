/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks of one body of code: shared by body.c (which finds them) and evaluate.c (which lets values flow through them). */
#ifndef MC_SCANNER_PROOF_BODY_H
#define MC_SCANNER_PROOF_BODY_H

#include "scanner/proof/machine.h"

struct block {
    uint64_t start;
    uint32_t visits;
    uint32_t ways_in; /* branches and fall-throughs that lead here, as far as the code alone tells; 2: two or more */
    uint32_t order;   /* its place in body->order */
    bool dirty;
    bool loops;       /* a later block leads back here, or may */
    struct mc_state in;
};

struct body {
    struct mc_run *run;
    struct mc_text_range range;
    struct block *blocks; /* sorted by start; then again for each further round */
    size_t block_count;   /* of one round */
    uint32_t *order;      /* indices of blocks, each after what leads to it, but for loops (reverse post-order) */
    size_t next;          /* where to go on: no block before is dirty; its place in `order`, those of the rounds one after another */
    unsigned rounds;      /* 1, or more: the blocks are there for each round through a loop on its own (rounds.c) */
    unsigned round;       /* of the block that is executed now, */
    uint32_t at;          /* and its place in `order` */
    uint8_t *leader;      /* a bit per byte of the range */
    uint8_t *seen;        /* by byte: an instruction starts there and is reached */
    bool open;            /* mc_find_leaders met an indirect jump */
    MC_VECTOR(uint64_t) found; /* leaders found by values, for the next start */
    struct mc_state out;  /* of a helper run inside: joined at its returns */
    bool inside;          /* run inside a caller */
    bool restart;
    size_t use_count;
};

static inline bool mc_bit_at(const uint8_t *bits, uint64_t at)
{
    return bits[at >> 3] >> (at & 7) & 1;
}

static inline void mc_set_bit_at(uint8_t *bits, uint64_t at)
{
    bits[at >> 3] |= (uint8_t)(1 << (at & 7));
}

static inline bool mc_in_body(const struct body *body, uint64_t address)
{
    return address >= body->range.start && address < body->range.end;
}

/* Follows control flow from the entry and from body->found; fills body->leader. */
void mc_find_leaders(struct body *body, uint64_t entry);
/* One block per leader, states unreached; their order. */
void mc_make_blocks(struct body *body, uint64_t entry);
void mc_free_blocks(struct body *body);
struct block *mc_block_at(const struct body *body, uint64_t address); /* NULL when no leader stands there */
/* Landing pads of a call, at most four. */
void mc_find_landing_pads(const struct body *body, uint64_t call, uint64_t ret_pads[4], size_t *ret_count);

/* rounds.c: where control goes on from the block in hand, and the next block to be executed (NULL: none). */
struct block *mc_enter_block(const struct body *body, struct block *block, size_t *ret_place);
struct block *mc_next_block(struct body *body, size_t place);
#define MC_LARGEST_OF_ROUNDS 640 /* bytes of a body */
/* The body was solved: it is small, and a loop in it chooses rows of a table; so few that each round is followed on its own. */
bool mc_try_rounds(struct body *body);
void mc_note_rows_in_loop(struct mc_machine *m, uint64_t place); /* a load from one of several places was met */
/* evaluate.c: runs the body from `entry` with state `in`; body->out is left joined over its returns. */
void mc_run_body(struct body *body, uint64_t entry, const struct mc_state *in);
/* Control goes on at the target, in the body or not, where `more` holds, too. */
void mc_propagate(struct body *body, struct mc_machine *m, uint64_t target, mc_facts more);
/* jump_tables.c: the indirect jump in hand leads to rows of a table. False when none is known. */
bool mc_follow_table(struct body *body, struct mc_machine *m);
/* calls.c: the events of a call of, or a jump to, the target (facts hold there). */
void mc_record_call(struct mc_machine *m, uint64_t target, mc_facts facts, enum mc_escape how);
/* Local functions take arguments in any register; `registers` are those that the callee may look at, as it may at the `stack`
 * lowest words of the stack. */
void mc_escape_arguments(struct mc_machine *m, uint32_t registers, unsigned stack);
/* To a callee that is not known, or one of several. Nobody passes a function to itself: what is pushed twice aligns the stack. */
void mc_pass_arguments(struct mc_machine *m, uint32_t registers, mc_value callee);
/* Every address that the other may be, the one may be: most likely it just still holds what the one was chosen from. */
bool mc_is_same_address(const struct mc_machine *m, mc_value one, mc_value other);
/* The one is an address in data shortly behind the other, from which it was made: the start of its table is left over. */
bool mc_is_row_of(const struct mc_machine *m, mc_value row, mc_value table);
#define MC_PASSED_STACK_SLOTS 8 /* of a callee of which nothing is known */
unsigned mc_stack_arguments(struct mc_prover *prover, uint64_t final);
/* The callee returned (`final` as of mc_final_target, 0: unknown): registers and memory that it may have changed are unknown. */
void mc_forget_after_call(struct mc_machine *m, uint64_t final);
bool mc_default_callee(const struct mc_machine *m, uint32_t base, int64_t offset, uint64_t *ret);
/* The run could not be followed beyond the address; the first such place is kept. */
void mc_note_gap(struct mc_run *run, uint64_t address, const char *kind);

#endif
