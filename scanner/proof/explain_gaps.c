/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/proof/explain.h"

#define GAPS 3      /* tests shown at one place */
#define LOST_WAYS 2 /* of one test */
#define GAP_LEVELS 6

static bool was_seen(struct mc_why_builder *b, uint32_t atom)
{
    for (size_t i = 0; i < b->seen.count; i++)
        if (b->seen.items[i].atom == atom)
            return true;
    return false;
}

static struct mc_why *lost_ways(struct mc_why_builder *b, const struct mc_atom *atom, unsigned level, size_t *ret_more)
{
    struct mc_why *first = NULL, **tail = &first;
    struct mc_ways ways;
    size_t shown = 0;
    uint64_t last = 0;
    mc_ways_of(b->prover, atom, true, &ways);
    for (size_t i = 0; i < ways.count; i++) {
        const struct mc_way *way = &ways.items[i];
        if (mc_resolve(b->prover, way->facts, true) != MC_FACTS_NONE || (shown && way->address == last))
            continue;
        last = way->address;
        if (shown++ >= LOST_WAYS) {
            ++*ret_more;
            continue;
        }
        *tail = mc_why_new(b, MC_WHY_WAY, way->address, way->text);
        (*tail)->below = mc_why_gaps(b, way->facts, level + 1);
        tail = &(*tail)->next;
    }
    return first;
}

struct mc_why *mc_why_gaps(struct mc_why_builder *b, mc_facts facts, unsigned level)
{
    struct mc_why *first = NULL, **tail = &first;
    struct mc_fact_set set = mc_facts_get(b->prover->facts, facts);
    unsigned shown = 0;
    for (uint32_t i = 0; i < set.count && shown < GAPS && level < GAP_LEVELS && b->steps < MC_WHY_STEPS; i++) {
        struct mc_atom atom = mc_atom_get(b->prover->facts, set.items[i].atom);
        if (atom.kind != MC_ATOM_TEST || was_seen(b, set.items[i].atom) ||
            mc_resolve(b->prover, mc_facts_one(b->prover->facts, atom, set.items[i].site), true) != MC_FACTS_NONE)
            continue;
        const char *text = mc_arena_printf(b->arena, "goes on only where %s; that tells nothing of the CPU",
                                           mc_test_text(b->prover, b->arena, &atom));
        *tail = mc_why_new(b, MC_WHY_QUESTION, set.items[i].site, text);
        mc_push(&b->seen, ((struct mc_why_seen){set.items[i].atom, *tail}));
        (*tail)->below = lost_ways(b, &atom, level, &(*tail)->more);
        tail = &(*tail)->next;
        shown++;
    }
    return first;
}
