/* SPDX-License-Identifier: Apache-2.0 */
/* Detection by trap: a SIGILL handler after which the program goes on. */
#include "scanner/proof/machine.h"

#include <signal.h>
#include <string.h>

static bool is_installer(const char *name, bool *ret_by_structure)
{
    static const char *const plain[] = {"signal", "__sysv_signal", "bsd_signal", "sigset", "ssignal"};
    static const char *const structured[] = {"sigaction", "__sigaction", "rt_sigaction"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!strcmp(name, plain[i])) {
            *ret_by_structure = false;
            return true;
        }
    for (size_t i = 0; i < sizeof structured / sizeof *structured; i++)
        if (!strcmp(name, structured[i])) {
            *ret_by_structure = true;
            return true;
        }
    return false;
}

/* Does the code from the entry reach a call of one of the names? Direct calls only, a few levels deep. */
static bool reaches_import(struct mc_prover *prover, uint64_t entry, const char *const *names, unsigned depth)
{
    struct mc_text_range range = mc_function_extent(prover, entry);
    for (size_t i = 0; i < prover->references->count; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        if (reference->from < range.start || reference->from >= range.end ||
            (reference->kind != MC_REF_CALL && reference->kind != MC_REF_JUMP))
            continue;
        uint64_t final = mc_final_target(prover, reference->to);
        const char *name = mc_import_name(prover, final);
        for (size_t k = 0; name && names[k]; k++)
            if (!strcmp(name, names[k]))
                return true;
        if (!name && depth < 2 && final != entry && reaches_import(prover, final, names, depth + 1))
            return true;
    }
    return false;
}

/* The handler lets the program go on: it jumps out, edits its context, or returns. One that ends the process or hands the
 * signal back to the default action changes nothing (crash reporters). */
static bool handler_resumes(struct mc_prover *prover, uint64_t handler)
{
    static const char *const jumps[] = {"longjmp", "siglongjmp", "_longjmp", "__longjmp_chk", NULL};
    static const char *const gives_up[] = {"signal", "sigaction", "raise", "kill", "abort", "_exit", "exit", "_Exit", "tgkill", NULL};
    if (reaches_import(prover, handler, jumps, 0))
        return true;
    return !mc_never_returns(prover, handler) && !reaches_import(prover, handler, gives_up, 0);
}

static mc_value argument(struct mc_machine *m, unsigned index)
{
    static const uint8_t registers[3] = {MC_RDI, MC_RSI, MC_RDX};
    if (m->prover->pointer_size == 8)
        return m->state->registers[registers[index]];
    uint32_t base;
    int64_t offset;
    bool found;
    if (!mc_value_single(m->values, m->state->registers[MC_RSP], &base, &offset))
        return MC_TOP;
    return mc_state_load(m->values, m->state, base, offset + 4 * (int64_t)index, 4, &found);
}

mc_facts mc_handler_installed(struct mc_machine *m, uint64_t final)
{
    struct mc_prover *prover = m->prover;
    mc_facts facts = m->state->facts;
    const char *name = mc_import_name(prover, final);
    bool by_structure, found;
    uint64_t signal_number, handler;
    uint32_t base;
    int64_t offset;
    if (!name || !is_installer(name, &by_structure))
        return facts;
    mc_value number = mc_value_zero_extend(m->values, argument(m, 0), 32), action = argument(m, 1);
    if (!mc_value_is_constant(m->values, number, &signal_number) || signal_number != SIGILL)
        return facts;
    if (by_structure) {
        if (!mc_value_single(m->values, action, &base, &offset))
            return mc_facts_without_kind(prover->facts, facts, MC_ATOM_HANDLER);
        if (!base && !offset) /* only asks for the present action */
            return facts;
        action = mc_state_load(m->values, m->state, base, offset, prover->pointer_size, &found);
    }
    facts = mc_facts_without_kind(prover->facts, facts, MC_ATOM_HANDLER);
    if (mc_value_single(m->values, action, &base, &offset) && base == MC_BASE_MODULE &&
        mc_module_address(prover, base, offset, &handler) && mc_image_is_code(prover->image, handler) &&
        handler_resumes(prover, handler)) {
        struct mc_atom atom = {.kind = MC_ATOM_HANDLER};
        facts = mc_facts_or(prover->facts, facts, mc_facts_one(prover->facts, atom, m->address));
    }
    return facts;
}
