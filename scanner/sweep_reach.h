/* SPDX-License-Identifier: Apache-2.0 */
/* The exact pass of the sweep: which bytes of a zone (a function, or the text outside all functions) control flow really
 * reaches as instructions. Private to scanner/sweep*.c.
 *
 * Recursive descent from given roots over direct branches, calls falling through, and jump tables. Tables between functions or
 * inside them are never stepped on, unless a branch leads there. */
#ifndef MC_SCANNER_SWEEP_REACH_H
#define MC_SCANNER_SWEEP_REACH_H

#include "base/address_set.h"
#include "base/vector.h"
#include "scanner/sweep.h"

/* What is known of each byte of a zone. */
enum mc_byte_state {
    MC_BYTE_UNSEEN,
    MC_BYTE_START,   /* a reached instruction starts here */
    MC_BYTE_INSIDE,  /* a later byte of one */
    MC_BYTE_FOREIGN, /* not of this zone: belongs to a known function */
};

struct mc_reach {
    const struct mc_image *image;
    const uint8_t *is_use;   /* [mc_need_count()]: 1 when the need is outside the baseline */
    const uint8_t *bytes;    /* of the zone */
    uint64_t start, end;     /* virtual addresses */
    uint8_t *state;          /* [end - start], enum mc_byte_state */
    bool bounds_ignored;     /* jump tables are read as far as they make sense, not only up to the bound tested before */
    bool trial;              /* keep a log, so that what is marked can be taken back */
    bool implausible;        /* something was met that compilers do not write */
    bool unbounded;          /* nothing says where the zone's functions end: tables of many functions follow one another */
    bool borders_known;
    bool past_call;          /* the address in hand follows a call that may not return */
    uint32_t unresolved;     /* indirect jumps through a register whose targets are unknown */
    uint64_t unresolved_at;  /* the first of them */
    MC_VECTOR(uint64_t) work;      /* roots still to follow */
    MC_VECTOR(uint64_t) indirect;  /* indirect jumps still to resolve */
    MC_VECTOR(uint64_t) resolved;  /* and those that were looked at */
    MC_VECTOR(uint64_t) deferred;  /* those whose table is not named nearby */
    MC_VECTOR(uint64_t) bases;     /* addresses taken by lea: what a table's base may be */
    size_t bases_tried;
    MC_VECTOR(uint64_t) tables;    /* jump tables that were read */
    struct mc_address_set base_set, table_set; /* the same, to ask for one */
    MC_VECTOR(uint64_t) borders;   /* of an unbounded zone: every address that some LEA of it takes, reached or not */
    struct mc_address_set border_set;
    uint64_t jump;                 /* the indirect jump whose table is read now */
    MC_VECTOR(struct mc_reference) rows; /* from an indirect jump to the target of a row of its table */
    MC_VECTOR(uint64_t) undecoded; /* reached bytes that are no instruction */
    MC_VECTOR(struct mc_use) uses; /* in the order found */
    MC_VECTOR(struct mc_text_range) log; /* instructions of the trial in hand */
};

/* The state map must hold end - start bytes; it is the caller's. */
void mc_reach_begin(struct mc_reach *reach, uint64_t start, uint64_t end, const uint8_t *bytes, uint8_t *state);
/* Follows everything that can be reached from `root`. Addresses outside the zone, or reached before, are ignored. */
void mc_reach_follow(struct mc_reach *reach, uint64_t root);
/* The same, but taken back unless what is reached looks like code all over: at least `least` instructions, all of them ordinary,
 * none undecodable. For addresses that may be data. True when it was kept. */
bool mc_reach_try(struct mc_reach *reach, uint64_t root, size_t least);
/* False for bytes that decode to what data decodes to and programs do not hold: add [rax],al, port input, far pointers. */
bool mc_is_ordinary(const uint8_t *bytes, unsigned length);
/* Reads the jump tables again without trusting the bounds. */
void mc_reach_widen(struct mc_reach *reach);
void mc_reach_free(struct mc_reach *reach); /* frees the lists, not the state map */

/* The direct branch target, or where the operand points, of the instruction that ends at `next`. */
static inline uint64_t mc_class_target(const struct mc_image *image, uint64_t next, const struct mc_class *class)
{
    uint64_t target = next + (uint64_t)(int64_t)class->displacement;
    return image->mode == MC_MODE_32 ? (uint32_t)target : target;
}

enum mc_jump_outcome {
    MC_JUMP_RESOLVED, /* targets pushed; or a tail call through memory, which has none in the zone */
    MC_JUMP_LATER,    /* a table whose base is computed elsewhere: ask again when all else is known, with last_resort */
    MC_JUMP_UNKNOWN,
};

/* sweep_tables.c: pushes the targets of the indirect jump at `address` to reach->work. */
enum mc_jump_outcome mc_reach_jump_table(struct mc_reach *reach, uint64_t address, bool last_resort);

#endif
