/* SPDX-License-Identifier: Apache-2.0 */
/* Ways into code: from which places, and under which facts, can execution come to an address? */
#include "scanner/proof/kernel.h"
#include "scanner/proof/needs.h"
#include "scanner/proof/relevance.h"

#include <string.h>

#define MAX_LOOKED_THROUGH 16
#define LONGEST_LOAD 64 /* bytes */
#define GO_HASH 16      /* internal/abi.Type: bytes from its start to the hash, */
#define GO_KIND 23      /* and to the kind, */
#define GO_KIND_MASK 31 /* of which the low bits tell what it is, */
#define GO_INTERFACE 20 /* an interface */
#define MAX_OBJECTS 64 /* data objects followed for one entry */

struct mc_node_list {
    uint64_t start;
    struct mc_nodes nodes;
    UT_hash_handle hh;
};

struct mc_incoming_memo {
    uint64_t entry;
    struct mc_incoming_list list;
    UT_hash_handle hh;
};

static bool is_listed(const uint64_t *items, size_t count, uint64_t address)
{
    for (size_t i = 0; i < count; i++)
        if (items[i] == address)
            return true;
    return false;
}

struct looked { /* at something, for what some row says */
    uint64_t what;
    mc_facts row;
};

static bool has_looked(const struct looked *items, size_t count, uint64_t what, mc_facts row)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].what == what && items[i].row == row)
            return true;
    return false;
}

bool mc_is_given_root(const struct mc_prover *prover, uint64_t entry, const char **ret_why)
{
    const struct mc_image *image = prover->image;
    const char *why = NULL;
    if (image->entry && entry == image->entry)
        why = "the program's entry point";
    else if (is_listed(image->initialisers, image->initialiser_count, entry))
        why = "an initialiser, run by the loader";
    else if (is_listed(image->finalisers, image->finaliser_count, entry))
        why = "a finaliser, run by the loader";
    else {
        const struct mc_entry *known = mc_entry_at(prover->entries, entry);
        if (known && known->sources & MC_ENTRY_IFUNC)
            why = "an IFUNC resolver, run by the loader";
    }
    if (why && ret_why)
        *ret_why = why;
    return why != NULL;
}

static bool is_exported(const struct mc_prover *prover, uint64_t entry)
{
    if (mc_image_exports(prover->image, entry))
        return true;
    if (prover->image->kind != MC_KIND_OBJECT)
        return false;
    const struct mc_symbol *symbol = mc_image_symbol_for(prover->image, entry);
    return symbol && symbol->address == entry && symbol->binding != 0; /* any global of an object can be linked to */
}

bool mc_is_root(struct mc_prover *prover, uint64_t entry, bool inferring, const char **ret_why)
{
    if (mc_is_given_root(prover, entry, ret_why))
        return true;
    if (!is_exported(prover, entry))
        return false;
    if (ret_why)
        *ret_why = "an exported function: any program may call it";
    return !inferring || mc_incoming_of(prover, entry).count == 0;
}

static void add_node(uint64_t **nodes, size_t *count, size_t *capacity, uint64_t address)
{
    if (*count && (*nodes)[*count - 1] == address)
        return;
    if (*count == *capacity) {
        *capacity = *capacity * 2 + 4;
        *nodes = mc_realloc(*nodes, *capacity, sizeof **nodes);
    }
    (*nodes)[(*count)++] = address;
}

static bool is_function(const struct mc_prover *prover, uint64_t address)
{
    const struct mc_entry *entry = mc_entry_at(prover->entries, address);
    return entry && entry->sources & ~(uint32_t)(MC_ENTRY_RELOCATION | MC_ENTRY_POINTER | MC_ENTRY_LANDING_PAD);
}

struct mc_nodes mc_nodes_of(struct mc_prover *prover, struct mc_text_range body)
{
    struct mc_node_list *found;
    HASH_FIND(hh, prover->nodes, &body.start, sizeof body.start, found);
    if (found)
        return found->nodes;
    uint64_t *nodes = NULL;
    size_t count = 0, capacity = 0, references, first;
    add_node(&nodes, &count, &capacity, body.start);
    bool learns = mc_body_learns(prover, body.start);
    const struct mc_evaluation *main_part = learns ? mc_evaluate(prover, body.start) : NULL;
    first = mc_references_to(prover->references, body.start + 1, body.end, &references);
    for (size_t i = first; i < first + references; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        bool outside = reference->from < body.start || reference->from >= body.end;
        bool control = reference->kind == MC_REF_CALL || reference->kind == MC_REF_JUMP;
        if (reference->kind == MC_REF_CALL && reference->to == reference->from + 5 && !outside)
            continue; /* call of the next instruction: a way to learn the program counter */
        /* a row of a jump table: followed already, or of no consequence where nothing is learnt */
        bool table = reference->kind == MC_REF_DATA && (main_part ? main_part->complete : !learns && !is_function(prover, reference->to));
        if (reference->kind == MC_REF_LEA && !is_function(prover, reference->to) && mc_is_garbage(prover->image, reference->to))
            continue; /* a table or text in the code */
        if (reference->kind == MC_REF_METHOD || (control && (outside || reference->kind == MC_REF_CALL)) || reference->kind == MC_REF_LEA ||
            (reference->kind == MC_REF_DATA && !table))
            add_node(&nodes, &count, &capacity, reference->to);
    }
    const struct mc_entries *entries = prover->entries;
    for (size_t i = 0, low = 0, high = entries->count; i < 1; i++) { /* entries in the middle that are roots */
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (entries->items[middle].address <= body.start)
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < entries->count && entries->items[low].address < body.end; low++) {
            uint64_t address = entries->items[low].address;
            if ((mc_is_given_root(prover, address, NULL) || is_exported(prover, address)) && !is_listed(nodes, count, address))
                add_node(&nodes, &count, &capacity, address);
        }
    }
    prover->relevance->cut |= count > MC_MAX_NODES;
    found = MC_NEW(&prover->arena, struct mc_node_list);
    found->start = body.start;
    uint64_t *copy = MC_NEW_ARRAY(&prover->arena, count, uint64_t);
    if (count)
        memcpy(copy, nodes, count * sizeof *nodes);
    found->nodes = (struct mc_nodes){copy, count};
    free(nodes);
    HASH_ADD(hh, prover->nodes, start, sizeof found->start, found);
    return found->nodes;
}

bool mc_has_many_nodes(const struct mc_prover *prover, struct mc_text_range body)
{
    size_t nodes = 0, count, first = mc_references_to(prover->references, body.start + 1, body.end, &count);
    uint64_t last = 0;
    for (size_t i = first; i < first + count && nodes <= MC_MAX_NODES; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        bool outside = reference->from < body.start || reference->from >= body.end;
        bool control = reference->kind == MC_REF_CALL || reference->kind == MC_REF_JUMP;
        if (!(control && outside) && reference->kind != MC_REF_LEA)
            continue;
        nodes += reference->to != last;
        last = reference->to;
    }
    return nodes > MC_MAX_NODES;
}

struct collector {
    struct mc_prover *prover;
    uint64_t entry;
    MC_VECTOR(struct mc_incoming) items;
    struct mc_index sites; /* of items, by their `from` */
    MC_VECTOR(struct looked) bodies;  /* nodes whose evaluation was looked through for [low, high) */
    MC_VECTOR(struct looked) objects; /* starts of data objects that hold the address, or a pointer to one that does */
    bool islands;                     /* code that nobody refers to comes here */
    bool listed;                      /* in a list of all of its kind */
    uint64_t place;                   /* the data word that is looked at; 0: none */
    uint64_t word;                    /* the one that holds the entry itself */
    mc_facts row;                     /* what the rows say that are looked at now */
    unsigned looked_through;     /* bodies that learn nothing, for what they do with the address */
    bool where_made;             /* count the places where the address comes into being, not those where it leaves */
};

static size_t first_event(const struct mc_evaluation *evaluation, enum mc_event_kind kind, uint64_t target)
{
    size_t low = 0, high = evaluation->event_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct mc_event *event = &evaluation->events[middle];
        if (event->kind < kind || (event->kind == kind && event->target < target))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_incoming(struct collector *c, uint64_t from, uint64_t holder, uint8_t kind, mc_facts facts)
{
    facts = mc_facts_or(c->prover->facts, facts, c->row);
    uint32_t hash = mc_hash_words(&from, sizeof from), i;
    for (size_t at = hash; (i = mc_index_candidate(&c->sites, hash, &at)) != MC_INDEX_NONE;)
        if (c->items.items[i].from == from && c->items.items[i].facts == facts) {
            c->items.items[i].listed &= c->listed;
            return;
        }
    mc_index_add(&c->sites, hash, (uint32_t)c->items.count);
    mc_push(&c->items, ((struct mc_incoming){.from = from, .holder = holder, .kind = kind, .facts = facts, .listed = c->listed}));
}

#define MOST_ROWS 64
#define LARGEST_ROW 256 /* bytes */

/* A pointer to one of several rows was chosen where the event is: the row that holds the word that is looked at; 0 when it is in
 * none. Who has a pointer to one row looks at no other (by inference). `first`: index of the first event to be looked at. */
static uint64_t row_chosen(const struct collector *c, const struct mc_evaluation *evaluation, size_t first, uint64_t high,
                           const struct mc_event *event)
{
    uint64_t size = UINT64_MAX, last = 0, row = 0;
    bool seen = false;
    for (size_t i = first; i < evaluation->event_count && i < first + MOST_ROWS; i++) {
        const struct mc_event *other = &evaluation->events[i];
        if (other->kind != MC_EVENT_REFERENCE || other->target >= high)
            break;
        if (other->site != event->site || other->escape != event->escape)
            continue;
        if (seen && other->target > last && other->target - last < size)
            size = other->target - last;
        seen = true;
        last = other->target;
        row = other->target <= c->place ? other->target : row;
    }
    return row && size <= LARGEST_ROW && c->place - row < size ? row : 0;
}

/* The address is stored, too: what is in the register of a result is no other way to hand it out. */
static bool is_left_by_chance(const struct mc_evaluation *evaluation, const struct mc_event *event)
{
    if (event->escape != MC_ESCAPE_BY_CHANCE)
        return false;
    for (size_t i = first_event(evaluation, MC_EVENT_REFERENCE, event->target); i < evaluation->event_count; i++) {
        const struct mc_event *other = &evaluation->events[i];
        if (other->kind != MC_EVENT_REFERENCE || other->target != event->target)
            break;
        if (other->escape == MC_ESCAPE_STORED)
            return true;
    }
    return false;
}

/* Takes every event of one evaluation that hands out an address in [low, high). False when there is none. */
static bool take_events(struct collector *c, const struct mc_evaluation *evaluation, uint64_t low, uint64_t high, bool object)
{
    bool any = false, listed = c->listed, within = object && c->place >= low && c->place < high;
    bool makes = object && c->word >= low && c->word < high; /* what has these methods, perhaps */
    size_t first = first_event(evaluation, MC_EVENT_REFERENCE, within && low > LARGEST_ROW ? low - LARGEST_ROW : low);
    for (size_t i = first; i < evaluation->event_count; i++) {
        const struct mc_event *event = &evaluation->events[i];
        if (event->kind != MC_EVENT_REFERENCE || event->target >= high)
            break;
        uint64_t row = within ? row_chosen(c, evaluation, first, high, event) : 0;
        if (event->target < low && event->target != row)
            continue; /* another object, as far as one can see */
        any = true;
        uint8_t kind = object                                ? MC_REF_DATA
                       : event->escape == MC_ESCAPE_CALL ? MC_REF_CALL
                       : event->escape == MC_ESCAPE_JUMP ? MC_REF_JUMP
                                                         : MC_REF_LEA;
        mc_facts facts = event->facts;
        if (event->escape != MC_ESCAPE_CALL && event->escape != MC_ESCAPE_JUMP && !object)
            facts = mc_facts_or(c->prover->facts, facts, mc_facts_of_record(c->prover, evaluation, event->target, event->site));
        if (makes) /* in a register beside, too: left over */
            facts = mc_facts_or(c->prover->facts, facts, mc_facts_of_made_object(c->prover, evaluation, low, high));
        c->listed = listed || (row && row != event->target) || (!object && is_left_by_chance(evaluation, event));
        add_incoming(c, event->site, evaluation->entry, kind, facts);
        c->listed = listed;
        c->items.items[c->items.count - 1].left |= event->escape == MC_ESCAPE_LEFT && c->items.items[c->items.count - 1].from == event->site;
    }
    size_t lost = first_event(evaluation, MC_EVENT_LOST, low);
    bool is_lost = lost < evaluation->event_count && evaluation->events[lost].kind == MC_EVENT_LOST &&
                   evaluation->events[lost].target < high;
    if (!is_lost && !c->where_made)
        return any;
    for (size_t i = first_event(evaluation, MC_EVENT_ADDRESS, low); i < evaluation->event_count; i++) {
        const struct mc_event *event = &evaluation->events[i];
        if (event->kind != MC_EVENT_ADDRESS || event->target >= high)
            break;
        any = true;
        mc_facts record = object ? MC_FACTS_NONE : mc_facts_of_record(c->prover, evaluation, event->target, event->site);
        add_incoming(c, event->site, evaluation->entry, object ? MC_REF_DATA : MC_REF_LEA,
                     mc_facts_or(c->prover->facts, event->facts, record));
    }
    return any;
}

static bool has_site(const struct collector *c, uint64_t from)
{
    uint32_t hash = mc_hash_words(&from, sizeof from), i;
    for (size_t at = hash; (i = mc_index_candidate(&c->sites, hash, &at)) != MC_INDEX_NONE;)
        if (c->items.items[i].from == from)
            return true;
    return false;
}

static bool is_bounded(const struct collector *c, struct mc_nodes nodes)
{
    const struct mc_entry *body = mc_entry_at(c->prover->entries, nodes.items[0]);
    return body && body->bounded;
}

/* By inference, what nobody is seen to come to is no way in, where others come here, too (keep_some). All of the body that it lies
 * in must have been followed. */
static void set_off_island(struct collector *c, uint64_t from, struct mc_nodes nodes)
{
    if (nodes.count > MC_MAX_NODES || is_bounded(c, nodes) || !mc_is_island(c->prover, nodes.items[0], from))
        return;
    for (size_t i = 0; i < nodes.count; i++) {
        const struct mc_evaluation *evaluation = mc_evaluate(c->prover, nodes.items[i]);
        if (!evaluation || !evaluation->complete)
            return;
    }
    c->listed = c->islands = true;
}

/* What nothing bounds may hold code that is reached in a way not seen: a direct call or jump there counts all the same. */
static void believe_unreached(struct collector *c, uint64_t from, uint8_t kind, struct mc_nodes nodes)
{
    struct mc_atom atom = {.kind = MC_ATOM_ENTRY, .c = nodes.items[0]};
    bool listed = c->listed;
    if (is_bounded(c, nodes) || has_site(c, from))
        return;
    set_off_island(c, from, nodes);
    add_incoming(c, from, nodes.items[0], kind, mc_facts_one(c->prover->facts, atom, 0));
    c->listed = listed;
}

/* Islands are the only ways in: rather believe that they are reached than that nothing is. */
static void keep_some(struct collector *c)
{
    bool all = c->islands;
    for (size_t i = 0; i < c->items.count && all; i++)
        all = c->items.items[i].listed;
    for (size_t i = 0; i < c->items.count && all; i++)
        c->items.items[i].listed = false;
}

/* The code around `from` refers to [low, high): look through the evaluations of its body. */
static void look_through_code(struct collector *c, uint64_t from, uint8_t kind, uint64_t low, uint64_t high, bool object)
{
    struct mc_nodes nodes = mc_nodes_of(c->prover, mc_function_extent(c->prover, from));
    bool control = !object && (kind == MC_REF_CALL || kind == MC_REF_JUMP);
    /* Code that learns nothing may still do no more with a function's address than compare it. */
    bool learns = mc_body_learns(c->prover, from);
    bool makes = object && c->word >= low && c->word < high && mc_needs_ask_methods(c->prover);
    if (!learns && !control && (!object || makes) && !mc_is_go(c->prover, from))
        learns = c->looked_through++ < MAX_LOOKED_THROUGH;
    bool listed = c->listed;
    if (control && !learns)
        set_off_island(c, from, nodes);
    if (!learns && nodes.count > MC_MAX_NODES)
        add_incoming(c, from, nodes.items[0], object ? MC_REF_DATA : control ? kind : MC_REF_LEA, MC_FACTS_NONE);
    for (size_t i = 0; !learns && nodes.count <= MC_MAX_NODES && i < nodes.count; i++) { /* what holds there is what holds at the entry, whichever it is */
        struct mc_atom atom = {.kind = MC_ATOM_ENTRY, .c = nodes.items[i]};
        add_incoming(c, from, nodes.items[i], object ? MC_REF_DATA : control ? kind : MC_REF_LEA,
                     mc_facts_one(c->prover->facts, atom, 0));
    }
    c->listed = listed;
    if (!learns)
        return;
    for (size_t i = 0; i < nodes.count; i++) {
        uint64_t key = nodes.items[i] ^ low << 1;
        if (has_looked(c->bodies.items, c->bodies.count, key, c->row))
            continue;
        mc_push(&c->bodies, ((struct looked){key, c->row}));
        struct mc_evaluation *evaluation = mc_evaluate(c->prover, nodes.items[i]);
        if (!evaluation)
            continue;
        evaluation->needed |= mc_body_learns(c->prover, from);
        bool loaded = c->where_made && kind == MC_REF_LOAD; /* from a word that holds it */
        if (take_events(c, evaluation, low, high, object) || (evaluation->complete && !loaded))
            continue;
        /* a path of this body that was not followed may hand it out, with what holds at the body's entry */
        struct mc_atom atom = {.kind = MC_ATOM_ENTRY, .c = evaluation->entry};
        add_incoming(c, from, evaluation->entry, object ? MC_REF_DATA : MC_REF_LEA, mc_facts_one(c->prover->facts, atom, 0));
    }
    if (control)
        believe_unreached(c, from, kind, nodes);
}

/* Who has a record may ask what it needs. */
static void look_at_code(struct collector *c, uint64_t from, uint8_t kind, uint64_t low, uint64_t high, bool object)
{
    mc_facts before = c->row;
    if (object && c->word && c->prover->needs)
        c->row = mc_facts_or(c->prover->facts, before,
                             mc_facts_of_needs(c->prover, mc_function_extent(c->prover, from).start, c->word));
    look_through_code(c, from, kind, low, high, object);
    c->row = before;
}

static void look_at_place(struct collector *c, uint64_t place, const struct mc_text_range *object);

/* A data object that holds the address, or points to one that does (`inner`, may be NULL): who refers to it? */
static void look_at_object(struct collector *c, struct mc_text_range object, bool rows, const struct mc_text_range *inner)
{
    if (has_looked(c->objects.items, c->objects.count, object.start, c->row) || c->objects.count >= MAX_OBJECTS)
        return;
    mc_push(&c->objects, ((struct looked){object.start, c->row}));
    size_t count, first = mc_references_to(c->prover->references, object.start, object.end, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &c->prover->references->items[i];
        if (reference->kind == MC_REF_LEA) {
            look_at_code(c, reference->from, reference->kind, object.start, object.end, true);
            if (rows) /* taken out of it */
                look_at_code(c, reference->from, reference->kind, c->entry, c->entry + 1, false);
            if (inner)
                look_at_code(c, reference->from, reference->kind, inner->start, inner->end, true);
        } else if (reference->kind == MC_REF_DATA)
            look_at_place(c, reference->from, &object);
    }
    if ((mc_image_exports(c->prover->image, object.start) || mc_module_kernel_calls(c->prover->image, object.start)) && !count)
        add_incoming(c, object.start, 0, MC_REF_DATA, MC_FACTS_NONE);
}

/* Of Go: the word is the address of a table by which an interface calls the methods of a type (runtime.itab: the interface's type,
 * the type, a copy of its hash; internal/abi/iface.go and type.go). */
static bool names_method_table(const struct mc_image *image, uint64_t place)
{
    uint64_t table, interface, type, kind, hash, copy;
    return mc_image_read(image, place, 8, &table) && mc_image_read(image, table, 8, &interface) &&
           mc_image_read(image, table + 8, 8, &type) && mc_image_read(image, table + 16, 4, &copy) &&
           mc_image_read(image, interface + GO_KIND, 1, &kind) && mc_image_read(image, type + GO_HASH, 4, &hash) &&
           (kind & GO_KIND_MASK) == GO_INTERFACE && hash == copy;
}

/* Go's list of all such tables (.itablink), one after another. The run-time finds one there for a value that there is already, and
 * whoever made that value named its type or the table. In a value of an interface type the data stands between. */
static bool is_list_of_methods(const struct mc_image *image, uint64_t place)
{
    return names_method_table(image, place) && (names_method_table(image, place - 8) || names_method_table(image, place + 8));
}

/* A vector load from there takes the word at `place` with it. */
static bool takes_word(const struct collector *c, const struct mc_reference *reference, uint64_t place)
{
    struct mc_insn insn;
    if (reference->to == place)
        return true;
    return reference->kind == MC_REF_LOAD && mc_decode_at(c->prover, reference->from, &insn) && insn.map == MC_MAP_0F &&
           (insn.opcode == 0x10 || insn.opcode == 0x28 || insn.opcode == 0x6F) && place - reference->to < 16u << insn.vector_length;
}

/* The data word at `place` holds the address, or that of the object (if not NULL), which does. */
static void look_at_place(struct collector *c, uint64_t place, const struct mc_text_range *object)
{
    struct mc_prover *prover = c->prover;
    uint64_t from = place < LONGEST_LOAD ? 0 : place - LONGEST_LOAD + prover->pointer_size;
    size_t count, first = mc_references_to(prover->references, from, place + 1, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        if ((reference->kind != MC_REF_LOAD && reference->kind != MC_REF_STORE) || !takes_word(c, reference, place))
            continue;
        if (object) /* whoever loads the pointer has all that is in the object */
            look_at_code(c, reference->from, reference->kind, object->start, object->end, true);
        else
            look_at_code(c, reference->from, reference->kind, c->entry, c->entry + 1, false);
    }
    const struct mc_reloc *reloc = mc_image_reloc_at(prover->image, place);
    if (reloc && reloc->kind == MC_RELOC_SLOT) /* a GOT slot: only exact loads reach it */
        return;
    mc_facts before = c->row;
    bool listed = c->listed;
    c->listed |= mc_is_go(prover, c->entry) && is_list_of_methods(prover->image, place);
    uint64_t outer = c->place;
    c->row = mc_facts_or(prover->facts, before, mc_facts_of_row(prover, place));
    c->place = place;
    if (!object)
        c->word = place;
    else if (c->prover->needs && c->word >= object->start && c->word < object->end)
        c->row = mc_facts_or(prover->facts, c->row, mc_facts_of_constant_object(prover, place, object->start, object->end));
    look_at_object(c, mc_object_extent(prover, place), true, object);
    if (!object)
        c->word = 0;
    c->place = outer;
    c->row = before;
    c->listed = listed;
}

static void look_at_references(struct collector *c)
{
    size_t count, first = mc_references_to(c->prover->references, c->entry, c->entry + 1, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &c->prover->references->items[i];
        if (reference->kind == MC_REF_DATA)
            look_at_place(c, reference->from, NULL);
        else if (reference->kind == MC_REF_METHOD)
            look_at_object(c, mc_object_extent(c->prover, reference->from), false, NULL);
        else
            look_at_code(c, reference->from, reference->kind, c->entry, c->entry + 1, false);
    }
}

/* The kernel puts it over code of the module. */
static void look_at_alternatives(struct collector *c)
{
    size_t count;
    const struct mc_alternative *items = mc_kernel_alternatives_at(c->prover, c->entry, &count);
    for (size_t i = 0; i < count; i++)
        add_incoming(c, items[i].site, 0, MC_REF_JUMP, mc_kernel_alternative(c->prover, &items[i]));
}

struct mc_incoming_list mc_incoming_of(struct mc_prover *prover, uint64_t entry)
{
    struct mc_incoming_memo *found;
    HASH_FIND(hh, prover->incoming, &entry, sizeof entry, found);
    if (found)
        return found->list;
    found = MC_NEW(&prover->arena, struct mc_incoming_memo);
    found->entry = entry;
    HASH_ADD(hh, prover->incoming, entry, sizeof entry, found);
    struct collector c = {.prover = prover, .entry = entry};
    look_at_alternatives(&c);
    look_at_references(&c);
    if (!c.items.count) { /* it never seems to leave a register: rather believe that it does where it is made */
        c.bodies.count = c.objects.count = 0;
        c.where_made = true;
        look_at_references(&c);
    }
    keep_some(&c);
    found->list.count = c.items.count;
    found->list.items = MC_NEW_ARRAY(&prover->arena, c.items.count, struct mc_incoming);
    if (c.items.count)
        memcpy(found->list.items, c.items.items, c.items.count * sizeof *c.items.items);
    mc_index_free(&c.sites);
    mc_vector_free(&c.items);
    mc_vector_free(&c.bodies);
    mc_vector_free(&c.objects);
    return found->list;
}

bool mc_address_is_held(const struct mc_prover *prover, uint64_t entry)
{
    size_t count, first = mc_references_to(prover->references, entry, entry + 1, &count);
    for (size_t i = first; i < first + count; i++)
        if (prover->references->items[i].kind == MC_REF_LEA || prover->references->items[i].kind >= MC_REF_METHOD)
            return true;
    return false;
}

void mc_incoming_forget(struct mc_prover *prover)
{
    HASH_CLEAR(hh, prover->incoming);
    HASH_CLEAR(hh, prover->nodes);
    prover->incoming = NULL;
    prover->nodes = NULL;
    mc_row_tables_free(prover);
}

void mc_incoming_free(struct mc_prover *prover)
{
    mc_row_tables_free(prover);
    HASH_CLEAR(hh, prover->nodes);
    HASH_CLEAR(hh, prover->incoming);
}
