/* SPDX-License-Identifier: Apache-2.0 */
/* Vector instructions, as far as they carry integers that a CPUID test may look at: moves between general registers, lanes
 * and memory. Lanes are memory of a pseudo base per register. And the general-register instructions of the later maps. */
#include "scanner/proof/machine.h"

#include <string.h>

static uint32_t vector_base(struct mc_machine *m, unsigned number)
{
    struct mc_symbol_key key = {.kind = MC_SYM_VECTOR, .width = 64, .a = number};
    return mc_symbol_id(m->values, key);
}

void mc_clobber_vector(struct mc_machine *m, unsigned number)
{
    if (m->state->cell_count)
        mc_state_forget_base(m->state, vector_base(m, number));
}

mc_value mc_get_lane(struct mc_machine *m, unsigned number, unsigned offset, unsigned size)
{
    bool found;
    mc_value value = mc_state_load(m->values, m->state, vector_base(m, number), offset, size, &found);
    return found ? value : MC_TOP;
}

bool mc_has_lanes(struct mc_machine *m, unsigned number)
{
    bool low, high;
    if (!m->state->cell_count)
        return false;
    mc_state_load(m->values, m->state, vector_base(m, number), 0, 8, &low);
    mc_state_load(m->values, m->state, vector_base(m, number), 8, 8, &high);
    return low || high;
}

void mc_set_lane(struct mc_machine *m, unsigned number, unsigned offset, unsigned size, mc_value value)
{
    mc_state_store(m->values, m->state, vector_base(m, number), offset, size, value);
}

mc_value mc_at_offset(struct mc_machine *m, mc_value address, unsigned offset)
{
    return offset ? mc_value_operate(m->values, MC_OP_ADD, address, mc_value_constant(m->values, offset), 64) : address;
}

static bool is_known_place(struct mc_machine *m, mc_value address)
{
    struct mc_value_data data;
    uint64_t place;
    mc_value_get(m->values, address, &data);
    bool known = data.kind == MC_VALUE_CASES && (data.count == 1 || data.other == MC_FACTS_ALL);
    for (uint32_t i = 0; known && i < data.count && data.count > 1; i++) /* one of a few rows of a table */
        known = data.cases[i].base > MC_BASE_MODULE || mc_module_address(m->prover, data.cases[i].base, data.cases[i].offset, &place);
    return known;
}

/* xmm, xmm/m of `bytes`: what we know of the lanes moves along, in pieces of at most a pointer. */
static void load_vector(struct mc_machine *m, unsigned bytes)
{
    unsigned to = m->insn->reg;
    mc_value lanes[8];
    unsigned piece = bytes < m->prover->pointer_size ? bytes : m->prover->pointer_size, count = bytes / piece;
    if (count > 8)
        count = 8;
    mc_value address = m->insn->mod == 3 ? MC_TOP : mc_effective_address(m);
    bool known = m->insn->mod == 3 || is_known_place(m, address);
    for (unsigned i = 0; i < count; i++)
        lanes[i] = !known               ? MC_TOP
                   : m->insn->mod == 3 ? mc_get_lane(m, m->insn->rm, i * piece, piece)
                                       : mc_load(m, mc_at_offset(m, address, i * piece), piece);
    if (!known && m->insn->mod != 3)
        mc_load(m, address, piece); /* for the references it makes */
    mc_clobber_vector(m, to);
    for (unsigned i = 0; i < count; i++)
        if (lanes[i] != MC_TOP)
            mc_set_lane(m, to, i * piece, piece, lanes[i]);
}

static void store_vector(struct mc_machine *m, unsigned bytes)
{
    if (m->insn->mod == 3) {
        unsigned from = m->insn->reg, to = m->insn->rm;
        mc_value low = mc_get_lane(m, from, 0, 8), high = bytes > 8 ? mc_get_lane(m, from, 8, 8) : MC_TOP;
        mc_clobber_vector(m, to);
        mc_set_lane(m, to, 0, 8, low);
        mc_set_lane(m, to, 8, 8, high);
        return;
    }
    mc_value address = mc_effective_address(m);
    unsigned piece = bytes < m->prover->pointer_size ? bytes : m->prover->pointer_size;
    for (unsigned offset = 0; offset < bytes; offset += piece)
        mc_store(m, mc_at_offset(m, address, offset), piece, mc_get_lane(m, m->insn->reg, offset, piece));
}

static unsigned vector_bytes(const struct mc_machine *m)
{
    return 16u << (m->insn->encoding == MC_LEGACY ? 0 : m->insn->vector_length);
}

/* movd/movq xmm, r/m */
static void move_to_vector(struct mc_machine *m)
{
    unsigned size = m->insn->w ? 8 : 4;
    mc_value value = mc_get_rm(m, size);
    mc_clobber_vector(m, m->insn->reg);
    mc_set_lane(m, m->insn->reg, 0, 8, value);
    mc_set_lane(m, m->insn->reg, 8, 8, mc_value_constant(m->values, 0));
}

/* pshufd: four words of one register or of memory, in any order; shufps: the first two are of the first source */
static void shuffle(struct mc_machine *m, bool two)
{
    unsigned first = m->insn->encoding == MC_LEGACY ? m->insn->reg : m->insn->vvvv;
    mc_value lanes[4], address = m->insn->mod == 3 ? MC_TOP : mc_effective_address(m);
    bool known = m->insn->mod == 3 || is_known_place(m, address);
    for (unsigned i = 0; i < 4; i++) {
        unsigned at = ((unsigned)m->insn->immediate >> 2 * i & 3) * 4;
        if (two && i < 2)
            lanes[i] = mc_get_lane(m, first, at, 4);
        else if (m->insn->mod == 3)
            lanes[i] = mc_get_lane(m, m->insn->rm, at, 4);
        else
            lanes[i] = known ? mc_load(m, mc_at_offset(m, address, at), 4) : MC_TOP;
    }
    mc_clobber_vector(m, m->insn->reg);
    for (unsigned i = 0; i < 4; i++)
        if (lanes[i] != MC_TOP)
            mc_set_lane(m, m->insn->reg, i * 4, 4, lanes[i]);
}

static void insert_lane(struct mc_machine *m, unsigned size)
{
    mc_value value = mc_get_rm(m, size);
    unsigned lane = (unsigned)m->insn->immediate & (16 / size - 1);
    if (m->insn->encoding != MC_LEGACY && m->insn->vvvv != m->insn->reg) {
        mc_value low = mc_get_lane(m, m->insn->vvvv, 0, 8), high = mc_get_lane(m, m->insn->vvvv, 8, 8);
        mc_set_lane(m, m->insn->reg, 0, 8, low);
        mc_set_lane(m, m->insn->reg, 8, 8, high);
    }
    mc_set_lane(m, m->insn->reg, lane * size, size, value);
}

static void zero_vector(struct mc_machine *m)
{
    mc_clobber_vector(m, m->insn->reg);
    for (unsigned offset = 0; offset < 16; offset += 8)
        mc_set_lane(m, m->insn->reg, offset, 8, mc_value_constant(m->values, 0));
}

static bool is_self(const struct mc_machine *m)
{
    unsigned first = m->insn->encoding == MC_LEGACY ? m->insn->reg : m->insn->vvvv;
    return m->insn->mod == 3 && first == m->insn->rm;
}

static void execute_moves(struct mc_machine *m)
{
    unsigned opcode = m->insn->opcode, prefix = m->insn->prefix;
    switch (opcode) {
    case 0x10: case 0x28: case 0x6F:
        if (opcode == 0x10 && prefix >= 0xF2)
            load_vector(m, prefix == 0xF2 ? 8 : 4); /* movsd, movss */
        else
            load_vector(m, opcode == 0x6F && !prefix ? 8 : vector_bytes(m));
        return;
    case 0x11: case 0x29: case 0x7F: case 0x2B: case 0xE7:
        if (opcode == 0x11 && prefix >= 0xF2)
            store_vector(m, prefix == 0xF2 ? 8 : 4);
        else
            store_vector(m, (opcode == 0x7F || opcode == 0xE7) && !prefix ? 8 : vector_bytes(m));
        return;
    case 0x13: case 0xD6: /* movlps m; movq xmm/m */
        store_vector(m, 8);
        return;
    case 0x17: /* movhps m */
        if (m->insn->mod != 3)
            mc_store(m, mc_effective_address(m), 8, mc_get_lane(m, m->insn->reg, 8, 8));
        return;
    case 0x16: /* movhps xmm, m; movlhps */
        mc_set_lane(m, m->insn->reg, 8, 8, m->insn->mod == 3 ? mc_get_lane(m, m->insn->rm, 0, 8) : mc_load(m, mc_effective_address(m), 8));
        return;
    case 0x12: /* movlps xmm, m */
        mc_set_lane(m, m->insn->reg, 0, 8, m->insn->mod == 3 ? MC_TOP : mc_load(m, mc_effective_address(m), 8));
        return;
    case 0x6E:
        move_to_vector(m);
        return;
    case 0x7E:
        if (prefix == 0xF3)
            load_vector(m, 8);
        else
            mc_set_rm(m, m->insn->w ? 8 : 4, mc_get_lane(m, m->insn->reg, 0, m->insn->w ? 8 : 4));
        return;
    default:
        return;
    }
}

/* andps, andnps, orps, xorps; pand, pandn, por, pxor: of the low 16 bytes */
static void bitwise(struct mc_machine *m)
{
    unsigned opcode = m->insn->opcode, first = m->insn->encoding == MC_LEGACY ? m->insn->reg : m->insn->vvvv;
    bool invert = opcode == 0x55 || opcode == 0xDF, exclusive = opcode == 0x57 || opcode == 0xEF;
    enum mc_operation operation = exclusive ? MC_OP_XOR : opcode == 0x56 || opcode == 0xEB ? MC_OP_OR : MC_OP_AND;
    mc_value result[2], address = m->insn->mod == 3 ? MC_TOP : mc_effective_address(m);
    if (exclusive && is_self(m)) {
        zero_vector(m);
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        mc_value a = mc_get_lane(m, first, i * 8, 8);
        mc_value b = m->insn->mod == 3 ? mc_get_lane(m, m->insn->rm, i * 8, 8) : mc_load(m, mc_at_offset(m, address, i * 8), 8);
        if (invert)
            a = mc_value_operate(m->values, MC_OP_XOR, a, mc_value_constant(m->values, UINT64_MAX), 64);
        result[i] = mc_value_operate(m->values, operation, a, b, 64);
    }
    mc_clobber_vector(m, m->insn->reg);
    for (unsigned i = 0; i < 2; i++)
        if (result[i] != MC_TOP)
            mc_set_lane(m, m->insn->reg, i * 8, 8, result[i]);
}

/* Map 0F instructions that write general registers or memory beside the moves. */
static bool execute_to_general(struct mc_machine *m)
{
    unsigned opcode = m->insn->opcode, prefix = m->insn->prefix;
    bool kmov_to_general = m->insn->encoding == MC_VEX && opcode == 0x93;
    if (opcode == 0xC5 && m->insn->mod == 3 && m->insn->prefix == 0x66) { /* pextrw */
        mc_set_reg(m, 4, mc_get_lane(m, m->insn->rm, ((unsigned)m->insn->immediate & 7) * 2, 2));
        return true;
    }
    if (opcode == 0x50 || opcode == 0xD7 || opcode == 0xC5 || kmov_to_general ||
        ((opcode == 0x2C || opcode == 0x2D) && prefix >= 0xF2) || (m->insn->encoding == MC_EVEX && (opcode == 0x78 || opcode == 0x79) && prefix >= 0xF2)) {
        mc_set_reg(m, m->insn->w ? 8 : 4, MC_TOP);
        return true;
    }
    if (opcode == 0xAE) { /* fxsave, rdfsbase ... */
        if (m->insn->mod == 3 && prefix == 0xF3 && (m->insn->reg & 7) < 2)
            mc_set_rm(m, m->insn->operand_size, MC_TOP);
        return true;
    }
    return opcode < 0x10 || (opcode >= 0x18 && opcode < 0x20) || opcode == 0x77 || opcode == 0x0D;
}

void mc_execute_vector(struct mc_machine *m)
{
    unsigned opcode = m->insn->opcode;
    if (execute_to_general(m))
        return;
    switch (opcode) {
    case 0x10 ... 0x13: case 0x16: case 0x17: case 0x28: case 0x29: case 0x2B: case 0x6E: case 0x6F: case 0x7E: case 0x7F:
    case 0xD6: case 0xE7:
        execute_moves(m);
        return;
    case 0x14: case 0x15: case 0x60 ... 0x63: case 0x67 ... 0x6D: case 0x71 ... 0x76:
        mc_execute_lanes(m);
        return;
    case 0x54 ... 0x57: case 0xDB: case 0xDF: case 0xEB: case 0xEF:
        bitwise(m);
        return;
    case 0xC4:
        insert_lane(m, 2);
        return;
    case 0x70: case 0xC6:
        if (m->insn->prefix == (opcode == 0x70 ? 0x66 : 0) && m->insn->encoding != MC_EVEX && !m->insn->vector_length) {
            shuffle(m, opcode == 0xC6);
            return;
        }
        mc_clobber_vector(m, m->insn->reg);
        return;
    case 0x2E: case 0x2F:
        mc_forget_flags(m);
        return;
    default:
        if (m->insn->has_modrm)
            mc_clobber_vector(m, m->insn->reg);
    }
}

/* Map 0F38: movbe, crc32, adcx, and the VEX instructions on general registers. */
static void execute_0f38(struct mc_machine *m)
{
    unsigned opcode = m->insn->opcode, size = m->insn->encoding == MC_LEGACY ? m->insn->operand_size : m->insn->w ? 8 : 4;
    struct mc_values *v = m->values;
    if (opcode < 0xF0) {
        if (opcode == 0x17 || opcode == 0x0E || opcode == 0x0F) /* ptest, vtestps */
            mc_forget_flags(m);
        else if (opcode >= 0xE0 && m->insn->encoding != MC_LEGACY) /* cmpccxadd */
            mc_set_reg(m, size, MC_TOP);
        else
            mc_clobber_vector(m, m->insn->reg);
        return;
    }
    mc_value a = m->insn->encoding == MC_LEGACY ? MC_TOP : mc_get_rm(m, size);
    if (m->insn->encoding != MC_LEGACY && opcode == 0xF2) { /* andn: ~vvvv & rm */
        mc_value ones = mc_value_constant(v, size == 8 ? UINT64_MAX : UINT32_MAX);
        mc_value inverted = mc_value_operate(v, MC_OP_XOR, mc_get_register(m, m->insn->vvvv, size), ones, size * 8);
        mc_value result = mc_value_operate(v, MC_OP_AND, inverted, a, size * 8);
        mc_set_reg(m, size, result);
        mc_set_flags(m, MC_FLAGS_LOGIC, size * 8, result, MC_TOP, MC_TOP);
        return;
    }
    if (m->insn->encoding != MC_LEGACY && opcode == 0xF7 && m->insn->prefix) { /* sarx, shlx, shrx: no flags */
        enum mc_operation operation = m->insn->prefix == 0x66 ? MC_OP_SHL : m->insn->prefix == 0xF2 ? MC_OP_SHR : MC_OP_SAR;
        mc_set_reg(m, size, mc_value_operate(v, operation, a, mc_get_register(m, m->insn->vvvv, size), size * 8));
        return;
    }
    mc_value lost = mc_value_top(v, mc_value_provenance(v, a));
    if (m->insn->encoding == MC_LEGACY && opcode == 0xF1 && m->insn->prefix != 0xF2) {
        if (m->insn->mod != 3)
            mc_store(m, mc_effective_address(m), size, MC_TOP); /* movbe m, r */
    } else if (m->insn->encoding == MC_LEGACY && (opcode == 0xF9 || opcode == 0xF8)) {
        if (m->insn->mod != 3 && opcode == 0xF9)
            mc_store(m, mc_effective_address(m), size, mc_get_reg(m, size)); /* movdiri */
    } else if (m->insn->encoding != MC_LEGACY && opcode == 0xF3) {
        mc_set_register(m, m->insn->vvvv, size, lost); /* blsr, blsmsk, blsi */
        mc_forget_flags(m);
    } else {
        mc_set_reg(m, size, lost);
        if (m->insn->encoding != MC_LEGACY && opcode == 0xF6)
            mc_set_register(m, m->insn->vvvv, size, lost); /* mulx */
        if (opcode != 0xF0 && !(m->insn->encoding != MC_LEGACY && opcode == 0xF6))
            mc_forget_flags(m);
    }
}

static void execute_0f3a(struct mc_machine *m)
{
    unsigned opcode = m->insn->opcode;
    static const uint8_t sizes[4] = {1, 2, 4, 4};
    switch (opcode) {
    case 0x14 ... 0x17: { /* pextrb, pextrw, pextrd/q, extractps */
        unsigned size = opcode == 0x16 && m->insn->w ? 8 : sizes[opcode - 0x14];
        unsigned lane = (unsigned)m->insn->immediate & (16 / size - 1);
        mc_value value = mc_get_lane(m, m->insn->reg, lane * size, size);
        mc_set_rm(m, m->insn->mod == 3 && size < 4 ? 4 : size, value);
        return;
    }
    case 0x20:
        insert_lane(m, 1);
        return;
    case 0x22:
        insert_lane(m, m->insn->w ? 8 : 4);
        return;
    case 0x60 ... 0x63: /* pcmpXstrX */
        if (opcode & 1)
            mc_put_register(m, MC_RCX, MC_TOP);
        else
            mc_clobber_vector(m, 0);
        mc_forget_flags(m);
        return;
    case 0xF0: /* rorx */
        mc_set_reg(m, m->insn->w ? 8 : 4,
                   mc_value_operate(m->values, MC_OP_ROR, mc_get_rm(m, m->insn->w ? 8 : 4),
                                    mc_value_constant(m->values, (uint64_t)m->insn->immediate & 0xFF), m->insn->w ? 64 : 32));
        return;
    default:
        mc_clobber_vector(m, m->insn->reg);
    }
}

void mc_execute_wide(struct mc_machine *m)
{
    switch (m->insn->map) {
    case MC_MAP_0F:
        mc_execute_vector(m);
        return;
    case MC_MAP_0F38:
        execute_0f38(m);
        return;
    case MC_MAP_0F3A:
        execute_0f3a(m);
        return;
    case MC_MAP_4: /* APX: general registers with new destinations */
    case MC_MAP_XOP8: case MC_MAP_XOP9: case MC_MAP_XOPA:
        mc_set_reg(m, 8, MC_TOP);
        mc_set_register(m, m->insn->vvvv & 31u, 8, MC_TOP);
        if (m->insn->mod == 3)
            mc_set_register(m, m->insn->rm, 8, MC_TOP);
        mc_clobber_vector(m, m->insn->reg);
        mc_forget_flags(m);
        return;
    default:
        mc_clobber_vector(m, m->insn->reg);
    }
}
