/* SPDX-License-Identifier: Apache-2.0 */
/* One file in, one result out: the pipeline of design.md section 5. */
#ifndef MC_SCANNER_SCAN_H
#define MC_SCANNER_SCAN_H

#include "input/walk.h"
#include "scanner/providers.h"
#include "scanner/verdict.h"

struct mc_scan_options {
    struct mc_baseline baseline;
    bool baseline_is_default;
    bool strict_conformance, strict_proof;
    bool explain;             /* fill mc_file_result.explained, and keep the image of every file */
    const char *explain_word; /* what of the file: scanner/explain.h; NULL: an overview of all of it */
    const char *member;       /* of a container or archive only this one, by its full path (outer!inner); NULL: all */
    struct mc_providers *providers; /* scanner/providers.h; NULL: each file for itself alone */
    bool all_sources;         /* source lines of all uses, not only of those that a report lists by default */
    const char *debug_folder; /* of separate debug files: MC_DEBUG_FOLDER; NULL: none are looked for */
    /* Which files get a sha256 (it costs more than the scan): with something to list, with any use, all. */
    enum mc_hash_choice { MC_HASH_NONE, MC_HASH_FINDINGS, MC_HASH_USES, MC_HASH_ALL } hash;
};

/* Never NULL: what could not be read is a result with status ERROR or SKIPPED. Archives (.a) and containers (packages,
 * images, compressed files: input/container.h) give one result per member: mc_scan_path calls `emit` for each; a member's result is valid only until its emit returns (its bytes are the archive's),
 * and must be freed there. Thread-safe: no shared state. */
typedef void mc_scan_emit(void *context, struct mc_file_result *result); /* takes ownership */
void mc_scan_path(const char *path, const struct mc_scan_options *options, mc_scan_emit *emit, void *context);
/* The same for an item of input/walk.h: its kind and error need no second look at the file. */
void mc_scan_input(const struct mc_input *input, const struct mc_scan_options *options, mc_scan_emit *emit, void *context);
/* Takes ownership of the image. */
struct mc_file_result *mc_scan_image(struct mc_image *image, const struct mc_scan_options *options);
/* The file's verdict anew, after findings were set aside. */
void mc_result_sum_up(struct mc_file_result *result, const struct mc_scan_options *options);
/* The first pass only: false when the image has no use outside the baseline, so that no proof is needed. */
bool mc_scan_has_uses(struct mc_image *image, const struct mc_scan_options *options);
bool mc_hash_wanted(const struct mc_file_result *result, enum mc_hash_choice choice);
struct mc_file_result *mc_file_result_new(const char *path); /* empty: status OK, no findings */
bool mc_result_has_findings(const struct mc_file_result *result); /* something that a report lists by default */
void mc_file_result_free(struct mc_file_result *result); /* accepts NULL */

#endif
