/* SPDX-License-Identifier: Apache-2.0 */
/* Models that look at the whole state: flags from vectors, implicit registers, results that only a range can tell. */
#ifndef MC_PROBE_MODEL_STATE_H
#define MC_PROBE_MODEL_STATE_H

#include "probe/model.h"

#define MC_STATE_LIST(X)                                                                                               \
    X(ptest) X(fisttp) X(crc32) X(pcmpistri) X(pcmpistrm) X(pcmpestri) X(pcmpestrm)
#define X(name) mc_state_fn mc_state_##name;
MC_STATE_LIST(X)
#undef X

#endif
