/* SPDX-License-Identifier: Apache-2.0 */
/* Tags: bits that code sets in a word behind a pointer (`mutex->kind |= ELISION`) under a test of the CPU, and that other code
 * asks for before it uses an instruction. The word belongs to the program's own structures and is copied and tested in many ways;
 * who sets the bit by OR, at this displacement and width, is taken to be all that ever sets it (design.md 5.4, d). Those are
 * looked for in the whole file, not only where something is known to be learnt: one that sets the bit without a test undoes it. */
#include "base/sorted.h"
#include "scanner/proof/relevance.h"

#include <string.h>

#define WORD 4                           /* bytes */
#define MAX_TAGS 8                       /* places */
#define MAX_BITS 3                       /* set by one OR: more are no tags */
#define MAX_SETTERS 64                   /* bodies */
#define MAX_READERS 200
#define MAX_LOOKS 400                    /* stores looked at for being a tag's, and as many for being a flag's */
#define MAX_CODE ((uint64_t)64 << 20)    /* bytes of functions that are searched */
#define NEAR 4                           /* instructions from the OR to the store of what it made */

struct tag { /* a word of WORD bytes; single bytes of it may be accessed, too */
    int64_t displacement;
    uint64_t mask;
    bool unclear; /* too many use the displacement */
    MC_VECTOR(uint64_t) readers; /* starts of bodies, sorted: those that set the bits, and those that may ask before a use */
};

struct candidate { /* a store under some test */
    int64_t displacement; /* of the word; of a flag itself */
    uint64_t mask;        /* that it sets; 0: it is a flag, a number stored as it is */
    uint64_t site, body;
    unsigned size;        /* of a flag, bytes */
    unsigned distance;    /* from where the knowledge begins, as in relevance.h */
    mc_facts facts;
};

struct mc_tags {
    MC_VECTOR(struct tag) items;
    MC_VECTOR(struct candidate) candidates;
    size_t asked; /* of the candidates */
    size_t flags, words; /* among them */
};

/* What the last instructions left in registers: bits set by an OR with a constant. */
struct window {
    uint64_t mask[16];
    unsigned age[16]; /* instructions since; 0: nothing */
};

/* The bits that an OR with a number, or a BTS, sets in its destination; 0: it is neither. */
static uint64_t bits_of(const struct mc_insn *insn)
{
    unsigned opcode = insn->opcode, extension = insn->reg & 7;
    uint64_t number = (uint64_t)insn->immediate;
    if (insn->encoding != MC_LEGACY)
        return 0;
    if (insn->map == MC_MAP_0F && opcode == 0xBA && extension == 5)
        return UINT64_C(1) << (number & (insn->operand_size == 8 ? 63 : 31));
    if (insn->map != MC_MAP_PRIMARY)
        return 0;
    bool byte = opcode == 0x80 || opcode == 0x0C, group = byte || opcode == 0x81 || opcode == 0x83;
    if (opcode != 0x0C && opcode != 0x0D && (!group || extension != 1))
        return 0;
    unsigned size = byte ? 1 : insn->operand_size;
    return number & (size >= 8 ? UINT64_MAX : (UINT64_C(1) << size * 8) - 1);
}

static bool is_few(uint64_t mask)
{
    return mask && __builtin_popcountll(mask) <= MAX_BITS;
}

static bool is_behind_pointer(const struct mc_insn *insn)
{
    return insn->has_modrm && insn->mod != 3 && insn->base >= 0 && insn->base != MC_RSP && insn->index == MC_REG_NONE && !insn->segment;
}

static void age(struct window *window)
{
    for (unsigned i = 0; i < 16; i++)
        window->age[i] = window->age[i] && window->age[i] < NEAR ? window->age[i] + 1 : 0;
}

/* Follows one instruction; the bits that it sets in the word behind a pointer, 0: none. */
static uint64_t follow(struct window *window, const struct mc_insn *insn)
{
    bool primary = insn->encoding == MC_LEGACY && insn->map == MC_MAP_PRIMARY;
    bool move = primary && insn->opcode == 0x89 && insn->reg < 16;
    uint64_t bits = bits_of(insn);
    age(window);
    if (bits && is_behind_pointer(insn))
        return bits;
    if (move && is_behind_pointer(insn) && window->age[insn->reg])
        return window->mask[insn->reg];
    if (bits && (!insn->has_modrm || (insn->mod == 3 && insn->rm < 16))) {
        bool high = insn->has_modrm && insn->opcode == 0x80 && !insn->rex && insn->rm >= 4;
        unsigned place = !insn->has_modrm ? MC_RAX : high ? insn->rm - 4u : insn->rm;
        window->mask[place] = bits << (high ? 8 : 0);
        window->age[place] = 1;
    } else if (move && insn->mod == 3 && insn->rm < 16) {
        window->mask[insn->rm] = window->mask[insn->reg];
        window->age[insn->rm] = window->age[insn->reg];
    } else if (primary && insn->has_modrm && insn->mod == 3 && insn->rm < 16) {
        window->age[insn->rm] = 0;
    } else if (primary && insn->has_modrm && insn->reg < 16 && (insn->opcode & 0xFE) == 0x8A) {
        window->age[insn->reg] = 0;
    }
    if (insn->flow != MC_FLOW_NEXT)
        memset(window, 0, sizeof *window);
    return 0;
}

/* The bits that the store at `site` sets in the word that it changes, and changes nothing else. */
static uint64_t bits_set_at(struct mc_prover *prover, uint64_t site)
{
    struct mc_text_range range = mc_function_extent(prover, site);
    struct window window = {0};
    struct mc_insn insn;
    for (uint64_t address = range.start; address <= site; address += insn.length) {
        if (!mc_decode_at(prover, address, &insn)) {
            insn.length = 1;
            continue;
        }
        uint64_t mask = follow(&window, &insn);
        if (address == site)
            return mask;
    }
    return 0;
}

static struct tag *tag_at(const struct mc_prover *prover, int64_t displacement, unsigned size)
{
    struct mc_tags *tags = prover->tags;
    for (size_t i = 0; tags && i < tags->items.count; i++) {
        int64_t start = tags->items.items[i].displacement;
        if (start <= displacement && displacement + (int64_t)size <= start + WORD)
            return &tags->items.items[i];
    }
    return NULL;
}

static bool is_reader(const struct tag *tag, uint64_t body)
{
    return mc_sorted_has(tag->readers.items, tag->readers.count, body);
}

bool mc_is_tag(const struct mc_prover *prover, const struct mc_symbol_key *key)
{
    const struct tag *tag = key->kind == MC_SYM_LOAD ? tag_at(prover, key->b, key->width / 8) : NULL;
    if (!tag || tag->unclear)
        return false;
    struct mc_symbol_key base = mc_symbol_get(prover->values, (uint32_t)key->a);
    bool owned = base.kind == MC_SYM_ARGUMENT || base.kind == MC_SYM_OBJECT;
    return !owned || is_reader(tag, mc_function_extent(prover, base.a).start);
}

struct search {
    struct mc_prover *prover;
    const struct tag *tag;
    MC_VECTOR(uint64_t) readers;
    unsigned setters;
};

static bool is_load(const struct mc_insn *insn)
{
    bool store = insn->opcode == 0x88 || insn->opcode == 0x89 || insn->opcode == 0xC6 || insn->opcode == 0xC7;
    return insn->encoding == MC_LEGACY && (insn->map == MC_MAP_0F || (insn->map == MC_MAP_PRIMARY && !store && insn->opcode != 0x8D));
}

/* Looks through one body: does it set a bit of the tag, or ask for the word near a use? */
static void look_through(struct search *search, struct mc_text_range range)
{
    struct mc_prover *prover = search->prover;
    struct window window = {0};
    struct mc_insn insn;
    bool loads = false, sets = false, near = mc_has_use(prover, range);
    for (uint64_t address = range.start; address < range.end; address += insn.length) {
        uint64_t available;
        const uint8_t *bytes = mc_image_rest(prover->image, address, &available);
        if (!bytes || !mc_decode(prover->image->mode, bytes, available, &insn)) {
            insn.length = 1;
            continue;
        }
        uint64_t mask = follow(&window, &insn);
        int64_t within = insn.displacement - search->tag->displacement; /* bytes */
        if (is_behind_pointer(&insn) && within >= 0 && within < WORD) {
            loads |= is_load(&insn);
            sets |= (mask << within * 8 & search->tag->mask) != 0;
        }
        if (insn.flow == MC_FLOW_CALL || insn.flow == MC_FLOW_JMP) {
            uint64_t target = address + insn.length + (uint64_t)insn.displacement;
            if (!near && (target < range.start || target >= range.end))
                near = mc_has_use(prover, mc_function_extent(prover, target));
        }
    }
    search->setters += sets;
    if (sets || (loads && near))
        mc_push(&search->readers, range.start);
}

/* False when there are too many to tell whose word it is. */
static bool find_readers(struct mc_prover *prover, struct tag *tag)
{
    struct search search = {prover, tag, {0}, 0};
    uint64_t searched = 0, done = 0;
    for (size_t i = 0; i < prover->entries->count && searched <= MAX_CODE; i++) {
        struct mc_text_range range = mc_function_extent(prover, prover->entries->items[i].address);
        if (range.start < done)
            continue;
        done = range.end;
        searched += range.end - range.start;
        look_through(&search, range);
    }
    mc_vector_free(&tag->readers);
    tag->readers.items = search.readers.items;
    tag->readers.count = search.readers.count;
    tag->readers.capacity = search.readers.capacity;
    return searched <= MAX_CODE && search.setters <= MAX_SETTERS && tag->readers.count <= MAX_READERS;
}

/* Numbers, not all of them 0: what a flag is set to, or chosen from. */
static bool is_flag(const struct mc_prover *prover, mc_value value)
{
    struct mc_value_data data;
    mc_value_get(prover->values, value, &data);
    bool any = false;
    for (uint32_t i = 0; data.kind == MC_VALUE_CASES && i < data.count; i++) {
        if (data.cases[i].base)
            return false;
        any |= data.cases[i].offset != 0;
    }
    return any && data.other == MC_FACTS_ALL;
}

void mc_note_tag(struct mc_prover *prover, const struct mc_event *event, uint64_t body)
{
    struct candidate one = {event->offset & ~(int64_t)(WORD - 1), 0, event->site, body, event->size, prover->relevance->distance, event->facts};
    bool flag = event->size <= WORD && is_flag(prover, event->value);
    bool word = event->size == WORD && event->offset == one.displacement;
    if (event->kind != MC_EVENT_STORE || !mc_is_field_base(prover, event->base) || (!flag && !word && event->size != 1))
        return;
    if (flag)
        one.facts = mc_facts_or(prover->facts, one.facts, mc_value_test(prover->values, event->value, MC_NE, 0, event->size * 8u));
    if (!prover->tags)
        prover->tags = MC_NEW(&prover->arena, struct mc_tags);
    struct mc_tags *tags = prover->tags;
    for (size_t i = 0; i < tags->candidates.count; i++)
        if (tags->candidates.items[i].site == event->site && tags->candidates.items[i].facts == one.facts)
            return;
    if (flag)
        one.displacement = event->offset;
    else
        one.mask = bits_set_at(prover, event->site) << (event->offset - one.displacement) * 8;
    size_t *looks = flag ? &tags->flags : &tags->words;
    if (*looks == MAX_LOOKS || (!flag && !one.mask))
        return;
    ++*looks;
    mc_push(&tags->candidates, one);
}

static void add_tag(struct mc_prover *prover, const struct candidate *candidate, mc_learner *learn)
{
    struct mc_tags *tags = prover->tags;
    struct tag *tag = tag_at(prover, candidate->displacement, WORD);
    if ((tag && !(candidate->mask & ~tag->mask)) || (!tag && tags->items.count == MAX_TAGS))
        return;
    if (!tag) {
        mc_push(&tags->items, ((struct tag){.displacement = candidate->displacement}));
        tag = &tags->items.items[tags->items.count - 1];
    }
    tag->mask |= candidate->mask;
    tag->unclear = !find_readers(prover, tag);
    if (tag->unclear)
        tag->mask = UINT64_MAX; /* it stays, so that nobody looks again */
    for (size_t i = 0; !tag->unclear && i < tag->readers.count; i++)
        learn(prover, tag->readers.items[i]);
}

void mc_find_tags(struct mc_prover *prover, mc_speaker *speaks, mc_learner *learn)
{
    struct mc_tags *tags = prover->tags;
    for (; tags && tags->asked < tags->candidates.count; tags->asked++) {
        struct candidate one = tags->candidates.items[tags->asked];
        if ((one.mask && !is_few(one.mask)) || !speaks(prover, one.facts))
            continue;
        prover->relevance->distance = one.distance;
        if (one.mask)
            add_tag(prover, &one, learn);
        else if (mc_mark_flag(prover, one.displacement, one.size, learn))
            learn(prover, one.body); /* what was there before matters now */
    }
}

/* What makes the bit 1 is that it is so in a word behind a pointer. */
static bool is_copy(struct mc_prover *prover, mc_facts facts)
{
    struct mc_fact_set set = mc_facts_get(prover->facts, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(prover->facts, set.items[i].atom);
        if (atom.kind == MC_ATOM_TEST && mc_symbol_get(prover->values, atom.a).kind == MC_SYM_LOAD)
            return true;
    }
    return false;
}

/* The store may set the bit by what the instructions before it made: not by copying a word, or counting up. A number is another
 * structure's, most likely, when it is not as wide as the tag; so is one of all ones. */
static bool may_set(struct mc_prover *prover, mc_value value, unsigned bit, bool whole)
{
    uint64_t constant;
    struct mc_value_data data;
    if (mc_value_is_constant(prover->values, value, &constant))
        return whole && constant >> bit & 1 && (uint32_t)constant != UINT32_MAX;
    mc_value_get(prover->values, value, &data);
    if (data.kind != MC_VALUE_BITS)
        return false;
    if (data.known >> bit & 1)
        return data.constant >> bit & 1;
    for (uint32_t i = 0; i < data.count; i++)
        if (data.bits[i].index == bit)
            return !is_copy(prover, data.bits[i].if_one);
    return false;
}

bool mc_tag_writers(struct mc_prover *prover, const struct mc_symbol_key *key, unsigned bit, struct mc_cell_values *ret)
{
    const struct tag *tag = mc_is_tag(prover, key) ? tag_at(prover, key->b, key->width / 8) : NULL;
    MC_VECTOR(struct mc_cell_value) values = {0};
    ret->count = 0;
    ret->complete = false;
    if (!tag || bit >= key->width || !(tag->mask >> (bit + (key->b - tag->displacement) * 8) & 1))
        return false;
    for (size_t n = 0; n < prover->storing.count; n++) {
        const struct mc_evaluation *e = prover->storing.items[n].evaluation;
        if (!e || !mc_may_store_at(&prover->storing.items[n], key->b + bit / 8))
            continue;
        for (size_t i = mc_first_of_kind(e, MC_EVENT_STORE), end = mc_first_of_kind(e, MC_EVENT_STORE_ANY); i < end; i++) {
            const struct mc_event *event = &e->events[i];
            int64_t there = (key->b - event->offset) * 8 + (int64_t)bit; /* the bit, in what is stored */
            bool whole = event->size == WORD && event->offset == tag->displacement;
            if (there < 0 || there >= event->size * 8 || event->size > 8 ||
                !mc_is_field_base(prover, event->base) || !may_set(prover, event->value, (unsigned)there, whole))
                continue;
            mc_value value = mc_value_extract(prover->values, event->value, (unsigned)there, 1);
            mc_push(&values, ((struct mc_cell_value){value, event->facts, event->site, false}));
        }
    }
    ret->count = values.count;
    ret->items = MC_NEW_ARRAY(&prover->arena, values.count + 1, struct mc_cell_value);
    if (values.count)
        memcpy(ret->items, values.items, values.count * sizeof *ret->items);
    mc_vector_free(&values);
    return true;
}

void mc_tags_free(struct mc_prover *prover)
{
    for (size_t i = 0; prover->tags && i < prover->tags->items.count; i++)
        mc_vector_free(&prover->tags->items.items[i].readers);
    if (prover->tags) {
        mc_vector_free(&prover->tags->items);
        mc_vector_free(&prover->tags->candidates);
    }
}
