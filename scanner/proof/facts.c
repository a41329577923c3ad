/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/proof/facts.h"

#include "base/index.h"

#include <string.h>

/* Questions beyond this many in one set are dropped (the set says less, which is safe): deep code tests hundreds of things
 * that have nothing to do with CPUID, and sets must stay small for the whole to stay near-linear. */
#define MAX_QUESTIONS 40
#define CACHE_SIZE 16384

enum operation { OR = 1, AND, ONLY_BASE, MINUS, EITHER_OF_TWO, WITHOUT_KIND };

struct cache_entry {
    uint32_t operation, a, b, result;
};

struct mc_facts_table {
    struct mc_arena *arena;
    struct mc_index atoms_by_key, sets_by_key, lists_by_key;
    MC_VECTOR(struct mc_atom) atoms;
    MC_VECTOR(mc_facts) alone; /* by atom: the set of it alone, without a site; MC_FACTS_NONE: not asked for yet */
    MC_VECTOR(struct mc_fact_set) sets;
    MC_VECTOR(struct mc_fact_set) lists; /* of set ids, for MC_ATOM_ANY: `items` holds mc_facts values */
    MC_VECTOR(struct mc_fact) scratch;
    MC_VECTOR(uint8_t) behind_pointers; /* by symbol: a word behind a pointer */
    struct cache_entry cache[CACHE_SIZE];
};

struct mc_facts_table *mc_facts_table_new(struct mc_arena *arena)
{
    struct mc_facts_table *table = mc_realloc(NULL, 1, sizeof *table);
    memset(table, 0, sizeof *table);
    table->arena = arena;
    struct mc_fact_set empty = {0};
    mc_push(&table->sets, empty); /* MC_FACTS_NONE */
    mc_push(&table->sets, empty); /* MC_FACTS_ALL */
    return table;
}

void mc_facts_table_free(struct mc_facts_table *table)
{
    if (!table)
        return;
    mc_index_free(&table->atoms_by_key);
    mc_index_free(&table->sets_by_key);
    mc_index_free(&table->lists_by_key);
    mc_vector_free(&table->atoms);
    mc_vector_free(&table->alone);
    mc_vector_free(&table->sets);
    mc_vector_free(&table->lists);
    mc_vector_free(&table->scratch);
    mc_vector_free(&table->behind_pointers);
    free(table);
}

uint32_t mc_atom_id(struct mc_facts_table *table, struct mc_atom atom)
{
    uint32_t hash = mc_hash_words(&atom, sizeof atom), id;
    for (size_t at = hash; (id = mc_index_candidate(&table->atoms_by_key, hash, &at)) != MC_INDEX_NONE;)
        if (!memcmp(&table->atoms.items[id], &atom, sizeof atom))
            return id;
    id = (uint32_t)table->atoms.count;
    bool pair = atom.kind == MC_ATOM_BIT; /* both answers stand side by side: contradictions are neighbours */
    for (uint32_t i = 0; i < (pair ? 2u : 1u); i++) {
        struct mc_atom one = atom;
        if (pair)
            one.c = (atom.c & ~UINT64_C(1)) | i;
        mc_push(&table->atoms, one);
        mc_push(&table->alone, MC_FACTS_NONE);
        mc_index_add(&table->atoms_by_key, mc_hash_words(&one, sizeof one), id + i);
    }
    return pair ? id + (uint32_t)(atom.c & 1) : id;
}

/* The same bit of CPUID found set and found clear: such a point is never reached. */
static bool contradicts(const struct mc_facts_table *table, uint32_t first, uint32_t second)
{
    const struct mc_atom *a = &table->atoms.items[first], *b = &table->atoms.items[second];
    return second == first + 1 && a->kind == MC_ATOM_BIT && b->kind == MC_ATOM_BIT && a->a == b->a && a->b == b->b &&
           (a->c ^ b->c) == 1;
}

struct mc_atom mc_atom_get(const struct mc_facts_table *table, uint32_t id)
{
    return table->atoms.items[id];
}

bool mc_atom_is_base(const struct mc_atom *atom)
{
    return atom->kind <= MC_ATOM_HANDLER;
}

struct mc_fact_set mc_facts_get(const struct mc_facts_table *table, mc_facts facts)
{
    return table->sets.items[facts];
}

static mc_facts intern(struct mc_facts_table *table, const struct mc_fact *items, size_t count)
{
    if (!count)
        return MC_FACTS_NONE;
    uint32_t hash = mc_hash_words(items, count * sizeof *items), id;
    for (size_t at = hash; (id = mc_index_candidate(&table->sets_by_key, hash, &at)) != MC_INDEX_NONE;)
        if (table->sets.items[id].count == count && !memcmp(table->sets.items[id].items, items, count * sizeof *items))
            return id;
    struct mc_fact *copy = MC_NEW_ARRAY(table->arena, count, struct mc_fact);
    memcpy(copy, items, count * sizeof *items);
    id = (uint32_t)table->sets.count;
    mc_push(&table->sets, ((struct mc_fact_set){copy, (uint32_t)count}));
    mc_index_add(&table->sets_by_key, hash, id);
    return id;
}

mc_facts mc_facts_one(struct mc_facts_table *table, struct mc_atom atom, uint64_t site)
{
    struct mc_fact fact = {.atom = mc_atom_id(table, atom), .site = site};
    if (site)
        return intern(table, &fact, 1);
    mc_facts *alone = &table->alone.items[fact.atom];
    if (*alone == MC_FACTS_NONE)
        *alone = intern(table, &fact, 1);
    return *alone;
}

bool mc_facts_has(const struct mc_facts_table *table, mc_facts facts, uint32_t atom)
{
    if (facts == MC_FACTS_ALL)
        return true;
    struct mc_fact_set set = table->sets.items[facts];
    size_t low = 0, high = set.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (set.items[middle].atom < atom)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set.count && set.items[low].atom == atom;
}

static struct cache_entry *cached(struct mc_facts_table *table, uint32_t operation, uint32_t a, uint32_t b)
{
    uint32_t hash = (a * 0x9E3779B1u ^ b * 0x85EBCA77u ^ operation * 0xC2B2AE3Du) >> 18;
    return &table->cache[hash % CACHE_SIZE];
}

static bool is_cached(const struct cache_entry *entry, uint32_t operation, uint32_t a, uint32_t b)
{
    return entry->a == a && entry->b == b && entry->operation == operation;
}

static void keep_site(struct mc_fact *fact, uint64_t other)
{
    if (other && (!fact->site || other < fact->site))
        fact->site = other;
}

/* Drops questions, the youngest first, when there are too many. */
static size_t bound_questions(struct mc_facts_table *table, struct mc_fact *items, size_t count)
{
    size_t questions = 0, kept = 0;
    for (size_t i = 0; i < count && count > MAX_QUESTIONS; i++) {
        const struct mc_atom *atom = &table->atoms.items[items[i].atom];
        bool counts = atom->kind == MC_ATOM_TEST || atom->kind == MC_ATOM_RETURN || atom->kind == MC_ATOM_HELD || atom->kind == MC_ATOM_ANY;
        if (counts && ++questions > MAX_QUESTIONS)
            continue;
        items[kept++] = items[i];
    }
    return count > MAX_QUESTIONS ? kept : count;
}

mc_facts mc_facts_or(struct mc_facts_table *table, mc_facts a, mc_facts b)
{
    if (a == b || b == MC_FACTS_NONE)
        return a;
    if (a == MC_FACTS_NONE)
        return b;
    if (a == MC_FACTS_ALL || b == MC_FACTS_ALL)
        return MC_FACTS_ALL;
    struct cache_entry *entry = cached(table, OR, a, b);
    if (is_cached(entry, OR, a, b))
        return entry->result;
    struct mc_fact_set x = table->sets.items[a], y = table->sets.items[b];
    table->scratch.count = 0;
    size_t i = 0, j = 0;
    bool never = false;
    while (i < x.count || j < y.count) {
        struct mc_fact fact;
        if (j == y.count || (i < x.count && x.items[i].atom < y.items[j].atom)) {
            fact = x.items[i++];
        } else if (i == x.count || y.items[j].atom < x.items[i].atom) {
            fact = y.items[j++];
        } else { /* the earlier test on the way is the guard */
            fact = x.items[i++];
            if (!fact.site)
                fact.site = y.items[j].site;
            j++;
        }
        if (table->scratch.count)
            never |= contradicts(table, table->scratch.items[table->scratch.count - 1].atom, fact.atom);
        mc_push(&table->scratch, fact);
    }
    size_t count = never ? 0 : bound_questions(table, table->scratch.items, table->scratch.count);
    mc_facts result = never ? MC_FACTS_ALL : intern(table, table->scratch.items, count);
    *entry = (struct cache_entry){OR, a, b, result};
    return result;
}

mc_facts mc_facts_and(struct mc_facts_table *table, mc_facts a, mc_facts b)
{
    if (a == b || b == MC_FACTS_ALL)
        return a;
    if (a == MC_FACTS_ALL)
        return b;
    if (a == MC_FACTS_NONE || b == MC_FACTS_NONE)
        return MC_FACTS_NONE;
    struct cache_entry *entry = cached(table, AND, a, b);
    if (is_cached(entry, AND, a, b))
        return entry->result;
    struct mc_fact_set x = table->sets.items[a], y = table->sets.items[b];
    table->scratch.count = 0;
    for (size_t i = 0, j = 0; i < x.count && j < y.count;) {
        if (x.items[i].atom < y.items[j].atom) {
            i++;
        } else if (y.items[j].atom < x.items[i].atom) {
            j++;
        } else {
            struct mc_fact fact = x.items[i++];
            keep_site(&fact, y.items[j++].site);
            mc_push(&table->scratch, fact);
        }
    }
    mc_facts result = intern(table, table->scratch.items, table->scratch.count);
    *entry = (struct cache_entry){AND, a, b, result};
    return result;
}

mc_facts mc_facts_minus(struct mc_facts_table *table, mc_facts a, mc_facts b)
{
    if (a == MC_FACTS_ALL || b == MC_FACTS_NONE)
        return a;
    if (a == b || b == MC_FACTS_ALL)
        return MC_FACTS_NONE;
    struct cache_entry *entry = cached(table, MINUS, a, b);
    if (is_cached(entry, MINUS, a, b))
        return entry->result;
    struct mc_fact_set set = table->sets.items[a];
    table->scratch.count = 0;
    for (size_t i = 0; i < set.count; i++)
        if (!mc_facts_has(table, b, set.items[i].atom))
            mc_push(&table->scratch, set.items[i]);
    mc_facts result = intern(table, table->scratch.items, table->scratch.count);
    *entry = (struct cache_entry){MINUS, a, b, result};
    return result;
}

bool mc_facts_tested(struct mc_facts_table *table, mc_facts facts, uint64_t *ret_site)
{
    struct mc_fact_set set = mc_facts_get(table, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        uint32_t kind = table->atoms.items[set.items[i].atom].kind;
        if (kind == MC_ATOM_BIT || kind == MC_ATOM_XCR0 || kind == MC_ATOM_TESTED || kind == MC_ATOM_IMPLIED) {
            *ret_site = set.items[i].site;
            return true;
        }
    }
    return false;
}

static uint32_t intern_list(struct mc_facts_table *table, const mc_facts *sets, size_t count)
{
    uint32_t hash = mc_hash_words(sets, count * sizeof *sets), id;
    for (size_t at = hash; (id = mc_index_candidate(&table->lists_by_key, hash, &at)) != MC_INDEX_NONE;)
        if (table->lists.items[id].count == count && !memcmp(table->lists.items[id].items, sets, count * sizeof *sets))
            return id;
    mc_facts *copy = MC_NEW_ARRAY(table->arena, count, mc_facts);
    memcpy(copy, sets, count * sizeof *sets);
    id = (uint32_t)table->lists.count;
    mc_push(&table->lists, ((struct mc_fact_set){(const struct mc_fact *)(const void *)copy, (uint32_t)count}));
    mc_index_add(&table->lists_by_key, hash, id);
    return id;
}

const mc_facts *mc_facts_any_sets(const struct mc_facts_table *table, uint32_t list, size_t *ret_count)
{
    *ret_count = table->lists.items[list].count;
    return (const mc_facts *)(const void *)table->lists.items[list].items;
}

#define MAX_WAYS 16

/* The set as ways of which one holds: what one MC_ATOM_ANY in it lists, each with the rest. Others of that kind are given up;
 * one level is enough. 0 when nothing is left to hold. */
static size_t ways_of(struct mc_facts_table *table, mc_facts set, mc_facts ways[MAX_WAYS], size_t room)
{
    mc_facts plain = mc_facts_without_kind(table, set, MC_ATOM_ANY);
    struct mc_fact_set items = table->sets.items[set];
    for (size_t i = 0; i < items.count && plain != set; i++) {
        struct mc_atom atom = table->atoms.items[items.items[i].atom];
        size_t count;
        if (atom.kind != MC_ATOM_ANY || atom.b)
            continue;
        const mc_facts *sets = mc_facts_any_sets(table, atom.a, &count);
        if (count > room)
            continue;
        for (size_t k = 0; k < count; k++)
            ways[k] = mc_facts_or(table, mc_facts_without_kind(table, sets[k], MC_ATOM_ANY), plain);
        return count;
    }
    if (!room || plain == MC_FACTS_NONE)
        return 0;
    ways[0] = plain;
    return 1;
}

/* A test on one way, its opposite on the other, and no more: nothing follows. */
static bool are_opposite(const struct mc_facts_table *table, mc_facts a, mc_facts b)
{
    const struct mc_atom *p = NULL, *q = NULL;
    struct mc_fact_set x = table->sets.items[a], y = table->sets.items[b];
    for (uint32_t i = 0; i < x.count + y.count; i++) {
        const struct mc_atom *atom = &table->atoms.items[i < x.count ? x.items[i].atom : y.items[i - x.count].atom];
        const struct mc_atom **one = i < x.count ? &p : &q;
        if (atom->kind != MC_ATOM_TEST)
            continue;
        if (*one)
            return false;
        *one = atom;
    }
    return p && q && p->a == q->a && p->c == q->c && p->b == mc_relation_negate((enum mc_relation)q->b);
}

static bool is_vacuous(const struct mc_facts_table *table, const mc_facts ways[2])
{
    return table->sets.items[ways[0]].count == 1 && table->sets.items[ways[1]].count == 1 && are_opposite(table, ways[0], ways[1]);
}

/* Makes one of those ways that ask the same: Q and A, or Q and B, is Q and (A or B). How many are left. */
static size_t merge_ways(struct mc_facts_table *table, mc_facts ways[MAX_WAYS], size_t count, uint32_t override)
{
    mc_facts known[MAX_WAYS], asked[MAX_WAYS];
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        mc_facts way = ways[i], base = mc_facts_only_base(table, way), questions = mc_facts_minus(table, way, base);
        size_t at = 0;
        while (at < left && (asked[at] != questions || mc_facts_has(table, known[at], override)))
            at++;
        if (mc_facts_has(table, base, override))
            at = left;
        asked[at] = questions;
        known[at] = at < left ? mc_facts_either(table, known[at], base) : base;
        ways[at] = mc_facts_or(table, questions, known[at]);
        left += at == left;
    }
    return left;
}

static mc_facts any_of(struct mc_facts_table *table, const mc_facts *sets, size_t count, uint64_t site)
{
    mc_facts common = MC_FACTS_ALL;
    for (size_t i = 0; i < count; i++)
        common = mc_facts_and(table, common, sets[i]);
    if (count < 2 || common == MC_FACTS_ALL)
        return common;
    mc_facts distinct[MAX_WAYS];
    size_t used = 0;
    bool question = false;
    uint32_t override = mc_atom_id(table, (struct mc_atom){.kind = MC_ATOM_OVERRIDE});
    for (size_t i = 0; i < count; i++) {
        if (sets[i] == MC_FACTS_ALL)
            continue;
        mc_facts rest = mc_facts_minus(table, sets[i], common);
        if (rest == MC_FACTS_NONE)
            return common;
        size_t more = ways_of(table, rest, distinct + used, MAX_WAYS - used);
        if (!more && used) {
            used = merge_ways(table, distinct, used, override);
            more = ways_of(table, rest, distinct + used, MAX_WAYS - used);
        }
        if (!more)
            return common;
        used += more;
    }
    used = merge_ways(table, distinct, used, override);
    for (size_t i = 0; i < used; i++) { /* whether the user's say counts is asked, too */
        question |= mc_facts_only_base(table, distinct[i]) != distinct[i] || mc_facts_has(table, distinct[i], override);
        if (distinct[i] == MC_FACTS_NONE)
            return common;
    }
    if (used == 1)
        return mc_facts_or(table, common, distinct[0]);
    if (used < 2 || (used == 2 && is_vacuous(table, distinct)))
        return common;
    if (!question) {
        mc_facts tested = distinct[0];
        for (size_t i = 1; i < used; i++)
            tested = mc_facts_either(table, tested, distinct[i]);
        return mc_facts_or(table, common, tested);
    }
    struct mc_atom atom = {.kind = MC_ATOM_ANY, .a = intern_list(table, distinct, used)};
    return mc_facts_or(table, common, mc_facts_one(table, atom, site));
}

mc_facts mc_facts_any(struct mc_facts_table *table, const mc_facts *sets, size_t count, uint64_t site)
{
    if (count != 2 || site)
        return any_of(table, sets, count, site);
    struct cache_entry *entry = cached(table, EITHER_OF_TWO, sets[0], sets[1]);
    if (is_cached(entry, EITHER_OF_TWO, sets[0], sets[1]))
        return entry->result;
    struct cache_entry fresh = {EITHER_OF_TWO, sets[0], sets[1], any_of(table, sets, count, site)};
    *entry = fresh;
    return fresh.result;
}

/* `ways`: one of several tests is one, too. */
static bool asks_memory(const struct mc_facts_table *table, mc_facts facts, bool ways)
{
    struct mc_fact_set set = table->sets.items[facts];
    bool asks = false;
    for (uint32_t i = 0; i < set.count; i++) {
        const struct mc_atom *atom = &table->atoms.items[set.items[i].atom];
        asks |= atom->kind == MC_ATOM_TEST || atom->kind == MC_ATOM_HELD || atom->kind == MC_ATOM_ANY;
        if (atom->kind == MC_ATOM_ANY && (!ways || atom->b))
            return false;
    }
    return asks;
}

/* Without the ways of which nothing but what all tell is kept, where plain tests are left. */
static mc_facts without_same(struct mc_facts_table *table, mc_facts facts)
{
    struct mc_fact_set set = table->sets.items[facts];
    mc_facts rest = facts;
    for (uint32_t i = 0; i < set.count; i++) {
        const struct mc_atom *atom = &table->atoms.items[set.items[i].atom];
        if (atom->kind == MC_ATOM_ANY && atom->b == MC_ANY_SAME) {
            rest = mc_facts_minus(table, rest, mc_facts_one(table, *atom, set.items[i].site));
            set = table->sets.items[facts];
        }
    }
    return asks_memory(table, rest, true) ? rest : facts;
}

mc_facts mc_facts_meet(struct mc_facts_table *table, mc_facts a, mc_facts b)
{
    if (a <= MC_FACTS_ALL || b <= MC_FACTS_ALL || a == b)
        return mc_facts_and(table, a, b);
    a = without_same(table, a);
    b = without_same(table, b);
    mc_facts sets[2] = {a, b};
    bool base = mc_facts_only_base(table, a) != MC_FACTS_NONE || mc_facts_only_base(table, b) != MC_FACTS_NONE;
    if (!base && !(asks_memory(table, a, true) && asks_memory(table, b, true)))
        return mc_facts_and(table, a, b);
    return mc_facts_any(table, sets, 2, 0);
}

/* Where plain tests are left, those by which one of several things holds are given up: `x != 0`, then `x == 0x100`. */
static mc_facts without_ways(struct mc_facts_table *table, mc_facts facts)
{
    mc_facts rest = mc_facts_without_kind(table, facts, MC_ATOM_ANY);
    return asks_memory(table, rest, false) ? rest : facts;
}

void mc_facts_note_behind_pointer(struct mc_facts_table *table, uint32_t symbol)
{
    while (table->behind_pointers.count <= symbol)
        mc_push(&table->behind_pointers, 0);
    table->behind_pointers.items[symbol] = 1;
}

/* It was learnt from a word behind a pointer, too. */
static bool is_of_structure(const struct mc_facts_table *table, mc_facts facts)
{
    struct mc_fact_set set = table->sets.items[facts];
    for (uint32_t i = 0; i < set.count; i++) {
        const struct mc_atom *atom = &table->atoms.items[set.items[i].atom];
        if (atom->kind == MC_ATOM_TEST && atom->a < table->behind_pointers.count && table->behind_pointers.items[atom->a])
            return true;
    }
    return false;
}

/* One of two things holds, or a third, which has something in common with one of them: that, or the other. Less than
 * all of it only where a structure is asked, which may say in one way or another what it may be used for. */
static bool meet_ways(struct mc_facts_table *table, mc_facts ways, mc_facts third, mc_facts *ret)
{
    if (ways <= MC_FACTS_ALL || third <= MC_FACTS_ALL || table->sets.items[ways].count != 1)
        return false;
    const struct mc_atom *atom = &table->atoms.items[table->sets.items[ways].items[0].atom];
    size_t count, most = 0, at = 0;
    if (atom->kind != MC_ATOM_ANY || atom->b != MC_ANY_SAME)
        return false;
    const mc_facts *sets = mc_facts_any_sets(table, atom->a, &count);
    mc_facts merged[MAX_WAYS], shared;
    bool of_structure = is_of_structure(table, third);
    for (size_t i = 0; i < count && count <= MAX_WAYS; i++) {
        merged[i] = sets[i];
        of_structure |= is_of_structure(table, sets[i]);
        shared = mc_facts_and(table, sets[i], third);
        if (shared != MC_FACTS_NONE && table->sets.items[shared].count > most) {
            most = table->sets.items[shared].count;
            at = i;
        }
    }
    if (!most)
        return false;
    merged[at] = mc_facts_and(table, merged[at], third);
    bool same = table->sets.items[merged[at]].count == table->sets.items[sets[at]].count; /* whichever instruction tested it */
    if (!of_structure && !same) /* the third is none of them */
        return false;
    struct mc_atom either = {.kind = MC_ATOM_ANY, .a = intern_list(table, merged, count), .b = MC_ANY_SAME};
    *ret = mc_facts_one(table, either, 0);
    return true;
}

mc_facts mc_facts_meet_states(struct mc_facts_table *table, mc_facts a, mc_facts b)
{
    mc_facts common = mc_facts_and(table, a, b);
    if (a <= MC_FACTS_ALL || b <= MC_FACTS_ALL || a == b)
        return common;
    mc_facts sets[2] = {without_ways(table, mc_facts_minus(table, a, common)), without_ways(table, mc_facts_minus(table, b, common))};
    bool base[2];
    mc_facts third;
    if (mc_facts_meet_default(table, mc_facts_minus(table, a, common), mc_facts_minus(table, b, common), &third) ||
        meet_ways(table, sets[0], sets[1], &third) || meet_ways(table, sets[1], sets[0], &third))
        return mc_facts_or(table, common, third);
    for (int i = 0; i < 2; i++)
        base[i] = mc_facts_only_base(table, sets[i]) != MC_FACTS_NONE;
    if (base[0] && base[1])
        return mc_facts_and_implied(table, a, b);
    if (!sets[0] || !sets[1] || !asks_memory(table, sets[base[0]], false))
        return common;
    if (!base[0] && !base[1] && (!asks_memory(table, sets[1], false) || are_opposite(table, sets[0], sets[1])))
        return common;
    struct mc_atom atom = {.kind = MC_ATOM_ANY, .a = intern_list(table, sets, 2), .b = MC_ANY_SAME};
    return mc_facts_or(table, common, mc_facts_one(table, atom, 0));
}

mc_facts mc_facts_inferred(struct mc_facts_table *table, mc_facts facts)
{
    if (facts == MC_FACTS_NONE)
        return MC_FACTS_NONE;
    struct mc_atom atom = {.kind = MC_ATOM_ANY, .a = intern_list(table, &facts, 1), .b = MC_ANY_INFERRED};
    return mc_facts_one(table, atom, 0);
}

mc_facts mc_facts_at_site(struct mc_facts_table *table, mc_facts facts, uint64_t site)
{
    if (facts <= MC_FACTS_ALL || !site)
        return facts;
    struct mc_fact_set set = table->sets.items[facts];
    table->scratch.count = 0;
    for (size_t i = 0; i < set.count; i++) {
        struct mc_fact fact = {.atom = set.items[i].atom, .site = site};
        mc_push(&table->scratch, fact);
    }
    return intern(table, table->scratch.items, table->scratch.count);
}

mc_facts mc_facts_without_kind(struct mc_facts_table *table, mc_facts facts, enum mc_atom_kind kind)
{
    if (facts <= MC_FACTS_ALL)
        return facts;
    struct cache_entry *entry = cached(table, WITHOUT_KIND, facts, kind);
    if (is_cached(entry, WITHOUT_KIND, facts, kind))
        return entry->result;
    struct mc_fact_set set = table->sets.items[facts];
    table->scratch.count = 0;
    for (size_t i = 0; i < set.count; i++)
        if (table->atoms.items[set.items[i].atom].kind != kind)
            mc_push(&table->scratch, set.items[i]);
    mc_facts result = table->scratch.count == set.count ? facts : intern(table, table->scratch.items, table->scratch.count);
    *entry = (struct cache_entry){WITHOUT_KIND, facts, kind, result};
    return result;
}

mc_facts mc_facts_only_base(struct mc_facts_table *table, mc_facts facts)
{
    if (facts <= MC_FACTS_ALL)
        return MC_FACTS_NONE;
    struct cache_entry *entry = cached(table, ONLY_BASE, facts, 0);
    if (is_cached(entry, ONLY_BASE, facts, 0))
        return entry->result;
    struct mc_fact_set set = table->sets.items[facts];
    table->scratch.count = 0;
    for (size_t i = 0; i < set.count; i++)
        if (mc_atom_is_base(&table->atoms.items[set.items[i].atom]))
            mc_push(&table->scratch, set.items[i]);
    mc_facts result = intern(table, table->scratch.items, table->scratch.count);
    *entry = (struct cache_entry){ONLY_BASE, facts, 0, result};
    return result;
}
