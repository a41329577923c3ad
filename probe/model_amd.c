/* SPDX-License-Identifier: Apache-2.0 */
/* AMD's own: 3DNow! and its extensions (AMD publications 21928 and 22466), SSE4A, XOP (AMD APM vol. 4 and 6). */
#include "probe/model_state.h"

/* 3DNow!: two floats in an mm register; exact for the inputs, results of zero are positive where the sum is. */
MC_LANE_MODEL(pfadd, float, f32, a + b)
MC_LANE_MODEL(pfsub, float, f32, a - b)
MC_LANE_MODEL(pfmul, float, f32, a *b)
MC_LANE_MODEL(pavgusb, uint8_t, u8, (a + b + 1) >> 1)
MC_LANE_MODEL(pmulhrw3dnow, int16_t, s16, ((int32_t)a * b + 0x8000) >> 16)

void mc_lane_pfcmpge(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 2; i++)
        mc_put_u32(x->d, i, mc_get_f32(x->a, i) >= mc_get_f32(x->b, i) ? UINT32_MAX : 0);
}

/* Conversions; the inputs are integers of at most 16 bits and small floats. */
void mc_lane_pi2fw(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 2; i++)
        mc_put_f32(x->d, i, mc_get_s16(x->b, 2 * i));
}

void mc_lane_pf2id(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 2; i++)
        mc_put_s32(x->d, i, (int32_t)mc_get_f32(x->b, i));
}

void mc_lane_pf2iw(struct mc_lanes *x)
{
    mc_lane_pf2id(x);
}

void mc_lane_pfacc(struct mc_lanes *x)
{
    mc_put_f32(x->d, 0, mc_get_f32(x->a, 0) + mc_get_f32(x->a, 1));
    mc_put_f32(x->d, 1, mc_get_f32(x->b, 0) + mc_get_f32(x->b, 1));
}

void mc_lane_pfnacc(struct mc_lanes *x)
{
    mc_put_f32(x->d, 0, mc_get_f32(x->a, 0) - mc_get_f32(x->a, 1));
    mc_put_f32(x->d, 1, mc_get_f32(x->b, 0) - mc_get_f32(x->b, 1));
}

void mc_lane_pfpnacc(struct mc_lanes *x)
{
    mc_put_f32(x->d, 0, mc_get_f32(x->a, 0) - mc_get_f32(x->a, 1));
    mc_put_f32(x->d, 1, mc_get_f32(x->b, 0) + mc_get_f32(x->b, 1));
}

void mc_lane_pswapd(struct mc_lanes *x)
{
    mc_put_u32(x->d, 0, mc_get_u32(x->b, 1));
    mc_put_u32(x->d, 1, mc_get_u32(x->b, 0));
}

/* XOP: a and b sources, c a third one or the count; vector registers of 16 bytes unless said otherwise. */
MC_LANE_MODEL(vpcmov, uint64_t, u64, (a & c) | (b & ~c))

static uint32_t rotate(uint32_t value, unsigned bits, int count)
{
    uint32_t mask = bits == 32 ? UINT32_MAX : (1u << bits) - 1;
    unsigned left = (unsigned)count & (bits - 1);
    return left ? (value << left | (value & mask) >> (bits - left)) & mask : value & mask;
}
MC_LANE_MODEL(vprotb, uint8_t, u8, rotate(a, 8, (int8_t)b))
MC_LANE_MODEL(vprotd_imm, uint32_t, u32, rotate(b, 32, (int8_t)x->immediate))
MC_LANE_MODEL(vpmacsdd, uint32_t, u32, a *b + c)

/* Bits 4:0 pick one of 32 bytes, bits 7:5 what becomes of it. */
void mc_lane_vpperm(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned from = x->c[i] & 31, operation = x->c[i] >> 5;
        uint8_t value = from < 16 ? x->a[from] : x->b[from - 16], reversed = 0;
        for (unsigned bit = 0; bit < 8; bit++)
            reversed |= (uint8_t)((value >> bit & 1) << (7 - bit));
        const uint8_t sign = value >> 7 ? 0xFF : 0;
        const uint8_t results[8] = {value, (uint8_t)~value, reversed, (uint8_t)~reversed, 0, 0xFF,
                                    sign,  (uint8_t)~sign};
        x->d[i] = results[operation];
    }
}

/* Predicates: LT LE GT GE EQ NEQ FALSE TRUE, signed bytes. */
void mc_lane_vpcomb(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 16; i++) {
        int8_t a = (int8_t)x->a[i], b = (int8_t)x->b[i];
        const bool truth[8] = {a<b, a <= b, a> b, a >= b, a == b, a != b, false, true};
        x->d[i] = truth[x->immediate & 7] ? 0xFF : 0;
    }
}

void mc_lane_vpmacssww(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 8; i++) {
        int64_t sum = (int64_t)mc_get_s16(x->a, i) * mc_get_s16(x->b, i) + mc_get_s16(x->c, i);
        mc_put_s16(x->d, i, (int16_t)mc_clamp(sum, INT16_MIN, INT16_MAX));
    }
}

void mc_lane_vpmadcswd(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 4; i++) {
        int64_t sum = (int64_t)mc_get_s16(x->a, 2 * i) * mc_get_s16(x->b, 2 * i) +
                      (int64_t)mc_get_s16(x->a, 2 * i + 1) * mc_get_s16(x->b, 2 * i + 1) + mc_get_s32(x->c, i);
        mc_put_u32(x->d, i, (uint32_t)sum);
    }
}

void mc_lane_vphaddbd(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 4; i++) {
        int32_t sum = 0;
        for (unsigned k = 4 * i; k < 4 * i + 4; k++)
            sum += (int8_t)x->b[k];
        mc_put_s32(x->d, i, sum);
    }
}

void mc_lane_vphsubwd(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 4; i++)
        mc_put_s32(x->d, i, mc_get_s16(x->b, 2 * i) - mc_get_s16(x->b, 2 * i + 1));
}

/* The fraction, with the sign of the source; zero for whole numbers is positive. */
void mc_lane_vfrczps(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++) {
        double value = mc_get_f32(x->b, i);
        mc_put_f32(x->d, i, (float)(value - mc_round_double(value, 3)));
    }
}

/* SSE4A: bit fields of the low qword, which the row stores at [rdi] before it clears xmm1. Length 0 means 64. */
static void expect_field(struct mc_trial_view *view, uint64_t value)
{
    mc_put_u64(view->expect->n, 0, value);
    memset(view->expect->vec[1], 0, 16);
}

void mc_state_extrq(struct mc_trial_view *view)
{
    unsigned length = view->in->vec[2][0] & 63, index = view->in->vec[2][1] & 63;
    uint64_t field = mc_get_u64(view->in->vec[1], 0) >> index;
    if ((length ? length : 64) + index > 64) { /* undefined: whatever came out */
        expect_field(view, mc_get_u64(view->got->n, 0));
        return;
    }
    expect_field(view, length ? field & ((UINT64_C(1) << length) - 1) : field);
}

void mc_state_extrq_imm(struct mc_trial_view *view)
{
    expect_field(view, mc_get_u64(view->in->vec[1], 0) >> 4 & 0xFF);
}

void mc_state_insertq_imm(struct mc_trial_view *view)
{
    expect_field(view, (mc_get_u64(view->in->vec[1], 0) & ~UINT64_C(0xFF0)) | (mc_get_u64(view->in->vec[2], 0) & 0xFF)
                                                                                  << 4);
}

void mc_state_slwpcb(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RAX] = 0;
}
