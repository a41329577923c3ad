/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to answers.
 *
 * Every atom is one equation: an intersection, over the ways it can come true, of unions of other atoms. Equations that depend
 * on one another in a circle (`flags |= more`, recursion, loops of calls) are solved as a greatest fixed point: each starts at
 * "everything" and shrinks until nothing changes. An answer found inside an unfinished circle is used only within the round
 * that found it (its stamp) and never published. */
#include "scanner/proof/alias.h"
#include "scanner/proof/foreign.h"
#include "scanner/proof/kernel.h"
#include "scanner/proof/machine.h"

#include <string.h>

#define MEMORY_LIMIT ((size_t)192 << 20) /* bytes of one file's evaluations, facts and values */
#define MAX_DEPTH 3000 /* questions behind questions; deeper ones answer "nothing is known" */

struct answer {
    mc_facts value;
    bool done, active;
    unsigned depth, low, stamp;
    unsigned age; /* as the resolver's; another one: void */
};

struct set_answer {
    mc_facts value;
    unsigned age;
};

struct mc_resolver {
    MC_VECTOR(struct answer *) answers; /* by atom * 2 + inferring; the arena's. NULL: never asked */
    MC_VECTOR(struct set_answer) sets;  /* by facts * 2 + inferring */
    unsigned age;                       /* grows when answers are forgotten; never 0 */
    unsigned depth, stamp;
    bool exports_are_roots; /* those to which nothing else leads but a circle */
    bool export_in_circle;  /* there was one, perhaps */
};

void mc_resolver_new(struct mc_prover *prover)
{
    prover->resolver = MC_NEW(&prover->arena, struct mc_resolver);
    prover->resolver->stamp = prover->resolver->age = 1;
}

void mc_resolver_free(struct mc_prover *prover)
{
    mc_vector_free(&prover->resolver->answers);
    mc_vector_free(&prover->resolver->sets);
}

void mc_resolver_forget(struct mc_prover *prover)
{
    prover->resolver->age++;
    mc_incoming_forget(prover);
}

struct question {
    struct mc_prover *prover;
    bool inferring;
    unsigned *low; /* depth of the outermost unfinished question that this one leaned on */
};

static mc_facts answer_atom(struct question *q, uint32_t atom);

/* The base atoms of a set and the answers to its questions, together. */
static mc_facts answer_set(struct question *q, mc_facts facts)
{
    struct mc_facts_table *t = q->prover->facts;
    if (facts <= MC_FACTS_ALL || mc_facts_only_base(t, facts) == facts)
        return facts;
    struct mc_fact_set set = mc_facts_get(t, facts);
    mc_facts result = MC_FACTS_NONE;
    for (uint32_t i = 0; i < set.count && result != MC_FACTS_ALL; i++) {
        struct mc_atom atom = mc_atom_get(t, set.items[i].atom);
        if (mc_atom_is_base(&atom))
            result = mc_facts_or(t, result, mc_facts_one(t, atom, set.items[i].site));
        else
            result = mc_facts_or(t, result, mc_facts_at_site(t, answer_atom(q, set.items[i].atom), set.items[i].site));
    }
    return result;
}

static struct mc_facts_ways no_way_yet(const struct question *q)
{
    return (struct mc_facts_ways){.any = MC_FACTS_ALL, .unchosen = MC_FACTS_ALL, .inferring = q->inferring};
}

/* Nothing is left that another way could still take away. */
static bool is_settled(const struct mc_facts_ways *ways)
{
    return ways->any == MC_FACTS_NONE && ways->unchosen == MC_FACTS_NONE;
}

static void add_way(struct question *q, struct mc_facts_ways *ways, mc_facts facts)
{
    if (!is_settled(ways))
        mc_facts_add_way(q->prover->facts, ways, facts, answer_set(q, facts));
}

static mc_facts of_ways(const struct question *q, const struct mc_facts_ways *ways)
{
    return mc_facts_of_ways(q->prover->facts, ways);
}

/* What held before the loader or another module could send control to this root: every initialiser that ran before it and
 * returned, and the loader's own check of the GNU property note. */
static mc_facts facts_of_root(struct question *q, uint64_t entry)
{
    struct mc_prover *prover = q->prover;
    const struct mc_image *image = prover->image;
    mc_facts result = prover->loader_facts;
    const struct mc_entry *known = mc_entry_at(prover->entries, entry);
    if (known && known->sources & MC_ENTRY_IFUNC)
        return result; /* resolvers run before initialisers */
    for (size_t i = 0; i < image->initialiser_count && image->initialisers[i] != entry; i++) {
        if (image->module)
            result = mc_facts_or(prover->facts, result, answer_set(q, mc_kernel_loaded(prover, image->initialisers[i])));
        if (!mc_may_gate(prover, image->initialisers[i]))
            continue;
        struct mc_atom atom = {.kind = MC_ATOM_RETURN, .c = image->initialisers[i]};
        result = mc_facts_or(prover->facts, result, answer_set(q, mc_facts_one(prover->facts, atom, 0)));
    }
    return result;
}

static mc_facts ask_entry(struct question *q, uint64_t entry)
{
    if (mc_is_root(q->prover, entry, q->inferring, NULL))
        return facts_of_root(q, entry);
    struct mc_incoming_list list = mc_incoming_of(q->prover, entry);
    if (!list.count && mc_address_is_held(q->prover, entry))
        return MC_FACTS_NONE;
    struct mc_facts_ways ways = no_way_yet(q);
    for (size_t i = 0; i < list.count && !is_settled(&ways); i++)
        if (!q->inferring || !list.items[i].listed)
            add_way(q, &ways, list.items[i].facts);
    mc_facts result = of_ways(q, &ways);
    if (result != MC_FACTS_ALL || !mc_is_root(q->prover, entry, false, NULL))
        return result;
    q->prover->resolver->export_in_circle = true;
    return q->prover->resolver->exports_are_roots ? facts_of_root(q, entry) : result;
}

/* Some pointer was found to be this address: it was handed out somewhere. */
static mc_facts ask_held(struct question *q, uint64_t address)
{
    struct mc_incoming_list list = mc_incoming_of(q->prover, address);
    struct mc_facts_ways ways = no_way_yet(q);
    if (mc_is_given_root(q->prover, address, NULL) || (mc_image_exports(q->prover->image, address) && !q->inferring))
        return MC_FACTS_NONE;
    for (size_t i = 0; i < list.count && !is_settled(&ways); i++)
        if (mc_hands_out(list.items[i].kind) && !(q->inferring && list.items[i].left))
            add_way(q, &ways, list.items[i].facts);
    mc_facts result = of_ways(q, &ways);
    return result == MC_FACTS_ALL ? MC_FACTS_NONE : result; /* that nobody is seen to do so is no proof */
}

static mc_facts ask_return(struct question *q, uint64_t entry)
{
    struct mc_evaluation *evaluation = mc_return_is_relevant(q->prover, entry) ? mc_evaluate(q->prover, entry) : NULL;
    if (evaluation)
        evaluation->needed = true;
    if (!evaluation || !evaluation->complete)
        return MC_FACTS_NONE;
    struct mc_facts_ways ways = no_way_yet(q);
    for (size_t i = 0; i < evaluation->event_count && !is_settled(&ways); i++) {
        const struct mc_event *event = &evaluation->events[i];
        if (event->kind == MC_EVENT_RETURN)
            add_way(q, &ways, event->facts);
        else if (event->kind == MC_EVENT_REFERENCE && event->escape == MC_ESCAPE_JUMP) {
            struct mc_atom next = {.kind = MC_ATOM_RETURN, .c = mc_final_target(q->prover, event->target)};
            mc_facts facts = event->facts;
            if (!mc_import_name(q->prover, next.c))
                facts = mc_facts_or(q->prover->facts, facts, mc_facts_one(q->prover->facts, next, 0));
            add_way(q, &ways, facts);
        }
    }
    mc_facts result = of_ways(q, &ways);
    /* No return seen is no proof that there is none: functions that never return are told by their control flow. */
    return result == MC_FACTS_ALL ? MC_FACTS_NONE : result;
}

struct test {
    enum mc_relation relation;
    uint64_t constant;
    unsigned width;
    bool stored; /* of what somebody stored, not of the initial value */
};

static mc_facts way_of_value(struct question *q, mc_value value, const struct test *test, mc_facts facts)
{
    mc_facts implied = mc_value_test(q->prover->values, value, test->relation, test->constant, test->width);
    mc_facts bounds = mc_facts_of_bounds(q->prover, value, test->relation, test->constant, facts);
    return mc_facts_or(q->prover->facts, mc_facts_or(q->prover->facts, implied, bounds), facts);
}

static mc_facts handler_fact(struct question *q)
{
    struct mc_atom atom = {.kind = MC_ATOM_HANDLER};
    return mc_facts_one(q->prover->facts, atom, 0);
}

/* Anything at all, through a pointer to something near: another object that nothing tells from this one, most likely. */
static bool is_stray(const struct mc_cell_value *item)
{
    return item->value == MC_TOP && !item->direct;
}

/* A number of which nothing is known: the value of an option or a setter's argument. */
static bool is_foreign(struct question *q, mc_value value)
{
    struct mc_value_data data;
    mc_value_get(q->prover->values, value, &data);
    if (data.kind == MC_VALUE_PAIR)
        return is_foreign(q, (mc_value)data.known) || is_foreign(q, (mc_value)data.constant);
    if (data.kind == MC_VALUE_BITS) /* at most, which bits it never has, or always */
        return data.count == 0;
    bool symbol = data.kind == MC_VALUE_MASKED || (data.kind == MC_VALUE_CASES && data.count == 1 && data.cases[0].base);
    return (data.kind == MC_VALUE_TOP || symbol) && !mc_value_tells(q->prover, value);
}

static bool is_asked(struct question *q, const struct mc_cell_value *item)
{
    return mc_value_provenance(q->prover->values, item->value) != MC_FACTS_NONE || mc_value_tells(q->prover, item->value) ||
           mc_facts_only_base(q->prover->facts, item->facts) != MC_FACTS_NONE;
}

static mc_facts facts_of_values(struct question *q, const struct mc_cell_values *cell, const struct test *test, bool defaults)
{
    struct mc_facts_ways ways = no_way_yet(q);
    for (size_t i = 0; i < cell->count && !is_settled(&ways); i++) {
        if (test->stored && cell->items[i].direct && !cell->items[i].site)
            continue;
        if ((q->inferring && is_stray(&cell->items[i])) || (defaults && is_foreign(q, cell->items[i].value)))
            continue;
        add_way(q, &ways, way_of_value(q, cell->items[i].value, test, cell->items[i].facts));
    }
    return of_ways(q, &ways);
}

static mc_facts facts_of_cell(struct question *q, const struct mc_cell_values *cell, const struct test *test)
{
    if (!cell->complete && (!q->inferring || !cell->count))
        return MC_FACTS_NONE;
    size_t known = cell->count;
    bool asked = false, foreign = false;
    for (size_t i = 0; i < cell->count; i++) {
        known -= q->inferring && is_stray(&cell->items[i]);
        asked |= is_asked(q, &cell->items[i]);
        foreign |= is_foreign(q, cell->items[i].value);
    }
    if (known < 2) /* nobody is seen to write it: rather a writer that we miss than a constant */
        return MC_FACTS_NONE;
    mc_facts result = facts_of_values(q, cell, test, false);
    if (!q->inferring || !asked || !foreign || mc_facts_tell_bits(q->prover->facts, result))
        return result;
    result = facts_of_values(q, cell, test, true); /* the verdict is that of the default */
    return mc_facts_or(q->prover->facts, result, mc_facts_override(q->prover->facts));
}

static mc_facts ask_unwritten(struct question *q, const struct mc_symbol_key *key, const struct test *test)
{
    struct mc_cell_values cell;
    if (!q->inferring || !mc_cell_is_never_written(q->prover, key->a, key->width / 8))
        return MC_FACTS_NONE;
    mc_cell_writers(q->prover, key->a, key->width / 8, &cell);
    return cell.count ? facts_of_values(q, &cell, test, false) : MC_FACTS_NONE;
}

/* What a SIGILL handler left behind tells whether something trapped, whichever way it is tested. */
static mc_facts ask_cell(struct question *q, const struct mc_symbol_key *key, const struct test *test)
{
    struct mc_cell_values cell;
    if (key->kind == MC_SYM_CELL && (!mc_cell_is_relevant(q->prover, key->a, key->width / 8) ||
                                     mc_cell_is_never_written(q->prover, key->a, key->width / 8)))
        return ask_unwritten(q, key, test);
    if (key->kind == MC_SYM_TLS)
        mc_thread_local_writers(q->prover, (int64_t)key->a, key->width / 8, test->relation < MC_BIT_SET, &cell);
    else
        mc_cell_writers(q->prover, key->a, key->width / 8, &cell);
    mc_facts result = facts_of_cell(q, &cell, test);
    for (size_t i = 0; i < cell.count && result != MC_FACTS_ALL; i++)
        if (cell.items[i].site && mc_is_resuming_handler(q->prover, mc_function_extent(q->prover, cell.items[i].site).start))
            return mc_facts_or(q->prover->facts, result, handler_fact(q));
    return result;
}

bool mc_result_matters(struct mc_prover *prover, uint64_t final)
{
    return !mc_import_name(prover, final) || mc_is_fork(prover, final) || mc_foreign_is_result(prover, final);
}

/* What a fork returned, or the status of a child, in a program where a child tries and its end decides. */
static mc_facts ask_import(struct question *q, const struct mc_symbol_key *key, const struct test *test)
{
    bool zero = test->relation == MC_EQ && !test->constant;
    if (key->b == MC_RETURN_STATUS ? mc_child_tries(q->prover, true)
                                   : !key->b && zero && mc_is_fork(q->prover, key->a) && mc_child_tries(q->prover, false))
        return handler_fact(q);
    return MC_FACTS_NONE;
}

static mc_facts ask_returned(struct question *q, const struct mc_symbol_key *key, const struct test *test)
{
    if (mc_import_name(q->prover, key->a))
        return ask_import(q, key, test);
    struct mc_evaluation *evaluation = mc_return_is_relevant(q->prover, key->a) ? mc_evaluate(q->prover, key->a) : NULL;
    if (evaluation)
        evaluation->needed = true;
    if (!evaluation || !evaluation->complete)
        return MC_FACTS_NONE;
    struct mc_facts_ways ways = no_way_yet(q);
    bool seen = false;
    for (size_t i = 0; i < evaluation->event_count && !is_settled(&ways); i++) {
        const struct mc_event *event = &evaluation->events[i];
        if (event->kind == MC_EVENT_RETURN) {
            seen = true;
            add_way(q, &ways, way_of_value(q, key->b ? event->second : event->value, test, event->facts));
        } else if (event->kind == MC_EVENT_REFERENCE && event->escape == MC_ESCAPE_JUMP) {
            seen = true;
            struct mc_symbol_key next = *key;
            next.a = mc_final_target(q->prover, event->target);
            mc_value value = mc_value_symbol(q->prover->values, mc_symbol_id(q->prover->values, next), 0);
            add_way(q, &ways, way_of_value(q, value, test, event->facts));
        }
    }
    return seen ? of_ways(q, &ways) : MC_FACTS_NONE;
}

/* An argument is what every caller passes, as long as all ways in are calls that we see. */
static mc_facts ask_argument(struct question *q, const struct mc_symbol_key *key, const struct test *test)
{
    struct mc_prover *prover = q->prover;
    if (!mc_arguments_are_relevant(prover, key->a) || mc_is_root(prover, key->a, q->inferring, NULL))
        return MC_FACTS_NONE;
    struct mc_incoming_list list = mc_incoming_of(prover, key->a);
    unsigned slot = key->b < 16 ? (unsigned)key->b : 16 + (unsigned)((key->b - 16) / prover->pointer_size) - 1;
    struct mc_facts_ways ways = no_way_yet(q);
    if (slot >= MC_CALL_ARGUMENTS)
        return MC_FACTS_NONE;
    for (size_t i = 0; i < list.count && !is_settled(&ways); i++) {
        const struct mc_incoming *incoming = &list.items[i];
        if (incoming->kind != MC_REF_CALL && incoming->kind != MC_REF_JUMP)
            return MC_FACTS_NONE;
        const struct mc_evaluation *evaluation = mc_evaluate(prover, incoming->holder);
        bool found = false;
        for (size_t k = 0; evaluation && k < evaluation->event_count; k++) {
            const struct mc_event *event = &evaluation->events[k];
            if (event->kind != MC_EVENT_CALL || event->target != key->a || event->site != incoming->from)
                continue;
            found = true;
            mc_value value = evaluation->arguments[event->arguments + slot];
            if (!mc_is_never(prover, value, &(struct mc_limit){test->relation, test->width, test->constant}))
                add_way(q, &ways, way_of_value(q, value, test, event->facts));
        }
        if (!found)
            return MC_FACTS_NONE;
    }
    return of_ways(q, &ways);
}

/* A word behind a pointer: only by inference. */
static mc_facts ask_field(struct question *q, const struct mc_symbol_key *key, const struct test *test)
{
    struct mc_cell_values field;
    const struct test one = {MC_BIT_SET, 0, 1, false};
    if (q->inferring && test->relation == MC_BIT_SET && mc_tag_writers(q->prover, key, (unsigned)test->constant, &field))
        return field.count ? facts_of_values(q, &field, &one, false) : MC_FACTS_NONE;
    if (!q->inferring || (test->relation < MC_BIT_SET && mc_is_field_of_bits(q->prover, key)))
        return MC_FACTS_NONE;
    mc_field_writers(q->prover, mc_field_displacement(q->prover, key), key->width / 8, &field);
    return facts_of_cell(q, &field, test);
}

/* What a callee left behind a pointer: only by inference, for it may not write there on every way. */
static mc_facts ask_output(struct question *q, const struct mc_symbol_key *key, const struct test *test)
{
    struct mc_cell_values cell;
    if (!q->inferring)
        return MC_FACTS_NONE;
    mc_output_writers(q->prover, key, &cell);
    return facts_of_cell(q, &cell, test);
}

static mc_facts ask_max_leaf(struct question *q, const struct mc_symbol_key *key, const struct test *test)
{
    struct mc_atom atom = {.kind = MC_ATOM_MAX_LEAF, .a = (uint32_t)key->a, .c = test->constant};
    switch (test->relation) {
    case MC_EQ:
    case MC_NOT_BELOW:
    case MC_NOT_LESS:
        return mc_facts_one(q->prover->facts, atom, 0);
    case MC_WITHIN:
        if ((uint32_t)test->constant + (test->constant >> 32) > UINT32_MAX)
            return MC_FACTS_NONE; /* it goes round */
        atom.c = (uint32_t)test->constant;
        return mc_facts_one(q->prover->facts, atom, 0);
    case MC_NE:
        if (test->constant)
            return MC_FACTS_NONE;
        atom.c = 1;
        return mc_facts_one(q->prover->facts, atom, 0);
    default:
        return MC_FACTS_NONE;
    }
}

/* A copy of another module's object, which this file's own code changes. */
static bool is_written_here(const struct mc_prover *prover, const struct mc_symbol_key *key)
{
    size_t count, first = key->kind == MC_SYM_CELL ? mc_references_to(prover->references, key->a, key->a + key->width / 8, &count) : 0;
    for (size_t i = first; key->kind == MC_SYM_CELL && i < first + count; i++)
        if (prover->references->items[i].kind == MC_REF_STORE)
            return true;
    return false;
}

static mc_facts ask_test(struct question *q, const struct mc_atom *atom)
{
    struct mc_symbol_key key = mc_symbol_get(q->prover->values, atom->a);
    struct test test = {(enum mc_relation)atom->b, atom->c, key.width, false};
    if (mc_foreign_tells(q->prover, atom->a) && !is_written_here(q->prover, &key))
        return mc_foreign_ask(q->prover, atom->a, test.relation, test.constant, q->inferring);
    test.stored = (key.kind == MC_SYM_CELL || key.kind == MC_SYM_TLS) && key.b;
    switch (key.kind) {
    case MC_SYM_CELL:
    case MC_SYM_TLS:
        return ask_cell(q, &key, &test);
    case MC_SYM_LOAD:
        return ask_field(q, &key, &test);
    case MC_SYM_RETURN:
        return ask_returned(q, &key, &test);
    case MC_SYM_OUTPUT:
        return ask_output(q, &key, &test);
    case MC_SYM_ARGUMENT:
        return ask_argument(q, &key, &test);
    case MC_SYM_LZCNT:
        return mc_alias_tried(q->prover, atom->a, test.relation, test.constant);
    case MC_SYM_MAX_LEAF:
        return ask_max_leaf(q, &key, &test);
    case MC_SYM_KERNEL:
        return q->inferring ? answer_set(q, way_of_value(q, mc_kernel_value(q->prover, &key), &test, MC_FACTS_NONE))
                            : MC_FACTS_NONE;
    default:
        return MC_FACTS_NONE;
    }
}

/* One of several ways, each of which is a set of facts. */
static mc_facts ask_any(struct question *q, const struct mc_atom *atom)
{
    struct mc_facts_table *t = q->prover->facts;
    size_t count;
    const mc_facts *sets = mc_facts_any_sets(t, atom->a, &count);
    struct mc_facts_ways ways = no_way_yet(q);
    mc_facts result = MC_FACTS_ALL;
    if (atom->b == MC_ANY_INFERRED && !q->inferring)
        return MC_FACTS_NONE;
    for (size_t i = 0; i < count; i++) {
        if (atom->b)
            result = mc_facts_and_implied(t, result, answer_set(q, sets[i]));
        add_way(q, &ways, sets[i]);
    }
    mc_facts whichever = of_ways(q, &ways);
    return atom->b && whichever == ways.any ? result : whichever;
}

static mc_facts ask(struct question *q, uint32_t id)
{
    struct mc_atom atom = mc_atom_get(q->prover->facts, id);
    switch (atom.kind) {
    case MC_ATOM_ENTRY:
        return ask_entry(q, atom.c);
    case MC_ATOM_RETURN:
        return ask_return(q, atom.c);
    case MC_ATOM_HELD:
        return ask_held(q, atom.c);
    case MC_ATOM_TEST:
        return ask_test(q, &atom);
    case MC_ATOM_ANY:
        return ask_any(q, &atom);
    case MC_ATOM_BOUND:
        return MC_FACTS_NONE;
    default:
        return mc_facts_one(q->prover->facts, atom, 0);
    }
}

static struct answer *answer_record(struct mc_prover *prover, uint32_t atom, bool inferring)
{
    struct mc_resolver *r = prover->resolver;
    size_t key = (size_t)atom * 2 + inferring;
    while (r->answers.count <= key)
        mc_push(&r->answers, NULL);
    struct answer **found = &r->answers.items[key];
    if (!*found)
        *found = MC_NEW(&prover->arena, struct answer);
    if ((*found)->age != r->age)
        **found = (struct answer){.age = r->age};
    return *found;
}

/* Rounds until the answer does not change any more, or turns out to be part of an outer circle. */
static void solve(struct question *q, struct answer *a, uint32_t atom)
{
    struct mc_resolver *r = q->prover->resolver;
    while (!a->done) {
        unsigned low = UINT32_MAX;
        struct question inner = {q->prover, q->inferring, &low};
        mc_facts value = ask(&inner, atom);
        bool stable = value == a->value;
        a->value = value;
        if (value != MC_FACTS_NONE && low < a->depth) { /* part of an outer circle: good for this round only */
            a->low = low;
            a->stamp = r->stamp;
            if (low < *q->low)
                *q->low = low;
            break;
        }
        if (low <= a->depth)
            r->stamp++; /* what this round found inside the circle is void */
        a->done = value == MC_FACTS_NONE || low > a->depth || stable; /* nothing is less than NONE */
    }
}

static mc_facts answer_atom(struct question *q, uint32_t atom)
{
    struct mc_resolver *r = q->prover->resolver;
    struct answer *a = answer_record(q->prover, atom, q->inferring);
    if (a->done)
        return a->value;
    if (a->active || a->stamp == r->stamp) {
        unsigned leaned = a->active ? a->depth : a->low;
        if (leaned < *q->low)
            *q->low = leaned;
        return a->value;
    }
    if (r->depth >= MAX_DEPTH || mc_exhausted(q->prover))
        return MC_FACTS_NONE;
    a->active = true;
    a->depth = ++r->depth;
    a->value = MC_FACTS_ALL;
    if (a->depth == 1)
        r->export_in_circle = false;
    solve(q, a, atom);
    /* Functions that refer to one another in a circle, and no root leads there: then the exported ones are roots after all. */
    if (a->done && a->value == MC_FACTS_ALL && r->export_in_circle && !r->exports_are_roots) {
        r->exports_are_roots = true;
        r->stamp++;
        a->done = false;
        solve(q, a, atom);
        a->done = true;
        r->exports_are_roots = false;
    }
    a->active = false;
    r->depth--;
    return a->value;
}

bool mc_exhausted(const struct mc_prover *prover)
{
    return prover->steps > prover->step_limit || prover->arena.reserved + prover->evaluation_bytes > MEMORY_LIMIT;
}

mc_facts mc_resolve_tests(struct mc_prover *prover, mc_facts facts)
{
    mc_facts tests = mc_facts_without_kind(prover->facts, facts, MC_ATOM_ENTRY);
    tests = mc_facts_without_kind(prover->facts, tests, MC_ATOM_HELD);
    return mc_resolve(prover, mc_facts_without_kind(prover->facts, tests, MC_ATOM_RETURN), false);
}

mc_facts mc_resolve(struct mc_prover *prover, mc_facts facts, bool inferring)
{
    if (facts <= MC_FACTS_ALL)
        return facts;
    struct mc_resolver *r = prover->resolver;
    size_t key = (size_t)facts * 2 + inferring;
    if (key < r->sets.count && r->sets.items[key].age == r->age)
        return r->sets.items[key].value;
    unsigned low = UINT32_MAX;
    struct question question = {prover, inferring, &low};
    mc_facts value = answer_set(&question, facts);
    while (r->sets.count <= key)
        mc_push(&r->sets, ((struct set_answer){0}));
    r->sets.items[key] = (struct set_answer){value, r->age};
    return value;
}
