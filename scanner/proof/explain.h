/* SPDX-License-Identifier: Apache-2.0 */
/* Explaining what the proof believed (scanner/explain.h), after it has run: asks its questions once more, one by one,
 * and keeps those whose answers count. Order of calls:
 *
 *   explain.c        which uses; those that are explained alike together; the ways that lead to an unsafe use
 *   explain_tree.c   facts to the tree of questions and answers
 *   explain_gaps.c   tests that answer nothing, and why not
 *   explain_ways.c   one question to the ways in which it can come true: the same that resolve.c intersects
 *   explain_words.c  facts, tests and values in words
 *
 * Bounds: MC_WHY_* below. New answers cost no more than the proof's own limits of work allow. */
#ifndef MC_SCANNER_PROOF_EXPLAIN_H
#define MC_SCANNER_PROOF_EXPLAIN_H

#include "scanner/proof/judge.h"

#define MC_WHY_LEVELS 12 /* questions behind questions */
#define MC_WHY_WAYS 8    /* shown of one question */
#define MC_WHY_STEPS 400 /* of one explanation */
#define MC_WHY_ITEMS 40  /* explanations of one place */

/* Fills result->explained with the findings that lie in its place, which is looked up anew. To be called when nothing
 * else is to be asked: what is evaluated for it must not become a gap of the proof. */
void mc_explain_findings(struct mc_prover *prover, struct mc_file_result *result);

/* --- explain_tree.c --- */
struct mc_why_builder {
    struct mc_prover *prover;
    struct mc_arena *arena; /* of the result */
    bool inferring;
    unsigned steps, numbers;
    MC_VECTOR(struct mc_why_seen {
        uint32_t atom;
        struct mc_why *why;
    })
    seen; /* questions, each shown once */
};
/* Base atoms: what the set says with its questions answered. */
mc_facts mc_why_answer(struct mc_why_builder *builder, mc_facts facts);
/* The facts of the set that account for the goal (base atoms): the nearest first, none that adds nothing. */
mc_facts mc_why_core(struct mc_why_builder *builder, mc_facts facts, mc_facts goal);
/* A list of steps, one for each fact of the core. */
struct mc_why *mc_why_build(struct mc_why_builder *builder, mc_facts facts, mc_facts goal, unsigned level);
struct mc_why *mc_why_new(struct mc_why_builder *builder, enum mc_why_kind kind, uint64_t address, const char *text);

/* --- explain_gaps.c --- */
/* The tests of the set that tell nothing of the CPU, even by inference, and some of the ways on which it is lost. Only
 * tests of what may come from the CPU are among facts, so that this is where to look when a guard was missed. */
struct mc_why *mc_why_gaps(struct mc_why_builder *builder, mc_facts facts, unsigned level);

/* --- explain_ways.c --- */
struct mc_way {
    uint64_t address; /* 0: none */
    bool root;
    const char *text;
    mc_facts facts; /* unresolved; MC_FACTS_ALL: cannot be */
};
struct mc_ways {
    struct mc_way *items; /* the prover's */
    size_t count;
    bool doubtful; /* there may be others that are not seen */
};
void mc_ways_of(struct mc_prover *prover, const struct mc_atom *atom, bool inferring, struct mc_ways *ret);

/* --- explain_words.c: texts in the arena --- */
const char *mc_facts_text(struct mc_prover *prover, struct mc_arena *arena,
                          mc_facts facts); /* base atoms; "" for none */
const char *mc_test_text(struct mc_prover *prover, struct mc_arena *arena, const struct mc_atom *atom);
const char *mc_value_text(struct mc_prover *prover, struct mc_arena *arena, mc_value value);
const char *mc_place_text(struct mc_prover *prover, struct mc_arena *arena,
                          uint64_t address); /* "main (0x1060)", "0x4010" */

#endif
