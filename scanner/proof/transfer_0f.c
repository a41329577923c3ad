/* SPDX-License-Identifier: Apache-2.0 */
/* Transfer functions of opcode map 0F (Intel SDM vol. 2D, appendix A, table A-3): CPUID and XGETBV, conditions, bit tests. */
#include "scanner/proof/alias.h"
#include "scanner/proof/machine.h"

#include <string.h>

/* Leaves whose answer depends on ECX (Intel SDM vol. 2A, CPUID; AMD APM vol. 3, appendix E). */
static bool has_subleaves(uint32_t leaf)
{
    switch (leaf) {
    case 4: case 7: case 0xB: case 0xD: case 0xF: case 0x10: case 0x12: case 0x14: case 0x17: case 0x18: case 0x19: case 0x1B:
    case 0x1D: case 0x1E: case 0x1F: case 0x20: case 0x23: case 0x24: case 0x8000001D: case 0x80000020: case 0x80000026:
        return true;
    default:
        return false;
    }
}

/* Not the vendor, caches, topology, sizes, clocks. */
static bool has_features(uint32_t leaf, unsigned reg)
{
    for (unsigned f = 0; f < MC_FEATURE_COUNT; f++)
        if (mc_features[f].leaf == leaf && (unsigned)mc_features[f].reg == reg)
            return true;
    return false;
}

mc_value mc_cpuid_register(struct mc_machine *m, uint32_t leaf, uint32_t subleaf, unsigned reg)
{
    struct mc_facts_table *t = m->prover->facts;
    if ((leaf == 0 || leaf == 0x80000000) && reg == MC_EAX) {
        struct mc_symbol_key key = {.kind = MC_SYM_MAX_LEAF, .width = 32, .a = leaf};
        return mc_value_symbol(m->values, mc_symbol_id(m->values, key), 0);
    }
    if (m->prover->options->asker && !has_features(leaf, reg)) /* nobody asks another module for those */
        return MC_TOP;
    struct mc_value_data bits;
    memset(&bits, 0, sizeof bits);
    bits.kind = MC_VALUE_BITS;
    bits.known = ~(uint64_t)UINT32_MAX;
    for (unsigned bit = 0; bit < 32; bit++) {
        bits.bits[bit].index = bit;
        bits.bits[bit].if_one = mc_facts_one(t, mc_atom_bit(leaf, subleaf, reg, bit, true), m->address);
        bits.bits[bit].if_zero = mc_facts_one(t, mc_atom_bit(leaf, subleaf, reg, bit, false), m->address);
    }
    bits.count = 32;
    return mc_value_from_bits(m->values, &bits);
}

/* The number that the register's lower half holds; also where it was found to be 0: `if (!(cap & 1)) cpuid(7, cap & 1)`. */
static bool number_in(const struct mc_machine *m, unsigned number, uint64_t *ret)
{
    *ret = 0;
    return mc_value_is_constant(m->values, mc_get_register(m, number, 4), ret) || m->state->known.zero_half >> number & 1;
}

void mc_execute_cpuid(struct mc_machine *m)
{
    static const unsigned order[4] = {MC_RAX, MC_RBX, MC_RCX, MC_RDX}; /* as enum mc_register counts them */
    uint64_t leaf, subleaf = 0;
    bool known = number_in(m, MC_RAX, &leaf);
    m->run->asks_cpuid = true;
    if (known && has_subleaves((uint32_t)leaf))
        known = number_in(m, MC_RCX, &subleaf);
    struct mc_atom unclear = {.kind = MC_ATOM_TESTED};
    mc_value lost = mc_value_top(m->values, mc_facts_one(m->prover->facts, unclear, m->address));
    for (unsigned i = 0; i < 4; i++)
        mc_put_register(m, order[i], known ? mc_cpuid_register(m, (uint32_t)leaf, (uint32_t)subleaf, i) : lost);
}

void mc_execute_xgetbv(struct mc_machine *m)
{
    uint64_t which;
    struct mc_facts_table *t = m->prover->facts;
    if (!mc_value_is_constant(m->values, mc_get_register(m, MC_RCX, 4), &which) || which != 0) {
        mc_put_register(m, MC_RAX, MC_TOP);
        mc_put_register(m, MC_RDX, MC_TOP);
        return;
    }
    for (unsigned half = 0; half < 2; half++) {
        struct mc_value_data bits;
        memset(&bits, 0, sizeof bits);
        bits.kind = MC_VALUE_BITS;
        bits.known = ~(uint64_t)UINT32_MAX;
        for (unsigned bit = 0; bit < 32; bit++) {
            struct mc_atom one = {.kind = MC_ATOM_XCR0, .c = (uint64_t)(half * 32 + bit) << 1 | 1};
            struct mc_atom zero = {.kind = MC_ATOM_XCR0, .c = (uint64_t)(half * 32 + bit) << 1};
            bits.bits[bit] = (struct mc_bit){bit, mc_facts_one(t, one, m->address), mc_facts_one(t, zero, m->address)};
        }
        bits.count = 32;
        mc_put_register(m, half ? MC_RDX : MC_RAX, mc_value_from_bits(m->values, &bits));
    }
}

/* 0F 01: system instructions with register results. */
static void execute_group7(struct mc_machine *m)
{
    unsigned modrm = (unsigned)(m->insn->mod << 6 | (m->insn->reg & 7) << 3 | (m->insn->rm & 7));
    if (m->insn->mod != 3) {
        if ((m->insn->reg & 7) == 4) /* smsw */
            mc_set_rm(m, 2, MC_TOP);
        return;
    }
    switch (modrm) {
    case 0xD0:
        mc_execute_xgetbv(m);
        return;
    case 0xF9: /* rdtscp */
        mc_put_register(m, MC_RCX, MC_TOP);
        mc_put_register(m, MC_RAX, MC_TOP);
        mc_put_register(m, MC_RDX, MC_TOP);
        return;
    case 0xEE: /* rdpkru */
    case 0xFD: /* rdpru */
        mc_put_register(m, MC_RAX, MC_TOP);
        mc_put_register(m, MC_RDX, MC_TOP);
        return;
    case 0xD6: /* xtest */
        mc_forget_flags(m);
        return;
    default:
        if ((m->insn->reg & 7) == 4)
            mc_set_rm(m, m->insn->operand_size, MC_TOP);
    }
}

static void execute_setcc(struct mc_machine *m)
{
    mc_facts set, clear;
    mc_condition_facts(m, m->insn->opcode & 15, &set, &clear);
    mc_set_rm(m, 1, mc_value_boolean(m->values, set, clear));
}

static void execute_cmov(struct mc_machine *m)
{
    unsigned size = m->insn->operand_size;
    mc_facts taken, kept;
    mc_condition_facts(m, m->insn->opcode & 15, &taken, &kept);
    mc_value source = mc_get_rm(m, size), old = mc_get_reg(m, size);
    if (source != old && m->insn->reg < 16 && m->state->known.zero >> m->insn->reg & 1)
        old = mc_value_constant(m->values, 0);
    mc_set_reg(m, size, mc_value_join(m->values, source, taken, old, kept));
    if (m->insn->mod == 3 && m->insn->rm != m->insn->reg)
        m->state->compared |= 1u << m->insn->rm % MC_REGISTERS;
}

/* bt, bts, btr, btc with register or immediate index. */
static void execute_bit(struct mc_machine *m, unsigned operation, mc_value index)
{
    unsigned size = m->insn->operand_size, width = size * 8;
    uint64_t number;
    struct mc_values *v = m->values;
    if (!mc_value_is_constant(v, index, &number)) {
        if (operation)
            mc_set_rm(m, size, mc_value_top(v, mc_value_provenance(v, mc_get_rm(m, size))));
        mc_forget_flags(m);
        return;
    }
    number &= width - 1;
    mc_value a = mc_get_rm(m, size), bit = mc_value_extract(v, a, (unsigned)number, 1);
    mc_value mask = mc_value_constant(v, UINT64_C(1) << number);
    static const enum mc_operation apply[4] = {MC_OP_AND, MC_OP_OR, MC_OP_AND, MC_OP_XOR};
    if (operation == 2)
        mask = mc_value_constant(v, ~(UINT64_C(1) << number));
    if (operation)
        mc_set_rm(m, size, mc_value_operate(v, apply[operation], a, mask, width));
    mc_set_flags(m, MC_FLAGS_BITS, width, MC_TOP, MC_TOP, bit);
}

/* bsf, bsr, tzcnt, lzcnt, popcnt */
static void execute_scan(struct mc_machine *m)
{
    unsigned size = m->insn->operand_size, width = size * 8;
    struct mc_values *v = m->values;
    mc_value source = mc_get_rm(m, size);
    mc_facts zero = mc_value_test(v, source, MC_EQ, 0, width), other = mc_value_test(v, source, MC_NE, 0, width);
    mc_value is_zero = mc_value_boolean(v, zero, other);
    if (m->insn->opcode == 0xB8 || (m->insn->opcode == 0xBD && m->insn->prefix == 0xF3)) { /* popcnt, lzcnt */
        mc_set_reg(m, size, m->insn->opcode == 0xB8 ? mc_value_top(v, mc_value_provenance(v, source)) : mc_alias_count(m, source, width));
        mc_set_flags(m, MC_FLAGS_BITS, width, m->insn->opcode == 0xB8 ? is_zero : mc_alias_zero_flag(m, source, width), MC_TOP,
                     m->insn->opcode == 0xB8 ? mc_value_constant(v, 0) : is_zero);
        return;
    }
    bool highest = m->insn->opcode == 0xBD, counts = m->insn->prefix == 0xF3;
    mc_set_reg(m, size, mc_value_bit_index(v, source, highest, width, width));
    if (counts)
        mc_set_flags(m, MC_FLAGS_BITS, width, mc_alias_zero_flag(m, source, width), MC_TOP, is_zero);
    else
        mc_set_flags(m, MC_FLAGS_BITS, width, is_zero, MC_TOP, MC_TOP);
}

/* The stored value may or may not arrive, and the accumulator may get what was there. */
static void execute_cmpxchg(struct mc_machine *m)
{
    unsigned size = m->insn->opcode & 1 ? m->insn->operand_size : 1;
    mc_value old = mc_get_rm(m, size), added = mc_get_reg(m, size), expected = mc_get_register(m, MC_RAX, size);
    mc_set_rm(m, size, mc_value_join(m->values, old, MC_FACTS_NONE, added, MC_FACTS_NONE));
    mc_set_register(m, MC_RAX, size, mc_value_join(m->values, old, MC_FACTS_NONE, expected, MC_FACTS_NONE));
    mc_forget_flags(m);
}

static void execute_xadd(struct mc_machine *m)
{
    unsigned size = m->insn->opcode & 1 ? m->insn->operand_size : 1;
    mc_value old = mc_get_rm(m, size), added = mc_get_reg(m, size);
    mc_set_rm(m, size, mc_value_operate(m->values, MC_OP_ADD, old, added, size * 8));
    mc_set_reg(m, size, old);
    mc_forget_flags(m);
}

static void execute_group9(struct mc_machine *m)
{
    if (m->insn->mod == 3) { /* rdrand, rdseed, rdpid */
        mc_set_rm(m, m->insn->operand_size, MC_TOP);
        mc_forget_flags(m);
    } else if ((m->insn->reg & 7) == 1) { /* cmpxchg8b, cmpxchg16b */
        mc_store(m, mc_effective_address(m), 8, MC_TOP);
        mc_put_register(m, MC_RAX, MC_TOP);
        mc_put_register(m, MC_RDX, MC_TOP);
        mc_forget_flags(m);
    }
}

static void execute_double_shift(struct mc_machine *m)
{
    mc_set_rm(m, m->insn->operand_size, MC_TOP);
    mc_forget_flags(m);
}

/* RDSSP lies in hint space: without shadow stacks it leaves the register as it was. Code zeroes it first, so that anything
 * but 0 proves CET_SS (Intel SDM vol. 2B, RDSSPD/RDSSPQ). */
static void execute_read_shadow_stack(struct mc_machine *m)
{
    uint32_t base;
    int64_t offset;
    const struct mc_feature_info *info = &mc_features[MC_F_SHSTK];
    struct mc_atom atom = mc_atom_bit(info->leaf, info->subleaf, info->reg, info->bit, true);
    struct mc_atom leaf = {.kind = MC_ATOM_MAX_LEAF, .c = info->leaf}; /* nobody needs to ask for it */
    mc_facts present = mc_facts_or(m->prover->facts, mc_facts_one(m->prover->facts, atom, m->address),
                                   mc_facts_one(m->prover->facts, leaf, m->address));
    mc_value old = mc_get_register(m, m->insn->rm, m->insn->operand_size);
    mc_value value = mc_value_top(m->values, present);
    if (mc_value_single(m->values, old, &base, &offset) && !base) {
        struct mc_case same = {.offset = offset};
        value = mc_value_cases(m->values, &same, 1, present, 64);
    }
    mc_set_register(m, m->insn->rm, m->insn->operand_size, value);
}

static bool execute_bits_and_moves(struct mc_machine *m)
{
    unsigned opcode = m->insn->opcode, size = m->insn->operand_size;
    switch (opcode) {
    case 0x1E:
        if (m->insn->prefix == 0xF3 && m->insn->mod == 3 && (m->insn->reg & 7) == 1)
            execute_read_shadow_stack(m);
        return true;
    case 0xA3: case 0xAB: case 0xB3: case 0xBB:
        execute_bit(m, opcode >> 3 & 3, mc_get_reg(m, size));
        return true;
    case 0xBA:
        if ((m->insn->reg & 7) >= 4)
            execute_bit(m, m->insn->reg & 3, mc_value_constant(m->values, (uint64_t)m->insn->immediate & 0xFF));
        return true;
    case 0xA4: case 0xA5: case 0xAC: case 0xAD:
        execute_double_shift(m);
        return true;
    case 0xAF:
        mc_set_reg(m, size, mc_value_operate(m->values, MC_OP_MUL, mc_get_reg(m, size), mc_get_rm(m, size), size * 8));
        mc_forget_flags(m);
        return true;
    case 0xB0: case 0xB1:
        execute_cmpxchg(m);
        return true;
    case 0xB6: case 0xB7:
        mc_set_reg(m, size, mc_get_rm(m, opcode & 1 ? 2 : 1));
        return true;
    case 0xBE: case 0xBF:
        mc_set_reg(m, size, mc_value_sign_extend(m->values, mc_get_rm(m, opcode & 1 ? 2 : 1), opcode & 1 ? 16 : 8, size * 8));
        return true;
    case 0xB8: case 0xBC: case 0xBD:
        execute_scan(m);
        return true;
    case 0xC0: case 0xC1:
        execute_xadd(m);
        return true;
    case 0xC7:
        execute_group9(m);
        return true;
    case 0xC8 ... 0xCF:
        mc_set_register(m, m->insn->opcode_register, size, MC_TOP);
        return true;
    default:
        return false;
    }
}

void mc_execute_0f(struct mc_machine *m, struct mc_next *ret_next)
{
    unsigned opcode = m->insn->opcode;
    if (execute_bits_and_moves(m))
        return;
    switch (opcode) {
    case 0x01:
        execute_group7(m);
        return;
    case 0x00: case 0x02: case 0x03: /* sldt, str, lar, lsl */
        if (opcode)
            mc_set_reg(m, m->insn->operand_size, MC_TOP);
        else if ((m->insn->reg & 7) < 2)
            mc_set_rm(m, 2, MC_TOP);
        mc_forget_flags(m);
        return;
    case 0x05: case 0x34: /* syscall, sysenter */
        mc_put_register(m, MC_RAX, MC_TOP);
        mc_put_register(m, MC_RCX, MC_TOP);
        mc_put_register(m, 11, MC_TOP);
        return;
    case 0x31: case 0x33: /* rdtsc, rdpmc */
        mc_put_register(m, MC_RAX, MC_TOP);
        mc_put_register(m, MC_RDX, MC_TOP);
        return;
    case 0x40 ... 0x4F:
        execute_cmov(m);
        return;
    case 0x80 ... 0x8F:
        mc_condition_facts(m, opcode & 15, &ret_next->jump_facts, &ret_next->fall_facts);
        return;
    case 0x90 ... 0x9F:
        execute_setcc(m);
        return;
    case 0xA0: case 0xA8:
        mc_push_value(m, MC_TOP);
        return;
    case 0xA1: case 0xA9:
        mc_pop_value(m);
        return;
    case 0xA2:
        mc_execute_cpuid(m);
        return;
    case 0x2E: case 0x2F: /* (u)comiss */
        mc_forget_flags(m);
        return;
    case 0xC3: /* movnti */
        mc_set_rm(m, m->insn->operand_size, mc_get_reg(m, m->insn->operand_size));
        return;
    default:
        mc_execute_vector(m);
    }
}
