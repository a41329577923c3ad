/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of the probe: for people, and as schema maskcheck/probe/1. */
#ifndef MC_REPORT_PROBE_H
#define MC_REPORT_PROBE_H

#include "probe/probe.h"
#include "readiness/compare.h"

#include <stdio.h>

struct mc_probe_report {
    const char *version;                /* of maskcheck */
    const struct mc_baseline *baseline; /* the one the probe was asked about, or NULL */
    bool colour;                        /* text: with ANSI colours */
    const struct mc_comparison *comparison; /* of this machine with that baseline (mc_compare_guest), NULL without one */
};

/* The answer first, then machine, what contradicts, then all features by group. */
void mc_probe_report_text(FILE *stream, const struct mc_probe *probe, const struct mc_probe_report *options);
/* One JSON object without a newline after it, so that it can stand inside another document. */
void mc_probe_report_json(FILE *stream, const struct mc_probe *probe, const struct mc_probe_report *options);

/* One page, with a picture of the verdicts by CPU. */
void mc_probe_report_html(FILE *stream, const struct mc_probe *probe, const struct mc_probe_report *options);
/* For node_exporter's textfile collector. */
void mc_probe_report_prometheus(FILE *stream, const struct mc_probe *probe, const struct mc_probe_report *options);

/* The answer in one sentence; returns how good it is: "bad", "warn" or "good". */
#define MC_PROBE_ANSWER 400 /* bytes */
const char *mc_probe_answer(const struct mc_probe *probe, const struct mc_probe_report *options, char ret[MC_PROBE_ANSWER]);

#endif
