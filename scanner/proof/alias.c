/* SPDX-License-Identifier: Apache-2.0 */
/* Who depends on what TZCNT does with zero: a walk along the flow behind it, until the flags and every copy of its
 * result are overwritten or forgotten. Calls and returns end the flags' life (psABI), and calls that of all registers
 * but the saved ones. */
#include "scanner/proof/alias.h"

#include <string.h>

#define WALK_LIMIT 160   /* instructions looked at behind one use, all ways together */
#define WALK_WAYS 24     /* branches taken */
#define BEFORE_BYTES 160 /* looked at before a use for a zeroed source */
#define MAX_SLOTS 4      /* stack places that hold the result */

enum { CF = 1, ZF = 2, REG = 4, RM = 8, OPCODE_REGISTER = 16, ACCUMULATOR = 32 };

/* What instructions overwrite: flags CF and ZF, and the register that reg, rm or the opcode names. Rows: map, first and
 * last opcode, a bit per modrm.reg extension that is meant, what. The 8 x 6 two-operand forms at 00..3D are in
 * effect_of. */
static const struct effect {
    uint8_t map, first, last, extensions, what;
} effects[] = {
    {MC_MAP_PRIMARY, 0x40, 0x4F, 0xFF, ZF | OPCODE_REGISTER}, /* inc, dec (32-bit) */
    {MC_MAP_PRIMARY, 0x58, 0x5F, 0xFF, OPCODE_REGISTER},      /* pop */
    {MC_MAP_PRIMARY, 0x63, 0x63, 0xFF, REG},                  /* movsxd */
    {MC_MAP_PRIMARY, 0x69, 0x6B, 0xFF, CF | ZF | REG},        /* imul */
    {MC_MAP_PRIMARY, 0x80, 0x83, 0x7F, CF | ZF | RM},         /* add ... xor */
    {MC_MAP_PRIMARY, 0x80, 0x83, 0x80, CF | ZF},              /* cmp */
    {MC_MAP_PRIMARY, 0x84, 0x85, 0xFF, CF | ZF},              /* test */
    {MC_MAP_PRIMARY, 0x86, 0x87, 0xFF, REG | RM},             /* xchg */
    {MC_MAP_PRIMARY, 0x88, 0x89, 0xFF, RM},                   /* mov */
    {MC_MAP_PRIMARY, 0x8A, 0x8B, 0xFF, REG},
    {MC_MAP_PRIMARY, 0x8D, 0x8D, 0xFF, REG}, /* lea */
    {MC_MAP_PRIMARY, 0x91, 0x97, 0xFF, OPCODE_REGISTER | ACCUMULATOR},
    {MC_MAP_PRIMARY, 0x9D, 0x9E, 0xFF, CF | ZF},         /* popf, sahf */
    {MC_MAP_PRIMARY, 0xA6, 0xA9, 0xFF, CF | ZF},         /* cmps, test */
    {MC_MAP_PRIMARY, 0xAE, 0xAF, 0xFF, CF | ZF},         /* scas */
    {MC_MAP_PRIMARY, 0xB0, 0xBF, 0xFF, OPCODE_REGISTER}, /* mov immediate */
    {MC_MAP_PRIMARY, 0xC0, 0xC1, 0xF3, CF | ZF | RM},    /* shifts; rotates leave ZF */
    {MC_MAP_PRIMARY, 0xC0, 0xC1, 0x0C, CF | RM},
    {MC_MAP_PRIMARY, 0xC6, 0xC7, 0x01, RM}, /* mov immediate */
    {MC_MAP_PRIMARY, 0xD0, 0xD3, 0xF0, CF | ZF | RM},
    {MC_MAP_PRIMARY, 0xD0, 0xD3, 0x0F, CF | RM},
    {MC_MAP_PRIMARY, 0xF6, 0xF7, 0x03, CF | ZF},               /* test */
    {MC_MAP_PRIMARY, 0xF6, 0xF7, 0x04, RM},                    /* not */
    {MC_MAP_PRIMARY, 0xF6, 0xF7, 0x08, CF | ZF | RM},          /* neg */
    {MC_MAP_PRIMARY, 0xF6, 0xF7, 0xF0, CF | ZF | ACCUMULATOR}, /* mul, div */
    {MC_MAP_PRIMARY, 0xF8, 0xF9, 0xFF, CF},                    /* clc, stc */
    {MC_MAP_PRIMARY, 0xFE, 0xFF, 0x03, ZF | RM},               /* inc, dec */
    {MC_MAP_0F, 0x2E, 0x2F, 0xFF, CF | ZF},                    /* comiss ... */
    {MC_MAP_0F, 0xA3, 0xA3, 0xFF, CF},                         /* bt ...: ZF stays */
    {MC_MAP_0F, 0xA4, 0xA5, 0xFF, CF | ZF | RM},               /* shld */
    {MC_MAP_0F, 0xAB, 0xAB, 0xFF, CF | RM},
    {MC_MAP_0F, 0xAC, 0xAD, 0xFF, CF | ZF | RM},               /* shrd */
    {MC_MAP_0F, 0xAF, 0xAF, 0xFF, CF | ZF | REG},              /* imul */
    {MC_MAP_0F, 0xB0, 0xB1, 0xFF, CF | ZF | RM | ACCUMULATOR}, /* cmpxchg */
    {MC_MAP_0F, 0xB3, 0xB3, 0xFF, CF | RM},
    {MC_MAP_0F, 0xB6, 0xB7, 0xFF, REG},           /* movzx */
    {MC_MAP_0F, 0xB8, 0xB8, 0xFF, CF | ZF | REG}, /* popcnt */
    {MC_MAP_0F, 0xBA, 0xBA, 0x10, CF},            /* bt */
    {MC_MAP_0F, 0xBA, 0xBA, 0xE0, CF | RM},
    {MC_MAP_0F, 0xBB, 0xBB, 0xFF, CF | RM},
    {MC_MAP_0F, 0xBC, 0xBD, 0xFF, CF | ZF | REG},      /* bsf, bsr, tzcnt, lzcnt */
    {MC_MAP_0F, 0xBE, 0xBF, 0xFF, REG},                /* movsx */
    {MC_MAP_0F, 0xC0, 0xC1, 0xFF, CF | ZF | REG | RM}, /* xadd */
    {MC_MAP_0F38, 0x17, 0x17, 0xFF, CF | ZF},          /* ptest */
};

static unsigned effect_of(const struct mc_insn *insn)
{
    if (insn->map == MC_MAP_PRIMARY && insn->opcode < 0x40 && (insn->opcode & 7) < 6) {
        static const uint8_t destinations[6] = {RM, RM, REG, REG, ACCUMULATOR, ACCUMULATOR};
        bool compare = insn->opcode >> 3 == 7;
        return CF | ZF | (compare ? 0u : destinations[insn->opcode & 7]);
    }
    if (insn->encoding == MC_VEX && insn->map == MC_MAP_0F38 && insn->opcode >= 0xF2 && insn->opcode <= 0xF7)
        return (insn->opcode <= 0xF3 || (insn->opcode == 0xF7 && !insn->prefix) ? CF | ZF : 0u) |
               REG; /* andn, blsr, bextr, shlx */
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++)
        if (effects[i].map == insn->map && insn->opcode >= effects[i].first && insn->opcode <= effects[i].last &&
            effects[i].extensions >> (insn->reg & 7) & 1)
            return effects[i].what;
    return 0;
}

/* The flags that the condition code (as in jcc) reads, of CF and ZF; the others are undefined after both instructions.
 */
static unsigned flags_of_condition(unsigned cc)
{
    static const uint8_t read[8] = {0, CF, ZF, CF | ZF, 0, 0, 0, ZF};
    return read[cc >> 1 & 7];
}

static bool has_condition(const struct mc_insn *insn, unsigned *ret_cc)
{
    *ret_cc = insn->opcode & 15;
    if (insn->encoding != MC_LEGACY)
        return false;
    if (insn->map == MC_MAP_PRIMARY)
        return insn->opcode >> 4 == 7;
    return insn->map == MC_MAP_0F && (insn->opcode >> 4 == 4 || insn->opcode >> 4 == 8 || insn->opcode >> 4 == 9);
}

static unsigned flags_read(const struct mc_insn *insn)
{
    unsigned cc, opcode = insn->opcode, extension = insn->reg & 7;
    if (has_condition(insn, &cc))
        return flags_of_condition(cc);
    if (insn->encoding != MC_LEGACY || insn->map != MC_MAP_PRIMARY)
        return 0;
    if ((opcode >= 0x10 && opcode <= 0x15) || (opcode >= 0x18 && opcode <= 0x1D) || opcode == 0xF5)
        return CF; /* adc, sbb, cmc */
    if (opcode >= 0x80 && opcode <= 0x83)
        return extension == 2 || extension == 3 ? CF : 0;
    if (opcode == 0xC0 || opcode == 0xC1 || (opcode >= 0xD0 && opcode <= 0xD3))
        return extension == 2 || extension == 3 ? CF : 0; /* rcl, rcr */
    if (opcode == 0xE0 || opcode == 0xE1)
        return ZF;                                         /* loopne, loope */
    return opcode == 0x9C || opcode == 0x9F ? CF | ZF : 0; /* pushf, lahf */
}

/* ---- where the result is ---- */

struct way {
    uint64_t address;
    uint32_t registers; /* a bit each: holds the result */
    struct {
        int8_t base;
        int64_t displacement;
    } slots[MAX_SLOTS];
    unsigned slot_count;
    unsigned flags; /* CF, ZF: still those of the use */
    uint32_t source; /* the register that was counted, as a bit, while it holds that; 0: no more */
    bool asked;     /* ZF says whether the source is 0 */
    bool edge;      /* the flags are those of a comparison of the result with size - 1 */
};

struct walk {
    const struct mc_image *image;
    struct way ways[WALK_WAYS];
    size_t way_count, next;
    unsigned size; /* operand size, bits */
    unsigned left; /* instructions */
    bool flags_read, compared;
};

static bool decode_at(const struct mc_image *image, uint64_t address, struct mc_insn *ret)
{
    uint64_t available;
    const uint8_t *bytes = mc_image_rest(image, address, &available);
    return bytes && mc_decode(image->mode, bytes, available, ret);
}

static int slot_of(const struct way *way, const struct mc_insn *insn)
{
    for (unsigned i = 0; i < way->slot_count; i++)
        if (way->slots[i].base == insn->base && way->slots[i].displacement == insn->displacement &&
            insn->index == MC_REG_NONE)
            return (int)i;
    return -1;
}

static bool rm_holds(const struct way *way, const struct mc_insn *insn)
{
    if (!insn->has_modrm)
        return false;
    return insn->mod == 3 ? way->registers >> insn->rm & 1 : slot_of(way, insn) >= 0;
}

static void check_constant(struct walk *walk, struct way *way, int64_t constant)
{
    walk->compared |= constant == walk->size;
    way->edge = constant == (int64_t)walk->size - 1;
}

/* cmp, test, bt and shr of the result, with what tells "the operand size" from every smaller number. */
static void look_for_comparison(struct walk *walk, struct way *way, const struct mc_insn *insn)
{
    unsigned extension = insn->reg & 7, opcode = insn->opcode;
    if (insn->encoding != MC_LEGACY)
        return;
    bool rm = rm_holds(way, insn), accumulator = way->registers & 1;
    if (insn->map == MC_MAP_0F) {
        if (opcode == 0xBA && rm && extension == 4 && UINT64_C(1) << (insn->immediate & 63) == walk->size)
            walk->compared = true;
        return;
    }
    if (insn->map != MC_MAP_PRIMARY)
        return;
    bool compare = ((opcode == 0x80 || opcode == 0x81 || opcode == 0x83) && extension == 7 && rm) ||
                   ((opcode == 0x3C || opcode == 0x3D) && accumulator);
    bool test = ((opcode == 0xF6 || opcode == 0xF7) && extension < 2 && rm) ||
                ((opcode == 0xA8 || opcode == 0xA9) && accumulator);
    if (compare)
        check_constant(walk, way, insn->immediate);
    else if (test || (opcode == 0xC1 && extension == 5 && rm))
        walk->compared |= test ? insn->immediate == walk->size : UINT64_C(1) << (insn->immediate & 63) == walk->size;
}

static void forget_slots_of(struct way *way, int base)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < way->slot_count; i++)
        if (way->slots[i].base != base)
            way->slots[kept++] = way->slots[i];
    way->slot_count = kept;
}

static void set_register(struct way *way, unsigned number, bool holds)
{
    if (number > 31)
        return;
    way->source &= ~(UINT32_C(1) << number);
    way->registers &= ~(UINT32_C(1) << number);
    if (holds)
        way->registers |= UINT32_C(1) << number;
    else
        forget_slots_of(way, (int)number);
}

static void set_slot(struct way *way, const struct mc_insn *insn, bool holds)
{
    int slot = slot_of(way, insn);
    if (slot >= 0 && !holds)
        way->slots[slot] = way->slots[--way->slot_count];
    else if (slot < 0 && holds && way->slot_count < MAX_SLOTS && insn->index == MC_REG_NONE && insn->base >= 0) {
        way->slots[way->slot_count].base = insn->base;
        way->slots[way->slot_count++].displacement = insn->displacement;
    }
}

/* Copies stay copies; everything else that is written holds the result no more. */
static void move_result(struct way *way, const struct mc_insn *insn)
{
    unsigned what = effect_of(insn), cc;
    bool primary = insn->encoding == MC_LEGACY && insn->map == MC_MAP_PRIMARY;
    bool wide = insn->operand_size >= 4, holds = false;
    if (primary && insn->opcode == 0x89 && wide)
        holds = way->registers >> insn->reg & 1;
    else if ((primary && (insn->opcode == 0x8B || insn->opcode == 0x63) && wide) ||
             (insn->encoding == MC_LEGACY && insn->map == MC_MAP_0F && (insn->opcode == 0xB6 || insn->opcode == 0xB7)))
        holds = rm_holds(way, insn);
    if (what & REG)
        set_register(way, insn->reg, holds);
    if (what & RM && insn->has_modrm && insn->mod == 3)
        set_register(way, insn->rm, holds);
    else if (what & RM && insn->has_modrm)
        set_slot(way, insn, holds);
    if (what & OPCODE_REGISTER)
        set_register(way, insn->opcode_register, false);
    if (what & ACCUMULATOR) {
        set_register(way, MC_RAX, false);
        if (insn->map == MC_MAP_PRIMARY && insn->opcode >= 0xF6)
            set_register(way, MC_RDX, false);
    }
    if (what & (CF | ZF) && !has_condition(insn, &cc))
        way->flags &= ~what;
}

static void add_way(struct walk *walk, const struct way *way, uint64_t address)
{
    if (!way->registers && !way->slot_count && !way->flags && !way->edge)
        return;
    for (size_t i = 0; i < walk->way_count; i++)
        if (walk->ways[i].address == address && walk->ways[i].registers == way->registers &&
            walk->ways[i].flags == way->flags && walk->ways[i].source == way->source && walk->ways[i].asked == way->asked)
            return;
    if (walk->way_count == WALK_WAYS)
        return;
    walk->ways[walk->way_count] = *way;
    walk->ways[walk->way_count++].address = address;
}

static void leave_call(const struct mc_image *image, struct way *way)
{
    way->flags = 0;
    way->edge = way->asked = false;
    way->source &= image->mode == MC_MODE_64 ? 0xF028u : 0xE8u;
    way->registers &= image->mode == MC_MODE_64 ? 0xF028u : 0xE8u; /* rbx, rbp, r12..r15; ebx, ebp, esi, edi */
}

/* TEST of what was counted with itself. */
static bool asks_source(const struct walk *walk, const struct way *way, const struct mc_insn *insn)
{
    return insn->encoding == MC_LEGACY && insn->map == MC_MAP_PRIMARY && insn->opcode == 0x85 && insn->mod == 3 &&
           insn->reg == insn->rm && insn->rm < 16 && insn->operand_size * 8u == walk->size && way->source >> insn->rm & 1;
}

static void follow(struct walk *walk, struct way *way)
{
    struct mc_insn insn;
    for (uint64_t address = way->address; walk->left && decode_at(walk->image, address, &insn); walk->left--) {
        unsigned cc;
        walk->flags_read |= (flags_read(&insn) & way->flags) != 0;
        if (way->edge && has_condition(&insn, &cc)) /* above, not above, greater, not greater: is it the size? */
            walk->compared |= cc >> 1 == 3 || cc >> 1 == 7;
        address += insn.length;
        if (insn.flow == MC_FLOW_JCC || insn.flow == MC_FLOW_JMP) {
            bool asked = way->asked && has_condition(&insn, &cc) && (cc & 14) == 4; /* where it is not 0, nothing differs */
            way->asked = false;
            if (!asked || cc == 4)
                add_way(walk, way, address + (uint64_t)insn.displacement);
            if (insn.flow == MC_FLOW_JMP || (asked && cc == 4))
                return;
            continue;
        }
        if (insn.flow == MC_FLOW_CALL || insn.flow == MC_FLOW_CALL_IND)
            leave_call(walk->image, way);
        else if (insn.flow != MC_FLOW_NEXT)
            return;
        unsigned what = effect_of(&insn);
        if (what & (CF | ZF))
            way->edge = way->asked = false;
        if (asks_source(walk, way, &insn))
            way->asked = true;
        look_for_comparison(walk, way, &insn);
        move_result(way, &insn);
        if (walk->flags_read || (!way->registers && !way->slot_count && !way->flags && !way->edge))
            return;
    }
}

/* ---- what was before ---- */

static bool is_zero_idiom(const struct mc_insn *insn, unsigned *ret_register)
{
    if (insn->encoding != MC_LEGACY || insn->map != MC_MAP_PRIMARY)
        return false;
    if ((insn->opcode == 0x31 || insn->opcode == 0x33 || insn->opcode == 0x29 || insn->opcode == 0x2B) &&
        insn->mod == 3 && insn->reg == insn->rm) {
        *ret_register = insn->rm;
        return true;
    }
    if (insn->immediate || !insn->immediate_size)
        return false;
    if (insn->opcode >= 0xB8 && insn->opcode <= 0xBF) {
        *ret_register = insn->opcode_register;
        return true;
    }
    *ret_register = insn->rm;
    return insn->opcode == 0xC7 && insn->mod == 3;
}

/* The last instruction before the use, in the order of the bytes, that writes the source clears it. Only a hint: where
 * it starts may be in the middle of an instruction, and branches are not looked at. */
static bool source_cleared(const struct mc_image *image, const struct mc_entries *entries, const struct mc_use *use,
                           unsigned source)
{
    const struct mc_entry *entry = mc_entry_holding(entries, use->address);
    uint64_t address = use->address > BEFORE_BYTES ? use->address - BEFORE_BYTES : 0;
    struct way zero = {0};
    struct mc_insn insn;
    if (entry && entry->address > address)
        address = entry->address;
    while (address < use->address) {
        unsigned number;
        if (!decode_at(image, address, &insn)) {
            address++;
            continue;
        }
        address += insn.length;
        move_result(&zero, &insn);
        if (is_zero_idiom(&insn, &number))
            set_register(&zero, number, true);
        if (insn.flow == MC_FLOW_CALL || insn.flow == MC_FLOW_CALL_IND)
            leave_call(image, &zero);
    }
    return zero.registers >> source & 1;
}

static void walk_behind(const struct mc_image *image, uint64_t address, const struct mc_insn *insn, struct walk *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->image = image;
    ret->size = insn->operand_size * 8u;
    ret->left = WALK_LIMIT;
    struct way first = {.registers = UINT32_C(1) << (insn->reg & 31), .flags = CF | ZF};
    if (insn->mod == 3 && insn->rm != insn->reg)
        first.source = UINT32_C(1) << (insn->rm & 31);
    add_way(ret, &first, address + insn->length);
    while (ret->next < ret->way_count && !ret->flags_read) {
        struct way way = ret->ways[ret->next++];
        follow(ret, &way);
    }
}

bool mc_alias_flags_read(const struct mc_image *image, uint64_t address)
{
    struct mc_insn insn;
    struct walk walk;
    if (!decode_at(image, address, &insn) || !insn.has_modrm)
        return false;
    walk_behind(image, address, &insn, &walk);
    return walk.flags_read;
}

enum mc_alias mc_alias_of(const struct mc_image *image, const struct mc_entries *entries, const struct mc_use *use)
{
    struct mc_insn insn;
    if (mc_need_at(use->need)->absent != MC_ABSENT_ALIAS || !decode_at(image, use->address, &insn) ||
        insn.encoding != MC_LEGACY || insn.map != MC_MAP_0F || insn.opcode != 0xBC)
        return MC_ALIAS_USE;
    struct walk walk;
    walk_behind(image, use->address, &insn, &walk);
    if (walk.flags_read)
        return MC_ALIAS_USE;
    if (walk.compared)
        return MC_ALIAS_COMPARED;
    return insn.mod == 3 && source_cleared(image, entries, use, insn.rm) ? MC_ALIAS_ZEROED : MC_ALIAS_HARMLESS;
}

const struct mc_uses *mc_alias_sift(const struct mc_image *image, const struct mc_entries *entries,
                                    const struct mc_uses *uses, struct mc_arena *arena)
{
    size_t kept = 0;
    struct mc_use *items = NULL;
    for (size_t i = 0; i < uses->count; i++) {
        bool harmless = mc_alias_of(image, entries, &uses->items[i]) == MC_ALIAS_HARMLESS;
        if (harmless && !items) {
            items = MC_NEW_ARRAY(arena, uses->count, struct mc_use);
            memcpy(items, uses->items, i * sizeof *items);
        }
        if (!harmless && items)
            items[kept] = uses->items[i];
        kept += !harmless;
    }
    if (!items)
        return uses;
    struct mc_uses *sifted = MC_NEW(arena, struct mc_uses);
    *sifted = *uses;
    sifted->items = items;
    sifted->count = kept;
    return sifted;
}

bool mc_alias_matters(struct mc_prover *prover, const struct mc_use *use)
{
    enum mc_alias alias = mc_alias_of(prover->image, prover->entries, use);
    if (alias == MC_ALIAS_USE || alias == MC_ALIAS_HARMLESS)
        return alias == MC_ALIAS_USE;
    struct mc_insn insn;
    decode_at(prover->image, use->address, &insn);
    unsigned width = insn.operand_size * 8u;
    bool seen = false, may_be_zero = false, always_zero = false;
    struct mc_nodes nodes = mc_nodes_of(prover, mc_function_extent(prover, use->address));
    for (size_t i = 0; i < nodes.count; i++) {
        const struct mc_evaluation *evaluation = mc_evaluate(prover, nodes.items[i]);
        for (size_t k = 0; evaluation && k < evaluation->event_count; k++) {
            const struct mc_event *event = &evaluation->events[k];
            if (event->kind != MC_EVENT_POINT || event->target != use->address)
                continue;
            mc_facts zero = mc_value_test(prover->values, event->value, MC_EQ, 0, width);
            mc_facts other = mc_value_test(prover->values, event->value, MC_NE, 0, width);
            seen = true;
            may_be_zero |= !event->escape && mc_facts_or(prover->facts, event->facts, zero) != MC_FACTS_ALL;
            always_zero |= mc_facts_or(prover->facts, event->facts, other) == MC_FACTS_ALL;
        }
    }
    return alias == MC_ALIAS_COMPARED ? may_be_zero || !seen : always_zero;
}
