/* SPDX-License-Identifier: Apache-2.0 */
/* AVX-512 instructions with several destinations or sources in a row, and AMX. Intel SDM vol. 2C; vol. 1 chapter 18. */
#include "probe/model_state.h"

/* Two masks: which elements of a occur in b, and the reverse. */
void mc_state_vp2intersectd(struct mc_trial_view *view)
{
    uint64_t first = 0, second = 0;
    for (unsigned i = 0; i < 16; i++)
        for (unsigned k = 0; k < 16; k++)
            if (mc_get_u32(view->in->vec[2], i) == mc_get_u32(view->in->vec[3], k)) {
                first |= 1u << i;
                second |= 1u << k;
            }
    view->expect->k[2] = first;
    view->expect->k[3] = second;
}

/* Relative error below 2^-28: accepted within 2^-23, float's own. */
void mc_state_rcp28(struct mc_trial_view *view)
{
    for (unsigned i = 0; i < 16; i++) {
        double value = mc_get_f32(view->in->vec[2], i), error = value * mc_get_f32(view->got->vec[1], i) - 1;
        bool near = value == 0.0 || (error < 1.2e-7 && error > -1.2e-7);
        mc_put_u32(view->expect->vec[1], i,
                   near ? mc_get_u32(view->got->vec[1], i) : ~mc_get_u32(view->got->vec[1], i));
    }
}

/* A prefetch changes nothing; its mask may be used up. */
void mc_state_gather_prefetch(struct mc_trial_view *view)
{
    if ((uint16_t)view->got->k[1] == 0)
        view->expect->k[1] = 0;
}

void mc_state_v4fmaddps(struct mc_trial_view *view)
{
    for (unsigned i = 0; i < 16; i++) {
        double sum = mc_get_f32(view->in->vec[1], i);
        for (unsigned k = 0; k < 4; k++)
            sum += (double)mc_get_f32(view->in->vec[4 + k], i) * mc_get_f32(view->in->m, k);
        mc_put_f32(view->expect->vec[1], i, (float)sum);
    }
}

void mc_state_vp4dpwssd(struct mc_trial_view *view)
{
    for (unsigned i = 0; i < 16; i++) {
        int64_t sum = mc_get_s32(view->in->vec[1], i);
        for (unsigned k = 0; k < 4; k++)
            for (unsigned half = 0; half < 2; half++)
                sum += (int64_t)mc_get_s16(view->in->vec[4 + k], 2 * i + half) * mc_get_s16(view->in->m, 2 * k + half);
        mc_put_u32(view->expect->vec[1], i, (uint32_t)sum);
    }
}

/* AMX. The accumulator is row m, column n of dwords; row m of a and column n of b meet in dwords k. */
enum { TILE_ROWS = 4, TILE_B = 64, TILE_C = 128, TILE_RESULT = 64 };

static void expect_stride(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RCX] = 16;
}

#define TILE_INTEGERS(name, T)                                                                                       \
    void mc_state_##name(struct mc_trial_view *view)                                                                 \
    {                                                                                                                \
        for (unsigned m = 0; m < TILE_ROWS; m++)                                                                     \
            for (unsigned n = 0; n < TILE_ROWS; n++) {                                                               \
                int64_t sum = mc_get_s32(view->in->m, 4 * m + n);                                                    \
                for (unsigned k = 0; k < 16; k++)                                                                    \
                    sum +=                                                                                           \
                        (T)view->in->m[TILE_B + 16 * m + k] * (T)view->in->m[TILE_C + 16 * (k / 4) + 4 * n + k % 4]; \
                mc_put_u32(view->expect->n + TILE_RESULT, 4 * m + n, (uint32_t)sum);                                 \
            }                                                                                                        \
        expect_stride(view);                                                                                         \
    }
TILE_INTEGERS(tdpbssd, int8_t)
TILE_INTEGERS(tdpbuud, uint8_t)

/* The expression is the contribution of one pair of halves of a and one of b. */
#define TILE_PAIRS(name, convert, expression)                                              \
    void mc_state_##name(struct mc_trial_view *view)                                       \
    {                                                                                      \
        for (unsigned m = 0; m < TILE_ROWS; m++)                                           \
            for (unsigned n = 0; n < TILE_ROWS; n++) {                                     \
                double sum = mc_get_f32(view->in->m, 4 * m + n);                           \
                for (unsigned k = 0; k < 4; k++) {                                         \
                    const uint8_t *a = view->in->m + TILE_B + 16 * m + 4 * k,              \
                                  *b = view->in->m + TILE_C + 16 * k + 4 * n;              \
                    double a0 = convert(mc_get_u16(a, 0)), a1 = convert(mc_get_u16(a, 1)); \
                    double b0 = convert(mc_get_u16(b, 0)), b1 = convert(mc_get_u16(b, 1)); \
                    sum += expression;                                                     \
                }                                                                          \
                mc_put_f32(view->expect->n + TILE_RESULT, 4 * m + n, (float)sum);          \
            }                                                                              \
        expect_stride(view);                                                               \
    }
TILE_PAIRS(tdpbf16ps, mc_brain_to_float, a0 *b0 + a1 * b1)
TILE_PAIRS(tdpfp16ps, mc_half_to_float, a0 *b0 + a1 * b1)
TILE_PAIRS(tcmmrlfp16ps, mc_half_to_float, a0 *b0 - a1 * b1)
TILE_PAIRS(tcmmimfp16ps, mc_half_to_float, a0 *b1 + a1 * b0)

/* The configuration as loaded, read back. */
void mc_state_ldtilecfg(struct mc_trial_view *view)
{
    memcpy(view->expect->m, view->in->n, 64);
}
