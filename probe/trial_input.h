/* SPDX-License-Identifier: Apache-2.0 */
/* What the registers hold before a run, and what they must hold after it. No hardware here: pure functions. */
#ifndef MC_PROBE_TRIAL_INPUT_H
#define MC_PROBE_TRIAL_INPUT_H

#include "probe/trial_table.h"

/* The state before run 0 .. MC_INPUT_RUNS-1: always the same bytes. The addresses become rsi, rdi and rbp. Valid until
 * the next call with other addresses; not for several threads at once. */
const struct mc_state *mc_input(enum mc_inputs kind, unsigned run, uintptr_t m, uintptr_t n, uintptr_t scratch);

/* The expected state by the row's model (or its alias model), from the state before and, for STATE models, the one
 * after. */
void mc_expect(const struct mc_trial *row, bool alias, unsigned immediate, unsigned run, const struct mc_state *in,
               const struct mc_state *got, struct mc_state *ret);

/* True when the states agree in everything the row's register state covers; else `ret_where` (size bytes) says where
 * the first difference is: "xmm1 byte 3: 0x80, expected 0x7f". */
bool mc_states_agree(const struct mc_trial *row, const struct mc_state *got, const struct mc_state *expect,
                     char *ret_where, size_t size);

#endif
