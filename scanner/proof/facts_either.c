/* SPDX-License-Identifier: Apache-2.0 */
/* What remains of two sets of facts of which only one holds: `if (avx2) ... else if (avx) ...`, and what both then run; or
 * `if (getenv("LEVEL")) ... else if (avx2) ...`. */
#include "scanner/proof/facts.h"

#include "isa/baseline.h"

/* The feature that the atom says is there; -1: none. */
static int feature_of(const struct mc_atom *atom)
{
    if (atom->kind == MC_ATOM_IMPLIED)
        return (int)atom->c;
    if (atom->kind != MC_ATOM_BIT || !(atom->c & 1))
        return -1;
    return mc_feature_at(atom->a, atom->b, (enum mc_register)(atom->c >> 8), (unsigned)(atom->c >> 1) & 0x7F);
}

/* A feature in the set that no known CPU has without the wanted one. */
static bool has_implying(const struct mc_facts_table *table, mc_facts facts, int wanted, uint32_t *ret_by, uint64_t *ret_site)
{
    struct mc_fact_set set = mc_facts_get(table, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(table, set.items[i].atom);
        struct mc_feature_set one = {{0}};
        int feature = feature_of(&atom);
        if (feature < 0)
            continue;
        mc_set_add(&one, (enum mc_feature)feature);
        if (feature != wanted && !mc_feature_implied(&one, (enum mc_feature)wanted))
            continue;
        *ret_by = atom.kind == MC_ATOM_IMPLIED && feature == wanted ? atom.a : (uint32_t)feature;
        *ret_site = set.items[i].site;
        return true;
    }
    return false;
}

/* What `from` has, and `other` only by what it implies. */
static mc_facts add_implied(struct mc_facts_table *table, mc_facts common, mc_facts from, mc_facts other)
{
    for (uint32_t i = 0; i < mc_facts_get(table, from).count; i++) {
        struct mc_fact fact = mc_facts_get(table, from).items[i];
        struct mc_atom atom = mc_atom_get(table, fact.atom);
        int wanted = feature_of(&atom);
        uint32_t by;
        uint64_t site;
        if (wanted < 0 || mc_facts_has(table, common, fact.atom) || !has_implying(table, other, wanted, &by, &site))
            continue;
        if (by == (uint32_t)wanted && atom.kind == MC_ATOM_IMPLIED)
            by = atom.a;
        struct mc_atom implied = {.kind = MC_ATOM_IMPLIED, .a = by, .c = (uint64_t)wanted};
        common = mc_facts_or(table, common, mc_facts_one(table, implied, site));
    }
    return common;
}

mc_facts mc_facts_and_implied(struct mc_facts_table *table, mc_facts a, mc_facts b)
{
    mc_facts common = mc_facts_and(table, a, b);
    if (a == b || a <= MC_FACTS_ALL || b <= MC_FACTS_ALL)
        return common;
    return add_implied(table, add_implied(table, common, a, b), b, a);
}

mc_facts mc_facts_either(struct mc_facts_table *table, mc_facts a, mc_facts b)
{
    uint64_t site, other_site, none;
    mc_facts common = mc_facts_and_implied(table, a, b);
    if (common == MC_FACTS_ALL || mc_facts_tested(table, common, &none) || !mc_facts_tested(table, a, &site) || !mc_facts_tested(table, b, &other_site))
        return common;
    struct mc_atom tested = {.kind = MC_ATOM_TESTED};
    return mc_facts_or(table, common, mc_facts_one(table, tested, site < other_site ? site : other_site));
}

mc_facts mc_facts_override(struct mc_facts_table *table)
{
    return mc_facts_one(table, (struct mc_atom){.kind = MC_ATOM_OVERRIDE}, 0);
}

bool mc_facts_have_override(struct mc_facts_table *table, mc_facts facts)
{
    return facts != MC_FACTS_ALL && mc_facts_has(table, facts, mc_atom_id(table, (struct mc_atom){.kind = MC_ATOM_OVERRIDE}));
}

/* A feature was asked for; `found`: and was there, not only by what follows from others. */
static bool has_asked_feature(const struct mc_facts_table *table, mc_facts facts, bool found)
{
    struct mc_fact_set set = mc_facts_get(table, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(table, set.items[i].atom);
        if (found && atom.kind != MC_ATOM_BIT)
            continue;
        atom.c |= atom.kind == MC_ATOM_BIT && !found; /* as if it were there */
        if (feature_of(&atom) >= 0)
            return true;
    }
    return false;
}

bool mc_facts_tell_bits(const struct mc_facts_table *table, mc_facts facts)
{
    struct mc_fact_set set = mc_facts_get(table, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        uint32_t kind = mc_atom_get(table, set.items[i].atom).kind;
        if (kind == MC_ATOM_BIT || kind == MC_ATOM_IMPLIED)
            return true;
    }
    return false;
}

/* The user chose, and nothing was asked of the CPU, beyond its family. */
static bool is_chosen(struct mc_facts_table *table, mc_facts facts)
{
    return mc_facts_have_override(table, facts) && !has_asked_feature(table, facts, false);
}

/* What holds unless the user chose; ALL: the user did. False when no choice is part of it. */
static bool default_of(struct mc_facts_table *table, mc_facts facts, mc_facts *ret)
{
    mc_facts chosen = mc_facts_override(table);
    struct mc_fact_set set = mc_facts_get(table, facts);
    *ret = facts;
    if (is_chosen(table, facts)) {
        *ret = MC_FACTS_ALL;
        return true;
    }
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(table, set.items[i].atom);
        size_t count;
        const mc_facts *ways = atom.kind == MC_ATOM_ANY && !atom.b ? mc_facts_any_sets(table, atom.a, &count) : NULL;
        if (!ways || count != 2 || ways[0] != chosen)
            continue;
        *ret = mc_facts_or(table, mc_facts_minus(table, facts, mc_facts_one(table, atom, 0)), ways[1]);
        return true;
    }
    return false;
}

bool mc_facts_meet_default(struct mc_facts_table *table, mc_facts a, mc_facts b, mc_facts *ret)
{
    mc_facts defaults[2];
    bool chosen[2] = {default_of(table, a, &defaults[0]), default_of(table, b, &defaults[1])};
    if ((!chosen[0] && !chosen[1]) || (defaults[0] == MC_FACTS_ALL && defaults[1] == MC_FACTS_ALL))
        return false;
    mc_facts ways[2] = {mc_facts_override(table), mc_facts_and_implied(table, defaults[0], defaults[1])};
    if (!mc_facts_tell_bits(table, ways[1]))
        return false;
    *ret = mc_facts_any(table, ways, 2, 0);
    return true;
}

void mc_facts_add_way(struct mc_facts_table *table, struct mc_facts_ways *ways, mc_facts way, mc_facts answer)
{
    ways->any = mc_facts_either(table, ways->any, answer);
    if (!ways->inferring || (!is_chosen(table, way) && !is_chosen(table, answer)))
        ways->unchosen = mc_facts_either(table, ways->unchosen, answer);
}

mc_facts mc_facts_of_ways(struct mc_facts_table *table, const struct mc_facts_ways *ways)
{
    if (ways->unchosen == ways->any || has_asked_feature(table, ways->any, true) || !mc_facts_tell_bits(table, ways->unchosen))
        return ways->any;
    return mc_facts_or(table, ways->unchosen, mc_facts_override(table));
}
