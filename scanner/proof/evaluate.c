/* SPDX-License-Identifier: Apache-2.0 */
/* Forward data flow over one body of code.
 *
 * First the leaders are found by following control flow, then states are joined at leaders until nothing changes, then one
 * more round over all reached blocks records events. Targets of indirect jumps become known only while values flow; a new one
 * starts the body again with one more leader. */
#include "scanner/proof/body.h"
#include "scanner/proof/kernel.h"

#include <string.h>

#define MAX_RESTARTS 12
#define WIDEN_AFTER 5    /* joins of a block before differing numbers are given up */
#define MAX_VISITS 240    /* joins of a block before it is left as it is, with no facts */

void mc_note_gap(struct mc_run *run, uint64_t address, const char *kind)
{
    if (run->complete) {
        run->gap = address;
        run->gap_kind = kind;
    }
    run->complete = false;
}

/* How i386 code learns its own address is no step on the way. */
static bool runs_inside(const struct mc_run *run, uint64_t final)
{
    struct mc_prover *prover = run->prover;
    return (run->depth <= MC_HELPER_DEPTH || mc_is_counter_thunk(prover, final)) && !mc_import_name(prover, final) &&
           mc_is_cpuid_helper(prover, final);
}

static bool run_apart(struct mc_run *outer, uint64_t entry, struct mc_state *state);

#define MOST_PARTS 4
#define LONGEST_PART 16 /* instructions, up to a return or a jump */

/* A jump with the frame still open is no tail call: the function goes on in another piece of its code, or comes back from there. */
static bool leads_to_part(const struct mc_run *run, const struct mc_machine *m, uint64_t target)
{
    if (run->parts >= MOST_PARTS || run->frame == m->state->registers[MC_RSP] || !mc_image_is_code(run->prover->image, target))
        return false;
    struct mc_insn insn = {.flow = MC_FLOW_NEXT};
    for (unsigned i = 0; i < LONGEST_PART && insn.flow != MC_FLOW_RET && insn.flow != MC_FLOW_JMP; i++, target += insn.length)
        if (!mc_decode_at(run->prover, target, &insn))
            return false;
    return insn.flow == MC_FLOW_RET || insn.flow == MC_FLOW_JMP;
}

static bool run_part(struct mc_run *run, uint64_t target, struct mc_state *state)
{
    run->parts++;
    bool returns = run_apart(run, target, state);
    run->parts--;
    return returns;
}

/* A tail call of a helper that is run inside its caller: what it returns is what the callee does. */
static void leave_helper(struct body *body, const struct mc_machine *m, uint64_t target, mc_facts more)
{
    struct mc_run *run = body->run;
    uint64_t final = mc_final_target(run->prover, target);
    struct mc_state left = {0};
    struct mc_machine after = *m;
    mc_state_copy(&left, m->state);
    left.facts = mc_facts_or(run->prover->facts, left.facts, more);
    after.state = &left;
    bool returns = true;
    if (leads_to_part(run, m, target)) {
        returns = run_part(run, target, &left);
    } else if (runs_inside(run, final)) {
        returns = mc_run_inline(run, final, &left);
    } else {
        mc_forget_after_call(&after, final);
        mc_pop_value(&after);
    }
    if (returns && !mc_never_returns(run->prover, final))
        mc_state_join(m->values, &body->out, &left, MC_FACTS_NONE, NULL);
    mc_state_clear(&left);
}

void mc_propagate(struct body *body, struct mc_machine *m, uint64_t target, mc_facts more)
{
    struct mc_run *run = body->run;
    mc_facts facts = mc_facts_or(run->prover->facts, m->state->facts, more);
    if (facts == MC_FACTS_ALL)
        return;
    if (!mc_in_body(body, target)) {
        mc_record_call(m, target, facts, MC_ESCAPE_JUMP);
        uint64_t final = mc_final_target(run->prover, target);
        if (run->recording) /* the return address is on top */
            mc_escape_arguments(m, mc_argument_registers(run->prover, final), mc_stack_arguments(run->prover, final) + 1);
        if (body->inside)
            leave_helper(body, m, target, more);
        return;
    }
    if (run->recording)
        return;
    struct block *block = mc_block_at(body, target);
    if (!block) {
        mc_push(&body->found, target);
        body->restart = true;
        return;
    }
    size_t place;
    block = mc_enter_block(body, block, &place);
    /* What came here by the only way before is overtaken, not another possibility. */
    bool changed = block->ways_in < 2 && block->visits < MAX_VISITS
                       ? mc_state_replace(m->values, &block->in, m->state, more)
                       : mc_state_join(m->values, &block->in, m->state, more,
                                     &(struct mc_join){block->loops && block->visits > WIDEN_AFTER, run->prover, block->start});
    if (changed) {
        block->dirty = true;
        if (place < body->next)
            body->next = place;
        if (++block->visits > MAX_VISITS) { /* cannot happen with finite values; a bound all the same */
            mc_state_clear(&block->in);
            block->in.reached = true;
        }
        if (block->visits > 2 * MAX_VISITS)
            block->dirty = false;
    }
}

/* False when the call does not come back. */
static bool execute_call(struct body *body, struct mc_machine *m, uint64_t target)
{
    struct mc_prover *prover = m->prover;
    uint64_t final = mc_final_target(prover, target);
    mc_record_call(m, target, m->state->facts, MC_ESCAPE_CALL);
    if (runs_inside(m->run, final)) {
        mc_push_value(m, mc_value_symbol(m->values, MC_BASE_MODULE, (int64_t)(m->address + m->insn->length)));
        return mc_run_inline(m->run, final, m->state);
    }
    size_t escaped = m->run->escaped_stack.count;
    mc_escape_arguments(m, mc_argument_registers(prover, final), mc_stack_arguments(prover, final));
    uint64_t pads[4];
    size_t pad_count;
    mc_find_landing_pads(body, m->address, pads, &pad_count);
    mc_facts handler = mc_handler_installed(m, final);
    struct mc_import_call import;
    mc_import_before(m, final, &import);
    bool killed = mc_import_kills(m, &import);
    mc_value provided = mc_provider_result(m, final);
    if (provided == MC_TOP)
        provided = mc_kernel_result(m, final);
    if (provided == MC_TOP)
        provided = mc_thread_local_address(m, final);
    struct mc_left_behind left;
    mc_outputs_before(m, final, &left);
    if (import.writes_nothing || (m->run->escaped_stack.count > escaped && mc_only_reads(prover, final)))
        m->run->escaped_stack.count = escaped;
    mc_forget_after_call(m, final);
    mc_outputs_after(m, final, escaped, &left);
    if (provided != MC_TOP)
        mc_put_register(m, MC_RAX, provided);
    bool go = mc_is_go(prover, m->run->entry) && mc_is_go(prover, final); /* what is kept is allocated elsewhere: escape analysis */
    if (import.keeps_nothing || go) /* what it was given is as it leaves it, whatever is called later */
        m->run->escaped_stack.count = escaped;
    mc_import_after(m, &import);
    for (size_t i = 0; i < pad_count; i++)
        mc_propagate(body, m, pads[i], MC_FACTS_NONE);
    if (killed || mc_never_returns(prover, target)) {
        if (!pad_count) /* what it was given changes nothing elsewhere */
            m->run->escaped_stack.count = escaped;
        return false;
    }
    m->state->facts = handler;
    if (mc_is_gate(prover, final)) {
        struct mc_atom atom = {.kind = MC_ATOM_RETURN, .c = final};
        m->state->facts = mc_facts_or(prover->facts, m->state->facts, mc_facts_one(prover->facts, atom, 0));
    } else {
        mc_note_asked_gate(prover, final);
    }
    return true;
}

/* False when no known target: the call is of something we do not know. */
static bool for_each_target(struct body *body, struct mc_machine *m, mc_value value, bool jump, uint32_t *ret_registers)
{
    struct mc_value_data data;
    mc_value_get(m->values, value, &data);
    if (data.kind != MC_VALUE_CASES)
        return false;
    bool all = data.other == MC_FACTS_ALL;
    for (uint32_t i = 0; i < data.count; i++) {
        uint64_t target;
        bool known = mc_module_address(m->prover, data.cases[i].base, data.cases[i].offset, &target) &&
                     (mc_image_is_code(m->prover->image, target) || mc_import_name(m->prover, target));
        all &= known;
        if (!known)
            continue;
        *ret_registers |= mc_argument_registers(m->prover, mc_final_target(m->prover, target));
        if (jump)
            mc_propagate(body, m, target, data.cases[i].facts);
        else
            mc_record_call(m, target, mc_facts_or(m->prover->facts, m->state->facts, data.cases[i].facts), MC_ESCAPE_CALL);
    }
    return all && data.count;
}

/* Registers that the functions of this file among the targets may read; false when none is known. */
static bool read_by_targets(const struct mc_machine *m, mc_value value, uint32_t *ret)
{
    struct mc_value_data data;
    bool some = false;
    mc_value_get(m->values, value, &data);
    *ret = 0;
    for (uint32_t i = 0; data.kind == MC_VALUE_CASES && i < data.count; i++) {
        uint64_t target;
        if (!mc_module_address(m->prover, data.cases[i].base, data.cases[i].offset, &target) ||
            !mc_image_is_code(m->prover->image, target))
            continue;
        *ret |= mc_argument_registers(m->prover, mc_final_target(m->prover, target));
        some = true;
    }
    return some;
}

/* The table of which the target is a row is still in a register that no known row reads: it is not passed. */
static void drop_table(struct mc_machine *m, mc_value value)
{
    struct mc_rows_load rows = m->run->rows;
    uint32_t registers;
    if (!rows.site || rows.site > m->address || m->address - rows.site > 64 || !read_by_targets(m, value, &registers))
        return;
    for (unsigned i = 0; i < 16; i++) {
        uint32_t base;
        int64_t offset;
        uint64_t address;
        if (!(registers >> i & 1) && mc_value_single(m->values, m->state->registers[i], &base, &offset) &&
            mc_module_address(m->prover, base, offset, &address) && address == rows.table)
            m->state->registers[i] = MC_TOP;
    }
}

static bool execute_indirect_call(struct body *body, struct mc_machine *m, mc_value value)
{
    uint32_t base;
    int64_t offset;
    uint64_t target;
    if (mc_value_single(m->values, value, &base, &offset) && mc_default_callee(m, base, offset, &target) &&
        mc_helper_asks(m->prover, target)) {
        struct mc_atom override = {.kind = MC_ATOM_OVERRIDE}; /* the variable's owner has a say */
        bool returns = execute_call(body, m, target);
        m->state->facts = mc_facts_or(m->prover->facts, m->state->facts, mc_facts_one(m->prover->facts, override, m->address));
        return returns;
    }
    if (mc_value_single(m->values, value, &base, &offset) && mc_module_address(m->prover, base, offset, &target) &&
        (mc_image_is_code(m->prover->image, target) || mc_import_name(m->prover, target)))
        return execute_call(body, m, target);
    uint32_t registers = 0;
    drop_table(m, value);
    if (!for_each_target(body, m, value, false, &registers))
        registers |= mc_unknown_callee_arguments(m->prover);
    mc_pass_arguments(m, registers, value);
    uint64_t pads[4];
    size_t pad_count;
    mc_find_landing_pads(body, m->address, pads, &pad_count);
    mc_forget_after_call(m, 0);
    for (size_t i = 0; i < pad_count; i++)
        mc_propagate(body, m, pads[i], MC_FACTS_NONE);
    return true;
}

/* pop r; jmp r: a return that discards something, or to another frame (__builtin_eh_return). */
static bool is_popped(const struct mc_machine *m)
{
    if (m->insn->mod != 3 || m->insn->map != MC_MAP_PRIMARY || m->address < 2)
        return false;
    unsigned prefix = m->insn->rm >= 8, length = prefix ? 2 : 1;
    const uint8_t *bytes = mc_image_bytes(m->prover->image, m->address - length, length);
    return bytes && bytes[length - 1] == (0x58 | (m->insn->rm & 7)) && (!prefix || bytes[0] == 0x41);
}

static void execute_indirect_jump(struct body *body, struct mc_machine *m, mc_value value)
{
    uint32_t registers = 0;
    drop_table(m, value);
    if (for_each_target(body, m, value, true, &registers))
        return;
    if (mc_follow_table(body, m))
        return;
    uint32_t base;
    int64_t offset;
    bool tail = mc_value_single(m->values, m->state->registers[MC_RSP], &base, &offset) &&
                mc_symbol_get(m->values, base).kind == MC_SYM_STACK && (offset == 0 || body->inside);
    if (!tail)
        tail = is_popped(m);
    if (!tail && mc_value_single(m->values, value, &base, &offset) && base > MC_BASE_MODULE)
        tail = true; /* through a cell, an argument, a structure: a call in the form of a jump */
    mc_pass_arguments(m, mc_unknown_callee_arguments(m->prover), value);
    if (!tail)
        mc_note_gap(m->run, m->address, "indirect-jump");
}

/* An address of code, in RAX only for something else, where nobody is seen to look for a result. */
static bool is_there_by_chance(const struct mc_machine *m, mc_value rax)
{
    uint32_t base;
    int64_t offset;
    uint64_t address;
    return m->run->recording && m->state->compared & 1u << MC_RAX && mc_value_single(m->values, rax, &base, &offset) &&
           mc_module_address(m->prover, base, offset, &address) && mc_image_is_code(m->prover->image, address) &&
           !mc_result_is_read(m->prover, m->run->entry);
}

static void execute_return(struct body *body, struct mc_machine *m)
{
    struct mc_run *run = body->run;
    unsigned second = mc_second_result(run->prover, run->entry);
    mc_value rax = m->state->registers[MC_RAX], rdx = m->state->registers[MC_RDX];
    if (body->inside) {
        mc_pop_value(m);
        if (m->insn->immediate_size && m->insn->immediate)
            m->state->registers[MC_RSP] = mc_value_operate(m->values, MC_OP_ADD, m->state->registers[MC_RSP],
                                                           mc_value_constant(m->values, (uint64_t)m->insn->immediate), 64);
        mc_state_join(m->values, &body->out, m->state, MC_FACTS_NONE, NULL);
        return;
    }
    uint32_t ignored = run->recording ? mc_results_ignored(run->prover, run->entry) : 0; /* left there by chance */
    ignored |= m->state->compared & 1u << MC_RDX; /* put there to be compared, not to be returned */
    if (!(ignored >> MC_RAX & 1))
        mc_escape(m, rax, is_there_by_chance(m, rax) ? MC_ESCAPE_BY_CHANCE : MC_ESCAPE_RETURNED);
    if (rdx != MC_TOP && !(ignored >> MC_RDX & 1) && !mc_is_same_address(m, rax, rdx) && !mc_is_row_of(m, rax, rdx))
        mc_escape(m, rdx, MC_ESCAPE_RETURNED);
    if (run->recording)
        mc_record(run, (struct mc_event){.kind = MC_EVENT_RETURN, .site = m->address, .value = rax,
                                         .second = m->state->registers[second],
                                         .facts = m->state->facts});
}

/* Linux exit and exit_group (x86-64 60, 231; i386 1, 252). */
static bool is_exit_call(const struct mc_machine *m)
{
    uint64_t number;
    if (!mc_value_is_constant(m->values, mc_get_register(m, MC_RAX, 4), &number))
        return false;
    return m->prover->pointer_size == 8 ? number == 60 || number == 231 : number == 1 || number == 252;
}

static bool is_use(const struct mc_prover *prover, uint64_t address)
{
    size_t first = mc_first_use(prover, address);
    return first < prover->uses->count && prover->uses->items[first].address == address;
}

/* What an instruction counts (lzcnt, tzcnt) that an older CPU runs as another one; for alias.c. */
static mc_value aliased_source(struct mc_machine *m)
{
    return mc_need_at(m->insn->need)->absent == MC_ABSENT_ALIAS && m->insn->has_modrm ? mc_get_rm(m, m->insn->operand_size) : MC_TOP;
}

/* The register that the instruction reads is known not to be 0. */
static bool is_nonzero(const struct mc_state *state, const struct mc_insn *insn)
{
    uint32_t known = insn->operand_size == 8 ? state->known.nonzero : state->known.nonzero_half;
    return insn->has_modrm && insn->mod == 3 && insn->rm < 16 && insn->operand_size >= 4 && (known >> insn->rm & 1);
}

/* Along the edge on which ZF is set, the register that was compared holds the number itself. */
static void follow_branch(struct body *body, struct mc_machine *m, uint64_t target, uint64_t after, const struct mc_next *next)
{
    unsigned cc = m->insn->opcode & 15;
    mc_value before;
    for (unsigned edge = 0; edge < 2; edge++) {
        bool equal = m->insn->encoding == MC_LEGACY && (cc & 14) == 4 && (cc & 1) == edge;
        bool is_jcc = m->insn->map == MC_MAP_PRIMARY ? (m->insn->opcode & 0xF0) == 0x70 : (m->insn->opcode & 0xF0) == 0x80;
        int reg = equal && is_jcc ? mc_assume_equal(m, &before) : -1;
        struct mc_assumed assumed = {.reg = -1};
        if (reg < 0 && is_jcc && m->insn->encoding == MC_LEGACY)
            mc_assume_stored(m, cc, !edge, &assumed);
        struct mc_known known = m->state->known;
        if (is_jcc && m->insn->encoding == MC_LEGACY && (cc & 14) == 4)
            mc_known_learn(m, equal);
        mc_propagate(body, m, edge ? after : target, edge ? next->fall_facts : next->jump_facts);
        mc_assume_undo(m, &assumed);
        if (reg >= 0)
            m->state->registers[reg] = before;
        m->state->known = known;
    }
}

/* Executes one instruction and follows control. False when the straight run ends here. */
static bool step(struct body *body, struct mc_machine *m, const struct mc_insn *insn)
{
    struct mc_next next;
    uint64_t after = m->address + insn->length, target = after + (uint64_t)insn->displacement;
    const struct mc_jump_label *label = mc_image_label_at(m->prover->image, m->address);
    if (label) {
        mc_facts on = mc_kernel_key(m->prover, label);
        mc_propagate(body, m, label->target, label->inverted ? MC_FACTS_NONE : on);
        mc_propagate(body, m, after, label->inverted ? on : MC_FACTS_NONE);
        return false;
    }
    bool syscall_exits = insn->flow == MC_FLOW_SYSCALL && is_exit_call(m);
    if (insn->flow == MC_FLOW_CALL) {
        if (target == after) {
            mc_push_value(m, mc_value_symbol(m->values, MC_BASE_MODULE, (int64_t)after));
            return true;
        }
        return execute_call(body, m, target);
    }
    struct mc_known known = m->state->known;
    mc_execute(m, &next);
    mc_known_move(m, &known);
    switch (insn->flow) {
    case MC_FLOW_JCC:
        follow_branch(body, m, target, after, &next);
        return false;
    case MC_FLOW_JMP:
        mc_propagate(body, m, target, MC_FACTS_NONE);
        return false;
    case MC_FLOW_CALL_IND:
        return execute_indirect_call(body, m, next.target);
    case MC_FLOW_JMP_IND:
        execute_indirect_jump(body, m, next.target);
        return false;
    case MC_FLOW_RET:
        execute_return(body, m);
        return false;
    case MC_FLOW_STOP:
        return false;
    case MC_FLOW_SYSCALL:
        return !syscall_exits;
    default:
        return true;
    }
}

#define TAIL 6       /* instructions */

/* A row of a jump table was just loaded, and the jump is in the next, short block, to which another way leads, too: with another
 * target, most likely, which must not be mixed with the rows. */
static bool runs_on_to_jump(const struct mc_machine *m, uint64_t address)
{
    const struct mc_table_load *table = &m->run->table;
    struct mc_insn insn = {.flow = MC_FLOW_NEXT};
    if (!table->site || table->site >= address || address - table->site > MC_ROW_REACH)
        return false;
    for (unsigned i = 0; i < TAIL && insn.flow == MC_FLOW_NEXT; i++, address += insn.length)
        if (!mc_decode_at(m->prover, address, &insn))
            return false;
    return insn.flow == MC_FLOW_JMP_IND && insn.has_modrm && insn.mod == 3;
}

static void execute_block(struct body *body, const struct block *block, struct mc_state *state)
{
    struct mc_run *run = body->run;
    struct mc_prover *prover = run->prover;
    struct mc_machine m = {.run = run, .prover = prover, .values = prover->values, .state = state};
    struct mc_insn insn;
    run->table.site = run->rows.site = 0;
    run->row.place = 0;
    for (uint64_t address = block->start;; address += insn.length) {
        m.address = address;
        m.insn = &insn;
        bool leader = address != block->start && mc_in_body(body, address) && mc_bit_at(body->leader, address - body->range.start);
        if (!mc_in_body(body, address) || (leader && !runs_on_to_jump(&m, address))) {
            mc_propagate(body, &m, address, MC_FACTS_NONE);
            return;
        }
        if (!mc_decode_at(prover, address, &insn)) {
            mc_note_gap(run, address, "undecoded");
            return;
        }
        prover->steps++;
        if (mc_exhausted(prover)) {
            mc_note_gap(run, address, "budget");
            return;
        }
        if (run->recording && body->use_count && is_use(prover, address))
            mc_record(run, (struct mc_event){.kind = MC_EVENT_POINT, .site = address, .target = address, .facts = state->facts,
                                             .value = aliased_source(&m), .escape = is_nonzero(state, &insn)});
        if (!step(body, &m, &insn))
            return;
    }
}

static void solve_body(struct body *body)
{
    struct mc_state state = {0};
    struct block *block;
    while ((block = mc_next_block(body, body->next)) && !mc_exhausted(body->run->prover)) {
        body->next++;
        if (!block->dirty)
            continue;
        block->dirty = false;
        mc_state_copy(&state, &block->in);
        execute_block(body, block, &state);
    }
    mc_state_clear(&state);
}

static void record_body(struct body *body)
{
    struct mc_state state = {0};
    struct block *block;
    for (size_t i = 0; (block = mc_next_block(body, i)); i++) {
        if (!block->in.reached)
            continue;
        mc_state_copy(&state, &block->in);
        execute_block(body, block, &state);
    }
    mc_state_clear(&state);
}

/* Runs the body from `entry` with state `in`; body->out is left joined over its returns. */
void mc_run_body(struct body *body, uint64_t entry, const struct mc_state *in)
{
    struct mc_run *run = body->run;
    bool recording = run->recording;
    uint64_t size = body->range.end - body->range.start;
    body->leader = mc_realloc(NULL, size / 8 + 1, 1);
    body->seen = mc_realloc(NULL, size / 8 + 1, 1);
    bool small_loop = run->small_loop;
    unsigned rows_in_loop = run->rows_in_loop;
    size_t lost = mc_values_lost_mark(run->prover->values);
    run->recording = false;
    run->rows_in_loop = 0;
    run->small_loop = size <= MC_LARGEST_OF_ROUNDS && !run->parts;
    body->rounds = 1;
    for (int start = 0; start < MAX_RESTARTS; start++) {
        body->restart = false;
        mc_free_blocks(body);
        mc_state_clear(&body->out);
        mc_find_leaders(body, entry);
        mc_make_blocks(body, entry);
        struct block *first = mc_block_at(body, entry);
        if (!first)
            break;
        mc_state_copy(&first->in, in);
        first->in.reached = first->dirty = true;
        solve_body(body);
        if (!body->restart && !mc_try_rounds(body))
            break;
        mc_values_lost_reset(run->prover->values, lost);
    }
    run->small_loop = small_loop;
    run->rows_in_loop = rows_in_loop;
    if (body->restart)
        mc_note_gap(run, entry, "indirect-jump");
    run->recording = recording;
    if (recording) {
        mc_state_clear(&body->out);
        record_body(body);
    }
    mc_free_blocks(body);
    free(body->leader);
    free(body->seen);
    mc_vector_free(&body->found);
}

static bool run_apart(struct mc_run *outer, uint64_t entry, struct mc_state *state)
{
    struct body body = {.run = outer, .range = mc_function_extent(outer->prover, entry), .inside = true};
    body.use_count = outer->prover->uses->count;
    struct mc_table_load table = outer->table;
    mc_run_body(&body, entry, state);
    outer->table = table;
    bool returned = body.out.reached;
    if (returned)
        mc_state_copy(state, &body.out);
    mc_state_clear(&body.out);
    return returned;
}

bool mc_run_inline(struct mc_run *outer, uint64_t entry, struct mc_state *state)
{
    mc_value frame = outer->frame;
    unsigned parts = outer->parts;
    outer->frame = state->registers[MC_RSP];
    outer->parts = 0;
    outer->depth++;
    bool returned = run_apart(outer, entry, state);
    outer->depth--;
    outer->parts = parts;
    outer->frame = frame;
    return returned;
}
