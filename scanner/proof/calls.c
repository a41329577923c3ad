/* SPDX-License-Identifier: Apache-2.0 */
/* What a call does to the state of its caller, and what is kept of it for others. */
#include "scanner/proof/body.h"
#include "scanner/proof/effects.h"

#define LARGEST_PASSED 256 /* bytes */

/* A pointer to a local structure is passed: what the CPU said and stands in it is stored to fields, as far as the callee knows that
 * looks at bits of them. */
static void record_structure(struct mc_machine *m, mc_value pointer, uint64_t callee)
{
    uint32_t base;
    int64_t offset;
    if (!mc_value_single(m->values, pointer, &base, &offset))
        return;
    uint32_t kind = mc_symbol_get(m->values, base).kind;
    if (kind != MC_SYM_STACK && kind != MC_SYM_ALIGNED)
        return;
    struct mc_symbol_key key = {.kind = MC_SYM_OBJECT, .width = m->prover->pointer_size * 8, .a = m->address + 1};
    const struct mc_state *state = m->state;
    int64_t size = (int64_t)mc_state_variable_size(state, base, offset, LARGEST_PASSED);
    for (uint32_t i = 0; i < state->cell_count; i++) {
        const struct mc_memory_cell *cell = &state->cells[i];
        if (cell->base != base || cell->offset < offset || cell->offset - offset >= size)
            continue;
        if (mc_value_tells(m->prover, cell->value) && mc_reads_bits(m->prover, callee, cell->offset - offset))
            mc_record(m->run, (struct mc_event){.kind = MC_EVENT_STORE, .site = m->address, .base = mc_symbol_id(m->values, key),
                                                .offset = cell->offset - offset, .size = cell->size, .value = cell->value,
                                                .facts = state->facts});
    }
}

void mc_record_call(struct mc_machine *m, uint64_t target, mc_facts facts, enum mc_escape how)
{
    struct mc_run *run = m->run;
    if (!run->recording)
        return;
    mc_record(run, (struct mc_event){.kind = MC_EVENT_REFERENCE, .escape = (uint8_t)how, .site = m->address,
                                     .target = target, .facts = facts});
    struct mc_event event = {.kind = MC_EVENT_CALL, .site = m->address, .target = target, .facts = facts,
                             .arguments = (uint32_t)run->arguments.count};
    for (int i = 0; i < 16; i++)
        mc_push(&run->arguments, m->state->registers[i]);
    uint32_t base;
    int64_t offset;
    bool stack = mc_value_single(m->values, m->state->registers[MC_RSP], &base, &offset);
    int64_t skip = how == MC_ESCAPE_JUMP ? m->prover->pointer_size : 0; /* at a tail jump the return address is on top */
    for (int i = 0; i < MC_CALL_STACK_SLOTS; i++) {
        bool found = false;
        mc_value slot = stack ? mc_state_load(m->values, m->state, base, offset + skip + i * (int64_t)m->prover->pointer_size,
                                              m->prover->pointer_size, &found)
                              : MC_TOP;
        mc_push(&run->arguments, found ? slot : MC_TOP);
    }
    mc_record(run, event);
    if (!mc_image_is_code(m->prover->image, target))
        return;
    uint64_t callee = mc_final_target(m->prover, target);
    uint32_t slots = mc_argument_slots(m->prover, callee);
    for (unsigned i = 0; i < MC_CALL_ARGUMENTS; i++)
        if (slots >> i & 1 && i != MC_RSP)
            record_structure(m, run->arguments.items[event.arguments + i], callee);
}

static void note_stack_place(struct mc_run *run, uint32_t base, int64_t offset)
{
    for (size_t i = 0; i < run->escaped_stack.count; i++)
        if (run->escaped_stack.items[i].base == base && run->escaped_stack.items[i].offset == offset) {
            run->escaped_stack.items[i].let_go = false;
            return;
        }
    struct mc_stack_place place = {base, offset, false};
    if (run->escaped_stack.count < 64)
        mc_push(&run->escaped_stack, place);
}

void mc_escape(struct mc_machine *m, mc_value value, enum mc_escape how)
{
    if (value == MC_TOP)
        return;
    struct mc_value_data data;
    mc_value_get(m->values, value, &data);
    if (data.kind == MC_VALUE_PAIR) {
        mc_escape(m, (mc_value)data.known, how);
        mc_escape(m, (mc_value)data.constant, how);
    }
    if (data.kind != MC_VALUE_CASES)
        return;
    for (uint32_t i = 0; i < data.count; i++) {
        const struct mc_case *one = &data.cases[i];
        struct mc_symbol_key key = mc_symbol_get(m->values, one->base);
        uint64_t target;
        if ((key.kind == MC_SYM_STACK || key.kind == MC_SYM_ALIGNED) && how != MC_ESCAPE_USED && how != MC_ESCAPE_RETURNED)
            note_stack_place(m->run, one->base, one->offset);
        if (!m->run->recording || !mc_module_address(m->prover, one->base, one->offset, &target))
            continue;
        if (mc_image_segment(m->prover->image, target))
            mc_record(m->run, (struct mc_event){.kind = MC_EVENT_REFERENCE, .escape = (uint8_t)how, .site = m->address,
                                                .target = target,
                                                .facts = mc_facts_or(m->prover->facts, m->state->facts, one->facts)});
    }
}

unsigned mc_stack_arguments(struct mc_prover *prover, uint64_t final)
{
    const char *name = final ? mc_import_name(prover, final) : NULL;
    int arity = name ? mc_import_arity(name) : -1;
    bool own = final && !name && prover->pointer_size == 8 && mc_image_is_code(prover->image, final);
    if (own && !(mc_argument_slots(prover, final) >> 16))
        return 0; /* it does not even read all of the convention's registers */
    if (arity < 0)
        return MC_PASSED_STACK_SLOTS;
    return prover->pointer_size == 4 ? (unsigned)arity : 0; /* in registers, as long as there are no more than 6 */
}

void mc_escape_arguments(struct mc_machine *m, uint32_t registers, unsigned stack)
{
    for (unsigned i = 0; i < 16; i++)
        if (registers >> i & 1 && i != MC_RSP)
            mc_escape(m, m->state->registers[i], m->state->compared >> i & 1 ? MC_ESCAPE_LEFT : MC_ESCAPE_PASSED);
    uint32_t base;
    int64_t offset;
    if (!mc_value_single(m->values, m->state->registers[MC_RSP], &base, &offset))
        return;
    for (unsigned i = 0; i < stack; i++) {
        bool found;
        mc_value slot = mc_state_load(m->values, m->state, base, offset + (int64_t)i * m->prover->pointer_size,
                                      m->prover->pointer_size, &found);
        if (found)
            mc_escape(m, slot, MC_ESCAPE_PASSED);
    }
}

bool mc_is_same_address(const struct mc_machine *m, mc_value one, mc_value other)
{
    struct mc_value_data first, second;
    mc_value_get(m->values, one, &first);
    mc_value_get(m->values, other, &second);
    if (first.kind != MC_VALUE_CASES || second.kind != MC_VALUE_CASES)
        return false;
    for (uint32_t i = 0; i < second.count; i++) {
        bool same = false;
        for (uint32_t k = 0; k < first.count && !same; k++)
            same = first.cases[k].base == second.cases[i].base && first.cases[k].offset == second.cases[i].offset;
        if (!same)
            return false;
    }
    return true;
}

#define LARGEST_TABLE 4096

bool mc_is_row_of(const struct mc_machine *m, mc_value row, mc_value table)
{
    uint32_t bases[2];
    int64_t offsets[2];
    uint64_t places[2];
    for (int i = 0; i < 2; i++)
        if (!mc_value_single(m->values, i ? table : row, &bases[i], &offsets[i]) ||
            !mc_module_address(m->prover, bases[i], offsets[i], &places[i]) || mc_image_is_code(m->prover->image, places[i]))
            return false;
    return places[0] > places[1] && places[0] - places[1] < LARGEST_TABLE;
}

/* The value without those of its addresses that the other may be, too. */
static mc_value without_addresses(const struct mc_machine *m, mc_value value, mc_value other)
{
    struct mc_value_data data;
    uint32_t kept = 0;
    mc_value_get(m->values, value, &data);
    if (data.kind != MC_VALUE_CASES)
        return value;
    for (uint32_t i = 0; i < data.count; i++) {
        mc_value one = mc_value_symbol(m->values, data.cases[i].base, data.cases[i].offset);
        if (data.cases[i].base != MC_BASE_MODULE || !mc_is_same_address(m, other, one))
            data.cases[kept++] = data.cases[i];
    }
    if (!kept && data.count)
        return MC_TOP;
    return kept == data.count ? value : mc_value_cases(m->values, data.cases, kept, data.other, data.width);
}

void mc_pass_arguments(struct mc_machine *m, uint32_t registers, mc_value callee)
{
    uint32_t base;
    int64_t offset, size = m->prover->pointer_size;
    bool stack = mc_value_single(m->values, m->state->registers[MC_RSP], &base, &offset) && base > MC_BASE_MODULE, found;
    for (unsigned i = 0; i < 16; i++)
        if (registers >> i & 1)
            m->state->registers[i] = without_addresses(m, m->state->registers[i], callee);
    for (int i = 0; stack && i < MC_PASSED_STACK_SLOTS; i++) {
        mc_value slot = mc_state_load(m->values, m->state, base, offset + i * size, (unsigned)size, &found);
        mc_value rest = found ? without_addresses(m, slot, callee) : slot;
        if (rest != slot)
            mc_state_store(m->values, m->state, base, offset + i * size, (unsigned)size, rest);
    }
    mc_escape_arguments(m, registers, MC_PASSED_STACK_SLOTS);
}

#define FORGOTTEN 128 /* bytes behind a pointer to the stack that was handed out */

/* Somebody who has the pointer may have written there. */
static void forget_behind(struct mc_machine *m, const struct mc_stack_place *place)
{
    struct mc_state *state = m->state;
    uint32_t kept = 0;
    uint64_t size = mc_state_variable_size(state, place->base, place->offset, FORGOTTEN);
    if (!place->let_go) {
        mc_state_forget(state, place->base, place->offset, size);
        return;
    }
    for (uint32_t i = 0; i < state->cell_count; i++) {
        const struct mc_memory_cell *cell = &state->cells[i];
        uint32_t base;
        int64_t offset;
        bool behind = cell->base == place->base && cell->offset + cell->size > place->offset &&
                      cell->offset < place->offset + (int64_t)size;
        bool output = mc_value_single(m->values, cell->value, &base, &offset) && mc_symbol_get(m->values, base).kind == MC_SYM_OUTPUT;
        if (!behind || output)
            state->cells[kept++] = *cell;
    }
    state->cell_count = kept;
}

void mc_forget_after_call(struct mc_machine *m, uint64_t final)
{
    struct mc_state *state = m->state;
    struct mc_values *v = m->values;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < state->cell_count; i++) {
        uint32_t kind = mc_symbol_get(v, state->cells[i].base).kind;
        if (kind == MC_SYM_STACK || kind == MC_SYM_ALIGNED || mc_stored_since(m, &state->cells[i], &state->cells[i].value))
            state->cells[kept++] = state->cells[i];
    }
    state->cell_count = kept;
    if (m->run->escaped_stack.count)
        state->fresh = false;
    for (size_t i = 0; i < m->run->escaped_stack.count; i++)
        forget_behind(m, &m->run->escaped_stack.items[i]);
    bool wide = m->prover->pointer_size == 8;
    static const uint8_t clobbered_by_go[] = {MC_RBX, 12, 13, 15}; /* its own convention keeps only the stack and R14 */
    uint32_t clobbered = wide ? mc_clobbered_registers(m->prover, final) : MC_BIT(MC_RCX) | MC_BIT(MC_RDX);
    for (unsigned i = 0; i < 16; i++)
        if (clobbered >> i & 1)
            state->registers[i] = MC_TOP;
    if (wide && mc_is_go(m->prover, m->run->entry))
        for (size_t i = 0; i < sizeof clobbered_by_go; i++)
            state->registers[clobbered_by_go[i]] = MC_TOP;
    for (int i = 0; i < 2; i++) {
        int reg = i ? mc_second_result(m->prover, final) : MC_RAX;
        struct mc_symbol_key key = {.kind = MC_SYM_RETURN, .width = m->prover->pointer_size * 8, .a = final, .b = reg};
        if (!final || !mc_result_matters(m->prover, final)) /* unknown, but one and the same: structures are followed from it */
            key = (struct mc_symbol_key){.kind = MC_SYM_OBJECT, .width = m->prover->pointer_size * 8, .a = m->address};
        if (final && mc_is_environment(m->prover, final))
            key.kind = MC_SYM_ENVIRONMENT;
        state->registers[reg] = i && key.kind != MC_SYM_RETURN ? MC_TOP : mc_value_symbol(v, mc_symbol_id(v, key), 0);
    }
    mc_forget_flags(m);
}

/* The call goes through a variable of the file that starts with a function's address and that nothing here is seen to write:
 * by default that function is called (libwebp's VP8GetCPUInfo). */
bool mc_default_callee(const struct mc_machine *m, uint32_t base, int64_t offset, uint64_t *ret)
{
    const struct mc_image *image = m->prover->image;
    struct mc_symbol_key key = mc_symbol_get(m->values, base);
    const struct mc_reloc *reloc = key.kind == MC_SYM_CELL && !offset ? mc_image_reloc_at(image, key.a) : NULL;
    bool relocated = reloc && reloc->kind == MC_RELOC_ADDRESS;
    if (key.kind != MC_SYM_CELL || offset || (m->prover->position_independent && !relocated) ||
        !mc_image_read(image, key.a, m->prover->pointer_size, ret) || !mc_image_is_code(image, *ret))
        return false;
    size_t count, first = mc_references_to(m->prover->references, key.a, key.a + m->prover->pointer_size, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &m->prover->references->items[i];
        const struct mc_reloc *slot = reference->kind == MC_REF_DATA ? mc_image_reloc_at(image, reference->from) : NULL;
        bool loads = reference->kind == MC_REF_LOAD ||
                     (reference->kind == MC_REF_LEA && mc_only_loads_through(m->prover, reference->from));
        if (!loads && !(slot && slot->kind == MC_RELOC_SLOT))
            return false;
    }
    return true;
}
