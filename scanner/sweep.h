/* SPDX-License-Identifier: Apache-2.0 */
/* The sweep: one exact pass of the table decoder over all executable bytes, bounded by entries. First pass (mc_sweep_uses)
 * finds the candidates outside the baseline and nothing else: most files stop here. Second pass (mc_sweep_references), only
 * for files that need the proof, collects who refers to which address. */
#ifndef MC_SCANNER_SWEEP_H
#define MC_SCANNER_SWEEP_H

#include "scanner/entries.h"

struct mc_use {
    uint64_t address;
    uint16_t need;   /* mc_need_at */
    uint8_t length;  /* bytes */
};

struct mc_gap { /* something that could hide a use or a way to one (design.md 5.1, partial files) */
    uint64_t address;
    const char *kind; /* "undecoded", "indirect-jump", "uncovered-use", "budget", "dependency" */
    const char *text;
};

enum mc_reference_kind {
    MC_REF_CALL,      /* direct call */
    MC_REF_JUMP,      /* direct jump or jcc that leaves its function */
    MC_REF_LEA,       /* RIP-relative lea, or an immediate/absolute that is an address: the address itself is taken */
    MC_REF_LOAD,      /* RIP-relative (or absolute) memory operand, read */
    MC_REF_STORE,     /* written (or read and written) */
    MC_REF_METHOD,    /* an offset in data, in a table of methods that nobody loads from directly; from = its place */
    MC_REF_DATA,      /* a pointer in data (relocation, or a word equal to an address in files without relocations); from = its place */
};

struct mc_reference {
    uint64_t from; /* address of the instruction, or of the data word */
    uint64_t to;
    uint8_t kind;
};

struct mc_uses {
    struct mc_use *items; /* sorted by address */
    size_t count;
    struct mc_gap *gaps;
    size_t gap_count;
    struct mc_reference *rows; /* from indirect jumps to what their tables hold, where nothing bounds the functions; sorted by `from` */
    size_t row_count;
    bool asks_cpuid;      /* the file holds a CPUID or XGETBV instruction in code */
};

struct mc_references {
    struct mc_reference *items; /* sorted by `to`, then `from` */
    size_t count;
    uint64_t *cpuid_sites;      /* addresses of CPUID and XGETBV, sorted */
    size_t cpuid_site_count;
};

/* `within` is the baseline: only needs with no alternative inside it, and not MC_ABSENT_NOP, are uses. */
struct mc_uses *mc_sweep_uses(const struct mc_image *image, const struct mc_entries *entries,
                              const struct mc_feature_set *within, struct mc_arena *arena);
struct mc_references *mc_sweep_references(const struct mc_image *image, struct mc_entries *entries, const struct mc_uses *uses,
                                          struct mc_arena *arena);
/* Data in code: instructions from the address on run into bytes that are none, before anything that may not come back. */
bool mc_is_garbage(const struct mc_image *image, uint64_t address);
/* All references to addresses in [start, end): index of the first, count in *ret_count. */
size_t mc_references_to(const struct mc_references *references, uint64_t start, uint64_t end, size_t *ret_count);

#endif
