/* SPDX-License-Identifier: Apache-2.0 */
/* What a comparison with a number tells of the registers that were compared, on the one way and the other. */
#include "scanner/proof/machine.h"

/* The address of code that the flags compare with a pointer of which nothing like it is known. */
static bool compared_code(const struct mc_machine *m, uint64_t *ret)
{
    const struct mc_flags *flags = &m->state->flags;
    uint64_t address[2];
    bool code[2];
    uint32_t base;
    int64_t offset;
    if (flags->kind != MC_FLAGS_COMPARE || flags->width != m->prover->pointer_size * 8)
        return false;
    for (int i = 0; i < 2; i++)
        code[i] = mc_value_single(m->values, i ? flags->b : flags->a, &base, &offset) &&
                  mc_module_address(m->prover, base, offset, &address[i]) && mc_image_is_code(m->prover->image, address[i]);
    *ret = address[code[1]];
    return code[0] != code[1];
}

void mc_condition_facts(struct mc_machine *m, unsigned condition, mc_facts *ret_true, mc_facts *ret_false)
{
    uint64_t code;
    mc_flags_test(m->values, &m->state->flags, condition, ret_true, ret_false);
    mc_bound_facts(m, condition, ret_true, ret_false);
    if ((condition >> 1 & 7) != 2 || !compared_code(m, &code)) /* e, ne */
        return;
    struct mc_atom held = {.kind = MC_ATOM_HELD, .c = code};
    mc_facts *equal = condition & 1 ? ret_false : ret_true;
    *equal = mc_facts_or(m->prover->facts, *equal, mc_facts_one(m->prover->facts, held, m->state->flags.site));
}

/* A plain symbol stays what it is: it says more than the number, once the ways meet again. */
static bool gains_by_number(const struct mc_machine *m, mc_value value)
{
    struct mc_value_data data;
    mc_value_get(m->values, value, &data);
    bool several = data.kind == MC_VALUE_CASES && data.count > 1;
    for (uint32_t i = 0; several && i < data.count; i++)
        several = !data.cases[i].base;
    return several || data.kind == MC_VALUE_BITS || data.kind == MC_VALUE_TOP;
}

/* The number that the register was compared with, at the flags' width. */
static bool compared_with(const struct mc_machine *m, uint64_t *ret)
{
    const struct mc_flags *flags = &m->state->flags;
    *ret = 0;
    if (!flags->place || flags->place > 16 || flags->kind == MC_FLAGS_UNKNOWN || flags->kind == MC_FLAGS_BITS)
        return false;
    if (flags->kind == MC_FLAGS_COMPARE && !mc_value_is_constant(m->values, flags->b, ret))
        return false;
    *ret &= flags->width < 64 ? (UINT64_C(1) << flags->width) - 1 : UINT64_MAX;
    return true;
}

/* Those that are 0 together with the register `reg`, of which nothing else is known: copies, too. */
static uint32_t found_zero(const struct mc_machine *m, unsigned reg)
{
    uint32_t found = 1u << reg;
    if (m->state->flags.width < 32)
        return 0;
    mc_value compared = mc_value_zero_extend(m->values, m->state->registers[reg], m->state->flags.width);
    if (compared == MC_TOP || mc_value_tells(m->prover, compared))
        return 0;
    for (unsigned i = 0; i < 16; i++)
        found |= (uint32_t)(m->state->registers[i] == compared) << i;
    return found;
}

void mc_known_learn(struct mc_machine *m, bool equal)
{
    struct mc_known *known = &m->state->known;
    unsigned width = m->state->flags.width;
    uint64_t number, ones = width < 64 ? (UINT64_C(1) << width) - 1 : UINT64_MAX;
    if (!compared_with(m, &number))
        return;
    unsigned reg = m->state->flags.place - 1u;
    uint32_t bit = 1u << reg;
    if (equal && !number) {
        known->zero |= found_zero(m, reg);
        known->zero_byte |= width == 8 ? bit : 0;
        known->zero_half |= width >= 32 ? bit : 0;
    } else if (!equal && !number) {
        known->nonzero |= bit;
        known->nonzero_half |= width <= 32 ? bit : 0;
    } else if (!equal && number == ones && width >= 32) {
        known->not_ones |= bit;
        known->not_ones_half |= width == 32 ? bit : 0;
    }
}

void mc_known_forget(struct mc_known *known, unsigned number)
{
    uint32_t rest = number < 16 ? ~(1u << number) : UINT32_MAX;
    known->nonzero &= rest;
    known->nonzero_half &= rest;
    known->not_ones &= rest;
    known->not_ones_half &= rest;
    known->zero &= rest;
    known->zero_byte &= rest;
    known->zero_half &= rest;
}

/* Of a source of `half` or all of its bits, which then fill the whole target. */
static uint32_t moved(uint32_t all, uint32_t lower, bool half, unsigned from, unsigned to)
{
    return ((half ? lower : all) >> from & 1u) << to;
}

void mc_known_move(struct mc_machine *m, const struct mc_known *before)
{
    const struct mc_insn *insn = m->insn;
    struct mc_known *known = &m->state->known;
    if (!(before->nonzero | before->not_ones | before->zero_half) || insn->encoding != MC_LEGACY || insn->map != MC_MAP_PRIMARY || insn->mod != 3 ||
        !insn->has_modrm || insn->operand_size < 4)
        return;
    bool half = insn->operand_size == 4, complement = insn->opcode == 0xF7 && (insn->reg & 7) == 2;
    bool to_reg = insn->opcode == 0x8B || (insn->opcode == 0x63 && m->prover->image->mode == MC_MODE_64);
    if (!complement && !to_reg && insn->opcode != 0x89)
        return;
    unsigned from = to_reg || complement ? insn->rm : insn->reg, to = to_reg ? insn->reg : insn->rm;
    if (from > 15 || to > 15)
        return;
    if (complement) {
        known->nonzero |= moved(before->not_ones, before->not_ones_half, half, from, to);
        known->nonzero_half |= moved(before->not_ones_half, before->not_ones_half, half, from, to);
        return;
    }
    known->zero_half |= moved(before->zero_half, before->zero_half, true, from, to);
    half |= insn->opcode == 0x63; /* movsxd */
    known->nonzero |= moved(before->nonzero, before->nonzero_half, half, from, to);
    known->nonzero_half |= moved(before->nonzero_half, before->nonzero_half, half, from, to);
    if (insn->operand_size == 8) /* else the upper half of the target is 0 */
        known->not_ones |= moved(before->not_ones, before->not_ones_half, half, from, to);
    known->not_ones_half |= moved(before->not_ones_half, before->not_ones_half, half, from, to);
}

int mc_assume_equal(struct mc_machine *m, mc_value *ret_before)
{
    struct mc_flags *flags = &m->state->flags;
    uint64_t number = 0;
    if (!flags->place || flags->width < 32 || flags->kind == MC_FLAGS_UNKNOWN || flags->kind == MC_FLAGS_BITS ||
        (flags->kind == MC_FLAGS_COMPARE && !mc_value_is_constant(m->values, flags->b, &number)))
        return -1;
    int reg = (int)flags->place - 1;
    *ret_before = m->state->registers[reg];
    if (!gains_by_number(m, *ret_before))
        return -1;
    if (flags->width < 64)
        number &= UINT32_MAX;
    m->state->registers[reg] = mc_value_constant(m->values, number);
    return reg;
}
