/* SPDX-License-Identifier: Apache-2.0 */
/* What an evaluated function hands on of what it knows of the CPU: by stores, results, arguments, and calls under a test. */
#include "scanner/proof/relevance.h"

#include "scanner/proof/foreign.h"

#define WIDE 40 /* references: what more would learn of is asked for first */
#define FAR 4   /* functions: so is what comes from so far away */

static bool is_thread_local(const struct mc_relevance *r, int64_t offset, unsigned size)
{
    for (size_t i = 0; i < r->thread_local_.count; i++)
        if ((int64_t)r->thread_local_.items[i].start < offset + (int64_t)size && offset < (int64_t)r->thread_local_.items[i].end)
            return true;
    return false;
}

/* Index into the arguments of a call event. */
static unsigned slot_of(const struct mc_prover *prover, int64_t argument)
{
    return argument < 16 ? (unsigned)argument : 16 + (unsigned)((argument - 16) / prover->pointer_size) - 1;
}

static bool takes_at(const struct mc_prover *prover, uint64_t entry, unsigned slot)
{
    return slot < MC_CALL_ARGUMENTS && mc_property_at(&prover->relevance->arguments, entry) >> slot & 1;
}

bool mc_symbol_is_relevant(const struct mc_prover *prover, uint32_t symbol)
{
    const struct mc_relevance *r = prover->relevance;
    struct mc_symbol_key key = mc_symbol_get(prover->values, symbol);
    switch (key.kind) {
    case MC_SYM_CELL:
        return mc_cell_is_relevant(prover, key.a, key.width / 8) || mc_foreign_tells(prover, symbol);
    case MC_SYM_TLS:
        return is_thread_local(r, (int64_t)key.a, key.width / 8);
    case MC_SYM_RETURN:
        return mc_property_at(&r->entries, key.a) & RETURNS || mc_image_import_at(prover->image, key.a);
    case MC_SYM_ARGUMENT:
        return takes_at(prover, key.a, slot_of(prover, key.b));
    case MC_SYM_LOAD:
        return mc_is_field(prover, &key) || mc_is_tag(prover, &key) || mc_foreign_tells(prover, symbol);
    case MC_SYM_MAX_LEAF:
    case MC_SYM_KERNEL:
    case MC_SYM_OUTPUT:
    case MC_SYM_LZCNT:
        return true;
    default:
        return false;
    }
}

/* Some code that learns names it. */
static bool is_handed_out_by_learner(const struct mc_prover *prover, uint64_t code)
{
    size_t count, first = mc_references_to(prover->references, code, code + 1, &count);
    for (size_t i = first; i < first + count; i++)
        if (prover->references->items[i].kind == MC_REF_LEA && mc_body_learns(prover, prover->references->items[i].from))
            return true;
    return false;
}

/* Something was learnt that does not hold at the entry already. */
bool mc_facts_tell(const struct mc_prover *prover, mc_facts facts)
{
    struct mc_fact_set set = mc_facts_get(prover->facts, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(prover->facts, set.items[i].atom);
        bool relevant = true;
        if (atom.kind == MC_ATOM_TEST)
            relevant = mc_symbol_is_relevant(prover, atom.a);
        else if (atom.kind == MC_ATOM_ENTRY)
            relevant = false;
        else if (atom.kind == MC_ATOM_BOUND)
            relevant = mc_symbol_is_relevant(prover, (uint32_t)atom.c);
        else if (atom.kind == MC_ATOM_HELD)
            relevant = is_handed_out_by_learner(prover, atom.c);
        else if (atom.kind == MC_ATOM_RETURN)
            relevant = mc_property_at(&prover->relevance->entries, atom.c) & GATES;
        else if (atom.kind == MC_ATOM_ANY) {
            size_t count;
            const mc_facts *sets = mc_facts_any_sets(prover->facts, atom.a, &count);
            relevant = false;
            for (size_t k = 0; k < count && !relevant; k++)
                relevant = mc_facts_tell(prover, sets[k]);
        }
        if (relevant)
            return true;
    }
    return false;
}

/* CPUID itself was asked on the way, not only a memory of it. */
static bool has_asked(const struct mc_prover *prover, mc_facts facts)
{
    return mc_facts_only_base(prover->facts, facts) != MC_FACTS_NONE;
}

typedef bool teller(struct mc_prover *prover, mc_facts facts);

/* Some of what may follow from the value tells. */
static bool value_tells(struct mc_prover *prover, mc_value value, teller *facts_tell)
{
    struct mc_value_data data;
    if (value == MC_TOP)
        return false;
    mc_value_get(prover->values, value, &data);
    if (data.kind == MC_VALUE_PAIR)
        return value_tells(prover, (mc_value)data.known, facts_tell) || value_tells(prover, (mc_value)data.constant, facts_tell);
    if (data.kind == MC_VALUE_TOP)
        return facts_tell(prover, data.other);
    if (data.kind == MC_VALUE_BITS) {
        for (uint32_t i = 0; i < data.count; i++)
            if (facts_tell(prover, data.bits[i].if_one) || facts_tell(prover, data.bits[i].if_zero))
                return true;
        return false;
    }
    for (uint32_t i = 0; i < data.count; i++)
        if (facts_tell(prover, data.cases[i].facts) || mc_symbol_is_relevant(prover, data.cases[i].base))
            return true;
    return facts_tell(prover, data.other);
}

static bool may_tell(struct mc_prover *prover, mc_facts facts)
{
    return mc_facts_tell(prover, facts);
}

bool mc_value_tells(struct mc_prover *prover, mc_value value)
{
    return value_tells(prover, value, may_tell);
}

static mc_facts answers(struct mc_prover *prover, mc_facts facts)
{
    return mc_resolve(prover, mc_facts_without_kind(prover->facts, facts, MC_ATOM_ENTRY), true);
}

static bool speak_of_cpu(struct mc_prover *prover, mc_facts facts)
{
    struct mc_fact_set set = mc_facts_get(prover->facts, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(prover->facts, set.items[i].atom);
        if (atom.kind == MC_ATOM_BIT || atom.kind == MC_ATOM_XCR0 || atom.kind == MC_ATOM_IMPLIED)
            return true;
    }
    return false;
}

/* The answers to its questions speak of the CPU. */
static bool answers_tell(struct mc_prover *prover, mc_facts facts)
{
    return mc_facts_tell(prover, facts) && speak_of_cpu(prover, answers(prover, facts));
}

static bool facts_tell(struct mc_prover *prover, mc_facts facts)
{
    return prover->relevance->asking ? answers_tell(prover, facts) : mc_facts_tell(prover, facts);
}

/* All of the function does; when it is asked for, by what is known at its entry. */
static bool runs_under_test(struct mc_prover *prover, uint64_t entry)
{
    struct mc_atom atom = {.kind = MC_ATOM_ENTRY, .c = entry};
    return mc_is_controlled(prover, entry) &&
           (!prover->relevance->asking || speak_of_cpu(prover, mc_resolve(prover, mc_facts_one(prover->facts, atom, 0), true)));
}

/* What the entry hands on is asked for when all that is near is known. */
static void doubt(struct mc_prover *prover, uint64_t entry)
{
    struct mc_relevance *r = prover->relevance;
    int *flags = mc_property_of(&r->entries, &prover->arena, entry, NULL);
    if (!(*flags & DOUBTFUL))
        mc_push(&r->doubtful, ((struct step){entry, r->distance}));
    *flags |= DOUBTFUL;
}

/* Not yet: many would learn of [start, end). */
static bool must_wait(struct mc_prover *prover, uint64_t entry, uint64_t start, uint64_t end)
{
    size_t count;
    mc_references_to(prover->references, start, end, &count);
    if (count <= WIDE || prover->relevance->asking)
        return false;
    doubt(prover, entry);
    return true;
}

static void learn_anew(struct mc_prover *prover, uint64_t body)
{
    mc_learn(prover, body, true);
}

/* The function leaves something in bytes [low, high) from where the argument points. */
static void mark_pointer(struct mc_prover *prover, uint64_t entry, unsigned slot, int64_t low, int64_t high)
{
    int *slots = mc_property_of(&prover->relevance->pointers, &prover->arena, entry, NULL);
    if (slot >= MC_CALL_ARGUMENTS)
        return;
    bool news = mc_mark_output(prover, entry, slot, low, high) && !mc_helper_asks(prover, entry);
    if (*slots >> slot & 1 && !news)
        return;
    *slots |= 1 << slot;
    mc_learn_callers(prover, entry);
}

/* The value itself is CPUID's, or a memory of it; not only chosen by a test. */
static bool says(struct mc_prover *prover, mc_value value)
{
    uint32_t base;
    int64_t offset;
    struct mc_value_data data;
    mc_value_get(prover->values, value, &data);
    if (data.kind == MC_VALUE_BITS || data.kind == MC_VALUE_MASKED || data.kind == MC_VALUE_PAIR)
        return mc_value_tells(prover, value);
    return mc_value_provenance(prover->values, value) != MC_FACTS_NONE ||
           (mc_value_single(prover->values, value, &base, &offset) && mc_symbol_is_relevant(prover, base));
}

/* The facts are no more than what was stored in the event's own place before. */
static bool tell_of_place(struct mc_prover *prover, mc_facts facts, const struct mc_event *event)
{
    struct mc_fact_set set = mc_facts_get(prover->facts, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(prover->facts, set.items[i].atom);
        struct mc_symbol_key key = atom.kind == MC_ATOM_TEST ? mc_symbol_get(prover->values, atom.a) : (struct mc_symbol_key){0};
        if (key.kind != MC_SYM_LOAD || key.b != event->offset)
            return false;
    }
    return true;
}

/* Some bits are set or cleared beside others that stay as they are. */
static bool changes_bits(struct mc_prover *prover, const struct mc_event *event)
{
    struct mc_value_data data;
    mc_value_get(prover->values, event->value, &data);
    bool same = data.kind == MC_VALUE_BITS && data.count;
    for (uint32_t i = 0; same && i < data.count; i++)
        same = tell_of_place(prover, data.bits[i].if_one, event) && tell_of_place(prover, data.bits[i].if_zero, event);
    return same;
}

static void mark_thread_local(struct mc_prover *prover, uint64_t entry, const struct mc_event *event)
{
    struct range range = {(uint64_t)event->offset, (uint64_t)event->offset + event->size};
    if (is_thread_local(prover->relevance, event->offset, event->size))
        return;
    mc_push(&prover->relevance->thread_local_, range);
    mc_learn_thread_local(prover, event->offset, event->size, learn_anew);
    mc_learn(prover, entry, true); /* what was there before matters now */
}

static void pass_store(struct mc_prover *prover, const struct mc_evaluation *evaluation, const struct mc_event *event)
{
    struct mc_symbol_key key = mc_symbol_get(prover->values, event->base);
    bool value = value_tells(prover, event->value, facts_tell), tested = facts_tell(prover, event->facts);
    if (key.kind == MC_SYM_ARGUMENT && (says(prover, event->value) || has_asked(prover, event->facts)))
        mark_pointer(prover, key.a, slot_of(prover, key.b), event->offset, event->offset + event->size);
    if (event->kind == MC_EVENT_STORE && event->size <= 4 && mc_is_field_base(prover, event->base) &&
        (says(prover, event->value) || has_asked(prover, event->facts)) &&
        !(mc_is_inside_field(prover, event->base, event->offset, event->size) && changes_bits(prover, event)) &&
        mc_mark_field(prover, event->offset, event->size, learn_anew))
        mc_learn(prover, evaluation->entry, true); /* what was there before matters now */
    if (tested || value)
        mc_note_tag(prover, event, evaluation->entry);
    if (!value && !tested && !runs_under_test(prover, evaluation->entry))
        return;
    if (event->base == MC_BASE_MODULE) {
        struct mc_text_range place = {(uint64_t)event->offset, (uint64_t)event->offset + event->size};
        if (event->kind == MC_EVENT_STORE_ANY)
            place = mc_object_extent(prover, place.start);
        if (!must_wait(prover, evaluation->entry, place.start, place.end))
            mc_mark_cells(prover, place.start, place.end);
    } else if (key.kind == MC_SYM_TLS) {
        mark_thread_local(prover, evaluation->entry, event);
    }
}

/* A callee that writes what it learnt through a pointer to a global: as if the caller stored it. */
static void pass_pointers(struct mc_prover *prover, const struct mc_evaluation *evaluation, const struct mc_event *event)
{
    int slots = mc_property_at(&prover->relevance->pointers, mc_final_target(prover, event->target));
    for (unsigned i = 0; i < MC_CALL_ARGUMENTS && slots >> i; i++) {
        uint64_t place;
        uint32_t base;
        int64_t offset;
        if (!(slots >> i & 1) || !mc_value_single(prover->values, evaluation->arguments[event->arguments + i], &base, &offset))
            continue;
        struct mc_symbol_key key = mc_symbol_get(prover->values, base);
        const struct mc_segment *segment =
            mc_module_address(prover, base, offset, &place) ? mc_image_segment(prover->image, place) : NULL;
        if (segment && segment->writable) {
            struct mc_text_range extent = mc_object_extent(prover, place);
            mc_mark_cells(prover, extent.start, extent.end);
        } else if (key.kind == MC_SYM_ARGUMENT) {
            int64_t low = 0, high = 0;
            mc_output_range(prover, mc_final_target(prover, event->target), i, &low, &high);
            mark_pointer(prover, evaluation->entry, slot_of(prover, key.b), offset + low, offset + high);
        }
    }
}

/* Two levels of calls: deeper ones know by their callers what they know. */
static void call_under_test(struct mc_prover *prover, const struct mc_evaluation *evaluation, uint64_t entry, mc_facts facts)
{
    struct mc_relevance *r = prover->relevance;
    bool tested = facts_tell(prover, facts), inherited = mc_is_controlled(prover, evaluation->entry) &&
                                                          !(mc_property_at(&r->entries, evaluation->entry) & BY_CONTROLLED);
    if (!tested && !inherited)
        return;
    int *flags = mc_property_of(&r->entries, &prover->arena, entry, NULL);
    if (!(*flags & MAYBE_CONTROLLED))
        mc_push(&r->maybe, ((struct step){entry, r->distance}));
    *flags |= MAYBE_CONTROLLED | (tested ? 0 : BY_CONTROLLED);
}

#define MAX_HOLDERS 40 /* references: whose address so many take is compared by nobody */

/* The address of code is handed out under a test: who compares a pointer with it learns. */
static void pass_address(struct mc_prover *prover, const struct mc_event *event)
{
    size_t count, first = mc_references_to(prover->references, event->target, event->target + 1, &count);
    for (size_t i = first; i < first + count && count <= MAX_HOLDERS; i++)
        if (prover->references->items[i].kind == MC_REF_LEA && !mc_body_learns(prover, prover->references->items[i].from))
            mc_learn(prover, prover->references->items[i].from, true);
}

static void pass_call(struct mc_prover *prover, const struct mc_evaluation *evaluation, const struct mc_event *event)
{
    uint64_t final = mc_final_target(prover, event->target);
    if (!mc_image_is_code(prover->image, final))
        return;
    call_under_test(prover, evaluation, final, event->facts);
    uint32_t slots = mc_argument_slots(prover, final), passed = 0;
    bool under_test = facts_tell(prover, event->facts) || runs_under_test(prover, evaluation->entry);
    for (unsigned i = 0; i < MC_CALL_ARGUMENTS; i++) {
        uint64_t constant;
        mc_value value = evaluation->arguments[event->arguments + i];
        if (slots >> i & 1 && (value_tells(prover, value, facts_tell) || mc_is_bound(prover, value, event->facts) ||
                               (under_test && mc_value_is_constant(prover->values, value, &constant))))
            passed |= 1u << i;
    }
    uint64_t entries[2] = {final, event->target}; /* a thunk hands them on */
    for (int i = 0; passed && i < 1 + (final != event->target); i++) {
        int *distance = mc_property_of(&prover->relevance->distances, &prover->arena, entries[i], NULL);
        *distance = *distance ? *distance : (int)prover->relevance->distance;
        *mc_property_of(&prover->relevance->passed, &prover->arena, entries[i], NULL) |= (int)passed;
    }
    pass_pointers(prover, evaluation, event);
}

/* Whether the answers say so, too, that a function returns only under a test, or that its result tells. */
static int returns_that_tell(struct mc_prover *prover, const struct mc_evaluation *evaluation)
{
    mc_facts always = MC_FACTS_ALL;
    int tells = 0;
    for (size_t i = 0; i < evaluation->event_count; i++) {
        const struct mc_event *event = &evaluation->events[i];
        if (event->kind != MC_EVENT_RETURN)
            continue;
        always = mc_facts_either(prover->facts, always, answers(prover, event->facts));
        if (answers_tell(prover, event->facts) || value_tells(prover, event->value, answers_tell) ||
            value_tells(prover, event->second, answers_tell))
            tells = RETURNS;
    }
    return tells | (speak_of_cpu(prover, always) ? GATES : 0);
}

static void pass_returns(struct mc_prover *prover, const struct mc_evaluation *evaluation)
{
    int tells = (mc_returns_under_test(prover, evaluation) ? GATES : 0) | (mc_result_tells(prover, evaluation) ? RETURNS : 0);
    if (tells && must_wait(prover, evaluation->entry, evaluation->entry, evaluation->entry + 1))
        return;
    if (prover->relevance->asking)
        tells &= returns_that_tell(prover, evaluation);
    if (tells & GATES)
        mc_mark_entry(prover, evaluation->entry, GATES);
    if (tells & RETURNS)
        mc_mark_entry(prover, evaluation->entry, RETURNS);
}

/* Something of the CPU is in the object there. */
static bool holds_some(const struct mc_prover *prover, uint64_t address)
{
    struct mc_text_range object = mc_object_extent(prover, address);
    uint64_t size = object.end - object.start;
    return mc_cell_is_relevant(prover, object.start, size < UINT32_MAX ? (unsigned)size : UINT32_MAX);
}

void mc_pass_tags(struct mc_prover *prover)
{
    mc_find_tags(prover, answers_tell, learn_anew);
}

void mc_pass_on(struct mc_prover *prover, const struct mc_evaluation *evaluation)
{
    if (prover->relevance->distance >= FAR && !prover->relevance->asking) {
        doubt(prover, evaluation->entry);
        return;
    }
    pass_returns(prover, evaluation);
    for (size_t i = 0; i < evaluation->event_count; i++) {
        const struct mc_event *event = &evaluation->events[i];
        switch (event->kind) {
        case MC_EVENT_STORE:
        case MC_EVENT_STORE_ANY:
            pass_store(prover, evaluation, event);
            break;
        case MC_EVENT_CALL:
            pass_call(prover, evaluation, event);
            break;
        case MC_EVENT_REFERENCE: /* a tail call hands its result on */
            if (event->escape == MC_ESCAPE_JUMP &&
                mc_property_at(&prover->relevance->entries, mc_final_target(prover, event->target)) & RETURNS)
                mc_mark_entry(prover, evaluation->entry, RETURNS);
            if (event->escape != MC_ESCAPE_CALL && event->escape != MC_ESCAPE_JUMP && mc_image_is_code(prover->image, event->target) &&
                facts_tell(prover, event->facts))
                pass_address(prover, event);
            if (mc_image_is_code(prover->image, event->target))
                call_under_test(prover, evaluation, event->target, event->facts);
            else if ((event->escape == MC_ESCAPE_RETURNED || event->escape == MC_ESCAPE_USED) &&
                     mc_is_cpuid_helper(prover, evaluation->entry) && holds_some(prover, event->target))
                mc_mark_entry(prover, evaluation->entry, ACCESSES);
            break;
        default:
            break;
        }
    }
}
