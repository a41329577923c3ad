/* SPDX-License-Identifier: Apache-2.0 */
/* Which general registers an instruction reads and writes. */
#include "scanner/proof/effects.h"
#include "scanner/proof/machine.h"

static struct mc_effect read_write(uint32_t reads, uint32_t writes)
{
    return (struct mc_effect){.reads = reads, .writes = writes};
}

/* Opcodes of map 0F whose registers are all vector, mask or MMX registers. */
static bool is_vector_only(unsigned opcode)
{
    return (opcode >= 0x10 && opcode <= 0x17) || opcode == 0x28 || opcode == 0x29 || opcode == 0x2E || opcode == 0x2F ||
           (opcode >= 0x51 && opcode <= 0x6D) || (opcode >= 0x6F && opcode <= 0x7D) || opcode == 0x7F || opcode == 0xC2 ||
           opcode == 0xC6 || (opcode >= 0xD0 && opcode != 0xD7);
}

static struct mc_effect effect_0f(const struct mc_insn *insn)
{
    uint32_t reg = mc_register_bit(insn->reg), rm = insn->mod == 3 ? mc_register_bit(insn->rm) : 0;
    if (insn->encoding != MC_LEGACY && insn->opcode >= 0x41 && insn->opcode <= 0x9F && (insn->opcode <= 0x4B || insn->opcode >= 0x90))
        return read_write(insn->opcode == 0x92 ? rm : 0, insn->opcode == 0x93 ? reg : 0); /* mask registers; kmov */
    switch (insn->opcode) {
    case 0x01: /* xgetbv and its like */
    case 0x05:
    case 0x30:
    case 0x32 ... 0x34:
        return read_write(MC_ALL_REGISTERS, 0);
    case 0x18 ... 0x1F: /* hints */
        return read_write(0, 0);
    case 0x31:
        return read_write(0, MC_BIT(MC_RAX) | MC_BIT(MC_RDX));
    case 0x80 ... 0x8F: /* jcc */
        return read_write(0, 0);
    case 0xA5: /* shld, shrd */
    case 0xAD:
        return read_write(reg | rm | MC_BIT(MC_RCX), 0);
    case 0xC8 ... 0xCF: /* bswap */
        return read_write(mc_register_bit(insn->opcode_register), 0);
    case 0xA2:
        return read_write(MC_BIT(MC_RAX) | MC_BIT(MC_RCX), MC_BIT(MC_RAX) | MC_BIT(MC_RCX) | MC_BIT(MC_RDX));
    case 0xB7:
    case 0xB8:
    case 0xBC: /* bsf and bsr of 0 leave the register as it is, which nobody counts on */
    case 0xBD:
    case 0xBF:
        return read_write(rm, reg);
    case 0xC7: /* cmpxchg8b, cmpxchg16b */
    case 0xB0:
    case 0xB1:
        return read_write(reg | rm | MC_BIT(MC_RAX) | MC_BIT(MC_RDX) | MC_BIT(MC_RCX) | MC_BIT(MC_RBX), 0);
    case 0x2A:
    case 0x6E:
    case 0xC4: /* into a vector register */
        return read_write(rm, 0);
    case 0x7E:
        return read_write(0, insn->prefix == 0xF3 ? 0 : rm);
    case 0x2C:
    case 0x2D:
    case 0x50:
    case 0xC5:
    case 0xD7: /* out of one, but for the mask registers of AVX-512 */
        return read_write(0, reg);
    default:
        return is_vector_only(insn->opcode) ? read_write(0, 0) : read_write(reg | rm, 0);
    }
}

static struct mc_effect effect_primary(const struct mc_insn *insn)
{
    unsigned opcode = insn->opcode;
    uint32_t reg = mc_register_bit(insn->reg), rm = insn->has_modrm && insn->mod == 3 ? mc_register_bit(insn->rm) : 0;
    bool zeroes = (opcode == 0x31 || opcode == 0x33 || opcode == 0x29 || opcode == 0x2B) && insn->mod == 3 && insn->rm == insn->reg;
    uint32_t whole = insn->operand_size >= 4 ? UINT32_MAX : 0; /* parts leave the rest as it was */
    if (zeroes)
        return read_write(0, reg & whole);
    switch (opcode) {
    case 0x00 ... 0x3F: /* arithmetic */
        return read_write((opcode & 7) < 4 ? reg | rm : MC_BIT(MC_RAX), 0);
    case 0x85:
    case 0x87:
        return read_write(reg | rm, 0);
    case 0x63:
    case 0x69:
    case 0x6B:
    case 0x8B:
        return read_write(rm, reg & whole);
    case 0x89:
        return read_write(reg, rm & whole);
    case 0x8D:
        return read_write(0, reg & whole);
    case 0xC6:
    case 0xC7:
        return read_write(0, opcode == 0xC7 ? rm & whole : 0);
    case 0x50 ... 0x57:
        return read_write(mc_register_bit(insn->opcode_register), 0);
    case 0x58 ... 0x5F:
    case 0xB8 ... 0xBF:
        return read_write(0, mc_register_bit(insn->opcode_register) & whole);
    case 0xB0 ... 0xB7:
    case 0x90:
        return read_write(0, 0);
    case 0xA1: /* mov eax, [address] */
        return read_write(0, MC_BIT(MC_RAX) & whole);
    case 0x91 ... 0x97:
        return read_write(mc_register_bit(insn->opcode_register) | MC_BIT(MC_RAX), 0);
    case 0x80 ... 0x83:
    case 0x8F:
    case 0xC0:
    case 0xC1:
    case 0xD0:
    case 0xD1:
    case 0xFE:
    case 0xFF:
        return read_write(rm, 0);
    case 0xC9: /* leave */
        return read_write(MC_BIT(MC_RBP), 0);
    case 0xD3:
        return read_write(rm | MC_BIT(MC_RCX), 0);
    case 0xF6:
    case 0xF7:
        return read_write(rm | ((insn->reg & 7) >= 4 ? MC_BIT(MC_RAX) | MC_BIT(MC_RDX) : 0), 0);
    case 0x99:
        return read_write(MC_BIT(MC_RAX), MC_BIT(MC_RDX) & whole);
    case 0xE0 ... 0xE3:
        return read_write(MC_BIT(MC_RCX), 0);
    case 0xA4 ... 0xA7:
    case 0xAA ... 0xAF:
        return read_write(MC_BIT(MC_RAX) | MC_BIT(MC_RCX) | MC_BIT(MC_RSI) | MC_BIT(MC_RDI), 0);
    case 0x70 ... 0x7F:
    case 0xD8 ... 0xDF: /* x87 */
    case 0xC2:
    case 0xC3:
    case 0xE8:
    case 0xE9:
    case 0xEB:
        return read_write(0, 0);
    default:
        return read_write((insn->has_modrm ? reg | rm : 0) | MC_BIT(MC_RAX), 0);
    }
}

/* Maps 0F38 and 0F3A: BMI, and what goes between general and vector registers. */
static struct mc_effect effect_0f38(const struct mc_insn *insn)
{
    uint32_t reg = mc_register_bit(insn->reg), rm = insn->mod == 3 ? mc_register_bit(insn->rm) : 0, vvvv = mc_register_bit(insn->vvvv);
    bool vex = insn->encoding == MC_VEX;
    switch (insn->opcode) {
    case 0x7A ... 0x7C: /* vpbroadcast */
        return read_write(insn->encoding == MC_EVEX ? rm : 0, 0);
    case 0xF2:
    case 0xF7:
        return vex ? read_write(rm | vvvv, reg) : read_write(reg | rm | vvvv, 0);
    case 0xF3: /* blsr and its like */
        return vex ? read_write(rm, vvvv) : read_write(reg | rm | vvvv, 0);
    case 0xF6:
        return vex ? read_write(rm | MC_BIT(MC_RDX), reg | vvvv) : read_write(reg | rm | vvvv, 0);
    default:
        return read_write(insn->opcode >= 0xF0 ? reg | rm | vvvv : 0, 0);
    }
}

static struct mc_effect effect_0f3a(const struct mc_insn *insn)
{
    uint32_t reg = mc_register_bit(insn->reg), rm = insn->mod == 3 ? mc_register_bit(insn->rm) : 0;
    switch (insn->opcode) {
    case 0x14 ... 0x17: /* pextr */
        return read_write(0, rm);
    case 0x20:
    case 0x22: /* pinsr */
        return read_write(rm, 0);
    case 0x60: /* pcmpestrm, pcmpestri */
    case 0x61:
        return read_write(MC_BIT(MC_RAX) | MC_BIT(MC_RDX), 0);
    case 0xF0: /* rorx */
        return read_write(rm, reg);
    default:
        return read_write(0, 0);
    }
}

/* The byte that a number means: all of a register's low byte, or AH and its like, which are a part of another one. */
static void add_byte(const struct mc_insn *insn, unsigned number, uint32_t *low, uint32_t *whole)
{
    bool high = !insn->rex && insn->encoding == MC_LEGACY && number >= 4 && number < 8;
    if (high)
        *whole |= MC_BIT(number - 4);
    else
        *low |= mc_register_bit((int)number);
}

enum { RM_READ = 1, RM_WRITTEN = 2, REG_READ = 4, REG_WRITTEN = 8, REG_WIDENED = 16 };

/* What an instruction on bytes does with its operands; 0 for all others. */
static unsigned byte_use(const struct mc_insn *insn)
{
    if (insn->encoding != MC_LEGACY || insn->map > MC_MAP_0F)
        return 0;
    if (insn->map == MC_MAP_0F)
        return (insn->opcode & 0xF0) == 0x90 ? RM_WRITTEN : (insn->opcode & 0xF7) == 0xB6 ? RM_READ | REG_WIDENED : 0;
    switch (insn->opcode) {
    case 0x80:
    case 0xC0:
    case 0xD0:
    case 0xD2:
    case 0xFE:
        return RM_READ;
    case 0xF6: /* but for multiplication and division */
        return (insn->reg & 7) < 4 ? RM_READ : 0;
    case 0x84:
        return RM_READ | REG_READ;
    case 0x88:
        return RM_WRITTEN | REG_READ;
    case 0x8A:
        return RM_READ | REG_WRITTEN;
    default:
        return insn->opcode < 0x40 && (insn->opcode & 5) == 0 ? RM_READ | REG_READ : 0;
    }
}

static struct mc_effect effect_on_bytes(const struct mc_insn *insn, unsigned use)
{
    struct mc_effect effect = {0};
    uint32_t high = 0;
    if (insn->mod == 3 && use & RM_READ)
        add_byte(insn, insn->rm, &effect.low_reads, &effect.reads);
    if (insn->mod == 3 && use & RM_WRITTEN)
        add_byte(insn, insn->rm, &effect.low_writes, &high);
    if (use & REG_READ)
        add_byte(insn, insn->reg, &effect.low_reads, &effect.reads);
    if (use & REG_WRITTEN)
        add_byte(insn, insn->reg, &effect.low_writes, &high);
    if (insn->map == MC_MAP_PRIMARY && insn->opcode == 0xD2) /* shifts by CL */
        effect.low_reads |= MC_BIT(MC_RCX);
    if (use & REG_WIDENED && insn->operand_size >= 4)
        effect.writes = mc_register_bit(insn->reg);
    return effect;
}

struct mc_effect mc_effect_of(const struct mc_insn *insn)
{
    struct mc_effect effect = {0};
    uint32_t registers = mc_register_bit(insn->reg) | (insn->mod == 3 ? mc_register_bit(insn->rm) : 0);
    unsigned bytes = byte_use(insn);
    if (bytes)
        effect = effect_on_bytes(insn, bytes);
    else if (insn->encoding == MC_LEGACY && insn->map == MC_MAP_PRIMARY)
        effect = effect_primary(insn);
    else if (insn->map == MC_MAP_0F && insn->encoding != MC_REX2)
        effect = effect_0f(insn);
    else if (insn->map == MC_MAP_0F38 && insn->encoding != MC_REX2)
        effect = effect_0f38(insn);
    else if (insn->map == MC_MAP_0F3A && insn->encoding != MC_REX2)
        effect = effect_0f3a(insn);
    else if (insn->encoding == MC_REX2 || insn->map >= MC_MAP_4)
        effect.reads = registers | mc_register_bit(insn->vvvv);
    if (insn->has_modrm && insn->mod != 3)
        effect.reads |= mc_register_bit(insn->base) | (insn->vector_index ? 0 : mc_register_bit(insn->index));
    return effect;
}
