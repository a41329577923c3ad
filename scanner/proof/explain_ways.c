/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/proof/explain.h"
#include "scanner/proof/foreign.h"
#include "scanner/proof/kernel.h"

struct list {
    struct mc_prover *prover;
    bool inferring;
    MC_VECTOR(struct mc_way) items;
    bool doubtful;
};

static void add(struct list *list, uint64_t address, mc_facts facts, const char *text)
{
    mc_push(&list->items, ((struct mc_way){.address = address, .facts = facts, .text = text}));
}

static mc_facts question(struct list *list, enum mc_atom_kind kind, uint64_t address)
{
    struct mc_atom atom = {.kind = kind, .c = address};
    return mc_facts_one(list->prover->facts, atom, 0);
}

/* What held before the loader or another module could send control here (resolve.c, facts_of_root). */
static void add_root(struct list *list, uint64_t entry, const char *why)
{
    struct mc_prover *prover = list->prover;
    const struct mc_image *image = prover->image;
    const struct mc_entry *known = mc_entry_at(prover->entries, entry);
    bool resolver = known && known->sources & MC_ENTRY_IFUNC;
    mc_facts facts = prover->loader_facts;
    for (size_t i = 0; i < image->initialiser_count && image->initialisers[i] != entry && !resolver; i++) {
        if (image->module)
            facts = mc_facts_or(prover->facts, facts, mc_kernel_loaded(prover, image->initialisers[i]));
        if (mc_may_gate(prover, image->initialisers[i]))
            facts = mc_facts_or(prover->facts, facts, question(list, MC_ATOM_RETURN, image->initialisers[i]));
    }
    add(list, entry, facts, why);
    list->items.items[list->items.count - 1].root = true;
}

/* `held`: those alone that hand the address on. */
static void ways_in(struct list *list, uint64_t entry, bool held)
{
    const char *why = NULL;
    if (!held && mc_is_root(list->prover, entry, list->inferring, &why)) {
        add_root(list, entry, why);
        return;
    }
    struct mc_incoming_list incoming = mc_incoming_of(list->prover, entry);
    for (size_t i = 0; i < incoming.count; i++) {
        static const char *const texts[] = {[MC_REF_CALL] = "calls it",
                                            [MC_REF_JUMP] = "jumps to it",
                                            [MC_REF_LEA] = "hands its address on",
                                            [MC_REF_LOAD] = "loads its address",
                                            [MC_REF_STORE] = "uses its address",
                                            [MC_REF_METHOD] = "uses a type with this method",
                                            [MC_REF_DATA] = "uses data that holds its address"};
        if (list->inferring && incoming.items[i].listed)
            continue;
        if (!held || (mc_hands_out(incoming.items[i].kind) && !(list->inferring && incoming.items[i].left)))
            add(list, incoming.items[i].from, incoming.items[i].facts, texts[incoming.items[i].kind]);
    }
}

static mc_facts passes(struct list *list, mc_value value, const struct mc_atom *test, unsigned width, mc_facts facts)
{
    mc_facts implied = mc_value_test(list->prover->values, value, (enum mc_relation)test->b, test->c, width);
    mc_facts bounds = mc_facts_of_bounds(list->prover, value, (enum mc_relation)test->b, test->c, facts);
    return mc_facts_or(list->prover->facts, mc_facts_or(list->prover->facts, implied, bounds), facts);
}

static void ways_out(struct list *list, uint64_t entry, const struct mc_atom *test, const struct mc_symbol_key *key)
{
    struct mc_prover *prover = list->prover;
    const struct mc_evaluation *evaluation = mc_import_name(prover, entry) ? NULL : mc_evaluate(prover, entry);
    for (size_t i = 0; evaluation && i < evaluation->event_count; i++) {
        const struct mc_event *event = &evaluation->events[i];
        bool jump = event->kind == MC_EVENT_REFERENCE && event->escape == MC_ESCAPE_JUMP;
        uint64_t target = jump ? mc_final_target(prover, event->target) : 0;
        if (event->kind == MC_EVENT_RETURN && test) {
            mc_value value = key->b ? event->second : event->value;
            add(list, event->site, passes(list, value, test, key->width, event->facts),
                mc_arena_printf(&prover->arena, "returns %s", mc_value_text(prover, &prover->arena, value)));
        } else if (event->kind == MC_EVENT_RETURN) {
            add(list, event->site, event->facts, "returns");
        } else if (jump && test) {
            struct mc_symbol_key next = *key;
            next.a = target;
            mc_value value = mc_value_symbol(prover->values, mc_symbol_id(prover->values, next), 0);
            add(list, event->site, passes(list, value, test, key->width, event->facts),
                "returns what the function it jumps to returns");
        } else if (jump) {
            mc_facts facts = event->facts;
            if (!mc_import_name(prover, target))
                facts = mc_facts_or(prover->facts, facts, question(list, MC_ATOM_RETURN, target));
            add(list, event->site, facts, "goes on in another function");
        }
    }
}

static void ways_of_values(struct list *list, const struct mc_cell_values *cell, const struct mc_atom *test,
                           unsigned width)
{
    struct mc_prover *prover = list->prover;
    list->doubtful = !cell->complete;
    for (size_t i = 0; i < cell->count; i++) {
        const struct mc_cell_value *item = &cell->items[i];
        const char *value = mc_value_text(prover, &prover->arena, item->value);
        add(list, item->site, passes(list, item->value, test, width, item->facts),
            mc_arena_printf(&prover->arena, item->site ? "stores %s" : "it is %s from the beginning", value));
    }
}

static void ways_of_argument(struct list *list, const struct mc_symbol_key *key, const struct mc_atom *test)
{
    struct mc_prover *prover = list->prover;
    struct mc_incoming_list incoming = mc_incoming_of(prover, key->a);
    unsigned slot = key->b < 16 ? (unsigned)key->b : 16 + (unsigned)((key->b - 16) / prover->pointer_size) - 1;
    for (size_t i = 0; i < incoming.count && slot < MC_CALL_ARGUMENTS; i++) {
        const struct mc_evaluation *evaluation =
            incoming.items[i].holder ? mc_evaluate(prover, incoming.items[i].holder) : NULL;
        for (size_t k = 0; evaluation && k < evaluation->event_count; k++) {
            const struct mc_event *event = &evaluation->events[k];
            if (event->kind != MC_EVENT_CALL || event->target != key->a || event->site != incoming.items[i].from)
                continue;
            mc_value value = evaluation->arguments[event->arguments + slot];
            struct mc_limit limit = {(enum mc_relation)test->b, key->width, test->c};
            bool never = mc_is_never(prover, value, &limit);
            add(list, event->site, never ? MC_FACTS_ALL : passes(list, value, test, key->width, event->facts),
                mc_arena_printf(&prover->arena, "passes %s", mc_value_text(prover, &prover->arena, value)));
        }
    }
}

static void ways_of_test(struct list *list, const struct mc_atom *test)
{
    struct mc_prover *prover = list->prover;
    struct mc_symbol_key key = mc_symbol_get(prover->values, test->a);
    struct mc_cell_values cell = {0};
    if (mc_foreign_tells(prover, test->a)) {
        mc_facts facts = mc_foreign_ask(prover, test->a, (enum mc_relation)test->b, test->c, list->inferring);
        add(list, 0, facts, "follows from how that file writes it: explain that file for the rest");
        return;
    }
    switch (key.kind) {
    case MC_SYM_CELL:
        mc_cell_writers(prover, key.a, key.width / 8, &cell);
        break;
    case MC_SYM_TLS:
        mc_thread_local_writers(prover, (int64_t)key.a, key.width / 8, test->b < MC_BIT_SET, &cell);
        break;
    case MC_SYM_LOAD:
        if (test->b == MC_BIT_SET && mc_tag_writers(prover, &key, (unsigned)test->c, &cell)) {
            const struct mc_atom one = {.kind = MC_ATOM_TEST, .b = MC_BIT_SET};
            ways_of_values(list, &cell, &one, 1);
            return;
        }
        mc_field_writers(prover, mc_field_displacement(prover, &key), key.width / 8, &cell);
        break;
    case MC_SYM_RETURN:
        ways_out(list, key.a, test, &key);
        return;
    case MC_SYM_ARGUMENT:
        ways_of_argument(list, &key, test);
        return;
    default:
        return;
    }
    ways_of_values(list, &cell, test, key.width);
}

void mc_ways_of(struct mc_prover *prover, const struct mc_atom *atom, bool inferring, struct mc_ways *ret)
{
    struct list list = {.prover = prover, .inferring = inferring};
    size_t count;
    const mc_facts *sets;
    switch (atom->kind) {
    case MC_ATOM_ENTRY:
    case MC_ATOM_HELD:
        ways_in(&list, atom->c, atom->kind == MC_ATOM_HELD);
        break;
    case MC_ATOM_RETURN:
        ways_out(&list, atom->c, NULL, NULL);
        break;
    case MC_ATOM_TEST:
        ways_of_test(&list, atom);
        break;
    case MC_ATOM_ANY:
        sets = mc_facts_any_sets(prover->facts, atom->a, &count);
        for (size_t i = 0; i < count; i++)
            add(&list, 0, sets[i], "or");
        break;
    default:
        break;
    }
    ret->doubtful = list.doubtful;
    ret->count = list.items.count;
    ret->items = MC_NEW_ARRAY(&prover->arena, list.items.count, struct mc_way);
    if (list.items.count)
        memcpy(ret->items, list.items.items, list.items.count * sizeof *ret->items);
    mc_vector_free(&list.items);
}
