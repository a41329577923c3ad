/* SPDX-License-Identifier: Apache-2.0 */
/* Models of instructions on general registers, and of those that touch the system's state. */
#ifndef MC_PROBE_MODEL_SCALAR_H
#define MC_PROBE_MODEL_SCALAR_H

#include "probe/model_state.h"

/* clang-format off */
#define MC_SCALAR_LIST(X)                                                                                              \
    X(popcnt) X(lzcnt) X(bsr) X(tzcnt) X(bsf) X(andn) X(bextr) X(blsr) X(blsmsk) X(blsi) X(bzhi) X(pdep) X(pext)       \
    X(rorx) X(sarx) X(shlx) X(shrx) X(adcx) X(adox) X(movbe) X(cmovz) X(blcfill) X(blsfill) X(blcs) X(tzmsk) X(blcic)  \
    X(blsic) X(t1mskc) X(blcmsk) X(blci) X(aadd) X(aand) X(aor) X(axor) X(store) X(apx_add)
/* clang-format on */
#define X(name) mc_scalar_fn mc_scalar_##name;
MC_SCALAR_LIST(X)
#undef X

#endif
