/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/proof/explain.h"

struct mc_why *mc_why_new(struct mc_why_builder *b, enum mc_why_kind kind, uint64_t address, const char *text)
{
    struct mc_why *why = MC_NEW(b->arena, struct mc_why);
    why->kind = kind;
    why->address = address;
    why->text = mc_arena_strdup(b->arena, text); /* it may be the prover's */
    why->known = "";
    if (address && mc_image_is_code(b->prover->image, address)) {
        why->function = mc_function_name(b->prover, address);
        why->function_address = mc_function_extent(b->prover, address).start;
    }
    b->steps++;
    return why;
}

mc_facts mc_why_answer(struct mc_why_builder *b, mc_facts facts)
{
    return mc_resolve(b->prover, facts, b->inferring);
}

/* Nearest first: what was tested in the code itself, what was remembered, what held before. */
static unsigned rank(const struct mc_atom *atom)
{
    static const unsigned ranks[] = {[MC_ATOM_TEST] = 1, [MC_ATOM_HELD] = 2, [MC_ATOM_BOUND] = 2, [MC_ATOM_ANY] = 2, [MC_ATOM_RETURN] = 3, [MC_ATOM_ENTRY] = 4};
    return mc_atom_is_base(atom) ? 0 : ranks[atom->kind];
}

mc_facts mc_why_core(struct mc_why_builder *b, mc_facts facts, mc_facts goal)
{
    struct mc_facts_table *t = b->prover->facts;
    mc_facts core = MC_FACTS_NONE, left = goal;
    if (facts <= MC_FACTS_ALL)
        return MC_FACTS_NONE;
    for (unsigned r = 0; r <= 4 && left != MC_FACTS_NONE; r++) {
        struct mc_fact_set set = mc_facts_get(t, facts);
        for (uint32_t i = 0; i < set.count && left != MC_FACTS_NONE; i++) {
            struct mc_atom atom = mc_atom_get(t, set.items[i].atom);
            if (rank(&atom) != r)
                continue;
            mc_facts one = mc_facts_one(t, atom, set.items[i].site), answer = mc_why_answer(b, one);
            mc_facts rest = answer == MC_FACTS_ALL ? MC_FACTS_NONE : mc_facts_minus(t, left, answer);
            if (rest == left)
                continue;
            core = mc_facts_or(t, core, one);
            left = rest;
        }
    }
    return core;
}

static struct mc_why *add_step(struct mc_why ***tail, struct mc_why *why)
{
    **tail = why;
    *tail = &why->next;
    return why;
}

static const char *asked_text(const struct mc_prover *prover, mc_facts facts, uint64_t site, bool loader)
{
    struct mc_fact_set set = mc_facts_get(prover->facts, facts);
    bool tried = true;
    for (uint32_t i = 0; i < set.count && tried; i++)
        tried = mc_atom_get(prover->facts, set.items[i].atom).kind == MC_ATOM_HANDLER;
    if (tried)
        return "prepares a trial, or looks at one: how it ends decides";
    for (size_t i = 0; i < prover->references->cpuid_site_count; i++)
        if (prover->references->cpuid_sites[i] == site)
            return "this is what the CPU says here";
    return loader ? "glibc's loader refuses the file where this is missing (its GNU property note)"
                  : "tests what the CPU said";
}

/* What CPUID itself said, one step for each instruction that tests it. */
static void build_asked(struct mc_why_builder *b, struct mc_why ***tail, mc_facts core)
{
    struct mc_prover *prover = b->prover;
    mc_facts base = mc_facts_only_base(prover->facts, core);
    while (base > MC_FACTS_ALL) {
        struct mc_fact_set set = mc_facts_get(prover->facts, base);
        uint64_t site = set.items[0].site;
        mc_facts here = MC_FACTS_NONE, rest = MC_FACTS_NONE;
        for (uint32_t i = 0; i < set.count; i++) {
            struct mc_atom atom = mc_atom_get(prover->facts, set.items[i].atom);
            mc_facts one = mc_facts_one(prover->facts, atom, set.items[i].site);
            mc_facts *to = set.items[i].site == site ? &here : &rest;
            *to = mc_facts_or(prover->facts, *to, one);
        }
        bool loader = !site && mc_facts_minus(prover->facts, here, prover->loader_facts) == MC_FACTS_NONE;
        struct mc_why *why = add_step(
            tail, mc_why_new(b, loader ? MC_WHY_LOADER : MC_WHY_ASKED, site, asked_text(prover, here, site, loader)));
        why->known = mc_facts_text(prover, b->arena, here);
        base = rest;
    }
}

static struct mc_why *seen_before(const struct mc_why_builder *b, uint32_t atom)
{
    for (size_t i = 0; i < b->seen.count; i++)
        if (b->seen.items[i].atom == atom)
            return b->seen.items[i].why;
    return NULL;
}

struct shown { /* ways of one question, so far */
    mc_facts cores[MC_WHY_WAYS];
    uint64_t addresses[MC_WHY_WAYS];
    size_t count;
};

/* The same instruction, reached in another way that makes no difference. */
static bool is_told(const struct shown *shown, uint64_t address, mc_facts core)
{
    for (size_t i = 0; i < shown->count; i++)
        if (shown->addresses[i] == address && shown->cores[i] == core)
            return true;
    return false;
}

/* What a way contributes to the goal. Where ways tested different things, that something was tested is all that
 * remains. */
static mc_facts aim_of(struct mc_why_builder *b, mc_facts answer, mc_facts goal)
{
    struct mc_facts_table *t = b->prover->facts;
    struct mc_atom tested = {.kind = MC_ATOM_TESTED};
    mc_facts counts = mc_facts_and(t, answer, goal);
    bool any = counts == MC_FACTS_NONE && goal != MC_FACTS_NONE && mc_facts_has(t, goal, mc_atom_id(t, tested));
    return any ? mc_facts_only_base(t, answer) : counts;
}

static void build_ways(struct mc_why_builder *b, struct mc_why *why, const struct mc_atom *atom, mc_facts goal,
                       unsigned level)
{
    struct mc_why **tail = &why->below;
    struct mc_ways ways;
    struct shown shown = {.count = 0};
    mc_ways_of(b->prover, atom, b->inferring, &ways);
    for (size_t i = 0; i < ways.count; i++) {
        const struct mc_way *way = &ways.items[i];
        mc_facts answer = mc_why_answer(b, way->facts);
        if (answer == MC_FACTS_ALL) {
            why->unfit++;
            continue;
        }
        mc_facts aim = aim_of(b, answer, goal), core = mc_why_core(b, way->facts, aim);
        if (is_told(&shown, way->address, core))
            continue;
        if (shown.count == MC_WHY_WAYS || b->steps >= MC_WHY_STEPS) {
            why->more++;
            continue;
        }
        shown.addresses[shown.count] = way->address;
        shown.cores[shown.count++] = core;
        bool left_out =
            aim == MC_FACTS_NONE && goal != MC_FACTS_NONE; /* stray or foreign: resolve.c, facts_of_values */
        const char *text = left_out ? mc_arena_printf(b->arena, "%s; left out, as an inference", way->text) : way->text;
        struct mc_why *step = add_step(&tail, mc_why_new(b, way->root ? MC_WHY_ROOT : MC_WHY_WAY, way->address, text));
        step->known = mc_facts_text(b->prover, b->arena, aim);
        step->below = mc_why_build(b, core, aim, level + 1);
    }
    if (ways.doubtful)
        why->text = mc_arena_printf(b->arena, "%s (an inference: not all that may store there was seen)", why->text);
}

static enum mc_why_kind kind_of(const struct mc_atom *atom)
{
    return atom->kind == MC_ATOM_ENTRY    ? MC_WHY_ENTERED
           : atom->kind == MC_ATOM_RETURN ? MC_WHY_RETURNED
           : atom->kind == MC_ATOM_ANY    ? MC_WHY_EITHER
                                          : MC_WHY_QUESTION;
}

static const char *question_text(struct mc_why_builder *b, const struct mc_atom *atom)
{
    switch (atom->kind) {
    case MC_ATOM_ENTRY:
        return mc_arena_printf(b->arena, "every way into %s", mc_place_text(b->prover, b->arena, atom->c));
    case MC_ATOM_RETURN:
        return mc_arena_printf(b->arena, "%s has returned", mc_place_text(b->prover, b->arena, atom->c));
    case MC_ATOM_HELD:
        return mc_arena_printf(b->arena, "goes on only where a pointer is %s, whose address is handed out in few places",
                               mc_place_text(b->prover, b->arena, atom->c));
    case MC_ATOM_ANY:
        return "one of these holds";
    default:
        return mc_arena_printf(b->arena, "goes on only where %s", mc_test_text(b->prover, b->arena, atom));
    }
}

/* A word in which something else than CPUID's answer can be stored, too (resolve.c, facts_of_cell). */
static bool is_overridable(const struct mc_prover *prover, const struct mc_atom *atom, mc_facts answer)
{
    if (atom->kind != MC_ATOM_TEST)
        return false;
    uint32_t kind = mc_symbol_get(prover->values, atom->a).kind;
    return (kind == MC_SYM_CELL || kind == MC_SYM_TLS || kind == MC_SYM_LOAD) &&
           mc_facts_have_override(prover->facts, answer);
}

static void build_question(struct mc_why_builder *b, struct mc_why ***tail, const struct mc_fact *fact, mc_facts goal,
                           unsigned level)
{
    struct mc_facts_table *t = b->prover->facts;
    struct mc_atom atom = mc_atom_get(t, fact->atom);
    mc_facts answer = mc_why_answer(b, mc_facts_one(t, atom, fact->site));
    mc_facts counts = answer == MC_FACTS_ALL ? goal : mc_facts_and(t, answer, goal);
    struct mc_why *why = add_step(tail, mc_why_new(b, kind_of(&atom), fact->site, question_text(b, &atom)));
    why->known = mc_facts_text(b->prover, b->arena, counts);
    struct mc_why *before = seen_before(b, fact->atom);
    if (before) {
        if (!before->number)
            before->number = ++b->numbers;
        why->see = before;
        return;
    }
    if (is_overridable(b->prover, &atom, answer))
        why->text = mc_arena_printf(b->arena, "%s (its default: something else than CPUID can be stored there, too)",
                                    why->text);
    mc_push(&b->seen, ((struct mc_why_seen){fact->atom, why}));
    if (level < MC_WHY_LEVELS && b->steps < MC_WHY_STEPS)
        build_ways(b, why, &atom, counts, level);
    else
        why->text = mc_arena_printf(b->arena, "%s (what is behind it is not shown)", why->text);
}

struct mc_why *mc_why_build(struct mc_why_builder *b, mc_facts facts, mc_facts goal, unsigned level)
{
    struct mc_why *first = NULL, **tail = &first;
    mc_facts core = mc_why_core(b, facts, goal);
    build_asked(b, &tail, core);
    for (unsigned r = 1; r <= 4; r++) {
        struct mc_fact_set set = mc_facts_get(b->prover->facts, core);
        for (uint32_t i = 0; i < set.count; i++) {
            struct mc_atom atom = mc_atom_get(b->prover->facts, set.items[i].atom);
            if (rank(&atom) == r)
                build_question(b, &tail, &set.items[i], goal, level);
        }
    }
    return first;
}
