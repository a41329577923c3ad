/* SPDX-License-Identifier: Apache-2.0 */
/* Models that look at the whole state: flags from vectors, implicit registers, results that only a range can tell. */
#ifndef MC_PROBE_MODEL_STATE_H
#define MC_PROBE_MODEL_STATE_H

#include "probe/model.h"

/* clang-format off */
#define MC_STATE_LIST(X)                                                                                               \
    X(ptest) X(fisttp) X(crc32) X(pcmpistri) X(pcmpistrm) X(pcmpestri) X(pcmpestrm) X(nothing) X(mulx) X(movdir64b)    \
    X(cmpbexadd) X(cmpzxadd) X(cmpxchg8b) X(cmpxchg16b) X(lahf) X(sahf) X(rdtsc) X(rdtscp) X(rdpid) X(rdrand)          \
    X(rdpru) X(rdfsbase) X(wrgsbase) X(rdpkru) X(clzero) X(monitorx) X(mwaitx) X(tpause) X(xtest) X(xbegin) X(xsave)   \
    X(fxsave) X(xgetbv) X(xgetbv1) X(vp2intersectd) X(rcp28) X(gather_prefetch) X(v4fmaddps) X(vp4dpwssd) X(extrq)     \
    X(extrq_imm) X(insertq_imm) X(slwpcb) X(tdpbssd) X(tdpbuud) X(tdpbf16ps) X(tdpfp16ps) X(tcmmrlfp16ps)              \
    X(tcmmimfp16ps) X(ldtilecfg)
/* clang-format on */
#define X(name) mc_state_fn mc_state_##name;
MC_STATE_LIST(X)
#undef X

#endif
