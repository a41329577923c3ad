/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of the search for who can learn anything of the CPU: relevance.c keeps who does, relevance_pass.c tells what
 * an evaluated function hands on. */
#ifndef MC_SCANNER_PROOF_RELEVANCE_H
#define MC_SCANNER_PROOF_RELEVANCE_H

#include "scanner/proof/machine.h"

enum {
    LEARNS = 1,      /* the body may hold something of CPUID (key: start of its extent) */
    WAITING = 2,
    STALE = 128,     /* it must be evaluated again */
    RETURNS = 4,     /* its result does (key: entry) */
    GATES = 32,      /* it returns only under a test */
    CONTROLLED = 16, /* it runs only under tests */
    MAYBE_CONTROLLED = 8, /* some call of it stands under a test */
    DOUBTFUL = 256,       /* some of what it hands on would reach many */
    ACCESSES = 512,       /* it runs inside its callers, and returns the address of what may hold something, or one of many words there */
    BY_CONTROLLED = 64,   /* that test was no nearer than at the entry of the caller */
};

struct range {
    uint64_t start, end;
};

struct step {
    uint64_t start; /* of a body */
    unsigned distance; /* from where the knowledge begins: functions that it went through */
};

struct mc_relevance {
    struct mc_properties functions, entries;
    struct mc_properties passed;     /* by entry, a bit for each slot in which some call passes something */
    struct mc_properties arguments, pointers; /* by entry, a bit for each slot that may hold something, or point to where the
                                                 callee leaves something */
    MC_VECTOR(struct step) work; /* a queue */
    size_t next;
    unsigned distance; /* of the body that is looked at now */
    MC_VECTOR(struct step) maybe; /* entries of which some call stands under a test */
    struct mc_properties distances; /* of who first passed an argument to the entry */
    MC_VECTOR(struct range) cells; /* sorted by start, disjoint */
    size_t count;
    MC_VECTOR(struct range) thread_local_; /* offsets from the thread pointer */
    MC_VECTOR(struct step) doubtful; /* entries of what hands something on to so many that it is asked for first */
    bool asking;
    bool cut;
};

/* --- relevance.c --- */
/* `anew`: what it is evaluated to depends on the news. */
void mc_learn(struct mc_prover *prover, uint64_t address, bool anew);
void mc_learn_callers(struct mc_prover *prover, uint64_t entry);
void mc_mark_entry(struct mc_prover *prover, uint64_t entry, int flag);
void mc_mark_cells(struct mc_prover *prover, uint64_t start, uint64_t end);
bool mc_is_controlled(const struct mc_prover *prover, uint64_t entry);

/* --- relevance_pass.c --- */
bool mc_symbol_is_relevant(const struct mc_prover *prover, uint32_t symbol);
void mc_pass_on(struct mc_prover *prover, const struct mc_evaluation *evaluation);
void mc_pass_tags(struct mc_prover *prover); /* tags.c: those that were noted, once all that is near is known */

#endif
