/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is copied or filled as a block: memcpy, memset, string instructions. */
#include "scanner/proof/machine.h"

#define LARGEST 256 /* bytes */

bool mc_on_stack(const struct mc_machine *m, mc_value pointer, uint32_t *ret_base, int64_t *ret_offset)
{
    if (!mc_value_single(m->values, pointer, ret_base, ret_offset) || !*ret_base)
        return false;
    uint32_t kind = mc_symbol_get(m->values, *ret_base).kind;
    return kind == MC_SYM_STACK || kind == MC_SYM_ALIGNED;
}

/* Pieces are of a pointer's size; what is left over, of half of that, and so on. */
static unsigned piece_size(const struct mc_machine *m, uint64_t left)
{
    unsigned size = m->prover->pointer_size;
    while (size > left)
        size /= 2;
    return size;
}

static mc_value read_piece(struct mc_machine *m, mc_value from, uint64_t at, unsigned size, bool fill)
{
    uint32_t base;
    int64_t offset;
    uint64_t place, number;
    bool found;
    if (fill)
        return mc_value_is_constant(m->values, from, &number) && !number ? from : MC_TOP;
    if (mc_on_stack(m, from, &base, &offset)) {
        mc_value value = mc_state_load(m->values, m->state, base, offset + (int64_t)at, size, &found);
        return found ? value : MC_TOP;
    }
    if (mc_value_single(m->values, from, &base, &offset) && mc_module_address(m->prover, base, offset, &place))
        return mc_load_piece(m, place + at, size);
    return MC_TOP;
}

void mc_block_read(struct mc_machine *m, mc_value from, uint64_t size, bool fill, struct mc_block *ret)
{
    unsigned piece, count = 0;
    ret->size = ret->known = 0;
    if (size > LARGEST)
        return;
    for (uint64_t at = 0; at < size; at += piece) {
        piece = piece_size(m, size - at);
        ret->pieces[count] = read_piece(m, from, at, piece, fill);
        ret->known += ret->pieces[count++] != MC_TOP;
    }
    ret->size = (unsigned)size;
}

bool mc_block_write(struct mc_machine *m, mc_value to, const struct mc_block *block)
{
    uint32_t base;
    int64_t offset;
    unsigned piece, i = 0;
    bool stack = mc_on_stack(m, to, &base, &offset);
    if (!stack && (!block->known || !mc_value_single(m->values, to, &base, &offset) || !(base || !m->prover->position_independent)))
        return false;
    if (stack)
        mc_state_forget(m->state, base, offset, block->size);
    for (unsigned at = 0; at < block->size; at += piece) {
        piece = piece_size(m, block->size - at);
        mc_value value = block->pieces[i++];
        if (!stack)
            mc_store(m, mc_value_operate(m->values, MC_OP_ADD, to, mc_value_constant(m->values, at), 64), piece, value);
        else if (value != MC_TOP)
            mc_state_store(m->values, m->state, base, offset + at, piece, value);
    }
    return true;
}

/* How often the instruction does its work; false when that is not known. */
static bool repetitions(const struct mc_machine *m, bool compares, uint64_t *ret)
{
    *ret = 1;
    if (!m->insn->rep && !m->insn->repne)
        return true;
    return !compares && mc_value_is_constant(m->values, m->state->registers[MC_RCX], ret) && *ret <= MC_BLOCK_PIECES;
}

/* The pointer goes on by that much: the direction flag is clear (System V ABIs, at function entry). */
static void advance(struct mc_machine *m, unsigned number, bool known, uint64_t by)
{
    mc_value before = m->state->registers[number];
    mc_put_register(m, number, known ? mc_value_operate(m->values, MC_OP_ADD, before, mc_value_constant(m->values, by), 64) : MC_TOP);
}

void mc_execute_string(struct mc_machine *m)
{
    unsigned opcode = m->insn->opcode, piece = opcode & 1 ? m->insn->operand_size : 1;
    bool moves = opcode <= 0xA5, fills = opcode == 0xAA || opcode == 0xAB, loads = opcode == 0xAC || opcode == 0xAD;
    bool compares = opcode == 0xA6 || opcode == 0xA7 || opcode >= 0xAE, repeats = m->insn->rep || m->insn->repne;
    mc_value source = fills ? mc_get_register(m, MC_RAX, piece) : m->state->registers[MC_RSI];
    mc_value destination = m->state->registers[MC_RDI];
    struct mc_block block = {0};
    uint64_t count;
    uint32_t base;
    int64_t offset;
    bool known = repetitions(m, compares, &count), written = fills && !repeats;
    uint64_t size = known ? count * piece : 0;
    if (written) {
        mc_store(m, destination, piece, source);
    } else if (known && (moves || fills)) {
        mc_block_read(m, source, size, fills, &block);
        written = block.size && mc_block_write(m, destination, &block);
    }
    if ((moves || fills) && !written && mc_value_single(m->values, destination, &base, &offset) && base)
        mc_state_forget(m->state, base, offset, repeats ? 4096 : 8);
    if (!fills && opcode < 0xAE)
        advance(m, MC_RSI, known, size);
    if (!loads)
        advance(m, MC_RDI, known, size);
    if (repeats)
        mc_put_register(m, MC_RCX, compares ? MC_TOP : mc_value_constant(m->values, 0));
    if (loads)
        mc_put_register(m, MC_RAX, MC_TOP);
    mc_forget_flags(m);
}
