/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/proof/needs.h"

#define MAX_NEEDS 64      /* tests */
#define MAX_ANSWERS 8
#define MAX_CALLS 200     /* references to the function of a test */
#define LARGEST_RECORD ((uint64_t)1 << 16)

static bool is_plain(const struct mc_machine *m, mc_value value)
{
    uint64_t number;
    return value == MC_TOP || mc_value_is_constant(m->values, value, &number) || !mc_value_tells(m->prover, value);
}

void mc_note_need(struct mc_machine *m, mc_value a, mc_value b, unsigned width)
{
    struct mc_prover *prover = m->prover;
    uint64_t number;
    if (!m->run->recording || a == b || width < 32 || mc_value_is_constant(m->values, a, &number) || mc_value_is_constant(m->values, b, &number))
        return;
    bool first = !is_plain(m, a), second = !is_plain(m, b);
    if (first == second)
        return;
    if (!prover->needs)
        prover->needs = MC_NEW(&prover->arena, struct mc_needs);
    struct mc_needs *needs = prover->needs;
    struct mc_needed one = {.site = m->address, .have = first ? a : b};
    int *looked = mc_property_of(&needs->looked, &prover->arena, m->address, NULL);
    if (*looked > 0)
        needs->items.items[*looked - 1].have = one.have;
    if (*looked || needs->items.count == MAX_NEEDS)
        return;
    mc_look_at_need(prover, &one);
    if (one.kind != MC_NEED_NONE)
        mc_push(&needs->items, one);
    *looked = one.kind == MC_NEED_NONE ? -1 : (int)needs->items.count;
}

void mc_needs_free(struct mc_prover *prover)
{
    if (!prover->needs)
        return;
    mc_vector_free(&prover->needs->items);
    mc_properties_free(&prover->needs->looked);
}

/* The next one of that kind, from *at on; NULL: no more. */
static const struct mc_needed *next_of_kind(struct mc_prover *prover, enum mc_need_kind kind, size_t *at)
{
    struct mc_needs *needs = prover->needs;
    while (needs && *at < needs->items.count) {
        const struct mc_needed *one = &needs->items.items[(*at)++];
        if (one->kind == kind)
            return one;
    }
    return NULL;
}

bool mc_needs_ask_methods(struct mc_prover *prover)
{
    size_t at = 0;
    return next_of_kind(prover, MC_NEED_METHOD, &at);
}

/* The test said yes of a record with these needs. MC_FACTS_ALL: it never does. */
static mc_facts facts_of_number(struct mc_prover *prover, const struct mc_needed *need, uint64_t number)
{
    struct mc_values *values = prover->values;
    unsigned width = need->size * 8;
    number &= width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
    if (need->mode != MC_NEED_ALL)
        number &= need->mask;
    if (!number)
        return MC_FACTS_NONE;
    mc_value common = mc_value_operate(values, MC_OP_AND, need->have, mc_value_constant(values, number), width);
    mc_facts facts = need->mode == MC_NEED_ALL       ? mc_value_test(values, common, MC_EQ, number, width)
                     : need->mode == MC_NEED_MISSING ? mc_value_test(values, common, MC_EQ, 0, width)
                                                     : mc_value_test(values, common, MC_NE, 0, width);
    if (facts <= MC_FACTS_ALL)
        return facts;
    return mc_facts_at_site(prover->facts, facts, need->site);
}

/* Of several tests one said yes; those that never do count for nothing. */
struct answers {
    mc_facts sets[MAX_ANSWERS];
    size_t count;
};

static void add_answer(struct answers *answers, mc_facts facts)
{
    for (size_t i = 0; i < answers->count; i++)
        if (answers->sets[i] == facts)
            return;
    if (facts == MC_FACTS_ALL)
        return;
    if (answers->count == MAX_ANSWERS)
        answers->sets[0] = MC_FACTS_NONE;
    else
        answers->sets[answers->count++] = facts;
}

static mc_facts of_answers(struct mc_prover *prover, const struct answers *answers)
{
    if (!answers->count)
        return MC_FACTS_NONE;
    return mc_facts_inferred(prover->facts, mc_facts_any(prover->facts, answers->sets, answers->count, 0));
}

/* The test stands in the body, or in a function that it calls. */
static bool is_asked_by(struct mc_prover *prover, const struct mc_needed *need, uint64_t body)
{
    if (need->body == body)
        return true;
    size_t count, first = mc_references_to(prover->references, need->body, need->body + 1, &count);
    for (size_t i = first; i < first + count && count <= MAX_CALLS; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        if (reference->kind == MC_REF_CALL && mc_function_extent(prover, reference->from).start == body)
            return true;
    }
    return false;
}

/* A constant in data, which no relocation changes. */
static bool number_at(const struct mc_prover *prover, uint64_t place, unsigned size, uint64_t *ret)
{
    return !mc_image_reloc_at(prover->image, place) && mc_image_segment(prover->image, place) &&
           !mc_image_is_code(prover->image, place) && mc_image_read(prover->image, place, size, ret);
}

mc_facts mc_facts_of_needs(struct mc_prover *prover, uint64_t body, uint64_t place)
{
    const struct mc_needed *need;
    struct answers answers = {0};
    for (size_t at = 0; (need = next_of_kind(prover, MC_NEED_WORD, &at));) {
        struct mc_text_range record = mc_object_extent(prover, place);
        uint64_t number, word = record.start + (uint64_t)need->displacement;
        if (record.end - record.start > LARGEST_RECORD || word + need->size > record.end || (word <= place && place < word + need->size) ||
            !number_at(prover, word, need->size, &number) || !is_asked_by(prover, need, body))
            continue;
        add_answer(&answers, facts_of_number(prover, need, number));
    }
    return of_answers(prover, &answers);
}

/* --- methods --- */

struct saying { /* what a method returns */
    bool known, in_object;
    int64_t displacement; /* of the word in its object */
    uint64_t number;
};

/* The method of the table in [.., high) whose first method stands at `table`. */
static bool method_at(struct mc_prover *prover, uint64_t table, int64_t displacement, uint64_t high, uint64_t *ret)
{
    uint64_t place = table + (uint64_t)displacement;
    const struct mc_reloc *reloc = mc_image_reloc_at(prover->image, place);
    if (place < table || place + prover->pointer_size > high)
        return false;
    *ret = reloc ? reloc->target : 0;
    if (!reloc && (prover->position_independent || !mc_image_read(prover->image, place, prover->pointer_size, ret)))
        return false;
    return mc_image_is_code(prover->image, *ret);
}

static struct saying what_says(struct mc_prover *prover, uint64_t table, int64_t displacement, uint64_t high)
{
    struct saying saying = {0}, nothing = {0};
    uint64_t method;
    bool found = method_at(prover, table, displacement, high, &method);
    const struct mc_evaluation *evaluation = found ? mc_evaluate(prover, mc_final_target(prover, method)) : NULL;
    for (size_t i = 0; evaluation && evaluation->complete && i < evaluation->event_count; i++) {
        const struct mc_event *event = &evaluation->events[i];
        uint32_t base;
        int64_t offset;
        if (event->kind != MC_EVENT_RETURN)
            continue;
        if (saying.known || !mc_value_single(prover->values, event->value, &base, &offset))
            return nothing;
        struct mc_symbol_key key = mc_symbol_get(prover->values, base);
        saying = (struct saying){.known = true, .number = (uint64_t)offset};
        if (!base)
            continue;
        if (key.kind != MC_SYM_LOAD || offset || mc_symbol_get(prover->values, (uint32_t)key.a).kind != MC_SYM_ARGUMENT)
            return nothing;
        saying.in_object = true;
        saying.displacement = key.b;
    }
    return saying;
}

/* The numbers that the evaluation stores at the place. */
static void add_stored(struct mc_prover *prover, const struct mc_needed *need, const struct mc_evaluation *e, uint32_t base,
                       int64_t offset, struct answers *answers)
{
    for (size_t i = mc_first_of_kind(e, MC_EVENT_STORE), end = mc_first_of_kind(e, MC_EVENT_STORE_ANY); i < end; i++) {
        const struct mc_event *event = &e->events[i];
        uint64_t number;
        if (event->base != base || event->offset > offset || event->offset + event->size < offset + (int64_t)need->size)
            continue;
        mc_value part = mc_value_extract(prover->values, event->value, (unsigned)(offset - event->offset) * 8, need->size * 8);
        add_answer(answers, mc_value_is_constant(prover->values, part, &number) ? facts_of_number(prover, need, number) : MC_FACTS_NONE);
    }
}

/* The address of a table's first method, stored as it is. */
static bool stores_table(struct mc_prover *prover, const struct mc_event *event, uint64_t low, uint64_t high, uint64_t *ret)
{
    uint32_t base;
    int64_t offset;
    return event->size == prover->pointer_size && mc_value_single(prover->values, event->value, &base, &offset) &&
           mc_module_address(prover, base, offset, ret) && *ret >= low && *ret < high;
}

mc_facts mc_facts_of_made_object(struct mc_prover *prover, const struct mc_evaluation *e, uint64_t low, uint64_t high)
{
    const struct mc_needed *need;
    struct answers answers = {0};
    for (size_t at = 0; (need = next_of_kind(prover, MC_NEED_METHOD, &at));)
        for (size_t i = mc_first_of_kind(e, MC_EVENT_STORE), end = mc_first_of_kind(e, MC_EVENT_STORE_ANY); i < end; i++) {
            const struct mc_event *event = &e->events[i];
            uint64_t table;
            if (!stores_table(prover, event, low, high, &table))
                continue;
            struct saying saying = what_says(prover, table, need->displacement, high);
            if (saying.in_object)
                add_stored(prover, need, e, event->base, event->offset + saying.displacement, &answers);
            else
                add_answer(&answers, saying.known ? facts_of_number(prover, need, saying.number) : MC_FACTS_NONE);
        }
    return of_answers(prover, &answers);
}

mc_facts mc_facts_of_constant_object(struct mc_prover *prover, uint64_t place, uint64_t low, uint64_t high)
{
    const struct mc_needed *need;
    struct answers answers = {0};
    const struct mc_reloc *reloc = mc_image_reloc_at(prover->image, place);
    uint64_t table = reloc ? reloc->target : 0, number;
    if (!reloc && (prover->position_independent || !mc_image_read(prover->image, place, prover->pointer_size, &table)))
        return MC_FACTS_NONE;
    for (size_t at = 0; table >= low && table < high && (need = next_of_kind(prover, MC_NEED_METHOD, &at));) {
        struct saying saying = what_says(prover, table, need->displacement, high);
        bool known = saying.in_object ? number_at(prover, place + (uint64_t)saying.displacement, need->size, &number) : saying.known;
        if (!saying.in_object)
            number = saying.number;
        add_answer(&answers, known ? facts_of_number(prover, need, number) : MC_FACTS_NONE);
    }
    return of_answers(prover, &answers);
}
