/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/sweep_private.h"

#include <string.h>

#define LEA_OPCODE 0x8d /* REX 8D modrm disp32 */
#define LEA_LENGTH 7
#define CONVINCING 256 /* ordinary instructions in a row that a trial need not go beyond */

/* Takes back what was added since there were that many. */
static void cut_back(struct mc_reach *reach, size_t bases, size_t tables)
{
    while (reach->bases.count > bases)
        mc_address_set_take(&reach->base_set, reach->bases.items[--reach->bases.count]);
    while (reach->tables.count > tables)
        mc_address_set_take(&reach->table_set, reach->tables.items[--reach->tables.count]);
}

void mc_reach_begin(struct mc_reach *reach, uint64_t start, uint64_t end, const uint8_t *bytes, uint8_t *state)
{
    reach->start = start;
    reach->end = end;
    reach->bytes = bytes;
    reach->state = state;
    reach->bounds_ignored = reach->past_call = reach->trial = reach->implausible = false;
    reach->unbounded = reach->borders_known = false;
    while (reach->borders.count)
        mc_address_set_take(&reach->border_set, reach->borders.items[--reach->borders.count]);
    reach->unresolved = 0;
    reach->work.count = reach->indirect.count = reach->resolved.count = 0;
    reach->rows.count = 0;
    reach->undecoded.count = reach->uses.count = 0;
    reach->deferred.count = reach->bases_tried = 0;
    cut_back(reach, 0, 0);
}

void mc_reach_free(struct mc_reach *reach)
{
    mc_vector_free(&reach->work);
    mc_vector_free(&reach->indirect);
    mc_vector_free(&reach->resolved);
    mc_vector_free(&reach->deferred);
    mc_vector_free(&reach->bases);
    mc_vector_free(&reach->tables);
    mc_address_set_free(&reach->base_set);
    mc_address_set_free(&reach->table_set);
    mc_vector_free(&reach->borders);
    mc_address_set_free(&reach->border_set);
    mc_vector_free(&reach->undecoded);
    mc_vector_free(&reach->rows);
    mc_vector_free(&reach->uses);
    mc_vector_free(&reach->log);
}

static void push_target(struct mc_reach *reach, uint64_t target)
{
    if (target < reach->start || target >= reach->end)
        return;
    uint8_t state = reach->state[target - reach->start];
    if (state == MC_BYTE_UNSEEN || state == MC_BYTE_INSIDE)
        mc_push(&reach->work, target);
}

static void mark(struct mc_reach *reach, uint64_t offset, unsigned length)
{
    reach->state[offset] = MC_BYTE_START;
    /* A jump past a LOCK prefix makes two instructions share bytes: a start stays a start. */
    for (unsigned i = 1; i < length; i++)
        if (reach->state[offset + i] == MC_BYTE_UNSEEN)
            reach->state[offset + i] = MC_BYTE_INSIDE;
}

static void add_base(struct mc_reach *reach, uint64_t address)
{
    mc_push(&reach->bases, address);
    mc_address_set_put(&reach->base_set, address);
}

/* One instruction. Returns where execution goes on in a straight line, or 0 when it does not. */
static uint64_t step(struct mc_reach *reach, uint64_t address)
{
    uint64_t offset = address - reach->start;
    struct mc_class class;
    uint64_t left = reach->end - address;
    unsigned length = reach->image->mode == MC_MODE_64
                          ? mc_class_within(MC_MODE_64, reach->bytes + offset, left, left, &class)
                          : mc_decode_class(MC_MODE_32, reach->bytes + offset, left, &class);
    if (!length) {
        /* After a call that does not return anything may stand. */
        if (!reach->past_call)
            mc_push(&reach->undecoded, address);
        reach->implausible = true;
        return 0;
    }
    mark(reach, offset, length);
    if (reach->trial) {
        mc_push(&reach->log, ((struct mc_text_range){offset, offset + length}));
        reach->implausible |= !mc_is_ordinary(reach->bytes + offset, length);
        if (reach->log.count >= CONVINCING && !reach->implausible)
            reach->trial = false; /* no data goes on like that: the trial is over, its marks stay */
    }
    uint64_t next = address + length;
    if (reach->is_use[class.need])
        mc_push(&reach->uses, ((struct mc_use){.address = address, .need = class.need, .length = (uint8_t)length}));
    if ((class.flags & MC_CLASS_RIP_RELATIVE) && length == LEA_LENGTH && reach->bytes[offset + 1] == LEA_OPCODE)
        add_base(reach, mc_class_target(reach->image, next, &class));
    reach->past_call = false;
    const struct mc_jump_label *label = mc_image_label_at(reach->image, address);
    if (label) { /* a NOP or a jump, as the kernel likes */
        push_target(reach, label->target);
        return next;
    }
    switch ((enum mc_flow)class.flow) {
    case MC_FLOW_NEXT:
        return next;
    case MC_FLOW_CALL:
        push_target(reach, mc_class_target(reach->image, next, &class));
        /* fall through */
    case MC_FLOW_CALL_IND:
    case MC_FLOW_SYSCALL:
        reach->past_call = true;
        return next;
    case MC_FLOW_JCC:
        push_target(reach, mc_class_target(reach->image, next, &class));
        return next;
    case MC_FLOW_JMP:
        push_target(reach, mc_class_target(reach->image, next, &class));
        return 0;
    case MC_FLOW_JMP_IND:
        mc_push(&reach->indirect, address);
        return 0;
    case MC_FLOW_RET:
    case MC_FLOW_STOP:
        return 0;
    }
    return 0;
}

static void drain(struct mc_reach *reach)
{
    while (reach->work.count) {
        uint64_t address = reach->work.items[--reach->work.count];
        reach->past_call = false;
        if (reach->trial && reach->implausible) {
            reach->work.count = reach->indirect.count = reach->deferred.count = 0;
            return;
        }
        while (address >= reach->start && address < reach->end && !(reach->trial && reach->implausible)) {
            uint8_t state = reach->state[address - reach->start];
            if (state == MC_BYTE_START || state == MC_BYTE_FOREIGN)
                break;
            address = step(reach, address);
        }
    }
}

/* Indirect jumps are resolved when nothing else is left to follow, so that a table's end is told by as much known code as
 * possible. */
static void resolve_jumps(struct mc_reach *reach)
{
    while (reach->indirect.count || reach->deferred.count) {
        bool last_resort = !reach->indirect.count;
        uint64_t jump = last_resort ? reach->deferred.items[--reach->deferred.count] : reach->indirect.items[--reach->indirect.count];
        enum mc_jump_outcome outcome = mc_reach_jump_table(reach, jump, last_resort);
        if (outcome == MC_JUMP_LATER)
            mc_push(&reach->deferred, jump);
        else
            mc_push(&reach->resolved, jump);
        if (outcome == MC_JUMP_UNKNOWN && reach->unresolved++ == 0)
            reach->unresolved_at = jump;
        drain(reach);
    }
}

void mc_reach_follow(struct mc_reach *reach, uint64_t root)
{
    push_target(reach, root);
    drain(reach);
    resolve_jumps(reach);
}

bool mc_is_ordinary(const uint8_t *bytes, unsigned length)
{
    uint8_t first = bytes[0];
    bool zeros = length >= 2 && first == 0 && bytes[1] == 0;
    bool ports = (first >= 0x6c && first <= 0x6f) || (first >= 0xe4 && first <= 0xe7) || (first >= 0xec && first <= 0xef);
    bool system = first == 0xcf || first == 0xca || first == 0xcb || first == 0xfa || first == 0xfb || first == 0xf1 ||
                  first == 0xd7 || first == 0xc8 || first == 0xce;
    return !zeros && !ports && !system;
}

bool mc_reach_try(struct mc_reach *reach, uint64_t root, size_t least)
{
    size_t uses = reach->uses.count, bases = reach->bases.count, undecoded = reach->undecoded.count;
    size_t resolved = reach->resolved.count, tables = reach->tables.count;
    uint32_t unresolved = reach->unresolved;
    if (root < reach->start || root >= reach->end || reach->state[root - reach->start] != MC_BYTE_UNSEEN)
        return false;
    reach->trial = true;
    reach->implausible = false;
    reach->log.count = 0;
    mc_reach_follow(reach, root);
    bool decided = !reach->trial;
    reach->trial = false;
    if (decided || (!reach->implausible && reach->log.count >= least))
        return true;
    for (size_t i = 0; i < reach->log.count; i++)
        memset(reach->state + reach->log.items[i].start, MC_BYTE_UNSEEN, reach->log.items[i].end - reach->log.items[i].start);
    reach->uses.count = uses;
    cut_back(reach, bases, tables);
    reach->bases_tried = reach->bases_tried < bases ? reach->bases_tried : bases;
    reach->undecoded.count = undecoded;
    reach->resolved.count = resolved;
    reach->unresolved = unresolved;
    return false;
}

void mc_reach_widen(struct mc_reach *reach)
{
    reach->bounds_ignored = true;
    reach->unresolved = 0;
    reach->bases_tried = 0;
    for (size_t i = reach->resolved.count; i-- > 0;)
        mc_push(&reach->indirect, reach->resolved.items[i]);
    reach->resolved.count = 0;
    resolve_jumps(reach);
}
