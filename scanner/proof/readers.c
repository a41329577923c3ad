/* SPDX-License-Identifier: Apache-2.0 */
/* Does a function only read: does it write no memory but its own frame, and call nobody who does? Then pointers that it is given
 * are as good as before behind the call (comparisons, searches, tests of bits by a helper). Answers err towards "writes". */
#include "scanner/proof/machine.h"
#include "scanner/sweep_access.h"

#define LARGEST 8192   /* bytes of a function */
#define MAX_STEPS 1200 /* instructions of it */
#define MAX_WORK 128   /* places of it to which control may go, not looked at yet */
#define MAX_DEPTH 3    /* of calls */

enum answer { UNASKED, READS, UNKNOWN, WRITES };

struct reader { /* of one function */
    struct mc_prover *prover;
    struct mc_text_range range;
    unsigned depth, steps;
    bool has_frame; /* RBP is where RSP was */
    enum answer answer;
    uint8_t seen[LARGEST / 8]; /* by address - start */
    uint64_t work[MAX_WORK];
    size_t work_count;
};

static enum answer answer_of(struct mc_prover *prover, uint64_t entry, unsigned depth);

static void add(struct reader *r, enum answer answer)
{
    if (r->answer == READS)
        r->answer = answer;
}

static void go_to(struct reader *r, uint64_t target)
{
    if (target < r->range.start || target >= r->range.end)
        add(r, answer_of(r->prover, target, r->depth + 1));
    else if (r->work_count < MAX_WORK)
        r->work[r->work_count++] = target;
    else
        add(r, UNKNOWN);
}

/* Of group 7 (0F 01): xgetbv, xend, xtest, rdtscp. */
static bool only_registers(const struct mc_insn *insn)
{
    unsigned reg = insn->reg & 7, rm = insn->rm & 7;
    return insn->mod == 3 && ((reg == 2 && (rm == 0 || rm == 5 || rm == 6)) || (reg == 7 && rm == 1));
}

/* Stores whose place no memory operand names: string instructions, maskmov, and what system instructions leave behind. */
static bool writes_elsewhere(const struct mc_insn *insn)
{
    switch (insn->map) {
    case MC_MAP_PRIMARY:
        return insn->opcode == 0xA4 || insn->opcode == 0xA5 || insn->opcode == 0xAA || insn->opcode == 0xAB ||
               (insn->opcode & 0xFE) == 0x6C || insn->opcode == 0xC8;
    case MC_MAP_0F:
        return insn->opcode == 0xF7 || (insn->opcode == 0x01 && !only_registers(insn));
    case MC_MAP_0F38:
    case MC_MAP_0F3A:
    case MC_MAP_3DNOW:
        return false;
    default:
        return true;
    }
}

/* mov TO, FROM between registers. */
static bool is_move(const struct mc_insn *insn, unsigned to, unsigned from)
{
    if (insn->map != MC_MAP_PRIMARY || insn->encoding != MC_LEGACY || (insn->opcode != 0x89 && insn->opcode != 0x8B) || insn->mod != 3)
        return false;
    bool loads = insn->opcode == 0x8B;
    return (loads ? insn->reg : insn->rm) == to && (loads ? insn->rm : insn->reg) == from;
}

static bool is_frame_set(const struct mc_insn *insn)
{
    return is_move(insn, MC_RBP, MC_RSP);
}

static bool is_frame_left(const struct mc_insn *insn)
{
    return is_move(insn, MC_RSP, MC_RBP);
}

/* A place in its own frame, or among its own arguments on the stack: with a pointer to that nobody else looks. */
static bool is_in_frame(const struct reader *r, const struct mc_insn *insn)
{
    return insn->index == MC_REG_NONE && (insn->base == MC_RSP || (insn->base == MC_RBP && r->has_frame));
}

static bool writes_memory(const struct reader *r, const struct mc_insn *insn)
{
    if (writes_elsewhere(insn))
        return true;
    bool memory = !insn->has_modrm || insn->mod != 3;
    return memory && mc_memory_access(insn) & MC_ACCESS_WRITE && !is_in_frame(r, insn);
}

/* The variants that an IFUNC resolver chooses from do the same: one that was understood tells of all. */
static enum answer answer_of_variants(struct reader *r, const struct mc_insn *jump, uint64_t next)
{
    uint64_t variants[MC_VARIANTS];
    size_t count = mc_variants_behind(r->prover, jump, next, variants);
    enum answer best = UNKNOWN;
    for (size_t i = 0; i < count && best != WRITES; i++) {
        enum answer one = answer_of(r->prover, variants[i], r->depth + 1);
        best = one == UNKNOWN ? best : one;
    }
    return best;
}

/* RSP is moved as compilers do, and RBP, where it is the frame's, not at all. */
static bool keeps_frame(const struct reader *r, const struct mc_insn *insn)
{
    uint32_t written = mc_written_registers(insn), stack = 1u << MC_RSP, frame = 1u << MC_RBP;
    bool primary = insn->map == MC_MAP_PRIMARY && insn->encoding == MC_LEGACY;
    bool pops = primary && (insn->opcode & 0xF8) == 0x58;
    if (written & frame && r->has_frame && !pops && !is_frame_set(insn))
        return false;
    if (!(written & stack))
        return true;
    bool moves = primary && (insn->opcode == 0x81 || insn->opcode == 0x83 || insn->opcode == 0x8D);
    return moves || is_frame_left(insn);
}

/* False when control does not go on behind the instruction. */
static bool follow(struct reader *r, const struct mc_insn *insn, uint64_t next)
{
    uint64_t target = next + (uint64_t)insn->displacement;
    switch (insn->flow) {
    case MC_FLOW_JCC:
        go_to(r, target);
        return true;
    case MC_FLOW_JMP:
        go_to(r, target);
        return false;
    case MC_FLOW_CALL:
        add(r, answer_of(r->prover, target, r->depth + 1));
        return true;
    case MC_FLOW_JMP_IND:
        add(r, answer_of_variants(r, insn, next));
        return false;
    case MC_FLOW_CALL_IND:
    case MC_FLOW_SYSCALL:
        add(r, UNKNOWN);
        return true;
    default:
        return insn->flow == MC_FLOW_NEXT;
    }
}

/* Straight on from the address. */
static void walk(struct reader *r, uint64_t address)
{
    struct mc_insn insn;
    for (bool on = true; on && r->answer == READS;) {
        if (address >= r->range.end) {
            go_to(r, address);
            return;
        }
        uint64_t at = address - r->range.start;
        if (r->seen[at / 8] >> (at & 7) & 1)
            return;
        r->seen[at / 8] |= (uint8_t)(1 << (at & 7));
        if (r->steps++ == MAX_STEPS || !mc_decode_at(r->prover, address, &insn)) {
            add(r, UNKNOWN);
            return;
        }
        address += insn.length;
        if (writes_memory(r, &insn))
            add(r, WRITES);
        else if (!keeps_frame(r, &insn))
            add(r, UNKNOWN);
        on = follow(r, &insn, address);
    }
}

/* mov rbp, rsp among the first instructions. */
static bool has_frame(struct mc_prover *prover, uint64_t address)
{
    struct mc_insn insn;
    for (unsigned i = 0; i < 4 && mc_decode_at(prover, address, &insn); i++, address += insn.length)
        if (is_frame_set(&insn))
            return true;
    return false;
}

static enum answer answer_of(struct mc_prover *prover, uint64_t entry, unsigned depth)
{
    entry = mc_final_target(prover, entry);
    if (depth > MAX_DEPTH || mc_import_name(prover, entry) || !mc_image_is_code(prover->image, entry))
        return UNKNOWN;
    int *state = mc_property_of(&prover->readers, &prover->arena, entry, NULL);
    if (*state != UNASKED)
        return (enum answer)*state;
    struct reader r = {.prover = prover, .range = mc_function_extent(prover, entry), .depth = depth, .answer = READS};
    if (r.range.end - r.range.start > LARGEST)
        return UNKNOWN;
    *state = UNKNOWN; /* in circles, too */
    r.has_frame = has_frame(prover, entry);
    go_to(&r, entry);
    while (r.work_count && r.answer == READS)
        walk(&r, r.work[--r.work_count]);
    *state = r.answer == UNKNOWN && depth ? UNASKED : (int)r.answer; /* from nearer it may be known */
    return r.answer;
}

bool mc_only_reads(struct mc_prover *prover, uint64_t final)
{
    return answer_of(prover, final, 0) == READS;
}
