/* SPDX-License-Identifier: Apache-2.0 */
/* Where nothing bounds the functions (assembly without symbols or unwind data), one that nobody refers to lies in the body of the
 * one before it. FFmpeg's kernels come in pairs: one for data that is not aligned and one for all, which jumps into the first, and
 * often only the second is ever named. What leads out of the first is no way in then. */
#include "scanner/proof/machine.h"

#define LARGEST 16384 /* bytes from the start of the body */
#define ALIGNMENT 16

static bool is_padding(const struct mc_insn *insn)
{
    bool nop = insn->map == MC_MAP_PRIMARY && insn->opcode == 0x90;
    bool long_nop = insn->map == MC_MAP_0F && insn->opcode == 0x1F;
    return nop || long_nop || (insn->map == MC_MAP_PRIMARY && insn->opcode == 0xCC);
}

/* Where the code that holds `from` starts, aligned, behind a return or a direct jump and padding; 0: it does not. */
static uint64_t island_start(struct mc_prover *prover, uint64_t body, uint64_t from)
{
    struct mc_insn insn;
    uint64_t start = 0;
    bool ended = false;
    if (from < body || from - body > LARGEST)
        return 0;
    for (uint64_t address = body; address <= from; address += insn.length) {
        if (!mc_decode_at(prover, address, &insn) || insn.flow == MC_FLOW_JMP_IND)
            return 0;
        if (ended && is_padding(&insn) && address < from)
            continue;
        if (ended)
            start = address & (ALIGNMENT - 1) ? 0 : address;
        ended = insn.flow == MC_FLOW_RET || insn.flow == MC_FLOW_JMP;
        if (address == from)
            return start;
    }
    return 0; /* in the middle of an instruction */
}

bool mc_is_island(struct mc_prover *prover, uint64_t body, uint64_t from)
{
    uint64_t start = island_start(prover, body, from);
    size_t count = 0;
    if (start)
        mc_references_to(prover->references, start, from + 1, &count);
    return start && !count;
}
