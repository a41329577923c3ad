/* SPDX-License-Identifier: Apache-2.0 */
/* Facts: what is known at a program point, as sets of atoms.
 *
 * A base atom speaks of the CPU itself: "bit 19 of leaf 1 ECX is 1". Every other atom is a question about another part of
 * the program that the resolver (resolve.h) answers when, and only when, a verdict depends on it: "cell 0x4010 is not 0",
 * "whatever holds at the entry of 0x1180". So the evaluation of one function needs no other function.
 *
 * Sets are interned: equal ids mean equal sets. MC_FACTS_NONE is the empty set; MC_FACTS_ALL is the set of a point that
 * cannot be reached (it implies everything): identity of intersection, absorbing in union. Each fact carries the address of
 * the instruction that tested it, as evidence; it takes no part in matching atoms. */
#ifndef MC_SCANNER_PROOF_FACTS_H
#define MC_SCANNER_PROOF_FACTS_H

#include "base/arena.h"
#include "base/vector.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Keys here are whole 4-byte words; uthash's own function looks at every byte. Include this header before uthash.h. */
static inline unsigned mc_hash_words(const void *key, size_t size)
{
    const unsigned char *bytes = key;
    uint64_t hash = size, word;
    uint32_t half;
    for (; size >= 8; size -= 8, bytes += 8) {
        memcpy(&word, bytes, 8);
        hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    if (size >= 4) {
        memcpy(&half, bytes, 4);
        hash = (hash ^ half) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    return (unsigned)(hash ^ hash >> 32);
}
#define HASH_FUNCTION(key, size, hash) ((hash) = mc_hash_words((key), (size)))

typedef uint32_t mc_facts;
#define MC_FACTS_NONE ((mc_facts)0)
#define MC_FACTS_ALL ((mc_facts)1)

enum mc_atom_kind {
    /* base atoms */
    MC_ATOM_BIT,      /* a leaf, b subleaf, c = register << 8 | bit << 1 | value */
    MC_ATOM_XCR0,     /* c = bit << 1 | value */
    MC_ATOM_MAX_LEAF, /* a = 0 or 0x80000000: CPUID(a).EAX >= c */
    MC_ATOM_TESTED,   /* something that came from CPUID was tested, but what follows is not tracked */
    MC_ATOM_IMPLIED,  /* feature c, or on some way only feature a, which no known CPU has without it */
    MC_ATOM_OVERRIDE, /* something else than CPUID can also set what was tested: an option, a setter (design.md 5.1) */
    MC_ATOM_HANDLER,  /* what goes on was tried: a resumable SIGILL handler is installed, or a child tries (a = 0); the result
                         of the instruction at c was looked at (a = MC_TRIED_RESULT) */
    /* questions */
    MC_ATOM_TEST,     /* a symbol, b relation, c constant */
    MC_ATOM_ENTRY,    /* c address: what holds whenever execution comes to this entry from elsewhere */
    MC_ATOM_RETURN,   /* c address: what holds after a normal return of this function */
    MC_ATOM_HELD,     /* c address of code: some pointer holds it, so what holds wherever it is handed out */
    MC_ATOM_BOUND,    /* symbol a is no more than symbol c, b = 1: as signed numbers; an answer to nothing by itself: bounds.c */
    MC_ATOM_ANY,      /* a = id of a list of sets, of which at least one holds; b = enum mc_any */
};

#define MC_TRIED_RESULT 3

enum mc_any {
    MC_ANY_TESTED,   /* where all were tested, that something was remains */
    MC_ANY_SAME,     /* that something was tested is not enough */
    MC_ANY_INFERRED, /* and only by inference */
};

/* MC_WITHIN: of `count` numbers from `low` on, which go round at the width; the constant is mc_range(low, count). */
enum mc_relation { MC_EQ, MC_NE, MC_BELOW, MC_NOT_BELOW, MC_LESS, MC_NOT_LESS, MC_WITHIN, MC_NOT_WITHIN, MC_BIT_SET, MC_BIT_CLEAR };

static inline uint64_t mc_range(uint32_t low, uint32_t count)
{
    return (uint64_t)count << 32 | low;
}

static inline enum mc_relation mc_relation_negate(enum mc_relation relation)
{
    return (enum mc_relation)(relation ^ 1); /* the enumerators stand in pairs */
}

struct mc_atom {
    uint32_t kind, a, b, padding;
    uint64_t c;
};

struct mc_fact {
    uint32_t atom; /* id, see mc_atom_get */
    uint32_t padding;
    uint64_t site; /* address of the testing instruction, 0 when none */
};

struct mc_fact_set {
    const struct mc_fact *items; /* sorted by atom */
    uint32_t count;
};

struct mc_facts_table;

struct mc_facts_table *mc_facts_table_new(struct mc_arena *arena);
void mc_facts_table_free(struct mc_facts_table *table);

uint32_t mc_atom_id(struct mc_facts_table *table, struct mc_atom atom);
struct mc_atom mc_atom_get(const struct mc_facts_table *table, uint32_t id);
bool mc_atom_is_base(const struct mc_atom *atom);

mc_facts mc_facts_one(struct mc_facts_table *table, struct mc_atom atom, uint64_t site);
mc_facts mc_facts_or(struct mc_facts_table *table, mc_facts a, mc_facts b);  /* both hold: union */
mc_facts mc_facts_and(struct mc_facts_table *table, mc_facts a, mc_facts b); /* either may hold: intersection */
mc_facts mc_facts_minus(struct mc_facts_table *table, mc_facts a, mc_facts b);
/* Either may hold; where both tested what CPUID said, that something was tested remains, although not what; and where one has a
 * feature, and the other one that implies it on every known CPU, that remains (MC_ATOM_IMPLIED). facts_either.c */
mc_facts mc_facts_either(struct mc_facts_table *table, mc_facts a, mc_facts b);
/* Their intersection, and the latter. */
mc_facts mc_facts_and_implied(struct mc_facts_table *table, mc_facts a, mc_facts b);
/* Where two ways meet: like mc_facts_any when something of CPUID is known on one of them, else the intersection. */
mc_facts mc_facts_meet(struct mc_facts_table *table, mc_facts a, mc_facts b);
/* Two states meet: what both know; and where CPUID itself was asked on one way and a memory of it on the other, that either
 * holds (MC_ATOM_ANY). Two answers of CPUID that differ leave nothing. */
mc_facts mc_facts_meet_states(struct mc_facts_table *table, mc_facts a, mc_facts b);
/* Where the user chose on one of two ways (MC_ATOM_OVERRIDE), and CPUID was asked on the other, that either holds: *ret. False when
 * it is not so. facts_either.c */
bool mc_facts_meet_default(struct mc_facts_table *table, mc_facts a, mc_facts b, mc_facts *ret);
/* Several ways, one by one, each with the answers to its questions: what holds whichever it was. A way on which the user chose,
 * and CPUID was not asked, counts for nothing beside ways that do, where inference is allowed (design.md 5.1). Start with
 * {.any = MC_FACTS_ALL, .unchosen = MC_FACTS_ALL}; facts_either.c */
struct mc_facts_ways {
    mc_facts any, unchosen;
    bool inferring;
};
void mc_facts_add_way(struct mc_facts_table *table, struct mc_facts_ways *ways, mc_facts way, mc_facts answer);
mc_facts mc_facts_of_ways(struct mc_facts_table *table, const struct mc_facts_ways *ways); /* ALL: there was none */
/* At least one of the sets holds: their intersection, plus what the resolver can make of the rest. */
mc_facts mc_facts_any(struct mc_facts_table *table, const mc_facts *sets, size_t count, uint64_t site);
/* The set holds by inference only. */
mc_facts mc_facts_inferred(struct mc_facts_table *table, mc_facts facts);
/* Every fact's site replaced; used when an answer travels up to the test that asked for it. */
mc_facts mc_facts_at_site(struct mc_facts_table *table, mc_facts facts, uint64_t site);
mc_facts mc_facts_without_kind(struct mc_facts_table *table, mc_facts facts, enum mc_atom_kind kind);
mc_facts mc_facts_only_base(struct mc_facts_table *table, mc_facts facts); /* without questions; of ALL: NONE */
struct mc_fact_set mc_facts_get(const struct mc_facts_table *table, mc_facts facts); /* ALL reads as empty */
const mc_facts *mc_facts_any_sets(const struct mc_facts_table *table, uint32_t list, size_t *ret_count);
/* Something in the set was learnt by a test of what CPUID said. */
/* MC_ATOM_OVERRIDE alone; and whether it is among the facts (of ALL: no). facts_either.c */
mc_facts mc_facts_override(struct mc_facts_table *table);
bool mc_facts_have_override(struct mc_facts_table *table, mc_facts facts);
/* A feature, or the CPU's family and model. */
bool mc_facts_tell_bits(const struct mc_facts_table *table, mc_facts facts);
bool mc_facts_tested(struct mc_facts_table *table, mc_facts facts, uint64_t *ret_site);
bool mc_facts_has(const struct mc_facts_table *table, mc_facts facts, uint32_t atom);

/* The symbol is a word behind a pointer: where several tests of such meet, one of which holds, they are kept. */
void mc_facts_note_behind_pointer(struct mc_facts_table *table, uint32_t symbol);

static inline struct mc_atom mc_atom_bit(uint32_t leaf, uint32_t subleaf, unsigned reg, unsigned bit, bool value)
{
    return (struct mc_atom){.kind = MC_ATOM_BIT, .a = leaf, .b = subleaf, .c = (uint64_t)reg << 8 | bit << 1 | value};
}

static inline struct mc_atom mc_atom_test(uint32_t symbol, enum mc_relation relation, uint64_t constant)
{
    return (struct mc_atom){.kind = MC_ATOM_TEST, .a = symbol, .b = relation, .c = constant};
}

#endif
