/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the sweep share. */
#ifndef MC_SCANNER_SWEEP_PRIVATE_H
#define MC_SCANNER_SWEEP_PRIVATE_H

#include "isa/decode_class.h"
#include "scanner/sweep_reach.h"

struct mc_zone { /* entries [first, last) of one connected extent */
    uint64_t start, end;
    size_t first, last;
    const uint8_t *bytes; /* of the extent, clipped to what the file holds */
    size_t readable;      /* bytes of the segment's from there on: at least end - start */
    bool bounded;
};

/* mc_decode_class, inlined, for an instruction that may take `size` bytes, where `readable` (at least as many) can be read. */
MC_ALWAYS_INLINE unsigned mc_class_within(enum mc_mode mode, const uint8_t *bytes, size_t size, size_t readable,
                                          struct mc_class *ret)
{
    struct mc_class short_of; /* by way of a copy: *ret can live in registers */
    unsigned length;
    if (MC_UNLIKELY(readable < MC_DECODE_SLACK)) {
        length = mc_decode_class(mode, bytes, size, &short_of);
        *ret = short_of;
        return length;
    }
    length = mc_class_at(mode, bytes, ret);
    if (MC_UNLIKELY(length > size))
        return ret->length = 0;
    return length;
}

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
    MC_VECTOR(size_t) suspects;   /* zones that need a walk, by their first entry, sorted */
    MC_VECTOR(uint64_t) branches; /* direct targets outside the zone they come from and not entries, where wanted; sorted */
    MC_VECTOR(uint64_t) pointers; /* code addresses outside known functions that an operand names */
    MC_VECTOR(struct mc_use) uses;
    MC_VECTOR(struct mc_use) candidates; /* scratch: what a straight line takes for uses */
    MC_VECTOR(struct mc_gap) gaps;
    MC_VECTOR(struct mc_reference) rows; /* of jump tables in zones that nothing bounds */
};

/* The zone that starts with entry `first`; the next one starts with entry `last`. */
struct mc_zone mc_zone_at(const struct mc_image *image, const struct mc_entries *entries, size_t first);

/* Decodes a straight line; bytes that do not decode are skipped one by one. Appends every need outside the baseline to
 * sweep->candidates. True when all bytes decode. */
bool mc_sweep_read_line(struct mc_sweep *sweep, uint64_t start, uint64_t end, const uint8_t *bytes);
/* Notes the address that the instruction's operands take, when it is code outside known functions. */
void mc_sweep_note_operands(struct mc_sweep *sweep, uint64_t address, const uint8_t *bytes, size_t size,
                            const struct mc_class *class);
/* Drops the candidates that were reached, or that lie inside a reached instruction. True when some are left. */
bool mc_sweep_keep_unreached(struct mc_sweep *sweep);
void mc_sweep_add_gap(struct mc_sweep *sweep, uint64_t address, const char *kind, const char *text);
void mc_sweep_keep_results(struct mc_sweep *sweep, bool bounded); /* of the exact pass */
uint8_t *mc_sweep_clear_state(struct mc_sweep *sweep, size_t size);

/* sweep_lines.c: the zones whose straight lines hold a candidate, a table or bytes that do not decode, into sweep->suspects. */
void mc_sweep_find_suspects(struct mc_sweep *sweep);

/* sweep_branches.c: follows the branches of known functions into [start, end) from outside it. The range is a suspect's zone, or
 * holds text outside known functions. */
void mc_sweep_follow_branches(struct mc_sweep *sweep, uint64_t start, uint64_t end);

/* sweep_outside.c: the executable bytes outside all known functions. */
void mc_sweep_outside(struct mc_sweep *sweep);

/* sweep_go.c: calls `found` for every word that names a Go function as a method: where it stands, the function's address. */
typedef void mc_sweep_pointer(void *context, uint64_t place, uint64_t function);
/* Go's read-only data names code in two places: function values, which something points to, and itabs. Another word there that
 * equals the start of a Go function does so by chance, and is no reference. `references` are sorted. */
void mc_sweep_drop_go_chances(const struct mc_image *image, const struct mc_entries *entries, struct mc_references *references);
void mc_sweep_go_methods(const struct mc_image *image, const struct mc_entries *entries, mc_sweep_pointer *found, void *context);

#endif
