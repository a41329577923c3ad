/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/proof/judge.h"

#include <stddef.h>
#include <string.h>

/* What the facts say, sorted out. */
struct known {
    struct mc_feature_set present, absent;
    struct mc_feature_set implied; /* on some way only by another feature */
    bool has_bits, family, handler, behaviour, unclear, override;
    uint64_t xcr0;                 /* bits known to be set */
    uint64_t max_basic, max_extended;
    struct mc_guard any;           /* some test that was passed */
    struct mc_guard guard_of[MC_FEATURE_COUNT]; /* only of those present, absent or implied: of what implies it */
};

static void know_bit(struct known *known, const struct mc_atom *atom, uint64_t site)
{
    unsigned reg = (unsigned)(atom->c >> 8), bit = (unsigned)(atom->c >> 1) & 0x7F;
    bool set = atom->c & 1;
    struct mc_guard guard = {.known = true, .address = site, .leaf = atom->a, .subleaf = atom->b,
                             .reg = (enum mc_register)reg, .bit = (uint8_t)bit};
    int feature = mc_feature_at(atom->a, atom->b, (enum mc_register)reg, bit);
    guard.feature = feature < 0 ? MC_FEATURE_COUNT : (enum mc_feature)feature;
    known->has_bits = true;
    if ((atom->a == 1 && reg == MC_EAX) || (atom->a == 0 && reg != MC_EAX) || (atom->a >= 0x80000002 && atom->a <= 0x80000004)) {
        known->family = true;
        if (!known->any.known)
            known->any = guard;
        return;
    }
    if (feature >= 0) {
        mc_set_add(set ? &known->present : &known->absent, (enum mc_feature)feature);
        known->guard_of[feature] = guard;
    }
    if (!known->any.known || known->any.feature == MC_FEATURE_COUNT || !set)
        known->any = guard;
}

static void know_implied(struct known *known, const struct mc_atom *atom, uint64_t site)
{
    const struct mc_feature_info *by = &mc_features[atom->a];
    if (mc_set_has(&known->present, (enum mc_feature)atom->c) || mc_set_has(&known->absent, (enum mc_feature)atom->c))
        return;
    mc_set_add(&known->implied, (enum mc_feature)atom->c);
    known->guard_of[atom->c] = (struct mc_guard){.known = true, .address = site, .leaf = by->leaf, .subleaf = by->subleaf,
                                                 .reg = by->reg, .bit = by->bit, .feature = (enum mc_feature)atom->a};
    if (!known->any.known)
        known->any = known->guard_of[atom->c];
}

static void sort_facts(struct mc_prover *prover, mc_facts facts, struct known *ret)
{
    memset(ret, 0, offsetof(struct known, guard_of));
    struct mc_fact_set set = mc_facts_get(prover->facts, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(prover->facts, set.items[i].atom);
        switch (atom.kind) {
        case MC_ATOM_BIT:
            know_bit(ret, &atom, set.items[i].site);
            break;
        case MC_ATOM_IMPLIED:
            know_implied(ret, &atom, set.items[i].site);
            break;
        case MC_ATOM_XCR0:
            if (atom.c & 1)
                ret->xcr0 |= UINT64_C(1) << (atom.c >> 1);
            break;
        case MC_ATOM_MAX_LEAF:
            if (atom.a && atom.c > ret->max_extended)
                ret->max_extended = atom.c;
            else if (!atom.a && atom.c > ret->max_basic)
                ret->max_basic = atom.c;
            break;
        case MC_ATOM_OVERRIDE:
            ret->override = true;
            break;
        case MC_ATOM_HANDLER:
            ret->handler |= atom.a != MC_TRIED_RESULT;
            ret->behaviour |= atom.a == MC_TRIED_RESULT;
            break;
        default:
            ret->unclear = true;
            if (!ret->any.known && set.items[i].site)
                ret->any = (struct mc_guard){.known = true, .address = set.items[i].site, .feature = MC_FEATURE_COUNT};
        }
    }
}

static bool os_state_checked(const struct known *known, enum mc_feature feature)
{
    uint64_t needed = mc_os_state_xcr0(mc_features[feature].os);
    if (!needed)
        return true;
    return mc_set_has(&known->present, MC_F_OSXSAVE) && (known->xcr0 & needed) == needed;
}

static bool max_leaf_checked(const struct known *known, const struct mc_guard *guard)
{
    if (guard->leaf <= 1 || (guard->leaf >= 0x80000000 && guard->leaf <= 0x80000001))
        return guard->leaf <= 1 || known->max_extended >= guard->leaf;
    return guard->leaf < 0x80000000 ? known->max_basic >= guard->leaf : known->max_extended >= guard->leaf;
}

/* Bits that mirror what the OS turned on: it can do so only where the CPU has the feature (Intel SDM vol. 3A, 2.5, CR4). */
static const struct {
    enum mc_feature mirror, feature;
} os_mirrors[] = {{MC_F_OSXSAVE, MC_F_XSAVE}, {MC_F_OSPKE, MC_F_PKU}};

/* What the OS must turn on faults where it did not, whatever else the CPU has. */
static bool is_mirrored(enum mc_feature feature)
{
    for (size_t i = 0; i < sizeof os_mirrors / sizeof *os_mirrors; i++)
        if (os_mirrors[i].feature == feature)
            return true;
    return false;
}

/* Some feature known to be present that implies the wanted one on every known CPU. */
static bool is_implied(const struct known *known, const struct mc_feature_set *baseline, enum mc_feature wanted,
                       enum mc_feature *ret_by)
{
    struct mc_feature_set there = mc_set_or(known->present, &known->implied);
    for (int f = mc_set_next(&there, 0); f >= 0; f = mc_set_next(&there, f + 1)) {
        struct mc_feature_set one = {{0}};
        mc_set_add(&one, (enum mc_feature)f);
        if (mc_feature_implied(&one, wanted)) {
            *ret_by = (enum mc_feature)f;
            return true;
        }
    }
    struct mc_feature_set all = mc_set_or(known->present, baseline);
    int first = mc_set_next(&known->present, 0);
    if (first < 0 || !mc_feature_implied(&all, wanted))
        return false;
    *ret_by = (enum mc_feature)first;
    return true;
}

static void know_mirrored(struct known *known)
{
    for (size_t i = 0; i < sizeof os_mirrors / sizeof *os_mirrors; i++)
        if (mc_set_has(&known->present, os_mirrors[i].mirror) && !mc_set_has(&known->present, os_mirrors[i].feature)) {
            mc_set_add(&known->present, os_mirrors[i].feature);
            known->guard_of[os_mirrors[i].feature] = known->guard_of[os_mirrors[i].mirror];
        }
}

static bool judge_alternative(struct mc_prover *prover, const struct known *known, const struct mc_feature_set *needs,
                              struct mc_judgement *ret)
{
    struct mc_feature_set missing = mc_set_minus(*needs, prover->options->baseline);
    memset(ret, 0, sizeof *ret);
    for (int f = mc_set_next(&missing, 0); f >= 0; f = mc_set_next(&missing, f + 1)) {
        enum mc_feature feature = (enum mc_feature)f, by;
        if (mc_set_has(&known->present, feature)) {
            if (!ret->guard.known)
                ret->guard = known->guard_of[feature];
            ret->max_leaf_missing |= !max_leaf_checked(known, &known->guard_of[feature]);
        } else if (mc_set_has(&known->implied, feature) && !mc_set_has(&known->absent, feature)) {
            ret->implied = true;
            ret->implied_by = known->guard_of[feature].feature;
            if (!ret->guard.known)
                ret->guard = known->guard_of[feature];
        } else if (!is_mirrored(feature) && is_implied(known, prover->options->baseline, feature, &by)) {
            ret->implied = true;
            ret->implied_by = by;
            if (!ret->guard.known)
                ret->guard = known->guard_of[by];
            ret->max_leaf_missing |= !max_leaf_checked(known, &known->guard_of[by]);
        } else {
            mc_set_add(&ret->missing, feature);
            continue;
        }
        ret->os_state_missing |= !os_state_checked(known, feature);
    }
    return mc_set_empty(&ret->missing);
}

static void blame(const struct known *known, struct mc_judgement *judgement)
{
    int wanted = mc_set_next(&judgement->missing, 0);
    judgement->tested = mc_set_or(known->present, &known->implied);
    judgement->guard = known->any;
    if (known->handler) {
        judgement->verdict = MC_VERDICT_TRAPPED;
        judgement->rule = MC_RULE_TRAPPED;
    } else if (known->behaviour) {
        judgement->verdict = MC_VERDICT_TRAPPED;
        judgement->rule = MC_RULE_BEHAVIOUR;
    } else if (wanted >= 0 && mc_set_has(&known->absent, (enum mc_feature)wanted)) {
        judgement->verdict = MC_VERDICT_MISGUARDED;
        judgement->rule = MC_RULE_INVERTED;
        judgement->guard = known->guard_of[wanted];
    } else if (!mc_set_empty(&judgement->tested) || !mc_set_empty(&known->absent)) {
        judgement->verdict = MC_VERDICT_MISGUARDED;
        judgement->rule = MC_RULE_WRONG_CHECK;
    } else if (known->family) {
        judgement->verdict = MC_VERDICT_MISGUARDED;
        judgement->rule = MC_RULE_FAMILY_MODEL;
    } else if (known->has_bits || known->unclear) {
        judgement->verdict = MC_VERDICT_MISGUARDED;
        judgement->rule = MC_RULE_UNCLEAR_CHECK;
    } else {
        judgement->verdict = MC_VERDICT_UNGUARDED;
        judgement->rule = MC_RULE_UNGUARDED;
    }
}

void mc_judge_facts(struct mc_prover *prover, mc_facts facts, const struct mc_need *need, struct mc_judgement *ret)
{
    struct known known;
    if (facts == MC_FACTS_ALL) {
        memset(ret, 0, sizeof *ret);
        ret->verdict = MC_VERDICT_DEAD;
        ret->rule = MC_RULE_DEAD;
        return;
    }
    sort_facts(prover, facts, &known);
    know_mirrored(&known);
    struct mc_judgement first;
    bool conforming = false, any = false;
    for (uint8_t i = 0; i < need->count; i++) {
        struct mc_judgement one;
        bool enough = judge_alternative(prover, &known, &need->alternatives[i], &one);
        if (i == 0)
            first = one;
        bool clean = enough && !one.implied && !one.os_state_missing && !one.max_leaf_missing;
        if (enough && (!any || (clean && !conforming))) {
            *ret = one;
            any = true;
            conforming = clean;
        }
    }
    if (!any) {
        *ret = first;
        blame(&known, ret);
        return;
    }
    ret->verdict = MC_VERDICT_GUARDED;
    ret->rule = ret->implied            ? MC_RULE_IMPLIED
                : ret->os_state_missing ? MC_RULE_OS_STATE
                : ret->max_leaf_missing ? MC_RULE_MAX_LEAF
                : known.override        ? MC_RULE_OVERRIDE
                                        : MC_RULE_GUARDED;
}

/* ---- paths ---- */

struct visit { /* breadth-first, from the use towards a root */
    uint64_t entry;
    size_t towards_use; /* index of the visit it was reached from */
    mc_facts gained;    /* what the tests between this entry and the use tell by themselves (unresolved) */
    struct mc_incoming by;
};

bool mc_lacks(struct mc_prover *prover, mc_facts facts, const struct mc_need *need, bool inferring)
{
    facts = mc_resolve(prover, facts, inferring);
    struct mc_lacking *known = &prover->lacking[((uintptr_t)need / sizeof *need * 31 + facts) % MC_LACKING];
    if (known->need != need || known->facts != facts) {
        struct mc_judgement judgement;
        mc_judge_facts(prover, facts, need, &judgement);
        *known = (struct mc_lacking){need, facts, judgement.verdict != MC_VERDICT_GUARDED && judgement.verdict != MC_VERDICT_DEAD};
    }
    return known->lacks;
}

static const char *step_text(uint8_t kind)
{
    switch (kind) {
    case MC_REF_CALL:
        return "called";
    case MC_REF_JUMP:
        return "jumped to";
    case MC_REF_METHOD:
    case MC_REF_DATA:
        return "its address is in data that is used here";
    default:
        return "its address is taken here";
    }
}

#define MAX_VISITS 400
#define SLOTS 1024 /* a power of 2, well above MAX_VISITS */

/* Where the table, which holds 1 + indexes of visits, has the entry; 0 there: not yet. */
static uint16_t *slot_of(const struct visit *visits, uint16_t table[SLOTS], uint64_t entry)
{
    size_t slot = (size_t)((entry * UINT64_C(0x9E3779B97F4A7C15)) >> 54);
    while (table[slot] && visits[table[slot] - 1].entry != entry)
        slot = (slot + 1) % SLOTS;
    return &table[slot];
}

void mc_find_path(struct mc_prover *prover, uint64_t node, mc_facts facts, uint64_t use, const struct mc_need *need, bool inferring,
                  struct mc_arena *arena, struct mc_step **ret_steps, size_t *ret_count)
{
    struct visit *visits = mc_realloc(NULL, MAX_VISITS, sizeof *visits);
    uint16_t table[SLOTS] = {0};
    size_t count = 0, end = 0;
    const char *why = NULL;
    *slot_of(visits, table, node) = 1;
    visits[count++] = (struct visit){.entry = node, .gained = mc_facts_without_kind(prover->facts, facts, MC_ATOM_ENTRY)};
    for (; end < count; end++) {
        if (mc_is_root(prover, visits[end].entry, inferring, &why))
            break;
        why = NULL;
        struct mc_incoming_list list = mc_incoming_of(prover, visits[end].entry);
        for (size_t i = 0; i < list.count && count < MAX_VISITS; i++) {
            uint16_t *slot = slot_of(visits, table, list.items[i].holder);
            if (!list.items[i].holder || *slot)
                continue;
            mc_facts there = mc_facts_or(prover->facts, list.items[i].facts, visits[end].gained);
            if (!mc_lacks(prover, there, need, inferring))
                continue;
            *slot = (uint16_t)(count + 1);
            visits[count++] = (struct visit){list.items[i].holder, end,
                                             mc_facts_without_kind(prover->facts, there, MC_ATOM_ENTRY), list.items[i]};
        }
    }
    if (end == count)
        end = 0; /* no root found within bounds: the nearest function is all there is to show */
    size_t length = 2;
    for (size_t i = end; i; i = visits[i].towards_use)
        length++;
    struct mc_step *steps = MC_NEW_ARRAY(arena, length, struct mc_step);
    size_t n = 0;
    steps[n++] = (struct mc_step){MC_STEP_ROOT, visits[end].entry, mc_function_name(prover, visits[end].entry),
                                  why ? why : "reached in a way that cannot be seen"};
    for (size_t i = end; i; i = visits[i].towards_use) {
        bool call = visits[i].by.kind == MC_REF_CALL || visits[i].by.kind == MC_REF_JUMP;
        steps[n++] = (struct mc_step){call ? MC_STEP_CALL : MC_STEP_ADDRESS, visits[i].by.from,
                                      mc_function_name(prover, visits[visits[i].towards_use].entry), step_text(visits[i].by.kind)};
    }
    steps[n++] = (struct mc_step){MC_STEP_BRANCH, use, mc_function_name(prover, use), "executed"};
    *ret_steps = steps;
    *ret_count = n;
    free(visits);
}
