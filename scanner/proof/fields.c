/* SPDX-License-Identifier: Apache-2.0 */
/* Fields: words behind pointers that are not followed, told apart by their displacement and width alone (design.md 5.4, b and
 * d). What was learnt of the CPU and stored at some displacement is taken to be what a load at that displacement gives. That is
 * an inference: another structure may have a field in the same place. */
#include "base/sorted.h"
#include "scanner/proof/interiors.h"
#include "scanner/sweep_access.h"

#include <string.h>

#define MAX_FIELDS 64
#define MAX_READERS 60       /* bodies; a displacement that more of them use belongs to more than one structure */
#define MAX_NARROW 16        /* unless so few of them access no more than a word of flags: the others have something else there */
#define MAX_STORES 120       /* and no more store more bytes at once, the flags among them */
#define MAX_CROWDED 4        /* displacements of which those are picked that look at bits */
#define MAX_BIT_READERS 200
#define MAX_PICKED_FROM 400  /* bodies, which would all have to be read */
#define MAX_CANDIDATES 20000 /* bodies that may test a field: those with uses, and what leads to them */
#define FLAGS_SIZE 4         /* bytes of a word of flags: who loads more at once has something else there */
#define LEAST_INNER 32 /* bytes: displacements that may be into a structure inside */
#define LEVELS 6     /* of calls from where a field is tested to a use */

struct field {
    int64_t displacement;
    unsigned size;
    bool ambiguous;
    bool crowded;                /* only `readers` count, and only what they ask of single bits */
    MC_VECTOR(uint64_t) readers; /* starts of bodies, sorted */
};

struct memo { /* who writes the place, as found while there were so many evaluations */
    void (*find)(struct mc_prover *prover, int64_t place, unsigned size, struct mc_cell_values *ret);
    int64_t place;
    unsigned size;
    uint64_t evaluations;
    struct mc_cell_values values;
};

struct mc_fields {
    MC_VECTOR(struct field) items;
    MC_VECTOR(uint64_t) candidates;      /* starts of bodies, sorted */
    MC_VECTOR(struct mc_access) accesses;   /* of the candidates, sorted by displacement */
    struct mc_interiors interiors;
    bool listed;
    unsigned crowded;
    MC_VECTOR(struct memo) memo;
};

bool mc_is_field_base(const struct mc_prover *prover, uint32_t base)
{
    switch (mc_symbol_get(prover->values, base).kind) {
    case MC_SYM_ARGUMENT:
    case MC_SYM_LOAD:
    case MC_SYM_CELL:
    case MC_SYM_RETURN:
    case MC_SYM_OBJECT:
        return true;
    default:
        return false;
    }
}

static bool is_reader(const struct field *field, uint64_t body)
{
    return mc_sorted_has(field->readers.items, field->readers.count, body);
}

/* The pointer that the symbol stands for comes into being in one of the field's readers. */
static bool is_of_reader(const struct mc_prover *prover, const struct field *field, uint32_t base)
{
    struct mc_symbol_key key = mc_symbol_get(prover->values, base);
    for (unsigned levels = 0; key.kind == MC_SYM_LOAD && levels < LEVELS; levels++)
        key = mc_symbol_get(prover->values, (uint32_t)key.a);
    if (key.kind == MC_SYM_CELL || key.kind == MC_SYM_RETURN)
        return true;
    return (key.kind == MC_SYM_ARGUMENT || key.kind == MC_SYM_OBJECT) &&
           is_reader(field, mc_function_extent(prover, key.a).start);
}

static const struct field *find_field(const struct mc_prover *prover, const struct mc_symbol_key *key)
{
    const struct mc_fields *fields = prover->fields;
    int64_t size = key->width / 8;
    for (size_t i = 0; fields && i < fields->items.count; i++) {
        const struct field *field = &fields->items.items[i];
        if (!field->ambiguous && key->b < field->displacement + (int64_t)field->size && field->displacement < key->b + size &&
            (!field->crowded || (key->b == field->displacement && is_of_reader(prover, field, (uint32_t)key->a))))
            return field;
    }
    return NULL;
}

/* A field of a structure that lies inside of the one that the body of code was given. */
static const struct field *find_inner_field(const struct mc_prover *prover, const struct mc_symbol_key *key)
{
    const struct mc_fields *fields = prover->fields;
    struct mc_symbol_key base = mc_symbol_get(prover->values, (uint32_t)key->a);
    const struct mc_interior *inside;
    if (!fields || !fields->items.count || !fields->interiors.items.count || base.kind != MC_SYM_ARGUMENT)
        return NULL;
    size_t count = mc_interiors_of(&fields->interiors, mc_function_extent(prover, base.a).start, &inside);
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < fields->items.count; i++) {
            const struct field *field = &fields->items.items[i];
            if (!field->ambiguous && !field->crowded && field->displacement == key->b - inside[k].offset && field->size == key->width / 8)
                return field;
        }
    return NULL;
}

bool mc_is_field(const struct mc_prover *prover, const struct mc_symbol_key *key)
{
    return find_field(prover, key) || find_inner_field(prover, key);
}

int64_t mc_field_displacement(const struct mc_prover *prover, const struct mc_symbol_key *key)
{
    const struct field *inner = find_field(prover, key) ? NULL : find_inner_field(prover, key);
    return inner ? inner->displacement : key->b;
}

bool mc_is_field_of_bits(const struct mc_prover *prover, const struct mc_symbol_key *key)
{
    const struct field *field = find_field(prover, key);
    return field && field->crowded;
}

static int compare_addresses(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void sort_candidates(struct mc_fields *fields)
{
    size_t kept = 0;
    if (fields->candidates.count)
        qsort(fields->candidates.items, fields->candidates.count, sizeof *fields->candidates.items, compare_addresses);
    for (size_t i = 0; i < fields->candidates.count; i++)
        if (!kept || fields->candidates.items[kept - 1] != fields->candidates.items[i])
            fields->candidates.items[kept++] = fields->candidates.items[i];
    fields->candidates.count = kept;
}

#define MAX_SLOTS 2 /* one behind the other, with a thunk between them */

/* Who refers to the code, directly or through a slot of the GOT: by a thunk that jumps through it, or, if `loads`, by taking the
 * address out of it. `slots`: passed so far. */
static void list_referrers(struct mc_prover *prover, struct mc_text_range range, unsigned slots, bool loads)
{
    size_t count, first = mc_references_to(prover->references, range.start, range.end, &count);
    for (size_t i = first; i < first + count && prover->fields->candidates.count < MAX_CANDIDATES; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        bool in_data = reference->kind == MC_REF_DATA && slots < MAX_SLOTS;
        const struct mc_reloc *slot = in_data ? mc_image_reloc_at(prover->image, reference->from) : NULL;
        size_t users, user = slot && slot->kind == MC_RELOC_SLOT ? mc_references_to(prover->references, reference->from, reference->from + 1, &users) : 0;
        if (reference->kind <= MC_REF_LEA && mc_image_is_code(prover->image, reference->from))
            mc_push(&prover->fields->candidates, mc_function_extent(prover, reference->from).start);
        for (size_t end = slot && slot->kind == MC_RELOC_SLOT ? user + users : 0; user < end; user++) {
            uint64_t body = mc_function_extent(prover, prover->references->items[user].from).start;
            if (prover->references->items[user].kind != MC_REF_LOAD)
                continue;
            if (mc_final_target(prover, body) != body) /* a thunk */
                list_referrers(prover, (struct mc_text_range){body, body + 1}, slots + 1, loads);
            else if (loads)
                mc_push(&prover->fields->candidates, body);
        }
    }
}

static void list_candidates(struct mc_prover *prover)
{
    struct mc_fields *fields = prover->fields;
    fields->listed = true;
    fields->interiors.pointer_size = prover->pointer_size;
    for (size_t i = 0; i < prover->uses->count; i++) {
        uint64_t start = mc_function_extent(prover, prover->uses->items[i].address).start;
        if (!fields->candidates.count || fields->candidates.items[fields->candidates.count - 1] != start)
            mc_push(&fields->candidates, start);
    }
    sort_candidates(fields);
    for (unsigned level = 0; level < LEVELS; level++) {
        size_t count = fields->candidates.count;
        for (size_t i = 0; i < count && fields->candidates.count < MAX_CANDIDATES; i++) {
            uint64_t start = fields->candidates.items[i];
            list_referrers(prover, mc_function_extent(prover, start), 0, level == 0);
        }
        sort_candidates(fields);
    }
}

static uint8_t how_accessed(const struct mc_insn *insn)
{
    if (mc_accessed_bytes(insn) <= FLAGS_SIZE)
        return MC_ACCESS_NARROW;
    return mc_memory_access(insn) & MC_ACCESS_WRITE ? MC_ACCESS_WIDE_STORE : MC_ACCESS_WIDE_LOAD;
}

/* Memory operands with a base register other than the stack pointer, and no index; and those in the thread's block. */
static void list_accesses(struct mc_prover *prover, uint64_t start)
{
    struct mc_fields *fields = prover->fields;
    struct mc_text_range range = mc_function_extent(prover, start);
    struct mc_insn insn;
    mc_interiors_begin(&fields->interiors, start);
    for (uint64_t address = range.start; address < range.end; address += insn.length) {
        uint64_t available;
        const uint8_t *bytes = mc_image_rest(prover->image, address, &available);
        if (!bytes || !mc_decode(prover->image->mode, bytes, available, &insn)) {
            insn.length = 1;
            continue;
        }
        mc_interiors_look(&fields->interiors, &insn);
        bool thread_local_ = insn.segment == 0x64 || insn.segment == 0x65;
        if (!insn.has_modrm || insn.mod == 3 || (insn.base < 0 && !thread_local_) || insn.base == MC_RSP || insn.index != MC_REG_NONE)
            continue;
        struct mc_access *last = fields->accesses.count ? &fields->accesses.items[fields->accesses.count - 1] : NULL;
        uint8_t how = how_accessed(&insn);
        if (last && last->displacement == insn.displacement && last->body == start) {
            last->how = last->how < how ? last->how : how;
            continue;
        }
        mc_push(&fields->accesses, ((struct mc_access){insn.displacement, start, how}));
        if (insn.displacement >= LEAST_INNER)
            mc_interiors_access(&fields->interiors, insn.displacement);
    }
    mc_interiors_end(&fields->interiors);
}

static size_t first_access(const struct mc_fields *fields, int64_t displacement)
{
    return mc_accesses_from(fields->accesses.items, fields->accesses.count, displacement);
}

static struct mc_fields *fields_of(struct mc_prover *prover)
{
    if (!prover->fields)
        prover->fields = MC_NEW(&prover->arena, struct mc_fields);
    return prover->fields;
}

static void list_all(struct mc_prover *prover)
{
    struct mc_fields *fields = fields_of(prover);
    if (fields->listed)
        return;
    list_candidates(prover);
    for (size_t i = 0; i < fields->candidates.count; i++)
        list_accesses(prover, fields->candidates.items[i]);
    mc_accesses_sort(fields->accesses.items, fields->accesses.count);
    mc_interiors_sort(&fields->interiors);
}

void mc_learn_thread_local(struct mc_prover *prover, int64_t offset, unsigned size, mc_learner *learn)
{
    list_all(prover);
    size_t first = first_access(prover->fields, offset), end = first_access(prover->fields, offset + (int64_t)size);
    for (size_t i = first; i < end && end - first <= MAX_READERS; i++)
        learn(prover, prover->fields->accesses.items[i].body);
    mc_learn_thread_local_referrers(prover, learn);
}

struct accesses { /* bodies by how they access a field */
    size_t narrow, stores; /* stores: wide ones */
};

static struct accesses count_accesses(const struct mc_fields *fields, size_t first, size_t end)
{
    struct accesses counts = {0, 0};
    for (size_t i = first; i < end; i++) {
        counts.narrow += fields->accesses.items[i].how == MC_ACCESS_NARROW;
        counts.stores += fields->accesses.items[i].how == MC_ACCESS_WIDE_STORE;
    }
    return counts;
}

/* Of the accesses [first, end), all at the field's displacement: who looks at bits of it. False when there are too many. */
static bool pick_readers(struct mc_prover *prover, struct field *field, size_t first, size_t end)
{
    bool too_many = count_accesses(prover->fields, first, end).narrow > MAX_PICKED_FROM;
    if (field->size != 4 || too_many || prover->fields->crowded++ == MAX_CROWDED)
        return false;
    for (size_t i = first; i < end && field->readers.count <= MAX_BIT_READERS; i++) {
        const struct mc_access *access = &prover->fields->accesses.items[i];
        bool again = i > first && access[-1].body == access->body && access[-1].displacement == access->displacement;
        if (!again && access->displacement == field->displacement && mc_reads_bits(prover, access->body, access->displacement))
            mc_push(&field->readers, access->body);
    }
    if (field->readers.count)
        qsort(field->readers.items, field->readers.count, sizeof *field->readers.items, compare_addresses);
    return field->readers.count && field->readers.count <= MAX_BIT_READERS;
}

static bool is_used_by_many(struct mc_prover *prover, int64_t displacement, unsigned size)
{
    size_t first = first_access(prover->fields, displacement), end = first_access(prover->fields, displacement + (int64_t)size);
    struct accesses counts = count_accesses(prover->fields, first, end);
    bool mostly_wide = size <= FLAGS_SIZE && counts.narrow <= MAX_NARROW && counts.stores <= MAX_STORES;
    return end - first > MAX_READERS && !mostly_wide;
}

bool mc_mark_flag(struct mc_prover *prover, int64_t displacement, unsigned size, mc_learner *learn)
{
    list_all(prover);
    return !is_used_by_many(prover, displacement, size) && mc_mark_field(prover, displacement, size, learn);
}

bool mc_mark_field(struct mc_prover *prover, int64_t displacement, unsigned size, mc_learner *learn)
{
    struct mc_fields *fields = fields_of(prover);
    struct field field = {.displacement = displacement, .size = size};
    for (size_t i = 0; i < fields->items.count; i++)
        if (fields->items.items[i].displacement == displacement && fields->items.items[i].size >= size)
            return false;
    if (fields->items.count == MAX_FIELDS)
        return false;
    mc_push(&fields->items, field);
    list_all(prover);
    size_t first = first_access(fields, displacement), end = first_access(fields, displacement + (int64_t)size);
    struct field *added = &fields->items.items[fields->items.count - 1];
    added->crowded = is_used_by_many(prover, displacement, size);
    if (added->crowded && !pick_readers(prover, added, first, end)) {
        added->ambiguous = true;
        return false;
    }
    for (size_t i = first; i < end; i++) {
        const struct mc_access *access = &fields->accesses.items[i];
        bool counts = access->how != MC_ACCESS_WIDE_LOAD || end - first <= MAX_READERS;
        if (added->crowded ? is_reader(added, access->body) : counts)
            learn(prover, access->body);
    }
    if (!added->crowded)
        mc_interiors_learn(prover, &fields->interiors, displacement, learn);
    return true;
}

/* Where else the body of an evaluation may have the field: in structures inside of those that it was given. */
struct places {
    int64_t displacement;
    const struct mc_interior *inside;
    size_t inside_count;
};

static struct places places_of(struct mc_prover *prover, struct mc_storing *storing, int64_t displacement, bool crowded)
{
    struct places places = {.displacement = displacement};
    const struct mc_fields *fields = prover->fields;
    if (!fields || !fields->interiors.items.count || crowded)
        return places;
    if (storing->inside == UINT32_MAX) {
        uint64_t body = mc_function_extent(prover, storing->evaluation->entry).start;
        const struct mc_interior *first;
        storing->inside_count = (uint32_t)mc_interiors_of(&fields->interiors, body, &first);
        storing->inside = (uint32_t)(first - fields->interiors.items.items);
    }
    places.inside = fields->interiors.items.items + storing->inside;
    places.inside_count = storing->inside_count;
    return places;
}

static bool may_store_to(const struct mc_storing *storing, const struct places *places)
{
    bool may = mc_may_store_at(storing, places->displacement);
    for (size_t i = 0; i < places->inside_count && !may; i++)
        may = mc_may_store_at(storing, places->inside[i].offset + places->displacement);
    return may;
}

static bool covers(const struct mc_event *event, int64_t displacement, unsigned size)
{
    return event->offset <= displacement && event->offset + event->size >= displacement + (int64_t)size;
}

/* What a store makes of a field; false when it is none of the field's. */
static bool store_to_field(struct mc_prover *prover, const struct mc_event *event, const struct places *places, unsigned size, mc_value *ret)
{
    int64_t displacement = places->displacement;
    if (event->kind != MC_EVENT_STORE || !mc_is_field_base(prover, event->base))
        return false;
    bool found = covers(event, displacement, size);
    for (size_t i = 0; i < places->inside_count && !found; i++) {
        displacement = places->inside[i].offset + places->displacement;
        found = event->offset == displacement && event->size == size && mc_symbol_get(prover->values, event->base).kind == MC_SYM_ARGUMENT;
    }
    if (found)
        *ret = mc_value_extract(prover->values, event->value, (unsigned)(displacement - event->offset) * 8, size * 8);
    return found;
}

/* A store through the base at the offset is to a field that lies inside of what the body was given. */
bool mc_is_inside_field(const struct mc_prover *prover, uint32_t base, int64_t offset, unsigned size)
{
    struct mc_symbol_key key = {.kind = MC_SYM_LOAD, .width = size * 8, .a = base, .b = offset};
    return !find_field(prover, &key) && find_inner_field(prover, &key);
}

/* Neither a number nor anything of the CPU: somebody keeps something else at this displacement. */
static bool is_of_another_structure(struct mc_prover *prover, const struct mc_event *event, mc_value value)
{
    uint64_t constant;
    return !mc_value_is_constant(prover->values, value, &constant) && !mc_value_tells(prover, value) &&
           !mc_facts_tell(prover, event->facts);
}

/* CPUID's own words, or what a function made of them; not only something that a test chose. */
static bool says_of_cpu(struct mc_prover *prover, mc_value value)
{
    uint32_t base;
    int64_t offset;
    if (!mc_value_single(prover->values, value, &base, &offset))
        return mc_value_provenance(prover->values, value) != MC_FACTS_NONE;
    uint32_t kind = mc_symbol_get(prover->values, base).kind;
    return (kind == MC_SYM_RETURN || kind == MC_SYM_CELL) && mc_value_tells(prover, value);
}

static bool is_lost(struct mc_prover *prover, mc_value value)
{
    struct mc_value_data data;
    mc_value_get(prover->values, value, &data);
    return data.kind == MC_VALUE_TOP;
}

static bool is_crowded(const struct mc_prover *prover, int64_t displacement)
{
    const struct mc_fields *fields = prover->fields;
    for (size_t i = 0; fields && i < fields->items.count; i++)
        if (fields->items.items[i].displacement == displacement && fields->items.items[i].crowded)
            return true;
    return false;
}

static void find_field_writers(struct mc_prover *prover, int64_t displacement, unsigned size, struct mc_cell_values *ret)
{
    MC_VECTOR(struct mc_cell_value) values = {0};
    bool ambiguous = false, crowded = is_crowded(prover, displacement);
    for (size_t n = 0; n < prover->storing.count; n++) {
        const struct mc_evaluation *e = prover->storing.items[n].evaluation;
        struct places places = e ? places_of(prover, &prover->storing.items[n], displacement, crowded) : (struct places){0};
        size_t end = e && may_store_to(&prover->storing.items[n], &places) ? mc_first_of_kind(e, MC_EVENT_STORE_ANY) : 0;
        if (!end)
            continue;
        bool runs_in_callers = false, known = false;
        for (size_t i = mc_first_of_kind(e, MC_EVENT_STORE); i < end; i++) {
            mc_value value;
            if (!store_to_field(prover, &e->events[i], &places, size, &value))
                continue;
            if (!known)
                runs_in_callers = mc_helper_asks(prover, e->entry);
            known = true;
            bool argument = mc_symbol_get(prover->values, e->events[i].base).kind == MC_SYM_ARGUMENT;
            if (runs_in_callers && argument && is_lost(prover, value)) /* they know what it asks for */
                continue;
            if (crowded && (e->events[i].size != size || !says_of_cpu(prover, value))) /* of another structure, surely */
                continue;
            bool another = is_of_another_structure(prover, &e->events[i], value);
            if (another && e->events[i].size != size) /* of a word as wide as no field of this one */
                continue;
            ambiguous |= another;
            mc_push(&values, ((struct mc_cell_value){value, e->events[i].facts, e->events[i].site, false}));
        }
    }
    if (ambiguous) /* which of them is tested cannot be told */
        values.count = 0;
    if (values.count) /* memory is cleared, or set to some default, before */
        mc_push(&values, ((struct mc_cell_value){mc_value_constant(prover->values, 0), MC_FACTS_NONE, 0, false}));
    ret->count = values.count;
    ret->complete = false;
    ret->items = MC_NEW_ARRAY(&prover->arena, values.count, struct mc_cell_value);
    if (values.count)
        memcpy(ret->items, values.items, values.count * sizeof *ret->items);
    mc_vector_free(&values);
}

typedef void find_writers(struct mc_prover *prover, int64_t place, unsigned size, struct mc_cell_values *ret);

/* What `find` said before, as long as no function was evaluated since. */
static void remembered(struct mc_prover *prover, find_writers *find, int64_t place, unsigned size, struct mc_cell_values *ret)
{
    struct mc_fields *fields = fields_of(prover);
    struct memo *memo = NULL;
    for (size_t i = 0; i < fields->memo.count && !memo; i++)
        if (fields->memo.items[i].place == place && fields->memo.items[i].size == size && fields->memo.items[i].find == find)
            memo = &fields->memo.items[i];
    if (memo && memo->evaluations == prover->evaluated) {
        *ret = memo->values;
        return;
    }
    find(prover, place, size, ret);
    struct memo fresh = {find, place, size, prover->evaluated, *ret};
    if (memo)
        *memo = fresh;
    else
        mc_push(&fields->memo, fresh);
}

void mc_field_writers(struct mc_prover *prover, int64_t displacement, unsigned size, struct mc_cell_values *ret)
{
    remembered(prover, find_field_writers, displacement, size, ret);
}

/* Of single bits, a first value that says "not asked yet" by having all of them set (libjpeg-turbo) tells nothing. */
static bool initial_word(const struct mc_image *image, int64_t offset, unsigned size, bool whole, uint64_t *ret)
{
    uint64_t mask = size >= 8 ? UINT64_MAX : (UINT64_C(1) << size * 8) - 1;
    uint64_t end = image->tls_start + image->tls_size;
    uint64_t place = image->tls_start + (uint64_t)(offset - mc_thread_local_block(image));
    *ret = 0;
    if (!image->tls_size || place < image->tls_start || place > end || size > end - place)
        return false;
    if (place + size <= image->tls_start + image->tls_file_size && !mc_image_read(image, place, size, ret))
        return false;
    return whole || (*ret & mask) != mask;
}

bool mc_thread_local_initial(const struct mc_prover *prover, int64_t offset, unsigned size, uint64_t *ret)
{
    return initial_word(prover->image, offset, size, true, ret);
}

static void find_thread_local_writers(struct mc_prover *prover, int64_t offset, unsigned size, struct mc_cell_values *ret)
{
    MC_VECTOR(struct mc_cell_value) values = {0};
    for (size_t n = 0; n < prover->storing.count; n++) {
        const struct mc_evaluation *e = prover->storing.items[n].evaluation;
        if (!e || !mc_may_store_at(&prover->storing.items[n], offset))
            continue;
        for (size_t i = mc_first_of_kind(e, MC_EVENT_STORE), end = mc_first_of_kind(e, MC_EVENT_STORE_ANY); i < end; i++) {
            const struct mc_event *event = &e->events[i];
            if (mc_symbol_get(prover->values, event->base).kind != MC_SYM_TLS ||
                event->offset > offset || event->offset + event->size < offset + (int64_t)size)
                continue;
            mc_value value = mc_value_extract(prover->values, event->value, (unsigned)(offset - event->offset) * 8, size * 8);
            mc_push(&values, ((struct mc_cell_value){value, event->facts, event->site, true}));
        }
    }
    ret->count = values.count;
    ret->complete = false;
    ret->items = MC_NEW_ARRAY(&prover->arena, values.count + 1, struct mc_cell_value); /* room for the initial value */
    if (values.count)
        memcpy(ret->items, values.items, values.count * sizeof *ret->items);
    mc_vector_free(&values);
}

void mc_thread_local_writers(struct mc_prover *prover, int64_t offset, unsigned size, bool whole, struct mc_cell_values *ret)
{
    uint64_t initial;
    remembered(prover, find_thread_local_writers, offset, size, ret);
    if (ret->count && initial_word(prover->image, offset, size, whole, &initial))
        ret->items[ret->count++] = (struct mc_cell_value){mc_value_constant(prover->values, initial), MC_FACTS_NONE, 0, true};
}

void mc_fields_free(struct mc_prover *prover)
{
    if (!prover->fields)
        return;
    for (size_t i = 0; i < prover->fields->items.count; i++)
        mc_vector_free(&prover->fields->items.items[i].readers);
    mc_vector_free(&prover->fields->items);
    mc_vector_free(&prover->fields->memo);
    mc_vector_free(&prover->fields->candidates);
    mc_vector_free(&prover->fields->accesses);
    mc_interiors_free(&prover->fields->interiors);
}
