/* SPDX-License-Identifier: Apache-2.0 */
/* mc_scan_input with a memory: what was judged once, by this build with these options, is not judged again while the file
 * and what its verdict rests on are the same. The results are the same as without, byte for byte.
 *
 * The cache is opened when it pays: at once for a run over much code, else when a file has uses, so that the proof would
 * cost more than opening it. A single clean file never opens it. */
#ifndef MC_STORE_CACHED_SCAN_H
#define MC_STORE_CACHED_SCAN_H

#include "scanner/scan.h"

struct mc_cached_scans;

/* For one run over these items; options must outlive it, and options->explain must not be set. folder NULL: the user's own
 * (mc_cache_folder). Never NULL. */
struct mc_cached_scans *mc_cached_scans_new(const char *folder, const struct mc_scan_options *options,
                                            const struct mc_input *items, size_t count);
/* From any thread. */
void mc_cached_scan(struct mc_cached_scans *scans, const struct mc_input *input, mc_scan_emit *emit, void *context);
/* Writes what was learnt. */
void mc_cached_scans_finish(struct mc_cached_scans *scans);
/* One line for the user, NULL when there is nothing to say. *ret_rebuilt: to be said always; else only to who asks. */
const char *mc_cached_scans_notice(struct mc_cached_scans *scans, bool *ret_rebuilt);
void mc_cached_scans_free(struct mc_cached_scans *scans); /* accepts NULL */

#endif
