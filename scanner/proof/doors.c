/* SPDX-License-Identifier: Apache-2.0 */
/* The doors of a use: the exported functions through which alone it is reached with too little known. Whoever imports none of
 * them does not run it. There are none where something else leads there, too: an initialiser, an address that is handed out. */
#include "scanner/proof/judge.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DOORS 40   /* names; what is reached through more is not worth telling who does */
#define MAX_VISITS 300 /* entries between the use and the doors */
#define SLOTS 1024     /* a power of two, well above MAX_VISITS */
#define MAX_SEARCHES 2000

struct walk {
    struct mc_prover *prover;
    const struct mc_need *need;
    bool inferring;
    struct visit {
        uint64_t entry;
        mc_facts gained; /* by the tests between this entry and the use (unresolved) */
    } visits[MAX_VISITS];
    size_t count;
    uint16_t slots[SLOTS]; /* by entry: 1 + index of its visit; 0: none */
    bool again; /* less is known on a second way to an entry that was visited: its ways are to be looked at once more */
    const char *names[MAX_DOORS];
    size_t name_count;
};

static bool lacks(const struct walk *walk, mc_facts facts)
{
    return mc_lacks(walk->prover, facts, walk->need, walk->inferring);
}

/* False when there are too many. */
static bool visit(struct walk *walk, uint64_t entry, mc_facts facts)
{
    struct mc_facts_table *t = walk->prover->facts;
    facts = mc_facts_without_kind(t, facts, MC_ATOM_ENTRY);
    size_t slot = (size_t)(entry * UINT64_C(0x9E3779B97F4A7C15) >> 54);
    for (; walk->slots[slot]; slot = (slot + 1) % SLOTS) {
        struct visit *known = &walk->visits[walk->slots[slot] - 1];
        if (known->entry != entry)
            continue;
        mc_facts both = mc_facts_and(t, known->gained, facts);
        walk->again |= both != known->gained;
        known->gained = both;
        return true;
    }
    if (walk->count == MAX_VISITS)
        return false;
    walk->visits[walk->count++] = (struct visit){entry, facts};
    walk->slots[slot] = (uint16_t)walk->count;
    return true;
}

static bool add_names(struct walk *walk, uint64_t entry)
{
    const struct mc_image *image = walk->prover->image;
    for (size_t at = mc_image_symbols_above(image, entry); at && image->symbols[at - 1].address == entry; at--) {
        const struct mc_symbol *symbol = &image->symbols[at - 1];
        bool known = !symbol->dynamic || !symbol->exported;
        for (size_t i = 0; i < walk->name_count && !known; i++)
            known = !strcmp(walk->names[i], symbol->name);
        if (known)
            continue;
        if (walk->name_count == MAX_DOORS)
            return false;
        walk->names[walk->name_count++] = symbol->name;
    }
    return true;
}

/* Goes on from one entry towards the doors; false when something leads there that is none. */
static bool go_on(struct walk *walk, size_t at)
{
    struct mc_prover *prover = walk->prover;
    uint64_t entry = walk->visits[at].entry;
    mc_facts gained = walk->visits[at].gained;
    bool door = mc_image_exports(prover->image, entry);
    if (mc_is_given_root(prover, entry, NULL) || !add_names(walk, entry))
        return false;
    struct mc_incoming_list list = mc_incoming_of(prover, entry);
    if (!list.count && !door)
        return false;
    for (size_t i = 0; i < list.count; i++) {
        mc_facts there = mc_facts_or(prover->facts, list.items[i].facts, gained);
        if (lacks(walk, there) && (!list.items[i].holder || !visit(walk, list.items[i].holder, there)))
            return false;
    }
    return true;
}

static bool walk_to_doors(struct walk *walk, const struct mc_arrivals *arrivals)
{
    for (size_t i = 0; i < arrivals->count; i++)
        if (lacks(walk, arrivals->items[i].facts) && !visit(walk, arrivals->items[i].node, arrivals->items[i].facts))
            return false;
    do {
        walk->again = false;
        for (size_t i = 0; i < walk->count; i++)
            if (!go_on(walk, i))
                return false;
    } while (walk->again);
    return walk->name_count > 0;
}

/* Uses next to one another are mostly reached in the same way. */
static bool is_as_last(const struct mc_last_doors *last, const struct mc_arrivals *arrivals, const struct mc_need *need, bool inferring)
{
    return last->need == need && last->inferring == inferring && arrivals->count == 1 && last->node == arrivals->items[0].node &&
           last->facts == arrivals->items[0].facts;
}

void mc_find_doors(struct mc_prover *prover, const struct mc_use *use, bool inferring, struct mc_arena *arena, struct mc_finding *finding)
{
    const struct mc_need *need = mc_need_at(use->need);
    struct mc_last_doors *last = &prover->last_doors;
    struct mc_arrivals arrivals;
    if (prover->image->kind != MC_KIND_SHARED_LIBRARY || last->searches == MAX_SEARCHES)
        return;
    mc_arrivals_of(prover, use, &arrivals);
    if (!arrivals.count || arrivals.guessed || !arrivals.complete)
        return;
    if (!is_as_last(last, &arrivals, need, inferring)) {
        struct walk *walk = mc_realloc(NULL, 1, sizeof *walk);
        *walk = (struct walk){.prover = prover, .need = need, .inferring = inferring};
        bool known = walk_to_doors(walk, &arrivals);
        *last = (struct mc_last_doors){arrivals.items[0].node, arrivals.items[0].facts, need, inferring, NULL, 0, last->searches + 1};
        if (known) {
            last->names = MC_NEW_ARRAY(arena, walk->name_count, const char *);
            memcpy(last->names, walk->names, walk->name_count * sizeof *last->names);
            last->count = walk->name_count;
        }
        free(walk);
    }
    finding->doors = last->names;
    finding->door_count = last->count;
}
