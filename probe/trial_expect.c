/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/trial_input.h"

#include <stdio.h>
#include <string.h>

static uint8_t *operand_of(struct mc_state *state, enum mc_operand operand)
{
    unsigned index = operand & 7;
    switch (operand & 0xF0) {
    case 0x10:
        return state->vec[index];
    case 0x20:
        return (uint8_t *)&state->mm[index];
    case 0x30:
        return (uint8_t *)&state->gpr[index];
    case 0x40:
        return (uint8_t *)&state->k[index];
    case 0x50:
        return operand == MC_M ? state->m : state->n;
    default:
        return NULL;
    }
}

static bool is_vector(enum mc_operand operand)
{
    return (operand & 0xF0) == 0x10;
}

/* EVEX.aaa and EVEX.z (Intel SDM vol. 2A, 2.7.1, table 2-36). */
static void find_mask(const struct mc_trial *row, const struct mc_state *in, struct mc_lanes *x)
{
    uint8_t bytes[32];
    x->mask = UINT64_MAX;
    if (row->state < MC_TRIAL_ZMM || mc_trial_hex(row->hex, bytes) < 6 || bytes[0] != 0x62 || !(bytes[3] & 7))
        return;
    x->mask = row->state == MC_TRIAL_ZMM ? (uint16_t)in->k[bytes[3] & 7] : in->k[bytes[3] & 7]; /* as loaded */
    x->zeroing = bytes[3] >> 7;
}

static void apply_mask(const struct mc_trial *row, const struct mc_lanes *x, uint8_t *result)
{
    if ((row->d & 0xF0) == 0x40) {
        uint64_t bits;
        memcpy(&bits, result, 8);
        bits &= x->mask;
        memcpy(result, &bits, 8);
        return;
    }
    for (unsigned e = 0; row->element && e < x->n / row->element; e++) {
        if (x->mask >> e & 1)
            continue;
        if (x->zeroing)
            memset(result + e * row->element, 0, row->element);
        else
            memcpy(result + e * row->element, x->old + e * row->element, row->element);
    }
}

static void expect_lanes(const struct mc_trial *row, unsigned immediate, const struct mc_state *in,
                         struct mc_state *ret)
{
    /* Models may read a little past a short operand: zeros there */
    uint8_t result[64] = {0}, a[64] = {0}, b[64] = {0}, c[64] = {0}, old[64] = {0};
    struct mc_state *source = (struct mc_state *)(uintptr_t)in;
    struct mc_lanes x = {.d = result,
                         .a = a,
                         .b = b,
                         .c = c,
                         .old = old,
                         .n = row->width,
                         .immediate = immediate,
                         .mxcsr = in->mxcsr,
                         .b_memory = row->b >= MC_M};
    const enum mc_operand operands[] = {row->a, row->b, row->c, row->d};
    uint8_t *copies[] = {a, b, c, old};
    for (unsigned i = 0; i < 4; i++) {
        bool word = operands[i] >= MC_Q0 && operands[i] < MC_M;
        if (operands[i] != MC_NO)
            memcpy(copies[i], operand_of(source, operands[i]), word ? 8 : 64);
    }
    bool clears = row->state >= MC_TRIAL_YMM && is_vector(row->d);
    if (!clears && !(row->d >= MC_G0 && row->d < MC_M))
        memcpy(result, old, sizeof result);
    find_mask(row, in, &x);
    row->model.lanes(&x);
    if (x.mask != UINT64_MAX)
        apply_mask(row, &x, result);
    memcpy(operand_of(ret, row->d), result, row->d >= MC_Q0 && row->d < MC_M ? 8 : 64);
}

static uint64_t scalar_operand(const struct mc_state *in, enum mc_operand operand, unsigned bits)
{
    uint64_t value = 0;
    if (operand != MC_NO)
        memcpy(&value, operand_of((struct mc_state *)(uintptr_t)in, operand), bits / 8);
    return value;
}

static void expect_scalar(const struct mc_trial *row, bool alias, unsigned immediate, const struct mc_state *in,
                          const struct mc_state *got, struct mc_state *ret)
{
    struct mc_scalar x = {.bits = row->width * 8u, .immediate = immediate, .flags = (uint32_t)in->flags & MC_FLAGS_ALL};
    x.a = scalar_operand(in, row->a, x.bits);
    x.b = scalar_operand(in, row->b, x.bits);
    x.c = scalar_operand(in, row->c, x.bits);
    if (alias)
        row->model.alias(&x);
    else
        row->model.scalar(&x);
    ret->flags = (ret->flags & ~(uint64_t)MC_FLAGS_ALL) | (x.flags & MC_FLAGS_ALL);
    ret->flags_defined = MC_FLAGS_ALL & ~x.undefined;
    if (x.keep && x.bits == 32) /* BSF and BSR of zero: some CPUs clear the upper half, others keep it */
        memcpy(operand_of(ret, row->d) + 4, operand_of((struct mc_state *)(uintptr_t)got, row->d) + 4, 4);
    if (row->d == MC_NO || x.keep)
        return;
    uint8_t *d = operand_of(ret, row->d);
    if (x.bits == 32 && row->d >= MC_G0 && row->d <= MC_G7)
        x.d &= UINT32_MAX; /* writing a 32-bit register clears the upper half */
    memcpy(d, &x.d, x.bits == 32 && row->d >= MC_G0 && row->d <= MC_G7 ? 8 : x.bits / 8);
}

void mc_expect(const struct mc_trial *row, bool alias, unsigned immediate, unsigned run, const struct mc_state *in,
               const struct mc_state *got, struct mc_state *ret)
{
    *ret = *in;
    ret->flags_defined = MC_FLAGS_ALL;
    if (row->model.lanes)
        expect_lanes(row, immediate, in, ret);
    else if (row->model.scalar)
        expect_scalar(row, alias, immediate, in, got, ret);
    else
        row->model.state(&(struct mc_trial_view){
            .trial = row, .immediate = immediate, .run = run, .in = in, .got = got, .expect = ret});
}

static bool differ(const char *name, unsigned index, const void *got, const void *expect, size_t size, char *ret_where,
                   size_t room)
{
    const uint8_t *g = got, *x = expect;
    if (memcmp(got, expect, size) == 0)
        return false;
    for (size_t i = 0; i < size; i++)
        if (g[i] != x[i]) {
            snprintf(ret_where, room, "%s%u byte %u: 0x%02x, expected 0x%02x", name, index, (unsigned)i, g[i], x[i]);
            return true;
        }
    return false;
}

bool mc_states_agree(const struct mc_trial *row, const struct mc_state *got, const struct mc_state *expect,
                     char *ret_where, size_t size)
{
    static const uint8_t vector_bytes[] = {0, 0, 16, 32, 64, 64}, mask_bytes[] = {0, 0, 0, 0, 2, 8};
    uint64_t flags = (got->flags ^ expect->flags) & expect->flags_defined;
    for (unsigned i = 0; i < 8; i++) {
        if (differ("vector register ", i, got->vec[i], expect->vec[i], vector_bytes[row->state], ret_where, size) ||
            differ("mm", i, &got->mm[i], &expect->mm[i], row->state >= MC_TRIAL_MMX ? 8 : 0, ret_where, size) ||
            differ("k", i, &got->k[i], &expect->k[i], mask_bytes[row->state], ret_where, size))
            return false;
    }
    for (unsigned i = 0; i < (sizeof(void *) == 8 ? 16 : 8); i++)
        if (differ("register ", i, &got->gpr[i], &expect->gpr[i], sizeof(void *), ret_where, size))
            return false;
    if (differ("memory ", 0, got->m, expect->m, sizeof got->m, ret_where, size) ||
        differ("memory ", 1, got->n, expect->n, sizeof got->n, ret_where, size))
        return false;
    if (flags) {
        snprintf(ret_where, size, "flags 0x%x, expected 0x%x of 0x%x", (unsigned)got->flags & MC_FLAGS_ALL,
                 (unsigned)expect->flags & MC_FLAGS_ALL, expect->flags_defined);
        return false;
    }
    return true;
}
