/* SPDX-License-Identifier: Apache-2.0 */
/* Two probes of one virtual machine at different times: what has changed? A live migration seen from inside: the CPU
 * under the VM is another one, or its CPUID or what it executes has changed. Pure. */
#ifndef MC_READINESS_WATCH_H
#define MC_READINESS_WATCH_H

#include "probe/dump.h"
#include "probe/probe.h"
#include "readiness/profile.h"

enum mc_change_kind {
    MC_CHANGE_CPUID,      /* anything that CPUID reports: named or not, except what MC_PASSING of isa/words.def lists */
    MC_CHANGE_TRIAL,      /* what the CPU executes */
    MC_CHANGE_CPU,        /* vendor, family, model, stepping or brand */
    MC_CHANGE_HYPERVISOR, /* its signature, and what else it says in its own leaves */
    MC_CHANGE_COUNT,      /* the number of CPUs */
    MC_CHANGE_BASELINE,   /* a feature has come to lie above the baseline that was asked about, or no longer does */
};
const char *
mc_change_kind_name(enum mc_change_kind kind); /* "cpuid", "trial", "cpu", "hypervisor", "count", "baseline" */

struct mc_change {
    enum mc_change_kind kind;
    const char *what;           /* "avx2", "7.edx[14]", "4.0.ebx", "brand" */
    const char *before, *after; /* words: "reported", "not reported", "runs", "does not run", a brand, a register's "0x1f" */
    bool is_register;           /* what is a register without a name for what changed in it */
    const unsigned *cpus;       /* the numbers of those that changed so; NULL with count 0: all, or the machine as a whole */
    size_t cpu_count;
    bool lost;                  /* something that was there is gone: what has been decided before may be wrong now */
};

/* What is remembered of a probe. */
struct mc_watch_state {
    struct mc_dump dump; /* every leaf of every CPU; owned */
    struct mc_profile profile;
    bool tried;
    struct mc_feature_set above;         /* the baseline, where one was given */
    struct mc_feature_set runs, refused; /* by trials, on every CPU, on some CPU; neither where it could not be told */
};
void mc_watch_remember(const struct mc_probe *probe, struct mc_watch_state *ret);
void mc_watch_forget(struct mc_watch_state *state); /* accepts a zeroed one */

/* Texts and the list live in the arena. 0: nothing has changed. */
size_t mc_watch_compare(const struct mc_watch_state *before, const struct mc_watch_state *after, struct mc_arena *arena,
                        struct mc_change **ret);

#endif
