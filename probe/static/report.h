/* SPDX-License-Identifier: Apache-2.0 */
/* What the static executable found, and its two forms. JSON is schema maskcheck/probe/1 without the kernel's view
 * ("kernel": null) and without baselines; all strings are printable ASCII. */
#ifndef MC_PROBE_STATIC_REPORT_H
#define MC_PROBE_STATIC_REPORT_H

#include "probe/machine.h"
#include "probe/verdict.h"

#define MC_STATIC_CPUS 1024

struct mc_static_feature {
    enum mc_answer usable;
    struct mc_feature_trial trial;
    enum mc_probe_verdict verdict;
};

struct mc_static_cpu {
    unsigned number;
    struct mc_snapshot snapshot;
    struct mc_feature_set reported, comparable;
    struct mc_trials trials;
    struct mc_static_feature features[MC_FEATURE_COUNT];
};

struct mc_static_probe {
    struct mc_machine machine;
    unsigned count;
    struct mc_static_cpu *cpus[MC_STATIC_CPUS];
};

/* The worst verdict over all CPUs. */
enum mc_probe_verdict mc_static_worst(const struct mc_static_probe *probe, enum mc_feature feature);

void mc_static_text(const struct mc_static_probe *probe);
void mc_static_json(const struct mc_static_probe *probe);

#endif
