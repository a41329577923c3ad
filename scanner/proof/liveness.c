/* SPDX-License-Identifier: Apache-2.0 */
/* Which registers does a function read as it found them? What a caller left in the others is no argument: a table's address
 * stays in RDX long after the load through it, and has not been passed to anybody.
 *
 * Answers err towards "read": what is not known to be written first counts as read. */
#include "scanner/proof/effects.h"
#include "scanner/proof/foreign.h"
#include "scanner/proof/machine.h"
#include "scanner/sweep_access.h"

#include <string.h>

#define MAX_PLACES 96 /* starts of straight runs in one function */
#define MAX_STEPS 3000  /* instructions */
#define MAX_DEPTH 4
#define MIN_CALLS 8
#define MAX_CALLS 48   /* looked at to see what callers mostly do */

#define LOADED_SOON 4  /* instructions behind one that makes an address */

#define BIT(number) MC_BIT(number)
#define ALL MC_ALL_REGISTERS
#define RESULTS (BIT(MC_RAX) | BIT(MC_RDX))
#define VOLATILE MC_VOLATILE

struct place {
    uint64_t address;
    uint32_t written; /* on every way here */
    uint32_t low;     /* of which the lowest byte was written on every way here */
    uint32_t stale;   /* left by a call on every way here, and not written since */
    bool waiting;
};

struct liveness {
    struct mc_prover *prover;
    struct mc_text_range range;
    struct place places[MAX_PLACES];
    size_t count, steps;
    uint32_t live, at_return; /* at_return: what whoever is returned to may read */
    unsigned depth;
};

uint32_t mc_unknown_callee_arguments(const struct mc_prover *prover)
{
    if (prover->pointer_size == 4)
        return 0; /* the stack */
    if (prover->entries->count && mc_is_go(prover, prover->entries->items[prover->entries->count / 2].address))
        return VOLATILE | BIT(MC_RBX); /* Go's own convention */
    return BIT(MC_RDI) | BIT(MC_RSI) | BIT(MC_RDX) | BIT(MC_RCX) | BIT(8) | BIT(9); /* psABI, 3.2.3 */
}

static void add_place(struct liveness *l, uint64_t address, uint32_t written, uint32_t low, uint32_t stale)
{
    for (size_t i = 0; i < l->count; i++) {
        struct place *place = &l->places[i];
        if (place->address != address)
            continue;
        place->waiting |= (place->written & ~written) || (place->low & ~low) || (place->stale & ~stale);
        place->written &= written;
        place->low &= low;
        place->stale &= stale;
        return;
    }
    if (l->count == MAX_PLACES) {
        l->live |= ALL & ~written;
        return;
    }
    l->places[l->count++] = (struct place){address, written, low, stale, true};
}

static uint32_t live_at(struct mc_prover *prover, uint64_t entry, unsigned depth);

/* The convention hands out registers in this order: behind one that holds nothing there is no further argument. */
static uint32_t read_by_unknown(const struct liveness *l, uint32_t stale)
{
    static const uint8_t order[] = {MC_RDI, MC_RSI, MC_RDX, MC_RCX, 8, 9};
    uint32_t all = mc_unknown_callee_arguments(l->prover), some = 0;
    if (all & BIT(MC_RBX))
        return all;
    for (size_t i = 0; i < sizeof order && !(stale & BIT(order[i])); i++)
        some |= BIT(order[i]);
    return some & all;
}

/* Those of a function of the C library whose parameters are known, or of C++ whose name tells them. */
static bool read_by_import(const struct mc_prover *prover, const char *name, uint32_t *ret)
{
    static const uint8_t order[6] = {MC_RDI, MC_RSI, MC_RDX, MC_RCX, 8, 9};
    int arity = name && prover->pointer_size == 8 ? mc_import_arity(name) : -1;
    if (arity < 0 && name && prover->pointer_size == 8)
        arity = mc_mangled_arity(name);
    *ret = 0;
    for (int i = 0; i < arity; i++)
        *ret |= BIT(order[i]);
    return arity >= 0;
}

static uint32_t read_by_callee(struct liveness *l, uint64_t target, uint32_t stale)
{
    uint64_t final = mc_final_target(l->prover, target);
    const char *name = mc_import_name(l->prover, final);
    uint32_t registers;
    if (read_by_import(l->prover, name, &registers) || mc_foreign_arguments(l->prover, final, &registers))
        return registers;
    if (name || !mc_image_is_code(l->prover->image, final))
        return read_by_unknown(l, stale);
    return live_at(l->prover, final, l->depth + 1);
}

/* A jump through a slot that an IFUNC resolver fills: what some of the functions read whose addresses the resolver takes. They
 * are variants of one another. */
static bool read_by_variants(struct liveness *l, const struct mc_insn *jump, uint64_t next, uint32_t *ret)
{
    uint64_t variants[MC_VARIANTS];
    size_t count = mc_variants_behind(l->prover, jump, next, variants);
    *ret = 0;
    for (size_t i = 0; i < count; i++)
        *ret |= live_at(l->prover, variants[i], l->depth + 1);
    return count;
}

static void walk(struct liveness *l, struct place from)
{
    uint32_t written = from.written, low = from.low, stale = from.stale, registers;
    struct mc_insn insn;
    for (uint64_t address = from.address; l->steps < MAX_STEPS;) {
        if (!mc_decode_at(l->prover, address, &insn))
            break;
        l->steps++;
        struct mc_effect effect = mc_effect_of(&insn);
        l->live |= (effect.reads | (effect.low_reads & ~low)) & ~written;
        written |= effect.writes;
        low |= effect.low_writes;
        stale &= ~effect.writes;
        if ((written | l->live | BIT(MC_RSP)) == ALL)
            return; /* nothing further on can change the answer */
        address += insn.length;
        uint64_t target = address + (uint64_t)insn.displacement;
        bool inside = target >= l->range.start && target < l->range.end;
        switch (insn.flow) {
        case MC_FLOW_CALL:
            if (mc_is_counter_thunk(l->prover, target)) {
                mc_decode_at(l->prover, target, &insn);
                written |= mc_register_bit(insn.reg);
                stale &= ~mc_register_bit(insn.reg);
                break;
            }
            if (target != address)
                l->live |= read_by_callee(l, target, stale) & ~written;
            if (target != address && mc_never_returns(l->prover, target))
                return;
            if (target != address) {
                registers = mc_clobbered_registers(l->prover, mc_final_target(l->prover, target));
                written |= registers;
                stale |= registers & ~RESULTS;
            }
            break;
        case MC_FLOW_CALL_IND:
            l->live |= read_by_unknown(l, stale) & ~written;
            written |= VOLATILE;
            stale |= VOLATILE & ~(BIT(MC_RAX) | BIT(MC_RDX));
            break;
        case MC_FLOW_JCC:
        case MC_FLOW_JMP:
            if (inside)
                add_place(l, target, written, low, stale);
            else
                l->live |= read_by_callee(l, target, stale) & ~written;
            if (insn.flow == MC_FLOW_JCC)
                break;
            return;
        case MC_FLOW_JMP_IND: /* a switch, or a call in the form of a jump */
            if (read_by_variants(l, &insn, address, &registers)) {
                l->live |= registers & ~written;
                return;
            }
            l->live |= (insn.has_modrm && insn.mod != 3 && insn.index == MC_REG_NONE ? read_by_unknown(l, stale) : VOLATILE) & ~written;
            return;
        case MC_FLOW_RET:
            l->live |= l->at_return & ~written;
            return;
        case MC_FLOW_STOP:
            return;
        default:
            break;
        }
        if (address >= l->range.end) {
            l->live |= read_by_callee(l, address, stale) & ~written;
            return;
        }
    }
    l->live |= ALL & ~written;
}

static void walk_all(struct liveness *l, uint64_t start, uint32_t stale)
{
    add_place(l, start, 0, 0, stale);
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < l->count; i++)
            if (l->places[i].waiting) {
                l->places[i].waiting = false;
                again = true;
                walk(l, l->places[i]);
            }
    }
}

enum { KNOWN = 1 << 16, WORKING = 1 << 17 };

static uint32_t live_at(struct mc_prover *prover, uint64_t entry, unsigned depth)
{
    int *state = mc_property_of(&prover->live, &prover->arena, entry, NULL);
    if (*state & KNOWN)
        return (uint32_t)*state & 0xFFFF;
    if (depth > MAX_DEPTH || *state & WORKING)
        return ALL;
    *state = WORKING;
    struct liveness l = {.prover = prover, .range = mc_function_extent(prover, entry), .depth = depth};
    walk_all(&l, entry, 0);
    *state = (int)(l.live | KNOWN);
    return l.live;
}

uint32_t mc_argument_registers(struct mc_prover *prover, uint64_t final)
{
    const char *name = final ? mc_import_name(prover, final) : NULL;
    uint32_t registers;
    if (read_by_import(prover, name, &registers) || mc_foreign_arguments(prover, final, &registers))
        return registers;
    if (!final || name || !mc_image_is_code(prover->image, final))
        return mc_unknown_callee_arguments(prover);
    uint32_t frame = mc_is_go(prover, final) ? BIT(MC_RBP) : 0; /* of the caller: Go's convention keeps it */
    return live_at(prover, final, 0) & ~frame;
}

static uint32_t results_ignored(struct mc_prover *prover, uint64_t entry, unsigned depth);

/* Of RAX and RDX, those that are written before they are read behind this call. */
static uint32_t ignored_behind(struct mc_prover *prover, const struct mc_reference *reference, unsigned depth)
{
    struct mc_insn insn;
    if (reference->kind != MC_REF_CALL || !mc_decode_at(prover, reference->from, &insn))
        return 0;
    struct liveness l = {.prover = prover, .range = mc_function_extent(prover, reference->from)};
    l.at_return = RESULTS & ~results_ignored(prover, l.range.start, depth + 1); /* it may hand them on */
    walk_all(&l, reference->from + insn.length, VOLATILE & ~RESULTS);
    return RESULTS & ~l.live;
}

/* The loader calls what stands in a list of initialisers or finalisers, and takes no result. */
static bool is_called_by_loader(const struct mc_prover *prover, const struct mc_reference *reference)
{
    const struct mc_image *image = prover->image;
    bool listed = false, data = reference->kind == MC_REF_DATA;
    for (size_t i = 0; data && i < image->initialiser_count && !listed; i++)
        listed = image->initialisers[i] == reference->to;
    for (size_t i = 0; data && i < image->finaliser_count && !listed; i++)
        listed = image->finalisers[i] == reference->to;
    return listed;
}

/* RAX and RDX, without what some call of the entry may read before it writes it. Whoever calls an exported function from outside
 * will use it as the module itself does; there must be such calls. */
static uint32_t results_ignored(struct mc_prover *prover, uint64_t entry, unsigned depth)
{
    size_t count, first = mc_references_to(prover->references, entry, entry + 1, &count);
    bool known;
    int *state = mc_property_of(&prover->results, &prover->arena, entry, &known);
    if (known)
        return (uint32_t)*state;
    uint32_t ignored = count && depth < MAX_DEPTH ? RESULTS : 0;
    for (size_t i = first; i < first + count && ignored; i++)
        if (!is_called_by_loader(prover, &prover->references->items[i]))
            ignored &= ignored_behind(prover, &prover->references->items[i], depth);
    const struct mc_entry *known_entry = mc_entry_at(prover->entries, entry);
    if (known_entry && known_entry->sources & MC_ENTRY_IFUNC) /* the loader takes one address */
        ignored |= BIT(MC_RDX);
    *state = (int)ignored;
    return ignored;
}

bool mc_result_is_read(struct mc_prover *prover, uint64_t entry)
{
    size_t count, first = mc_references_to(prover->references, entry, entry + 1, &count);
    bool read = mc_image_exports(prover->image, entry);
    for (size_t i = first; i < first + count && !read; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        const struct mc_reloc *reloc = reference->kind == MC_REF_DATA ? mc_image_reloc_at(prover->image, reference->from) : NULL;
        read = reference->kind == MC_REF_JUMP || (reloc && reloc->kind == MC_RELOC_SLOT) ||
               (reference->kind == MC_REF_CALL && !(ignored_behind(prover, reference, 0) & BIT(MC_RAX)));
    }
    return read;
}

uint32_t mc_results_mostly_ignored(struct mc_prover *prover, uint64_t entry)
{
    size_t count, first = mc_references_to(prover->references, entry, entry + 1, &count);
    bool known;
    int *state = mc_property_of(&prover->results_mostly, &prover->arena, entry, &known);
    if (known)
        return (uint32_t)*state;
    unsigned calls = 0, first_ignored = 0, second_ignored = 0;
    for (size_t i = first; i < first + count && calls < MAX_CALLS; i++) {
        if (prover->references->items[i].kind != MC_REF_CALL)
            continue;
        uint32_t ignored = ignored_behind(prover, &prover->references->items[i], MAX_DEPTH - 2);
        calls++;
        first_ignored += ignored >> MC_RAX & 1;
        second_ignored += ignored >> MC_RDX & 1;
    }
    uint32_t mostly = mc_is_go(prover, entry) ? BIT(MC_RDX) : 0; /* the closure, never a result */
    *state = (int)(mostly | results_ignored(prover, entry, 0));
    if (calls < MIN_CALLS)
        return (uint32_t)*state;
    mostly = (first_ignored * 2 > calls ? BIT(MC_RAX) : 0) | (second_ignored * 2 > calls ? BIT(MC_RDX) : 0);
    *state |= (int)mostly;
    return (uint32_t)*state;
}

uint32_t mc_results_ignored(struct mc_prover *prover, uint64_t entry)
{
    return results_ignored(prover, entry, 0);
}

uint32_t mc_registers_read_from(struct mc_prover *prover, uint64_t address)
{
    bool known;
    int *state = mc_property_of(&prover->live_inside, &prover->arena, address, &known);
    if (known)
        return (uint32_t)*state;
    struct mc_text_range range = mc_function_extent(prover, address);
    struct liveness l = {.prover = prover, .range = range, .at_return = RESULTS & ~results_ignored(prover, range.start, 0)};
    walk_all(&l, address, 0);
    state = mc_property_of(&prover->live_inside, &prover->arena, address, &known);
    *state = (int)l.live;
    return l.live;
}

/* An instruction that reads memory and does nothing else with the register that points there. */
static bool loads_through(const struct mc_insn *insn, unsigned reg)
{
    bool there = insn->has_modrm && insn->mod != 3 && insn->base == (int)reg && insn->index == MC_REG_NONE && !insn->displacement;
    bool extends = insn->map == MC_MAP_0F && (insn->opcode & 0xF6) == 0xB6; /* movzx, movsx */
    bool plain = insn->map == MC_MAP_PRIMARY && (insn->opcode == 0x8B || insn->opcode == 0x80 || insn->opcode == 0x81 ||
                                                 insn->opcode == 0x83 || insn->opcode == 0xFF);
    return there && insn->encoding == MC_LEGACY && (extends || plain) && mc_memory_access(insn) == MC_ACCESS_READ;
}

bool mc_only_loads_through(struct mc_prover *prover, uint64_t lea)
{
    struct mc_insn insn;
    if (!mc_decode_at(prover, lea, &insn) || insn.map != MC_MAP_PRIMARY || insn.opcode != 0x8D)
        return false;
    unsigned reg = insn.reg;
    uint64_t address = lea + insn.length;
    for (unsigned i = 0; i < LOADED_SOON; i++) {
        if (!mc_decode_at(prover, address, &insn))
            return false;
        address += insn.length;
        bool loads = loads_through(&insn, reg), call = insn.flow == MC_FLOW_CALL_IND;
        struct mc_effect effect = mc_effect_of(&insn);
        if (!loads && ((effect.reads | effect.low_reads) & BIT(reg) || insn.flow != MC_FLOW_NEXT))
            return false;
        if (loads && (effect.writes & BIT(reg) || (call && VOLATILE & BIT(reg))))
            return true;
        if (!loads)
            continue;
        struct liveness l = {.prover = prover, .range = mc_function_extent(prover, address)};
        l.at_return = RESULTS & ~results_ignored(prover, l.range.start, 0);
        walk_all(&l, address, 0);
        return !(l.live & BIT(reg));
    }
    return false;
}

/* Slots of a call event that the callee may read: registers that it reads as it finds them, and the stack when the
 * convention's registers are all among them. */
uint32_t mc_argument_slots(struct mc_prover *prover, uint64_t final)
{
    uint32_t slots = mc_argument_registers(prover, final) & 0xFFFF, all = mc_unknown_callee_arguments(prover);
    bool go = all >> MC_RBX & 1;
    if (go || (slots & all) == all)
        slots |= ((1u << MC_CALL_STACK_SLOTS) - 1) << 16;
    return slots;
}
