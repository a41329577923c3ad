/* SPDX-License-Identifier: Apache-2.0 */
/* What AVX and AVX2 add to the models of SSE: broadcasts, permutations across lanes, variable shifts, masked moves; and
 * the VEX dot products and conversions of later CPUs. Intel SDM vol. 2. */
#include "probe/model.h"

MC_LANE_MODEL(broadcastb, uint8_t, u8, x->b[0])
MC_LANE_MODEL(broadcastd, uint32_t, u32, mc_get_u32(x->b, 0))
MC_LANE_MODEL(broadcastq, uint64_t, u64, mc_get_u64(x->b, 0))
MC_LANE_MODEL(broadcast16, uint64_t, u64, mc_get_u64(x->b, i & 1))
MC_LANE_MODEL(vpermilps, uint32_t, u32, mc_get_u32(x->a, (i & ~3u) + (b & 3)))
MC_LANE_MODEL(vpermilpd_imm, uint64_t, u64, mc_get_u64(x->b, (i & ~1u) + (x->immediate >> i & 1)))
MC_LANE_MODEL(permd, uint32_t, u32, mc_get_u32(x->b, a &(x->n / 4 - 1)))
MC_LANE_MODEL(permq_imm, uint64_t, u64, mc_get_u64(x->b, (i & ~3u) + (x->immediate >> 2 * (i & 3) & 3)))
MC_LANE_MODEL(psllvd, uint32_t, u32, b < 32 ? a << b : 0)
MC_LANE_MODEL(psrlvq, uint64_t, u64, b < 64 ? a >> b : 0)
MC_LANE_MODEL(psravd, uint32_t, u32, (a >> (b < 31 ? b : 31)) | (a >> 31 && b ? ~(UINT32_MAX >> (b < 31 ? b : 31)) : 0))
MC_LANE_MODEL(maskmovd, uint32_t, u32, a >> 31 ? b : 0)

void mc_lane_permute2(struct mc_lanes *x)
{
    for (unsigned half = 0; half < 2; half++) {
        unsigned control = x->immediate >> 4 * half & 15;
        const uint8_t *from = (control & 2 ? x->b : x->a) + 16 * (control & 1);
        if (control & 8)
            memset(x->d + 16 * half, 0, 16);
        else
            memcpy(x->d + 16 * half, from, 16);
    }
}

void mc_lane_insert128(struct mc_lanes *x)
{
    memcpy(x->d, x->a, x->n);
    memcpy(x->d + 16 * (x->immediate & (x->n / 16 - 1)), x->b, 16);
}

void mc_lane_extract128(struct mc_lanes *x)
{
    memcpy(x->d, x->b + 16 * (x->immediate & (x->n / 16 - 1)), 16);
}

/* Dot products of bytes or words into dwords: the accumulator is a, the factors b and c. */
#define DOT(name, B, b_suffix, C, c_suffix, per_lane, saturate)                          \
    void mc_lane_##name(struct mc_lanes *x)                                              \
    {                                                                                    \
        for (unsigned i = 0; i < x->n / 4; i++) {                                        \
            int64_t sum = 0;                                                             \
            for (unsigned k = per_lane * i; k < per_lane * (i + 1); k++)                 \
                sum += (int64_t)mc_get_##b_suffix(x->b, k) * mc_get_##c_suffix(x->c, k); \
            mc_put_u32(x->d, i, saturate);                                               \
        }                                                                                \
    }
#define WRAP (uint32_t)(sum + mc_get_s32(x->a, i))
#define SIGNED (uint32_t) mc_clamp(sum + mc_get_s32(x->a, i), INT32_MIN, INT32_MAX)
#define UNSIGNED (uint32_t) mc_clamp(sum + mc_get_u32(x->a, i), 0, UINT32_MAX)
DOT(dpbusd, uint8_t, u8, int8_t, s8, 4, WRAP)
DOT(dpbusds, uint8_t, u8, int8_t, s8, 4, SIGNED)
DOT(dpwssd, int16_t, s16, int16_t, s16, 2, WRAP)
DOT(dpwssds, int16_t, s16, int16_t, s16, 2, SIGNED)
DOT(dpbssd, int8_t, s8, int8_t, s8, 4, WRAP)
DOT(dpbssds, int8_t, s8, int8_t, s8, 4, SIGNED)
DOT(dpbsud, int8_t, s8, uint8_t, u8, 4, WRAP)
DOT(dpbuud, uint8_t, u8, uint8_t, u8, 4, WRAP)
DOT(dpbuuds, uint8_t, u8, uint8_t, u8, 4, UNSIGNED)
DOT(dpwsud, int16_t, s16, uint16_t, u16, 2, WRAP)
DOT(dpwusd, uint16_t, u16, int16_t, s16, 2, WRAP)
DOT(dpwuud, uint16_t, u16, uint16_t, u16, 2, WRAP)

/* Fused 52-bit multiply: low or high half of a 104-bit product, added to the accumulator a. */
static uint64_t product52(uint64_t b, uint64_t c, bool high)
{
    const uint64_t mask = (UINT64_C(1) << 52) - 1, half = (UINT64_C(1) << 26) - 1;
    b &= mask, c &= mask;
    uint64_t low = (b & half) * (c & half), middle = (b >> 26) * (c & half) + (b & half) * (c >> 26) + (low >> 26),
             top = (b >> 26) * (c >> 26);
    return high ? top + (middle >> 26) : ((middle & half) << 26 | (low & half)) & mask;
}
MC_LANE_MODEL(pmadd52luq, uint64_t, u64, a + product52(b, c, false))
MC_LANE_MODEL(pmadd52huq, uint64_t, u64, a + product52(b, c, true))

/* AVX-NE-CONVERT: bfloat16 and half precision in memory to float. */
float mc_brain_to_float(uint16_t brain)
{
    uint32_t bits = (uint32_t)brain << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t mc_float_to_brain(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

#define CONVERT(name, convert, index)                              \
    void mc_lane_##name(struct mc_lanes *x)                        \
    {                                                              \
        for (unsigned i = 0; i < x->n / 4; i++)                    \
            mc_put_f32(x->d, i, convert(mc_get_u16(x->b, index))); \
    }
CONVERT(bcstnebf162ps, mc_brain_to_float, 0)
CONVERT(bcstnesh2ps, mc_half_to_float, 0)
CONVERT(cvtneebf162ps, mc_brain_to_float, 2 * i)
CONVERT(cvtneobf162ps, mc_brain_to_float, 2 * i + 1)
CONVERT(cvtneeph2ps, mc_half_to_float, 2 * i)
CONVERT(cvtneoph2ps, mc_half_to_float, 2 * i + 1)

void mc_lane_cvtneps2bf16(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++)
        mc_put_u16(x->d, i, mc_float_to_brain(mc_get_f32(x->b, i)));
}
