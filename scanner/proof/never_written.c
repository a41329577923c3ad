/* SPDX-License-Identifier: Apache-2.0 */
/* Words that keep what they start with, since nothing is seen to write them, or only such a word is copied to them (by
 * inference). */
#include "scanner/proof/machine.h"

#define OTHER_OBJECT 128 /* bytes */
#define LONGEST_STORE 64
#define LONGEST_INSTRUCTION 15
#define COPY_BYTES 256 /* from where the function starts: an initialiser's, as a rule */

/* Bytes that the instruction stores, at most. */
static unsigned stored_bytes(struct mc_prover *prover, uint64_t address)
{
    struct mc_insn insn;
    if (!mc_decode_at(prover, address, &insn) || insn.encoding != MC_LEGACY)
        return LONGEST_STORE;
    unsigned opcode = insn.opcode, size = opcode & 1 ? insn.operand_size : 1;
    if (insn.map == MC_MAP_0F && opcode >= 0x90 && opcode <= 0x9F) /* setcc */
        return 1;
    if (insn.map == MC_MAP_0F && (opcode == 0xB0 || opcode == 0xB1 || opcode == 0xC0 || opcode == 0xC1))
        return size;
    bool arithmetic = opcode < 0x40 || (opcode >= 0x80 && opcode <= 0x83), moves = opcode == 0x88 || opcode == 0x89;
    moves |= opcode == 0xA2 || opcode == 0xA3 || opcode == 0xC6 || opcode == 0xC7;
    return insn.map == MC_MAP_PRIMARY && (arithmetic || moves) ? size : LONGEST_STORE;
}

/* Compilers' start-up files compare the two ends of a table that is empty in most programs (GCC's TM clones): its end is where the
 * memory begins that the file does not hold, and has nothing to do with what lies there. */
static bool is_end_of_table(const struct mc_prover *prover, const struct mc_segment *segment, const struct mc_reference *reference)
{
    if (reference->to != segment->address + segment->file_size)
        return false;
    struct mc_text_range function = mc_function_extent(prover, reference->from);
    size_t count, first = mc_references_to(prover->references, reference->to, reference->to + 1, &count);
    uint64_t before = 0;
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *other = &prover->references->items[i];
        if (other->kind != MC_REF_LEA || other->from < function.start || other->from >= function.end)
            continue;
        if (before && other->from - before <= LONGEST_INSTRUCTION)
            return true;
        before = other->from;
    }
    return false;
}

/* Loads are all that refers to the word, and nobody has the address of the object around it. */
static bool only_loaded(struct mc_prover *prover, uint64_t address, unsigned size)
{
    const struct mc_segment *segment = mc_image_segment(prover->image, address);
    struct mc_text_range object = mc_object_extent(prover, address);
    if (!segment || !segment->writable || mc_image_exports(prover->image, object.start) || mc_image_reloc_at(prover->image, address))
        return false;
    const struct mc_symbol *symbol = mc_image_symbol_for(prover->image, address);
    bool named = symbol && symbol->address == object.start;
    size_t count, first = mc_references_to(prover->references, object.start, address + size, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        /* a pointer to what most likely ended before */
        bool other = !named && reference->to <= address && address - reference->to >= OTHER_OBJECT;
        bool near = reference->kind == MC_REF_STORE && reference->to + LONGEST_STORE > address;
        if (near && reference->to + stored_bytes(prover, reference->from) > address)
            return false;
        if (reference->kind == MC_REF_DATA && !other)
            return false;
        if (reference->kind == MC_REF_LEA && !other && !is_end_of_table(prover, segment, reference))
            return false;
    }
    return true;
}

/* The instruction before the store there loads what it stores: the place that it loads from; 0: it does not. */
static uint64_t copied_from(struct mc_prover *prover, uint64_t store, unsigned size)
{
    struct mc_insn insn, last = {0};
    uint64_t at = mc_function_extent(prover, store).start, before = 0;
    for (; at < store && store - at <= COPY_BYTES && mc_decode_at(prover, at, &last); at += last.length)
        before = at;
    bool load = last.map == MC_MAP_0F ? last.opcode == 0xB6 && size == 1 : last.map == MC_MAP_PRIMARY && (last.opcode | 1) == 0x8B;
    if (at != store || !before || !load || last.encoding != MC_LEGACY || !last.has_modrm || !mc_decode_at(prover, store, &insn) ||
        insn.map != MC_MAP_PRIMARY || (insn.opcode | 1) != 0x89 || insn.reg != last.reg)
        return 0;
    if (last.mod == 3 || last.index != MC_REG_NONE || (last.base != MC_REG_RIP && last.base != MC_REG_NONE))
        return 0;
    return (last.base == MC_REG_RIP ? store : 0) + (uint64_t)last.displacement;
}

/* All that is seen to store to the cell copies one that is never written. */
static bool only_copied(struct mc_prover *prover, uint64_t address, unsigned size)
{
    size_t stores = 0, count, first = mc_references_to(prover->references, address, address + size, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        if (reference->kind == MC_REF_LOAD)
            continue;
        uint64_t source = reference->kind == MC_REF_STORE && reference->to == address ? copied_from(prover, reference->from, size) : 0;
        if (!source || !only_loaded(prover, source, size))
            return false;
        stores++;
    }
    return stores;
}

bool mc_cell_is_never_written(struct mc_prover *prover, uint64_t address, unsigned size)
{
    bool known;
    int *state = mc_property_of(&prover->never_written, &prover->arena, address * 16 + size, &known);
    if (!known)
        *state = only_loaded(prover, address, size) || only_copied(prover, address, size);
    return *state;
}
