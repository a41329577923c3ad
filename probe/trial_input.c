/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/trial_input.h"

#include <string.h>

static const uint8_t boundaries8[] = {0x00, 0x01, 0x7F, 0x80, 0xFF, 0xFE, 0x81, 0x40, 0x3F, 0xC0, 0x10, 0x0F, 0x8F};
static const uint16_t boundaries16[] = {0,      1,      0x7FFF, 0x8000, 0xFFFF, 0x8001, 0x00FF,
                                        0x0100, 0xFF00, 0x4000, 0x7FFE, 0xFF80, 0x007F};
static const uint32_t boundaries32[] = {0,      1,       0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x80000001,
                                        0xFFFF, 0x10000, 0x7FFF,     0x8000,     0xFFFF8000};
static const uint64_t boundaries64[] = {
    0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX, 0xFFFFFFFF, UINT64_C(1) << 32, 0x80000000, 7};
static const uint32_t floats[] = {/* integers and fractions of few bits: sums and products of two or four are exact */
                                  0x3F800000, 0xBF800000, 0x40000000, 0xC0400000, 0x3F000000,
                                  0x3E800000, 0xC1200000, 0x42C80000, 0x00000000, 0x80000000,
                                  0x41500000, 0xBE000000, 0x40E00000, 0x3FC00000, 0xC0200000};
static const uint64_t doubles[] = {0x3FF0000000000000, 0xBFF0000000000000, 0x4000000000000000,
                                   0xC008000000000000, 0x3FE0000000000000, 0x3FD0000000000000,
                                   0xC024000000000000, 0x4059000000000000, 0,
                                   0x8000000000000000, 0x402A000000000000, 0xBFC0000000000000,
                                   0x40B0000000000000};
static const uint32_t special_floats[] =
    {/* halves, both sides of them, integers' end, denormals, infinities, quiet NaN */
     0x3F000000, 0xBF000000, 0x3FC00000, 0x40200000, 0xC0200000, 0x3EFFFFFF, 0x3F000001, 0xBEFFFFFF,
     0x4B7FFFFF, 0xCB000001, 0x4AFFFFFF, 0x7F7FFFFF, 0xFF7FFFFF, 0x00000001, 0x80000001, 0x00000000,
     0x80000000, 0x7F800000, 0xFF800000, 0x7FC00001, 0x4F000000, 0xCF000000, 0x3F7FFFFF};
static const uint64_t special_doubles[] = {0x3FE0000000000000, 0xBFE0000000000000,
                                           0x3FF8000000000000, 0x4004000000000000,
                                           0xC004000000000000, 0x3FDFFFFFFFFFFFFF,
                                           0x3FE0000000000001, 0x433FFFFFFFFFFFFF,
                                           0xC320000000000001, 0x431FFFFFFFFFFFFF,
                                           0x7FEFFFFFFFFFFFFF, 0x0000000000000001,
                                           0x8000000000000001, 0,
                                           0x8000000000000000, 0x7FF0000000000000,
                                           0xFFF0000000000000, 0x7FF8000000000001,
                                           0x41E0000000000000};
static const uint16_t halves[] = {0x3C00, 0xBC00, 0x4000, 0x4200, 0xC400, 0x3800,
                                  0x3400, 0x4500, 0x0000, 0x8000, 0x4880, 0x3E00};
static const uint16_t brains[] = {0x3F80, 0xBF80, 0x4000, 0x4040, 0xC080, 0x3F00,
                                  0x3E80, 0x40A0, 0x0000, 0x8000, 0x4110, 0x3FC0};

struct pattern { /* a list of values of `size` bytes, repeated over a span from a varying start */
    const void *values;
    unsigned count, size;
};
#define PATTERN(list)                                  \
    {                                                  \
        list, sizeof list / sizeof *list, sizeof *list \
    }

static uint64_t next_random(uint64_t *seed) /* xorshift64 (Marsaglia 2003) */
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void fill_random(uint8_t *bytes, size_t size, uint64_t *seed)
{
    for (size_t i = 0; i + 8 <= size; i += 8) {
        uint64_t word = next_random(seed);
        memcpy(bytes + i, &word, 8);
    }
}

/* A step that is coprime to every list's length pairs each value with many others over runs and registers. */
static void fill_pattern(uint8_t *bytes, size_t size, const struct pattern *pattern, unsigned start)
{
    for (size_t i = 0; i < size / pattern->size; i++) {
        size_t pick = (start + i * (1 + start % 2 * 3)) % pattern->count;
        memcpy(bytes + i * pattern->size, (const uint8_t *)pattern->values + pick * pattern->size, pattern->size);
    }
}

static const struct pattern *pattern_for(enum mc_inputs kind, unsigned run)
{
    static const struct pattern integers[] = {PATTERN(boundaries8), PATTERN(boundaries16), PATTERN(boundaries32),
                                              PATTERN(boundaries64)};
    static const struct pattern others[] = {
        [MC_IN_F32] = PATTERN(floats),           [MC_IN_F64] = PATTERN(doubles), [MC_IN_F32S] = PATTERN(special_floats),
        [MC_IN_F64S] = PATTERN(special_doubles), [MC_IN_F16] = PATTERN(halves),  [MC_IN_BF16] = PATTERN(brains)};
    if (kind != MC_IN_INT)
        return &others[kind];
    return run >= 2 && run < 6 ? &integers[run - 2] : NULL;
}

static void fill_span(enum mc_inputs kind, unsigned run, unsigned which, uint8_t *bytes, size_t size, uint64_t *seed)
{
    const struct pattern *pattern = pattern_for(kind, run);
    uint64_t equal = UINT64_C(0x9E3779B97F4A7C15) + run;
    if (pattern)
        fill_pattern(bytes, size, pattern, which * 5 + run * 3);
    else if (run < 2)
        memset(bytes, (which + run) & 1 ? 0xFF : 0x00, size);
    else
        fill_random(bytes, size, run == 6 ? &equal : seed); /* run 6: every register equal */
}

/* Intel SDM vol. 1, table 18-1: palette 1; colsb[1..3] = 16 bytes, rows[1..3] = 4. */
static void fill_tiles(enum mc_inputs element, unsigned run, struct mc_state *ret, uint64_t *seed)
{
    fill_span(element == MC_IN_INT ? MC_IN_INT : MC_IN_F32, run, 1, ret->m, 64, seed);
    fill_span(element, run, 2, ret->m + 64, 64, seed);
    fill_span(element, run, 3, ret->m + 128, 64, seed);
    memset(ret->n, 0, 64);
    ret->n[0] = 1;
    for (unsigned i = 1; i <= 3; i++) {
        ret->n[16 + 2 * i] = 16;
        ret->n[48 + i] = 4;
    }
}

static void fill(enum mc_inputs kind, unsigned run, uintptr_t m, uintptr_t n, uintptr_t scratch, struct mc_state *ret)
{
    uint64_t seed = UINT64_C(0xD1B54A32D192ED03) * (run + 1);
    enum mc_inputs tile = kind;
    memset(ret, 0, sizeof *ret);
    if (kind >= MC_IN_TILE)
        kind = kind == MC_IN_TILE ? MC_IN_INT : kind == MC_IN_TILE_BF16 ? MC_IN_BF16 : MC_IN_F16;
    for (unsigned i = 0; i < 8; i++)
        fill_span(kind == MC_IN_BF16 && i == 1 ? MC_IN_F32 : kind, run, i, ret->vec[i], sizeof ret->vec[i],
                  &seed); /* an accumulator is float */
    fill_span(kind, run, 2 + run % 2, ret->m, sizeof ret->m, &seed);
    fill_span(kind, run, 3, ret->n, sizeof ret->n, &seed);
    for (unsigned i = 0; i < 8; i++)
        fill_span(kind, run, i + 1, (uint8_t *)&ret->mm[i], 8, &seed);
    for (unsigned i = 0; i < 16; i++)
        fill_span(MC_IN_INT, run == 6 ? 6 : (run + i) % MC_INPUT_RUNS, i, (uint8_t *)&ret->gpr[i], 8, &seed);
    for (unsigned i = 0; i < 8; i++)
        ret->k[i] = run == 0 ? (i & 1 ? UINT64_MAX : 0) : next_random(&seed);
    if (tile != kind)
        fill_tiles(kind, run, ret, &seed);
    ret->gpr[MC_RSI] = m;
    ret->gpr[MC_RDI] = n;
    ret->gpr[MC_RBP] = scratch;
    ret->flags = run & 1 ? MC_FLAGS_ALL | 2 : 2;
    ret->mxcsr = 0x1F80;
    if (kind == MC_IN_F32S || kind == MC_IN_F64S)
        ret->mxcsr |= (run & 3) << 13;
    if (sizeof(void *) == 4)
        for (unsigned i = 0; i < 16; i++)
            ret->gpr[i] = i < 8 ? (uint32_t)ret->gpr[i] : 0;
}

/* Filling costs more than the trial itself, and most rows share a kind: each filling is kept. */
const struct mc_state *mc_input(enum mc_inputs kind, unsigned run, uintptr_t m, uintptr_t n, uintptr_t scratch)
{
    static struct mc_state kept[MC_IN_KINDS][MC_INPUT_RUNS];
    static bool filled[MC_IN_KINDS][MC_INPUT_RUNS];
    struct mc_state *state = &kept[kind][run];
    if (!filled[kind][run] || state->gpr[MC_RSI] != m || state->gpr[MC_RDI] != n)
        fill(kind, run, m, n, scratch, state);
    filled[kind][run] = true;
    return state;
}
