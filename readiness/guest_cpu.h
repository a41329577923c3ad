/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU to give to a guest so that it sees a feature set: a model of QEMU or libvirt with what to add and to take
 * away. Pure. */
#ifndef MC_READINESS_GUEST_CPU_H
#define MC_READINESS_GUEST_CPU_H

#include "isa/baseline.h"

enum mc_guest_tool { MC_GUEST_QEMU, MC_GUEST_LIBVIRT };

struct mc_guest_cpu {
    enum mc_guest_tool tool;
    const struct mc_baseline *model;
    struct mc_feature_set adds, drops; /* against the model; only what QEMU can name */
};

/* The model that needs the fewest changes. Of kernel-only features only those are added that some model of QEMU has:
 * others are the host's own business (power, machine checks), or bar a migration (invtsc). SGX is left out: it needs
 * memory of its own. vendor ANY: only models that take the host's vendor. False when no model fits. */
bool mc_guest_cpu_for(const struct mc_feature_set *features, enum mc_cpu_vendor vendor, enum mc_guest_tool tool,
                      struct mc_guest_cpu *ret);
const char *mc_guest_feature_name(enum mc_guest_tool tool, enum mc_feature feature);

#endif
