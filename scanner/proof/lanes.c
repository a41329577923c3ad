/* SPDX-License-Identifier: Apache-2.0 */
/* Vector instructions that work on lanes of integers (Intel SDM vol. 2, PUNPCKx, PSLLx, PSRLx, PSRAx, PCMPEQx, PACKx): compilers make
 * several flags at once with them. The low 16 bytes alone are followed. */
#include "scanner/proof/machine.h"

#define LANE_BYTES 16
#define MOST_LANES 16

struct lanes {
    mc_value items[MOST_LANES];
    unsigned count, size; /* bytes of one */
};

static unsigned first_source(const struct mc_machine *m)
{
    return m->insn->encoding == MC_LEGACY ? m->insn->reg : m->insn->vvvv;
}

static void read_register(struct mc_machine *m, unsigned number, unsigned size, struct lanes *ret)
{
    ret->size = size;
    ret->count = LANE_BYTES / size;
    for (unsigned i = 0; i < ret->count; i++)
        ret->items[i] = mc_get_lane(m, number, i * size, size);
}

/* The last operand: a register, or 16 bytes at an address. */
static void read_source(struct mc_machine *m, unsigned size, struct lanes *ret)
{
    if (m->insn->mod == 3) {
        read_register(m, m->insn->rm, size, ret);
        return;
    }
    mc_value address = mc_effective_address(m);
    ret->size = size;
    ret->count = LANE_BYTES / size;
    for (unsigned i = 0; i < ret->count; i++)
        ret->items[i] = mc_load(m, mc_at_offset(m, address, i * size), size);
}

static void write_register(struct mc_machine *m, unsigned number, const struct lanes *lanes)
{
    mc_clobber_vector(m, number);
    for (unsigned i = 0; i < lanes->count; i++)
        if (lanes->items[i] != MC_TOP)
            mc_set_lane(m, number, i * lanes->size, lanes->size, lanes->items[i]);
}

static void unpack(struct mc_machine *m, unsigned size, bool high)
{
    struct lanes a, b, result = {.count = LANE_BYTES / size, .size = size};
    read_register(m, first_source(m), size, &a);
    read_source(m, size, &b);
    unsigned from = high ? result.count / 2 : 0;
    for (unsigned i = 0; i < result.count / 2; i++) {
        result.items[2 * i] = a.items[from + i];
        result.items[2 * i + 1] = b.items[from + i];
    }
    write_register(m, m->insn->reg, &result);
}

/* psrldq, pslldq: of the whole register, by bytes. */
static void shift_bytes(struct mc_machine *m, unsigned to, unsigned count, bool left)
{
    struct lanes from, result;
    unsigned size = count % 8 == 0 ? 8 : count % 4 == 0 ? 4 : count % 2 == 0 ? 2 : 1;
    read_register(m, m->insn->rm, size, &from);
    result.count = from.count;
    result.size = size;
    for (unsigned i = 0; i < from.count; i++) {
        unsigned by = count / size;
        bool inside = left ? i >= by : i + by < from.count;
        result.items[i] = inside ? from.items[left ? i - by : i + by] : mc_value_constant(m->values, 0);
    }
    write_register(m, to, &result);
}

/* Opcodes 71, 72, 73: words, double words, quad words, by an immediate. */
static void shift(struct mc_machine *m)
{
    unsigned to = m->insn->encoding == MC_LEGACY ? m->insn->rm : m->insn->vvvv, size = 2u << (m->insn->opcode - 0x71);
    unsigned kind = m->insn->reg & 7, count = (uint8_t)m->insn->immediate;
    struct lanes lanes;
    if (m->insn->mod != 3)
        return;
    if (kind == 3 || kind == 7) {
        shift_bytes(m, to, count < LANE_BYTES ? count : LANE_BYTES, kind == 7);
        return;
    }
    enum mc_operation operation = kind == 2 ? MC_OP_SHR : kind == 4 ? MC_OP_SAR : MC_OP_SHL;
    if (count >= size * 8)
        count = kind == 4 ? size * 8 - 1 : size * 8;
    read_register(m, m->insn->rm, size, &lanes);
    for (unsigned i = 0; i < lanes.count; i++)
        lanes.items[i] = count == size * 8 ? mc_value_constant(m->values, 0)
                                           : mc_value_operate(m->values, operation, lanes.items[i], mc_value_constant(m->values, count), size * 8);
    write_register(m, to, &lanes);
}

/* All ones where the lane is the constant that stands in the other register, else 0. */
static mc_value compare_lane(struct mc_machine *m, mc_value a, mc_value b, unsigned size)
{
    uint64_t constant, ones = size == 8 ? UINT64_MAX : (UINT64_C(1) << size * 8) - 1;
    if (mc_value_is_constant(m->values, a, &constant)) {
        mc_value other = a;
        a = b;
        b = other;
    }
    if (a == MC_TOP || !mc_value_is_constant(m->values, b, &constant))
        return MC_TOP;
    struct mc_case cases[2] = {
        {.offset = (int64_t)ones, .facts = mc_value_test(m->values, a, MC_EQ, constant, size * 8)},
        {.offset = 0, .facts = mc_value_test(m->values, a, MC_NE, constant, size * 8)},
    };
    size_t first = cases[0].facts == MC_FACTS_ALL, end = cases[1].facts == MC_FACTS_ALL ? 1 : 2;
    return first < end ? mc_value_cases(m->values, cases + first, end - first, MC_FACTS_ALL, size * 8) : MC_TOP;
}

static void compare(struct mc_machine *m, unsigned size)
{
    struct lanes a, b;
    bool same = m->insn->mod == 3 && first_source(m) == m->insn->rm;
    read_register(m, first_source(m), size, &a);
    read_source(m, size, &b);
    for (unsigned i = 0; i < a.count; i++)
        a.items[i] = same ? mc_value_constant(m->values, size == 8 ? UINT64_MAX : (UINT64_C(1) << size * 8) - 1)
                          : compare_lane(m, a.items[i], b.items[i], size);
    write_register(m, m->insn->reg, &a);
}

/* The lower half of a lane, where that says it all: numbers that saturation leaves as they are. */
static mc_value narrow(struct mc_machine *m, mc_value lane, unsigned size, bool is_signed)
{
    struct mc_value_data data;
    uint64_t half = (UINT64_C(1) << size * 4) - 1, all = (UINT64_C(1) << size * 8) - 1, limit = is_signed ? half >> 1 : half;
    mc_value_get(m->values, lane, &data);
    if (data.kind == MC_VALUE_BITS) /* all above is known to be 0 */
        return (data.known & ~data.constant & all & ~limit) == (all & ~limit) ? mc_value_extract(m->values, lane, 0, size * 4) : MC_TOP;
    if (data.kind != MC_VALUE_CASES || data.other != MC_FACTS_ALL)
        return MC_TOP;
    for (uint32_t i = 0; i < data.count; i++) {
        uint64_t number = (uint64_t)data.cases[i].offset & all;
        if (data.cases[i].base || (number > limit && !(is_signed && number >= all - limit)))
            return MC_TOP;
    }
    return mc_value_extract(m->values, lane, 0, size * 4);
}

static void pack(struct mc_machine *m, unsigned size, bool is_signed)
{
    struct lanes a, b, result = {.count = 2 * LANE_BYTES / size, .size = size / 2};
    read_register(m, first_source(m), size, &a);
    read_source(m, size, &b);
    for (unsigned i = 0; i < a.count; i++) {
        result.items[i] = narrow(m, a.items[i], size, is_signed);
        result.items[a.count + i] = narrow(m, b.items[i], size, is_signed);
    }
    write_register(m, m->insn->reg, &result);
}

/* Some lane of the result may be known. */
static bool knows_source(struct mc_machine *m, bool shifts)
{
    bool same = m->insn->mod == 3 && first_source(m) == m->insn->rm; /* compared with itself: all ones */
    return (!shifts && mc_has_lanes(m, first_source(m))) || (m->insn->mod == 3 && mc_has_lanes(m, m->insn->rm)) ||
           (same && m->insn->opcode >= 0x74);
}

void mc_execute_lanes(struct mc_machine *m)
{
    const struct mc_insn *insn = m->insn;
    unsigned opcode = insn->opcode;
    bool floats = opcode == 0x14 || opcode == 0x15, shifts = opcode >= 0x71 && opcode <= 0x73;
    if (!floats && insn->prefix != 0x66) /* of MMX: other registers */
        return;
    if (insn->encoding == MC_EVEX || !knows_source(m, shifts)) {
        mc_clobber_vector(m, shifts ? (insn->encoding == MC_LEGACY ? insn->rm : insn->vvvv) : insn->reg);
        return;
    }
    switch (opcode) {
    case 0x14: case 0x15: unpack(m, insn->prefix == 0x66 ? 8 : 4, opcode == 0x15); return;
    case 0x60 ... 0x62: unpack(m, 1u << (opcode - 0x60), false); return;
    case 0x68 ... 0x6A: unpack(m, 1u << (opcode - 0x68), true); return;
    case 0x6C: case 0x6D: unpack(m, 8, opcode == 0x6D); return;
    case 0x63: case 0x67: pack(m, 2, opcode == 0x63); return;
    case 0x6B: pack(m, 4, true); return;
    case 0x71 ... 0x73: shift(m); return;
    default: compare(m, 1u << (opcode - 0x74)); return;
    }
}
