/* SPDX-License-Identifier: Apache-2.0 */
/* What probe --watch prints: one event at the start, one for each change. As JSON (schema maskcheck/watch/1) one object
 * a line. */
#ifndef MC_REPORT_WATCH_H
#define MC_REPORT_WATCH_H

#include "input/processes.h"
#include "readiness/watch.h"

#include <stdio.h>
#include <time.h>

struct mc_watch_event {
    time_t when;
    const struct mc_profile *machine; /* as it is now */
    unsigned seconds;                 /* between probes */
    const struct mc_change *changes;  /* count 0: the start */
    size_t count;
    const struct mc_process *const *processes; /* that have run since before */
    size_t process_count;
};
void mc_watch_event_text(FILE *stream, const struct mc_watch_event *event);
void mc_watch_event_json(FILE *stream, const struct mc_watch_event *event);

#endif
