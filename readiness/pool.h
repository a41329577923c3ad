/* SPDX-License-Identifier: Apache-2.0 */
/* What the hosts of a pool have in common, and which of them holds the rest back. Pure. */
#ifndef MC_READINESS_POOL_H
#define MC_READINESS_POOL_H

#include "readiness/compare.h"
#include "readiness/guest_cpu.h"

struct mc_pool_group { /* hosts of one vendor that have the same features */
    size_t *hosts;     /* indices into the pool's profiles, in their order */
    size_t count;
    struct mc_feature_set unused; /* beyond the common set: what a mask hides on these */
    struct mc_feature_set gain;   /* what the others would have in common beyond it, without these */
    struct mc_common without;     /* the others */
};

struct mc_pool_vendor {
    enum mc_cpu_vendor vendor; /* ANY for hosts that leave it open or that no row knows */
    const char *name;
    size_t count;            /* hosts */
    struct mc_common common; /* of these alone */
};

#define MC_POOL_NONE ((size_t)-1)
struct mc_pool {
    const struct mc_profile *const *profiles;
    size_t count;
    struct mc_common common;
    bool mixed;                     /* of several vendors: no EVC baseline covers the pool, no VM may move everywhere */
    struct mc_pool_vendor *vendors; /* in order of appearance */
    size_t vendor_count;
    struct mc_pool_group *groups; /* in order of their first host */
    size_t group_count;
    size_t holder;           /* the group that holds the rest back; NONE where no single one does */
    struct mc_lack *unnamed; /* bits without a name that all have */
    size_t unnamed_count;
    bool has_qemu, has_libvirt;
    struct mc_guest_cpu qemu, libvirt; /* of the common set */
};

/* count > 0. Results live in the arena and refer to the profiles. */
void mc_pool_judge(const struct mc_profile *const *profiles, size_t count, struct mc_arena *arena, struct mc_pool *ret);

#endif
