/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/proof/explain.h"

#define GUARDED_SHOWN 3 /* ways that do pass a test, at one step of an unguarded path */

struct wanted { /* of a guarded use: what its verdict rests on */
    const struct mc_need *need;
    const struct mc_feature_set *baseline;
    bool implied;
    enum mc_feature implied_by;
    uint64_t xcr0;
    uint32_t leaf; /* of the guard */
};

static bool is_wanted_feature(const struct wanted *wanted, enum mc_feature feature)
{
    if (feature == MC_F_OSXSAVE && wanted->xcr0)
        return true;
    for (uint8_t i = 0; i < wanted->need->count; i++)
        if (mc_set_has(&wanted->need->alternatives[i], feature) && !mc_set_has(wanted->baseline, feature))
            return true;
    return wanted->implied && feature == wanted->implied_by;
}

static bool is_wanted(const struct wanted *wanted, const struct mc_atom *atom)
{
    int feature;
    switch (atom->kind) {
    case MC_ATOM_BIT:
        feature = mc_feature_at(atom->a, atom->b, (enum mc_register)(atom->c >> 8), (unsigned)(atom->c >> 1) & 0x7F);
        return feature >= 0 && atom->c & 1 && is_wanted_feature(wanted, (enum mc_feature)feature);
    case MC_ATOM_XCR0:
        return atom->c & 1 && wanted->xcr0 >> (atom->c >> 1) & 1;
    case MC_ATOM_MAX_LEAF:
        return wanted->leaf > 1 && (wanted->leaf & 0x80000000) == atom->a && atom->c >= wanted->leaf;
    case MC_ATOM_OVERRIDE:
        return true;
    default:
        return false;
    }
}

static struct wanted want(const struct mc_prover *prover, const struct mc_need *need,
                          const struct mc_judgement *judgement)
{
    struct wanted wanted = {.need = need,
                            .baseline = prover->options->baseline,
                            .implied = judgement->implied,
                            .implied_by = judgement->implied_by,
                            .leaf = judgement->guard.leaf};
    struct mc_feature_set beyond = mc_set_minus(need->alternatives[0], prover->options->baseline);
    for (int f = mc_set_next(&beyond, 0); f >= 0; f = mc_set_next(&beyond, f + 1))
        wanted.xcr0 |= mc_os_state_xcr0(mc_features[f].os);
    return wanted;
}

/* Of what is known, that which the verdict rests on: of a guarded use the features that it needs (or that imply them)
 * and the state of the OS; of an unsafe one everything, since nothing of it is enough. */
static mc_facts goal_of(struct mc_prover *prover, mc_facts answer, const struct mc_need *need)
{
    struct mc_judgement judgement;
    mc_judge_facts(prover, answer, need, &judgement);
    if (judgement.verdict != MC_VERDICT_GUARDED)
        return mc_facts_only_base(prover->facts, answer);
    struct wanted wanted = want(prover, need, &judgement);
    struct mc_fact_set set = mc_facts_get(prover->facts, answer);
    mc_facts goal = MC_FACTS_NONE;
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(prover->facts, set.items[i].atom);
        if (is_wanted(&wanted, &atom))
            goal = mc_facts_or(prover->facts, goal, mc_facts_one(prover->facts, atom, set.items[i].site));
    }
    struct mc_judgement enough; /* several features may imply one together */
    mc_judge_facts(prover, goal, need, &enough);
    return enough.verdict == MC_VERDICT_GUARDED ? goal : mc_facts_only_base(prover->facts, answer);
}

/* Whether the verdict came by inference (proof.c, judge_use). */
static bool is_inferring(struct mc_prover *prover, const struct mc_arrivals *arrivals, const struct mc_finding *finding)
{
    struct mc_judgement judgement;
    mc_facts proved = MC_FACTS_ALL;
    if (finding->confidence == MC_PROVED)
        return false;
    for (size_t i = 0; i < arrivals->count; i++)
        proved = mc_facts_either(prover->facts, proved, mc_resolve(prover, arrivals->items[i].facts, false));
    mc_judge_facts(prover, proved, mc_need_at(finding->use.need), &judgement);
    return judgement.verdict != finding->verdict;
}

/* ---- which uses are explained together ---- */

struct group {
    const struct mc_finding *first;
    struct mc_arrivals arrivals;
    mc_facts *goals, *cores; /* by arrival */
    MC_VECTOR(const struct mc_finding *) findings;
    bool inferring;
};

static bool same_path(const struct mc_finding *a, const struct mc_finding *b)
{
    if (a->path_length != b->path_length)
        return false;
    for (size_t i = 0; i + 1 < a->path_length; i++) /* the last step is the use itself */
        if (a->path[i].address != b->path[i].address)
            return false;
    return true;
}

static bool is_alike(const struct group *a, const struct group *b)
{
    if (a->first->function_address != b->first->function_address || a->first->verdict != b->first->verdict ||
        a->first->rule != b->first->rule || a->inferring != b->inferring ||
        !mc_set_equal(&a->first->missing, &b->first->missing) || !same_path(a->first, b->first))
        return false;
    for (size_t i = 0; i < a->arrivals.count; i++) { /* every way of one has its like among those of the other */
        bool found = false;
        for (size_t k = 0; k < b->arrivals.count && !found; k++)
            found = a->arrivals.items[i].node == b->arrivals.items[k].node && a->cores[i] == b->cores[k];
        if (!found)
            return false;
    }
    return true;
}

static void study(struct mc_why_builder *b, const struct mc_finding *finding, struct group *ret)
{
    struct mc_prover *prover = b->prover;
    *ret = (struct group){.first = finding};
    mc_arrivals_of(prover, &finding->use, &ret->arrivals);
    b->inferring = ret->inferring = is_inferring(prover, &ret->arrivals, finding);
    ret->goals = MC_NEW_ARRAY(&prover->arena, ret->arrivals.count, mc_facts);
    ret->cores = MC_NEW_ARRAY(&prover->arena, ret->arrivals.count, mc_facts);
    for (size_t i = 0; i < ret->arrivals.count; i++) {
        mc_facts facts = ret->arrivals.items[i].facts;
        ret->goals[i] = goal_of(prover, mc_why_answer(b, facts), mc_need_at(finding->use.need));
        ret->cores[i] = mc_why_core(b, facts, ret->goals[i]);
    }
}

/* ---- the path of an unsafe use ---- */

static const struct mc_incoming *incoming_from(struct mc_prover *prover, uint64_t node, uint64_t from)
{
    struct mc_incoming_list list = mc_incoming_of(prover, node);
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].from == from && list.items[i].holder)
            return &list.items[i];
    return NULL;
}

static bool is_enough(struct mc_why_builder *b, mc_facts facts, const struct mc_need *need)
{
    struct mc_judgement judgement;
    mc_judge_facts(b->prover, mc_why_answer(b, facts), need, &judgement);
    return judgement.verdict == MC_VERDICT_GUARDED;
}

static mc_facts without_entry(struct mc_prover *prover, mc_facts facts)
{
    return mc_facts_without_kind(prover->facts, facts, MC_ATOM_ENTRY);
}

/* What is known of the CPU under the facts, and which tests of this function itself tell it. */
static void know(struct mc_why_builder *b, struct mc_way_in *step, mc_facts facts)
{
    mc_facts all = mc_why_answer(b, facts), own = without_entry(b->prover, facts);
    step->known = mc_facts_text(b->prover, b->arena, mc_facts_only_base(b->prover->facts, all));
    struct mc_why **tail = &step->asked;
    *tail = mc_why_build(b, own, mc_facts_only_base(b->prover->facts, mc_why_answer(b, own)), MC_WHY_LEVELS - 3);
    while (*tail)
        tail = &(*tail)->next;
    *tail = mc_why_gaps(b, own, 0);
}

static void compare_ways(struct mc_why_builder *b, struct mc_way_in *step, uint64_t node, const struct mc_need *need)
{
    struct mc_incoming_list list = mc_incoming_of(b->prover, node);
    struct mc_why **tail = &step->guarded;
    step->ways = list.count;
    for (size_t i = 0; i < list.count; i++) {
        if (!is_enough(b, list.items[i].facts, need))
            continue;
        if (step->enough++ >= GUARDED_SHOWN)
            continue;
        mc_facts answer = mc_why_answer(b, list.items[i].facts);
        *tail = mc_why_new(b, MC_WHY_WAY, list.items[i].from,
                           answer == MC_FACTS_ALL ? "no way leads there" : "comes here, too");
        (*tail)->known = mc_facts_text(b->prover, b->arena, goal_of(b->prover, answer, need));
        tail = &(*tail)->next;
    }
}

static uint64_t word_that_holds(const struct mc_prover *prover, uint64_t node)
{
    size_t count, first = mc_references_to(prover->references, node, node + 1, &count);
    for (size_t i = first; i < first + count; i++)
        if (prover->references->items[i].kind == MC_REF_DATA)
            return prover->references->items[i].from;
    return 0;
}

/* The nodes of the path, from the use to the root: found again by the instructions that make its steps. */
static void explain_path(struct mc_why_builder *b, const struct group *group, struct mc_explanation *ret)
{
    const struct mc_finding *finding = group->first;
    const struct mc_need *need = mc_need_at(finding->use.need);
    size_t at = finding->path_length;
    if (at < 2)
        return;
    ret->steps = MC_NEW_ARRAY(b->arena, at, struct mc_way_in);
    for (size_t i = 0; i < at; i++)
        ret->steps[i].known = "";
    uint64_t node = 0;
    for (size_t i = 0; i < group->arrivals.count; i++) { /* the way into the function that the path takes */
        uint64_t candidate = group->arrivals.items[i].node;
        bool here = at == 2 ? candidate == finding->path[0].address
                            : incoming_from(b->prover, candidate, finding->path[at - 2].address) != NULL;
        if (!here || is_enough(b, group->arrivals.items[i].facts, need))
            continue;
        node = candidate;
        know(b, &ret->steps[at - 1], group->arrivals.items[i].facts);
        break;
    }
    for (size_t i = at - 2; node && i > 0; i--) {
        const struct mc_incoming *incoming = incoming_from(b->prover, node, finding->path[i].address);
        compare_ways(b, &ret->steps[i], node, need);
        ret->steps[i].to = node;
        if (!incoming)
            break;
        if (incoming->kind == MC_REF_DATA)
            ret->steps[i].word = word_that_holds(b->prover, node);
        know(b, &ret->steps[i], incoming->facts);
        node = incoming->holder;
    }
}

/* ---- all of it ---- */

static void explain_group(struct mc_why_builder *b, const struct group *group, struct mc_explanation *ret)
{
    struct mc_why **tail = &ret->why;
    b->steps = b->numbers = 0;
    b->seen.count = 0;
    b->inferring = ret->inferring = group->inferring;
    ret->limited = mc_relevance_was_cut(b->prover) || mc_exhausted(b->prover);
    for (size_t i = 0; i < group->arrivals.count; i++) {
        bool same = false;
        for (size_t k = 0; k < i && !same; k++)
            same = group->arrivals.items[k].node == group->arrivals.items[i].node && group->cores[k] == group->cores[i];
        if (same || group->goals[i] == MC_FACTS_NONE)
            continue;
        struct mc_why *why =
            mc_why_new(b, MC_WHY_WAY, group->arrivals.items[i].node,
                       mc_arena_printf(b->arena, "entered at %s",
                                       mc_place_text(b->prover, b->arena, group->arrivals.items[i].node)));
        why->known = mc_facts_text(b->prover, b->arena, group->goals[i]);
        why->below = mc_why_build(b, group->cores[i], group->goals[i], 0);
        *tail = why;
        tail = &why->next;
    }
    explain_path(b, group, ret);
    ret->finding_count = group->findings.count;
    ret->findings = MC_NEW_ARRAY(b->arena, group->findings.count, const struct mc_finding *);
    memcpy(ret->findings, group->findings.items, group->findings.count * sizeof *ret->findings);
}

void mc_explain_findings(struct mc_prover *prover, struct mc_file_result *result)
{
    struct mc_why_builder b = {.prover = prover, .arena = &result->arena};
    struct mc_explained *explained = result->explained;
    struct mc_place *place = &explained->place;
    MC_VECTOR(struct group) groups = {0};
    mc_explain_place(prover->image, prover->entries, prover->uses, place->word, &result->arena, place);
    for (size_t i = 0; i < result->finding_count; i++) {
        struct group group;
        const struct mc_finding *finding = &result->findings[i];
        if (!mc_place_has(place, &finding->use))
            continue;
        study(&b, finding, &group);
        size_t k = 0;
        while (k < groups.count && !is_alike(&groups.items[k], &group))
            k++;
        if (k == groups.count && k == MC_WHY_ITEMS) {
            explained->left_out++;
            continue;
        }
        if (k == groups.count)
            mc_push(&groups, group);
        mc_push(&groups.items[k].findings, finding);
    }
    explained->items = MC_NEW_ARRAY(&result->arena, groups.count, struct mc_explanation);
    explained->count = groups.count;
    for (size_t i = 0; i < groups.count; i++) {
        explain_group(&b, &groups.items[i], &explained->items[i]);
        mc_vector_free(&groups.items[i].findings);
    }
    mc_vector_free(&b.seen);
    mc_vector_free(&groups);
}
