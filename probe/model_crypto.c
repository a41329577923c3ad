/* SPDX-License-Identifier: Apache-2.0 */
/* AES (FIPS 197), carry-less multiplication, GF(2^8), SHA-1/256/512 (FIPS 180-4), SM3 and SM4 (GB/T 32905, 32907), as
 * the operation sections of Intel SDM vol. 2 cut them into instructions. */
#include "probe/model.h"

uint8_t mc_gf_multiply(uint8_t a, uint8_t b)
{
    uint8_t product = 0;
    for (; b; b >>= 1) {
        if (b & 1)
            product ^= a;
        a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1B : 0));
    }
    return product;
}

/* x^254 = x^-1; 0 stays 0. */
static uint8_t gf_inverse(uint8_t a)
{
    uint8_t result = 1;
    for (unsigned exponent = 254; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = mc_gf_multiply(result, a);
        a = mc_gf_multiply(a, a);
    }
    return result;
}

static uint8_t rotate8(uint8_t a, unsigned count)
{
    return (uint8_t)(a << count | a >> (8 - count)); /* count 0 gives a */
}

static uint8_t substitute(uint8_t a)
{
    uint8_t b = gf_inverse(a);
    return b ^ rotate8(b, 1) ^ rotate8(b, 2) ^ rotate8(b, 3) ^ rotate8(b, 4) ^ 0x63;
}

static uint8_t substitute_back(uint8_t a)
{
    return gf_inverse(rotate8(a, 1) ^ rotate8(a, 3) ^ rotate8(a, 6) ^ 0x05);
}

/* Byte i of the state is row i % 4, column i / 4. Row r moves left by r; back by -r. */
static void shift_rows(uint8_t *to, const uint8_t *from, unsigned direction)
{
    for (unsigned i = 0; i < 16; i++)
        to[i] = from[(i + 4 * direction * (i % 4)) % 16];
}

static void mix_columns(uint8_t *state, const uint8_t coefficient[4])
{
    uint8_t old[16];
    memcpy(old, state, 16);
    for (unsigned i = 0; i < 16; i++) {
        state[i] = 0;
        for (unsigned k = 0; k < 4; k++)
            state[i] ^= mc_gf_multiply(coefficient[k], old[(i & ~3u) + (i + k) % 4]);
    }
}

static const uint8_t forward[4] = {2, 3, 1, 1}, backward[4] = {14, 11, 13, 9};

static void aes_round(struct mc_lanes *x, bool decrypt, bool last)
{
    for (unsigned block = 0; block < x->n; block += 16) {
        uint8_t state[16];
        shift_rows(state, x->a + block, decrypt ? 3 : 1);
        for (unsigned i = 0; i < 16; i++)
            state[i] = decrypt ? substitute_back(state[i]) : substitute(state[i]);
        if (!last)
            mix_columns(state, decrypt ? backward : forward);
        for (unsigned i = 0; i < 16; i++)
            x->d[block + i] = state[i] ^ x->b[block + i];
    }
}

void mc_lane_aesenc(struct mc_lanes *x)
{
    aes_round(x, false, false);
}

void mc_lane_aesenclast(struct mc_lanes *x)
{
    aes_round(x, false, true);
}

void mc_lane_aesdec(struct mc_lanes *x)
{
    aes_round(x, true, false);
}

void mc_lane_aesdeclast(struct mc_lanes *x)
{
    aes_round(x, true, true);
}

void mc_lane_aesimc(struct mc_lanes *x)
{
    memcpy(x->d, x->b, 16);
    mix_columns(x->d, backward);
}

void mc_lane_aeskeygen(struct mc_lanes *x)
{
    for (unsigned half = 0; half < 2; half++) {
        uint8_t word[4];
        for (unsigned i = 0; i < 4; i++)
            word[i] = substitute(x->b[4 + 8 * half + i]);
        memcpy(x->d + 8 * half, word, 4);
        for (unsigned i = 0; i < 4; i++)
            x->d[8 * half + 4 + i] = word[(i + 1) % 4] ^ (i == 0 ? (uint8_t)x->immediate : 0);
    }
}

void mc_lane_pclmul(struct mc_lanes *x)
{
    for (unsigned block = 0; block < x->n; block += 16) {
        uint64_t a = mc_get_u64(x->a + block, x->immediate & 1), b = mc_get_u64(x->b + block, x->immediate >> 4 & 1),
                 low = 0, high = 0;
        for (unsigned i = 0; i < 64; i++)
            if (b >> i & 1) {
                low ^= a << i;
                high ^= i ? a >> (64 - i) : 0;
            }
        mc_put_u64(x->d + block, 0, low);
        mc_put_u64(x->d + block, 1, high);
    }
}

MC_LANE_MODEL(gf2p8mulb, uint8_t, u8, mc_gf_multiply(a, b))

/* Bit i of the result is the parity of row 7 - i of the matrix with the byte, plus bit i of the immediate. */
static uint8_t affine(const uint8_t *matrix, uint8_t value, uint8_t constant)
{
    uint8_t result = 0;
    for (unsigned i = 0; i < 8; i++) {
        unsigned parity = 0;
        for (unsigned bits = matrix[7 - i] & value; bits; bits &= bits - 1)
            parity ^= 1;
        result |= (uint8_t)(parity << i);
    }
    return result ^ constant;
}

MC_LANE_MODEL(gf2p8affine, uint8_t, u8, affine(x->b + (i & ~7u), a, (uint8_t)x->immediate))
MC_LANE_MODEL(gf2p8affineinv, uint8_t, u8, affine(x->b + (i & ~7u), gf_inverse(a), (uint8_t)x->immediate))

static uint32_t rol(uint32_t value, unsigned count)
{
    count &= 31;
    return count ? value << count | value >> (32 - count) : value;
}

static uint32_t ror(uint32_t value, unsigned count)
{
    return rol(value, 32 - count);
}

static uint64_t ror64(uint64_t value, unsigned count)
{
    return value >> count | value << (64 - count);
}

#define MAJORITY(a, b, c) (((a) & (b)) ^ ((a) & (c)) ^ ((b) & (c)))
#define CHOOSE(e, f, g) (((e) & (f)) ^ (~(e) & (g)))

/* Dword 3 of each register is the first word. */
void mc_lane_sha1rnds4(struct mc_lanes *x)
{
    static const uint32_t constants[] = {0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
    unsigned function = x->immediate & 3;
    uint32_t a = mc_get_u32(x->a, 3), b = mc_get_u32(x->a, 2), c = mc_get_u32(x->a, 1), d = mc_get_u32(x->a, 0), e = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t f = function == 0 ? CHOOSE(b, c, d) : function == 2 ? MAJORITY(b, c, d) : b ^ c ^ d;
        uint32_t next = f + rol(a, 5) + mc_get_u32(x->b, 3 - i) + e + constants[function]; /* W0 carries E already */
        e = d, d = c, c = rol(b, 30), b = a, a = next;
    }
    mc_put_u32(x->d, 3, a), mc_put_u32(x->d, 2, b), mc_put_u32(x->d, 1, c), mc_put_u32(x->d, 0, d);
}

void mc_lane_sha1nexte(struct mc_lanes *x)
{
    memcpy(x->d, x->b, 16);
    mc_put_u32(x->d, 3, mc_get_u32(x->b, 3) + rol(mc_get_u32(x->a, 3), 30));
}

void mc_lane_sha1msg1(struct mc_lanes *x)
{
    uint32_t w[6] = {mc_get_u32(x->a, 3), mc_get_u32(x->a, 2), mc_get_u32(x->a, 1),
                     mc_get_u32(x->a, 0), mc_get_u32(x->b, 3), mc_get_u32(x->b, 2)};
    for (unsigned i = 0; i < 4; i++)
        mc_put_u32(x->d, 3 - i, w[i + 2] ^ w[i]);
}

void mc_lane_sha1msg2(struct mc_lanes *x)
{
    uint32_t w13 = mc_get_u32(x->b, 2), w14 = mc_get_u32(x->b, 1), w15 = mc_get_u32(x->b, 0);
    uint32_t w16 = rol(mc_get_u32(x->a, 3) ^ w13, 1), w17 = rol(mc_get_u32(x->a, 2) ^ w14, 1);
    uint32_t w18 = rol(mc_get_u32(x->a, 1) ^ w15, 1), w19 = rol(mc_get_u32(x->a, 0) ^ w16, 1);
    mc_put_u32(x->d, 3, w16), mc_put_u32(x->d, 2, w17), mc_put_u32(x->d, 1, w18), mc_put_u32(x->d, 0, w19);
}

/* a: C D G H from the top is C=3 D=2 G=1 H=0; b: A=3 B=2 E=1 F=0; c (xmm0): two words with their constants added. */
void mc_lane_sha256rnds2(struct mc_lanes *x)
{
    uint32_t a = mc_get_u32(x->b, 3), b = mc_get_u32(x->b, 2), c = mc_get_u32(x->a, 3), d = mc_get_u32(x->a, 2);
    uint32_t e = mc_get_u32(x->b, 1), f = mc_get_u32(x->b, 0), g = mc_get_u32(x->a, 1), h = mc_get_u32(x->a, 0);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t t1 = h + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + CHOOSE(e, f, g) + mc_get_u32(x->c, i);
        uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + MAJORITY(a, b, c);
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    mc_put_u32(x->d, 3, a), mc_put_u32(x->d, 2, b), mc_put_u32(x->d, 1, e), mc_put_u32(x->d, 0, f);
}

static uint32_t sigma0(uint32_t w)
{
    return ror(w, 7) ^ ror(w, 18) ^ w >> 3;
}

static uint32_t sigma1(uint32_t w)
{
    return ror(w, 17) ^ ror(w, 19) ^ w >> 10;
}

void mc_lane_sha256msg1(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 4; i++)
        mc_put_u32(x->d, i, mc_get_u32(x->a, i) + sigma0(i < 3 ? mc_get_u32(x->a, i + 1) : mc_get_u32(x->b, 0)));
}

void mc_lane_sha256msg2(struct mc_lanes *x)
{
    uint32_t w[4];
    for (unsigned i = 0; i < 4; i++) {
        w[i] = mc_get_u32(x->a, i) + sigma1(i < 2 ? mc_get_u32(x->b, 2 + i) : w[i - 2]);
        mc_put_u32(x->d, i, w[i]);
    }
}

/* The 512-bit relatives work on ymm registers of four qwords; sha512rnds2 takes its two words from an xmm register. */
void mc_lane_sha512rnds2(struct mc_lanes *x)
{
    uint64_t a = mc_get_u64(x->b, 3), b = mc_get_u64(x->b, 2), c = mc_get_u64(x->a, 3), d = mc_get_u64(x->a, 2);
    uint64_t e = mc_get_u64(x->b, 1), f = mc_get_u64(x->b, 0), g = mc_get_u64(x->a, 1), h = mc_get_u64(x->a, 0);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t t1 = h + (ror64(e, 14) ^ ror64(e, 18) ^ ror64(e, 41)) + CHOOSE(e, f, g) + mc_get_u64(x->c, i);
        uint64_t t2 = (ror64(a, 28) ^ ror64(a, 34) ^ ror64(a, 39)) + MAJORITY(a, b, c);
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    mc_put_u64(x->d, 3, a), mc_put_u64(x->d, 2, b), mc_put_u64(x->d, 1, e), mc_put_u64(x->d, 0, f);
}

void mc_lane_sha512msg1(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t w = i < 3 ? mc_get_u64(x->a, i + 1) : mc_get_u64(x->b, 0);
        mc_put_u64(x->d, i, mc_get_u64(x->a, i) + (ror64(w, 1) ^ ror64(w, 8) ^ w >> 7));
    }
}

void mc_lane_sha512msg2(struct mc_lanes *x)
{
    uint64_t w[4];
    for (unsigned i = 0; i < 4; i++) {
        uint64_t from = i < 2 ? mc_get_u64(x->b, 2 + i) : w[i - 2];
        w[i] = mc_get_u64(x->a, i) + (ror64(from, 19) ^ ror64(from, 61) ^ from >> 6);
        mc_put_u64(x->d, i, w[i]);
    }
}

static uint32_t sm3_p1(uint32_t w)
{
    return w ^ rol(w, 15) ^ rol(w, 23);
}

/* VSM3MSG1: a is the old destination (W7..W10), b W0..W3, c W13..W15. */
void mc_lane_sm3msg1(struct mc_lanes *x)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t last = i < 3 ? rol(mc_get_u32(x->c, i), 15) : 0;
        mc_put_u32(x->d, i, sm3_p1(mc_get_u32(x->a, i) ^ mc_get_u32(x->b, i) ^ last));
    }
}

/* VSM3MSG2: a the partial W16..W19, b W3..W6, c W10..W13. */
void mc_lane_sm3msg2(struct mc_lanes *x)
{
    uint32_t w[4];
    for (unsigned i = 0; i < 4; i++)
        w[i] = rol(mc_get_u32(x->b, i), 7) ^ mc_get_u32(x->c, i) ^ mc_get_u32(x->a, i);
    w[3] ^= rol(w[0], 6) ^ rol(w[0], 15) ^ rol(w[0], 30);
    for (unsigned i = 0; i < 4; i++)
        mc_put_u32(x->d, i, w[i]);
}

/* VSM3RNDS2: a is C D G H, b is A B E F (both from the top), c W0 W1 W4 W5; the immediate is the round. */
void mc_lane_sm3rnds2(struct mc_lanes *x)
{
    uint32_t a = mc_get_u32(x->b, 3), b = mc_get_u32(x->b, 2), c = rol(mc_get_u32(x->a, 3), 9),
             d = rol(mc_get_u32(x->a, 2), 9);
    uint32_t e = mc_get_u32(x->b, 1), f = mc_get_u32(x->b, 0), g = rol(mc_get_u32(x->a, 1), 19),
             h = rol(mc_get_u32(x->a, 0), 19);
    unsigned round = x->immediate & 0x3E;
    uint32_t constant = rol(round < 16 ? 0x79CC4519 : 0x7A879D8A, round);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t s1 = rol(rol(a, 12) + e + constant, 7), s2 = s1 ^ rol(a, 12);
        uint32_t ff = round < 16 ? a ^ b ^ c : MAJORITY(a, b, c), gg = round < 16 ? e ^ f ^ g : CHOOSE(e, f, g);
        uint32_t t1 = ff + d + s2 + (mc_get_u32(x->c, i) ^ mc_get_u32(x->c, i + 2)),
                 t2 = gg + h + s1 + mc_get_u32(x->c, i);
        d = c, c = rol(b, 9), b = a, a = t1, h = g, g = rol(f, 19), f = e, e = t2 ^ rol(t2, 9) ^ rol(t2, 17);
        constant = rol(constant, 1);
    }
    mc_put_u32(x->d, 3, a), mc_put_u32(x->d, 2, b), mc_put_u32(x->d, 1, e), mc_put_u32(x->d, 0, f);
}

/* SM4's field is GF(2^8) with x^8+x^7+x^6+x^5+x^4+x^2+1. */
static uint8_t sm4_multiply(uint8_t a, uint8_t b)
{
    uint8_t product = 0;
    for (; b; b >>= 1) {
        if (b & 1)
            product ^= a;
        a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0xF5 : 0));
    }
    return product;
}

static uint8_t sm4_linear(uint8_t value)
{
    uint8_t result = 0;
    for (unsigned i = 0; i < 8; i++) {
        unsigned parity = 0;
        for (unsigned bits = rotate8(0xA7, i) & value; bits; bits &= bits - 1)
            parity ^= 1;
        result |= (uint8_t)(parity << i);
    }
    return result ^ 0xD3;
}

/* The S-box is linear map, inverse, linear map (Liu et al., "Analysis of the SMS4 block cipher", 2007). */
static uint8_t sm4_substitute(uint8_t value)
{
    uint8_t base = sm4_linear(value), inverse = 1;
    for (unsigned exponent = 254; exponent; exponent >>= 1) {
        if (exponent & 1)
            inverse = sm4_multiply(inverse, base);
        base = sm4_multiply(base, base);
    }
    return sm4_linear(inverse);
}

/* SM4: four keys or four rounds per block; a the state, b the key material. */
static uint32_t sm4_t(uint32_t value, bool key)
{
    uint32_t b = 0;
    for (unsigned i = 0; i < 32; i += 8)
        b |= (uint32_t)sm4_substitute((uint8_t)(value >> i)) << i;
    return key ? b ^ rol(b, 13) ^ rol(b, 23) : b ^ rol(b, 2) ^ rol(b, 10) ^ rol(b, 18) ^ rol(b, 24);
}

static void sm4_rounds(struct mc_lanes *x, bool key)
{
    for (unsigned block = 0; block < x->n / 4; block += 4) {
        uint32_t p[4];
        for (unsigned i = 0; i < 4; i++)
            p[i] = mc_get_u32(x->a, block + i);
        for (unsigned i = 0; i < 4; i++) {
            p[i] ^= sm4_t(p[(i + 1) % 4] ^ p[(i + 2) % 4] ^ p[(i + 3) % 4] ^ mc_get_u32(x->b, block + i), key);
            mc_put_u32(x->d, block + i, p[i]);
        }
    }
}

void mc_lane_sm4key4(struct mc_lanes *x)
{
    sm4_rounds(x, true);
}

void mc_lane_sm4rnds4(struct mc_lanes *x)
{
    sm4_rounds(x, false);
}
