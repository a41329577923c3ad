/* SPDX-License-Identifier: Apache-2.0 */
/* Where bodies of code keep structures inside of those that they are given: for fields.c. */
#ifndef MC_SCANNER_PROOF_INTERIORS_H
#define MC_SCANNER_PROOF_INTERIORS_H

#include "scanner/proof/machine.h"

struct mc_interior {
    uint64_t body;  /* start */
    int64_t offset; /* bytes: it computes the address of something so far behind a pointer */
};

struct mc_access { /* of a body, to what lies behind a pointer */
    int64_t displacement; /* bytes, from where the pointer, or the inner structure, starts */
    uint64_t body;
    uint8_t how; /* enum mc_access_how, the lowest of all of them */
};
enum mc_access_how {
    MC_ACCESS_NARROW,      /* of no more bytes than a word of flags */
    MC_ACCESS_WIDE_STORE,  /* which may set several fields at once */
    MC_ACCESS_WIDE_LOAD    /* of a pointer, most likely; or its address is taken */
};

/* By displacement, then body. */
void mc_accesses_sort(struct mc_access *items, size_t count);
size_t mc_accesses_from(const struct mc_access *items, size_t count, int64_t displacement); /* index of the first not below */

struct mc_interiors {
    MC_VECTOR(struct mc_interior) items;          /* sorted by body */
    MC_VECTOR(struct mc_access) accesses;         /* sorted by displacement */
    MC_VECTOR(int64_t) seen;                      /* displacements of the body in hand */
    uint64_t body;
    size_t first;   /* of the items: the body's first */
    unsigned steps; /* instructions of it looked at */
    unsigned pointer_size; /* bytes; to be set before all else */
};

/* For each body: begin, then each instruction and the displacement of each access behind a pointer, then end; sort at last. */
void mc_interiors_begin(struct mc_interiors *interiors, uint64_t body);
void mc_interiors_look(struct mc_interiors *interiors, const struct mc_insn *insn);
void mc_interiors_access(struct mc_interiors *interiors, int64_t displacement);
void mc_interiors_end(struct mc_interiors *interiors);
void mc_interiors_sort(struct mc_interiors *interiors);
size_t mc_interiors_of(const struct mc_interiors *interiors, uint64_t body, const struct mc_interior **ret);
/* Calls `learn` for the bodies that look at something at the displacement inside. */
void mc_interiors_learn(struct mc_prover *prover, const struct mc_interiors *interiors, int64_t displacement, mc_learner *learn);
void mc_interiors_free(struct mc_interiors *interiors);

#endif
