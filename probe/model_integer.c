/* SPDX-License-Identifier: Apache-2.0 */
/* Packed integers: MMX, SSE2, SSSE3, SSE4.1, SSE4.2 and their VEX and EVEX forms. Intel SDM vol. 2. */
#include "probe/model.h"

/* SSSE3 */
MC_LANE_MODEL(pabsb, uint8_t, u8, b & 0x80 ? -b : b)
MC_LANE_MODEL(pabsw, uint16_t, u16, b & 0x8000 ? -b : b)
MC_LANE_MODEL(pabsd, uint32_t, u32, b >> 31 ? -b : b)
MC_LANE_MODEL(pabsq, uint64_t, u64, b >> 63 ? -b : b)
MC_LANE_MODEL(psignb, int8_t, s8, b < 0 ? -a : b == 0 ? 0 : a)
MC_LANE_MODEL(psignw, int16_t, s16, b < 0 ? -a : b == 0 ? 0 : a)
MC_LANE_MODEL(psignd, int32_t, s32, b < 0 ? -(int64_t)a : b == 0 ? 0 : a)
MC_LANE_MODEL(pmulhrsw, int16_t, s16, ((((int32_t)a * b) >> 14) + 1) >> 1)

/* Pairs of a, then pairs of b, within each block. */
#define HORIZONTAL(name, T, suffix, expression)                                                \
    void mc_lane_##name(struct mc_lanes *x)                                                    \
    {                                                                                          \
        unsigned per_block = mc_block_size(x) / sizeof(T);                                     \
        for (unsigned i = 0; i < x->n / sizeof(T); i++) {                                      \
            unsigned at = i % per_block, start = i - at;                                       \
            const uint8_t *from = at < per_block / 2 ? x->a : x->b;                            \
            unsigned pair = start + 2 * (at % (per_block / 2));                                \
            int64_t low = mc_get_##suffix(from, pair), high = mc_get_##suffix(from, pair + 1); \
            mc_put_##suffix(x->d, i, (T)(expression));                                         \
        }                                                                                      \
    }
HORIZONTAL(phaddw, int16_t, s16, low + high)
HORIZONTAL(phaddd, int32_t, s32, low + high)
HORIZONTAL(phaddsw, int16_t, s16, mc_clamp(low + high, INT16_MIN, INT16_MAX))
HORIZONTAL(phsubw, int16_t, s16, low - high)
HORIZONTAL(phsubd, int32_t, s32, low - high)
HORIZONTAL(phsubsw, int16_t, s16, mc_clamp(low - high, INT16_MIN, INT16_MAX))

void mc_lane_pmaddubsw(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 2; i++) {
        int32_t sum = x->a[2 * i] * (int8_t)x->b[2 * i] + x->a[2 * i + 1] * (int8_t)x->b[2 * i + 1];
        mc_put_s16(x->d, i, (int16_t)mc_clamp(sum, INT16_MIN, INT16_MAX));
    }
}

void mc_lane_pshufb(struct mc_lanes *x)
{
    unsigned block = mc_block_size(x);
    for (unsigned i = 0; i < x->n; i++)
        x->d[i] = x->b[i] & 0x80 ? 0 : x->a[(i & ~(block - 1)) + (x->b[i] & (block - 1))];
}

void mc_lane_palignr(struct mc_lanes *x)
{
    unsigned block = mc_block_size(x);
    for (unsigned i = 0; i < x->n; i++) {
        unsigned start = i & ~(block - 1), from = i - start + x->immediate;
        x->d[i] = from < block ? x->b[start + from] : from < 2 * block ? x->a[start + from - block] : 0;
    }
}

/* MMX, SSE, SSE2 */
MC_LANE_MODEL(paddb, uint8_t, u8, a + b)
MC_LANE_MODEL(paddw, uint16_t, u16, a + b)
MC_LANE_MODEL(paddd, uint32_t, u32, a + b)
MC_LANE_MODEL(paddq, uint64_t, u64, a + b)
MC_LANE_MODEL(psubd, uint32_t, u32, a - b)
MC_LANE_MODEL(pand, uint64_t, u64, a &b)
MC_LANE_MODEL(pandn, uint64_t, u64, ~a &b)
MC_LANE_MODEL(por, uint64_t, u64, a | b)
MC_LANE_MODEL(pxor, uint64_t, u64, a ^ b)
MC_LANE_MODEL(paddsb, int8_t, s8, mc_clamp(a + b, INT8_MIN, INT8_MAX))
MC_LANE_MODEL(psubusw, uint16_t, u16, a > b ? a - b : 0)
MC_LANE_MODEL(pmulhuw, uint16_t, u16, (uint32_t)a *b >> 16)
MC_LANE_MODEL(pmullw, uint16_t, u16, (uint32_t)a *b)
MC_LANE_MODEL(pavgb, uint8_t, u8, (a + b + 1) >> 1)
MC_LANE_MODEL(pminub, uint8_t, u8, a < b ? a : b)
MC_LANE_MODEL(pmaxsw, int16_t, s16, a > b ? a : b)
MC_LANE_MODEL(pmuludq, uint64_t, u64, (a & UINT32_MAX) * (b & UINT32_MAX))
MC_LANE_MODEL(move, uint64_t, u64, b)
MC_LANE_MODEL(lddqu, uint64_t, u64, b)
MC_LANE_MODEL(psllw_imm, uint16_t, u16, x->immediate > 15 ? 0 : b << x->immediate)

void mc_lane_storelow(struct mc_lanes *x)
{
    memcpy(x->d, x->b, x->n);
}

void mc_lane_pmaddwd(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++) {
        int64_t sum = (int64_t)mc_get_s16(x->a, 2 * i) * mc_get_s16(x->b, 2 * i) +
                      (int64_t)mc_get_s16(x->a, 2 * i + 1) * mc_get_s16(x->b, 2 * i + 1);
        mc_put_u32(x->d, i, (uint32_t)sum);
    }
}

void mc_lane_psadbw(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 8; i++) {
        uint64_t sum = 0;
        for (unsigned k = 8 * i; k < 8 * i + 8; k++)
            sum += x->a[k] > x->b[k] ? x->a[k] - x->b[k] : x->b[k] - x->a[k];
        mc_put_u64(x->d, i, sum);
    }
}

void mc_lane_packsswb(struct mc_lanes *x)
{
    unsigned block = mc_block_size(x), half = block / 2;
    for (unsigned i = 0; i < x->n; i++) {
        unsigned at = i % block, word = (i - at) / 2 + at % half;
        x->d[i] = (uint8_t)mc_clamp(mc_get_s16(at < half ? x->a : x->b, word), INT8_MIN, INT8_MAX);
    }
}

void mc_lane_packusdw(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 2; i++) {
        unsigned at = i % 8, dword = (i - at) / 2 + at % 4;
        mc_put_u16(x->d, i, (uint16_t)mc_clamp(mc_get_s32(at < 4 ? x->a : x->b, dword), 0, UINT16_MAX));
    }
}

void mc_lane_punpcklbw(struct mc_lanes *x)
{
    unsigned block = mc_block_size(x);
    for (unsigned i = 0; i < x->n; i++) {
        unsigned at = i % block, start = i - at;
        x->d[i] = at & 1 ? x->b[start + at / 2] : x->a[start + at / 2];
    }
}

void mc_lane_pshufd(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n / 4; i++)
        mc_put_u32(x->d, i, mc_get_u32(x->b, (i & ~3u) + (x->immediate >> 2 * (i & 3) & 3)));
}

void mc_lane_pshufw(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 4; i++)
        mc_put_u16(x->d, i, mc_get_u16(x->b, x->immediate >> 2 * i & 3));
}

void mc_lane_pslld_count(struct mc_lanes *x)
{
    uint64_t count = mc_get_u64(x->b, 0);
    for (unsigned i = 0; i < x->n / 4; i++)
        mc_put_u32(x->d, i, count > 31 ? 0 : mc_get_u32(x->a, i) << count);
}

void mc_lane_psrldq(struct mc_lanes *x)
{
    for (unsigned i = 0; i < x->n; i++) {
        unsigned from = i % 16 + x->immediate;
        x->d[i] = from < 16 ? x->b[(i & ~15u) + from] : 0;
    }
}

/* SSE4.1, SSE4.2 */
MC_LANE_MODEL(blendps, uint32_t, u32, x->immediate >> i % 8 & 1 ? b : a)
MC_LANE_MODEL(blendpd, uint64_t, u64, x->immediate >> i & 1 ? b : a)
MC_LANE_MODEL(pblendw, uint16_t, u16, x->immediate >> i % 8 & 1 ? b : a)
MC_LANE_MODEL(blendvps, uint32_t, u32, c >> 31 ? b : a)
MC_LANE_MODEL(blendvpd, uint64_t, u64, c >> 63 ? b : a)
MC_LANE_MODEL(pblendvb, uint8_t, u8, c >> 7 ? b : a)
MC_LANE_MODEL(pcmpeqq, uint64_t, u64, a == b ? UINT64_MAX : 0)
MC_LANE_MODEL(pcmpgtq, int64_t, s64, a > b ? -1 : 0)
MC_LANE_MODEL(pmaxsb, int8_t, s8, a > b ? a : b)
MC_LANE_MODEL(pmaxsd, int32_t, s32, a > b ? a : b)
MC_LANE_MODEL(pmaxud, uint32_t, u32, a > b ? a : b)
MC_LANE_MODEL(pmaxuw, uint16_t, u16, a > b ? a : b)
MC_LANE_MODEL(pminsb, int8_t, s8, a < b ? a : b)
MC_LANE_MODEL(pminsd, int32_t, s32, a < b ? a : b)
MC_LANE_MODEL(pminud, uint32_t, u32, a < b ? a : b)
MC_LANE_MODEL(pminuw, uint16_t, u16, a < b ? a : b)
MC_LANE_MODEL(pmuldq, int64_t, s64, (int64_t)(int32_t)a *(int32_t)b)
MC_LANE_MODEL(pmulld, uint32_t, u32, a *b)

/* Widening moves: each element of the low part of b. */
#define WIDEN(name, FROM, from, TO, to)                       \
    void mc_lane_##name(struct mc_lanes *x)                   \
    {                                                         \
        for (unsigned i = 0; i < x->n / sizeof(TO); i++)      \
            mc_put_##to(x->d, i, (TO)mc_get_##from(x->b, i)); \
    }
WIDEN(pmovsxbw, int8_t, s8, int16_t, s16)
WIDEN(pmovsxbd, int8_t, s8, int32_t, s32)
WIDEN(pmovsxbq, int8_t, s8, int64_t, s64)
WIDEN(pmovsxwd, int16_t, s16, int32_t, s32)
WIDEN(pmovsxwq, int16_t, s16, int64_t, s64)
WIDEN(pmovsxdq, int32_t, s32, int64_t, s64)
WIDEN(pmovzxbw, uint8_t, u8, uint16_t, u16)
WIDEN(pmovzxbd, uint8_t, u8, uint32_t, u32)
WIDEN(pmovzxbq, uint8_t, u8, uint64_t, u64)
WIDEN(pmovzxwd, uint16_t, u16, uint32_t, u32)
WIDEN(pmovzxwq, uint16_t, u16, uint64_t, u64)
WIDEN(pmovzxdq, uint32_t, u32, uint64_t, u64)

/* Element extraction writes no more than the element, insertion keeps a's other elements. */
#define EXTRACT(name, T, suffix, count)                                          \
    void mc_lane_##name(struct mc_lanes *x)                                      \
    {                                                                            \
        mc_put_##suffix(x->d, 0, mc_get_##suffix(x->b, x->immediate % (count))); \
    }
EXTRACT(pextrb, uint8_t, u8, 16)
EXTRACT(pextrw, uint16_t, u16, 8)
EXTRACT(pextrd, uint32_t, u32, 4)
EXTRACT(pextrq, uint64_t, u64, 2)
EXTRACT(extractps, uint32_t, u32, 4)

#define INSERT(name, T, suffix, count)                                           \
    void mc_lane_##name(struct mc_lanes *x)                                      \
    {                                                                            \
        memcpy(x->d, x->a, x->n);                                                \
        mc_put_##suffix(x->d, x->immediate % (count), mc_get_##suffix(x->b, 0)); \
    }
INSERT(pinsrb, uint8_t, u8, 16)
INSERT(pinsrw, uint16_t, u16, x->n / 2)
INSERT(pinsrd, uint32_t, u32, 4)
INSERT(pinsrq, uint64_t, u64, 2)

/* The register form selects an element of the source by bits 7:6; the memory form reads one dword. */
void mc_lane_insertps(struct mc_lanes *x)
{
    memcpy(x->d, x->a, 16);
    mc_put_u32(x->d, x->immediate >> 4 & 3, mc_get_u32(x->b, x->b_memory ? 0 : x->immediate >> 6 & 3));
    for (unsigned i = 0; i < 4; i++)
        if (x->immediate >> i & 1)
            mc_put_u32(x->d, i, 0);
}

void mc_lane_mpsadbw(struct mc_lanes *x)
{
    for (unsigned block = 0; block < x->n; block += 16) {
        unsigned control = x->immediate >> (block ? 3 : 0);
        const uint8_t *a = x->a + block + 4 * (control >> 2 & 1), *b = x->b + block + 4 * (control & 3);
        for (unsigned i = 0; i < 8; i++) {
            unsigned sum = 0;
            for (unsigned k = 0; k < 4; k++)
                sum += a[i + k] > b[k] ? a[i + k] - b[k] : b[k] - a[i + k];
            mc_put_u16(x->d + block, i, (uint16_t)sum);
        }
    }
}

void mc_lane_phminposuw(struct mc_lanes *x)
{
    unsigned best = 0;
    for (unsigned i = 1; i < 8; i++)
        if (mc_get_u16(x->b, i) < mc_get_u16(x->b, best))
            best = i;
    uint16_t least = mc_get_u16(x->b, best);
    memset(x->d, 0, 16);
    mc_put_u16(x->d, 0, least);
    mc_put_u16(x->d, 1, (uint16_t)best);
}
