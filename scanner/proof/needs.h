/* SPDX-License-Identifier: Apache-2.0 */
/* Records that say what they need of the CPU, and code that picks one by comparing that with what the CPU has:
 *
 *     if ((record->needs & have) == record->needs) ...       all of it
 *     if (!record->needs || record->needs & have) ...        any of it
 *     if ((object->needs() & have) == object->needs()) ...   a method says so
 *
 * Whoever takes a record where such a test stands is taken to have asked it (design.md 5.4, d). */
#ifndef MC_SCANNER_PROOF_NEEDS_H
#define MC_SCANNER_PROOF_NEEDS_H

#include "scanner/proof/machine.h"

enum mc_need_kind {
    MC_NEED_NONE,
    MC_NEED_WORD,   /* in the record, `displacement` bytes behind its start */
    MC_NEED_METHOD, /* what the method says that stands so far behind the start of the object's table */
};

enum mc_need_mode {
    MC_NEED_ALL,     /* (needs & have) == needs */
    MC_NEED_MISSING, /* (needs & value) == 0: the value is what the CPU does not have */
    MC_NEED_ANY,     /* !needs || needs & have & mask */
};

struct mc_needed { /* one such test */
    uint64_t site, body; /* the instruction that takes both together; the start of its function */
    mc_value have;
    enum mc_need_kind kind;
    enum mc_need_mode mode;
    int64_t displacement;
    unsigned size; /* bytes of what is compared */
    uint64_t mask;
};

struct mc_needs {
    MC_VECTOR(struct mc_needed) items;
    struct mc_properties looked; /* by site: index + 1, or -1: it is none */
};

/* The machine takes the bits that two values have in common: it may be such a test. */
void mc_note_need(struct mc_machine *m, mc_value a, mc_value b, unsigned width);
/* By inference, what holds where code of the body that starts there has the record in which the data word at `place` stands. */
mc_facts mc_facts_of_needs(struct mc_prover *prover, uint64_t body, uint64_t place);
/* The same for an object whose table of methods lies in [low, high) and which this evaluation makes. */
mc_facts mc_facts_of_made_object(struct mc_prover *prover, const struct mc_evaluation *evaluation, uint64_t low, uint64_t high);
/* The same where data at `place` point to the table. */
mc_facts mc_facts_of_constant_object(struct mc_prover *prover, uint64_t place, uint64_t low, uint64_t high);
/* Some test asks a method: who makes objects is to be evaluated. */
bool mc_needs_ask_methods(struct mc_prover *prover);
void mc_needs_free(struct mc_prover *prover);

/* need_tests.c: fills in what the instructions around the site say. */
void mc_look_at_need(struct mc_prover *prover, struct mc_needed *ret);

#endif
