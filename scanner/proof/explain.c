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
    default: /* an override adds nothing to what is known */
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
    *tail = mc_why_build(b, own, mc_facts_only_base(b->prover->facts, mc_why_answer(b, own)), MC_WHY_LEVELS - 5);
    while (*tail)
        tail = &(*tail)->next;
    *tail = mc_why_gaps(b, own, 0);
}

/* The step of the path that leads to the node from this instruction, with too little in spite of what is gained later.
 */
static const struct mc_incoming *lacking_from(struct mc_why_builder *b, uint64_t node, uint64_t from, mc_facts gained,
                                              const struct mc_need *need)
{
    struct mc_incoming_list list = mc_incoming_of(b->prover, node);
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].from == from && list.items[i].holder &&
            !is_enough(b, mc_facts_or(b->prover->facts, list.items[i].facts, gained), need))
            return &list.items[i];
    return NULL;
}

static void compare_ways(struct mc_why_builder *b, struct mc_way_in *step, uint64_t node, mc_facts gained,
                         const struct mc_need *need)
{
    struct mc_incoming_list list = mc_incoming_of(b->prover, node);
    struct mc_why **tail = &step->guarded;
    uint64_t last = 0;
    for (size_t i = 0; i < list.count; i++) {
        mc_facts there = mc_facts_or(b->prover->facts, list.items[i].facts, gained), answer = mc_why_answer(b, there);
        if (answer == MC_FACTS_ALL)
            continue;
        step->ways++;
        if (!is_enough(b, there, need) || step->enough++ >= GUARDED_SHOWN || list.items[i].from == last)
            continue;
        last = list.items[i].from; /* the same instruction may come here in several ways */
        *tail = mc_why_new(b, MC_WHY_WAY, list.items[i].from, "comes here, too");
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

/* The way into the function with the use that the path takes; NULL when it is not found again. */
static const struct mc_arrival *arrival_of(struct mc_why_builder *b, const struct group *group,
                                           const struct mc_need *need)
{
    const struct mc_finding *finding = group->first;
    const struct mc_step *before = &finding->path[finding->path_length - 2];
    for (size_t i = 0; i < group->arrivals.count; i++) {
        const struct mc_arrival *arrival = &group->arrivals.items[i];
        mc_facts own = without_entry(b->prover, arrival->facts);
        bool here = finding->path_length == 2 ? arrival->node == before->address
                                              : lacking_from(b, arrival->node, before->address, own, need) != NULL;
        if (here && !is_enough(b, arrival->facts, need))
            return arrival;
    }
    return NULL;
}

/* The nodes of the path, from the use to the root: found again by the instructions that make its steps. */
static void explain_path(struct mc_why_builder *b, const struct group *group, struct mc_explanation *ret)
{
    const struct mc_finding *finding = group->first;
    const struct mc_need *need = mc_need_at(finding->use.need);
    size_t count = finding->path_length;
    if (count < 2)
        return;
    ret->steps = MC_NEW_ARRAY(b->arena, count, struct mc_way_in);
    for (size_t i = 0; i < count; i++)
        ret->steps[i].known = "";
    const struct mc_arrival *arrival = arrival_of(b, group, need);
    if (!arrival)
        return;
    know(b, &ret->steps[count - 1], arrival->facts);
    uint64_t node = arrival->node;
    mc_facts gained = without_entry(b->prover, arrival->facts);
    for (size_t i = count - 2; i > 0; i--) {
        const struct mc_incoming *incoming = lacking_from(b, node, finding->path[i].address, gained, need);
        compare_ways(b, &ret->steps[i], node, gained, need);
        ret->steps[i].to = node;
        if (!incoming)
            break;
        if (incoming->kind == MC_REF_DATA)
            ret->steps[i].word = word_that_holds(b->prover, node);
        know(b, &ret->steps[i], incoming->facts);
        gained = without_entry(b->prover, mc_facts_or(b->prover->facts, gained, incoming->facts));
        node = incoming->holder;
    }
}

/* ---- all of it ---- */

static struct mc_why *explain_arrivals(struct mc_why_builder *b, const struct group *group)
{
    struct mc_why *first = NULL, **tail = &first;
    for (size_t i = 0; i < group->arrivals.count; i++) {
        uint64_t node = group->arrivals.items[i].node;
        bool same = false;
        for (size_t k = 0; k < i && !same; k++)
            same = group->arrivals.items[k].node == node && group->cores[k] == group->cores[i];
        if (same || group->goals[i] == MC_FACTS_NONE)
            continue;
        const char *text = mc_arena_printf(b->arena, "entered at %s", mc_place_text(b->prover, b->arena, node));
        struct mc_why *why = *tail = mc_why_new(b, MC_WHY_WAY, node, text);
        why->known = mc_facts_text(b->prover, b->arena, group->goals[i]);
        why->below = mc_why_build(b, group->cores[i], group->goals[i], 0);
        tail = &why->next;
    }
    return first;
}

static void explain_group(struct mc_why_builder *b, const struct group *group, struct mc_explanation *ret)
{
    b->steps = b->numbers = 0;
    b->seen.count = 0;
    b->inferring = ret->inferring = group->inferring;
    ret->limited = mc_relevance_was_cut(b->prover) || mc_exhausted(b->prover);
    if (group->first->path_length)
        explain_path(b, group, ret);
    else
        ret->why = explain_arrivals(b, group);
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
