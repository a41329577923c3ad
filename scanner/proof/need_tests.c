/* SPDX-License-Identifier: Apache-2.0 */
/* What is compared where a word is taken together with what the CPU has: a word of a record, or what a method returned; and what the
 * comparison means. By the instructions of the function alone, in the order in which they stand. */
#include "scanner/proof/needs.h"

#include <string.h>

#define STACK_PLACES 16
#define REACH 12 /* instructions from where both are taken together to the branch */

enum origin_kind { NOWHERE, WORD, METHOD, COMMON, INVERTED };

struct origin {
    enum origin_kind kind;
    int64_t displacement; /* WORD: from some pointer. METHOD: from the start of the table of methods */
    unsigned size;        /* bytes, of a WORD */
    int64_t added;        /* to it since */
    bool in_table;        /* the pointer was the first word behind another one: WORD may be the address of a method */
};

struct tracker {
    struct mc_prover *prover;
    struct origin registers[16];
    struct {
        int64_t displacement;
        uint8_t base;
        struct origin origin;
    } stack[STACK_PLACES];
    unsigned stack_count;
    bool frame; /* RBP is the frame pointer */
    struct origin asked; /* if it is 0 was tested last; and where control goes on if so */
    bool asked_now;
    uint64_t if_zero;
    bool inverted; /* what the need is taken together with: the bits that are not there */
};

static bool is_primary(const struct mc_insn *insn)
{
    return insn->encoding == MC_LEGACY && insn->map == MC_MAP_PRIMARY;
}

static bool is_on_stack(const struct tracker *t, const struct mc_insn *insn)
{
    return insn->has_modrm && insn->mod != 3 && insn->index == MC_REG_NONE && (insn->base == MC_RSP || (t->frame && insn->base == MC_RBP));
}

static struct origin *place_on_stack(struct tracker *t, const struct mc_insn *insn, bool make)
{
    for (unsigned i = 0; i < t->stack_count; i++)
        if (t->stack[i].displacement == insn->displacement && t->stack[i].base == insn->base)
            return &t->stack[i].origin;
    if (!make || t->stack_count == STACK_PLACES)
        return NULL;
    t->stack[t->stack_count].displacement = insn->displacement;
    t->stack[t->stack_count].base = (uint8_t)insn->base;
    return &t->stack[t->stack_count++].origin;
}

static bool is_pointer(const struct tracker *t, const struct origin *origin)
{
    return origin->kind == WORD && origin->size == t->prover->pointer_size;
}

/* What a memory operand of that size holds. */
static struct origin in_memory(struct tracker *t, const struct mc_insn *insn, unsigned size)
{
    struct origin none = {0};
    if (is_on_stack(t, insn)) {
        const struct origin *place = place_on_stack(t, insn, false);
        return place ? *place : none;
    }
    if (insn->base < 0 || insn->base >= 16 || insn->index != MC_REG_NONE || insn->segment)
        return none;
    const struct origin *pointer = &t->registers[insn->base];
    struct origin word = {.kind = WORD, .displacement = insn->displacement, .size = size};
    word.in_table = is_pointer(t, pointer) && !pointer->displacement && !pointer->in_table;
    if (is_pointer(t, pointer))
        word.displacement += pointer->added;
    return word;
}

static struct origin of_rm(struct tracker *t, const struct mc_insn *insn, unsigned size)
{
    if (insn->mod != 3)
        return in_memory(t, insn, size);
    return insn->rm < 16 ? t->registers[insn->rm] : (struct origin){0};
}

static struct origin of_reg(const struct tracker *t, const struct mc_insn *insn)
{
    return insn->reg < 16 ? t->registers[insn->reg] : (struct origin){0};
}

static void forget(struct tracker *t, unsigned number)
{
    if (number < 16)
        t->registers[number] = (struct origin){0};
}

/* After a call, whose result is the origin. Of other registers, only those are read again that the callee leaves alone. */
static void follow_call(struct tracker *t, struct origin result)
{
    forget(t, MC_RDX);
    t->registers[MC_RAX] = result;
}

static struct origin called_method(struct tracker *t, const struct mc_insn *insn)
{
    struct origin callee = of_rm(t, insn, t->prover->pointer_size);
    if (!is_pointer(t, &callee) || !callee.in_table)
        return (struct origin){0};
    return (struct origin){.kind = METHOD, .displacement = callee.displacement};
}

/* CMP, TEST, PUSH, BT and the like leave all registers as they are. */
static bool only_reads(const struct mc_insn *insn)
{
    unsigned opcode = insn->opcode, extension = insn->reg & 7;
    if (insn->encoding != MC_LEGACY)
        return false;
    if (insn->map == MC_MAP_0F)
        return opcode == 0xA3 || (opcode == 0xBA && extension == 4) || opcode == 0x1F || opcode == 0x1E;
    if (insn->map != MC_MAP_PRIMARY)
        return false;
    if ((opcode >= 0x80 && opcode <= 0x83 && extension == 7) || (opcode >= 0xF6 && opcode <= 0xF7 && extension < 2))
        return true;
    return (opcode >= 0x38 && opcode <= 0x3B) || opcode == 0x84 || opcode == 0x85 || opcode == 0x88 || (opcode == 0xFF && extension == 6);
}

/* Registers that an instruction with a ModRM byte writes, none but these two kinds: bit 0, the one of its reg field; bit 1, of rm. */
static unsigned written(const struct mc_insn *insn)
{
    unsigned opcode = insn->opcode;
    if (insn->encoding != MC_LEGACY || insn->map > MC_MAP_0F)
        return 3;
    if (insn->map == MC_MAP_0F)
        return (opcode & 0xF0) == 0x90 || opcode == 0xBA || opcode == 0x7E ? 2 : (opcode & 0xF0) == 0x40 || opcode == 0xAF ? 1 : 3;
    if (opcode < 0x40)
        return (opcode & 7) < 2 ? 2 : 1;
    bool group = (opcode >= 0x80 && opcode <= 0x83) || opcode == 0x8F || opcode == 0xC0 || opcode == 0xC1 || opcode >= 0xC6;
    return group ? 2 : opcode == 0x8B || opcode == 0x63 || opcode == 0x8D || opcode == 0x69 || opcode == 0x6B ? 1 : 3;
}

static void follow_without_modrm(struct tracker *t, const struct mc_insn *insn)
{
    unsigned opcode = insn->opcode;
    if (insn->map == MC_MAP_0F && opcode == 0xA2) {
        for (unsigned i = MC_RAX; i <= MC_RBX; i++)
            forget(t, i);
    } else if (insn->map == MC_MAP_PRIMARY) {
        if (opcode >= 0x90 && opcode <= 0xBF && opcode != 0x99 && opcode != 0xA8 && opcode != 0xA9 && opcode != 0x90)
            forget(t, opcode >= 0xB0 || opcode <= 0x97 ? insn->opcode_register : (unsigned)MC_RAX);
        if (opcode >= 0x58 && opcode <= 0x5F)
            forget(t, insn->opcode_register);
        if (opcode == 0x99)
            forget(t, MC_RDX);
        if (opcode < 0x40 && ((opcode & 7) == 4 || (opcode & 7) == 5) && opcode < 0x38)
            forget(t, MC_RAX);
    }
}

/* ADD with a number, and LEA: to a pointer to the methods, say. */
static bool follow_addition(struct tracker *t, const struct mc_insn *insn)
{
    bool add = (insn->opcode == 0x83 || insn->opcode == 0x81) && (insn->reg & 7) == 0 && insn->mod == 3 && insn->rm < 16;
    bool lea = insn->opcode == 0x8D && insn->base >= 0 && insn->base < 16 && insn->index == MC_REG_NONE && insn->reg < 16;
    if (!add && !lea)
        return false;
    struct origin sum = t->registers[add ? insn->rm : (unsigned)insn->base];
    sum.added += add ? insn->immediate : insn->displacement;
    if (!is_pointer(t, &sum))
        sum = (struct origin){0};
    t->registers[add ? insn->rm : insn->reg] = sum;
    return true;
}

static void follow(struct tracker *t, const struct mc_insn *insn)
{
    unsigned opcode = insn->opcode;
    bool widens = insn->encoding == MC_LEGACY && insn->map == MC_MAP_0F && (opcode == 0xB6 || opcode == 0xB7);
    if (insn->flow == MC_FLOW_CALL || insn->flow == MC_FLOW_CALL_IND) {
        follow_call(t, insn->flow == MC_FLOW_CALL_IND ? called_method(t, insn) : (struct origin){0});
    } else if (insn->flow != MC_FLOW_NEXT || only_reads(insn)) {
        return;
    } else if (!insn->has_modrm) {
        follow_without_modrm(t, insn);
    } else if ((is_primary(insn) && (opcode == 0x8B || opcode == 0x63)) || widens) {
        unsigned size = opcode == 0xB6 ? 1 : opcode == 0xB7 ? 2 : opcode == 0x63 ? 4 : insn->operand_size;
        if (insn->reg < 16)
            t->registers[insn->reg] = of_rm(t, insn, size);
    } else if (is_primary(insn) && opcode == 0x89) {
        t->frame |= insn->mod == 3 && insn->reg == MC_RSP && insn->rm == MC_RBP;
        struct origin *place = is_on_stack(t, insn) ? place_on_stack(t, insn, true) : NULL;
        if (insn->mod == 3 && insn->rm < 16)
            t->registers[insn->rm] = of_reg(t, insn);
        else if (place)
            *place = of_reg(t, insn);
    } else if (is_primary(insn) && (opcode == 0xC6 || opcode == 0xC7) && insn->mod != 3) {
        struct origin *place = is_on_stack(t, insn) ? place_on_stack(t, insn, false) : NULL;
        if (place)
            *place = (struct origin){0};
    } else if (!is_primary(insn) || !follow_addition(t, insn)) {
        if (written(insn) & 1)
            forget(t, insn->reg);
        if (insn->mod == 3 && written(insn) & 2)
            forget(t, insn->rm);
        if (is_primary(insn) && opcode == 0xF7 && (insn->reg & 7) == 2 && insn->mod == 3 && insn->rm < 16)
            t->registers[insn->rm].kind = INVERTED;
        if (is_primary(insn) && opcode == 0xF7 && (insn->reg & 7) >= 4) { /* mul, div */
            forget(t, MC_RAX);
            forget(t, MC_RDX);
        }
        if (insn->map == MC_MAP_0F && opcode == 0x01 && insn->mod == 3) { /* xgetbv */
            forget(t, MC_RAX);
            forget(t, MC_RDX);
        }
    }
}

static bool is_same(const struct origin *a, const struct origin *b)
{
    return a->kind != NOWHERE && a->kind == b->kind && a->displacement == b->displacement && a->size == b->size;
}

static bool is_need(const struct origin *origin)
{
    return origin->kind == METHOD || (origin->kind == WORD && !origin->added && origin->displacement >= 0);
}

/* The operand that is compared with 0: `test r, r`, `test r, -1`, `cmp r, 0`. */
static struct origin compared_with_zero(struct tracker *t, const struct mc_insn *insn)
{
    struct origin none = {0};
    unsigned opcode = insn->opcode;
    if (!is_primary(insn) || !insn->has_modrm)
        return none;
    if (opcode == 0x85 && insn->mod == 3 && insn->reg == insn->rm)
        return of_reg(t, insn);
    if ((opcode == 0x83 || opcode == 0x81) && (insn->reg & 7) == 7 && !insn->immediate)
        return of_rm(t, insn, insn->operand_size);
    return none;
}

/* Jumps that only lead on are left out. */
static uint64_t behind_jumps(const struct tracker *t, uint64_t address)
{
    struct mc_insn insn;
    for (unsigned i = 0; i < 2 && mc_decode_at(t->prover, address, &insn) && insn.flow == MC_FLOW_JMP; i++)
        address += insn.length + (uint64_t)insn.displacement;
    return address;
}

/* Where control goes on when ZF is set; 0: it is no branch that tells. */
static uint64_t way_when(const struct tracker *t, bool zero, const struct mc_insn *insn, uint64_t address)
{
    if (insn->flow != MC_FLOW_JCC || (insn->opcode & 14) != 4 || (insn->map == MC_MAP_PRIMARY && (insn->opcode & 0xF0) != 0x70))
        return 0;
    uint64_t after = address + insn->length, target = after + (uint64_t)insn->displacement;
    return behind_jumps(t, ((insn->opcode & 1) == 0) == zero ? target : after);
}

static void follow_zero_test(struct tracker *t, const struct mc_insn *insn, uint64_t address)
{
    struct origin compared = compared_with_zero(t, insn);
    uint64_t way = way_when(t, true, insn, address);
    if (is_need(&compared)) {
        t->asked = compared;
        t->asked_now = true;
    } else if (t->asked_now && way) {
        t->if_zero = way;
        t->asked_now = false;
    } else if (t->asked_now && insn->opcode != 0x8B && insn->opcode != 0x89) {
        t->asked_now = false;
        t->asked.kind = NOWHERE;
    }
}

/* The site: which of both operands is the need, and what holds both together then. */
static bool begin(struct tracker *t, const struct mc_insn *insn, struct origin *ret)
{
    unsigned opcode = insn->opcode;
    if (!is_primary(insn) || !insn->has_modrm || (opcode != 0x21 && opcode != 0x23 && opcode != 0x85))
        return false;
    struct origin rm = of_rm(t, insn, insn->operand_size), reg = of_reg(t, insn);
    if (is_need(&rm) == is_need(&reg))
        return false;
    *ret = is_need(&rm) ? rm : reg;
    t->inverted = (is_need(&rm) ? reg : rm).kind == INVERTED;
    struct origin common = {.kind = COMMON};
    if (opcode == 0x21 && insn->mod == 3 && insn->rm < 16)
        t->registers[insn->rm] = common;
    else if (opcode == 0x23 && insn->reg < 16)
        t->registers[insn->reg] = common;
    return opcode != 0x21 || insn->mod == 3;
}

/* CMP of what both have in common with the need. */
static bool compares(struct tracker *t, const struct mc_insn *insn, const struct origin *need)
{
    if (!is_primary(insn) || (insn->opcode != 0x39 && insn->opcode != 0x3B))
        return false;
    struct origin rm = of_rm(t, insn, insn->operand_size), reg = of_reg(t, insn);
    return (rm.kind == COMMON && is_same(&reg, need)) || (reg.kind == COMMON && is_same(&rm, need));
}

/* TEST or AND of it with a number, or with itself: *mask gets what is left. */
static bool narrows(struct tracker *t, const struct mc_insn *insn, uint64_t *mask)
{
    unsigned opcode = insn->opcode;
    if (!is_primary(insn))
        return false;
    bool accumulator = opcode == 0xA9 || opcode == 0x25;
    bool number = opcode == 0xF7 ? (insn->reg & 7) == 0 : (opcode == 0x81 || opcode == 0x83) && (insn->reg & 7) == 4;
    if (accumulator ? t->registers[MC_RAX].kind == COMMON : number && of_rm(t, insn, insn->operand_size).kind == COMMON) {
        *mask &= (uint64_t)insn->immediate;
        return true;
    }
    return compared_with_zero(t, insn).kind == COMMON;
}

/* SETE, CMOVE, JE and their opposites. */
static bool asks_zero(const struct mc_insn *insn)
{
    if (insn->flow == MC_FLOW_JCC)
        return (insn->opcode & 14) == 4 && (insn->map != MC_MAP_PRIMARY || (insn->opcode & 0xF0) == 0x70);
    return insn->encoding == MC_LEGACY && insn->map == MC_MAP_0F && ((insn->opcode & 0xFE) == 0x44 || (insn->opcode & 0xFE) == 0x94);
}

static bool keeps_flags(const struct mc_insn *insn)
{
    unsigned opcode = insn->opcode;
    return insn->flow == MC_FLOW_NEXT && is_primary(insn) &&
           ((opcode >= 0x88 && opcode <= 0x8D) || (opcode >= 0x50 && opcode <= 0x5F) || opcode == 0xC7 || (opcode >= 0xB8 && opcode <= 0xBF));
}

/* From the site on: the branch, or what else asks for the outcome. */
static void look_behind(struct tracker *t, uint64_t address, uint64_t end, const struct origin *need, struct mc_needed *ret)
{
    struct mc_insn insn;
    bool flags = true, equal = false; /* the flags say whether what is left is 0; whether it is equal to the need */
    for (unsigned i = 0; i < REACH && address < end && mc_decode_at(t->prover, address, &insn); i++, address += insn.length) {
        if (asks_zero(&insn) && (flags || equal)) {
            uint64_t way = way_when(t, false, &insn, address);
            if (!equal && !t->inverted && (!way || way != t->if_zero || !is_same(&t->asked, need)))
                return; /* one bit of it is there: that may mean anything */
            ret->mode = equal ? MC_NEED_ALL : t->inverted ? MC_NEED_MISSING : MC_NEED_ANY;
            ret->kind = need->kind == METHOD ? MC_NEED_METHOD : MC_NEED_WORD;
            ret->displacement = need->displacement;
            ret->size = need->kind == WORD ? need->size : 4;
            return;
        }
        if (compares(t, &insn, need)) {
            equal = true;
            flags = false;
            continue;
        }
        if (narrows(t, &insn, &ret->mask)) {
            flags = true;
            continue;
        }
        follow(t, &insn);
        if (insn.flow != MC_FLOW_NEXT)
            return;
        if (!keeps_flags(&insn))
            flags = equal = false;
    }
}

void mc_look_at_need(struct mc_prover *prover, struct mc_needed *ret)
{
    struct mc_text_range range = mc_function_extent(prover, ret->site);
    struct tracker t = {.prover = prover};
    struct mc_insn insn;
    ret->body = range.start;
    ret->mask = UINT64_MAX;
    for (uint64_t address = range.start; address <= ret->site && address < range.end; address += insn.length) {
        if (!mc_decode_at(prover, address, &insn)) {
            insn.length = 1;
            continue;
        }
        struct origin need;
        if (address == ret->site && begin(&t, &insn, &need))
            look_behind(&t, address + insn.length, range.end, &need, ret);
        follow_zero_test(&t, &insn, address);
        follow(&t, &insn);
    }
}
