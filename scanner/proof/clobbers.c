/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the registers that a convention leaves to callees does a function really write? Compilers that see the callee keep
 * their values in the others across the call (gcc: -fipa-ra), and so does assembly.
 *
 * One letter per opcode: r writes modrm.reg, m modrm.rm where it is a register, b both, k as m but for cmp, o the opcode's register,
 * O that and RAX, a RAX, x RAX and RDX, M those and m, C what CPUID writes, c RCX, s what string instructions move, u unknown,
 * . none of them. Intel SDM vol. 2, appendix A; read rows of 64. Answers err towards "written". */
#include "scanner/proof/effects.h"
#include "scanner/proof/machine.h"

#include <assert.h>

static const char primary[] =
    "mmrraauummrraauummrraauummrraauummrraauummrraauummrraauu......uu" /* 00 */
    "oooooooooooooooo........oooooooouuubuuuu.r.ruuuu................" /* 40 */
    "kkkk..bbmmrrmr.mOOOOOOOOaxu....aaa..ssss..ssssssoooooooooooooooo" /* 80 */
    "mm..uummu.uu.uuummmmuuuaaaaaaaaaccccuuuu..u.uuuuuuuu..MM..uu..mm"; /* c0 */
static const char map_0f[] =
    "uuuuuuuuuuu.u..u..............m.uuuuuuuu....rr..uxuuuuuuuuuuuuuu" /* 00 */
    "rrrrrrrrrrrrrrrrr.......................................rrrr..m." /* 40 */
    "................mmmbmmmmmmmmmmmm..C.mmuu..ummmmrMMumuurrrummrrrr" /* 80 */
    "bb...r.Moooooooo.......r........................................"; /* c0 */
static_assert(sizeof primary == 257 && sizeof map_0f == 257, "one letter per opcode");

#define RESULTS (MC_BIT(MC_RAX) | MC_BIT(MC_RDX))
#define LARGEST 1024  /* bytes of a function; larger ones are taken to write all */
#define MAX_STEPS 160 /* instructions of it */
#define MAX_WORK 32   /* places of it to which control may go, not looked at yet */
#define MAX_DEPTH 3   /* of calls */
enum { KNOWN = 1 << 16, WORKING = 1 << 17 };

/* A byte of AH and its like is meant by the number of another register. */
static uint32_t either_register(const struct mc_insn *insn, unsigned number)
{
    bool high = !insn->rex && insn->encoding == MC_LEGACY && number >= 4 && number < 8;
    return mc_register_bit((int)number) | (high ? MC_BIT(number - 4) : 0);
}

static uint32_t written_by_letter(const struct mc_insn *insn, char letter)
{
    uint32_t reg = either_register(insn, insn->reg), rm = insn->has_modrm && insn->mod == 3 ? either_register(insn, insn->rm) : 0;
    uint32_t opcode = either_register(insn, insn->opcode_register);
    switch (letter) {
    case '.':
        return 0;
    case 'r':
        return reg;
    case 'm':
        return rm;
    case 'b':
        return reg | rm;
    case 'k':
        return (insn->reg & 7) == 7 ? 0 : rm;
    case 'o':
        return opcode;
    case 'O':
        return opcode | MC_BIT(MC_RAX);
    case 'a':
        return MC_BIT(MC_RAX);
    case 'x':
        return RESULTS;
    case 'M':
        return rm | RESULTS;
    case 'C':
        return RESULTS | MC_BIT(MC_RCX) | MC_BIT(MC_RBX);
    case 'c':
        return MC_BIT(MC_RCX);
    case 's':
        return MC_BIT(MC_RAX) | MC_BIT(MC_RCX) | MC_BIT(MC_RSI) | MC_BIT(MC_RDI);
    default:
        return MC_ALL_REGISTERS;
    }
}

/* Of the maps that are mostly of vector instructions. */
static uint32_t written_by_wide(const struct mc_insn *insn)
{
    uint32_t reg = mc_register_bit(insn->reg), rm = insn->mod == 3 ? mc_register_bit(insn->rm) : 0;
    if (insn->map == MC_MAP_0F38) {
        bool general = insn->opcode >= 0xF0 || (insn->encoding == MC_VEX && insn->opcode >= 0xE0); /* BMI, CRC32; cmpccxadd */
        return insn->opcode >= 0xF8 ? MC_ALL_REGISTERS : general ? reg | mc_register_bit(insn->vvvv) : 0;
    }
    if (insn->opcode >= 0x60 && insn->opcode <= 0x63) /* pcmpestri and its like */
        return MC_BIT(MC_RCX);
    bool extracts = insn->opcode >= 0x14 && insn->opcode <= 0x17;
    return extracts ? rm : insn->opcode == 0xF0 ? reg : 0; /* rorx */
}

uint32_t mc_written_registers(const struct mc_insn *insn)
{
    if (insn->encoding == MC_REX2)
        return MC_ALL_REGISTERS;
    switch (insn->map) {
    case MC_MAP_PRIMARY:
        return insn->encoding == MC_LEGACY ? written_by_letter(insn, primary[insn->opcode]) : MC_ALL_REGISTERS;
    case MC_MAP_0F:
        return written_by_letter(insn, map_0f[insn->opcode]);
    case MC_MAP_0F38:
    case MC_MAP_0F3A:
        return written_by_wide(insn);
    default:
        return MC_ALL_REGISTERS;
    }
}

struct clobbers { /* of one function */
    struct mc_prover *prover;
    struct mc_text_range range;
    unsigned depth, steps;
    uint32_t written;
    uint8_t seen[LARGEST / 8]; /* by address - start */
    uint64_t work[MAX_WORK];
    size_t work_count;
};

static uint32_t written_at(struct mc_prover *prover, uint64_t entry, unsigned depth);

static void go_to(struct clobbers *c, uint64_t target)
{
    if (target < c->range.start || target >= c->range.end)
        c->written |= written_at(c->prover, mc_final_target(c->prover, target), c->depth + 1);
    else if (c->work_count < MAX_WORK)
        c->work[c->work_count++] = target;
    else
        c->written = MC_ALL_REGISTERS;
}

/* False when control does not go on behind the instruction. */
static bool follow(struct clobbers *c, const struct mc_insn *insn, uint64_t target)
{
    switch (insn->flow) {
    case MC_FLOW_JCC:
        go_to(c, target);
        return true;
    case MC_FLOW_JMP:
        go_to(c, target);
        return false;
    case MC_FLOW_CALL:
        c->written |= written_at(c->prover, mc_final_target(c->prover, target), c->depth + 1);
        return true;
    case MC_FLOW_JMP_IND:
    case MC_FLOW_CALL_IND:
    case MC_FLOW_SYSCALL:
        c->written = MC_ALL_REGISTERS;
        return false;
    default:
        return insn->flow == MC_FLOW_NEXT;
    }
}

/* Straight on from the address. */
static void walk(struct clobbers *c, uint64_t address)
{
    struct mc_insn insn;
    for (bool on = true; on;) {
        if (address >= c->range.end) {
            go_to(c, address);
            return;
        }
        uint64_t at = address - c->range.start;
        if (c->seen[at / 8] >> (at & 7) & 1 || (c->written & MC_VOLATILE) == MC_VOLATILE)
            return;
        c->seen[at / 8] |= (uint8_t)(1 << (at & 7));
        if (c->steps++ == MAX_STEPS || !mc_decode_at(c->prover, address, &insn)) {
            c->written = MC_ALL_REGISTERS;
            return;
        }
        address += insn.length;
        c->written |= mc_written_registers(&insn);
        on = follow(c, &insn, address + (uint64_t)insn.displacement);
    }
}

static uint32_t written_at(struct mc_prover *prover, uint64_t entry, unsigned depth)
{
    if (depth > MAX_DEPTH || mc_import_name(prover, entry) || !mc_image_is_code(prover->image, entry))
        return MC_ALL_REGISTERS;
    int *state = mc_property_of(&prover->clobbered, &prover->arena, entry, NULL);
    if (*state & KNOWN)
        return (uint32_t)*state & MC_ALL_REGISTERS;
    struct clobbers c = {.prover = prover, .range = mc_function_extent(prover, entry), .depth = depth};
    if (*state & WORKING || c.range.end - c.range.start > LARGEST)
        return MC_ALL_REGISTERS;
    *state = WORKING;
    go_to(&c, entry);
    while (c.work_count)
        walk(&c, c.work[--c.work_count]);
    *state = (int)(c.written | KNOWN);
    return c.written;
}

uint32_t mc_clobbered_registers(struct mc_prover *prover, uint64_t final)
{
    bool plain = final && prover->pointer_size == 8 && !mc_is_go(prover, final);
    return (plain ? written_at(prover, final, 0) & MC_VOLATILE : MC_VOLATILE) | MC_BIT(MC_RAX);
}
