/* SPDX-License-Identifier: Apache-2.0 */
/* Scanning many files with several threads, largest file first, and handing the outcome over in the order of the list. */
#ifndef MC_CLI_SCAN_JOBS_H
#define MC_CLI_SCAN_JOBS_H

#include "cli/progress.h"
#include "input/walk.h"
#include "scanner/scan.h"
#include "store/cached_scan.h"

struct mc_scan_jobs {
    const struct mc_input *items;
    size_t count;
    unsigned threads; /* 0: as many as there are CPUs */
    const struct mc_scan_options *options;
    const char *root; /* where the libraries lie that the files need; NULL or "" for this system */
    bool no_cache, verbose;
    struct mc_progress *progress; /* started; stepped under the lock of `done` */
    void *context;
    /* In a worker thread, for each result of item `index`: several for an archive, in its order. The result is freed after. */
    void (*visit)(void *context, size_t index, struct mc_file_result *result);
    /* Under a lock, for each item in the order of the list, once all its results and those of all items before were visited. */
    void (*done)(void *context, size_t index);
    /* The same after an interruption, for items of which some results were visited and the others never will be; NULL: not called. */
    void (*part)(void *context, size_t index);
};

/* Says on stderr that the cache was made anew and, when verbose, why there is none.
 *
 * SIGINT (Ctrl-C), also one that came before (cli/interrupt.h), ends it early: `done` is called for all items that were finished, `part`
 * for those that were begun, in order, and the number of all that were not finished is returned; 0 when all are done. Then workers may still be busy with what they had begun: whatever `visit` touches must stay
 * as it is until the process ends, which it must without waiting for them (_exit). A second SIGINT ends the process at once. */
size_t mc_scan_jobs_run(const struct mc_scan_jobs *jobs);
unsigned mc_cpu_count(void); /* CPUs this process may run on, at least 1 */

#endif
