/* SPDX-License-Identifier: Apache-2.0 */
/* Scanning many files with several threads, largest file first, and handing the outcome over in the order of the list. */
#ifndef MC_CLI_SCAN_JOBS_H
#define MC_CLI_SCAN_JOBS_H

#include "input/walk.h"
#include "scanner/scan.h"
#include "store/cached_scan.h"

struct mc_scan_jobs {
    const struct mc_input *items;
    size_t count;
    unsigned threads; /* 0: as many as there are CPUs */
    const struct mc_scan_options *options;
    bool no_cache, verbose;
    void *context;
    /* In a worker thread, for each result of item `index`: several for an archive, in its order. The result is freed after. */
    void (*visit)(void *context, size_t index, struct mc_file_result *result);
    /* Under a lock, for each item in the order of the list, once all its results and those of all items before were visited. */
    void (*done)(void *context, size_t index);
};

/* Says on stderr that the cache was made anew and, when verbose, why there is none. */
void mc_scan_jobs_run(const struct mc_scan_jobs *jobs);
unsigned mc_cpu_count(void); /* CPUs this process may run on, at least 1 */

#endif
