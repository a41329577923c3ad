/* SPDX-License-Identifier: Apache-2.0 */
/* Data objects and cells: where an object begins and ends, and every value that a cell may hold. */
#include "scanner/proof/machine.h"

#include <limits.h>
#include <string.h>

#define MAX_WRITERS 200     /* bodies looked at for one cell */
#define LONGEST_STORE 64    /* bytes */
#define POINTER_DEPTH 4     /* calls through which a pointer to a cell is followed */

static bool splits_objects(uint8_t kind)
{
    return kind == MC_REF_LEA || kind == MC_REF_DATA;
}

static void part_at(struct mc_text_range *range, uint64_t address, uint64_t border)
{
    if (address < border && border < range->end)
        range->end = border;
    else if (border <= address && border > range->start)
        range->start = border;
}

/* No object of the program reaches into the dynamic table, from before it (constant data that holds addresses) to behind it (the
 * GOT), or beyond the end of RELRO. */
static struct mc_text_range between_borders(const struct mc_prover *prover, const struct mc_segment *segment, uint64_t address)
{
    struct mc_text_range range = {segment->address, segment->address + segment->size};
    part_at(&range, address, prover->image->dynamic_start);
    part_at(&range, address, prover->image->dynamic_end);
    part_at(&range, address, segment->relro_end);
    return range;
}

struct mc_text_range mc_object_extent(const struct mc_prover *prover, uint64_t address)
{
    const struct mc_symbol *symbol = mc_image_symbol_for(prover->image, address);
    if (symbol && symbol->size && address >= symbol->address && address - symbol->address < symbol->size)
        return (struct mc_text_range){symbol->address, symbol->address + symbol->size};
    const struct mc_segment *segment = mc_image_segment(prover->image, address);
    if (!segment)
        return (struct mc_text_range){address, address + 1};
    struct mc_text_range range = between_borders(prover, segment, address);
    size_t unused, i = mc_references_to(prover->references, address + 1, range.end, &unused);
    for (size_t k = i; k < prover->references->count; k++) {
        const struct mc_reference *reference = &prover->references->items[k];
        if (reference->to >= range.end)
            break;
        if (splits_objects(reference->kind)) {
            range.end = reference->to;
            break;
        }
    }
    for (size_t k = i; k > 0; k--) {
        const struct mc_reference *reference = &prover->references->items[k - 1];
        if (reference->to < range.start)
            break;
        if (splits_objects(reference->kind)) {
            range.start = reference->to;
            break;
        }
    }
    return range;
}

struct writers {
    struct mc_prover *prover;
    uint64_t address, end;
    unsigned size;
    struct mc_text_range object;
    mc_value self; /* the cell's own symbol: what a partial store leaves as it was */
    MC_VECTOR(struct mc_cell_value) values;
    MC_VECTOR(uint64_t) bodies; /* node addresses already looked at */
    bool complete;
    bool direct; /* what is added now */
};

static void add_value(struct writers *w, mc_value value, mc_facts facts, uint64_t site)
{
    for (size_t i = 0; i < w->values.count; i++)
        if (w->values.items[i].value == value && w->values.items[i].facts == facts) {
            w->values.items[i].direct |= w->direct;
            return;
        }
    mc_push(&w->values, ((struct mc_cell_value){value, facts, site, w->direct}));
}

/* A store of `size` bytes at `place`: what it makes of the cell. */
static void add_store(struct writers *w, uint64_t place, unsigned size, mc_value value, mc_facts facts, uint64_t site)
{
    struct mc_values *v = w->prover->values;
    if (place >= w->end || place + size <= w->address)
        return;
    if (place <= w->address && place + size >= w->end) {
        mc_value part = mc_value_extract(v, value, (unsigned)(w->address - place) * 8, 64);
        add_value(w, place == w->address && size == w->size ? value : mc_value_zero_extend(v, part, w->size * 8), facts, site);
        return;
    }
    uint64_t from = place > w->address ? place : w->address, to = place + size < w->end ? place + size : w->end;
    mc_value part = mc_value_extract(v, value, (unsigned)(from - place) * 8, 64);
    add_value(w, mc_value_insert(v, w->self, part, (unsigned)(from - w->address) * 8, (unsigned)(to - from) * 8), facts, site);
}

/* The callee writes through argument `slot`, which holds `pointer` (an address in the object). */
static void follow_pointer(struct writers *w, uint64_t callee, int64_t slot, uint64_t pointer, unsigned depth)
{
    struct mc_prover *prover = w->prover;
    uint64_t final = mc_final_target(prover, callee);
    if (mc_import_name(prover, final) || depth > POINTER_DEPTH) {
        w->complete = false;
        return;
    }
    const struct mc_evaluation *evaluation = mc_evaluate(prover, final);
    if (!evaluation || !evaluation->complete)
        w->complete = false;
    for (size_t i = 0; evaluation && i < evaluation->event_count; i++) {
        const struct mc_event *event = &evaluation->events[i];
        if (event->kind == MC_EVENT_STORE) {
            struct mc_symbol_key key = mc_symbol_get(prover->values, event->base);
            if (key.kind == MC_SYM_ARGUMENT && key.a == final && key.b == slot)
                add_store(w, pointer + (uint64_t)event->offset, event->size, event->value, event->facts, event->site);
        } else if (event->kind == MC_EVENT_CALL) {
            for (int k = 0; k < 16; k++) {
                uint32_t base;
                int64_t offset;
                if (k == MC_RSP || !mc_value_single(prover->values, evaluation->arguments[event->arguments + (unsigned)k], &base, &offset))
                    continue;
                struct mc_symbol_key key = mc_symbol_get(prover->values, base);
                if (key.kind == MC_SYM_ARGUMENT && key.a == final && key.b == slot && k != MC_RBX && k != MC_RBP && k < 10)
                    follow_pointer(w, event->target, k, pointer + (uint64_t)offset, depth + 1);
            }
        }
    }
}

void mc_stores_through(struct mc_prover *prover, const struct mc_symbol_key *key, int64_t argument, int64_t offset,
                       struct mc_cell_values *ret)
{
    uint64_t place = (uint64_t)offset + 4096; /* anywhere, as long as it is not below 0 */
    unsigned size = key->width / 8;
    struct writers w = {.prover = prover, .address = place, .end = place + size, .size = size, .complete = true};
    w.self = mc_value_symbol(prover->values, mc_symbol_id(prover->values, *key), 0);
    add_value(&w, mc_value_constant(prover->values, 0), MC_FACTS_NONE, 0);
    follow_pointer(&w, key->a, argument, 4096, 0);
    ret->count = w.values.count;
    ret->items = MC_NEW_ARRAY(&prover->arena, w.values.count, struct mc_cell_value);
    memcpy(ret->items, w.values.items, w.values.count * sizeof *ret->items);
    ret->complete = w.complete;
    mc_vector_free(&w.values);
}

/* memcpy and its kin: what went there was seen as a store, or it is only read. */
static bool is_seen_move(struct writers *w, const struct mc_evaluation *evaluation, const struct mc_event *call, unsigned argument)
{
    const char *name = mc_import_name(w->prover, mc_final_target(w->prover, call->target));
    if (!name || !mc_import_moves(name))
        return false;
    for (size_t i = mc_first_of_kind(evaluation, MC_EVENT_STORE); !argument && i < evaluation->event_count; i++) {
        if (evaluation->events[i].kind != MC_EVENT_STORE)
            break;
        if (evaluation->events[i].site == call->site)
            return true;
    }
    return argument == 1;
}

static void look_at_call(struct writers *w, const struct mc_evaluation *evaluation, const struct mc_event *event)
{
    static const uint8_t registers[6] = {MC_RDI, MC_RSI, MC_RDX, MC_RCX, 8, 9};
    unsigned count = w->prover->pointer_size == 8 ? 6 : 0;
    for (unsigned i = 0; i < count + 6; i++) {
        unsigned at = i < count ? registers[i] : 16 + i - count;
        uint32_t base;
        int64_t offset;
        uint64_t pointer;
        if (!mc_value_single(w->prover->values, evaluation->arguments[event->arguments + at], &base, &offset) ||
            base != MC_BASE_MODULE || !mc_module_address(w->prover, base, offset, &pointer))
            continue;
        if (pointer >= w->object.start && pointer < w->object.end &&
            !is_seen_move(w, evaluation, event, i < count || !count ? i : UINT_MAX)) {
            int64_t slot = at < 16 ? (int64_t)at : 16 + (int64_t)w->prover->pointer_size * (1 + (int64_t)at - 16);
            follow_pointer(w, event->target, slot, pointer, 0);
        }
    }
}

static void look_at_holder(struct writers *w, uint64_t from);

/* Those who jump or call there, thunks of it (stubs of the PLT) and their callers among them. */
static void look_at_comers(struct writers *w, uint64_t entry, uint64_t final)
{
    struct mc_incoming_list list = mc_incoming_of(w->prover, entry);
    for (size_t i = 0; i < list.count; i++) {
        uint64_t from = list.items[i].from, start = mc_function_extent(w->prover, from).start;
        if (list.items[i].kind != MC_REF_CALL && list.items[i].kind != MC_REF_JUMP)
            w->complete = false;
        else if (start != entry && mc_final_target(w->prover, start) == final)
            look_at_comers(w, start, final);
        else
            look_at_holder(w, from);
    }
}

/* `std::atomic<int> &get(void) { return it; }`: whoever calls it may write. What is small runs inside its callers, where the store
 * is seen; of others an address in the result is a leftover, most often. */
static void look_at_callers(struct writers *w, uint64_t entry)
{
    if (!mc_is_cpuid_helper(w->prover, entry))
        return;
    if (mc_image_exports(w->prover->image, entry))
        w->complete = false;
    look_at_comers(w, entry, entry);
}

static void look_at_evaluation(struct writers *w, const struct mc_evaluation *evaluation)
{
    for (size_t i = 0; i < evaluation->event_count; i++) {
        const struct mc_event *event = &evaluation->events[i];
        uint64_t place = (uint64_t)event->offset;
        switch (event->kind) {
        case MC_EVENT_STORE:
            w->direct = true;
            if (event->base == MC_BASE_MODULE)
                add_store(w, place, event->size, event->value, event->facts, event->site);
            w->direct = false;
            break;
        case MC_EVENT_STORE_ANY:
            if (event->base == MC_BASE_MODULE && place >= w->object.start && place < w->object.end)
                add_value(w, event->size == w->size ? event->value : MC_TOP, event->facts, event->site);
            break;
        case MC_EVENT_CALL:
            look_at_call(w, evaluation, event);
            break;
        case MC_EVENT_REFERENCE:
            if (event->target < w->object.start || event->target >= w->object.end)
                break;
            if (event->escape == MC_ESCAPE_STORED)
                w->complete = false;
            else if (event->escape == MC_ESCAPE_RETURNED)
                look_at_callers(w, evaluation->entry);
            break;
        case MC_EVENT_LOST:
            if (event->target >= w->object.start && event->target < w->object.end)
                w->complete = false;
            break;
        default:
            break;
        }
    }
    if (!evaluation->complete)
        w->complete = false;
}

static void look_at_holder(struct writers *w, uint64_t from)
{
    struct mc_text_range range = mc_function_extent(w->prover, from);
    struct mc_nodes nodes = mc_nodes_of(w->prover, range);
    for (size_t i = 0; i < nodes.count; i++) {
        bool seen = false;
        for (size_t k = 0; k < w->bodies.count && !seen; k++)
            seen = w->bodies.items[k] == nodes.items[i];
        if (seen)
            continue;
        if (w->bodies.count >= MAX_WRITERS) {
            w->complete = false;
            return;
        }
        mc_push(&w->bodies, nodes.items[i]);
        struct mc_evaluation *evaluation = mc_evaluate(w->prover, nodes.items[i]);
        if (evaluation) {
            evaluation->needed = true;
            look_at_evaluation(w, evaluation);
        }
    }
}

/* A pointer to the object stands in data (a GOT slot, a structure): whoever loads it may write. */
static void look_at_pointer(struct writers *w, uint64_t place)
{
    size_t count, first = mc_references_to(w->prover->references, place, place + 1, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &w->prover->references->items[i];
        if (reference->kind == MC_REF_LOAD)
            look_at_holder(w, reference->from);
        else
            w->complete = false;
    }
    const struct mc_reloc *reloc = mc_image_reloc_at(w->prover->image, place);
    if (!reloc || reloc->kind != MC_RELOC_SLOT)
        w->complete = false;
}

static void look_at_references(struct writers *w)
{
    size_t count, first = mc_references_to(w->prover->references, w->object.start, w->end, &count);
    for (size_t i = first; i < first + count; i++) { /* those that surely write it, before the bound may be reached */
        const struct mc_reference *reference = &w->prover->references->items[i];
        if (reference->kind == MC_REF_STORE && reference->to + LONGEST_STORE > w->address)
            look_at_holder(w, reference->from);
    }
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &w->prover->references->items[i];
        if (reference->kind == MC_REF_LEA)
            look_at_holder(w, reference->from);
        else if (reference->kind == MC_REF_DATA)
            look_at_pointer(w, reference->from);
    }
}

static void add_initial(struct writers *w)
{
    const struct mc_image *image = w->prover->image;
    uint64_t content;
    const struct mc_reloc *reloc = mc_image_reloc_at(image, w->address);
    if (!mc_image_read(image, w->address, w->size, &content)) {
        w->complete = false;
        add_value(w, MC_TOP, MC_FACTS_NONE, 0);
    } else if (reloc && reloc->kind == MC_RELOC_COPY) {
        w->complete = false;
        add_value(w, MC_TOP, MC_FACTS_NONE, 0);
    } else if (reloc) {
        add_value(w, mc_value_symbol(w->prover->values, MC_BASE_MODULE, (int64_t)content), MC_FACTS_NONE, 0);
    } else {
        add_value(w, mc_value_constant(w->prover->values, content), MC_FACTS_NONE, 0);
    }
}

/* Other modules cannot write it: it is read-only once they run. */
static bool is_protected(const struct mc_prover *prover, const struct mc_text_range *object)
{
    const struct mc_segment *segment = mc_image_segment(prover->image, object->start);
    return segment && (!segment->writable || object->end <= segment->relro_end);
}

void mc_cell_writers(struct mc_prover *prover, uint64_t address, unsigned size, struct mc_cell_values *ret)
{
    struct writers w = {.prover = prover, .address = address, .end = address + size, .size = size, .complete = true};
    struct mc_symbol_key self = {.kind = MC_SYM_CELL, .width = size * 8, .a = address};
    w.self = mc_value_symbol(prover->values, mc_symbol_id(prover->values, self), 0);
    w.object = mc_object_extent(prover, address);
    if (mc_image_exports(prover->image, w.object.start) && !is_protected(prover, &w.object))
        w.complete = false;
    w.direct = true;
    add_initial(&w);
    w.direct = false;
    look_at_references(&w);
    ret->count = w.values.count;
    ret->items = MC_NEW_ARRAY(&prover->arena, w.values.count, struct mc_cell_value);
    if (w.values.count)
        memcpy(ret->items, w.values.items, w.values.count * sizeof *ret->items);
    ret->complete = w.complete;
    mc_vector_free(&w.values);
    mc_vector_free(&w.bodies);
}
