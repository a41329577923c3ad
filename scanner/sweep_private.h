/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the sweep share. */
#ifndef MC_SCANNER_SWEEP_PRIVATE_H
#define MC_SCANNER_SWEEP_PRIVATE_H

#include "scanner/sweep_reach.h"

struct mc_zone { /* entries [first, last) of one connected extent */
    uint64_t start, end;
    size_t first, last;
    const uint8_t *bytes; /* of the extent, clipped to what the file holds */
    bool bounded;
};

struct mc_sweep {
    const struct mc_image *image;
    const struct mc_entries *entries;
    struct mc_arena *arena;
    uint8_t *is_use; /* by need */
    struct mc_reach reach;
    uint8_t *state;  /* scratch of the exact pass */
    size_t state_size;
    bool asks_cpuid;
    bool branches_known;
    MC_VECTOR(uint64_t) branches; /* direct targets outside the zone they come from and not entries, sorted */
    MC_VECTOR(uint64_t) pointers; /* code addresses outside known functions that an operand names */
    MC_VECTOR(struct mc_use) uses;
    MC_VECTOR(struct mc_use) candidates; /* scratch: what a straight line takes for uses */
    MC_VECTOR(struct mc_gap) gaps;
};

/* The zone that starts with entry `first`; the next one starts with entry `last`. */
struct mc_zone mc_zone_at(const struct mc_image *image, const struct mc_entries *entries, size_t first);

/* Decodes a straight line; bytes that do not decode are skipped one by one. Appends every direct branch target outside
 * [start, end) to sweep->branches and every need outside the baseline to sweep->candidates, as asked. True when all bytes
 * decode. */
bool mc_sweep_read_line(struct mc_sweep *sweep, uint64_t start, uint64_t end, const uint8_t *bytes, bool want_branches,
                        bool want_candidates);
/* Notes the address that the instruction's operands take, when it is code outside known functions. */
void mc_sweep_note_operands(struct mc_sweep *sweep, uint64_t address, const uint8_t *bytes, size_t size,
                            const struct mc_class *class);
/* Follows the branches of known functions into [start, end) from outside it. */
void mc_sweep_follow_branches(struct mc_sweep *sweep, uint64_t start, uint64_t end);
/* Drops the candidates that were reached, or that lie inside a reached instruction. True when some are left. */
bool mc_sweep_keep_unreached(struct mc_sweep *sweep);
void mc_sweep_add_gap(struct mc_sweep *sweep, uint64_t address, const char *kind, const char *text);
void mc_sweep_keep_results(struct mc_sweep *sweep); /* of the exact pass */
uint8_t *mc_sweep_clear_state(struct mc_sweep *sweep, size_t size);

/* sweep_outside.c: the executable bytes outside all known functions. */
void mc_sweep_outside(struct mc_sweep *sweep);

#endif
