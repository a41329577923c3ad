/* SPDX-License-Identifier: Apache-2.0 */
/* Does a body look at single bits of the word behind a pointer? What flags are read for; what else a program keeps at a small
 * displacement (counters, samples, pointers) seldom is. By instructions in a straight line alone. */
#include "scanner/proof/machine.h"

#define MANY_BITS 5 /* of a mask: more are hardly flags */

struct reader {
    struct mc_prover *prover;
    int64_t displacement;
    uint32_t loaded; /* bit n: register n holds the word */
};

static bool is_few_bits(uint64_t mask)
{
    return mask && __builtin_popcountll(mask) < MANY_BITS;
}

static bool is_the_word(const struct reader *r, const struct mc_insn *insn)
{
    return insn->has_modrm && insn->mod != 3 && insn->base >= 0 && insn->base != MC_RSP && insn->index == MC_REG_NONE &&
           !insn->segment && insn->displacement == r->displacement;
}

static bool holds(const struct reader *r, unsigned number)
{
    return number < 16 && (r->loaded >> number & 1);
}

/* test, bt or and with a constant of few bits. */
static bool tests_bits(const struct reader *r, const struct mc_insn *insn)
{
    unsigned opcode = insn->opcode, extension = insn->reg & 7;
    if (insn->map == MC_MAP_0F)
        return opcode == 0xBA && extension == 4 && (insn->mod == 3 ? holds(r, insn->rm) : is_the_word(r, insn));
    if (insn->map != MC_MAP_PRIMARY)
        return false;
    if (opcode == 0xA8 || opcode == 0xA9 || opcode == 0x24 || opcode == 0x25)
        return holds(r, MC_RAX) && is_few_bits((uint64_t)insn->immediate & (opcode & 1 ? UINT32_MAX : UINT8_MAX));
    bool test = (opcode == 0xF6 || opcode == 0xF7) && extension == 0;
    bool mask = (opcode == 0x80 || opcode == 0x81 || opcode == 0x83) && extension == 4;
    bool byte = opcode == 0xF6 || opcode == 0x80;
    if ((!test && !mask) || !is_few_bits((uint64_t)insn->immediate & (byte ? UINT8_MAX : UINT32_MAX)))
        return false;
    if (insn->mod != 3)
        return test && is_the_word(r, insn);
    bool high = (opcode == 0xF6 || opcode == 0x80) && !insn->rex && insn->rm >= 4 && insn->rm < 8; /* ah and its like */
    return holds(r, high ? insn->rm - 4u : insn->rm);
}

/* Its operands are vector registers and memory (Intel SDM vol. 2D, table A-3): moves, packed arithmetic. */
static bool is_vector(const struct mc_insn *insn)
{
    unsigned opcode = insn->opcode;
    if (insn->map != MC_MAP_0F || insn->encoding == MC_EVEX || opcode == 0x7E || opcode == 0xD7)
        return false;
    return (opcode >= 0x10 && opcode <= 0x17) || opcode == 0x28 || opcode == 0x29 || opcode == 0x2B || opcode == 0x2E || opcode == 0x2F ||
           (opcode >= 0x51 && opcode <= 0x7F) || opcode == 0xC6 || opcode >= 0xD0;
}

/* What becomes of the registers that hold the word. */
static void follow(struct reader *r, const struct mc_insn *insn)
{
    bool primary = insn->encoding == MC_LEGACY && insn->map == MC_MAP_PRIMARY;
    if (primary && insn->opcode == 0x8B && insn->operand_size == 4 && insn->reg < 16) {
        bool word = insn->mod == 3 ? holds(r, insn->rm) : is_the_word(r, insn);
        r->loaded = (r->loaded & ~(1u << insn->reg)) | (uint32_t)word << insn->reg;
        return;
    }
    if (primary && insn->opcode == 0x89 && insn->mod == 3 && insn->rm < 16) {
        r->loaded = (r->loaded & ~(1u << insn->rm)) | (uint32_t)holds(r, insn->reg) << insn->rm;
        return;
    }
    bool reads = primary && ((insn->opcode >= 0x38 && insn->opcode <= 0x3B) || insn->opcode == 0x84 || insn->opcode == 0x85 ||
                             insn->opcode == 0x88 || insn->opcode == 0x89);
    if (primary && insn->opcode >= 0xB0 && insn->opcode <= 0xBF)
        r->loaded &= ~(1u << (insn->opcode_register & 15));
    if (!insn->has_modrm || reads || is_vector(insn))
        return;
    r->loaded &= ~(insn->reg < 16 ? 1u << insn->reg : 0) & ~(insn->mod == 3 && insn->rm < 16 ? 1u << insn->rm : 0);
}

/* Bits of the word itself; or it goes to another function of the file, which may look at them. */
bool mc_reads_bits(struct mc_prover *prover, uint64_t start, int64_t displacement)
{
    struct mc_text_range range = mc_function_extent(prover, start);
    struct reader r = {prover, displacement, 0};
    struct mc_insn insn;
    for (uint64_t address = range.start; address < range.end; address += insn.length) {
        uint64_t available = mc_image_available(prover->image, address);
        const uint8_t *bytes = available ? mc_image_bytes(prover->image, address, 1) : NULL;
        if (!bytes || !mc_decode(prover->image->mode, bytes, available > 16 ? 16 : available, &insn)) {
            insn.length = 1;
            r.loaded = 0;
            continue;
        }
        if (insn.encoding == MC_LEGACY && tests_bits(&r, &insn))
            return true;
        bool call = insn.flow == MC_FLOW_CALL;
        if ((call || insn.flow == MC_FLOW_JMP) && prover->pointer_size == 8) {
            uint64_t target = mc_final_target(prover, address + insn.length + (uint64_t)insn.displacement);
            bool leaves = target < range.start || target >= range.end;
            if (leaves && r.loaded & mc_argument_registers(prover, target) & ~(1u << MC_RSP) && !mc_import_name(prover, target))
                return true;
        }
        if (call || insn.flow == MC_FLOW_CALL_IND)
            r.loaded &= 1u << MC_RBX | 1u << MC_RBP | 0xF000u;
        follow(&r, &insn);
    }
    return false;
}
