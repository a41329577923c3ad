/* SPDX-License-Identifier: Apache-2.0 */
/* From facts to verdicts, and the evidence for them. */
#ifndef MC_SCANNER_PROOF_JUDGE_H
#define MC_SCANNER_PROOF_JUDGE_H

#include "scanner/proof/machine.h"

enum mc_rule {
#define MC_RULE(id, name, severity, title) MC_RULE_##name,
#include "scanner/proof/rules.def"
#undef MC_RULE
    MC_RULE_COUNT
};

struct mc_judgement {
    enum mc_verdict verdict;
    enum mc_rule rule;
    bool implied, os_state_missing, max_leaf_missing;
    enum mc_feature implied_by;
    struct mc_feature_set missing; /* beyond baseline and facts */
    struct mc_feature_set tested;  /* found present, whether or not that is enough; of unsafe ones */
    struct mc_guard guard;         /* what was tested: the sufficient test, or the insufficient one */
};

struct mc_arrival { /* a use is reached from an entry of its body, under facts (unresolved) */
    uint64_t node;
    mc_facts facts;
};
struct mc_arrivals {
    struct mc_arrival *items; /* the prover's */
    size_t count;
    uint64_t body;
    bool complete; /* all of the body was followed */
    bool guessed;  /* no way was seen, but not all was followed: the one item is the body's start */
};
void mc_arrivals_of(struct mc_prover *prover, const struct mc_use *use, struct mc_arrivals *ret);

/* Facts (base atoms only) against what the instruction needs. */
void mc_judge_facts(struct mc_prover *prover, mc_facts facts, const struct mc_need *need, struct mc_judgement *ret);
/* The facts (unresolved) are not enough for what the instruction needs. */
bool mc_lacks(struct mc_prover *prover, mc_facts facts, const struct mc_need *need, bool inferring);
/* The chain root -> ... -> use for what is not proved; steps from the arena of the result. `facts` (unresolved) hold at the
 * use when it is reached from the node. */
void mc_find_path(struct mc_prover *prover, uint64_t node, mc_facts facts, uint64_t use, const struct mc_need *need, bool inferring,
                  struct mc_arena *arena, struct mc_step **ret_steps, size_t *ret_count);

/* doors.c: of an unsafe use in a library; names from the arena of the result. */
void mc_find_doors(struct mc_prover *prover, const struct mc_use *use, bool inferring, struct mc_arena *arena, struct mc_finding *finding);

#endif
