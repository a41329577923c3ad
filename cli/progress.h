/* SPDX-License-Identifier: Apache-2.0 */
/* How far a scan has come: one line on stderr, only when that is a terminal. Callers hold a lock of their own. */
#ifndef MC_CLI_PROGRESS_H
#define MC_CLI_PROGRESS_H

#include "input/walk.h"

#include <time.h>

struct mc_progress {
    bool wanted, shown;
    size_t files, all_files;
    uint64_t bytes, all_bytes;
    struct timespec started, drawn;
};

void mc_progress_start(struct mc_progress *progress, const struct mc_input *items, size_t count);
/* The item is finished; redraws now and then. */
void mc_progress_step(struct mc_progress *progress, const struct mc_input *item);
/* Takes the line away; before anything else is printed, and at the end. */
void mc_progress_clear(struct mc_progress *progress);
double mc_progress_seconds(const struct mc_progress *progress); /* since the start */

/* "812 of 1737 files, 0.4 of 1.7 GB, 210 MB/s, 0:06 left": what the line says after that time. */
void mc_progress_text(const struct mc_progress *progress, double seconds, char *ret, size_t size);

#endif
