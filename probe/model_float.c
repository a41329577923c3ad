/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point: SSE to AVX, FMA, F16C, 3DNow!. Sums and products of the inputs MC_IN_F32 and MC_IN_F64 are exact, so
 * the compiler's arithmetic serves in any precision; roundings are computed by hand. Intel SDM vol. 1 sections 4.8
 * and 11.5. */
#include "probe/model.h"

/* MXCSR.RC and the immediate of ROUNDPx: 0 nearest even, 1 down, 2 up, 3 towards zero. */
double mc_round_double(double value, unsigned rounding)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    unsigned exponent = bits >> 52 & 0x7FF;
    if (exponent >= 1023 + 52) /* already an integer, infinite or NaN */
        return value;
    int64_t whole = (int64_t)value; /* towards zero */
    double rest = value - (double)whole;
    bool negative = bits >> 63;
    if (rounding == 0) {
        double size = negative ? -rest : rest;
        if (size > 0.5 || (size == 0.5 && (whole & 1)))
            whole += negative ? -1 : 1;
    } else if (rounding == 1 && rest < 0)
        whole -= 1;
    else if (rounding == 2 && rest > 0)
        whole += 1;
    double result = (double)(whole < 0 ? -whole : whole);
    memcpy(&bits, &result, sizeof bits);
    bits |= (uint64_t)negative << 63; /* the sign survives rounding to zero */
    memcpy(&result, &bits, sizeof result);
    return result;
}

static unsigned rounding_of(const struct mc_lanes *x)
{
    return x->immediate & 4 ? x->mxcsr >> 13 & 3 : x->immediate & 3;
}

/* NaN and infinities pass as bits: converting them is left to nobody. */
static uint32_t round_float_bits(uint32_t bits, unsigned rounding)
{
    float value;
    if ((bits >> 23 & 0xFF) >= 127 + 23)
        return bits;
    memcpy(&value, &bits, sizeof value);
    value = (float)mc_round_double(value, rounding);
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t round_double_bits(uint64_t bits, unsigned rounding)
{
    double value;
    if ((bits >> 52 & 0x7FF) >= 1023 + 52)
        return bits;
    memcpy(&value, &bits, sizeof value);
    value = mc_round_double(value, rounding);
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

MC_LANE_MODEL(roundps, uint32_t, u32, round_float_bits(b, rounding_of(x)))
MC_LANE_MODEL(roundpd, uint64_t, u64, round_double_bits(b, rounding_of(x)))

void mc_lane_roundss(struct mc_lanes *x)
{
    memcpy(x->d, x->a, 16);
    mc_put_u32(x->d, 0, round_float_bits(mc_get_u32(x->b, 0), rounding_of(x)));
}

void mc_lane_roundsd(struct mc_lanes *x)
{
    memcpy(x->d, x->a, 16);
    mc_put_u64(x->d, 0, round_double_bits(mc_get_u64(x->b, 0), rounding_of(x)));
}

MC_LANE_MODEL(addps, float, f32, a + b)
MC_LANE_MODEL(addpd, double, f64, a + b)
MC_LANE_MODEL(subps, float, f32, a - b)
MC_LANE_MODEL(mulps, float, f32, a *b)
MC_LANE_MODEL(mulpd, double, f64, a *b)
MC_LANE_MODEL(minps, float, f32, a < b ? a : b)
MC_LANE_MODEL(maxpd, double, f64, a > b ? a : b)
MC_LANE_MODEL(andps, uint32_t, u32, a &b)

void mc_lane_addss(struct mc_lanes *x)
{
    memcpy(x->d, x->a, 16);
    mc_put_f32(x->d, 0, mc_get_f32(x->a, 0) + mc_get_f32(x->b, 0));
}

void mc_lane_addsd(struct mc_lanes *x)
{
    memcpy(x->d, x->a, 16);
    mc_put_f64(x->d, 0, mc_get_f64(x->a, 0) + mc_get_f64(x->b, 0));
}

void mc_lane_cvtps2pd(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 8; i++)
        mc_put_f64(x->d, i, mc_get_f32(x->b, i));
}

void mc_lane_cvttps2dq(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++)
        mc_put_s32(x->d, i, (int32_t)mc_get_f32(x->b, i));
}

void mc_lane_movmskps(struct mc_lanes *x)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < x->n / 4; i++)
        mask |= mc_get_u32(x->b, i) >> 31 << i;
    mc_put_u32(x->d, 0, mask);
}

/* Predicates 0-7: EQ LT LE UNORD NEQ NLT NLE ORD; the inputs are never NaN. */
void mc_lane_cmpps(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++) {
        float a = mc_get_f32(x->a, i), b = mc_get_f32(x->b, i);
        const bool truth[] = {a == b, a < b, a <= b, false};
        bool answer = truth[x->immediate & 3] != (x->immediate >> 2 & 1);
        mc_put_u32(x->d, i, answer ? UINT32_MAX : 0);
    }
}

void mc_lane_shufps(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++)
        mc_put_u32(x->d, i, mc_get_u32(i & 2 ? x->b : x->a, (i & ~3u) + (x->immediate >> 2 * (i & 3) & 3)));
}

/* SSE3 */
MC_LANE_MODEL(addsubps, float, f32, i & 1 ? a + b : a - b)
MC_LANE_MODEL(addsubpd, double, f64, i & 1 ? a + b : a - b)

#define HORIZONTAL(name, T, suffix, per_block, expression)                             \
    void mc_lane_##name(struct mc_lanes *x)                                            \
    {                                                                                  \
        for (unsigned i = 0; i < x->n / sizeof(T); i++) {                              \
            unsigned at = i % (per_block);                                             \
            const uint8_t *from = at < (per_block) / 2 ? x->a : x->b;                  \
            T low = mc_get_##suffix(from, i - at + 2 * (at % ((per_block) / 2)));      \
            T high = mc_get_##suffix(from, i - at + 2 * (at % ((per_block) / 2)) + 1); \
            mc_put_##suffix(x->d, i, expression);                                      \
        }                                                                              \
    }
HORIZONTAL(haddps, float, f32, 4, low + high)
HORIZONTAL(hsubps, float, f32, 4, low - high)
HORIZONTAL(haddpd, double, f64, 2, low + high)
HORIZONTAL(hsubpd, double, f64, 2, low - high)

void mc_lane_movddup(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 8; i++)
        mc_put_u64(x->d, i, mc_get_u64(x->b, i & ~1u));
}

void mc_lane_movsldup(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++)
        mc_put_u32(x->d, i, mc_get_u32(x->b, i & ~1u));
}

void mc_lane_movshdup(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++)
        mc_put_u32(x->d, i, mc_get_u32(x->b, i | 1));
}

/* SSE4.1 dot products: products that bits 7:4 select, summed in pairs, written where bits 3:0 say. */
void mc_lane_dpps(struct mc_lanes *x)
{
    for (unsigned block = 0; block < x->n / 4; block += 4) {
        float part[4];
        for (unsigned i = 0; i < 4; i++)
            part[i] = x->immediate >> (4 + i) & 1 ? mc_get_f32(x->a, block + i) * mc_get_f32(x->b, block + i) : 0.0f;
        float sum = (part[0] + part[1]) + (part[2] + part[3]);
        for (unsigned i = 0; i < 4; i++)
            mc_put_f32(x->d, block + i, x->immediate >> i & 1 ? sum : 0.0f);
    }
}

void mc_lane_dppd(struct mc_lanes *x)
{
    double low = x->immediate & 0x10 ? mc_get_f64(x->a, 0) * mc_get_f64(x->b, 0) : 0.0;
    double high = x->immediate & 0x20 ? mc_get_f64(x->a, 1) * mc_get_f64(x->b, 1) : 0.0;
    for (unsigned i = 0; i < 2; i++)
        mc_put_f64(x->d, i, x->immediate >> i & 1 ? low + high : 0.0);
}

/* Fused multiply-add: the product of two inputs is exact in double, the sum too; one rounding at the end is none here.
 */
#define FUSED(name, T, suffix, expression) MC_LANE_MODEL(name, T, suffix, expression)
FUSED(fmadd132ps, float, f32, (double)a *c + b)
FUSED(fmadd213ps, float, f32, (double)b *a + c)
FUSED(fmadd231ps, float, f32, (double)b *c + a)
FUSED(fmadd231pd, double, f64, (long double)b *c + a)
FUSED(fnmadd231ps, float, f32, -((double)b *c) + a)
FUSED(fmsub132pd, double, f64, (long double)a *c - b)
FUSED(fmaddsub213ps, float, f32, i & 1 ? (double)b * a + c : (double)b * a - c)
FUSED(fma4_maddps, float, f32, (double)a *b + c)
FUSED(fma4_nmaddpd, double, f64, -((long double)a *b) + c)

static void scalar_float(struct mc_lanes *x, double value)
{
    memcpy(x->d, x->a, 16);
    mc_put_f32(x->d, 0, (float)value);
}

void mc_lane_fmadd213ss(struct mc_lanes *x)
{
    scalar_float(x, (double)mc_get_f32(x->b, 0) * mc_get_f32(x->a, 0) + mc_get_f32(x->c, 0));
}

void mc_lane_fnmsub213sd(struct mc_lanes *x)
{
    long double product = (long double)mc_get_f64(x->b, 0) * mc_get_f64(x->a, 0);
    memcpy(x->d, x->a, 16);
    mc_put_f64(x->d, 0, (double)(-product - mc_get_f64(x->c, 0)));
}

/* FMA4 scalar forms clear the rest of the register (AMD APM vol. 6). */
void mc_lane_fma4_msubss(struct mc_lanes *x)
{
    memset(x->d, 0, 16);
    mc_put_f32(x->d, 0, (float)((double)mc_get_f32(x->a, 0) * mc_get_f32(x->b, 0) - mc_get_f32(x->c, 0)));
}

/* F16C */
float mc_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half >> 15) << 31, exponent = half >> 10 & 31, fraction = half & 0x3FF, bits;
    if (exponent == 31)
        bits = 0x7F800000 | fraction << 13 | (fraction ? 0x400000 : 0); /* NaN becomes quiet */
    else if (exponent)
        bits = (exponent + 112) << 23 | fraction << 13;
    else if (!fraction)
        bits = 0;
    else {
        for (exponent = 113; !(fraction & 0x400); exponent--)
            fraction <<= 1;
        bits = exponent << 23 | (fraction & 0x3FF) << 13;
    }
    bits |= sign;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t mc_float_to_half(float value, unsigned rounding)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 31 << 15);
    int exponent = (int)(bits >> 23 & 0xFF) - 127;
    uint32_t fraction = bits & 0x7FFFFF;
    if (exponent == 128)
        return sign | 0x7C00 | (fraction ? 0x200 | fraction >> 13 : 0);
    bool away = rounding == (sign ? 1u : 2u), nearest = rounding == 0; /* away from zero for this sign */
    if (exponent > 15)
        return sign | (nearest || away ? 0x7C00 : 0x7BFF);
    if (!(bits & 0x7FFFFFFF))
        return sign;
    uint64_t significand = exponent == -127 ? fraction : fraction | 0x800000;
    int shift = exponent >= -14 ? 13 : 13 + (-14 - exponent);
    if (shift > 40)
        shift = 40;
    uint64_t kept = significand >> shift, lost = significand & ((UINT64_C(1) << shift) - 1),
             half = UINT64_C(1) << (shift - 1);
    if (nearest ? lost > half || (lost == half && (kept & 1)) : away && lost)
        kept++;
    if (exponent >= -14)
        kept += (uint64_t)(exponent + 14) << 10; /* the hidden bit adds one more */
    return (uint16_t)(sign | (kept > 0x7C00 ? 0x7C00 : kept));
}

void mc_lane_cvtph2ps(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++)
        mc_put_f32(x->d, i, mc_half_to_float(mc_get_u16(x->b, i)));
}

void mc_lane_cvtps2ph(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++)
        mc_put_u16(x->d, i, mc_float_to_half(mc_get_f32(x->b, i), rounding_of(x)));
}
