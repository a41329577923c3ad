/* SPDX-License-Identifier: Apache-2.0 */
/* Transfer functions of the one-byte opcode map (Intel SDM vol. 2D, appendix A, table A-2). What is not modelled here or in
 * the files beside it clobbers the registers it may write. */
#include "scanner/proof/needs.h"

#include <string.h>

#define PROLOGUE 48 /* bytes from a function's start in which it saves registers */

static unsigned byte_or_full(const struct mc_machine *m)
{
    return m->insn->opcode & 1 ? m->insn->operand_size : 1;
}

/* An immediate that is an address of the file, where code addresses things so. */
static mc_value address_or_number(struct mc_machine *m, uint64_t number)
{
    if (m->prover->position_independent || !mc_image_segment(m->prover->image, number))
        return mc_value_constant(m->values, number);
    mc_value value = mc_value_symbol(m->values, MC_BASE_MODULE, (int64_t)number);
    mc_note_address(m, value);
    return value;
}

static mc_value immediate(struct mc_machine *m, unsigned size)
{
    uint64_t mask = size >= 8 ? UINT64_MAX : (UINT64_C(1) << size * 8) - 1;
    uint64_t number = (uint64_t)m->insn->immediate & mask;
    if (size >= 4 && m->insn->immediate_size >= 4 && (m->insn->opcode & 0xF8) == 0xB8)
        return address_or_number(m, number); /* mov reg, offset symbol */
    return mc_value_constant(m->values, number);
}

enum alu { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };

static mc_value carry_of_add(struct mc_machine *m, mc_value a, mc_value b, unsigned size)
{
    return a == b ? mc_value_extract(m->values, a, size * 8 - 1, 1) : MC_TOP; /* add r,r shifts the top bit out */
}

/* sbb r,r is 0 or -1 by CF; adc/sbb with something else add CF to it. */
static mc_value with_carry(struct mc_machine *m, enum alu operation, mc_value a, mc_value b, bool same, unsigned width)
{
    mc_facts set, clear;
    mc_flags_test(m->values, &m->state->flags, 2, &set, &clear);
    if (m->state->flags.kind == MC_FLAGS_UNKNOWN)
        return MC_TOP;
    enum mc_operation base = operation == ALU_ADC ? MC_OP_ADD : MC_OP_SUB;
    mc_value without = same && operation == ALU_SBB ? mc_value_constant(m->values, 0)
                                                    : mc_value_operate(m->values, base, a, b, width);
    mc_value with = mc_value_operate(m->values, base, without, mc_value_constant(m->values, 1), width);
    if (set == MC_FACTS_ALL)
        return without;
    if (clear == MC_FACTS_ALL)
        return with;
    return mc_value_join(m->values, without, clear, with, set);
}

static mc_value align_stack(struct mc_machine *m, mc_value a, mc_value b)
{
    uint32_t base;
    int64_t offset;
    uint64_t mask;
    if (!mc_value_single(m->values, a, &base, &offset) || !mc_value_is_constant(m->values, b, &mask))
        return MC_TOP;
    uint32_t kind = mc_symbol_get(m->values, base).kind;
    if (kind != MC_SYM_STACK && kind != MC_SYM_ALIGNED)
        return MC_TOP;
    struct mc_symbol_key key = {.kind = MC_SYM_ALIGNED, .width = 64, .a = m->address};
    return mc_value_symbol(m->values, mc_symbol_id(m->values, key), 0);
}

/* Flags of a - b. Two addresses from one base, fixed while the function runs, compare as their offsets do. */
static void compare(struct mc_machine *m, mc_value a, mc_value b, unsigned width)
{
    uint32_t base, other;
    int64_t x, y;
    if (mc_value_single(m->values, a, &base, &x) && mc_value_single(m->values, b, &other, &y) && base && base == other) {
        uint32_t kind = mc_symbol_get(m->values, base).kind;
        if (kind == MC_SYM_MODULE || kind == MC_SYM_STACK || kind == MC_SYM_ALIGNED || kind == MC_SYM_ARGUMENT) {
            a = mc_value_constant(m->values, (uint64_t)x);
            b = mc_value_constant(m->values, (uint64_t)y);
        }
    }
    mc_set_flags(m, MC_FLAGS_COMPARE, width, a, b, MC_TOP);
}

/* The row just loaded counts from a label in the code (GNU C's `*(&&label + offsets[i])`), not from the table. */
static void count_rows_from(struct mc_machine *m, mc_value a, mc_value b)
{
    struct mc_table_load *table = &m->run->table;
    uint32_t base;
    int64_t offset;
    uint64_t label;
    if (!table->site || table->site >= m->address || m->address - table->site > MC_ROW_REACH || table->size != 4)
        return;
    for (int i = 0; i < 2; i++)
        if (mc_value_single(m->values, i ? b : a, &base, &offset) && mc_module_address(m->prover, base, offset, &label) &&
            mc_image_is_code(m->prover->image, label))
            table->base = label;
}

/* a OP b with flags; returns the result (of CMP: a itself). */
static mc_value operate_alu(struct mc_machine *m, enum alu operation, mc_value a, mc_value b, bool same, unsigned size)
{
    struct mc_values *v = m->values;
    unsigned width = size * 8;
    mc_value result;
    switch (operation) {
    case ALU_CMP: /* its difference goes nowhere: an address that is only compared is not lost */
        compare(m, a, b, width);
        return a;
    case ALU_SUB:
        result = same ? mc_value_constant(v, 0) : mc_value_operate(v, MC_OP_SUB, a, b, width);
        compare(m, a, b, width);
        return result;
    case ALU_ADD: /* of itself: a shift, which keeps bits */
        count_rows_from(m, a, b);
        result = same ? mc_value_operate(v, MC_OP_SHL, a, mc_value_constant(v, 1), width) : mc_value_operate(v, MC_OP_ADD, a, b, width);
        mc_set_flags(m, MC_FLAGS_RESULT, width, result, MC_TOP, carry_of_add(m, a, b, size));
        return result;
    case ALU_ADC:
    case ALU_SBB:
        result = with_carry(m, operation, a, b, same, width);
        if (operation == ALU_SBB && same) /* CF stays, ZF is its inverse */
            mc_set_flags(m, MC_FLAGS_RESULT, width, result, MC_TOP, mc_value_extract(v, result, 0, 1));
        else
            mc_set_flags(m, MC_FLAGS_RESULT, width, result, MC_TOP, MC_TOP);
        return result;
    case ALU_XOR:
        result = same ? mc_value_constant(v, 0) : mc_value_operate(v, MC_OP_XOR, a, b, width);
        break;
    case ALU_OR:
        result = mc_value_operate(v, MC_OP_OR, a, b, width);
        break;
    default:
        result = same ? a : mc_value_operate(v, MC_OP_AND, a, b, width);
        mc_note_need(m, a, b, width);
        if (result == MC_TOP)
            result = align_stack(m, a, b);
        break;
    }
    mc_set_flags(m, MC_FLAGS_LOGIC, width, result, MC_TOP, MC_TOP);
    return result;
}

/* SUB leaves flags of the comparison, and the difference in the register: what it held is gone. */
static void flags_speak_of(struct mc_machine *m, enum alu operation, unsigned number, unsigned size)
{
    if (operation != ALU_SUB)
        mc_flags_of_register(m, number, size);
    if (operation == ALU_CMP) {
        m->state->compared |= 1u << number % MC_REGISTERS;
        if (m->insn->has_modrm && m->insn->opcode < 0x40) {
            m->state->compared |= 1u << m->insn->reg % MC_REGISTERS;
            if (m->insn->mod == 3)
                m->state->compared |= 1u << m->insn->rm % MC_REGISTERS;
        }
    }
}

/* ADD of a table's address and an index; noted before the sum goes to its register. */
static struct mc_row_pointer row_pointer(const struct mc_machine *m, enum alu operation, mc_value a, mc_value b, unsigned number)
{
    struct mc_row_pointer none = {0};
    uint32_t base;
    int64_t offset;
    uint64_t table;
    if (operation != ALU_ADD)
        return none;
    for (int side = 0; side < 2; side++)
        if (mc_value_single(m->values, side ? b : a, &base, &offset) && mc_module_address(m->prover, base, offset, &table) &&
            mc_image_segment(m->prover->image, table))
            return (struct mc_row_pointer){.place = number + 1, .table = table, .index = side ? a : b};
    return none;
}

static void execute_alu(struct mc_machine *m)
{
    enum alu operation = (enum alu)(m->insn->opcode >> 3);
    unsigned form = m->insn->opcode & 7, size = byte_or_full(m);
    bool same = m->insn->has_modrm && m->insn->mod == 3 && m->insn->rm == m->insn->reg;
    if (form < 2) {
        mc_value a = mc_get_rm(m, size), b = mc_get_reg(m, size), result = operate_alu(m, operation, a, b, same, size);
        if (operation != ALU_CMP)
            mc_set_rm(m, size, result);
        if (m->insn->mod == 3)
            m->run->row = row_pointer(m, operation, a, b, m->insn->rm);
        if (m->insn->mod == 3)
            flags_speak_of(m, operation, m->insn->rm, size);
        else if (operation == ALU_CMP)
            m->state->compared |= 1u << m->insn->reg % MC_REGISTERS;
    } else if (form < 4) {
        mc_value result = operate_alu(m, operation, mc_get_reg(m, size), mc_get_rm(m, size), same, size);
        if (operation != ALU_CMP)
            mc_set_reg(m, size, result);
        flags_speak_of(m, operation, m->insn->reg, size);
    } else {
        mc_value a = mc_get_register(m, MC_RAX, size), b = immediate(m, size);
        mc_value result = operate_alu(m, operation, a, b, false, size);
        if (operation != ALU_CMP)
            mc_set_register(m, MC_RAX, size, result);
        m->run->row = row_pointer(m, operation, a, b, MC_RAX);
        flags_speak_of(m, operation, MC_RAX, size);
    }
}

static void execute_group1(struct mc_machine *m)
{
    unsigned size = byte_or_full(m);
    enum alu operation = (enum alu)(m->insn->reg & 7);
    mc_value a = mc_get_rm(m, size), b = immediate(m, size), result = operate_alu(m, operation, a, b, false, size);
    if (operation != ALU_CMP)
        mc_set_rm(m, size, result);
    if (m->insn->mod == 3)
        m->run->row = row_pointer(m, operation, a, b, m->insn->rm);
    if (m->insn->mod == 3)
        flags_speak_of(m, operation, m->insn->rm, size);
}

static void execute_test(struct mc_machine *m, mc_value a, mc_value b, unsigned size)
{
    mc_value result = a == b ? a : mc_value_operate(m->values, MC_OP_AND, a, b, size * 8);
    mc_note_need(m, a, b, size * 8);
    mc_set_flags(m, MC_FLAGS_LOGIC, size * 8, result, MC_TOP, MC_TOP);
}

/* D0..D3, C0, C1 */
static void execute_shift(struct mc_machine *m)
{
    static const enum mc_operation operations[8] = {MC_OP_ROL, MC_OP_ROR, MC_OP_ROL, MC_OP_ROR,
                                                    MC_OP_SHL, MC_OP_SHR, MC_OP_SHL, MC_OP_SAR};
    unsigned size = byte_or_full(m), width = size * 8, extension = m->insn->reg & 7;
    uint64_t number;
    mc_value count = m->insn->opcode >= 0xD2   ? mc_get_register(m, MC_RCX, 1)
                     : m->insn->opcode >= 0xD0 ? mc_value_constant(m->values, 1)
                                               : mc_value_constant(m->values, (uint64_t)m->insn->immediate & 0xFF);
    mc_value a = mc_get_rm(m, size), result, carry = MC_TOP;
    if (extension == 2 || extension == 3) { /* rcl, rcr */
        result = mc_value_top(m->values, mc_value_provenance(m->values, a));
        mc_set_rm(m, size, result);
        mc_forget_flags(m);
        return;
    }
    result = mc_value_operate(m->values, operations[extension], a, count, width);
    if (mc_value_is_constant(m->values, count, &number)) {
        number &= width == 64 ? 63 : 31;
        if (!number)
            return;
        if (number <= width && extension >= 4)
            carry = mc_value_extract(m->values, a, extension == 4 || extension == 6 ? width - (unsigned)number : (unsigned)number - 1, 1);
    }
    mc_set_rm(m, size, result);
    if (extension < 2)
        mc_set_flags(m, MC_FLAGS_BITS, width, MC_TOP, MC_TOP, mc_value_extract(m->values, result, extension ? width - 1 : 0, 1));
    else
        mc_set_flags(m, MC_FLAGS_RESULT, width, result, MC_TOP, carry);
}

/* F6, F7 */
static void execute_group3(struct mc_machine *m)
{
    unsigned size = byte_or_full(m), width = size * 8;
    mc_value a = mc_get_rm(m, size), result;
    switch (m->insn->reg & 7) {
    case 0:
    case 1:
        execute_test(m, a, immediate(m, size), size);
        return;
    case 2: { /* not: no flags */
        mc_value ones = mc_value_constant(m->values, width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1);
        mc_set_rm(m, size, mc_value_operate(m->values, MC_OP_XOR, a, ones, width));
        return;
    }
    case 3: { /* neg: CF = operand is not 0 */
        mc_facts set = mc_value_test(m->values, a, MC_NE, 0, width), clear = mc_value_test(m->values, a, MC_EQ, 0, width);
        result = mc_value_operate(m->values, MC_OP_SUB, mc_value_constant(m->values, 0), a, width);
        mc_set_rm(m, size, result);
        mc_set_flags(m, MC_FLAGS_RESULT, width, result, MC_TOP, mc_value_boolean(m->values, set, clear));
        return;
    }
    default: /* mul, imul, div, idiv */
        mc_put_register(m, MC_RAX, mc_value_top(m->values, mc_value_provenance(m->values, a)));
        if (size > 1)
            mc_put_register(m, MC_RDX, MC_TOP);
        mc_forget_flags(m);
    }
}

static void execute_increment(struct mc_machine *m, mc_value a, unsigned size, bool decrement, mc_value *ret)
{
    *ret = mc_value_operate(m->values, decrement ? MC_OP_SUB : MC_OP_ADD, a, mc_value_constant(m->values, 1), size * 8);
    mc_set_flags(m, MC_FLAGS_RESULT, size * 8, *ret, MC_TOP, MC_TOP);
}

/* FE, FF; calls and jumps leave their target in *ret_next. */
static void execute_group5(struct mc_machine *m, struct mc_next *ret_next)
{
    unsigned size = byte_or_full(m), extension = m->insn->reg & 7;
    mc_value result;
    switch (extension) {
    case 0:
    case 1:
        execute_increment(m, mc_get_rm(m, size), size, extension == 1, &result);
        mc_set_rm(m, size, result);
        return;
    case 2:
    case 4:
        ret_next->target = mc_get_rm(m, m->prover->pointer_size);
        return;
    case 6:
        mc_push_value(m, mc_get_rm(m, m->prover->pointer_size));
        return;
    default:
        return;
    }
}

static void execute_convert(struct mc_machine *m)
{
    unsigned size = m->insn->operand_size;
    if (m->insn->opcode == 0x98) { /* cbw, cwde, cdqe */
        mc_value low = mc_get_register(m, MC_RAX, size / 2);
        mc_set_register(m, MC_RAX, size, mc_value_sign_extend(m->values, low, size * 4, size * 8));
    } else { /* cwd, cdq, cqo */
        mc_value sign = mc_value_operate(m->values, MC_OP_SAR, mc_get_register(m, MC_RAX, size),
                                         mc_value_constant(m->values, size * 8 - 1), size * 8);
        mc_set_register(m, MC_RDX, size, sign);
    }
}

static void execute_exchange(struct mc_machine *m)
{
    unsigned size = byte_or_full(m);
    mc_value a = mc_get_rm(m, size), b = mc_get_reg(m, size);
    mc_set_rm(m, size, b);
    mc_set_reg(m, size, a);
}

static void execute_leave(struct mc_machine *m)
{
    mc_put_register(m, MC_RSP, m->state->registers[MC_RBP]);
    mc_put_register(m, MC_RBP, mc_pop_value(m));
}

static void execute_lea(struct mc_machine *m)
{
    unsigned size = m->insn->operand_size;
    mc_value address = mc_effective_address(m);
    if (size < 8)
        address = mc_value_zero_extend(m->values, address, size * 8);
    mc_note_address(m, address);
    mc_set_reg(m, size, address);
}

static void execute_pop_rm(struct mc_machine *m)
{
    mc_value value = mc_pop_value(m);
    mc_set_rm(m, m->prover->pointer_size, value);
}

/* 80..9F */
static void execute_middle(struct mc_machine *m)
{
    unsigned opcode = m->insn->opcode, size = byte_or_full(m);
    switch (opcode) {
    case 0x80 ... 0x83:
        execute_group1(m);
        return;
    case 0x84:
    case 0x85:
        execute_test(m, mc_get_rm(m, size), mc_get_reg(m, size), size);
        if (m->insn->mod == 3 && m->insn->rm == m->insn->reg)
            mc_flags_of_register(m, m->insn->rm, size);
        return;
    case 0x86:
    case 0x87:
        execute_exchange(m);
        return;
    case 0x88:
    case 0x89:
        mc_set_rm(m, size, mc_get_reg(m, size));
        return;
    case 0x8A:
    case 0x8B:
        mc_set_reg(m, size, mc_get_rm(m, size));
        return;
    case 0x8D:
        execute_lea(m);
        return;
    case 0x8F:
        execute_pop_rm(m);
        return;
    case 0x91 ... 0x97: {
        mc_value a = mc_get_register(m, MC_RAX, m->insn->operand_size);
        mc_value b = mc_get_register(m, m->insn->opcode_register, m->insn->operand_size);
        mc_set_register(m, MC_RAX, m->insn->operand_size, b);
        mc_set_register(m, m->insn->opcode_register, m->insn->operand_size, a);
        return;
    }
    case 0x98:
    case 0x99:
        execute_convert(m);
        return;
    case 0x9C:
        mc_push_value(m, MC_TOP);
        return;
    case 0x9D:
        mc_pop_value(m);
        mc_forget_flags(m);
        return;
    case 0x9E:
        mc_forget_flags(m);
        return;
    case 0x9F:
        mc_set_register(m, MC_RAX, 2, MC_TOP);
        return;
    default:
        return;
    }
}

/* A0..CF */
static void execute_upper(struct mc_machine *m)
{
    unsigned opcode = m->insn->opcode, size = byte_or_full(m);
    switch (opcode) {
    case 0xA0:
    case 0xA1:
        mc_set_register(m, MC_RAX, size, mc_load(m, mc_effective_address(m), size));
        return;
    case 0xA2:
    case 0xA3:
        mc_store(m, mc_effective_address(m), size, mc_get_register(m, MC_RAX, size));
        return;
    case 0xA8:
    case 0xA9:
        execute_test(m, mc_get_register(m, MC_RAX, size), immediate(m, size), size);
        return;
    case 0xA4 ... 0xA7:
    case 0xAA ... 0xAF:
        mc_execute_string(m);
        return;
    case 0xB0 ... 0xB7:
        mc_set_register(m, m->insn->opcode_register, 1, immediate(m, 1));
        return;
    case 0xB8 ... 0xBF:
        mc_set_register(m, m->insn->opcode_register, m->insn->operand_size, immediate(m, m->insn->operand_size));
        return;
    case 0xC0:
    case 0xC1:
        execute_shift(m);
        return;
    case 0xC6:
    case 0xC7:
        if ((m->insn->reg & 7) == 0) {
            mc_value value = immediate(m, size);
            uint64_t number;
            if (size == m->prover->pointer_size && mc_value_is_constant(m->values, value, &number))
                value = address_or_number(m, number); /* mov [mem], offset symbol */
            mc_set_rm(m, size, value);
        }
        return;
    case 0xC9:
        execute_leave(m);
        return;
    default:
        return;
    }
}

/* A function's first instructions push the registers that it must give back; later ones, arguments. */
static void note_saved(struct mc_machine *m, unsigned reg)
{
    static const uint32_t wide = 1u << MC_RBX | 1u << MC_RBP | 0xf000, narrow = 1u << MC_RBX | 1u << MC_RBP | 1u << MC_RSI | 1u << MC_RDI;
    uint32_t base;
    int64_t offset;
    if ((m->prover->pointer_size == 8 ? wide : narrow) >> reg & 1 &&
        m->address - mc_function_extent(m->prover, m->address).start < PROLOGUE &&
        mc_value_single(m->values, m->state->registers[MC_RSP], &base, &offset) && base > MC_BASE_MODULE)
        mc_state_note_saved(m->state, base, offset);
}

static void execute_lower(struct mc_machine *m)
{
    unsigned opcode = m->insn->opcode;
    mc_value result;
    switch (opcode) {
    case 0x40 ... 0x4F: /* 32-bit mode only: inc, dec */
        execute_increment(m, mc_get_register(m, opcode & 7, m->insn->operand_size), m->insn->operand_size, opcode & 8, &result);
        mc_set_register(m, opcode & 7, m->insn->operand_size, result);
        return;
    case 0x50 ... 0x57:
        mc_push_value(m, m->state->registers[m->insn->opcode_register]);
        note_saved(m, m->insn->opcode_register);
        return;
    case 0x58 ... 0x5F:
        result = mc_pop_value(m);
        mc_put_register(m, m->insn->opcode_register, result);
        return;
    case 0x60: /* pusha, popa (32-bit mode) */
        for (int i = 0; i < 8; i++)
            mc_push_value(m, m->state->registers[i]);
        return;
    case 0x61:
        for (int i = 7; i >= 0; i--) {
            result = mc_pop_value(m);
            if (i != MC_RSP)
                mc_put_register(m, (unsigned)i, result);
        }
        return;
    case 0x63:
        if (m->prover->image->mode == MC_MODE_64)
            mc_set_reg(m, m->insn->operand_size, mc_value_sign_extend(m->values, mc_get_rm(m, 4), 32, 64));
        return;
    case 0x68:
    case 0x6A: {
        uint64_t number = (uint64_t)m->insn->immediate & (m->prover->pointer_size == 4 ? UINT32_MAX : UINT64_MAX);
        mc_push_value(m, opcode == 0x68 ? address_or_number(m, number) : mc_value_constant(m->values, number));
        return;
    }
    case 0x69:
    case 0x6B:
        result = mc_value_operate(m->values, MC_OP_MUL, mc_get_rm(m, m->insn->operand_size),
                                  immediate(m, m->insn->operand_size), m->insn->operand_size * 8);
        mc_set_reg(m, m->insn->operand_size, result);
        mc_forget_flags(m);
        return;
    default:
        return;
    }
}

static void execute_primary(struct mc_machine *m, struct mc_next *ret_next)
{
    unsigned opcode = m->insn->opcode;
    if (opcode < 0x40 && (opcode & 7) < 6) {
        execute_alu(m);
    } else if (opcode >= 0x70 && opcode < 0x80) {
        mc_condition_facts(m, opcode & 15, &ret_next->jump_facts, &ret_next->fall_facts);
    } else if (opcode < 0x80) {
        execute_lower(m);
    } else if (opcode < 0xA0) {
        execute_middle(m);
    } else if (opcode < 0xD0) {
        execute_upper(m);
    } else if (opcode < 0xD4) {
        execute_shift(m);
    } else if (opcode >= 0xD8 && opcode < 0xE0) {
        if (opcode == 0xDF && m->insn->has_modrm && m->insn->mod == 3) /* fnstsw ax */
            mc_set_register(m, MC_RAX, 2, MC_TOP);
    } else if (opcode >= 0xE0 && opcode < 0xE3) {
        mc_put_register(m, MC_RCX, MC_TOP); /* loop */
    } else if (opcode == 0xE3) {
        mc_value count = mc_get_register(m, MC_RCX, m->prover->pointer_size);
        ret_next->jump_facts = mc_value_test(m->values, count, MC_EQ, 0, m->address_bits);
        ret_next->fall_facts = mc_value_test(m->values, count, MC_NE, 0, m->address_bits);
    } else if ((opcode & 0xF6) == 0xE4) {
        mc_put_register(m, MC_RAX, MC_TOP); /* in */
    } else if (opcode == 0xF5) {
        mc_forget_flags(m);
    } else if (opcode == 0xF8 || opcode == 0xF9) { /* clc, stc */
        mc_set_flags(m, MC_FLAGS_BITS, 64, MC_TOP, MC_TOP, mc_value_constant(m->values, opcode & 1));
    } else if (opcode == 0xF6 || opcode == 0xF7) {
        execute_group3(m);
    } else if (opcode >= 0xFE) {
        execute_group5(m, ret_next);
    }
}

void mc_execute(struct mc_machine *machine, struct mc_next *ret_next)
{
    memset(ret_next, 0, sizeof *ret_next);
    machine->address_bits = machine->prover->image->mode == MC_MODE_64 && !machine->insn->address_size ? 64 : 32;
    if (machine->insn->encoding != MC_LEGACY && machine->insn->encoding != MC_REX2)
        mc_execute_wide(machine);
    else if (machine->insn->map == MC_MAP_PRIMARY)
        execute_primary(machine, ret_next);
    else if (machine->insn->map == MC_MAP_0F)
        mc_execute_0f(machine, ret_next);
    else
        mc_execute_wide(machine);
}
