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
        mc_put_u32(view->expect->vec[1], i, near ? mc_get_u32(view->got->vec[1], i) : ~mc_get_u32(view->got->vec[1], i));
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
