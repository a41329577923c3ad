/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions can learn anything of the CPU? Most of a program never holds a value that came from CPUID, and what holds at
 * any point of such a function is what holds at its entry. Those are told apart first, so that only the others are evaluated.
 *
 * Least fixed point from where such knowledge begins: CPUID and XGETBV, imports that speak of the CPU, SIGILL handlers, children.
 * What an evaluated function hands on - a store, a result, an argument, a call under a test - makes the functions that receive it
 * learn, too. Knowledge behind pointers that are not followed goes nowhere: the proof could not use it.
 *
 * Nearest first, up to a bound: what is not reached by then is taken to learn nothing. That can only take facts away; uses that
 * are unguarded for want of them are then told as inferred. */
#include "scanner/proof/alias.h"
#include "scanner/proof/machine.h"

#include <string.h>

#define MAX_FUNCTIONS 6000    /* that learn */
#define MAX_DISTANCE 9        /* functions: asking, detecting, keeping, telling, choosing and running are six */
#define STEPS_SHARE 2         /* 1 / share of the steps of a file */
#define MAX_TRYING_USES 500
#define LARGE_OBJECT 4096
#define NEAR 15               /* bytes before a cell from which a load may reach into it */

enum {
    LEARNS = 1,      /* the body may hold something of CPUID (key: start of its extent) */
    WAITING = 2,
    STALE = 128,     /* it must be evaluated again */
    RETURNS = 4,     /* its result does (key: entry) */
    GATES = 32,      /* it returns only under a test */
    CONTROLLED = 16, /* it runs only under tests */
    MAYBE_CONTROLLED = 8, /* some call of it stands under a test */
    BY_CONTROLLED = 64,   /* that test was no nearer than at the entry of the caller */
};

struct range {
    uint64_t start, end;
};

struct step {
    uint64_t start; /* of a body */
    unsigned distance; /* from where the knowledge begins: functions that it went through */
};

struct mc_relevance {
    struct mc_property *functions, *entries;
    struct mc_property *passed;     /* by entry, a bit for each slot in which some call passes something */
    struct mc_property *arguments, *pointers; /* by entry, a bit for each slot that may hold something, or point to where the
                                                 callee leaves something */
    MC_VECTOR(struct step) work; /* a queue */
    size_t next;
    unsigned distance; /* of the body that is looked at now */
    MC_VECTOR(struct step) maybe; /* entries of which some call stands under a test */
    struct mc_property *distances; /* of who first passed an argument to the entry */
    MC_VECTOR(struct range) cells; /* sorted by start, disjoint */
    size_t count;
    MC_VECTOR(struct range) thread_local_; /* offsets from the thread pointer */
    bool cut;
};

static int *flags_of(struct mc_property **table, struct mc_arena *arena, uint64_t address)
{
    struct mc_property *found;
    HASH_FIND(hh, *table, &address, sizeof address, found);
    if (!found) {
        found = MC_NEW(arena, struct mc_property);
        found->address = address;
        HASH_ADD(hh, *table, address, sizeof address, found);
    }
    return &found->state;
}

static int flags_at(const struct mc_property *table, uint64_t address)
{
    const struct mc_property *found;
    HASH_FIND(hh, table, &address, sizeof address, found);
    return found ? found->state : 0;
}

/* `anew`: what it is evaluated to depends on the news. */
static void learn(struct mc_prover *prover, uint64_t address, bool anew)
{
    struct mc_relevance *r = prover->relevance;
    if (!mc_image_is_code(prover->image, address))
        return;
    uint64_t start = mc_function_extent(prover, address).start;
    int *flags = flags_of(&r->functions, &prover->arena, start);
    struct step step = {start, r->distance + 1};
    if (!(*flags & WAITING) && step.distance > MAX_DISTANCE) {
        r->cut = true;
        return;
    }
    if (!(*flags & WAITING))
        mc_push(&r->work, step);
    r->count += !(*flags & LEARNS);
    *flags |= LEARNS | WAITING | (anew ? STALE : 0);
}

/* Whoever calls, jumps to or names it (a GOT slot) by an instruction learns. */
static void learn_referrers(struct mc_prover *prover, uint64_t start, uint64_t end, bool data)
{
    size_t count, first = mc_references_to(prover->references, start, end, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        bool control = reference->kind == MC_REF_CALL || reference->kind == MC_REF_JUMP;
        if (reference->kind == MC_REF_DATA && data)
            learn_referrers(prover, reference->from, reference->from + 1, false);
        else if (reference->kind != MC_REF_DATA && (control || data || reference->kind == MC_REF_LOAD))
            learn(prover, reference->from, true);
    }
}

/* Also those that go through a thunk or a GOT slot. */
static void learn_callers(struct mc_prover *prover, uint64_t entry)
{
    learn_referrers(prover, entry, entry + 1, false);
    size_t count, first = mc_references_to(prover->references, entry, entry + 1, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        if (reference->kind == MC_REF_JUMP && mc_final_target(prover, mc_function_extent(prover, reference->from).start) == entry)
            learn_referrers(prover, mc_function_extent(prover, reference->from).start,
                            mc_function_extent(prover, reference->from).start + 1, false);
        else if (reference->kind == MC_REF_DATA) /* through its GOT slot */
            learn_referrers(prover, reference->from, reference->from + 1, false);
    }
}

static void mark_entry(struct mc_prover *prover, uint64_t entry, int flag)
{
    int *flags = flags_of(&prover->relevance->entries, &prover->arena, entry);
    if (*flags & flag)
        return;
    *flags |= flag;
    if (flag & (RETURNS | GATES))
        learn_callers(prover, entry);
    else
        learn(prover, entry, false);
}

static size_t first_range(const struct mc_relevance *r, uint64_t address) /* whose end is behind the address */
{
    size_t low = 0, high = r->cells.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (r->cells.items[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void mark_cells(struct mc_prover *prover, uint64_t start, uint64_t end)
{
    struct mc_relevance *r = prover->relevance;
    size_t at = first_range(r, start);
    if (at < r->cells.count && r->cells.items[at].start <= start && r->cells.items[at].end >= end)
        return;
    struct range merged = {start, end};
    size_t stop = at;
    for (; stop < r->cells.count && r->cells.items[stop].start < end; stop++) {
        merged.start = r->cells.items[stop].start < merged.start ? r->cells.items[stop].start : merged.start;
        merged.end = r->cells.items[stop].end > merged.end ? r->cells.items[stop].end : merged.end;
    }
    if (stop == at) {
        mc_push(&r->cells, merged);
        memmove(&r->cells.items[at + 1], &r->cells.items[at], (r->cells.count - 1 - at) * sizeof merged);
    } else {
        memmove(&r->cells.items[at + 1], &r->cells.items[stop], (r->cells.count - stop) * sizeof merged);
        r->cells.count -= stop - at - 1;
    }
    r->cells.items[at] = merged;
    /* who loads it, at any width, or has the object's address */
    learn_referrers(prover, start < NEAR ? 0 : start - NEAR, end, true);
    struct mc_text_range object = mc_object_extent(prover, start);
    if (object.start < start)
        learn_referrers(prover, start - object.start < LARGE_OBJECT ? object.start : start, start, true);
}

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
    return slot < MC_CALL_ARGUMENTS && flags_at(prover->relevance->arguments, entry) >> slot & 1;
}

static bool is_relevant_symbol(const struct mc_prover *prover, uint32_t symbol)
{
    const struct mc_relevance *r = prover->relevance;
    struct mc_symbol_key key = mc_symbol_get(prover->values, symbol);
    switch (key.kind) {
    case MC_SYM_CELL:
        return mc_cell_is_relevant(prover, key.a, key.width / 8);
    case MC_SYM_TLS:
        return is_thread_local(r, (int64_t)key.a, key.width / 8);
    case MC_SYM_RETURN:
        return flags_at(r->entries, key.a) & RETURNS || mc_image_import_at(prover->image, key.a);
    case MC_SYM_ARGUMENT:
        return takes_at(prover, key.a, slot_of(prover, key.b));
    case MC_SYM_LOAD:
        return mc_is_field(prover, key.b, key.width / 8);
    case MC_SYM_MAX_LEAF:
    case MC_SYM_LZCNT:
        return true;
    default:
        return false;
    }
}

/* Something was learnt that does not hold at the entry already. */
bool mc_facts_tell(const struct mc_prover *prover, mc_facts facts)
{
    struct mc_fact_set set = mc_facts_get(prover->facts, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(prover->facts, set.items[i].atom);
        bool relevant = true;
        if (atom.kind == MC_ATOM_TEST)
            relevant = is_relevant_symbol(prover, atom.a);
        else if (atom.kind == MC_ATOM_ENTRY)
            relevant = false;
        else if (atom.kind == MC_ATOM_RETURN)
            relevant = flags_at(prover->relevance->entries, atom.c) & GATES;
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

static bool is_controlled(const struct mc_prover *prover, uint64_t entry)
{
    return flags_at(prover->relevance->entries, entry) & CONTROLLED;
}

/* CPUID itself was asked on the way, not only a memory of it. */
static bool has_asked(const struct mc_prover *prover, mc_facts facts)
{
    return mc_facts_only_base(prover->facts, facts) != MC_FACTS_NONE;
}

bool mc_value_tells(const struct mc_prover *prover, mc_value value)
{
    struct mc_value_data data;
    if (value == MC_TOP)
        return false;
    mc_value_get(prover->values, value, &data);
    if (data.kind == MC_VALUE_PAIR)
        return mc_value_tells(prover, (mc_value)data.known) || mc_value_tells(prover, (mc_value)data.constant);
    if (data.kind == MC_VALUE_TOP)
        return mc_facts_tell(prover, data.other);
    if (data.kind == MC_VALUE_BITS) {
        for (uint32_t i = 0; i < data.count; i++)
            if (mc_facts_tell(prover, data.bits[i].if_one) || mc_facts_tell(prover, data.bits[i].if_zero))
                return true;
        return false;
    }
    for (uint32_t i = 0; i < data.count; i++)
        if (mc_facts_tell(prover, data.cases[i].facts) || is_relevant_symbol(prover, data.cases[i].base))
            return true;
    return mc_facts_tell(prover, data.other);
}

static void learn_anew(struct mc_prover *prover, uint64_t body)
{
    learn(prover, body, true);
}

static void mark_pointer(struct mc_prover *prover, uint64_t entry, unsigned slot)
{
    int *slots = flags_of(&prover->relevance->pointers, &prover->arena, entry);
    if (slot >= MC_CALL_ARGUMENTS || *slots >> slot & 1)
        return;
    *slots |= 1 << slot;
    learn_callers(prover, entry);
}

/* The value itself is CPUID's, or a memory of it; not only chosen by a test. */
static bool says(const struct mc_prover *prover, mc_value value)
{
    uint32_t base;
    int64_t offset;
    return mc_value_provenance(prover->values, value) != MC_FACTS_NONE ||
           (mc_value_single(prover->values, value, &base, &offset) && is_relevant_symbol(prover, base));
}

static void mark_thread_local(struct mc_prover *prover, uint64_t entry, const struct mc_event *event)
{
    struct range range = {(uint64_t)event->offset, (uint64_t)event->offset + event->size};
    if (is_thread_local(prover->relevance, event->offset, event->size))
        return;
    mc_push(&prover->relevance->thread_local_, range);
    mc_learn_thread_local(prover, event->offset, event->size, learn_anew);
    learn(prover, entry, true); /* what was there before matters now */
}

static void pass_store(struct mc_prover *prover, const struct mc_evaluation *evaluation, const struct mc_event *event)
{
    struct mc_symbol_key key = mc_symbol_get(prover->values, event->base);
    bool value = mc_value_tells(prover, event->value), tested = mc_facts_tell(prover, event->facts);
    if (key.kind == MC_SYM_ARGUMENT && (says(prover, event->value) || has_asked(prover, event->facts)))
        mark_pointer(prover, key.a, slot_of(prover, key.b));
    if (event->kind == MC_EVENT_STORE && event->size <= 4 && mc_is_field_base(prover, event->base) &&
        (says(prover, event->value) || has_asked(prover, event->facts)) &&
        mc_mark_field(prover, event->offset, event->size, learn_anew))
        learn(prover, evaluation->entry, true); /* what was there before matters now */
    if (!value && !tested && !is_controlled(prover, evaluation->entry))
        return;
    if (event->base == MC_BASE_MODULE && event->kind == MC_EVENT_STORE_ANY) {
        struct mc_text_range extent = mc_object_extent(prover, (uint64_t)event->offset);
        mark_cells(prover, extent.start, extent.end);
    } else if (event->base == MC_BASE_MODULE) {
        mark_cells(prover, (uint64_t)event->offset, (uint64_t)event->offset + event->size);
    } else if (key.kind == MC_SYM_TLS) {
        mark_thread_local(prover, evaluation->entry, event);
    }
}

/* A callee that writes what it learnt through a pointer to a global: as if the caller stored it. */
static void pass_pointers(struct mc_prover *prover, const struct mc_evaluation *evaluation, const struct mc_event *event)
{
    int slots = flags_at(prover->relevance->pointers, mc_final_target(prover, event->target));
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
            mark_cells(prover, extent.start, extent.end);
        } else if (key.kind == MC_SYM_ARGUMENT) {
            mark_pointer(prover, evaluation->entry, slot_of(prover, key.b));
        }
    }
}

/* Two levels of calls: deeper ones know by their callers what they know. */
static void call_under_test(struct mc_prover *prover, const struct mc_evaluation *evaluation, uint64_t entry, mc_facts facts)
{
    struct mc_relevance *r = prover->relevance;
    bool tested = mc_facts_tell(prover, facts), inherited = is_controlled(prover, evaluation->entry) &&
                                                          !(flags_at(r->entries, evaluation->entry) & BY_CONTROLLED);
    if (!tested && !inherited)
        return;
    int *flags = flags_of(&r->entries, &prover->arena, entry);
    if (!(*flags & MAYBE_CONTROLLED))
        mc_push(&r->maybe, ((struct step){entry, r->distance}));
    *flags |= MAYBE_CONTROLLED | (tested ? 0 : BY_CONTROLLED);
}

/* Every way in comes from code that learns. */
static bool only_under_tests(struct mc_prover *prover, uint64_t entry)
{
    size_t count, first = mc_references_to(prover->references, entry, entry + 1, &count);
    if (mc_is_root(prover, entry, false, NULL))
        return false;
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        if (reference->kind == MC_REF_DATA) /* a table, a slot: who takes its address or loads from it? */
            continue;
        if (!mc_body_learns(prover, reference->from) && !is_controlled(prover, mc_function_extent(prover, reference->from).start))
            return false;
    }
    return true;
}

/* True when some entry became controlled. */
static bool find_controlled(struct mc_prover *prover)
{
    struct mc_relevance *r = prover->relevance;
    bool any = false;
    for (size_t i = 0; i < r->maybe.count; i++)
        if (!is_controlled(prover, r->maybe.items[i].start) && only_under_tests(prover, r->maybe.items[i].start)) {
            r->distance = r->maybe.items[i].distance;
            mark_entry(prover, r->maybe.items[i].start, CONTROLLED);
            any = true;
        }
    return any;
}

/* Every way in is a call by code that learns: only then can the argument be told. */
static bool only_called_by_learners(struct mc_prover *prover, uint64_t entry)
{
    size_t count, first = mc_references_to(prover->references, entry, entry + 1, &count);
    if (mc_is_root(prover, entry, false, NULL) && !mc_image_exports(prover->image, entry))
        return false;
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        bool control = reference->kind == MC_REF_CALL || reference->kind == MC_REF_JUMP;
        if (!control || !mc_body_learns(prover, reference->from))
            return false;
    }
    return true;
}

/* True when some function's arguments can be told now. */
static bool find_arguments(struct mc_prover *prover)
{
    struct mc_relevance *r = prover->relevance;
    bool any = false;
    for (const struct mc_property *passed = r->passed; passed; passed = passed->hh.next) {
        int *told = flags_of(&r->arguments, &prover->arena, passed->address);
        if (*told == passed->state || !only_called_by_learners(prover, passed->address))
            continue;
        *told = passed->state;
        r->distance = (unsigned)flags_at(r->distances, passed->address);
        learn(prover, passed->address, true);
        any = true;
    }
    return any;
}

static void pass_call(struct mc_prover *prover, const struct mc_evaluation *evaluation, const struct mc_event *event)
{
    uint64_t final = mc_final_target(prover, event->target);
    if (!mc_image_is_code(prover->image, final))
        return;
    call_under_test(prover, evaluation, final, event->facts);
    uint32_t slots = mc_argument_slots(prover, final), passed = 0;
    bool under_test = mc_facts_tell(prover, event->facts) || is_controlled(prover, evaluation->entry);
    for (unsigned i = 0; i < MC_CALL_ARGUMENTS; i++) {
        uint64_t constant;
        mc_value value = evaluation->arguments[event->arguments + i];
        if (slots >> i & 1 && (mc_value_tells(prover, value) || (under_test && mc_value_is_constant(prover->values, value, &constant))))
            passed |= 1u << i;
    }
    if (passed) {
        int *distance = flags_of(&prover->relevance->distances, &prover->arena, final);
        *distance = *distance ? *distance : (int)prover->relevance->distance;
        *flags_of(&prover->relevance->passed, &prover->arena, final) |= (int)passed;
    }
    pass_pointers(prover, evaluation, event);
}

static void pass_on(struct mc_prover *prover, const struct mc_evaluation *evaluation)
{
    if (mc_returns_under_test(prover, evaluation))
        mark_entry(prover, evaluation->entry, GATES);
    if (mc_result_tells(prover, evaluation))
        mark_entry(prover, evaluation->entry, RETURNS);
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
                flags_at(prover->relevance->entries, mc_final_target(prover, event->target)) & RETURNS)
                mark_entry(prover, evaluation->entry, RETURNS);
            if (mc_image_is_code(prover->image, event->target))
                call_under_test(prover, evaluation, event->target, event->facts);
            break;
        default:
            break;
        }
    }
}

static void start_imports(struct mc_prover *prover)
{
    const struct mc_image *image = prover->image;
    for (size_t i = 0; i < prover->entries->count; i++) {
        const struct mc_entry *entry = &prover->entries->items[i];
        const char *name = entry->sources & MC_ENTRY_PLT ? mc_import_name(prover, mc_final_target(prover, entry->address)) : NULL;
        if (name && mc_import_speaks(name))
            learn_referrers(prover, entry->address, entry->address + 1, false);
    }
    for (size_t i = 0; i < image->import_count; i++)
        if (mc_import_speaks(image->imports[i].symbol->name))
            learn_referrers(prover, image->imports[i].address, image->imports[i].address + 1, true);
    for (size_t i = 0; i < image->reloc_count; i++) {
        const struct mc_reloc *reloc = &image->relocs[i];
        if (reloc->symbol && !reloc->symbol->defined && mc_import_speaks(reloc->symbol->name))
            learn_referrers(prover, reloc->place, reloc->place + reloc->width, true);
        if (reloc->kind == MC_RELOC_COPY && mc_import_speaks(reloc->symbol->name))
            mark_cells(prover, reloc->place, reloc->place + (reloc->symbol->size ? reloc->symbol->size : 1));
    }
}

static void start_uses(struct mc_prover *prover)
{
    size_t count = 0;
    for (size_t i = 0; i < prover->uses->count && count < MAX_TRYING_USES; i++) {
        const struct mc_need *need = mc_need_at(prover->uses->items[i].need);
        if (need->absent == MC_ABSENT_ALIAS || need->feature == MC_F_SHSTK) { /* RDSSP tells, too */
            count++;
            learn(prover, prover->uses->items[i].address, true);
        }
    }
}

static bool may_matter(const void *context, uint32_t symbol)
{
    return is_relevant_symbol(context, symbol);
}

void mc_relevance_find(struct mc_prover *prover)
{
    struct mc_relevance *r = prover->relevance = MC_NEW(&prover->arena, struct mc_relevance);
    mc_values_set_filter(prover->values, may_matter, prover);
    for (size_t i = 0; i < prover->references->cpuid_site_count; i++)
        learn(prover, prover->references->cpuid_sites[i], true);
    start_imports(prover);
    start_uses(prover);
    bool full = false;
    while ((r->next < r->work.count || find_arguments(prover) || find_controlled(prover)) && !full) {
        if (r->next == r->work.count)
            continue;
        uint64_t start = r->work.items[r->next].start;
        r->distance = r->work.items[r->next++].distance;
        int *flags = flags_of(&r->functions, &prover->arena, start);
        bool anew = *flags & STALE;
        *flags &= ~(WAITING | STALE);
        struct mc_nodes nodes = mc_nodes_of(prover, mc_function_extent(prover, start));
        for (size_t i = 0; i < nodes.count; i++) {
            if (anew)
                mc_forget_evaluation(prover, nodes.items[i]);
            const struct mc_evaluation *evaluation = mc_evaluate(prover, nodes.items[i]);
            if (evaluation)
                pass_on(prover, evaluation);
            if (mc_helper_asks(prover, nodes.items[i])) { /* run inside its callers, with what they pass */
                mark_entry(prover, nodes.items[i], RETURNS);
            }
        }
        for (const struct mc_property *handler = prover->handlers; handler; handler = handler->hh.next)
            mark_entry(prover, handler->address, CONTROLLED); /* what it leaves behind tells that something trapped */
        full = r->count > MAX_FUNCTIONS || prover->steps > prover->step_limit / STEPS_SHARE || mc_exhausted(prover);
    }
    r->cut |= full;
    mc_vector_free(&r->work);
    mc_vector_free(&r->maybe);
}

void mc_relevance_free(struct mc_prover *prover)
{
    HASH_CLEAR(hh, prover->relevance->functions);
    HASH_CLEAR(hh, prover->relevance->entries);
    HASH_CLEAR(hh, prover->relevance->arguments);
    HASH_CLEAR(hh, prover->relevance->passed);
    HASH_CLEAR(hh, prover->relevance->distances);
    HASH_CLEAR(hh, prover->relevance->pointers);
    mc_vector_free(&prover->relevance->cells);
    mc_vector_free(&prover->relevance->thread_local_);
}

bool mc_body_learns(const struct mc_prover *prover, uint64_t address)
{
    return flags_at(prover->relevance->functions, mc_function_extent(prover, address).start) & LEARNS;
}

bool mc_cell_is_relevant(const struct mc_prover *prover, uint64_t address, unsigned size)
{
    const struct mc_relevance *r = prover->relevance;
    size_t at = first_range(r, address);
    return at < r->cells.count && r->cells.items[at].start < address + size;
}

bool mc_arguments_are_relevant(const struct mc_prover *prover, uint64_t entry)
{
    return flags_at(prover->relevance->arguments, entry);
}

bool mc_is_gate(const struct mc_prover *prover, uint64_t entry)
{
    return flags_at(prover->relevance->entries, entry) & GATES;
}

bool mc_return_is_relevant(const struct mc_prover *prover, uint64_t entry)
{
    return flags_at(prover->relevance->entries, entry) & (RETURNS | GATES);
}

bool mc_relevance_was_cut(const struct mc_prover *prover)
{
    return prover->relevance->cut;
}
