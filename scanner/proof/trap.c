/* SPDX-License-Identifier: Apache-2.0 */
/* Detection by trap: a SIGILL handler after which the program goes on. */
#include "scanner/proof/machine.h"

#include <signal.h>
#include <string.h>

#define HANDLER_SIZE 4096 /* bytes of a function looked at for calls */

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
    struct mc_class c;
    if (range.end - entry > HANDLER_SIZE)
        range.end = entry + HANDLER_SIZE;
    for (uint64_t address = entry; address < range.end; address += c.length) {
        uint64_t available;
        const uint8_t *bytes = mc_image_rest(prover->image, address, &available);
        if (!bytes || !mc_decode_class(prover->image->mode, bytes, available, &c))
            return false;
        uint64_t target = address + c.length + (uint64_t)(int64_t)c.displacement;
        if ((c.flow != MC_FLOW_CALL && c.flow != MC_FLOW_JMP) || (target >= range.start && target < range.end))
            continue;
        uint64_t final = mc_final_target(prover, target);
        const char *name = mc_import_name(prover, final);
        for (size_t k = 0; name && names[k]; k++)
            if (!strcmp(name, names[k]))
                return true;
        if (!name && depth < 2 && mc_image_is_code(prover->image, final) &&
            reaches_import(prover, final, names, depth + 1))
            return true;
    }
    return false;
}

/* The handler lets the program go on: it jumps out, edits its context, or returns. One that ends the process or hands
 * the signal back to the default action changes nothing (crash reporters). */
static bool handler_resumes(struct mc_prover *prover, uint64_t handler)
{
    static const char *const jumps[] = {"longjmp", "siglongjmp", "_longjmp", "__longjmp_chk", NULL};
    static const char *const gives_up[] = {"signal", "sigaction", "raise", "kill",   "abort",
                                           "_exit",  "exit",      "_Exit", "tgkill", NULL};
    if (reaches_import(prover, handler, jumps, 0))
        return true;
    return !mc_never_returns(prover, handler) && !reaches_import(prover, handler, gives_up, 0);
}

bool mc_is_resuming_handler(struct mc_prover *prover, uint64_t entry)
{
    mc_incoming_of(prover, entry); /* evaluates whoever hands its address out */
    return mc_property_at(&prover->handlers, entry);
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
    mc_value number = mc_value_zero_extend(m->values, mc_call_argument(m, 0), 32), action = mc_call_argument(m, 1);
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
    if (mc_value_single(m->values, action, &base, &offset) && mc_module_address(prover, base, offset, &handler) &&
        mc_image_is_code(prover->image, handler) && handler_resumes(prover, handler)) {
        struct mc_atom atom = {.kind = MC_ATOM_HANDLER};
        *mc_property_of(&prover->handlers, &prover->arena, handler, NULL) = true;
        facts = mc_facts_or(prover->facts, facts, mc_facts_one(prover->facts, atom, m->address));
    }
    return facts;
}

bool mc_is_fork(struct mc_prover *prover, uint64_t final)
{
    const char *name = mc_import_name(prover, final);
    return name &&
           (!strcmp(name, "fork") || !strcmp(name, "vfork") || !strcmp(name, "__fork") || !strcmp(name, "_Fork"));
}

bool mc_is_wait(const char *name, unsigned *ret_status_argument)
{
    *ret_status_argument = !strcmp(name, "waitpid") || !strcmp(name, "wait4") || !strcmp(name, "__waitpid");
    return *ret_status_argument || !strcmp(name, "wait") || !strcmp(name, "wait3");
}

bool mc_has_use(const struct mc_prover *prover, struct mc_text_range range)
{
    size_t first = mc_first_use(prover, range.start);
    return first < prover->uses->count && prover->uses->items[first].address < range.end;
}

/* The facts say that this is the child. */
static bool in_child(struct mc_prover *prover, mc_facts facts)
{
    struct mc_fact_set set = mc_facts_get(prover->facts, facts);
    for (uint32_t i = 0; i < set.count; i++) {
        struct mc_atom atom = mc_atom_get(prover->facts, set.items[i].atom);
        if (atom.kind != MC_ATOM_TEST || atom.b != MC_EQ || atom.c)
            continue;
        struct mc_symbol_key key = mc_symbol_get(prover->values, atom.a);
        if (key.kind == MC_SYM_RETURN && !key.b && mc_is_fork(prover, key.a))
            return true;
    }
    return false;
}

bool mc_child_tries(struct mc_prover *prover, bool uses)
{
    for (const struct mc_evaluation *e = prover->evaluations; e; e = e->hh.next) {
        bool forks = false, waits = false, tries = false;
        for (size_t i = 0; i < e->event_count; i++) {
            const struct mc_event *event = &e->events[i];
            unsigned status;
            if (event->kind == MC_EVENT_CALL) {
                uint64_t final = mc_final_target(prover, event->target);
                const char *name = mc_import_name(prover, final);
                forks |= mc_is_fork(prover, final);
                waits |= name && mc_is_wait(name, &status);
                tries |= uses && !name && in_child(prover, event->facts) &&
                         mc_has_use(prover, mc_function_extent(prover, final));
            } else if (event->kind == MC_EVENT_POINT) {
                tries |= uses && in_child(prover, event->facts);
            }
        }
        if (forks && waits && (tries || !uses))
            return true;
    }
    return false;
}
