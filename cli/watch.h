/* SPDX-License-Identifier: Apache-2.0 */
/* probe --watch: probes again and again, and tells what has changed in between. */
#ifndef MC_CLI_WATCH_H
#define MC_CLI_WATCH_H

#include "probe/probe.h"

struct mc_watch_options {
    const struct mc_probe_options *probe;
    unsigned seconds; /* between probes */
    bool once;        /* ends at the first change */
    bool json;
    const char *output; /* NULL: stdout */
};

/* Returns the exit status: with `once` 1 at the first change; else only when the first probe fails or output is lost.
 */
int mc_watch(const struct mc_watch_options *options);

#endif
