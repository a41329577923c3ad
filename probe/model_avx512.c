/* SPDX-License-Identifier: Apache-2.0 */
/* What EVEX adds: ternary logic, conflict detection, compression, masks as results, half precision and bfloat16
 * arithmetic. Masks themselves are applied by probe/trial_expect.c. Intel SDM vol. 2C. */
#include "probe/model.h"

static unsigned leading_zeros64(uint64_t value)
{
    unsigned count = 0;
    while (count < 64 && !(value >> (63 - count) & 1))
        count++;
    return count;
}

static unsigned ones(uint64_t value)
{
    unsigned count = 0;
    for (; value; value &= value - 1)
        count++;
    return count;
}

/* AVX512F, VL, DQ, CD */
MC_LANE_MODEL(prold, uint32_t, u32, x->immediate & 31 ? b << (x->immediate & 31) | b >> (32 - (x->immediate & 31)) : b)
MC_LANE_MODEL(pmullq, uint64_t, u64, a *b)
MC_LANE_MODEL(plzcntq, uint64_t, u64, leading_zeros64(b))
MC_LANE_MODEL(psravq, uint64_t, u64, (a >> (b < 63 ? b : 63)) | (a >> 63 && b ? ~(UINT64_MAX >> (b < 63 ? b : 63)) : 0))
MC_LANE_MODEL(cvttps2udq, uint32_t, u32,
              (int32_t)b < 0 && (b & 0x7FFFFFFF) >= 0x3F800000 ? UINT32_MAX : (uint32_t)mc_get_f32(x->b, i))
MC_LANE_MODEL(broadcastmw2d, uint32_t, u32, mc_get_u16(x->b, 0) + 0 * b)

void mc_lane_pternlogd(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n; i++) {
        x->d[i] = 0;
        for (unsigned bit = 0; bit < 8; bit++) {
            unsigned row = (x->a[i] >> bit & 1) << 2 | (x->b[i] >> bit & 1) << 1 | (x->c[i] >> bit & 1);
            x->d[i] |= (uint8_t)((x->immediate >> row & 1) << bit);
        }
    }
}

void mc_lane_alignd(struct mc_lanes *x)
{
    unsigned count = x->n / 4;
    for (unsigned i = 0; i < count; i++) {
        unsigned from = i + (x->immediate & (count - 1));
        mc_put_u32(x->d, i, from < count ? mc_get_u32(x->b, from) : mc_get_u32(x->a, from - count));
    }
}

void mc_lane_pconflictd(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++) {
        uint32_t conflicts = 0;
        for (unsigned k = 0; k < i; k++)
            conflicts |= (uint32_t)(mc_get_u32(x->b, i) == mc_get_u32(x->b, k)) << k;
        mc_put_u32(x->d, i, conflicts);
    }
}

void mc_lane_cvtqq2pd(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 8; i++)
        mc_put_f64(x->d, i, (double)mc_get_s64(x->b, i));
}

void mc_lane_pmovqb(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 8; i++)
        x->d[i] = (uint8_t)mc_get_u64(x->b, i);
}

void mc_lane_pmovsdw(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++)
        mc_put_s16(x->d, i, (int16_t)mc_clamp(mc_get_s32(x->b, i), INT16_MIN, INT16_MAX));
}

/* floor(log2 |x|); zero gives minus infinity. */
void mc_lane_getexpps(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++) {
        uint32_t bits = mc_get_u32(x->b, i) & 0x7FFFFFFF;
        if (bits == 0)
            mc_put_u32(x->d, i, 0xFF800000);
        else
            mc_put_f32(x->d, i, (float)((int)(bits >> 23) - 127));
    }
}

void mc_lane_scalefps(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++) {
        double value = mc_get_f32(x->a, i);
        int exponent = (int)mc_round_double(mc_get_f32(x->b, i), 1);
        for (; exponent > 0; exponent--)
            value *= 2;
        for (; exponent < 0; exponent++)
            value /= 2;
        mc_put_f32(x->d, i, (float)value);
    }
}

/* Immediate bits 1:0 minimum, maximum, by magnitude; bits 3:2 whose sign. Of equals the minimum is the negative one. */
void mc_lane_rangeps(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++) {
        uint32_t a = mc_get_u32(x->a, i), b = mc_get_u32(x->b, i), size_a = a & INT32_MAX, size_b = b & INT32_MAX;
        bool below = a >> 31 == b >> 31 ? (a >> 31 ? size_a > size_b : size_a < size_b) : a >> 31;
        if (x->immediate & 2 && size_a != size_b)
            below = size_a < size_b;
        uint32_t result = below != (x->immediate & 1) ? a : b;
        const uint32_t sign[] = {a >> 31, result >> 31, 0, 1};
        mc_put_u32(x->d, i, (result & INT32_MAX) | sign[x->immediate >> 2 & 3] << 31);
    }
}

/* Masks as results and sources */
#define TO_MASK(name, T, suffix, expression)                              \
    void mc_lane_##name(struct mc_lanes *x)                               \
    {                                                                     \
        uint64_t mask = 0;                                                \
        for (unsigned i = 0; i < x->n / sizeof(T); i++) {                 \
            T a = mc_get_##suffix(x->a, i), b = mc_get_##suffix(x->b, i); \
            mask |= (uint64_t)((expression) ? 1 : 0) << i;                \
        }                                                                 \
        mc_put_u64(x->d, 0, mask);                                        \
    }

/* Predicates 0-7: EQ LT LE FALSE NEQ NLT NLE TRUE. */
static bool predicate(unsigned immediate, bool equal, bool less)
{
    const bool truth[] = {equal, less, equal || less, false};
    return truth[immediate & 3] != (immediate >> 2 & 1);
}
TO_MASK(pcmpub_k, uint8_t, u8, predicate(x->immediate, a == b, a < b))
TO_MASK(pcmpd_k, int32_t, s32, predicate(x->immediate, a == b, a < b))
TO_MASK(pcmpeqb_k, uint8_t, u8, a == b)
TO_MASK(ptestmd_k, uint32_t, u32, a &b)
TO_MASK(pmovb2m, int8_t, s8, (void *)x &&b < 0 && (a || !a))
TO_MASK(bitshuffle_k, uint8_t, u8, mc_get_u64(x->a, i / 8) >> (b & 63) & 1 && (a || !a))

void mc_lane_pmovm2b(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n; i++)
        x->d[i] = mc_get_u64(x->b, 0) >> i & 1 ? 0xFF : 0;
}

void mc_lane_kand(struct mc_lanes *x)
{
    mc_put_u64(x->d, 0, mc_get_u64(x->a, 0) & mc_get_u64(x->b, 0));
}

/* AVX512BW, VBMI, VBMI2, BITALG, VPOPCNTDQ */
MC_LANE_MODEL(psllvw, uint16_t, u16, b < 16 ? a << b : 0)
MC_LANE_MODEL(permw, uint16_t, u16, mc_get_u16(x->b, a &(x->n / 2 - 1)) + 0 * b)
MC_LANE_MODEL(permb, uint8_t, u8, x->b[a & (x->n - 1)] + 0 * b)
MC_LANE_MODEL(permi2b, uint8_t, u8, (a & x->n ? x->c : x->b)[a & (x->n - 1)])
MC_LANE_MODEL(popcntb, uint8_t, u8, ones(b))
MC_LANE_MODEL(popcntw, uint16_t, u16, ones(b))
MC_LANE_MODEL(popcntd, uint32_t, u32, ones(b))
MC_LANE_MODEL(popcntq, uint64_t, u64, ones(b))
MC_LANE_MODEL(shldvd, uint32_t, u32, c & 31 ? a << (c & 31) | b >> (32 - (c & 31)) : a)
MC_LANE_MODEL(shrdd_imm, uint32_t, u32,
              x->immediate & 31 ? a >> (x->immediate & 31) | b << (32 - (x->immediate & 31)) : a)

static uint64_t rotate64(uint64_t value, unsigned count)
{
    return count ? value >> count | value << (64 - count) : value;
}
MC_LANE_MODEL(multishiftqb, uint8_t, u8, rotate64(mc_get_u64(x->b, i / 8), a & 63) + 0 * b)

/* Elements under the mask move to the front, or from the front to their places. */
static void compress(struct mc_lanes *x, unsigned size)
{
    unsigned next = 0;
    if (x->zeroing)
        memset(x->d, 0, 64);
    else
        memcpy(x->d, x->old, x->n);
    for (unsigned i = 0; i < x->n / size; i++)
        if (x->mask >> i & 1)
            memcpy(x->d + size * next++, x->b + size * i, size);
    x->mask = UINT64_MAX;
}

static void expand(struct mc_lanes *x, unsigned size)
{
    unsigned next = 0;
    for (unsigned i = 0; i < x->n / size; i++) {
        if (x->mask >> i & 1)
            memcpy(x->d + size * i, x->b + size * next++, size);
        else if (!x->zeroing)
            memcpy(x->d + size * i, x->old + size * i, size);
    }
    x->mask = UINT64_MAX;
}

void mc_lane_compressb(struct mc_lanes *x)
{
    compress(x, 1);
}

void mc_lane_compressd(struct mc_lanes *x)
{
    compress(x, 4);
}

void mc_lane_expandb(struct mc_lanes *x)
{
    expand(x, 1);
}

void mc_lane_expandd(struct mc_lanes *x)
{
    expand(x, 4);
}

/* AVX512_BF16: products of bfloat16 pairs into floats */
void mc_lane_dpbf16ps(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++) {
        double sum = mc_get_f32(x->a, i);
        for (unsigned k = 2 * i; k < 2 * i + 2; k++)
            sum += (double)mc_brain_to_float(mc_get_u16(x->b, k)) * mc_brain_to_float(mc_get_u16(x->c, k));
        mc_put_f32(x->d, i, (float)sum);
    }
}

void mc_lane_cvtne2ps2bf16(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++) {
        mc_put_u16(x->d, i, mc_float_to_brain(mc_get_f32(x->b, i)));
        mc_put_u16(x->d, x->n / 4 + i, mc_float_to_brain(mc_get_f32(x->a, i)));
    }
}

/* AVX512_FP16: exact in double for the inputs, rounded once */
#define HALF(name, expression)                                                                           \
    void mc_lane_##name(struct mc_lanes *x)                                                              \
    {                                                                                                    \
        for (unsigned i = 0; i < x->n / 2; i++) {                                                        \
            double a = mc_half_to_float(mc_get_u16(x->a, i)), b = mc_half_to_float(mc_get_u16(x->b, i)); \
            double c = mc_half_to_float(mc_get_u16(x->c, i));                                            \
            (void)c;                                                                                     \
            mc_put_u16(x->d, i, mc_float_to_half((float)(expression), 0));                               \
        }                                                                                                \
    }
HALF(addph, a + b)
HALF(mulph, a *b)
HALF(fmadd231ph, b *c + a)

void mc_lane_subsh(struct mc_lanes *x)
{
    memcpy(x->d, x->a, 16);
    mc_put_u16(x->d, 0,
               mc_float_to_half(mc_half_to_float(mc_get_u16(x->a, 0)) - mc_half_to_float(mc_get_u16(x->b, 0)), 0));
}

void mc_lane_cvtph2w(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 2; i++)
        mc_put_s16(x->d, i, (int16_t)mc_round_double(mc_half_to_float(mc_get_u16(x->b, i)), 0));
}

void mc_lane_cvtw2ph(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 2; i++)
        mc_put_u16(x->d, i, mc_float_to_half(mc_get_s16(x->b, i), 0));
}

/* Complex numbers: real part in the even element. */
void mc_lane_fmulcph(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 2; i += 2) {
        float a = mc_half_to_float(mc_get_u16(x->a, i)), ai = mc_half_to_float(mc_get_u16(x->a, i + 1));
        float b = mc_half_to_float(mc_get_u16(x->b, i)), bi = mc_half_to_float(mc_get_u16(x->b, i + 1));
        mc_put_u16(x->d, i, mc_float_to_half(a * b - ai * bi, 0));
        mc_put_u16(x->d, i + 1, mc_float_to_half(ai * b + a * bi, 0));
    }
}
