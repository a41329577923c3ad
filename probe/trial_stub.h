/* SPDX-License-Identifier: Apache-2.0 */
/* Generated code around a trial instruction.
 *
 * One mapping holds a writable context and, after it, code that is made executable (and read-only) once all of it is
 * written. A run goes: entry of the register state (saves the stack pointer, loads registers from the context) ->
 * snippet (helper bytes, the instruction, helper bytes) -> exit of the state (stores the registers, cleans up,
 * returns). A fault handler leaves by the state's bail-out instead, which needs nothing but the context's address. */
#ifndef MC_PROBE_TRIAL_STUB_H
#define MC_PROBE_TRIAL_STUB_H

#include "probe/trial_table.h"

struct mc_trial_context {
    _Alignas(64) struct mc_state live;  /* loaded before, stored after */
    _Alignas(64) uint8_t scratch[1024]; /* what rbp points to: saved state, not compared */
    uint64_t saved_stack;               /* stack pointer inside the stub */
    uint64_t target;                    /* address of the snippet */
    uint32_t mxcsr_default;
};

struct mc_snippet { /* offsets into the code, bytes */
    uint32_t start, instruction;
};

struct mc_stub {
    struct mc_trial_context *context;
    uint8_t *code;
    size_t mapping_size, code_size;
    uint32_t entry[MC_TRIAL_STATES], bail[MC_TRIAL_STATES];
    uint32_t *first; /* [rows]: index of each row's first snippet; then one snippet per immediate, then a bare one */
    struct mc_snippet *snippets; /* a bare snippet is the instruction without helper bytes, through the GPR exit */
};

/* Emits the code of all rows. False and *ret_error when memory or an executable mapping is refused. */
bool mc_stub_make(struct mc_stub *stub, const struct mc_trial *const *rows, size_t count, struct mc_error *ret_error);
void mc_stub_free(struct mc_stub *stub);

#endif
