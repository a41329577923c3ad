/* SPDX-License-Identifier: Apache-2.0 */
/* The scalar models: what an instruction must compute, in plain C from the operation sections of the vendors' manuals
 * (Intel SDM vol. 2, AMD APM vol. 3 to 5). No intrinsics, no inline assembly, no use of another model's instruction.
 *
 * Lane models: binary ones read a and b, unary ones b, three-source ones a, b, c; `d` may hold the old destination.
 * Blocks of 16 bytes (8 for MMX) where the manual says "within 128-bit lanes". Floating-point models use exact inputs
 * or round by themselves, so that x87 and SSE arithmetic of the compiler give the same. */
#ifndef MC_PROBE_MODEL_H
#define MC_PROBE_MODEL_H

#include "probe/trial_table.h"

#include <string.h>

#define MC_MODEL_ACCESS(T, suffix)                                                                                     \
    static inline T mc_get_##suffix(const uint8_t *bytes, unsigned i)                                                  \
    {                                                                                                                  \
        T value;                                                                                                       \
        memcpy(&value, bytes + i * sizeof value, sizeof value);                                                        \
        return value;                                                                                                  \
    }                                                                                                                  \
    static inline void mc_put_##suffix(uint8_t *bytes, unsigned i, T value)                                            \
    {                                                                                                                  \
        memcpy(bytes + i * sizeof value, &value, sizeof value);                                                        \
    }
MC_MODEL_ACCESS(uint8_t, u8)
MC_MODEL_ACCESS(uint16_t, u16)
MC_MODEL_ACCESS(uint32_t, u32)
MC_MODEL_ACCESS(uint64_t, u64)
MC_MODEL_ACCESS(int8_t, s8)
MC_MODEL_ACCESS(int16_t, s16)
MC_MODEL_ACCESS(int32_t, s32)
MC_MODEL_ACCESS(int64_t, s64)
MC_MODEL_ACCESS(float, f32)
MC_MODEL_ACCESS(double, f64)

/* A model that treats all lanes of type T alike: `expression` in a, b, c and the lane number i. */
#define MC_LANE_MODEL(name, T, suffix, expression)                                                                     \
    void mc_lane_##name(struct mc_lanes *x)                                                                            \
    {                                                                                                                  \
        for (unsigned i = 0; i < x->n / sizeof(T); i++) {                                                              \
            T a = mc_get_##suffix(x->a, i), b = mc_get_##suffix(x->b, i), c = mc_get_##suffix(x->c, i);                \
            (void)a, (void)b, (void)c;                                                                                 \
            mc_put_##suffix(x->d, i, (T)(expression));                                                                 \
        }                                                                                                              \
    }

static inline unsigned mc_block_size(const struct mc_lanes *x)
{
    return x->n < 16 ? x->n : 16;
}

static inline int64_t mc_clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Half precision and bfloat16 to float and back (round to nearest even), by integer arithmetic. */
float mc_half_to_float(uint16_t half);
uint16_t mc_float_to_half(float value, unsigned rounding); /* rounding: MXCSR.RC */
float mc_brain_to_float(uint16_t brain);
uint16_t mc_float_to_brain(float value);
double mc_round_double(double value, unsigned rounding); /* to an integer, MXCSR.RC */

uint8_t mc_gf_multiply(uint8_t a, uint8_t b); /* in GF(2^8) with x^8+x^4+x^3+x+1 */

/* clang-format off */
#define MC_LANE_LIST(X)                                                                                                \
    X(pabsb) X(pabsw) X(pabsd) X(pabsq) X(psignb) X(psignw) X(psignd) X(phaddw) X(phaddd) X(phaddsw) X(phsubw)         \
    X(phsubd) X(phsubsw) X(pmaddubsw) X(pmulhrsw) X(pshufb) X(palignr) X(paddb) X(paddw) X(paddd) X(paddq) X(psubd)    \
    X(pand) X(pandn) X(por) X(pxor) X(paddsb) X(psubusw) X(pmulhuw) X(pmaddwd) X(pavgb) X(psadbw) X(pminub) X(pmaxsw)  \
    X(pmullw) X(pmuludq) X(packsswb) X(punpcklbw) X(pshufd) X(pslld_count) X(psrldq) X(pshufw) X(move) X(psllw_imm)    \
    X(blendps) X(blendpd) X(blendvps) X(blendvpd) X(pblendvb) X(pblendw) X(dpps) X(dppd) X(extractps) X(insertps)      \
    X(mpsadbw) X(packusdw) X(pcmpeqq) X(pcmpgtq) X(pextrb) X(pextrw) X(pextrd) X(pextrq) X(phminposuw) X(pinsrb)       \
    X(pinsrw) X(pinsrd) X(pinsrq) X(pmaxsb) X(pmaxsd) X(pmaxud) X(pmaxuw) X(pminsb) X(pminsd) X(pminud) X(pminuw)      \
    X(pmovsxbw) X(pmovsxbd) X(pmovsxbq) X(pmovsxwd) X(pmovsxwq) X(pmovsxdq) X(pmovzxbw) X(pmovzxbd) X(pmovzxbq)        \
    X(pmovzxwd) X(pmovzxwq) X(pmovzxdq) X(pmuldq) X(pmulld) X(roundps) X(roundpd) X(roundss) X(roundsd) X(addps)       \
    X(addpd) X(mulps) X(mulpd) X(subps) X(addss) X(addsd) X(minps) X(maxpd) X(cmpps) X(shufps) X(addsubps)             \
    X(addsubpd) X(haddps) X(haddpd) X(hsubps) X(hsubpd) X(movddup) X(movsldup) X(movshdup) X(cvttps2dq) X(cvtps2pd)    \
    X(movmskps) X(permute2) X(broadcast16) X(broadcastb) X(broadcastd) X(broadcastq) X(vpermilps) X(vpermilpd_imm)     \
    X(insert128) X(extract128) X(permq_imm) X(permd) X(psllvd) X(psrlvq) X(psravd) X(maskmovd) X(fmadd132ps)           \
    X(fmadd213ps) X(fmadd231ps) X(fmadd231pd) X(fmadd213ss) X(fmaddsub213ps) X(fnmadd231ps) X(fmsub132pd)              \
    X(fnmsub213sd) X(fma4_maddps) X(fma4_nmaddpd) X(fma4_msubss) X(cvtph2ps) X(cvtps2ph) X(aesenc) X(aesenclast)       \
    X(aesdec) X(aesdeclast) X(aesimc) X(aeskeygen) X(pclmul) X(gf2p8mulb) X(gf2p8affine) X(gf2p8affineinv)             \
    X(sha1rnds4) X(sha1nexte) X(sha1msg1) X(sha1msg2) X(sha256rnds2) X(sha256msg1) X(sha256msg2) X(sha512rnds2)        \
    X(sha512msg1) X(sha512msg2) X(sm3msg1) X(sm3msg2) X(sm3rnds2) X(sm4key4) X(sm4rnds4) X(pfadd) X(pfsub) X(pfmul)    \
    X(pfcmpge) X(pf2id) X(pavgusb) X(pmulhrw3dnow) X(pfacc) X(pswapd) X(pfpnacc) X(pi2fw) X(pf2iw) X(pfnacc)           \
    X(pternlogd) X(psravq) X(cvttps2udq) X(broadcastmw2d) X(cvtqq2pd) X(pmovb2m) X(kand) X(psllvw) X(permw) X(shldvd)  \
    X(pconflictd) X(plzcntq) X(popcntb) X(popcntw) X(popcntd) X(popcntq) X(pmadd52luq) X(pmadd52huq) X(pmullq)         \
    X(prold) X(pcmpub_k) X(pcmpd_k) X(pcmpeqb_k) X(ptestmd_k) X(permb) X(permi2b) X(multishiftqb) X(shrdd_imm)         \
    X(compressb) X(expandb) X(compressd) X(expandd) X(dpbusd) X(dpbusds) X(dpwssd) X(dpwssds) X(bitshuffle_k)          \
    X(dpbf16ps) X(cvtne2ps2bf16) X(cvtneps2bf16) X(pmovqb) X(pmovsdw) X(rangeps) X(getexpps) X(scalefps) X(andps)      \
    X(pmovm2b) X(alignd) X(dpbssd) X(dpbsud) X(dpbuud) X(dpbuuds) X(dpwsud) X(dpwusd) X(dpwuud) X(dpbssds) X(addph)    \
    X(mulph) X(fmadd231ph) X(subsh) X(cvtph2w) X(cvtw2ph) X(fmulcph) X(bcstnebf162ps) X(bcstnesh2ps) X(cvtneebf162ps)  \
    X(cvtneobf162ps) X(cvtneeph2ps) X(cvtneoph2ps) X(vpcmov) X(vpperm) X(vprotb) X(vprotd_imm) X(vpcomb) X(vpmacsdd)   \
    X(vpmacssww) X(vphaddbd) X(vfrczps) X(vphsubwd) X(vpmadcswd) X(storelow) X(lddqu)
/* clang-format on */
#define X(name) mc_lane_fn mc_lane_##name;
MC_LANE_LIST(X)
#undef X

#endif
