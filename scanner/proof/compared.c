/* SPDX-License-Identifier: Apache-2.0 */
/* What a comparison with a number tells of the registers that were compared, on the one way and the other. */
#include "scanner/proof/machine.h"

/* A plain symbol stays what it is: it says more than the number, once the ways meet again. */
static bool gains_by_number(const struct mc_machine *m, mc_value value)
{
    struct mc_value_data data;
    mc_value_get(m->values, value, &data);
    bool several = data.kind == MC_VALUE_CASES && data.count > 1;
    for (uint32_t i = 0; several && i < data.count; i++)
        several = !data.cases[i].base;
    return several || data.kind == MC_VALUE_BITS || data.kind == MC_VALUE_TOP;
}

uint32_t mc_found_zero(const struct mc_machine *m)
{
    uint32_t found = mc_found_nonzero(m);
    unsigned reg = m->state->flags.place - 1u;
    if (!found || m->state->flags.width < 32)
        return 0;
    mc_value compared = mc_value_zero_extend(m->values, m->state->registers[reg], m->state->flags.width);
    if (compared == MC_TOP || mc_value_tells(m->prover, compared))
        return 0;
    for (unsigned i = 0; i < 16; i++)
        found |= (uint32_t)(m->state->registers[i] == compared) << i;
    return found;
}

uint32_t mc_found_zero_byte(const struct mc_machine *m)
{
    return m->state->flags.width == 8 ? mc_found_nonzero(m) : 0;
}

uint32_t mc_found_nonzero(const struct mc_machine *m)
{
    const struct mc_flags *flags = &m->state->flags;
    uint64_t number;
    bool of_zero = flags->kind == MC_FLAGS_LOGIC || flags->kind == MC_FLAGS_RESULT ||
                   (flags->kind == MC_FLAGS_COMPARE && mc_value_is_constant(m->values, flags->b, &number) && !number);
    return of_zero && flags->place ? 1u << (flags->place - 1) : 0;
}

int mc_assume_equal(struct mc_machine *m, mc_value *ret_before)
{
    struct mc_flags *flags = &m->state->flags;
    uint64_t number = 0;
    if (!flags->place || flags->width < 32 || flags->kind == MC_FLAGS_UNKNOWN || flags->kind == MC_FLAGS_BITS ||
        (flags->kind == MC_FLAGS_COMPARE && !mc_value_is_constant(m->values, flags->b, &number)))
        return -1;
    int reg = (int)flags->place - 1;
    *ret_before = m->state->registers[reg];
    if (!gains_by_number(m, *ret_before))
        return -1;
    if (flags->width < 64)
        number &= UINT32_MAX;
    m->state->registers[reg] = mc_value_constant(m->values, number);
    return reg;
}
